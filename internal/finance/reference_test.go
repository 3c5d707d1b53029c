//go:build reference

// The reference test recomputes the published cases kept outside the repository (RENDITE_SHARED/published/*.json) and
// compares with what was printed, within the tolerance stated there:
//
//	go test -tags reference ./internal/finance/
//
// Checks that the file itself could not confirm (match false or null) are left alone: nobody's mistakes are imitated.

package finance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
)

type publishedCase struct {
	ID     string           `json:"id"`
	Checks []publishedCheck `json:"checks"`
}

type publishedCheck struct {
	Name      string          `json:"name"`
	Fn        string          `json:"fn"`
	Args      json.RawMessage `json:"args"`
	Published *float64        `json:"published"`
	Tolerance float64         `json:"tolerance"`
	Rule      string          `json:"published_rule"`
	Scale     *float64        `json:"scale"`
	Match     *bool           `json:"match"`
}

// arguments are those of all functions; a name that is not here fails the check instead of being ignored.
type arguments struct {
	Rate     float64   `json:"rate"`
	Finance  float64   `json:"finance"`
	Reinvest float64   `json:"reinvest"`
	Flows    []float64 `json:"flows"`
	Dates    []string  `json:"dates"`
	Initial  float64   `json:"initial"`
	Years    []float64 `json:"years"`
	Values   []float64 `json:"values"`
	Benefits float64   `json:"benefits"`
	Costs    float64   `json:"costs"`
	E        string    `json:"e"`
}

// needed names the arguments of each function; the map is the list of known functions.
var needed = map[string][]string{
	"npv":                        {"rate", "flows"},
	"npv_monthly":                {"rate", "flows"},
	"pv_line":                    {"rate", "initial", "years"},
	"irr":                        {"flows"},
	"irr_monthly":                {"flows"},
	"xirr":                       {"flows", "dates"},
	"mirr":                       {"flows", "finance", "reinvest"},
	"mirr_monthly":               {"flows", "finance", "reinvest"},
	"payback":                    {"flows"},
	"payback_monthly":            {"flows"},
	"discounted_payback":         {"rate", "flows"},
	"discounted_payback_monthly": {"rate", "flows"},
	"roi":                        {"benefits", "costs"},
	"roi_pct":                    {"benefits", "costs"},
	"bcr":                        {"benefits", "costs"},
	"sum":                        {"values"},
	"cumulative":                 {"flows"},
	"peak_funding":               {"flows"},
	"expr":                       {"e"},
}

var (
	errUnknownFunction = errors.New("unknown function")
	errNone            = errors.New("the figure does not exist")
)

// recompute returns errNone where the figure does not exist. Paybacks are in periods of the flows.
func recompute(fn string, raw json.RawMessage) (float64, error) {
	names, known := needed[fn]
	if !known {
		return 0, fmt.Errorf("%w %q", errUnknownFunction, fn)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return 0, err
	}
	for name := range given {
		if !slices.Contains(names, name) {
			return 0, fmt.Errorf("%s does not know the argument %q", fn, name)
		}
	}
	if len(given) != len(names) {
		return 0, fmt.Errorf("%s needs %v", fn, names)
	}
	var a arguments
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&a); err != nil {
		return 0, err
	}

	base, isMonthly := strings.CutSuffix(fn, "_monthly")
	series := finance.Series{Net: a.Flows, Period: finance.Year}
	if isMonthly {
		series.Period = finance.Month
	}
	exists := func(v float64, ok bool) (float64, error) {
		if !ok {
			return 0, errNone
		}
		return v, nil
	}
	rate := func(v float64, err error) (float64, error) {
		if errors.Is(err, finance.ErrNoRoot) || errors.Is(err, finance.ErrSeveralRoots) {
			return 0, errNone
		}
		return v, err
	}
	switch base {
	case "npv":
		return series.NPV(a.Rate)
	case "pv_line":
		return finance.Series{Net: append([]float64{a.Initial}, a.Years...), Period: finance.Year}.NPV(a.Rate)
	case "irr":
		return rate(series.IRR())
	case "xirr":
		days := make([]int, len(a.Dates))
		for i, text := range a.Dates {
			var y, m, d int
			if _, err := fmt.Sscanf(text, "%d-%d-%d", &y, &m, &d); err != nil {
				return 0, err
			}
			var err error
			if days[i], err = finance.Day(y, m, d); err != nil {
				return 0, err
			}
		}
		return rate(finance.XIRR(a.Flows, days))
	case "mirr":
		return rate(series.MIRR(a.Finance, a.Reinvest))
	case "payback":
		return exists(finance.BreakEven(a.Flows))
	case "discounted_payback":
		months, ok, err := series.DiscountedBreakEven(a.Rate)
		if err != nil {
			return 0, err
		}
		return exists(months/float64(series.Period), ok)
	case "roi":
		return exists(finance.ROI(a.Benefits, a.Costs))
	case "roi_pct":
		v, ok := finance.ROI(a.Benefits, a.Costs)
		return exists(100*v, ok)
	case "bcr":
		return exists(finance.BenefitCostRatio(a.Benefits, a.Costs))
	case "sum":
		return finance.TCO(a.Values)
	case "cumulative":
		return finance.TCO(a.Flows)
	case "peak_funding":
		v, _, err := finance.PeakFunding(a.Flows)
		return v, err
	case "expr":
		return evaluate(a.E)
	}
	return 0, fmt.Errorf("%w %q", errUnknownFunction, fn)
}

// judge says what is wrong with a recomputed figure; nil is "reproduced".
func judge(c publishedCheck, got float64, err error) error {
	if err != nil && !errors.Is(err, errNone) {
		return err
	}
	if err == nil && c.Scale != nil {
		got *= *c.Scale
	}
	switch {
	case c.Published != nil && err != nil:
		return fmt.Errorf("does not exist, published %v", *c.Published)
	case c.Published != nil:
		// The addend covers the rounding of the difference itself, not a difference.
		if math.Abs(got-*c.Published) <= c.Tolerance+1e-12*math.Abs(got) {
			return nil
		}
		return fmt.Errorf("%v, published %v ± %v", got, *c.Published, c.Tolerance)
	case c.Rule == "":
		return errors.New("neither a published figure nor a rule to compare with")
	case c.Rule == "none":
		if err != nil {
			return nil
		}
		return fmt.Errorf("%v, published: none", got)
	case err != nil:
		return fmt.Errorf("does not exist, published %q", c.Rule)
	}
	var operator string
	var bound float64
	if n, err := fmt.Sscanf(c.Rule, "%s %g", &operator, &bound); n != 2 || err != nil {
		return fmt.Errorf("unknown rule %q", c.Rule)
	}
	holds, known := map[string]bool{"<": got < bound, "<=": got <= bound, ">": got > bound, ">=": got >= bound}[operator]
	if !known {
		return fmt.Errorf("unknown rule %q", c.Rule)
	}
	if !holds {
		return fmt.Errorf("%v, published %q", got, c.Rule)
	}
	return nil
}

func TestReference_publishedCasesAreReproduced(t *testing.T) {
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files, err := filepath.Glob(filepath.Join(shared, "published", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no published cases in %s (set RENDITE_SHARED): %v", filepath.Join(shared, "published"), err)
	}
	reproduced, left, cases := 0, 0, 0
	unknown := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c publishedCase
		if err := json.Unmarshal(text, &c); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if len(c.Checks) == 0 {
			t.Logf("%s has no checks", filepath.Base(file))
			continue
		}
		cases++
		for _, check := range c.Checks {
			// A function not known here is to be noticed even where its figure is not to be compared.
			if _, known := needed[check.Fn]; !known {
				unknown[check.Fn] = true
				continue
			}
			if check.Match == nil || !*check.Match {
				left++
				continue
			}
			got, err := recompute(check.Fn, check.Args)
			if err := judge(check, got, err); err != nil {
				t.Errorf("%s, %s (%s): %v", c.ID, check.Name, check.Fn, err)
				continue
			}
			reproduced++
		}
	}
	for fn := range unknown {
		t.Errorf("unknown function %q: teach it to this test", fn)
	}
	if reproduced == 0 {
		t.Error("nothing was reproduced")
	}
	fmt.Printf("reference: %d published checks of %d cases reproduced, %d left alone (not confirmed by their file)\n",
		reproduced, cases, left)
}

// The test of the test: it must be able to fail.
func TestReference_judgesStrictly(t *testing.T) {
	number, twelve := 3.15, 12.0
	for name, c := range map[string]struct {
		check publishedCheck
		got   float64
		err   error
		good  bool
	}{
		"within tolerance":        {publishedCheck{Published: &number, Tolerance: 0.005}, 3.1503, nil, true},
		"outside tolerance":       {publishedCheck{Published: &number, Tolerance: 0.005}, 3.1551, nil, false},
		"published, but none":     {publishedCheck{Published: &number, Tolerance: 9}, 0, errNone, false},
		"none as published":       {publishedCheck{Rule: "none"}, 0, errNone, true},
		"a figure, though none":   {publishedCheck{Rule: "none"}, 111, nil, false},
		"below, in months":        {publishedCheck{Rule: "< 6", Scale: &twelve}, 0.0566, nil, true},
		"not below, in months":    {publishedCheck{Rule: "< 6", Scale: &twelve}, 0.5, nil, false},
		"above":                   {publishedCheck{Rule: "> 0"}, 964.84, nil, true},
		"a rule, but none":        {publishedCheck{Rule: "< 6"}, 0, errNone, false},
		"an unknown rule":         {publishedCheck{Rule: "about 6"}, 6, nil, false},
		"nothing to compare with": {publishedCheck{}, 6, nil, false},
		"a failure":               {publishedCheck{Rule: "none"}, 0, finance.ErrRate, false},
	} {
		if err := judge(c.check, c.got, c.err); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := recompute("npv_of_the_moon", nil); !errors.Is(err, errUnknownFunction) {
		t.Errorf("unknown function: %v", err)
	}
	for _, args := range []string{`{"rate": 0.1}`, `{"rate": 0.1, "flows": [1], "timing": "mid-year"}`, `{"rate": 0.1, "years": [1]}`} {
		if v, err := recompute("npv", json.RawMessage(args)); err == nil {
			t.Errorf("npv of %s: %v", args, v)
		}
	}
}
