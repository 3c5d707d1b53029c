// Package sim runs a plan.Graph over many draws. Start with Run. The graph is turned into a short program over tiles of
// draws that stay in cache; months are stepped one after the other, so memory does not grow with draws × months. The
// result is a function of graph, seed and number of draws alone: the same bytes on any number of cores and for any tile
// size. It knows no units, texts or finance beyond discount factors.
package sim

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/draw"
	"github.com/rendite-crm/rendite/internal/plan"
)

// Limits of a run.
const (
	MaxDraws = 10_000_000
	// tileSize is the default number of draws in a tile: a row of 512 float64 is 4 KiB, so the handful of rows one month
	// touches stays in the first-level cache. A case with very many rows gets smaller tiles, so that a worker's rows stay
	// below tileBytes.
	tileSize  = 512
	minTile   = 64
	tileBytes = 64 << 20
	// storeCells is how many values of the monthly cumulative flow (or of the lines' present values) are kept to take
	// exact quantiles from; above it they are counted into histograms.
	storeCells = 4 << 20
	// pilotDraws set the bins of the histograms.
	pilotDraws = 4096
)

// Options say how to run.
type Options struct {
	Draws int
	Seed  uint64
	// Pseudo takes pseudo-random points instead of scrambled Sobol points.
	Pseudo bool
	// Keys orders the Sobol dimensions: the names of the inputs, in an order shared by all scenarios of a case so that
	// they run on common random numbers. Nil is the graph's own order.
	Keys []string
	Change
	// Streams gives each input its dimension as an index into Keys, for designs that pair two sets of streams; nil finds
	// it by the input's name.
	Streams []int
	// Brief leaves out the bands of the months and the quantiles of the lines.
	Brief bool
	// Workers and TileSize change the speed only; 0 is the default. The tile size is rounded down to a power of two of
	// at most 4096.
	Workers, TileSize int
	// Progress is told the number of draws done, from one goroutine at a time; it may be nil.
	Progress func(done int)
}

// Change is what is different about some inputs, by index into Graph.Inputs.
type Change struct {
	// Fixed holds inputs at a value instead of drawing them.
	Fixed map[int]float64
	// Shifts change inputs after they are drawn.
	Shifts map[int]Shift
}

// Shift replaces a drawn value x by min(x·Mul + Add, High).
type Shift struct{ Mul, Add, High float64 }

// Quantiles are P10, P25, P50, P75 and P90.
type Quantiles [5]float64

var levels = Quantiles{0.10, 0.25, 0.50, 0.75, 0.90}

// Outcome is what the draws say. The slices are in draw order and owned by the caller.
type Outcome struct {
	NPV       []float64
	ROI       []float64 // NaN where the costs of a draw are not positive
	Funding   []float64 // minimum of the cumulative net flow, at most 0
	BreakEven []float64 // months; NaN is "not within the horizon"
	Benefits  []float64 // present value of all benefits, by draw
	// Cumulative holds the quantiles of the cumulative net flow of each month.
	Cumulative []Quantiles
	// Lines holds the quantiles of each line's present value, LineMeans its mean.
	Lines     []Quantiles
	LineMeans []float64

	sampler draw.Sampler
	dims    []int
	tables  []*dist.Table
	graph   *plan.Graph
}

// ErrDraws is returned for a number of draws outside 1 to MaxDraws.
var ErrDraws = errors.New("sim: number of draws out of range")

// Runner is a graph made ready to run, as often as wanted and by several goroutines at once.
type Runner struct {
	g      *plan.Graph
	p      *program
	tables []*dist.Table
	copula *draw.Copula
	varied *varied
}

// New makes a graph ready. The error says which correlations cannot be (see draw.NewCopula).
func New(g *plan.Graph) (*Runner, error) {
	copula, err := copulaOf(g)
	if err != nil {
		return nil, err
	}
	return &Runner{g: g, p: compile(g, false), copula: copula, tables: tables(g, runtime.GOMAXPROCS(0)), varied: &varied{}}, nil
}

// With is the runner with another distribution for one input; the graph must be the same but for that, which it is where
// the support of the distribution is.
func (rn *Runner) With(input int, d dist.Dist) (*Runner, *plan.Graph) {
	g := *rn.g
	g.Inputs = slices.Clone(g.Inputs)
	g.Inputs[input].Dist = d
	tables := slices.Clone(rn.tables)
	tables[input] = dist.NewTable(d)
	return &Runner{g: &g, p: rn.p, tables: tables, copula: rn.copula, varied: rn.varied}, &g
}

// Run makes a graph ready and runs it once.
func Run(ctx context.Context, g *plan.Graph, o Options) (*Outcome, error) {
	r, err := New(g)
	if err != nil {
		return nil, err
	}
	return r.Run(ctx, o)
}

// Run draws all inputs and computes the flows. It returns ctx's error if ctx ends first.
func (rn *Runner) Run(ctx context.Context, o Options) (*Outcome, error) {
	if o.Draws < 1 || o.Draws > MaxDraws {
		return nil, ErrDraws
	}
	r := rn.prepare(ctx, o)
	r.each, r.out = (*worker).tile, rn.outcome(r, false)
	g, o := rn.g, r.o
	if !o.Brief {
		r.months = newSketches(g.Horizon+1, o.Draws)
		if len(g.Lines) > 0 {
			r.lines = newSketches(len(g.Lines), o.Draws)
		}
	}
	if err := r.all(); err != nil {
		return nil, err
	}
	if r.months != nil {
		r.out.Cumulative, _ = r.months.summary(o.Workers, false)
	}
	if r.lines != nil {
		r.out.Lines, r.out.LineMeans = r.lines.summary(o.Workers, true)
	}
	r.months.release()
	r.lines.release()
	return r.out, nil
}

// prepare makes a run without an outcome.
func (rn *Runner) prepare(ctx context.Context, o Options) *run {
	o.TileSize = tile(o.TileSize, rn.p.rows)
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	keys, dims := streams(rn.g, o)
	var sampler draw.Sampler
	if o.Pseudo {
		sampler = draw.NewPseudo(o.Seed, keys)
	} else {
		sampler = draw.NewSobol(o.Seed, keys)
	}
	return &run{ctx: ctx, o: o, p: rn.p, g: rn.g, sampler: sampler, dims: dims, copula: rn.copula, tables: rn.tables}
}

// outcome makes room for what a run says; worth leaves out funding and break-even.
func (rn *Runner) outcome(r *run, worth bool) *Outcome {
	out := &Outcome{NPV: make([]float64, r.o.Draws), ROI: make([]float64, r.o.Draws), Benefits: make([]float64, r.o.Draws),
		sampler: r.sampler, dims: r.dims, tables: rn.tables, graph: rn.g}
	if !worth {
		out.Funding, out.BreakEven = make([]float64, r.o.Draws), make([]float64, r.o.Draws)
	}
	return out
}

// tile is a power of two that divides pilotDraws, so that the pilot is whole tiles whatever size is asked for.
func tile(size, rows int) int {
	if size <= 0 {
		for size = tileSize; size > minTile && 8*size*rows > tileBytes; size /= 2 {
			continue
		}
	}
	t := 1
	for t*2 <= min(size, pilotDraws) {
		t *= 2
	}
	return t
}

// streams orders the dimensions and says which one each input has.
func streams(g *plan.Graph, o Options) (keys []string, dims []int) {
	if o.Streams != nil {
		return o.Keys, o.Streams
	}
	keys = append(keys, o.Keys...)
	index := map[string]int{}
	for i, k := range keys {
		index[k] = i
	}
	for _, in := range g.Inputs {
		d, ok := index[in.ID]
		if !ok {
			d = len(keys)
			keys = append(keys, in.ID)
			index[in.ID] = d
		}
		dims = append(dims, d)
	}
	return keys, dims
}

// copulaOf makes the copula of the graph's correlated inputs; nil if there are none. Its dimensions are input indices.
func copulaOf(g *plan.Graph) (*draw.Copula, error) {
	if len(g.Pairs) == 0 {
		return nil, nil
	}
	pairs := make([]draw.Pair, len(g.Pairs))
	for i, p := range g.Pairs {
		pairs[i] = draw.Pair{I: p.I, J: p.J, Rho: p.Rho}
	}
	return draw.NewCopula(pairs)
}

// tables makes the inverse CDF of every input; equal distributions share one.
func tables(g *plan.Graph, workers int) []*dist.Table {
	all := make([]*dist.Table, len(g.Inputs))
	first := map[string]int{}
	var todo []int
	for i, in := range g.Inputs {
		k := dist.Key(in.Dist)
		if _, ok := first[k]; !ok {
			first[k] = i
			todo = append(todo, i)
		}
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(workers, len(todo)) {
		wait.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= len(todo) {
					return
				}
				all[todo[k]] = dist.NewTable(g.Inputs[todo[k]].Dist)
			}
		})
	}
	wait.Wait()
	for i, in := range g.Inputs {
		all[i] = all[first[dist.Key(in.Dist)]]
	}
	return all
}

type run struct {
	ctx     context.Context
	o       Options
	p       *program
	g       *plan.Graph
	sampler draw.Sampler
	dims    []int
	copula  *draw.Copula
	tables  []*dist.Table
	months  *sketches
	lines   *sketches
	out     *Outcome
	each    func(w *worker, first, n int) // computes a tile
}

// all runs every tile: first the pilot's, which set the bins of the histograms, then the rest on all cores.
func (r *run) all() error {
	tiles := (r.o.Draws + r.o.TileSize - 1) / r.o.TileSize
	pilot := tiles
	if r.months.counting() || r.lines.counting() {
		pilot = (min(pilotDraws, r.o.Draws) + r.o.TileSize - 1) / r.o.TileSize
	}
	if err := r.tiles(0, pilot); err != nil {
		return err
	}
	if pilot == tiles {
		return nil
	}
	r.months.setBins()
	r.lines.setBins()
	return r.tiles(pilot, tiles)
}

func (r *run) tiles(from, to int) error {
	var next, done atomic.Int64
	next.Store(int64(from))
	var wait sync.WaitGroup
	var report sync.Mutex
	workers := min(r.o.Workers, to-from)
	for range workers {
		wait.Go(func() {
			w := newWorker(r)
			for {
				t := int(next.Add(1)) - 1
				if t >= to || r.ctx.Err() != nil {
					break
				}
				first := t * r.o.TileSize
				n := min(r.o.TileSize, r.o.Draws-first)
				r.each(w, first, n)
				if r.o.Progress != nil {
					d := int(done.Add(int64(n)))
					report.Lock()
					r.o.Progress(min(r.o.Draws, from*r.o.TileSize+d))
					report.Unlock()
				}
			}
			w.finish()
		})
	}
	wait.Wait()
	return r.ctx.Err()
}

// Mean and SD are the mean and the standard deviation (n − 1) of v in a fixed order of summation; NaN values are left out.
func Mean(v []float64) float64 {
	sum, n := 0.0, 0
	for _, x := range v {
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	return sum / float64(n)
}

// SD is the standard deviation with n − 1; 0 for fewer than two values. NaN values are left out.
func SD(v []float64) float64 {
	mean, sum, n := Mean(v), 0.0, 0
	for _, x := range v {
		if !math.IsNaN(x) {
			sum += (x - mean) * (x - mean)
			n++
		}
	}
	if n < 2 {
		return 0
	}
	return math.Sqrt(sum / float64(n-1))
}
