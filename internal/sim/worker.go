package sim

import (
	"math"

	"github.com/rendite-crm/rendite/internal/plan"
)

// worker runs tiles, one after the other, in memory of its own.
type worker struct {
	*run
	row         [][]float64
	bits        []uint64
	copulaBits  [][]uint64 // per correlated input, nil otherwise
	copulaRows  [][]uint64
	fixed       []float64 // the known flows of a month, benefits minus costs
	net         []float64
	cum, before []float64
	low, even   []float64
	x, y, z     []float64 // numbers spread out for the rarer operations
	patches     []patch
	active      []int // the monthly operations that are carried out, in order
	kept        *kept // see Runner.Variants
	byMonth     *local
	byLine      *local
}

// patch is a draw whose exponential cannot be stepped month by month because it starts out of range.
type patch struct {
	instr, i int
	a, b     float64
}

func newWorker(r *run) *worker {
	own := *r // variants exchange the outcome
	w := &worker{run: &own, bits: make([]uint64, r.o.TileSize)}
	rows := r.p.rows + 9
	memory := make([]float64, rows*r.o.TileSize)
	for i := range rows {
		w.row = append(w.row, memory[i*r.o.TileSize:(i+1)*r.o.TileSize:(i+1)*r.o.TileSize])
	}
	for i, v := range []*[]float64{&w.fixed, &w.net, &w.cum, &w.before, &w.low, &w.even, &w.x, &w.y, &w.z} {
		*v = w.row[r.p.rows+i]
	}
	if r.copula != nil {
		w.copulaBits = make([][]uint64, len(r.g.Inputs))
		for _, d := range r.copula.Dims() {
			w.copulaBits[d] = make([]uint64, r.o.TileSize)
			w.copulaRows = append(w.copulaRows, w.copulaBits[d])
		}
	}
	for k := range r.p.monthly {
		w.active = append(w.active, k)
	}
	w.byMonth, w.byLine = r.months.local(), r.lines.local()
	return w
}

// finish adds what the worker counted to the run's counts.
func (w *worker) finish() {
	w.months.merge(w.byMonth)
	w.lines.merge(w.byLine)
}

// tile computes draws first … first+n−1.
func (w *worker) tile(first, n int) {
	w.set(first, n)
	w.start(n)
	last := 0
	for m := 0; m <= w.g.Horizon; m++ {
		w.month(m, n)
		last = w.flow(m, last, n)
		w.months.take(w.byMonth, m, first, w.cum[:n], false)
	}
	w.present(first, n)
	w.end(first, n)
}

// set computes what does not vary by month, and sets up what does.
func (w *worker) set(first, n int) {
	w.correlate(w.dims, first, n)
	for k := range w.p.perTile {
		in := &w.p.perTile[k]
		if in.op == plan.OpInput {
			w.input(in, &w.o.Change, w.dims, first, n)
			continue
		}
		w.apply(in, 0, n)
	}
	w.begin(n)
	for _, c := range w.p.curves {
		fill(w.row[c.pv][:n], 0)
	}
}

// start sets the ledger of the cumulative flow up.
func (w *worker) start(n int) {
	for _, v := range [][]float64{w.cum, w.before, w.low, w.even} {
		fill(v[:n], 0)
	}
}

// flow adds month m to the ledger and returns the last month in which a period ended.
func (w *worker) flow(m, last, n int) int {
	w.knownFlows(m, n)
	end := m == 0 || m%w.g.Period == 0 || m == w.g.Horizon
	w.accumulate(m, last, end, n)
	if end {
		last = m
	}
	return last
}

// end reads funding and break-even off the ledger.
func (w *worker) end(first, n int) {
	cum, low, even := w.cum[:n], w.low[:n], w.even[:n]
	copy(w.out.Funding[first:], low)
	for i, c := range cum {
		if !(c-float64(low[i]*nothing) >= 0) {
			even[i] = math.NaN()
		}
	}
	copy(w.out.BreakEven[first:], even)
}

// correlate fills the bits of the correlated inputs.
func (w *worker) correlate(dims []int, first, n int) {
	if w.copula == nil {
		return
	}
	for k, d := range w.copula.Dims() {
		w.copulaRows[k] = w.copulaBits[d][:n]
		w.sampler.Fill(w.copulaRows[k], dims[d], first)
	}
	w.copula.Apply(w.copulaRows)
}

// input fills the row of an input, after correlate.
func (w *worker) input(in *instr, c *Change, dims []int, first, n int) {
	row := w.row[in.dst][:n]
	if v, fixed := c.Fixed[in.input]; fixed {
		fill(row, v)
		return
	}
	bits := w.bits[:n]
	if w.copulaBits != nil && w.copulaBits[in.input] != nil {
		bits = w.copulaBits[in.input][:n]
	} else {
		w.sampler.Fill(bits, dims[in.input], first)
	}
	w.tables[in.input].Fill(row, bits)
	if s, shifted := c.Shifts[in.input]; shifted {
		for i, x := range row {
			row[i] = min(float64(x*s.Mul)+s.Add, s.High)
		}
	}
}

// begin sets up what is stepped from month to month.
func (w *worker) begin(n int) {
	w.patches = w.patches[:0]
	for _, k := range w.active {
		in := &w.p.monthly[k]
		switch in.code {
		case expLine, logistic:
			a, b := w.spread(in.x, 0, w.x, n), w.spread(in.y, 0, w.y, n)
			e := w.row[in.exp][:n]
			exponential(e, a)
			exponential(w.row[in.ratio][:n], b)
			for i, v := range e {
				if !(v > 1e-280 && v < 1e280) || !(math.Abs(b[i]) < 600) {
					w.patches = append(w.patches, patch{k, i, a[i], b[i]})
				}
			}
		case powStep:
			x := w.row[in.x.row][:n]
			dst := w.row[in.dst][:n]
			fill(dst, 1)
			for range int(in.y.at(0)) {
				mul(dst, dst, x)
			}
		}
	}
}

// month computes every value that varies by draw and month, for month m.
func (w *worker) month(m, n int) {
	d := w.g.Discount[m]
	for _, k := range w.active {
		in := &w.p.monthly[k]
		dst := w.row[in.dst][:n]
		switch in.code {
		case expLine:
			if m > 0 {
				mul(dst, dst, w.row[in.ratio][:n])
			}
			w.patch(k, m, n)
		case logistic:
			e := w.row[in.exp][:n]
			if m > 0 && in.pv >= 0 && len(w.patches) == 0 {
				logisticStep(dst, e, w.row[in.ratio][:n], w.row[in.pv][:n], d)
				continue
			}
			if m > 0 {
				mul(e, e, w.row[in.ratio][:n])
			}
			w.patch(k, m, n)
			logisticRow(dst, e)
		case powStep:
			if m > 0 && in.y.at(m) > in.y.at(m-1) {
				mul(dst, dst, w.row[in.x.row][:n])
			}
		default:
			switch in.op {
			case plan.OpLag:
				w.lag(in, m, n)
			case plan.OpStock:
				w.stock(in, m, n)
			default:
				w.apply(in, m, n)
			}
		}
		if in.pv >= 0 {
			addScaled(w.row[in.pv][:n], dst, d)
		}
	}
}

// patch puts the exact exponential where stepping would go wrong.
func (w *worker) patch(instr, m, n int) {
	for _, p := range w.patches {
		if p.instr == instr {
			w.row[w.p.monthly[instr].exp][:n][p.i] = math.Exp(p.a + float64(p.b*float64(m)))
		}
	}
}

func (w *worker) lag(in *instr, m, n int) {
	dst := w.row[in.dst][:n]
	slot := w.row[in.ring+m%in.lag][:n]
	if m < in.lag {
		fill(dst, 0)
	} else {
		copy(dst, slot)
	}
	if in.x.row >= 0 {
		copy(slot, w.row[in.x.row][:n])
	} else {
		fill(slot, in.x.at(m))
	}
}

func (w *worker) stock(in *instr, m, n int) {
	dst := w.row[in.dst][:n]
	if m == 0 {
		fill(dst, 0)
		return
	}
	inflow, loss := w.spread(in.x, m, w.x, n), w.spread(in.y, m, w.y, n)
	for i := range dst {
		dst[i] = float64(dst[i]*(1-loss[i])) + inflow[i]
	}
}

// spread gives an operand as a row; a number is written into spare.
func (w *worker) spread(o operand, m int, spare []float64, n int) []float64 {
	if o.row >= 0 {
		return w.row[o.row][:n]
	}
	fill(spare[:n], o.at(m))
	return spare[:n]
}

// apply runs one operation on rows.
func (w *worker) apply(in *instr, m, n int) {
	dst := w.row[in.dst][:n]
	switch {
	case in.op == plan.OpIf && in.x.row < 0: // chosen by month
		chosen := in.z
		if in.x.at(m) != 0 {
			chosen = in.y
		}
		if chosen.row >= 0 {
			copy(dst, w.row[chosen.row][:n])
		} else {
			fill(dst, chosen.at(m))
		}
		return
	case in.op == plan.OpSqrt:
		squareRoot(dst, w.row[in.x.row][:n])
		return
	case in.op == plan.OpMax && in.x.row >= 0 && in.y.row < 0:
		atLeast(dst, w.row[in.x.row][:n], in.y.at(m))
		return
	}
	if in.x.row >= 0 && in.y.row >= 0 {
		x, y := w.row[in.x.row][:n], w.row[in.y.row][:n]
		switch in.op {
		case plan.OpAdd:
			add(dst, x, y)
			return
		case plan.OpSub:
			sub(dst, x, y)
			return
		case plan.OpMul:
			mul(dst, x, y)
			return
		case plan.OpDiv:
			div(dst, x, y)
			return
		}
	} else if in.x.row >= 0 {
		x, y := w.row[in.x.row][:n], in.y.at(m)
		switch in.op {
		case plan.OpAdd:
			addNumber(dst, x, y)
			return
		case plan.OpSub:
			addNumber(dst, x, -y)
			return
		case plan.OpMul:
			mulNumber(dst, x, y)
			return
		}
	} else if in.y.row >= 0 {
		x, y := in.x.at(m), w.row[in.y.row][:n]
		switch in.op {
		case plan.OpAdd:
			addNumber(dst, y, x)
			return
		case plan.OpSub:
			numberSub(dst, x, y)
			return
		case plan.OpMul:
			mulNumber(dst, y, x)
			return
		case plan.OpDiv:
			numberDiv(dst, x, y)
			return
		}
	}
	x, y, z := w.spread(in.x, m, w.x, n), w.spread(in.y, m, w.y, n), w.spread(in.z, m, w.z, n)
	for i := range dst {
		dst[i] = plan.Combine(in.op, x[i], y[i], z[i])
	}
}

// knownFlows sets w.fixed to the flows whose course is known; it is computed anew only when one of them changes.
func (w *worker) knownFlows(m, n int) {
	changed := m == 0
	for i := range w.p.known {
		s := w.p.known[i].series
		if len(s) > 1 && m > 0 && s[m] != s[m-1] {
			changed = true
			break
		}
	}
	if !changed {
		return
	}
	fixed := w.fixed[:n]
	number := 0.0
	for i := range w.p.known {
		if k := &w.p.known[i]; k.total < 0 {
			number += float64(k.number * operand{series: k.series}.at(m))
		}
	}
	fill(fixed, number)
	for i := range w.p.known {
		k := &w.p.known[i]
		if v := (operand{series: k.series}).at(m); k.total >= 0 && v != 0 {
			addScaled(fixed, w.row[k.total][:n], v)
		}
	}
}

// accumulate adds the month's net flow to the cumulative one. last is the month in which the period before ended.
func (w *worker) accumulate(m, last int, end bool, n int) {
	cum, fixed, low, even := w.cum[:n], w.fixed[:n], w.low[:n], w.even[:n]
	if w.g.Period == 1 && len(w.p.curves) == 1 && w.p.curves[0].total >= 0 {
		c := w.p.curves[0]
		trackOne(cum, fixed, w.row[c.total][:n], w.row[c.row][:n], low, even, float64(m))
		return
	}
	net := w.net[:n]
	copy(net, fixed)
	for _, c := range w.p.curves {
		if c.total >= 0 {
			addProduct(net, w.row[c.total][:n], w.row[c.row][:n])
		} else if c.number != 0 {
			addScaled(net, w.row[c.row][:n], c.number)
		}
	}
	if w.g.Period == 1 {
		track(cum, net, low, even, float64(m), 1)
		return
	}
	add(cum, cum, net)
	if end {
		// Inside a longer period the flow counts as even, so only its ends are looked at.
		before := w.before[:n]
		sub(net, cum, before)
		track(before, net, low, even, float64(m), float64(m-last))
		copy(before, cum)
	}
}

// firstTerm sets pv to the present value of one term.
func (w *worker) firstTerm(pv []float64, t term, n int) {
	switch {
	case t.curve >= 0 && t.coefficient.row >= 0:
		mul(pv, w.row[t.coefficient.row][:n], w.row[w.p.curves[t.curve].pv][:n])
	case t.curve >= 0:
		mulNumber(pv, w.row[w.p.curves[t.curve].pv][:n], t.coefficient.at(0))
	case t.coefficient.row >= 0:
		mulNumber(pv, w.row[t.coefficient.row][:n], t.pv)
	default:
		fill(pv, t.coefficient.at(0)*t.pv)
	}
}

// present computes the present values of the tile's draws.
func (w *worker) present(first, n int) {
	benefits, costs := w.x[:n], w.y[:n]
	fill(benefits, 0)
	fill(costs, 0)
	for i, terms := range w.p.lines {
		pv := w.z[:n]
		for j, t := range terms {
			if j == 0 {
				w.firstTerm(pv, t, n)
				continue
			}
			switch {
			case t.curve >= 0 && t.coefficient.row >= 0:
				addProduct(pv, w.row[t.coefficient.row][:n], w.row[w.p.curves[t.curve].pv][:n])
			case t.curve >= 0:
				addScaled(pv, w.row[w.p.curves[t.curve].pv][:n], t.coefficient.at(0))
			case t.coefficient.row >= 0:
				addScaled(pv, w.row[t.coefficient.row][:n], t.pv)
			default:
				addNumber(pv, pv, t.coefficient.at(0)*t.pv)
			}
		}
		w.lines.take(w.byLine, i, first, pv, true)
		if w.p.benefit[i] {
			add(benefits, benefits, pv)
		} else {
			add(costs, costs, pv)
		}
	}
	npv, roi := w.out.NPV[first:first+n], w.out.ROI[first:first+n]
	for i := range npv {
		npv[i] = benefits[i] - costs[i]
		if costs[i] > 0 {
			roi[i] = npv[i] / costs[i]
		} else {
			roi[i] = math.NaN()
		}
	}
	copy(w.out.Benefits[first:], benefits)
}
