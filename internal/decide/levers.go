package decide

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/plan"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/sim"
)

// Step is one realistic step on a controllable assumption: what it brings and what it costs.
type Step struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Kind is adoption, data_quality, process, seats, price, cost or effect: what is done, for the text.
	Kind string  `json:"kind"`
	From float64 `json:"from"` // median, in Unit
	To   float64 `json:"to"`
	Unit string  `json:"unit"`
	// Modelled is false for a factor that the case does not describe, so that nothing can be said about it.
	Modelled bool `json:"modelled"`
	// NPV is the gain of the median NPV before the cost of the step, Months that of the median break-even (negative is
	// earlier); nil where there is no break-even within the horizon before and after.
	NPV    float64  `json:"npv"`
	Months *float64 `json:"months"`
	// Shows is the month in which the step first brings half of what it brings at most in a month; nil for nothing.
	Shows *int `json:"shows_in_month"`
	// Action is what is done, in the user's language; empty where the catalogue knows no such step.
	Action string `json:"action"`
	// Hours is the work of the step, nil where nobody knows it.
	Hours *Effort `json:"hours"`
	// Cost is what the median of the hours costs once by the wage of the case, in its currency, CostRange that of all of
	// them; nil where the case has no wage.
	Cost      *float64 `json:"cost"`
	CostRange *Effort  `json:"cost_range"`
	// Source says where the hours come from.
	Source string `json:"source"`

	change change
}

// Effort is a range of hours or money.
type Effort struct {
	P10 float64 `json:"p10"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

func (e Effort) times(f float64) *Effort { return &Effort{e.P10 * f, e.P50 * f, e.P90 * f} }

// stepPoints is a realistic step on a share: five percentage points, or half of what is missing to the whole.
const stepPoints = 0.05

// Levers computes one step on each controllable assumption, the three factors always among them, ordered by the gain less
// the cost. Everything runs on the same random numbers.
func (s *Study) Levers(ctx context.Context) ([]Step, error) {
	type task struct {
		step Step
		change
	}
	var tasks []task
	seen := map[string]bool{}
	for _, c := range s.controls() {
		name, field, _ := strings.Cut(c.q.ID, ".")
		t := task{change: change{c: c, mul: 1}, step: Step{ID: c.q.ID, Label: s.Label(c.q), Unit: c.q.Unit.Text, Modelled: true}}
		factor := slices.Contains(casefile.CurveNames, name)
		switch {
		case factor && field != "plateau":
			continue // the speed of a factor moves with the same training
		case factor:
			seen[name] = true
			t.step.Kind = name
			t.add = math.Min(stepPoints, (1-c.now*c.q.Factor)/2) / c.q.Factor
		case c.q.ID == "users" || strings.HasSuffix(c.q.ID, ".seats"):
			t.step.Kind, t.mul = "seats", 0.95
			if c.input < 0 { // there is no part of a seat
				t.mul = math.Floor(c.now*0.95) / c.now
			}
			if c.q.ID == "users" {
				if t.scale = s.seatCosts(c.q, t.mul); len(t.scale) == 0 {
					continue
				}
			}
		case c.q.Role == model.Effect, c.q.Line != nil && c.q.Line.Benefit:
			t.step.Kind, t.mul = "effect", 1.1
		case strings.HasSuffix(c.q.ID, ".price"):
			t.step.Kind, t.mul = "price", 0.95
		default:
			t.step.Kind, t.mul = "cost", 0.9
		}
		t.step.From = c.now * c.unitFactor
		t.step.To = t.value() * c.unitFactor
		t.step.change = t.change
		if err := s.price(&t.step); err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	base := mediansOf(s.Outcome)
	baseNet := net(s.Graph, nil)
	steps := make([]Step, len(tasks))
	var variants []sim.Variant
	place := map[int]int{} // of a task's variant
	for i, t := range tasks {
		if t.c.input >= 0 && t.scale == nil {
			place[i] = len(variants)
			variants = append(variants, sim.Variant{Change: sim.Change{Shifts: map[int]sim.Shift{t.c.input: t.shift()}}})
		}
	}
	outs, err := s.Runner.Variants(ctx, s.draws(), variants, false)
	if err != nil {
		return nil, err
	}
	err = each(len(tasks), func(i int) error {
		t := tasks[i]
		var out *sim.Outcome
		var err error
		var flows []float64
		if k, ok := place[i]; ok {
			out = outs[k]
			flows = net(s.Graph, func(medians []float64) { medians[t.c.input] = medians[t.c.input]*t.mul + t.add })
		} else {
			var g *plan.Graph
			var d deviation
			d.add(t.change)
			out, g, err = s.with(ctx, d)
			if err == nil {
				flows = net(g, nil)
			}
		}
		if err != nil {
			return err
		}
		m := mediansOf(out)
		t.step.NPV = m.npv - base.npv
		if m.breakEven != nil && base.breakEven != nil {
			t.step.Months = pointer(*m.breakEven - *base.breakEven)
		}
		t.step.Shows = shows(baseNet, flows)
		steps[i] = t.step
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range casefile.CurveNames {
		if !seen[name] {
			steps = append(steps, Step{ID: name + ".plateau", Label: name, Kind: name, Unit: "%"})
		}
	}
	worth := func(x Step) float64 {
		if x.Cost == nil {
			return x.NPV
		}
		return x.NPV - *x.Cost
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(worth(b), worth(a)) })
	return steps, nil
}

// change moves an assumption: new value = old·mul + add.
type change struct {
	c        control
	mul, add float64
	// scale, where there is one, multiplies lines instead, by id: seats that nobody uses are cancelled, the people who work
	// with the system stay.
	scale map[string]float64
}

// seatCosts are the factors by which lines of cost fall with the seats paid for.
func (s *Study) seatCosts(users *model.Quantity, mul float64) map[string]float64 {
	scale := map[string]float64{}
	for _, l := range s.Model.Lines {
		if !renting.is(l) && (l.Benefit || l.Package == "") || l.Amount == nil || !slices.Contains(l.Carries(), users) {
			continue
		}
		now, okNow := value(l.Amount)
		more, okMore := evaluator{moved: users}.value(l.Amount)
		if okNow && okMore && now > 0 && more > now {
			scale[l.ID] = 1 - (1-mul)*(more-now)/(0.1*now) // the part that does not depend on seats stays
		}
	}
	return scale
}

func (x change) value() float64 { return x.c.now*x.mul + x.add }

func (x change) shift() sim.Shift {
	s := sim.Shift{Mul: x.mul, Add: x.add, High: math.Inf(1)}
	if x.c.q.IsShare() {
		s.High = 1 / x.c.q.Factor
	}
	return s
}

// price fills in what the catalogue knows of a step: the hours, and the money by the wage of the case.
func (s *Study) price(x *Step) error {
	entry, err := s.catalogue().Step(x.Kind)
	if err != nil || entry == nil {
		return err
	}
	x.Action = entry.Name.In(s.Options.Lang)
	for _, c := range entry.Costs {
		count, ok := s.count(c.Per)
		if !ok {
			continue
		}
		if c.Share > 0 {
			count *= c.Share
		}
		x.Source = entry.Source.In(s.Options.Lang)
		x.Hours = Effort{c.Hours.Low, c.Hours.Mid, c.Hours.High}.times(count)
		if wage, ok := s.wage(); ok {
			x.CostRange = x.Hours.times(wage)
			x.Cost = &x.CostRange.P50
		}
		break
	}
	return nil
}

// catalogue is that of the case, else the program's own.
func (s *Study) catalogue() *catalogue.Catalogue {
	if s.Case.Catalogue != nil {
		return s.Case.Catalogue
	}
	own, err := embedded()
	if err != nil { // a test reads all of it
		own = &catalogue.Catalogue{}
	}
	return own
}

// count is the number of users or records of the case, or the case itself.
func (s *Study) count(per string) (float64, bool) {
	a := &auditor{Answer: s.Answer, cat: s.catalogue()}
	switch per {
	case "user":
		return a.countSeats()
	case "record":
		for _, l := range s.Model.Lines {
			if n, ok := optional(a.input(l, "records")); ok {
				return n, true
			}
		}
		for _, id := range []string{"records", "customers"} {
			if q, ok := s.Model.Quantity(id); ok && q.Dim == quantity.Plain {
				if n, ok := value(q); ok {
					return n, true
				}
			}
		}
		for _, l := range s.Model.Lines {
			if n, ok := optional(a.input(l, "customers")); ok {
				return n, true
			}
		}
		return 0, false
	}
	return 1, true
}

func optional(q *model.Quantity) (float64, bool) {
	if q == nil {
		return 0, false
	}
	return value(q)
}

// wage is what an hour of work costs: the assumption of that name, else the first wage that a line depends on.
func (s *Study) wage() (perHour float64, ok bool) {
	if q, have := s.Model.Quantity("wage"); have && q.Dim == quantity.Flow {
		if v, ok := value(q); ok {
			return v / quantity.HoursPerMonth, true
		}
	}
	for _, l := range s.Model.Lines {
		if v, q := wageOf(l); q != nil && v > 0 {
			return v, true
		}
	}
	return 0, false
}

// net is the plan's net flow by month.
func net(g *plan.Graph, change func(medians []float64)) []float64 {
	m := g.Medians()
	if change != nil {
		change(m)
	}
	out := make([]float64, g.Horizon+1)
	for i, flow := range g.Evaluate(m) {
		for t, v := range flow {
			if g.Lines[i].Benefit {
				out[t] += v
			} else {
				out[t] -= v
			}
		}
	}
	return out
}

// shows is the first month in which the gain is at least half of the largest monthly gain.
func shows(before, after []float64) *int {
	largest := 0.0
	for t := range before {
		largest = math.Max(largest, after[t]-before[t])
	}
	if largest <= 0 {
		return nil
	}
	for t := range before {
		if after[t]-before[t] >= largest/2 {
			return &t
		}
	}
	return nil
}
