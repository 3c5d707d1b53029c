package decide

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/plan"
	"github.com/rendite-crm/rendite/internal/sim"
)

// Target is what must hold with a probability: break-even by a month, or an NPV of at least an amount.
type Target struct {
	BreakEvenMonth *float64 `json:"break_even_month,omitempty"`
	NPV            *float64 `json:"npv,omitempty"`
	Probability    float64  `json:"probability"`
}

// gap is how far an outcome misses the target: at most 0 where it is met, in months or money; +Inf where the quantile is
// not within the horizon.
func (t Target) gap(o *sim.Outcome) float64 {
	if t.BreakEvenMonth != nil {
		q := monthQuantile(o.BreakEven, t.Probability)
		if q == nil {
			return math.Inf(1)
		}
		return *q - *t.BreakEvenMonth
	}
	return *t.NPV - sim.Quantile(o.NPV, 1-t.Probability)[0]
}

// Need is the value of one assumption at which the target is just met, all others as they are. Value is nil where no value
// within the limits meets it.
type Need struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Unit  string   `json:"unit"`
	Now   float64  `json:"now"` // median today
	Value *float64 `json:"value"`
	// Change is Value less Now; nil where there is no value.
	Change *float64 `json:"change"`
	// Limit is the best value that was tried.
	Limit float64 `json:"limit"`
	// Kept is true where the target holds already, so that Value is how far the assumption may slip.
	Kept bool `json:"kept"`
	// Probability of the target at Value.
	Probability float64 `json:"probability"`
}

// Goal is the answer to a target: whether it holds today, and what each controllable assumption alone would have to be.
type Goal struct {
	Target      Target  `json:"target"`
	Probability float64 `json:"probability_now"`
	Single      []Need  `json:"single"`
	// Combination is the cheapest set of steps that meets the target; nil where none does or no step has a cost.
	Combination *Combination `json:"combination"`
}

// Seek finds, for each controllable assumption alone, the value at which the target is met. Values are found by bisection
// on the same random numbers, which makes the outcome monotone in each assumption as the model is; the break-even month is
// met to 0.05 months and NPV to 0.1 %, counts such as users to the next whole number that meets the target.
func (s *Study) Seek(ctx context.Context, t Target) (Goal, error) {
	goal := Goal{Target: t, Probability: t.reached(s.Outcome), Single: []Need{}}
	controls := s.controls()
	needs := make([]*Need, len(controls))
	err := each(len(controls), func(i int) (err error) {
		needs[i], err = s.need(ctx, t, controls[i])
		return err
	})
	if err != nil {
		return goal, err
	}
	for _, n := range needs {
		if n != nil {
			goal.Single = append(goal.Single, *n)
		}
	}
	slices.SortStableFunc(goal.Single, func(a, b Need) int {
		if (a.Value == nil) != (b.Value == nil) {
			if a.Value != nil {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.effort(), b.effort())
	})
	goal.Combination, err = s.combine(ctx, t)
	return goal, err
}

// effort orders needs: the relative change.
func (n Need) effort() float64 {
	if n.Change == nil {
		return math.Inf(1)
	}
	return math.Abs(*n.Change) / math.Max(1e-12, math.Abs(n.Now))
}

// reached is the share of draws that meet the target.
func (t Target) reached(o *sim.Outcome) float64 {
	n := 0
	for i := range o.NPV {
		if t.BreakEvenMonth != nil && o.BreakEven[i] <= *t.BreakEvenMonth || t.NPV != nil && o.NPV[i] >= *t.NPV {
			n++
		}
	}
	return float64(n) / float64(len(o.NPV))
}

// control is an assumption that can be worked on, with the best and the worst value worth trying, in canonical units.
type control struct {
	q          *model.Quantity
	input      int // −1 for a plain number of the file
	now        float64
	low, high  float64
	unitFactor float64 // canonical to the unit shown
	whole      bool    // a count: there is no part of a user
}

// countable makes a control of a count one in whole numbers. A plain number counts things where it has no unit and where it,
// or each of the three values of its range, is a whole number of at least two.
func (c *control) countable(values ...float64) {
	c.whole = c.q.Unit.Text == "" && !c.q.IsShare() && !strings.HasSuffix(c.q.ID, ".months_to_90")
	for _, v := range values {
		c.whole = c.whole && v >= 2-1e-9 && math.Abs(v-math.Round(v)) < 1e-9*v
	}
	if c.whole {
		c.low, c.high = math.Ceil(c.low), math.Floor(c.high)
	}
}

// controls lists the controllable assumptions: the factors of realisation, effects of levers, costs, and what the file's
// lines share, but not the base that levers act on.
func (s *Study) controls() []control {
	var all []control
	for i, q := range s.Inputs {
		if !controllable(q) {
			continue
		}
		d := q.Dist
		c := control{q: q, input: i, now: d.Quantile(0.5), unitFactor: q.Factor / q.Unit.Scale}
		c.low, c.high = limits(q, d.Quantile(0.001), d.Quantile(0.999))
		c.countable(d.Quantile(0.1), d.Quantile(0.5), d.Quantile(0.9))
		all = append(all, c)
	}
	used := s.used()
	for _, q := range s.Model.Quantities {
		n, ok := q.Expr.(*formula.Number)
		// The years of a table have no key of their own that a value could be put under.
		if !ok || q.Uncertain() || !used[q] || !controllable(q) || n.Value == 0 || q.Default || strings.Contains(q.ID, ".year_") {
			continue
		}
		v := n.Canonical()
		c := control{q: q, input: -1, now: v, unitFactor: 1 / n.Unit.Scale}
		c.low, c.high = limits(q, v, v)
		c.countable(v)
		all = append(all, c)
	}
	return all
}

// used marks what some line depends on.
func (s *Study) used() map[*model.Quantity]bool {
	used := map[*model.Quantity]bool{}
	for _, l := range s.Model.Lines {
		for _, q := range l.Carries() {
			used[q] = true
		}
	}
	for _, q := range s.Model.Quantities {
		if name, _, ok := strings.Cut(q.ID, "."); ok && slices.Contains(casefile.CurveNames, name) {
			used[q] = true
		}
	}
	return used
}

func controllable(q *model.Quantity) bool {
	name, field, ok := strings.Cut(q.ID, ".")
	if ok && slices.Contains(casefile.CurveNames, name) {
		return field != "start"
	}
	if q.ID == "users" {
		return true // how many get a seat is decided, whatever lines make of it
	}
	switch q.Role {
	case model.Baseline:
		return false
	case model.Effect, model.Cost:
		return true
	}
	return q.Line != nil && !strings.HasSuffix(q.ID, ".escalates") && !strings.HasSuffix(q.ID, ".risk")
}

// limits are the values worth trying: a share may go from 0 to 1, everything else from a tenth to ten times what is
// believed today.
func limits(q *model.Quantity, low, high float64) (float64, float64) {
	if q.IsShare() {
		return 0, 1 / q.Factor
	}
	if low > 0 {
		return low / 10, high * 10
	}
	span := math.Max(high-low, math.Abs(high))
	return low - span, high + span
}

// at runs the study with a control at a value.
func (s *Study) at(ctx context.Context, c control, v float64) (*sim.Outcome, error) {
	if c.input >= 0 {
		return s.run(ctx, map[int]float64{c.input: v})
	}
	out, _, err := s.with(ctx, deviation{values: map[string]string{c.q.ID: written(c.q, v)}})
	return out, err
}

// written is a canonical value as the case file writes it.
func written(q *model.Quantity, v float64) string {
	text := formula.Format(v / q.Unit.Scale)
	if q.Unit.Text != "" {
		text += " " + q.Unit.Text
	}
	return text
}

var errStep = errors.New("decide: a changed case does not check")

// deviation is what a run has otherwise than the case: values of the file, shifts of inputs and factors of costs, by id.
type deviation struct {
	values map[string]string
	shifts map[string]sim.Shift
	scale  map[string]float64
}

func (d *deviation) add(x change) {
	switch {
	case x.scale != nil:
		d.scale = x.scale
	case x.c.input >= 0:
		if d.shifts == nil {
			d.shifts = map[string]sim.Shift{}
		}
		d.shifts[x.c.q.ID] = x.shift()
	default:
		d.set(x.c.q.ID, written(x.c.q, x.value()))
	}
}

func (d *deviation) set(id, value string) {
	if d.values == nil {
		d.values = map[string]string{}
	}
	d.values[id] = value
}

// with runs the deviation on the same random numbers.
func (s *Study) with(ctx context.Context, d deviation) (*sim.Outcome, *plan.Graph, error) {
	c, values := s.Case, d.values
	c.Overlays = slices.Clone(c.Overlays)
	ids := make([]string, 0, len(values))
	for id := range values {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		node, list := casefile.Set(id, values[id])
		if list.Err() != nil {
			return nil, nil, list
		}
		c.Overlays = append(c.Overlays, node)
	}
	// "base", not "": the other scenarios need no check each time.
	m, list := calc.Check(c, cmp.Or(s.Options.Scenario, "base"))
	if m == nil {
		return nil, nil, errors.Join(errStep, list)
	}
	g, err := m.Compile()
	if err != nil {
		return nil, nil, err
	}
	for i, l := range g.Lines {
		if f, ok := d.scale[l.ID]; ok && !l.Benefit {
			g.Lines[i].Flow = g.Apply(plan.OpMul, l.Flow, g.Constant(f))
		}
	}
	runner, err := sim.New(g)
	if err != nil {
		return nil, nil, err
	}
	o := s.draws()
	o.Workers, o.Shifts = 1, map[int]sim.Shift{}
	for i, in := range g.Inputs {
		if shift, ok := d.shifts[in.ID]; ok {
			o.Shifts[i] = shift
		}
	}
	out, err := runner.Run(ctx, o)
	return out, g, err
}

// need bisects one control.
func (s *Study) need(ctx context.Context, t Target, c control) (*Need, error) {
	n := &Need{ID: c.q.ID, Label: s.Label(c.q), Unit: c.q.Unit.Text, Now: c.now * c.unitFactor}
	npv := map[float64]float64{}
	gap := func(v float64) (float64, error) {
		out, err := s.at(ctx, c, v)
		if err != nil {
			return 0, err
		}
		npv[v] = sim.Quantile(out.NPV, 0.5)[0]
		return t.gap(out), nil
	}
	low, err := gap(c.low)
	if errors.Is(err, errStep) {
		return nil, nil // a value that the case refuses, such as part of a user
	}
	if err != nil {
		return nil, err
	}
	high, err := gap(c.high)
	if errors.Is(err, errStep) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	good, bad := c.high, c.low
	gGood, gBad := high, low
	if low < high || low == high && npv[c.low] > npv[c.high] {
		good, bad, gGood, gBad = c.low, c.high, low, high
	}
	n.Limit = good * c.unitFactor
	if gGood > 0 || low == high {
		return n, nil // not possible, or the assumption does not matter
	}
	if gBad <= 0 {
		n.Kept, n.Value = true, pointer(bad*c.unitFactor)
		n.Change = pointer(*n.Value - n.Now)
		n.Probability = 1
		return n, nil
	}
	tolerance := 0.04
	if t.NPV != nil {
		tolerance = 0.001 * math.Max(1, math.Abs(sim.Quantile(s.Outcome.NPV, 1-t.Probability)[0]))
	}
	for range 60 {
		mid := (good + bad) / 2
		if c.whole {
			if mid = math.Round(mid); math.Abs(good-bad) <= 1 {
				break
			}
		}
		g, err := gap(mid)
		if err != nil {
			return nil, err
		}
		if g <= 0 {
			good, gGood = mid, g
		} else {
			bad = mid
		}
		if !c.whole && -gGood <= tolerance && math.Abs(good-bad) <= 1e-3*math.Abs(good) || math.Abs(good-bad) <= 1e-9*math.Abs(good) {
			break
		}
	}
	out, err := s.at(ctx, c, good)
	if err != nil {
		return nil, err
	}
	n.Value = pointer(good * c.unitFactor)
	n.Change = pointer(*n.Value - n.Now)
	n.Probability = t.reached(out)
	n.Kept = t.gap(s.Outcome) <= 0
	return n, nil
}
