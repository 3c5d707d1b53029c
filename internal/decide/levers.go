package decide

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
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
	// Cost is what the step costs once, in the case's currency; nil where the case says nothing from which to tell.
	Cost *float64 `json:"cost"`
}

// stepPoints is a realistic step on a share: five percentage points, or half of what is missing to the whole.
const stepPoints = 0.05

// trainingHours are the hours per user behind a step of adoption: the yearly refresh in the catalogue's ranges.
const trainingHours = 4.0

// Levers computes one step on each controllable assumption, the three factors always among them, ordered by the gain less
// the cost. Everything runs on the same random numbers.
func (s *Study) Levers(ctx context.Context) ([]Step, error) {
	type task struct {
		step Step
		c    control
		mul  float64 // new value = old·mul + add
		add  float64
	}
	var tasks []task
	seen := map[string]bool{}
	for _, c := range s.controls() {
		name, field, _ := strings.Cut(c.q.ID, ".")
		t := task{c: c, mul: 1, step: Step{ID: c.q.ID, Label: s.Label(c.q), Unit: c.q.Unit.Text, Modelled: true}}
		factor := slices.Contains(casefile.CurveNames, name)
		switch {
		case factor && field != "plateau":
			continue // the speed of a factor moves with the same training
		case factor:
			seen[name] = true
			t.step.Kind = name
			t.add = math.Min(stepPoints, (1-c.now*c.q.Factor)/2) / c.q.Factor
			if name == "adoption" {
				t.step.Cost = s.trainingCost()
			}
		case c.q.ID == "users" || strings.HasSuffix(c.q.ID, ".seats"):
			t.step.Kind, t.mul = "seats", 0.95
			t.step.Cost = pointer(0)
		case c.q.Role == model.Effect, c.q.Line != nil && c.q.Line.Benefit:
			t.step.Kind, t.mul = "effect", 1.1
		case strings.HasSuffix(c.q.ID, ".price"):
			t.step.Kind, t.mul = "price", 0.95
			t.step.Cost = pointer(0)
		default:
			t.step.Kind, t.mul = "cost", 0.9
		}
		t.step.From = c.now * c.unitFactor
		t.step.To = (c.now*t.mul + t.add) * c.unitFactor
		tasks = append(tasks, t)
	}
	base := mediansOf(s.Outcome)
	baseNet := net(s.Graph, nil)
	steps := make([]Step, len(tasks))
	err := each(len(tasks), func(i int) error {
		t := tasks[i]
		var out *sim.Outcome
		var err error
		var flows []float64
		if t.c.input >= 0 {
			shift := sim.Shift{Mul: t.mul, Add: t.add, High: math.Inf(1)}
			if t.c.q.IsShare() {
				shift.High = 1 / t.c.q.Factor
			}
			out, err = s.Runner.Run(ctx, sim.Options{Draws: s.Options.Draws, Seed: s.Options.Seed, Pseudo: s.Options.Pseudo, Keys: s.Keys, Workers: 1,
				Shifts: map[int]sim.Shift{t.c.input: shift}, Brief: true})
			flows = net(s.Graph, func(medians []float64) { medians[t.c.input] = medians[t.c.input]*t.mul + t.add })
		} else {
			var g *plan.Graph
			out, g, err = s.with(ctx, map[string]string{t.c.q.ID: written(t.c.q, t.c.now*t.mul+t.add)})
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

// trainingCost is what four hours of training for every user cost: users and wage of the case, nil where it has none.
func (s *Study) trainingCost() *float64 {
	users, okU := s.median("users")
	wage, okW := s.median("wage")
	if !okU || !okW {
		return nil
	}
	return pointer(users * wage * trainingHours / quantity.HoursPerMonth)
}

// median is the value of an assumption with every input at its median.
func (s *Study) median(id string) (float64, bool) {
	q, ok := s.Model.Quantity(id)
	if !ok {
		return 0, false
	}
	if q.Uncertain() {
		return q.Dist.Quantile(0.5) * q.Factor, true
	}
	return model.Number(q)
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
