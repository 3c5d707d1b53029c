//go:build reference

// Published business cases, kept outside the repository (RENDITE_SHARED/published/*.json), written as case files and
// calculated the whole way: tables by year, timing yearly.
//
//	go test -tags reference ./internal/calc/
//
// Studies with complete tables of costs and benefits are picked up as they are; so is every single check that a case file
// can express. Checks that the file itself could not confirm are left alone: nobody's mistakes are imitated.

package calc_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/quantity"
)

type published struct {
	ID        string                     `json:"id"`
	Currency  string                     `json:"currency"`
	Rate      *float64                   `json:"discount_rate"`
	Years     int                        `json:"years"`
	Costs     []map[string]any           `json:"costs"`
	Benefits  []map[string]any           `json:"benefits"`
	Published map[string]json.RawMessage `json:"published"`
	Checks    []publishedCheck           `json:"checks"`
}

type publishedCheck struct {
	Name      string   `json:"name"`
	Fn        string   `json:"fn"`
	Published *float64 `json:"published"`
	Tolerance float64  `json:"tolerance"`
	Rule      string   `json:"published_rule"`
	Scale     *float64 `json:"scale"`
	Match     *bool    `json:"match"`
	Args      struct {
		Rate, Finance, Reinvest, Initial, Benefits, Costs float64
		Flows, Years, Values                              []float64
	} `json:"args"`
}

func publishedCases(t *testing.T) []published {
	t.Helper()
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files, err := filepath.Glob(filepath.Join(shared, "published", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no published cases in %s (set RENDITE_SHARED): %v", filepath.Join(shared, "published"), err)
	}
	var all []published
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var p published
		if err := json.Unmarshal(text, &p); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		all = append(all, p)
	}
	return all
}

// number writes a number as the case language reads it.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// table is one line by year.
type table struct {
	initial float64
	years   []float64
	risk    float64
}

// file writes a case file of tables by year.
func (c tables) file() string {
	var b strings.Builder
	currency := c.currency
	if !quantity.IsCurrency(currency) {
		currency = "EUR"
	}
	fmt.Fprintf(&b, "case: Published\ncurrency: %s\nhorizon: %d years\ndiscount: %s\ntiming: yearly\n", currency, c.years, number(c.rate))
	if c.mirr {
		fmt.Fprintf(&b, "finance_rate: %s\nreinvest_rate: %s\n", number(c.finance), number(c.reinvest))
	}
	for _, group := range []struct {
		name  string
		lines []table
	}{{"costs", c.costs}, {"benefits", c.benefits}} {
		fmt.Fprintf(&b, "%s:\n", group.name)
		if len(group.lines) == 0 {
			group.lines = []table{{}}
		}
		for i, l := range group.lines {
			var years []string
			for _, y := range l.years {
				years = append(years, number(y))
			}
			fmt.Fprintf(&b, "  %s%d: {initial: %s, risk: %s", group.name[:1], i+1, number(l.initial), number(l.risk))
			if len(years) > 0 {
				fmt.Fprintf(&b, ", yearly: [%s]", strings.Join(years, ", "))
			}
			b.WriteString("}\n")
		}
	}
	return b.String()
}

type tables struct {
	currency          string
	rate              float64
	years             int
	mirr              bool
	finance, reinvest float64
	costs, benefits   []table
}

// split makes a case of net flows by year: what is negative is a cost.
func split(flows []float64, rate float64) tables {
	c := tables{rate: rate, years: max(1, len(flows)-1), costs: []table{{}}, benefits: []table{{}}}
	for k, v := range flows {
		l := &c.benefits[0]
		if v < 0 {
			l = &c.costs[0]
		}
		if k == 0 {
			l.initial = math.Abs(v)
			continue
		}
		c.costs[0].years, c.benefits[0].years = append(c.costs[0].years, 0), append(c.benefits[0].years, 0)
		l.years[k-1] = math.Abs(v)
	}
	return c
}

// monthly writes a case of net flows by month, a payment each.
func monthly(flows []float64, rate float64, more string) string {
	var groups [2]strings.Builder
	for m, v := range flows {
		g, sign := &groups[1], 1.0
		if v < 0 {
			g, sign = &groups[0], -1
		}
		if v != 0 {
			fmt.Fprintf(g, "  m%d: {amount: %s EUR, at: %d}\n", m, number(sign*v), m)
		}
	}
	return fmt.Sprintf("case: Published\ncurrency: EUR\nhorizon: %d\ndiscount: %s\n%scosts:\n  c0: {amount: 0 EUR, at: 0}\n%sbenefits:\n  b0: {amount: 0 EUR, at: 0}\n%s",
		max(1, len(flows)-1), number(rate), more, groups[0].String(), groups[1].String())
}

// expressed calculates a check by a case file; ok is false where the case language has no words for it. A figure that does
// not exist is NaN.
func expressed(t *testing.T, c publishedCheck) (value float64, ok bool) {
	t.Helper()
	a := c.Args
	orNaN := func(v *float64, scale float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v * scale
	}
	base, byMonth := strings.CutSuffix(c.Fn, "_monthly")
	longest := casefile.MaxHorizon
	if !byMonth {
		longest /= 12
	}
	for _, r := range []float64{a.Rate, a.Finance, a.Reinvest} {
		if r <= -1 || r > 1 {
			return 0, false // no rate of a case file
		}
	}
	flows := a.Flows
	if len(flows)-1 > longest {
		if c.Rule != "none" {
			return 0, false
		}
		flows = flows[:longest+1] // what does not exist in a longer time does not exist in this one
	}
	figure := func(read func(*calc.Answer) float64) (float64, bool) {
		if byMonth {
			if len(flows) > casefile.MaxLines-2 {
				return 0, false
			}
			return read(answer(t, monthly(flows, a.Rate, fmt.Sprintf("finance_rate: %s\nreinvest_rate: %s\n", number(a.Finance), number(a.Reinvest))), calc.Options{Draws: 1})), true
		}
		s := split(flows, a.Rate)
		s.mirr, s.finance, s.reinvest = base == "mirr", a.Finance, a.Reinvest
		return read(answer(t, s.file(), calc.Options{Draws: 1})), true
	}
	per := 1.0 / 12
	if byMonth {
		per = 1
	}
	switch base {
	case "npv":
		return figure(func(r *calc.Answer) float64 { return r.Plan.NPV })
	case "irr":
		return figure(func(r *calc.Answer) float64 { return orNaN(r.Plan.IRR, 1) })
	case "mirr":
		return figure(func(r *calc.Answer) float64 { return orNaN(r.Plan.MIRR, 1) })
	case "payback":
		return figure(func(r *calc.Answer) float64 { return orNaN(r.Plan.BreakEven, per) })
	case "discounted_payback":
		return figure(func(r *calc.Answer) float64 { return orNaN(r.Plan.BreakEvenDiscounted, per) })
	case "peak_funding":
		return figure(func(r *calc.Answer) float64 { return r.Plan.PeakFunding })
	case "cumulative":
		return figure(func(r *calc.Answer) float64 { return r.Plan.Benefits - r.Plan.Costs })
	case "pv_line":
		c := tables{rate: a.Rate, years: max(1, len(a.Years)), benefits: []table{{initial: a.Initial, years: a.Years}}}
		return answer(t, c.file(), calc.Options{Draws: 1}).Plan.BenefitsPV, true
	case "sum":
		if len(a.Values) == 0 || len(a.Values)-1 > longest {
			return 0, false
		}
		c := tables{years: max(1, len(a.Values)-1), costs: []table{{initial: a.Values[0], years: a.Values[1:]}}}
		return answer(t, c.file(), calc.Options{Draws: 1}).Plan.TCO, true
	case "roi", "roi_pct", "bcr":
		r := answer(t, tables{years: 1, costs: []table{{initial: a.Costs}}, benefits: []table{{initial: a.Benefits}}}.file(), calc.Options{Draws: 1}).Plan
		switch base {
		case "roi":
			return orNaN(r.ROI, 1), true
		case "roi_pct":
			return orNaN(r.ROI, 100), true
		}
		return orNaN(r.BenefitCostRatio, 1), true
	}
	return 0, false // expr, xirr
}

// judged says what is wrong with a figure; "" is "as published".
func judged(c publishedCheck, got float64) string {
	if c.Scale != nil {
		got *= *c.Scale
	}
	var operator string
	var bound float64
	switch {
	case c.Published != nil && math.Abs(got-*c.Published) <= c.Tolerance+1e-11*math.Abs(got):
		return ""
	case c.Published != nil:
		return fmt.Sprintf("%v, published %v ± %v", got, *c.Published, c.Tolerance)
	case c.Rule == "none" && math.IsNaN(got):
		return ""
	case c.Rule == "none":
		return fmt.Sprintf("%v, published: none", got)
	}
	if n, err := fmt.Sscanf(c.Rule, "%s %g", &operator, &bound); n != 2 || err != nil {
		return fmt.Sprintf("unknown rule %q", c.Rule)
	}
	if holds := map[string]bool{"<": got < bound, "<=": got <= bound, ">": got > bound, ">=": got >= bound}; !holds[operator] {
		return fmt.Sprintf("%v, published %q", got, c.Rule)
	}
	return ""
}

func TestReference_publishedChecksAsCaseFiles(t *testing.T) {
	reproduced, left, speechless := 0, 0, map[string]int{}
	for _, p := range publishedCases(t) {
		for _, c := range p.Checks {
			if c.Match == nil || !*c.Match {
				left++
				continue
			}
			got, ok := expressed(t, c)
			if !ok {
				speechless[c.Fn]++
				continue
			}
			if wrong := judged(c, got); wrong != "" {
				t.Errorf("%s, %s (%s): %s", p.ID, c.Name, c.Fn, wrong)
				continue
			}
			reproduced++
		}
	}
	if reproduced == 0 {
		t.Error("nothing was reproduced")
	}
	fmt.Printf("reference: %d published checks reproduced by case files, %d not confirmed by their file, not expressed: %v\n", reproduced, left, speechless)
}

// years reads the values of a line; ok is false where one is missing. within is the part of the line that holds them.
func years(line map[string]any, within string, n int) (l table, ok bool) {
	values := line
	if within != "" {
		values, _ = line[within].(map[string]any)
	}
	l.initial, _ = line["initial"].(float64)
	for k := 1; k <= n; k++ {
		v, is := values[fmt.Sprintf("y%d", k)].(float64)
		if !is {
			return l, false
		}
		l.years = append(l.years, v)
	}
	return l, true
}

// adjustment is the risk adjustment of a line as a share: printed with or without a sign, as a fraction or in per cent.
func adjustment(line map[string]any) (risk float64, ok bool) {
	risk, ok = line["risk_adjustment"].(float64)
	if risk = math.Abs(risk); risk > 1 {
		risk /= 100
	}
	return risk, ok
}

// rounding is how far a present value may be off because its amounts are printed in whole units.
func rounding(amounts int) float64 { return 0.5 + 0.5*float64(amounts) }

// study makes the tables of a published study; ok is false where it does not print them all. The risk adjustment is put
// into the case where the unadjusted amounts are printed, so that `risk:` is tried.
func study(p published) (c tables, ok bool) {
	if p.Rate == nil || p.Years < 1 || p.Years > casefile.MaxHorizon/12 || len(p.Costs) == 0 || len(p.Benefits) == 0 {
		return c, false
	}
	c = tables{currency: p.Currency, rate: *p.Rate, years: p.Years}
	present := func(l table, factor float64) float64 {
		pv := l.initial
		for k, y := range l.years {
			pv += y * math.Pow(1+*p.Rate, -float64(k+1))
		}
		return pv * factor
	}
	for _, line := range p.Costs {
		l, complete := years(line, "", p.Years)
		if _, is := line["initial"].(float64); !complete || !is {
			return c, false
		}
		if risk, is := adjustment(line); is {
			// Costs are printed once, before or after the adjustment: their present value tells which.
			if pv, is := line["pv"].(float64); !is || math.Abs(present(l, 1+risk)-pv) < math.Abs(present(l, 1)-pv) {
				l.risk = risk
			}
		}
		c.costs = append(c.costs, l)
	}
	for _, line := range p.Benefits {
		adjusted, isAdjusted := years(line, "adjusted", p.Years)
		plain, isPlain := years(line, "unadjusted", p.Years)
		risk, isRisky := adjustment(line)
		bare, isBare := years(line, "", p.Years)
		switch {
		case isPlain && isRisky:
			plain.risk = risk
			c.benefits = append(c.benefits, plain)
		case isAdjusted:
			c.benefits = append(c.benefits, adjusted)
		case isPlain:
			c.benefits = append(c.benefits, plain)
		case isBare:
			bare.risk = risk
			c.benefits = append(c.benefits, bare)
		default:
			return c, false
		}
	}
	return c, true
}

var payback = regexp.MustCompile(`^(<|<=|>|>=)?\s*([0-9]+(?:\.[0-9]+)?)\s*(month|year)s?$`)

func TestReference_publishedStudiesAsCaseFiles(t *testing.T) {
	var studies []string
	for _, p := range publishedCases(t) {
		c, ok := study(p)
		if !ok {
			continue
		}
		studies = append(studies, p.ID)
		t.Run(p.ID, func(t *testing.T) {
			a := answer(t, c.file(), calc.Options{Draws: 16})
			lines := len(c.costs) + len(c.benefits)
			amounts := lines * (p.Years + 1)
			// compare takes the tolerance of the check of that name, leaves alone what the file does not confirm, and else
			// allows for the rounding of what is printed.
			compare := func(name string, got, tolerance, scale float64) {
				t.Helper()
				raw, is := p.Published[name]
				var want float64
				if !is || json.Unmarshal(raw, &want) != nil || string(raw) == "null" {
					return
				}
				if i := slices.IndexFunc(p.Checks, func(c publishedCheck) bool { return c.Name == name }); i >= 0 {
					if p.Checks[i].Match == nil || !*p.Checks[i].Match {
						return
					}
					tolerance = p.Checks[i].Tolerance
				}
				if math.Abs(got*scale-want) > tolerance {
					t.Errorf("%s is %v, published %v ± %v", name, got*scale, want, tolerance)
				}
			}
			compare("total_costs_pv", a.Plan.CostsPV, rounding(amounts), 1)
			compare("total_benefits_pv", a.Plan.BenefitsPV, rounding(amounts), 1)
			compare("npv", a.Plan.NPV, rounding(amounts), 1)
			if a.Plan.ROI != nil {
				compare("roi_pct", *a.Plan.ROI, 0.5, 100)
				compare("roi_ratio", *a.Plan.ROI, 0.005, 1)
			}
			if e := a.Plan.BreakEvenDiscounted; e != nil {
				compare("break_even_fraction", *e/12-math.Floor(*e/12), 0.0005, 1)
			}
			for i, group := range [][]map[string]any{p.Costs, p.Benefits} {
				for k, line := range group {
					pv, is := line["pv"].(float64)
					got := a.Lines[i*len(p.Costs)+k].PV
					if is && math.Abs(got.P50-pv) > rounding(p.Years+1) {
						t.Errorf("%v is worth %v, published %v", line["category"], got.P50, pv)
					}
					if !within(got.P10, got.P90, 1e-12) {
						t.Errorf("%v: a printed amount has a range, %v to %v", line["category"], got.P10, got.P90)
					}
				}
			}
			// The net flow of each year.
			var net map[string]float64
			if json.Unmarshal(p.Published["net_benefits"], &net) == nil {
				for k := range p.Years + 1 {
					name, sum := "initial", a.Timeline[0].Net
					if k > 0 {
						name, sum = fmt.Sprintf("y%d", k), 0
						for m := 12*k - 11; m <= 12*k; m++ {
							sum += a.Timeline[m].Net
						}
					}
					if want, is := net[name]; is && math.Abs(sum-want) > rounding(lines) {
						t.Errorf("the net flow of %s is %v, published %v", name, sum, want)
					}
				}
			}
			// "< 6 months", "14 months", "1.7 years"
			var text string
			if json.Unmarshal(p.Published["payback"], &text) == nil {
				if m := payback.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
					bound, _ := strconv.ParseFloat(m[2], 64)
					_, digits, _ := strings.Cut(m[2], ".")
					if a.Plan.BreakEven == nil {
						t.Fatalf("it never pays back, published %q", text)
					}
					got := *a.Plan.BreakEven
					if m[3] == "year" {
						got /= 12
					}
					holds := map[string]bool{"<": got < bound, "<=": got <= bound, ">": got > bound, ">=": got >= bound,
						"": math.Abs(got-bound) <= math.Pow(10, -float64(len(digits)))}
					if !holds[m[1]] {
						t.Errorf("it pays back after %v %ss, published %q", got, m[3], text)
					}
				}
			}
		})
	}
	for _, id := range []string{"forrester-tei-salesloft", "worksheet-pine-valley-cts", "de-haufe-kapitalwert"} {
		if !slices.Contains(studies, id) {
			t.Errorf("%s is not among the studies: %v", id, studies)
		}
	}
	fmt.Printf("reference: %d published studies calculated as case files: %s\n", len(studies), strings.Join(studies, ", "))
}

// 1,000,000 at 9,000 a year and 3.46 %: within fifty years, the longest horizon, neither break-even exists, and both are
// said to be outside the horizon rather than at a large number (de-werweisswas-nie-amortisiert).
func TestReference_neverIsAnAnswer(t *testing.T) {
	flows := []float64{-1_000_000}
	for range casefile.MaxHorizon / 12 {
		flows = append(flows, 9_000)
	}
	a := answer(t, split(flows, 0.0346).file(), calc.Options{Draws: 4})
	if a.Plan.BreakEven != nil || a.Plan.BreakEvenDiscounted != nil || a.Simulation.BreakEven.NotWithinHorizon != 1 || !noted(a, "break_even_never") {
		t.Errorf("break-even %v, dynamic %v, never in %v of the draws", a.Plan.BreakEven, a.Plan.BreakEvenDiscounted, a.Simulation.BreakEven.NotWithinHorizon)
	}
}

// The test of the test: tables with risk adjustments, before and after, are read as they are meant.
func TestReference_riskAdjustmentsAreApplied(t *testing.T) {
	rate := 0.1
	full := map[string]any{"y1": 100.0, "y2": 200.0}
	adjusted := map[string]any{"y1": 90.0, "y2": 180.0}
	p := published{Rate: &rate, Years: 2,
		Costs: []map[string]any{
			{"initial": 100.0, "y1": 50.0, "y2": 50.0, "risk_adjustment": 0.1, "pv": (100 + 50/1.1 + 50/1.21) * 1.1},
			{"initial": 100.0, "y1": 50.0, "y2": 50.0, "risk_adjustment": 0.1, "pv": 100 + 50/1.1 + 50/1.21},
		},
		Benefits: []map[string]any{
			{"unadjusted": full, "risk_adjustment": 0.1, "adjusted": adjusted},
			{"unadjusted": map[string]any{"y1": nil}, "risk_adjustment": nil, "adjusted": adjusted},
			{"unadjusted": full, "adjusted": map[string]any{"y1": nil, "y2": nil}},
		}}
	c, ok := study(p)
	if !ok {
		t.Fatal("a complete study is left out")
	}
	a := answer(t, c.file(), calc.Options{Draws: 1})
	if want := (100 + 50/1.1 + 50/1.21) * 2.1; !within(a.Plan.CostsPV, want, 1e-9) {
		t.Errorf("costs %v, want %v", a.Plan.CostsPV, want)
	}
	if want := (100/1.1 + 200/1.21) * 2.8; !within(a.Plan.BenefitsPV, want, 1e-9) {
		t.Errorf("benefits %v, want %v", a.Plan.BenefitsPV, want)
	}
	p.Benefits[0] = map[string]any{"unadjusted": map[string]any{"y1": 100.0}, "adjusted": map[string]any{}}
	if _, ok := study(p); ok {
		t.Error("a study with a missing amount is calculated")
	}
}
