package model

import (
	"math"
	"slices"
	"strconv"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/plan"
)

// The course of adoption, data quality and process is the cumulative curve of Bass (1969), F(t) = (1 − e^(−kt)) /
// (1 + c·e^(−kt)), with c = q/p = 0.38/0.03, the average ratio of imitation to innovation in the meta-analysis of Sultan,
// Farley & Lehmann (1990). k is set so that 90 % of the way from start to plateau is done after months_to_90.
const (
	imitation = 0.38 / 0.03
	reached   = 0.9
)

// Compile makes the graph of the model. Inputs are the uncertain quantities that a line depends on, in the file's order.
func (m *Model) Compile() (*plan.Graph, error) {
	timing, period := finance.TimingMonthly, 1
	if m.File.Yearly {
		timing, period = finance.TimingYearly, 12
	}
	discount, err := finance.DiscountFactors(m.File.Discount, m.File.Horizon, timing)
	if err != nil {
		return nil, err
	}
	l := &lowering{m: m, g: plan.New(m.File.Horizon, discount, period), nodes: map[*Quantity]*plan.Node{}}
	index := map[*Quantity]int{}
	for _, q := range m.Drawn() {
		index[q] = len(l.g.Inputs)
		l.nodes[q] = l.g.Apply(plan.OpMul, l.g.AddInput(q.ID, q.Dist), l.g.Constant(q.Factor))
	}
	for _, p := range m.Pairs {
		i, okI := index[p.A]
		j, okJ := index[p.B]
		if okI && okJ {
			l.g.Pairs = append(l.g.Pairs, plan.Pair{I: i, J: j, Rho: p.Rho})
		}
	}
	shares := map[*Line]*plan.Node{}
	for _, c := range m.Chains {
		l.chain(c, shares)
	}
	for _, line := range m.Lines {
		flow, err := l.line(line, shares[line])
		if err != nil {
			return nil, err
		}
		l.g.Lines = append(l.g.Lines, plan.Line{ID: line.ID, Benefit: line.Benefit, Flow: flow})
	}
	return l.g, nil
}

// Drawn lists the uncertain quantities that a line depends on, in the file's order: the inputs of the graph.
func (m *Model) Drawn() []*Quantity {
	l := &reaching{m: m, used: map[*Quantity]bool{}}
	for _, line := range m.Lines {
		l.reachLine(line)
	}
	return slices.DeleteFunc(m.Uncertain(), func(q *Quantity) bool { return !l.used[q] })
}

// reaching finds what lines depend on.
type reaching struct {
	m    *Model
	used map[*Quantity]bool
}

type lowering struct {
	m        *Model
	g        *plan.Graph
	nodes    map[*Quantity]*plan.Node
	realised *plan.Node // of the line whose formula is being lowered
}

func (l *reaching) reachLine(line *Line) {
	for _, q := range line.inputs {
		l.reach(q)
	}
	l.reach(line.Amount)
	l.reach(line.Effect)
	if line.Chain != nil {
		l.reach(line.Chain.Base)
	}
	if r := line.Realisation; r != nil {
		for i, e := range []float64{r.Adoption, r.DataQuality, r.Process} {
			if e != 0 {
				l.reachCurve(casefile.CurveNames[i])
			}
		}
	}
}

func (l *reaching) reach(q *Quantity) {
	if q == nil || l.used[q] {
		return
	}
	l.used[q] = true
	l.reachCurve(q.builtin)
	for _, r := range q.Refs {
		l.reach(r)
	}
}

func (l *reaching) reachCurve(name string) {
	if c := l.m.curves[name]; c != nil {
		l.reach(c.start)
		l.reach(c.plateau)
		l.reach(c.t90)
	}
}

func (l *lowering) constant(v float64) *plan.Node { return l.g.Constant(v) }

func (l *lowering) quantity(q *Quantity) *plan.Node {
	if n, ok := l.nodes[q]; ok {
		return n
	}
	var n *plan.Node
	switch q.builtin {
	case "":
		n = l.expr(q, q.Expr)
	case "month":
		n = l.g.Month()
	case "horizon":
		n = l.constant(float64(l.m.File.Horizon))
	case "realised":
		return l.realised
	case "adoption":
		n = l.adoption("linear", 1)
	default:
		n = l.curve(q.builtin)
	}
	for _, r := range q.Refs {
		if r.builtin == "realised" {
			return n // holds for one line only
		}
	}
	l.nodes[q] = n
	return n
}

func (l *lowering) expr(q *Quantity, e formula.Expr) *plan.Node {
	g := l.g
	switch e := e.(type) {
	case *formula.Number:
		return g.Constant(e.Canonical())
	case *formula.Name:
		return l.quantity(q.Refs[e.Text])
	case *formula.Neg:
		return g.Apply(plan.OpSub, g.Constant(0), l.expr(q, e.X))
	case *formula.InUnit:
		return g.Apply(plan.OpMul, l.expr(q, e.X), g.Constant(e.Unit.Scale))
	case *formula.Binary:
		x, y := l.expr(q, e.X), l.expr(q, e.Y)
		switch e.Op {
		case "+":
			return g.Apply(plan.OpAdd, x, y)
		case "-":
			return g.Apply(plan.OpSub, x, y)
		case "*":
			return g.Apply(plan.OpMul, x, y)
		case "/":
			return g.Apply(plan.OpDiv, x, y)
		case "^":
			return g.Apply(plan.OpPow, x, y)
		case "<":
			return g.Apply(plan.OpLess, x, y)
		case "<=":
			return g.Apply(plan.OpLessEq, x, y)
		case ">":
			return g.Apply(plan.OpLess, y, x)
		case ">=":
			return g.Apply(plan.OpLessEq, y, x)
		case "==":
			return g.Apply(plan.OpEqual, x, y)
		case "!=":
			return g.Apply(plan.OpSub, g.Constant(1), g.Apply(plan.OpEqual, x, y))
		}
	case *formula.Call:
		return l.call(q, e)
	}
	panic("model: unchecked formula") // Build has refused everything else
}

func (l *lowering) call(q *Quantity, e *formula.Call) *plan.Node {
	g := l.g
	args := make([]*plan.Node, len(e.Args))
	for i, a := range e.Args {
		args[i] = l.expr(q, a)
	}
	simple := map[string]plan.Op{"exp": plan.OpExp, "log": plan.OpLog, "sqrt": plan.OpSqrt, "floor": plan.OpFloor, "if": plan.OpIf, "stock": plan.OpStock}
	if op, ok := simple[e.Func]; ok {
		return g.Apply(op, args...)
	}
	switch e.Func {
	case "min", "max":
		op := plan.OpMin
		if e.Func == "max" {
			op = plan.OpMax
		}
		n := args[0]
		for _, a := range args[1:] {
			n = g.Apply(op, n, a)
		}
		return n
	case "lag":
		return g.LagBy(args[0], int(e.Args[1].(*formula.Number).Canonical()))
	case "ramp":
		// A ramp without length is a step at its end.
		from, to := args[0], args[1]
		part := g.Apply(plan.OpDiv, g.Apply(plan.OpSub, g.Month(), from), g.Apply(plan.OpSub, to, from))
		slope := g.Apply(plan.OpMin, g.Constant(1), g.Apply(plan.OpMax, g.Constant(0), part))
		return g.Apply(plan.OpIf, g.Apply(plan.OpLess, from, to), slope, g.Apply(plan.OpLessEq, to, g.Month()))
	case "season":
		first := l.startMonth()
		sum := g.Constant(0)
		for i, a := range args {
			on := make([]float64, l.m.File.Horizon+1)
			for m := range on {
				if (first+m)%12/(12/len(args)) == i {
					on[m] = 1
				}
			}
			sum = g.Apply(plan.OpAdd, sum, g.Apply(plan.OpMul, a, g.Series(on)))
		}
		return sum
	case "escalation":
		return l.escalation(args[0])
	}
	panic("model: unchecked function " + e.Func)
}

// startMonth is the calendar month of month 0, January = 0.
func (l *lowering) startMonth() int {
	n, err := strconv.Atoi(l.m.File.Start[5:7])
	if err != nil {
		return 0
	}
	return n - 1
}

// escalation is (1 + rate)^(full years since month 1): prices rise at each anniversary of the contract. rate is per month
// as all rates are here; the step is twelve times it.
func (l *lowering) escalation(rate *plan.Node) *plan.Node {
	years := make([]float64, l.m.File.Horizon+1)
	for m := range years {
		years[m] = math.Max(0, math.Floor(float64(m-1)/12))
	}
	step := l.g.Apply(plan.OpAdd, l.constant(1), l.g.Apply(plan.OpMul, rate, l.constant(12)))
	return l.g.Apply(plan.OpPow, step, l.g.Series(years))
}

// curve is the course of a factor: 1 throughout where the case does not describe it.
func (l *lowering) curve(name string) *plan.Node {
	g, c := l.g, l.m.curves[name]
	if c == nil {
		return g.Constant(1)
	}
	plateau := l.bounded(c.plateau, 0, 1)
	if c.t90 == nil {
		return plateau
	}
	start := g.Constant(0)
	if c.start != nil {
		start = l.bounded(c.start, 0, 1)
	}
	t90 := l.bounded(c.t90, 0.1, math.Inf(1))
	// F(t) = −1/c + (1 + 1/c)·L with the logistic L = 1/(1 + c·e^(−kt)), so that cases share L.
	k := g.Apply(plan.OpDiv, g.Constant(math.Log((1+reached*imitation)/(1-reached))), t90)
	exponent := g.Apply(plan.OpSub, g.Constant(math.Log(imitation)), g.Apply(plan.OpMul, k, g.Month()))
	logistic := g.Apply(plan.OpDiv, g.Constant(1), g.Apply(plan.OpAdd, g.Constant(1), g.Apply(plan.OpExp, exponent)))
	rise := g.Apply(plan.OpSub, plateau, start)
	base := g.Apply(plan.OpSub, start, g.Apply(plan.OpMul, rise, g.Constant(1/imitation)))
	return g.Apply(plan.OpAdd, base, g.Apply(plan.OpMul, g.Apply(plan.OpMul, rise, g.Constant(1+1/imitation)), logistic))
}

// bounded keeps a quantity inside limits where its distribution does not do so by itself.
func (l *lowering) bounded(q *Quantity, low, high float64) *plan.Node {
	n := l.quantity(q)
	a, b := math.Inf(-1), math.Inf(1)
	if q.Dist != nil {
		a, b = q.Dist.Support()
		a, b = a*q.Factor, b*q.Factor
	}
	if a < low {
		n = l.g.Apply(plan.OpMax, n, l.constant(low))
	}
	if b > high {
		n = l.g.Apply(plan.OpMin, n, l.constant(high))
	}
	return n
}

// adoption is the share of users who use the system, over all waves of the roll-out, after the effect of use:
// linear a; peak at p: (a/p)·(2 − a/p), which has its maximum 1 at a = p (an inverted U as Ahearne, Srinivasan & Weinstein
// 2004 found for sales technology) and is 0 from 2p on; saturating is the peak at 100 %.
func (l *lowering) adoption(use string, peak float64) *plan.Node {
	g := l.g
	a := l.curve("adoption")
	effect := a
	if use != "linear" && use != "" {
		r := g.Apply(plan.OpMul, a, g.Constant(1/peak))
		effect = g.Apply(plan.OpMul, r, g.Apply(plan.OpSub, g.Constant(2), r))
		if peak < 0.5 {
			effect = g.Apply(plan.OpMax, g.Constant(0), effect)
		}
	}
	if len(l.m.File.Rollout) == 0 {
		return effect
	}
	sum := g.Constant(0)
	for _, w := range l.m.File.Rollout {
		// Before its own go-live a wave does not use the system; month 0 of its curve is its go-live.
		live := g.LagBy(effect, w.Month)
		sum = g.Apply(plan.OpAdd, sum, g.Apply(plan.OpMul, live, g.Constant(w.Share)))
	}
	return sum
}

// realisedBy is the part of a lever's full effect that is reached: adoption^a · data quality^b · process^c.
func (l *lowering) realisedBy(line *Line) *plan.Node {
	g := l.g
	use, peak := line.Use, line.Peak
	if use == "" {
		use, peak = "linear", 1
		if c := l.m.File.Curves["adoption"]; c != nil {
			use, peak = c.Use, c.Peak
		}
	}
	n := g.Constant(1)
	r := line.Realisation
	for i, exponent := range []float64{r.Adoption, r.DataQuality, r.Process} {
		if exponent == 0 {
			continue
		}
		var f *plan.Node
		if i == 0 {
			f = l.adoption(use, peak)
		} else {
			f = l.curve(casefile.CurveNames[i])
		}
		if exponent != math.Trunc(exponent) {
			f = g.Apply(plan.OpMax, f, g.Constant(0)) // a curve that starts at 0 may come out a hair below it
		}
		n = g.Apply(plan.OpMul, n, g.Apply(plan.OpPow, f, g.Constant(exponent)))
	}
	return n
}

// chain computes the flow of every lever on one chain: the difference of the chain with and without CRM, shared out.
//
// With CRM the base is multiplied by (1 + x) for every lever. The value of a set S of levers is B·(∏(1 + x_i) − 1), the
// sum of B·∏_{i∈T} x_i over the non-empty subsets T of S, and the Shapley value (Shapley 1953) shares each such product
// equally among its members: φ_i = B·x_i·Σ_j e_j(x without i)/(j + 1), with e_j the elementary symmetric polynomials.
func (l *lowering) chain(c *Chain, shares map[*Line]*plan.Node) {
	g := l.g
	effects := make([]*plan.Node, len(c.Lines))
	for i, line := range c.Lines {
		// A lever acts while it is on; its neighbours must not profit from it before or after.
		l.realised = l.during(line, l.realisedBy(line))
		effects[i] = l.during(line, l.expr(line.Effect, line.Effect.Expr))
		if line.Risk != nil {
			effects[i] = g.Apply(plan.OpMul, effects[i], g.Apply(plan.OpSub, g.Constant(1), l.quantity(line.Risk)))
		}
	}
	base := l.quantity(c.Base)
	for i, line := range c.Lines {
		e := []*plan.Node{g.Constant(1)}
		for j, x := range effects {
			if j == i {
				continue
			}
			next := append([]*plan.Node(nil), e...)
			next = append(next, g.Constant(0))
			for k := range e {
				next[k+1] = g.Apply(plan.OpAdd, next[k+1], g.Apply(plan.OpMul, e[k], x))
			}
			e = next
		}
		sum := g.Constant(0)
		for j, p := range e {
			sum = g.Apply(plan.OpAdd, sum, g.Apply(plan.OpMul, p, g.Constant(1/float64(j+1))))
		}
		shares[line] = g.Apply(plan.OpMul, base, g.Apply(plan.OpMul, effects[i], sum))
	}
}

// during is n while the line is on, else 0.
func (l *lowering) during(line *Line, n *plan.Node) *plan.Node {
	return l.g.Apply(plan.OpIf, l.g.Window(l.window(line)), n, l.g.Constant(0))
}

// window is the first and the last month of a flow.
func (l *lowering) window(line *Line) (from, to int) {
	from, to = 1, l.m.File.Horizon
	if line.From >= 0 {
		from = line.From
	}
	if line.To >= 0 {
		to = line.To
	}
	return from, to
}

// line is the flow of money of a line in every month, after risk, escalation and tax; both groups positive.
func (l *lowering) line(line *Line, share *plan.Node) (*plan.Node, error) {
	g, horizon := l.g, l.m.File.Horizon
	sum := g.Constant(0)
	// part adds amount × the months of the pattern; payments are what may be written off.
	part := func(amount *plan.Node, pattern []float64, payment bool) error {
		flow := l.paid(amount, pattern)
		switch t := l.m.File.Tax; {
		case t == nil:
		case payment && line.Capital:
			flow = g.Apply(plan.OpSub, flow, g.Apply(plan.OpMul, l.depreciation(flow, t.DepreciationMonths), g.Constant(t.Rate)))
		default:
			after, err := finance.AfterTaxExpensed(t.Rate, horizon)
			if err != nil {
				return err
			}
			flow = g.Apply(plan.OpMul, flow, g.Series(after))
		}
		sum = g.Apply(plan.OpAdd, sum, flow)
		return nil
	}
	months := func(from, to int) []float64 {
		p := make([]float64, horizon+1)
		for m := max(0, from); m <= min(to, horizon); m++ {
			p[m] = 1
		}
		return p
	}
	scale := g.Constant(1)
	if line.Escalates != nil {
		scale = l.escalation(l.quantity(line.Escalates))
	}
	if line.Risk != nil && line.Chain == nil {
		op := plan.OpAdd
		if line.Benefit {
			op = plan.OpSub
		}
		scale = g.Apply(plan.OpMul, scale, g.Apply(op, g.Constant(1), l.quantity(line.Risk)))
	}
	var err error
	add := func(amount *plan.Node, pattern []float64, payment bool) {
		if e := part(g.Apply(plan.OpMul, amount, scale), pattern, payment); e != nil {
			err = e
		}
	}
	switch {
	case line.Chain != nil:
		from, to := l.window(line)
		add(share, months(from, to), false)
	case line.Amount == nil: // yearly table
		if line.Initial != nil {
			add(l.quantity(line.Initial), months(0, 0), true)
		}
		for k, y := range line.Yearly {
			// A year's amount flows evenly over its months.
			add(g.Apply(plan.OpMul, l.quantity(y), g.Constant(1.0/12)), months(12*k+1, 12*k+12), false)
		}
	default:
		if line.Realisation != nil {
			l.realised = l.realisedBy(line)
			if line.explicit && len(line.Months) == 0 {
				l.realised = l.during(line, l.realised) // a stock in the formula must not fill before the line is on
			}
		}
		amount := l.quantity(line.Amount)
		if line.Realisation != nil && !line.explicit {
			amount = g.Apply(plan.OpMul, amount, l.realised)
		}
		if len(line.Months) > 0 {
			pattern := make([]float64, horizon+1)
			for _, m := range line.Months {
				if m <= horizon {
					pattern[m]++
				}
			}
			add(amount, pattern, true)
		} else {
			from, to := l.window(line)
			add(amount, months(from, to), false)
		}
	}
	return sum, err
}

// paid is amount × pattern. Where the pattern is 0 the amount need not exist: log(month) does not in month 0.
func (l *lowering) paid(amount *plan.Node, pattern []float64) *plan.Node {
	g, times := l.g, l.g.Series(pattern)
	if amount.Shape&plan.Monthly == 0 {
		return g.Apply(plan.OpMul, amount, times)
	}
	on := make([]float64, len(pattern))
	for m, p := range pattern {
		if p != 0 {
			on[m] = 1
		}
	}
	amount = g.Apply(plan.OpIf, g.Series(on), amount, g.Constant(0))
	if g.Series(on) == times {
		return amount
	}
	return g.Apply(plan.OpMul, amount, times)
}

// depreciation writes every payment off straight-line over its own months, as finance.Depreciation does for one payment:
// from the month of payment on, for a payment in month 0 from month 1 on. It is the sum of what was paid within the last
// months, divided by their number.
func (l *lowering) depreciation(paid *plan.Node, months int) *plan.Node {
	g := l.g
	first := g.LagBy(g.Apply(plan.OpIf, g.Window(0, 0), paid, g.Constant(0)), 1)
	total := g.Apply(plan.OpStock, g.Apply(plan.OpAdd, paid, first), g.Constant(0)) // a stock leaves out month 0
	return g.Apply(plan.OpDiv, g.Apply(plan.OpSub, total, g.LagBy(total, months)), g.Constant(float64(months)))
}
