package quality

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/result"
)

// Effect is a case with the data quality that it assumes, with the one that was measured, and with the one after mending.
// The cost of mending is not in it.
type Effect struct {
	Case     string `json:"case"`
	Currency string `json:"currency"`
	// Measured holds from month 0 on; Mended is reached to 90 % after Months.
	Measured Driver `json:"measured"`
	Mended   Driver `json:"mended"`
	Months   int    `json:"months"`
	// Acts is false where nothing in the case depends on data quality.
	Acts       bool    `json:"acts"`
	AsAssumed  Outlook `json:"as_assumed"`
	AsMeasured Outlook `json:"as_measured"`
	AsMended   Outlook `json:"as_mended"`
	// Mending is as mended less as measured, Assuming as assumed less as measured, draw by draw.
	Mending  Difference `json:"mending"`
	Assuming Difference `json:"assuming"`
}

// Outlook is what a case comes to.
type Outlook struct {
	NPV             result.Spread    `json:"npv"`
	BreakEvenMonths result.BreakEven `json:"break_even_months"`
}

// Difference is of two outlooks; months are over the draws in which both break even within the horizon, a share Both.
type Difference struct {
	NPV             result.Spread `json:"npv"`
	BreakEvenMonths result.Spread `json:"break_even_months"`
	Both            float64       `json:"both_within_horizon"`
	Better          float64       `json:"probability_better"`
}

// ErrNoTotal says that nothing was measured that could go into a case.
var ErrNoTotal = errors.New("quality: no factor was measured")

// Names of what InCase adds to the case; no case has them by chance.
const (
	scenarioMeasured = "rendite_quality_measured"
	scenarioMended   = "rendite_quality_mended"
	nameQuality      = "rendite_quality_now"
	nameMended       = "rendite_quality_share_mended"
)

// InCase runs a case three times on common random numbers: as it is, with data_quality as measured, and with it rising to
// what it is after the given share of the faults has been mended. The list holds the case's errors, then the effect is nil.
// ErrNoTotal.
func (r *Report) InCase(ctx context.Context, c calc.Case, o calc.Options) (*Effect, diag.List, error) {
	if r.Driver == nil {
		return nil, nil, ErrNoTotal
	}
	m, found := calc.Check(c, "")
	if found.Err() != nil {
		return nil, found, nil
	}
	now := widened(*r.Driver)
	share := r.rules.MendedShare
	mended := Driver{P50: now.P50 + (1-now.P50)*share[1]}
	mended.P10 = mended.P50 - math.Hypot((1-share[1])*(now.P50-now.P10), (1-now.P50)*(share[1]-share[0]))
	mended.P90 = mended.P50 + math.Hypot((1-share[1])*(now.P90-now.P50), (1-now.P50)*(share[2]-share[1]))
	mended.P90 = min(mended.P90, 1)

	scenarios, found := casefile.ParseYAML("data_quality", []byte(r.scenarios(m.File, now)))
	if found.Err() != nil {
		return nil, nil, fmt.Errorf("quality: %w", found)
	}
	c.Scenarios = scenarios
	o.Scenario = ""
	comparison, found, err := calc.Compare(ctx, c, []string{scenarioMeasured, scenarioMended, "base"}, o)
	if comparison == nil {
		return nil, found, err
	}
	outlook := func(i int) Outlook {
		s := comparison.Scenarios[i].Simulation
		return Outlook{s.NPV, s.BreakEven}
	}
	difference := func(i int) Difference {
		d := comparison.Differences[i]
		return Difference{d.NPV, d.BreakEvenMonths, d.BothWithinHorizon, d.ProbabilityBetter}
	}
	e := &Effect{Case: c.Name, Currency: comparison.Scenarios[0].Case.Currency, Measured: now, Mended: mended, Months: r.rules.MendingMonths,
		AsMeasured: outlook(0), AsMended: outlook(1), AsAssumed: outlook(2), Mending: difference(0), Assuming: difference(1)}
	d := e.Mending.NPV
	e.Acts = d.P50 == nil || *d.P10 != 0 || *d.P90 != 0
	return e, found, nil
}

// widened keeps the range one that a case can draw from: within 0 and 1, its ends apart, and its middle not too close to one
// of them. On the log-odds scale, on which a share is drawn, a metalog of three terms needs it at least
// ½·(1 − 1.66711·0.4) = 0.1666 of the range away (T. W. Keelin, Decision Analysis 13, 2016; see dist.Metalog); 0.18 leaves room
// for rounding.
func widened(d Driver) Driver {
	const least, edge, part = 0.0005, 0.001, 0.18
	d.P50 = min(max(d.P50, edge+least), 1-edge-least)
	d.P10 = max(edge, min(d.P10, d.P50-least))
	d.P90 = min(1-edge, max(d.P90, d.P50+least))
	odds := func(p float64) float64 { return math.Log(p / (1 - p)) }
	low, middle, high := odds(d.P10), odds(d.P50), odds(d.P90)
	apart := part * (high - low)
	if kept := min(max(middle, low+apart), high-apart); kept != middle { // a bound may round
		d.P50 = 1 / (1 + math.Exp(-kept))
	}
	return d
}

// percents is a range as a case file has it.
func percents(digits int, v ...float64) string {
	var parts []string
	for _, x := range v {
		parts = append(parts, strconv.FormatFloat(100*x, 'f', digits, 64))
	}
	return strings.Join(parts, " .. ") + " %"
}

// scenarios are those of the measured and of the mended quality, as YAML.
func (r *Report) scenarios(f *casefile.File, now Driver) string {
	percent := func(v ...float64) string { return percents(4, v...) }
	s := r.rules.MendedShare
	assumption := fmt.Sprintf("%s: {value: %s, grade: A, source: rendite quality %s}", nameQuality, percent(now.P10, now.P50, now.P90), r.Date)
	correlate := correlated(f)
	// A curve of the case goes, but a null where there is nothing to remove is an error.
	drop := ""
	if have := f.Root.Get("data_quality"); have != nil && have.Kind == casefile.Map {
		drop = "start: null, months_to_90: null, "
	}
	var b strings.Builder
	for _, c := range []struct{ id, more, curve string }{
		{scenarioMeasured, "", drop + "plateau: " + nameQuality},
		{scenarioMended, fmt.Sprintf(", %s: {value: %s, grade: D, source: rendite quality}", nameMended, percent(s[0], s[1], s[2])),
			fmt.Sprintf("start: %s, plateau: %s + (1 - %s) * %s, months_to_90: %d", nameQuality, nameQuality, nameQuality, nameMended, r.rules.MendingMonths)},
	} {
		fmt.Fprintf(&b, "%s:\n  assumptions: {%s%s}\n  data_quality: {%s}\n%s", c.id, assumption, c.more, c.curve, correlate)
	}
	return b.String()
}

// correlated are the pairs of the case with the measured quality in the place of the curve's plateau; the other parts of
// the curve are no longer drawn, and their pairs go.
func correlated(f *casefile.File) string {
	const plateau = "data_quality.plateau"
	touched := func(name string) bool { return strings.HasPrefix(name, "data_quality.") }
	if !slices.ContainsFunc(f.Correlate, func(c casefile.Correlation) bool { return touched(c.A) || touched(c.B) }) {
		return ""
	}
	var pairs []string
	for _, c := range f.Correlate {
		a, b := c.A, c.B
		if a == plateau {
			a = nameQuality
		}
		if b == plateau {
			b = nameQuality
		}
		if touched(a) || touched(b) {
			continue
		}
		pairs = append(pairs, fmt.Sprintf("[%s, %s, %v]", a, b, c.Rho))
	}
	return "  correlate: [" + strings.Join(pairs, ", ") + "]\n"
}
