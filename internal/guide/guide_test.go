package guide_test

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/cli"
	"github.com/rendite-crm/rendite/internal/guide"
)

// places are where the product links to the guide; the web workspace asks for them by For.
var places = []string{
	"result", "result.roi", "result.roi_definitions", "result.npv", "result.irr", "result.break_even", "result.peak_funding",
	"result.tco", "result.waiting", "benchmarks", "ranges", "discount", "chain", "grade", "tornado", "sobol", "evppi", "prim", "audit",
	"costs", "costs.internal_time", "benefits", "benefits.time_saved", "benefits.margin", "benefits.churn", "benefits.avoided_cost",
	"adoption", "data_quality", "process", "realisation", "levers", "goal_seek", "failure", "ai", "packages", "no_controlled_evidence",
	"risk", "outlook", "usage_pricing", "regulation", "effect", "introduction", "faq", "measurement", "baseline", "counterfactual", "revisions", "seal", "comments", "sharing",
	"case_file", "scenarios", "formula", "units",
}

func TestFor_everyPlaceOfTheProductHasAPageInBothLanguages(t *testing.T) {
	for _, place := range places {
		de, ok := guide.For("de", place)
		en, also := guide.For("en", place)
		if !ok || !also || de.Slug != en.Slug {
			t.Errorf("%s: %q %v, %q %v", place, de.Slug, ok, en.Slug, also)
		}
	}
	for _, p := range guide.Pages("de") {
		for _, place := range p.Answers {
			if !slices.Contains(places, place) {
				t.Errorf("%s answers %s, where nothing links to it", p.Slug, place)
			}
		}
	}
	if p, ok := guide.For("de", "nowhere"); ok {
		t.Errorf("a place nobody knows has the page %s", p.Slug)
	}
}

func TestFind_givesThePageInTheLanguageAskedFor(t *testing.T) {
	de, ok := guide.Find("de", "costs")
	if !ok || de.Title != "Was ein CRM kostet" || !strings.Contains(string(de.HTML), `<h2 id="forgotten">Was gern vergessen wird</h2>`) {
		t.Errorf("%v %+v", ok, de.Title)
	}
	en, ok := guide.Find("fr", "costs")
	if !ok || en.Title != "What a CRM costs" {
		t.Errorf("an unknown language gives %v %q", ok, en.Title)
	}
	if _, ok := guide.Find("de", "../de/costs"); ok {
		t.Error("a path is found")
	}
}

func TestPages_listTheirSourcesWithAddressAtTheEnd(t *testing.T) {
	p, _ := guide.Find("de", "what-is-crm-roi")
	html := string(p.HTML)
	at := strings.Index(html, `<h2 id="sources">Quellen</h2>`)
	if at < 0 || strings.Count(html[at:], "<li") != len(p.Sources) || len(p.Sources) < 8 {
		t.Fatalf("%d sources, list at %d", len(p.Sources), at)
	}
	for _, s := range p.Sources {
		if !strings.Contains(html[at:], `href="`+s.Address+`"`) {
			t.Errorf("%s is not linked", s.Address)
		}
	}
}

var forbidden = regexp.MustCompile(`<script|<style|<iframe|<!--|\sstyle=|\son[a-z]+=|javascript:|http-equiv`)

func TestPages_holdNothingAStrictSecurityPolicyRefuses(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		pages := guide.Pages(lang)
		if len(pages) != 15 {
			t.Fatalf("%d pages", len(pages))
		}
		for _, p := range pages {
			if m := forbidden.FindString(string(p.HTML)); m != "" {
				t.Errorf("%s/%s holds %q", lang, p.Slug, m)
			}
			if strings.Contains(string(p.HTML), "[^") || strings.Contains(string(p.HTML), "{#") {
				t.Errorf("%s/%s shows its markup", lang, p.Slug)
			}
		}
	}
}

// reading explains what the program prints for an example; each pair is how the program and the page say it.
var reading = map[string][][2]string{
	"de": {
		{"die Chance darauf liegt bei 40 %", "die Chance darauf liegt bei 40 %"}, {"ab Monat 22", "Monat 22"}, {"60 % nicht bis Monat 36", "60 % kommen"},
		{"−18 %", "ROI −18 %"}, {"−58 bis 51 %", "von −58 bis 51 %"}, {"10.000 Läufe", "10.000 Läufen"},
		{"bei 0,5 h/Woche nicht bis Monat 36", "Bei 0,5 gesparten Stunden"}, {"bei 3 h/Woche in Monat 27", "bei 3 Stunden im Monat 27"},
		{"bis zu 35 T€", "bis zu 35 T€"}, {"unter 2,22 h/Woche", "unter 2,22 Stunden"},
		{"misslingt es in 81 % der Läufe", "in 81 % der Läufe"}, {"92 % aller Fehlschläge", "92 % aller Fehlschläge"},
	},
	"en": {
		{"the chance that it does is 40%", "the chance that it does is 40%"}, {"from month 22", "month 22"}, {"60% not by month 36", "60% do not get there"},
		{"−18%", "ROI −18%"}, {"−58% to 51%", "from −58% to 51%"}, {"10,000 runs", "10,000 runs"},
		{"at 0.5 h/week not by month 36", "at 0.5 hours saved"}, {"at 3 h/week in month 27", "at 3 hours it does in month 27"},
		{"up to €35k", "up to €35k"}, {"below 2.22 h/week", "below 2.22 a week"},
		{"it fails in 81% of the draws", "fails in 81% of the draws"}, {"92% of all failures", "92% of all failures"},
	},
}

func TestPages_theResultExplainedIsTheOneTheProgramPrints(t *testing.T) {
	for lang, pairs := range reading {
		printed := ""
		for _, command := range []string{"calc", "explain"} {
			var out, errs bytes.Buffer
			code := cli.Main(context.Background(), []string{command, "../../examples/maschinenbau.yaml", "--lang", lang},
				cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) string { return "" }})
			if code != 0 {
				t.Fatal(errs.String())
			}
			printed += out.String()
		}
		p, _ := guide.Find(lang, "reading-a-result")
		printed, page := oneLine(printed), oneLine(string(p.HTML))
		for _, pair := range pairs {
			if !strings.Contains(printed, pair[0]) {
				t.Errorf("%s: the program no longer prints %q", lang, pair[0])
			}
			if !strings.Contains(page, pair[1]) {
				t.Errorf("%s: the page does not say %q", lang, pair[1])
			}
		}
	}
}

// oneLine joins lines and no-break spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func slugs(hits []guide.Hit) (all []string) {
	for _, h := range hits {
		all = append(all, h.Page.Slug)
	}
	return all
}

func TestSearch_ranksTitleBeforeHeadingBeforeText(t *testing.T) {
	hits := slugs(guide.Search("de", "kostet")) // title of costs, text elsewhere
	if len(hits) < 3 || hits[0] != "costs" {
		t.Errorf("%v", hits)
	}
	hits = slugs(guide.Search("en", "adoption")) // a heading of three-factors, text elsewhere
	if len(hits) < 3 || hits[0] != "three-factors" {
		t.Errorf("%v", hits)
	}
}

func TestSearch_findsUmlautsWrittenAnyWay(t *testing.T) {
	for _, group := range [][]string{{"Güte", "guete", "gute", "GÜTE"}, {"größere", "groessere", "grossere", "GRÖSSERE"}, {"Vorgänge", "vorgaenge", "vorgange"}} {
		want := slugs(guide.Search("de", group[0]))
		if len(want) == 0 {
			t.Errorf("%s is not found", group[0])
		}
		for _, q := range group[1:] {
			found := map[string]bool{}
			for _, s := range slugs(guide.Search("de", q)) {
				found[s] = true
			}
			for _, s := range want {
				if !found[s] {
					t.Errorf("%s is on %s, %s is not", group[0], s, q)
				}
			}
		}
	}
}

func TestSearch_findsBeginningsAndCompounds(t *testing.T) {
	for lang, queries := range map[string]map[string]string{
		"de": {"Umwandl": "benefits", "Quote": "benefits", "Tornad": "reading-a-result", "breakeven": "when-it-pays-back", "break-even": "when-it-pays-back", "8,71": "questions", "Betriebsrat": "questions"},
		"en": {"conver": "benefits", "tornad": "reading-a-result", "breakeven": "when-it-pays-back", "seal": "working-together", "works council": "questions"},
	} {
		for q, want := range queries {
			found := false
			for _, s := range slugs(guide.Search(lang, q)) {
				found = found || s == want
			}
			if !found {
				t.Errorf("%s: %q does not find %s", lang, q, want)
			}
		}
	}
}

func TestSearch_wantsAsManyWordsOfTheQueryAsPossible(t *testing.T) {
	hits := guide.Search("de", "Umwandlungsquote Zeit xyzzy")
	if len(hits) == 0 || hits[0].Page.Slug != "benefits" {
		t.Errorf("%v", slugs(hits))
	}
	for _, q := range []string{"", "  …", "xyzzy"} {
		if hits := guide.Search("de", q); len(hits) != 0 {
			t.Errorf("%q finds %v", q, slugs(hits))
		}
	}
}

func TestSearch_showsWhereItWasFoundAndMarksIt(t *testing.T) {
	for _, h := range guide.Search("de", "Güte") {
		for _, p := range h.Snippet {
			if p.Marked && strings.HasPrefix(strings.ToLower(p.Text), "gut") {
				t.Errorf("Güte marks %s on %s", p.Text, h.Page.Slug)
			}
		}
	}
	hits := guide.Search("de", "scheitelpunkt")
	if len(hits) != 1 || hits[0].Heading.ID != "adoption" {
		t.Fatalf("%+v", hits)
	}
	text, marked := "", []string{}
	for _, p := range hits[0].Snippet {
		text += p.Text
		if p.Marked {
			marked = append(marked, p.Text)
		}
	}
	if len(marked) != 1 || marked[0] != "Scheitelpunkt" {
		t.Errorf("marked %v", marked)
	}
	if len(text) > 260 || !strings.HasPrefix(text, "…") || !strings.HasSuffix(text, "beschreiben.") {
		t.Errorf("%q", text)
	}
}

func FuzzSearch(f *testing.F) {
	for _, q := range []string{"Güte", "break-even", "a-", "-", "ß", "…„“", "\xff", "8,71 $"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		for _, h := range guide.Search("de", q) {
			if len(h.Snippet) == 0 {
				t.Errorf("%q: no snippet on %s", q, h.Page.Slug)
			}
			for _, p := range h.Snippet {
				if p.Text == "" {
					t.Errorf("%q: an empty part on %s", q, h.Page.Slug)
				}
			}
		}
	})
}
