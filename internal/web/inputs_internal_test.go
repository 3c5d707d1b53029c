package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
)

func TestIdentifierMakesANameThatFormulasCanUse(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "  ": "", "***": "", "Größe": "groesse", "Später & größer": "spaeter_groesser", "with AI": "with_ai", "3 Teams": "teams", "42": "", "a--b": "a_b", "_x_": "x", "Ä": "ae",
		"Straße 7": "strasse_7", "日本": "", "<script>": "script", "a\nb": "a_b",
	} {
		if got := identifier(in); got != want {
			t.Errorf("identifier(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		id := identifier(rapid.String().Draw(t, "text"))
		if id == "" {
			return
		}
		if e, wrong := formula.Parse(id); wrong != nil {
			t.Fatalf("%q is no name: %v", id, wrong)
		} else if n, ok := e.(*formula.Name); !ok || n.Text != id {
			t.Fatalf("%q is read as %T", id, e)
		}
		if identifier(id) != id {
			t.Fatalf("%q becomes %q", id, identifier(id))
		}
	})
}

func TestFreeNamesAreNotTaken(t *testing.T) {
	if got := free("ai", nil); got != "ai" {
		t.Error(got)
	}
	if got := free("ai", []string{"ai", "ai_2"}); got != "ai_3" {
		t.Error(got)
	}
	if got := free("", []string{""}); got != "" {
		t.Errorf("no name becomes %q", got)
	}
}

// What a person types into a field of a new line must come out of the file as it went in, and nothing beside it.
func TestFlowKeepsATypedText(t *testing.T) {
	const file = "case: x\ncosts:\n  a: {amount: 1 EUR/month}\n"
	check := func(t interface{ Fatalf(string, ...any) }, typed string) {
		text, err := revision.Open("", []byte(file))
		if err != nil {
			t.Fatalf("%v", err)
		}
		next, err := text.Insert("costs", "b", "{note: "+flow(typed)+"}", "")
		if err != nil {
			return // refused is fine, misread is not
		}
		if keys := next.Keys("costs.b"); len(keys) != 1 {
			t.Fatalf("%q has made the keys %v", typed, keys)
		}
		if got, _ := next.Value("costs.b.note"); got != typed {
			t.Fatalf("%q is read back as %q", typed, got)
		}
	}
	for _, typed := range []string{"users * 65 EUR/month", "1, item: x", "a: b", "} costs: {", `"quoted"`, "it's", "# no comment", "{{x}}", "10 .. 20 .. 30 %", "- x", "? x", "true", "null", "~", "=", "<script>", "*alias", "&anchor", "!tag", "%x", "@x", "`x`"} {
		check(t, typed)
	}
	rapid.Check(t, func(rt *rapid.T) {
		typed := strings.TrimSpace(rapid.StringMatching(`[ -~äöü]{1,20}`).Draw(rt, "typed"))
		if typed == "" || strings.HasPrefix(typed, "[") {
			return
		}
		check(rt, typed)
	})
}

func TestMarkedSetsOffTheMonthAndEscapesTheRest(t *testing.T) {
	for in, want := range map[string]string{
		"Nach 18 Monaten <b>":                   "Nach <mark>18 Monaten</mark> &lt;b&gt;",
		"In month 27 & later":                   "In <mark>month 27</mark> &amp; later",
		"Mit 42\u00a0% im Plus":                 "Mit <mark>42\u00a0%</mark> im Plus",
		"Nothing <script>alert(1)</script>":     "Nothing &lt;script&gt;alert(1)&lt;/script&gt;",
		"3 months, then 20 %":                   "<mark>3 months</mark>, then 20 %",
		"<i>9 months</i>":                       "&lt;i&gt;<mark>9 months</mark>&lt;/i&gt;",
		"\u201eMonat\u00a012\u201c ist gemeint": "\u201e<mark>Monat\u00a012</mark>\u201c ist gemeint",
	} {
		if got := string(marked(in)); got != want {
			t.Errorf("marked(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestLanguageIsTheCookieThenTheBrowsers(t *testing.T) {
	for _, c := range []struct{ cookie, accept, want string }{
		{"", "", "en"}, {"", "de-AT,de;q=0.9,en;q=0.8", "de"}, {"", "fr,de;q=0.5", "de"}, {"", "fr, it", "en"}, {"", "en-GB,de", "en"}, {"de", "en", "de"}, {"xx", "de", "de"}, {"en", "de", "en"},
		{"", ";;;,,", "en"}, {"<script>", "de", "de"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "lang", Value: c.cookie})
		}
		if got := language(r); string(got) != c.want {
			t.Errorf("cookie %q, header %q: %s, want %s", c.cookie, c.accept, got, c.want)
		}
	}
}

func TestLinesUndoesWhatBrowsersSend(t *testing.T) {
	if got := lines("a\r\nb\n\r\nc\rd"); got != "a\nb\n\nc\rd" {
		t.Errorf("%q", got)
	}
}

func TestAgentNamesBrowserAndSystem(t *testing.T) {
	for in, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0":                                                      "Firefox · Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Safari/537.36 Edg/128.0":       "Edge · Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Safari/537.36 OPR/113.0": "Opera · Mac OS X",
		"curl/8.9": "curl", "": "", "something": "something",
	} {
		if got := agent(in); got != want {
			t.Errorf("agent(%q) = %q, want %q", in, got, want)
		}
	}
}

// Over all examples: the handles of a slider lie on it in their order, the scale is one that an input of HTML takes, and
// what a handle says can be written back into the file.
func TestSlidersHoldWhatTheFileSays(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := app.NewEngine(cat, "test")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range examples.Names() {
		raw, _ := examples.Read(name)
		l := locale.New(locale.German)
		a, err := engine.Answer(t.Context(), raw, "", app.QuickDraws, l)
		if err != nil {
			t.Fatal(err)
		}
		text, err := revision.Open("", raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups(a, text, nil, place{ID: "x", Base: "/cases/x", CanEdit: true}, l) {
			for _, r := range g.Rows {
				if r.Slider == nil {
					continue
				}
				count++
				num := func(s string) float64 {
					v, err := strconv.ParseFloat(s, 64)
					if err != nil {
						t.Errorf("%s %s: %v", name, r.Path, err)
					}
					return v
				}
				s := r.Slider
				order := []float64{num(s.Min), num(s.Low), num(s.Middle), num(s.High), num(s.Max)}
				if !slices.IsSorted(order) {
					t.Errorf("%s %s: min, low, middle, high, max are %v", name, r.Path, order)
				}
				at := []float64{0, num(s.LowAt), num(s.MiddleAt), num(s.HighAt), 100}
				if !slices.IsSorted(at) {
					t.Errorf("%s %s: the handles stand at %v", name, r.Path, at)
				}
				if step := num(s.Step); step <= 0 || (order[4]-order[0])/step > 2000 || (order[4]-order[0])/step < 2 {
					t.Errorf("%s %s: %v to %v in steps of %v", name, r.Path, order[0], order[4], step)
				}
				written, _ := text.Value(r.Path)
				next, err := revision.WithRange(written, s.Low, s.Middle, s.High)
				if err != nil {
					t.Errorf("%s %s: %v", name, r.Path, err)
					continue
				}
				if changed, err := text.Set(r.Path, next); err != nil {
					t.Errorf("%s %s: %v", name, r.Path, err)
				} else if list := engine.Check(changed.Bytes(), l); list.Err() != nil {
					t.Errorf("%s %s = %s: %v", name, r.Path, next, list.Err())
				}
			}
		}
	}
	if count < 60 {
		t.Errorf("only %d sliders", count)
	}
}
