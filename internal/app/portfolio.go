package app

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/sim"
	"github.com/rendite-crm/rendite/internal/store"
)

// jointDraws is the number of draws that a joint distribution is made of: its quantiles are then good to a hundredth of a
// standard deviation or so, far below what the assumption of independence costs.
const jointDraws = 1000

// Standing is a case in the portfolio with its key figures.
type Standing struct {
	Case   store.Case
	Sealed bool
	// Outcome is nil where the case does not compute, and where Pending says that it has not been computed yet.
	Outcome *Outcome
	Pending bool
}

// Outcome is what is kept of a revision's result, so that a portfolio is there without computing it again.
type Outcome struct {
	Result *result.Result `json:"result"`
	// NPV are jointDraws evenly spaced quantiles of the net present value, smallest first.
	NPV []float64 `json:"npv"`
}

// keepOutcome computes a revision and keeps its figures; nil where the case does not compute. A failure is no failure of
// the save: the portfolio computes what is missing.
func (a *App) keepOutcome(ctx context.Context, caseID string, number int, text []byte) (*Outcome, error) {
	answer, err := a.Engine.Answer(ctx, text, "", 0, locale.New(locale.English))
	if code, ok := CodeOf(err); ok && code == Invalid {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o := outcomeOf(answer)
	if buf, err := json.Marshal(o); err == nil {
		_ = a.store.KeepOutcome(ctx, store.Outcome{CaseID: caseID, Revision: int64(number), Version: a.Engine.version, JSON: string(buf)})
	}
	return o, nil
}

func outcomeOf(answer *calc.Answer) *Outcome {
	levels := make([]float64, jointDraws)
	for i := range levels {
		levels[i] = (float64(i) + 0.5) / jointDraws
	}
	r := *answer.Result
	r.Notes, r.Diagnostics, r.Lines, r.Carriers = nil, nil, nil, nil
	return &Outcome{Result: &r, NPV: sim.Quantile(answer.Outcome.NPV, levels...)}
}

// Filter narrows and orders a portfolio.
type Filter struct {
	Organisation string
	Search       string
	Status       string
	Sort         string // updated (default) or name; roi, npv, break_even within the page
	Cursor       string
	Limit        int // of a page, 1 to 500; 0 is 50
	Archived     bool
}

// Cases lists the cases of an organisation with their figures, a page at a time.
func (a *App) Cases(ctx context.Context, who Actor, f Filter) (list []Standing, next string, err error) {
	if err := a.inOrganisation(who, auth.CaseRead, f.Organisation); err != nil {
		return nil, "", err
	}
	sort := store.ByUpdated
	if f.Sort == "name" {
		sort = store.ByName
	}
	cases, next, err := a.store.Cases(ctx, store.CaseFilter{OrgID: f.Organisation, Search: f.Search, Status: store.Status(f.Status), Archived: f.Archived, Sort: sort},
		store.Page{Cursor: f.Cursor, Limit: f.Limit})
	if err != nil {
		return nil, "", known(err)
	}
	for _, c := range cases {
		s, err := a.standing(ctx, c)
		if err != nil {
			return nil, "", err
		}
		list = append(list, s)
	}
	figure := map[string]func(*result.Result) *float64{
		"roi": func(r *result.Result) *float64 { return r.Simulation.ROI.P50 }, "npv": func(r *result.Result) *float64 { return r.Simulation.NPV.P50 },
		"break_even": func(r *result.Result) *float64 {
			if r.Simulation.BreakEven.P50 == nil {
				return nil
			}
			v := -*r.Simulation.BreakEven.P50
			return &v
		},
	}[f.Sort]
	if figure != nil {
		of := func(s Standing) float64 {
			if s.Outcome != nil {
				if v := figure(s.Outcome.Result); v != nil {
					return *v
				}
			}
			return -1e300
		}
		slices.SortStableFunc(list, func(x, y Standing) int {
			switch d := of(x) - of(y); {
			case d > 0:
				return -1
			case d < 0:
				return 1
			}
			return 0
		})
	}
	return list, next, nil
}

// outcome is what is kept of a case's newest revision, computed where it is missing or of another version.
func (a *App) outcome(ctx context.Context, c store.Case) (*Outcome, error) {
	kept, err := a.store.Outcome(ctx, c.ID, c.Head, "")
	if err == nil && kept.Version == a.Engine.version {
		var o Outcome
		if json.Unmarshal([]byte(kept.JSON), &o) == nil && o.Result != nil {
			return &o, nil
		}
	}
	r, err := a.store.Revision(ctx, c.ID, c.Head)
	if err != nil {
		return nil, known(err)
	}
	return a.keepOutcome(ctx, c.ID, int(c.Head), []byte(r.Text))
}

// standing is a case with its figures. Where the engine has no time for them now, that is no failure of the list.
func (a *App) standing(ctx context.Context, c store.Case) (Standing, error) {
	s := Standing{Case: c}
	var err error
	if s.Outcome, err = a.outcome(ctx, c); err != nil {
		if code, ok := CodeOf(err); !ok || code != Unavailable {
			return s, err
		}
		s.Pending = true
	}
	switch _, err = a.store.Seal(ctx, c.ID); {
	case err == nil:
		s.Sealed = true
	case !errors.Is(err, store.ErrNotFound):
		return s, err
	}
	return s, nil
}

// Sum is a portfolio added up: the plans' cash flows by calendar month, and the joint distribution of the cases' net
// present values.
type Sum struct {
	Currency string
	Start    string // month of the first flow, YYYY-MM; empty where cases have no start
	Cases    int
	// Left is how many cases were left out: another currency, or none of their own figures.
	Left int
	// Net and Cumulative are the plans' flows by month.
	Benefits, Costs, Net, Cumulative []float64
	// NPV holds P10, P50 and P90 of the sum, cases taken to be independent of each other; Loss is the share below zero.
	NPV  [3]float64
	Loss float64
}

// addIndependent adds a case's quantiles to draws of a sum: in an order of their own, so that the cases are independent of
// each other, and the same every time.
func addIndependent(joint []float64, key string, quantiles []float64) {
	h := fnv.New64a()
	h.Write([]byte(key))
	for i, k := range rand.New(rand.NewPCG(h.Sum64(), 1)).Perm(len(joint)) { // a simulation, no secret
		joint[i] += quantiles[k]
	}
}

// Portfolio adds up the cases of an organisation that are in the currency of most of them.
func (a *App) Portfolio(ctx context.Context, who Actor, org string) (*Sum, error) {
	if err := a.inOrganisation(who, auth.CaseRead, org); err != nil {
		return nil, err
	}
	standings, err := a.store.Portfolio(ctx, org)
	if err != nil {
		return nil, err
	}
	type counted struct {
		id string
		o  *Outcome
	}
	var all []counted
	count := map[string]int{}
	for _, s := range standings {
		o, err := a.outcome(ctx, s.Case)
		if err != nil {
			return nil, err
		}
		if o != nil {
			all = append(all, counted{s.Case.ID, o})
			count[o.Result.Case.Currency]++
		}
	}
	if len(all) == 0 {
		return nil, nil // nothing to add up is no failure
	}
	sum := &Sum{}
	for c, n := range count {
		if n > count[sum.Currency] || n == count[sum.Currency] && c < sum.Currency {
			sum.Currency = c
		}
	}
	first := time.Time{}
	for _, c := range all {
		if t, err := time.Parse("2006-01", c.o.Result.Case.Start); err == nil && c.o.Result.Case.Currency == sum.Currency && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if !first.IsZero() {
		sum.Start = first.Format("2006-01")
	}
	joint := make([]float64, jointDraws)
	for _, c := range all {
		r := c.o.Result
		if r.Case.Currency != sum.Currency || len(c.o.NPV) != jointDraws {
			continue
		}
		sum.Cases++
		offset := 0
		if t, err := time.Parse("2006-01", r.Case.Start); err == nil {
			offset = (t.Year()-first.Year())*12 + int(t.Month()-first.Month())
		}
		for _, m := range r.Timeline {
			for len(sum.Net) <= m.Month+offset {
				sum.Net, sum.Benefits, sum.Costs = append(sum.Net, 0), append(sum.Benefits, 0), append(sum.Costs, 0)
			}
			sum.Net[m.Month+offset] += m.Net
			sum.Benefits[m.Month+offset] += m.Benefits
			sum.Costs[m.Month+offset] += m.Costs
		}
		addIndependent(joint, strconv.Itoa(sum.Cases), c.o.NPV) // by its place: identifiers differ from one installation to the next
	}
	sum.Left = len(standings) - sum.Cases
	total := 0.0
	for _, v := range sum.Net {
		total += v
		sum.Cumulative = append(sum.Cumulative, total)
	}
	copy(sum.NPV[:], sim.Quantile(joint, 0.1, 0.5, 0.9))
	for _, v := range joint {
		if v < 0 {
			sum.Loss += 1.0 / jointDraws
		}
	}
	return sum, nil
}
