package document_test

import (
	"bytes"
	"context"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/result"
)

var options = calc.Options{Draws: 1000, Seed: 7}

func read(t *testing.T, name string) calc.Case {
	t.Helper()
	text, ok := examples.Read(name)
	if !ok {
		t.Fatal("no example " + name)
	}
	return calc.Case{Name: name, Text: text, Version: "test"}
}

func gather(t *testing.T, c calc.Case, o calc.Options, l *locale.Locale) *document.Content {
	t.Helper()
	content, list, err := document.Gather(context.Background(), c, o, l)
	if err != nil || content == nil {
		t.Fatal(c.Name, err, list)
	}
	return content
}

// engine is the answer of the engine, asked apart from the report.
func engine(t *testing.T, c calc.Case, o calc.Options) *result.Result {
	t.Helper()
	a, list, err := calc.Run(context.Background(), c, o)
	if err != nil || a == nil {
		t.Fatal(c.Name, err, list)
	}
	return a.Result
}

// number reads a printed number back: its value, and half a unit of its last digit.
func number(t *testing.T, lang locale.Lang, s string) (v, half float64) {
	t.Helper()
	plain := strings.NewReplacer("−", "-", "\u00a0", " ", "\u202f", "", "€", "", "$", "").Replace(s)
	if lang == locale.German {
		plain = strings.NewReplacer(".", "", ",", ".").Replace(plain)
	} else {
		plain = strings.ReplaceAll(plain, ",", "")
	}
	m := regexp.MustCompile(`-?\d+(\.\d+)?`).FindString(plain)
	v, err := strconv.ParseFloat(m, 64)
	if err != nil {
		t.Fatalf("%q has no number", s)
	}
	half = 0.5
	if _, digits, ok := strings.Cut(m, "."); ok {
		half = 0.5 * math.Pow(10, -float64(len(digits)))
	}
	unit := 1.0
	switch rest := plain[strings.Index(plain, m)+len(m):]; {
	case strings.HasPrefix(rest, " Mio"), strings.HasPrefix(rest, "m"):
		unit = 1e6
	case strings.HasPrefix(rest, " T"), strings.HasPrefix(rest, "k"):
		unit = 1e3
	case strings.HasPrefix(strings.TrimSpace(rest), "%"):
		unit = 0.01
	}
	return v * unit, half * unit
}

type checker struct {
	*testing.T
	lang locale.Lang
}

// near holds a printed number against the engine's.
func (c checker) near(what, printed string, want float64) {
	c.Helper()
	c.within(what, printed, want, 1)
}

// within is near with so many roundings, for sums of rounded parts.
func (c checker) within(what, printed string, want, roundings float64) {
	c.Helper()
	if got, half := number(c.T, c.lang, printed); math.Abs(got-want) > half*roundings*1.0001 {
		c.Errorf("%s is %q, the engine has %v", what, printed, want)
	}
}

func (c checker) optional(what, printed string, simulated, plan *float64) {
	c.Helper()
	if simulated == nil {
		simulated = plan
	}
	if simulated != nil {
		c.near(what, printed, *simulated)
	} else if printed != locale.None {
		c.Errorf("%s is %q, the engine has none", what, printed)
	}
}

func TestEveryFigureIsTheEngines(t *testing.T) {
	for _, name := range examples.Names() {
		for _, lang := range locale.Langs() {
			l := locale.New(lang)
			in := read(t, name)
			o := options
			o.Lang = string(lang)
			r := engine(t, in, o)
			d := document.Build(gather(t, in, options, l), l)
			c := checker{t, lang}
			figures, tables := map[string]report.Figure{}, map[string]document.Table{}
			section := ""
			for _, p := range d.Parts {
				switch p := p.(type) {
				case document.Heading:
					section = p.Text
				case document.Figures:
					for _, f := range p.Figures {
						figures[f.ID] = f
					}
				case document.Table:
					if _, ok := tables[section]; !ok {
						tables[section] = p
					}
				}
			}
			sim := r.Simulation
			c.optional("roi", figures["roi"].Value, sim.ROI.P50, r.Plan.ROI)
			c.optional("npv", figures["npv"].Value, sim.NPV.P50, &r.Plan.NPV)
			c.optional("peak funding", figures["peak_funding"].Value, sim.PeakFunding.P50, &r.Plan.PeakFunding)
			if p := sim.ProbabilityROIPositive; p > 0.01 && p < 0.99 {
				c.near("chance", figures["chance"].Value, p)
			}
			if be := sim.BreakEven.P50; be == nil {
				if !figures["break_even"].Loss {
					t.Errorf("%s: break-even %q where there is none", name, figures["break_even"].Value)
				}
			} else if *be > 0 {
				if n, _ := number(t, lang, figures["break_even"].Value); n < *be-1e-6 || n >= *be+1 {
					t.Errorf("%s: break-even in month %v, the engine has %v", name, n, *be)
				}
			}
			if n := sim.NPV; n.P10 != nil && *n.P10 != *n.P90 {
				low, high, _ := strings.Cut(figures["npv"].Note, map[locale.Lang]string{locale.German: " bis ", locale.English: " to "}[lang])
				c.near("npv p90", high, *n.P90)
				if _, unit, ok := strings.Cut(high, "\u00a0"); ok && !strings.Contains(low, "€") { // the unit stands once, for both
					low += "\u00a0" + unit
				}
				c.near("npv p10", low, *n.P10)
			}
			c.lines(tables[l.Text("document.investment", nil)], r, "costs")
			c.lines(tables[l.Text("document.benefits", nil)], r, "benefits")
			c.months(tables[l.Text("document.when", nil)], r)
		}
	}
}

// lines holds the table of costs or benefits against the lines of the result.
func (c checker) lines(t document.Table, r *result.Result, group string) {
	c.Helper()
	scale := 1.0
	for mark, k := range map[string]float64{"T€": 1e3, "€k": 1e3, "$k": 1e3, "TUSD": 1e3, "Mio.": 1e6, "€m": 1e6, "$m": 1e6} {
		if strings.Contains(t.Columns[0].Head, mark) {
			scale = k
		}
	}
	byLabel := map[string]result.Line{}
	total, n := 0.0, 0
	for _, line := range r.Lines {
		if line.Group == group {
			byLabel[line.Label] = line
			total += line.PV.P50
			n++
		}
	}
	seen := 0
	for i, row := range t.Rows {
		line, ok := byLabel[row.Cells[0]]
		switch {
		case i == len(t.Rows)-1:
			c.within("total of "+group, row.Cells[1], total/scale, 1)
		case !row.Strong && ok:
			seen++
			c.near(line.Label, row.Cells[1], line.PV.P50/scale)
			c.near("share of "+line.Label, row.Cells[3], line.Share)
			if line.Grade != "" && row.Cells[4] != line.Grade {
				c.Errorf("%s has grade %s, the engine %s", line.Label, row.Cells[4], line.Grade)
			}
		}
	}
	if seen != n {
		c.Errorf("%d of %d %s in the table", seen, n, group)
	}
}

// months holds the table of years against the timeline.
func (c checker) months(t document.Table, r *result.Result) {
	c.Helper()
	seen := 0
	for _, row := range t.Rows {
		month, _ := number(c.T, c.lang, row.Cells[0])
		m := int(month)
		q := r.Timeline[m].Cumulative
		c.near("p10", row.Cells[2], q.P10)
		c.near("p50", row.Cells[3], q.P50)
		c.near("p90", row.Cells[4], q.P90)
		paid := 0.0
		for k := range m + 1 {
			paid += r.BreakEvenShare[k]
		}
		if paid > 0.01 && paid < 0.99 {
			c.near("paid back", row.Cells[1], paid)
		}
		seen++
	}
	if want := (r.Case.HorizonMonths + 11) / 12; seen != want {
		c.Errorf("%d years, want %d", seen, want)
	}
}

// text is everything a document says.
func text(d *document.Document) string {
	var b strings.Builder
	for _, p := range d.Parts {
		switch p := p.(type) {
		case document.Heading:
			b.WriteString(p.Text + "\n")
		case document.Paragraph:
			b.WriteString(p.Text + "\n")
		case document.List:
			b.WriteString(strings.Join(p.Items, "\n") + "\n")
		case document.Table:
			for _, r := range p.Rows {
				b.WriteString(strings.Join(r.Cells, " | ") + "\n" + r.Note + "\n")
			}
		}
	}
	return b.String()
}

func TestAReportOfAScenarioHasItsFigures(t *testing.T) {
	l, in, o := locale.New(locale.English), read(t, "maschinenbau"), options
	o.Scenario = "with_ai"
	content := gather(t, in, o, l)
	d := document.Build(content, l)
	want := engine(t, in, o)
	if got := content.Answer.Result.Simulation.NPV.P50; *got != *want.Simulation.NPV.P50 {
		t.Errorf("npv %v, want %v", *got, *want.Simulation.NPV.P50)
	}
	if base := engine(t, in, options); *base.Simulation.NPV.P50 == *want.Simulation.NPV.P50 {
		t.Error("the scenario changes nothing")
	}
	found := false
	for _, f := range d.Facts {
		found = found || f[0] == l.Text("document.scenario", nil) && f[1] == "Mit KI-Funktionen"
	}
	if !strings.Contains(d.Made, "--scenario with_ai") {
		t.Errorf("%q does not name the scenario", d.Made)
	}
	if !found {
		t.Errorf("the cover does not name the scenario: %v", d.Facts)
	}
}

func TestWhatChangedSinceTheSealedBaseline(t *testing.T) {
	for _, lang := range locale.Langs() {
		l, now, was := locale.New(lang), read(t, "maschinenbau"), read(t, "maschinenbau")
		was.Text = bytes.Replace(was.Text, []byte("  users: 40\n"), []byte("  users: 36\n"), 1)
		was.Text = bytes.Replace(was.Text, []byte("horizon: 36 months"), []byte("horizon: 24 months"), 1)
		content := gather(t, now, options, l)
		before := len(content.Audit)
		if list, err := content.Against(context.Background(), was, now.Text, options, l); err != nil || list.Err() != nil {
			t.Fatal(err, list)
		}
		d := document.Build(content, l)
		said := text(d)
		if !strings.Contains(said, "36 → 40") || strings.Count(said, "→ 36")+strings.Count(said, "24") == 0 {
			t.Errorf("the changes are not told:\n%s", said)
		}
		if len(content.Audit) <= before {
			t.Error("the longer horizon is no finding")
		}
		sealed := engine(t, was, options)
		found := false
		for _, f := range report.Figures(sealed, l) {
			found = found || f.ID == "npv" && strings.Contains(said, f.Value)
		}
		if !found || content.Sealed.Sum == content.Sum || !strings.Contains(said, content.Sealed.Sum) {
			t.Error("the figures or the sum of the baseline are missing")
		}
		// The same file has not changed.
		same := gather(t, now, options, l)
		if _, err := same.Against(context.Background(), now, now.Text, options, l); err != nil || len(same.Sealed.Changes) > 0 {
			t.Error(err, same.Sealed.Changes)
		}
		if !strings.Contains(text(document.Build(same, l)), l.Text("document.sealed.none", nil)) {
			t.Error("that nothing changed is not said")
		}
		// A baseline that is no case is told, not guessed at.
		if list, err := same.Against(context.Background(), calc.Case{Name: "x", Text: []byte("case: [")}, now.Text, options, l); err != nil || list.Err() == nil {
			t.Error("a broken baseline passes", err)
		}
	}
}

func TestTheLineToMakeItAgainNamesWhatWasSet(t *testing.T) {
	l, in, o := locale.New(locale.English), read(t, "handwerk"), options
	node, list := casefile.Set("users", "9")
	if list.Err() != nil {
		t.Fatal(list)
	}
	in.Overlays, o.Pseudo = append(in.Overlays, node), true
	content := gather(t, in, o, l)
	content.Set = []string{"users=9"}
	made := document.Build(content, l).Made
	for _, want := range []string{"--set users=9", "--sampler pseudo", "seed 7", content.Sum} {
		if !strings.Contains(made, want) {
			t.Errorf("%q has no %q", made, want)
		}
	}
}

func TestScoresStandInASectionOfTheirOwn(t *testing.T) {
	l := locale.New(locale.German)
	content := gather(t, read(t, "handwerk"), options, l)
	if strings.Contains(text(document.Build(content, l)), l.Text("document.scores", nil)) {
		t.Fatal("a section without scores")
	}
	in := read(t, "handwerk")
	in.Text = append(in.Text, []byte("\nscorecard:\n  responsiveness: {weight: 60, today: 3, expected: 6 .. 8, why: Jeder sieht denselben Stand, grade: C}\n  compliance: {weight: 20, today: 5, expected: 7}\n")...)
	said := text(document.Build(gather(t, in, options, l), l))
	// (60·3 + 20·5) / 80 = 3.5 of 10; (60·6 + 20·7) / 80 = 6.25 to (60·8 + 20·7) / 80 = 7.75; the utility value is of 100.
	for _, want := range []string{"| 75\u00a0% | 3 | 6 bis 8 | C", "| 25\u00a0% | 5 | 7", "Jeder sieht denselben Stand", "Nutzwert |  | 35 | 62,5 bis 77,5"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in\n%s", want, said[strings.Index(said, "Nutzen ohne Preis"):])
		}
	}
}

func TestPackagesShowWhatTheyCostAndBring(t *testing.T) {
	l, in := locale.New(locale.English), read(t, "ki-service")
	r := engine(t, in, options)
	said := text(document.Build(gather(t, in, options, l), l))
	costs, benefits := 0.0, 0.0
	for _, line := range r.Lines {
		if line.ID == "replies" {
			costs += line.PV.P50
		} else if line.Group == "benefits" {
			benefits += line.PV.P50
		}
	}
	m := regexp.MustCompile(`Antwortvorschläge \| (€\S+) \| (€\S+)`).FindStringSubmatch(said)
	if m == nil {
		t.Fatal("the package is not in the report")
	}
	c := checker{t, locale.English}
	c.near("costs of the package", m[1], costs)
	c.near("benefits of the package", m[2], benefits)
}
