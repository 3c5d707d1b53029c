package sim

import (
	"slices"

	"github.com/rendite-crm/rendite/internal/plan"
)

// operand is a row of the tile, or a number: constant, or one per month.
type operand struct {
	row    int // −1 for a number
	series []float64
}

func (o operand) at(month int) float64 {
	if len(o.series) == 1 {
		return o.series[0]
	}
	return o.series[month]
}

// instr is one operation on rows.
type instr struct {
	op      plan.Op
	dst     int
	x, y, z operand
	input   int
	lag     int
	ring    int // first of lag rows of OpLag
	code    code
	exp     int // row of the running exponential of expLine and logistic
	ratio   int // row of its growth per month
	pv      int // row that gathers the present value of dst, −1 for none
}

// code marks operations that have a cheaper form than the one the graph names.
type code uint8

const (
	plain    code = iota
	expLine       // e^(A + B·month) by one multiplication a month
	logistic      // 1 / (1 + e^(A + B·month))
	powStep       // base ^ whole number that grows by at most one a month
)

// term is one summand of the flow of a line, its curve resolved to a row or a known series.
type term struct {
	coefficient operand
	curve       int       // index into program.curves, −1 for a known series
	series      []float64 // known course, one value or one per month
	pv          float64   // its present value
}

// curve is a course per draw and month that lines share.
type curve struct {
	row, pv int
	total   int // row with the sum of the coefficients, benefits minus costs; −1 where all are numbers
	number  float64
}

// known is a course that is known before the run; total is as in curve.
type known struct {
	series []float64
	total  int
	number float64
}

// program is a plan.Graph made ready to run over tiles.
type program struct {
	graph   *plan.Graph
	rows    int
	perTile []instr
	begin   []instr // expLine and powStep set their rows up once per tile
	monthly []instr
	curves  []curve
	known   []known
	lines   [][]term
	benefit []bool
}

type compiler struct {
	g        *plan.Graph
	p        *program
	row      map[*plan.Node]int
	order    []*plan.Node // per tile, in order of need
	cells    []*plan.Node // per month, in order of need
	seen     map[*plan.Node]bool
	forms    map[*plan.Node]form
	persists map[*plan.Node]bool
	apart    bool // every value has a row of its own
}

// form is the cheaper form chosen for a node, with the nodes it needs once per tile.
type form struct {
	code code
	a, b *plan.Node
}

// compile makes a graph into a program. Rows of values that only the tile's own computation reads are used again, unless
// apart, which computes the same. It adds to g what it needs of totals; a second time it only reads.
func compile(g *plan.Graph, apart bool) *program {
	c := &compiler{g: g, apart: apart, p: &program{graph: g}, row: map[*plan.Node]int{}, seen: map[*plan.Node]bool{}, forms: map[*plan.Node]form{}, persists: map[*plan.Node]bool{}}

	type group struct {
		curve *plan.Node
		total *plan.Node
	}
	var cells, series []group
	find := func(list *[]group, curve *plan.Node) int {
		for i := range *list {
			if (*list)[i].curve == curve {
				return i
			}
		}
		*list = append(*list, group{curve, g.Constant(0)})
		return len(*list) - 1
	}
	lines := make([][]plan.Term, len(g.Lines))
	for i, l := range g.Lines {
		lines[i] = g.Terms(l.Flow)
		for _, t := range lines[i] {
			list := &series
			if t.Curve.Shape == plan.PerCell {
				list = &cells
			}
			k := find(list, t.Curve)
			op := plan.OpSub
			if l.Benefit {
				op = plan.OpAdd
			}
			(*list)[k].total = g.Apply(op, (*list)[k].total, t.Coefficient)
		}
	}
	// Everything a line or the ledger reads outlives the tile's own computation.
	keep := func(n *plan.Node) {
		if n.Shape == plan.PerDraw {
			c.persists[n] = true
		}
		c.need(n)
	}
	for _, gr := range slices.Concat(cells, series) {
		keep(gr.total)
	}
	for i := range lines {
		for _, t := range lines[i] {
			keep(t.Coefficient)
		}
	}
	for _, gr := range cells {
		c.need(gr.curve)
	}
	c.allocate()

	for _, gr := range cells {
		cv := curve{row: c.row[gr.curve], pv: c.newRow(), total: -1}
		if v, ok := gr.total.Value(); ok {
			cv.number = v
		} else {
			cv.total = c.row[gr.total]
		}
		c.p.curves = append(c.p.curves, cv)
		for i := range c.p.monthly {
			if c.p.monthly[i].dst == cv.row {
				c.p.monthly[i].pv = cv.pv
			}
		}
	}
	for _, gr := range series {
		k := known{series: gr.curve.Series, total: -1}
		if v, ok := gr.total.Value(); ok {
			k.number = v
		} else {
			k.total = c.row[gr.total]
		}
		c.p.known = append(c.p.known, k)
	}
	for i, l := range g.Lines {
		var terms []term
		for _, t := range lines[i] {
			out := term{coefficient: c.operand(t.Coefficient), curve: -1}
			if t.Curve.Shape == plan.PerCell {
				out.curve = find(&cells, t.Curve)
			} else {
				out.series = t.Curve.Series
				for m, d := range g.Discount {
					out.pv += float64(d * operand{series: out.series}.at(m))
				}
			}
			terms = append(terms, out)
		}
		c.p.lines = append(c.p.lines, terms)
		c.p.benefit = append(c.p.benefit, l.Benefit)
	}
	return c.p
}

func (c *compiler) newRow() int {
	c.p.rows++
	return c.p.rows - 1
}

// need puts n after what it is made of, into the part of the program where its shape belongs.
func (c *compiler) need(n *plan.Node) {
	if n == nil || c.seen[n] || n.Shape&plan.PerDraw == 0 {
		return
	}
	c.seen[n] = true
	if n.Shape == plan.PerDraw {
		for _, x := range []*plan.Node{n.X, n.Y, n.Z} {
			c.need(x)
		}
		c.order = append(c.order, n)
		return
	}
	f := c.chooseForm(n)
	c.forms[n] = f
	if f.code == plain {
		for _, x := range []*plan.Node{n.X, n.Y, n.Z} {
			c.need(x)
			c.keepForMonths(x)
		}
	} else {
		for _, x := range []*plan.Node{f.a, f.b} {
			c.need(x)
			c.keepForMonths(x)
		}
	}
	c.cells = append(c.cells, n)
}

func (c *compiler) keepForMonths(n *plan.Node) {
	if n != nil && n.Shape == plan.PerDraw {
		c.persists[n] = true
	}
}

func (c *compiler) chooseForm(n *plan.Node) form {
	switch n.Op {
	case plan.OpExp:
		if a, b, ok := c.g.Affine(n.X); ok {
			return form{expLine, a, b}
		}
	case plan.OpDiv:
		// 1 / (1 + e^(A + B·month)): the adoption curve.
		if v, ok := n.X.Value(); !ok || v != 1 || n.Y.Op != plan.OpAdd {
			return form{}
		}
		one, e := n.Y.X, n.Y.Y
		if v, ok := one.Value(); !ok || v != 1 {
			one, e = e, one
		}
		if v, ok := one.Value(); ok && v == 1 && e.Op == plan.OpExp {
			if f := c.chooseForm(e); f.code == expLine {
				return form{logistic, f.a, f.b}
			}
		}
	case plan.OpPow:
		if n.X.Shape != plan.PerDraw || n.Y.Op != plan.OpValue || len(n.Y.Series) < 2 {
			return form{}
		}
		last := 0.0
		for m, v := range n.Y.Series {
			if v != float64(int(v)) || v < 0 || m > 0 && (v < last || v > last+1) || m == 0 && v > 64 {
				return form{}
			}
			last = v
		}
		return form{code: powStep, a: n.X}
	}
	return form{}
}

// allocate gives every node a row and writes the instructions. A row of a value that is only needed while the tile is set
// up is used again after its last reader.
func (c *compiler) allocate() {
	last := map[*plan.Node]int{}
	for i, n := range c.order {
		for _, x := range []*plan.Node{n.X, n.Y, n.Z} {
			if x != nil {
				last[x] = i
			}
		}
	}
	var free []int
	for i, n := range c.order {
		if len(free) > 0 {
			c.row[n] = free[len(free)-1]
			free = free[:len(free)-1]
		} else {
			c.row[n] = c.newRow()
		}
		c.p.perTile = append(c.p.perTile, instr{op: n.Op, dst: c.row[n], x: c.operand(n.X), y: c.operand(n.Y), z: c.operand(n.Z), input: n.Input, pv: -1})
		done := map[*plan.Node]bool{}
		for _, x := range []*plan.Node{n.X, n.Y, n.Z} {
			if x != nil && x.Shape == plan.PerDraw && last[x] == i && !c.persists[x] && !done[x] && !c.apart {
				free = append(free, c.row[x])
				done[x] = true
			}
		}
	}
	for _, n := range c.cells {
		f := c.forms[n]
		in := instr{op: n.Op, lag: n.Lag, code: f.code, dst: c.newRow(), pv: -1}
		c.row[n] = in.dst
		switch f.code {
		case plain:
			in.x, in.y, in.z = c.operand(n.X), c.operand(n.Y), c.operand(n.Z)
			if n.Op == plan.OpLag {
				in.ring = c.p.rows
				c.p.rows += n.Lag
			}
		case powStep:
			in.x, in.y = c.operand(f.a), operand{row: -1, series: n.Y.Series}
			c.p.begin = append(c.p.begin, in)
		case expLine, logistic:
			in.x, in.y = c.operand(f.a), c.operand(f.b)
			in.exp, in.ratio = in.dst, c.newRow()
			if f.code == logistic {
				in.exp = c.newRow()
			}
			c.p.begin = append(c.p.begin, in)
		}
		c.p.monthly = append(c.p.monthly, in)
	}
}

func (c *compiler) operand(n *plan.Node) operand {
	if n == nil {
		return operand{row: -1, series: []float64{0}}
	}
	if n.Op == plan.OpValue {
		return operand{row: -1, series: n.Series}
	}
	row, ok := c.row[n]
	if !ok {
		panic("sim: a value is used before it is made")
	}
	return operand{row: row}
}
