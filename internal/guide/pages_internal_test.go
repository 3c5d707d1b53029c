package guide

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/locale"
)

// shape is what both languages of a page have in common.
type shape struct {
	Slug     string
	Order    int
	Answers  []string
	Headings []string // id and class
	Sources  []string
	Code     []string
}

func shapes(t *testing.T, lang string) []shape {
	t.Helper()
	var all []shape
	for _, p := range Pages(lang) {
		s := shape{Slug: p.Slug, Order: p.Order, Answers: p.Answers}
		for _, sec := range p.sections {
			s.Headings = append(s.Headings, strings.TrimSpace(sec.id+" "+sec.class))
		}
		for _, src := range p.Sources {
			s.Sources = append(s.Sources, src.Key)
		}
		slices.Sort(s.Sources)
		for _, b := range fences(t, lang, p.Slug) {
			s.Code = append(s.Code, b.info)
		}
		all = append(all, s)
	}
	return all
}

func TestPages_bothLanguagesHaveTheSameSlugsPlacesHeadingsAndSources(t *testing.T) {
	if diff := cmp.Diff(shapes(t, "de"), shapes(t, "en")); diff != "" {
		t.Errorf("(-de +en):\n%s", diff)
	}
	for i, p := range Pages("de") {
		if p.Order != i+1 {
			t.Errorf("%s is number %d, not %d", p.Slug, i+1, p.Order)
		}
	}
}

func TestPages_areOfReadableLength(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		for _, p := range Pages(lang) {
			words := 0
			for _, s := range p.sections {
				if s.id != "sources" {
					for _, b := range s.blocks {
						words += len(strings.Fields(b.text))
					}
				}
			}
			if words < 300 || words > 900 {
				t.Errorf("%s/%s has %d words", lang, p.Slug, words)
			}
		}
	}
}

var number = regexp.MustCompile(`(?:^|[^\pL\d])(\d+(?:[.,]\d+)*)`)

// numbers are the numbers of a text as the language writes them. P10 and the like are names.
func numbers(t *testing.T, lang, text string) []float64 {
	t.Helper()
	thousands, decimal := ",", "."
	if lang == "de" {
		thousands, decimal = ".", ","
	}
	var all []float64
	for _, m := range number.FindAllStringSubmatch(text, -1) {
		x, err := strconv.ParseFloat(strings.Replace(strings.ReplaceAll(m[1], thousands, ""), decimal, ".", 1), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

// Sections of the class "own" hold worked examples, what the program does, and advice. Everywhere else a number is
// somebody's finding, and its paragraph, list item or row has to cite a source that has it.
func TestPages_everyNumberOutsideOurOwnExamplesIsFoundInASourceItsParagraphCites(t *testing.T) {
	sources, err := readSources(embedded)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, lang := range []string{"de", "en"} {
		for _, p := range Pages(lang) {
			for _, s := range p.sections {
				if s.class == "own" || s.id == "sources" {
					continue
				}
				for _, b := range s.blocks {
					if b.code {
						continue
					}
					for _, x := range numbers(t, lang, b.text) {
						checked++
						if !supports(t, p, b, sources, x) {
							t.Errorf("%s/%s#%s: %v has no source in: %s", lang, p.Slug, s.id, x, b.text)
						}
					}
				}
			}
		}
	}
	if checked < 200 {
		t.Errorf("only %d numbers were seen", checked)
	}
}

func supports(t *testing.T, p Page, b block, sources map[string]entry, x float64) bool {
	t.Helper()
	for _, i := range b.sources {
		for _, f := range sources[p.Sources[i-1].Key].Figures {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatal(err)
			}
			if v == x {
				return true
			}
		}
	}
	return false
}

func TestSources_areAllCitedAndSaidInBothLanguages(t *testing.T) {
	sources, err := readSources(embedded)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, p := range Pages("de") {
		for _, s := range p.Sources {
			used[s.Key] = true
		}
	}
	for key, e := range sources {
		if !used[key] {
			t.Errorf("no page cites %s", key)
		}
		if !strings.HasSuffix(e.Text.German, ".") || !strings.HasSuffix(e.Text.English, ".") {
			t.Errorf("%s is not a sentence in both languages", key)
		}
	}
}

var (
	href    = regexp.MustCompile(`href="([^"]*)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

func TestPages_linksResolve(t *testing.T) {
	reference, err := os.ReadFile(filepath.Join("..", "..", "docs", "language.md"))
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(string(reference), -1) {
		anchors[strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(m[1]), ",", ""), " ", "-")] = true
	}
	inside := 0
	for _, lang := range []string{"de", "en"} {
		for _, p := range Pages(lang) {
			for _, m := range href.FindAllStringSubmatch(string(p.HTML), -1) {
				link := m[1]
				if docs, ok := strings.CutPrefix(link, "https://github.com/rendite-crm/rendite/blob/main/docs/language.md#"); ok {
					if !anchors[docs] {
						t.Errorf("%s/%s: language.md has no heading %s", lang, p.Slug, docs)
					}
					continue
				}
				if strings.HasPrefix(link, "#fn") || strings.HasPrefix(link, "http") {
					continue
				}
				inside++
				slug, id, fragment := strings.Cut(link, "#")
				target, ok := Find(lang, slug)
				if !ok {
					t.Errorf("%s/%s links to %s, which is no page", lang, p.Slug, link)
					continue
				}
				if fragment && !slices.ContainsFunc(target.Headings, func(h Heading) bool { return h.ID == id }) {
					t.Errorf("%s/%s links to %s, which is no heading", lang, p.Slug, link)
				}
			}
		}
	}
	if inside < 30 {
		t.Errorf("only %d links between pages", inside)
	}
}

type fence struct{ info, text string }

func fences(t *testing.T, lang, slug string) []fence {
	t.Helper()
	text, err := embedded.ReadFile(lang + "/" + slug + ".md")
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	parts := strings.Split("\n"+string(text), "\n```")
	for i := 1; i < len(parts); i += 2 {
		info, body, _ := strings.Cut(parts[i], "\n")
		all = append(all, fence{info, body + "\n"})
	}
	return all
}

// complete adds what a part of a case lacks to be one.
func complete(text string) string {
	root, _ := casefile.ParseYAML("", []byte(text))
	for _, key := range []struct{ name, value string }{
		{"currency", "EUR"}, {"discount", "8 %/year"}, {"costs", "{price: {amount: 1 000 EUR, at: 0}}"}, {"benefits", "{saving: 100 EUR/month}"},
	} {
		if root.Get(key.name) == nil {
			text += fmt.Sprintf("%s: %s\n", key.name, key.value)
		}
	}
	return text
}

func TestPages_everyCaseInThemCanBeCalculatedWithoutWarnings(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, lang := range []string{"de", "en"} {
		for _, p := range Pages(lang) {
			for _, f := range fences(t, lang, p.Slug) {
				text := f.text
				switch f.info {
				case "yaml case":
				case "yaml fragment":
					text = complete(text)
				default:
					t.Errorf("%s/%s: a block of unknown kind %q", lang, p.Slug, f.info)
					continue
				}
				seen++
				_, list := calc.Check(calc.Case{Name: "case.yaml", Text: []byte(text), Catalogue: cat}, "")
				for _, d := range list {
					if d.Severity == diag.Error || d.Severity == diag.Warning {
						t.Errorf("%s/%s: %s in\n%s", lang, p.Slug, d.Code, text)
					}
				}
			}
		}
	}
	if seen != 12 {
		t.Errorf("%d blocks", seen)
	}
}

// The example of how-it-computes on paper: 12 000 at the start, 10 · 50 a month, 1 500 a month from month 4, 24 months, 8 %.
func example() (benefits, costs, net []float64) {
	benefits, costs, net = make([]float64, 25), make([]float64, 25), make([]float64, 25)
	costs[0] = 12_000
	for m := 1; m <= 24; m++ {
		costs[m] = 10 * 50
		if m >= 4 {
			benefits[m] = 1_500
		}
	}
	for m := range net {
		net[m] = benefits[m] - costs[m]
	}
	return benefits, costs, net
}

func sum(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}

func TestPages_theWorkedExampleIsWhatTheFinancePackageSays(t *testing.T) {
	benefits, costs, net := example()
	factors, err := finance.DiscountFactors(0.08, 24, finance.TimingMonthly)
	if err != nil {
		t.Fatal(err)
	}
	pvB, err := finance.PV(benefits, factors)
	if err != nil {
		t.Fatal(err)
	}
	pvC, err := finance.PV(costs, factors)
	if err != nil {
		t.Fatal(err)
	}
	roi, _ := finance.ROI(pvB, pvC)
	months, _ := finance.BreakEven(net)
	discounted, _ := finance.DiscountedBreakEven(net, factors)
	peak, at, err := finance.PeakFunding(net)
	if err != nil || at != 3 {
		t.Fatalf("peak funding in month %d, %v", at, err)
	}
	irr, err := finance.Series{Net: net, Period: finance.Month}.IRR()
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := finance.Definitions(benefits, costs, factors)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"de", "en"} {
		l := locale.New(locale.Lang(lang))
		euros := func(x float64) string { return l.Money(x, "EUR", 0) }
		want := map[string][]string{
			"how-it-computes": {
				euros(sum(benefits)), euros(sum(costs)), euros(-peak),
				l.Number(months-3, 1), l.Number(months, 1), l.Number(discounted, 1), l.Number(factors[12], 3), l.Number(factors[24], 3),
				euros(pvB), euros(pvC), euros(pvB - pvC), l.Percent(roi, 0), l.Percent(irr, 0),
			},
		}
		for _, d := range definitions {
			s := l.Percent(*d.Value, 0)
			if d.ID == "roi_gross_per_euro" {
				s = l.Money(*d.Value, "EUR", 2)
			}
			want["what-is-crm-roi"] = append(want["what-is-crm-roi"], s)
		}
		for slug, figures := range want {
			p, _ := Find(lang, slug)
			for _, f := range figures {
				if !regexp.MustCompile(`(?:^|[^\d.,])` + regexp.QuoteMeta(f) + `(?:$|[^\d])`).MatchString(string(p.HTML)) {
					t.Errorf("%s/%s does not say %s", lang, slug, f)
				}
			}
		}
	}
}

var claim = regexp.MustCompile(`(?m)^# → (\w+) = (\S+)$`)

func TestPages_figuresBehindACaseAreThoseOfItsPlan(t *testing.T) {
	claims := 0
	for _, lang := range []string{"de", "en"} {
		for _, p := range Pages(lang) {
			for _, f := range fences(t, lang, p.Slug) {
				found := claim.FindAllStringSubmatch(f.text, -1)
				if len(found) == 0 {
					continue
				}
				a, list, err := calc.Run(t.Context(), calc.Case{Name: "case.yaml", Text: []byte(f.text)}, calc.Options{Draws: 64})
				if err != nil || a == nil {
					t.Fatal(list, err)
				}
				plan := map[string]float64{"npv": a.Plan.NPV, "roi": *a.Plan.ROI, "break_even_months": *a.Plan.BreakEven, "peak_funding": a.Plan.PeakFunding}
				for _, c := range found {
					claims++
					_, decimals, _ := strings.Cut(c[2], ".")
					if got := strconv.FormatFloat(plan[c[1]], 'f', len(decimals), 64); got != c[2] {
						t.Errorf("%s/%s: %s is %s, not %s", lang, p.Slug, c[1], got, c[2])
					}
				}
			}
		}
	}
	if claims != 8 {
		t.Errorf("%d figures", claims)
	}
}

func TestRender_leavesOutRawHTMLAndScriptAddresses(t *testing.T) {
	var p Page
	err := p.render("en", "## A {#a}\n\n<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>\n\n| a |\n| :-: |\n| b |\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "javascript:", "onerror", "style="} {
		if strings.Contains(string(p.HTML), bad) {
			t.Errorf("%s in %s", bad, p.HTML)
		}
	}
}

func TestRender_refusesWhatAPageMustNotHave(t *testing.T) {
	const front = "---\nslug: a\ntitle: A\nsummary: A.\norder: 1\nanswers: [a]\n---\n"
	for name, text := range map[string]string{
		"a heading without an id":    front + "## A\n",
		"the same id twice":          front + "## A {#a}\n\n## B {#a}\n",
		"a source nobody knows":      front + "## A {#a}\n\nB.[^nobody]\n",
		"no front matter":            "## A {#a}\n",
		"a key nobody knows":         strings.Replace(front, "order", "rank", 1),
		"no place it is linked from": strings.Replace(front, "[a]", "[]", 1),
	} {
		if _, err := newPage("en", text, nil); err == nil {
			t.Errorf("a page with %s is taken", name)
		}
	}
}

func TestRender_keepsANumberAndItsSignTogetherOutsideCode(t *testing.T) {
	got := noBreaks("8 % und 5 € nach § 87, z. B. `8 %/year`\n\n```yaml\nx: 8 %\n```\n")
	want := "8\u00a0% und 5\u00a0€ nach §\u00a087, z.\u00a0B. `8 %/year`\n\n```yaml\nx: 8 %\n```\n"
	if got != want {
		t.Errorf("%q", got)
	}
}
