package sim

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/rendite-crm/rendite/internal/plan"
)

const (
	// variantBytes is what the outcomes of variants that run together may take, and what a worker keeps of the months.
	variantBytes = 64 << 20
	monthsBytes  = 8 << 20
)

// Variant is a run that differs from another in a few inputs.
type Variant struct {
	Change
	// Streams draws inputs from other dimensions, see Options.Streams.
	Streams map[int]int
}

// varied is the program that variants run, made when it is first asked for.
type varied struct {
	once sync.Once
	p    *program
}

// effect is what a variant changes: the operations that have to be carried out again, by index.
type effect struct {
	perTile []int
	monthly []int  // with those that they read, in order
	live    []bool // the curves that are computed again
	copula  bool   // correlated inputs come from other streams
}

// Variants runs variants of the run that o describes, Brief and without what o.Change says. What a variant leaves alone is
// computed once for all of them: first the draws, then the courses over the months. Each outcome is, bit for bit, that of Run
// with the variant in its options. With worth, only the present values are computed: NPV, ROI and Benefits.
func (rn *Runner) Variants(ctx context.Context, o Options, variants []Variant, worth bool) ([]*Outcome, error) {
	if o.Draws < 1 || o.Draws > MaxDraws {
		return nil, ErrDraws
	}
	rn.varied.once.Do(func() { rn.varied.p = compile(rn.g, true) })
	o.Brief, o.Change, o.Progress = true, Change{}, nil
	v := *rn
	v.p = rn.varied.p
	together := max(1, variantBytes/(5*8*o.Draws))
	all := make([]*Outcome, 0, len(variants))
	for part := range slices.Chunk(variants, together) {
		outs, err := v.variants(ctx, o, part, worth)
		if err != nil {
			return nil, err
		}
		all = append(all, outs...)
	}
	return all, nil
}

func (rn *Runner) variants(ctx context.Context, o Options, variants []Variant, worth bool) ([]*Outcome, error) {
	r := rn.prepare(ctx, o)
	tile := r.o.TileSize
	for tile > minTile && 8*tile*(rn.g.Horizon+1)*len(rn.p.curves) > monthsBytes {
		tile /= 2
	}
	r.o.TileSize = tile
	outs, effects, dims := make([]*Outcome, len(variants)), make([]effect, len(variants)), make([][]int, len(variants))
	for k, v := range variants {
		outs[k] = rn.outcome(r, worth)
		effects[k] = r.effect(v)
		dims[k] = r.dims
		if len(v.Streams) > 0 {
			dims[k] = slices.Clone(r.dims)
			for i, d := range v.Streams {
				dims[k][i] = d
			}
			outs[k].dims = dims[k]
		}
	}
	r.each = func(w *worker, first, n int) {
		s := w.keep(first, n)
		for k := range variants {
			w.run.out = outs[k]
			w.vary(s, &effects[k], &variants[k].Change, dims[k], first, n, worth)
		}
	}
	return outs, r.all()
}

// effect follows a variant through the program.
func (r *run) effect(v Variant) effect {
	e := effect{live: make([]bool, len(r.p.curves))}
	changed := map[int]bool{}
	for i := range maps.Keys(v.Fixed) {
		changed[i] = true
	}
	for i := range maps.Keys(v.Shifts) {
		changed[i] = true
	}
	var correlated []int
	if r.copula != nil {
		correlated = r.copula.Dims()
	}
	for i := range v.Streams {
		changed[i] = true
		e.copula = e.copula || slices.Contains(correlated, i)
	}
	if e.copula { // a stream moves all that are correlated with its input
		for _, i := range correlated {
			changed[i] = true
		}
	}
	other := make([]bool, r.p.rows) // rows with other values
	reads := func(in *instr) bool {
		return slices.ContainsFunc([]operand{in.x, in.y, in.z}, func(o operand) bool { return o.row >= 0 && other[o.row] })
	}
	for k := range r.p.perTile {
		in := &r.p.perTile[k]
		if in.op == plan.OpInput && changed[in.input] || in.op != plan.OpInput && reads(in) {
			other[in.dst] = true
			e.perTile = append(e.perTile, k)
		}
	}
	needed := make([]bool, r.p.rows)
	for k := range r.p.monthly {
		if in := &r.p.monthly[k]; reads(in) {
			other[in.dst], needed[in.dst] = true, true
		}
	}
	for k, in := range slices.Backward(r.p.monthly) {
		if !needed[in.dst] {
			continue
		}
		e.monthly = append(e.monthly, k)
		for _, o := range []operand{in.x, in.y, in.z} {
			if o.row >= 0 {
				needed[o.row] = true
			}
		}
	}
	slices.Reverse(e.monthly)
	for i, c := range r.p.curves {
		e.live[i] = needed[c.row]
	}
	return e
}

// kept is what a worker keeps of a tile before variants change it.
type kept struct {
	own    [][]float64   // the rows as they are laid out
	row    [][]float64   // the values that are set once per tile, and the present values of curves
	months [][][]float64 // by curve and month
	all    []int         // the monthly operations
}

// keep computes the tile without variants and keeps what they need.
func (w *worker) keep(first, n int) *kept {
	if w.kept == nil {
		s := &kept{own: slices.Clone(w.row), row: make([][]float64, len(w.row)), all: slices.Clone(w.active)}
		rows := func() []float64 { return make([]float64, w.o.TileSize) }
		for _, in := range w.p.perTile {
			s.row[in.dst] = rows()
		}
		for _, c := range w.p.curves {
			s.row[c.pv] = rows()
			months := make([][]float64, w.g.Horizon+1)
			for m := range months {
				months[m] = rows()
			}
			s.months = append(s.months, months)
		}
		w.kept = s
	}
	s := w.kept
	w.active = s.all
	w.set(first, n)
	for m := 0; m <= w.g.Horizon; m++ {
		w.month(m, n)
		for k, c := range w.p.curves {
			copy(s.months[k][m][:n], w.row[c.row][:n])
		}
	}
	for i, v := range s.row {
		if v != nil {
			copy(v[:n], w.row[i][:n])
		}
	}
	return s
}

// vary computes a variant of the tile and leaves the rows as they were.
func (w *worker) vary(s *kept, e *effect, c *Change, dims []int, first, n int, worth bool) {
	if e.copula {
		w.correlate(dims, first, n)
	}
	for _, k := range e.perTile {
		if in := &w.p.perTile[k]; in.op == plan.OpInput {
			w.input(in, c, dims, first, n)
		} else {
			w.apply(in, 0, n)
		}
	}
	w.active = e.monthly
	w.begin(n)
	for i, c := range w.p.curves {
		if e.live[i] {
			fill(w.row[c.pv][:n], 0)
		}
	}
	if !worth || len(e.monthly) > 0 {
		w.start(n)
		last := 0
		for m := 0; m <= w.g.Horizon; m++ {
			w.month(m, n)
			if worth {
				continue
			}
			for i, c := range w.p.curves {
				if !e.live[i] {
					w.row[c.row] = s.months[i][m]
				}
			}
			last = w.flow(m, last, n)
			for i, c := range w.p.curves {
				if !e.live[i] {
					w.row[c.row] = s.own[c.row]
				}
			}
		}
	}
	w.present(first, n)
	if !worth {
		w.end(first, n)
	}
	for _, k := range e.perTile {
		i := w.p.perTile[k].dst
		copy(w.row[i][:n], s.row[i][:n])
	}
	for i, c := range w.p.curves {
		if e.live[i] {
			copy(w.row[c.pv][:n], s.row[c.pv][:n])
		}
	}
	if e.copula {
		w.correlate(w.dims, first, n)
	}
}
