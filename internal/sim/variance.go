package sim

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rendite-crm/rendite/internal/dist"
)

const (
	// shareDraws is how many draws the variance shares are taken from.
	shareDraws = 16_384
	shareBins  = 32
)

// VarianceShares estimates, for each input, the share of the variance of NPV that the input alone explains: the
// correlation ratio η² = Var(E[NPV | input]) / Var(NPV) (Pearson 1905; first-order index in McKay 1995), from classes of
// equal probability, or of equal values where an input has few, with the bias (classes − 1)/(n − classes)·(1 − η²) of the
// estimate taken off. Between 0 and 1. With correlated inputs the share includes what an input explains through its
// partners.
func (o *Outcome) VarianceShares() []float64 {
	shares := make([]float64, len(o.graph.Inputs))
	n := min(len(o.NPV), shareDraws)
	bins := min(shareBins, n/8)
	if bins < 2 {
		return shares
	}
	npv := o.NPV[:n]
	mean := Mean(npv)
	total := 0.0
	for _, v := range npv {
		total += (v - mean) * (v - mean)
	}
	if !(total > 1e-24*mean*mean*float64(n)) { // nothing varies but the last digits
		return shares
	}
	correlated := o.copulaBits(n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(shares)) {
		wait.Go(func() {
			own, values := make([]uint64, n), make([]float64, n)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(shares) {
					return
				}
				u := correlated[i]
				if u == nil {
					u = own
					o.sampler.Fill(u, o.dims[i], 0)
				}
				shares[i] = o.share(o.tables[i], u, values, npv, mean, total, bins)
			}
		})
	}
	wait.Wait()
	return shares
}

// share is the variance share of one input with table t and bits u; values is memory as long as u.
func (o *Outcome) share(t *dist.Table, u []uint64, values, npv []float64, mean, total float64, bins int) float64 {
	// Most inputs show within a few draws that they have more values than classes.
	few, n := []float64(nil), len(u)
	for k := min(n, 4*bins); ; k = n {
		t.Fill(values[:k], u[:k])
		if few = distinct(values[:k], bins); few == nil || k == n {
			break
		}
	}
	classes := make([]struct{ sum, count float64 }, bins)
	for k, v := range npv {
		b := 0
		if few != nil {
			b, _ = slices.BinarySearch(few, values[k])
		} else {
			high, _ := bits.Mul64(u[k], uint64(bins)) // u·bins as a whole number
			b = int(high)
		}
		classes[b].sum += v - mean
		classes[b].count++
	}
	between := 0.0
	for _, c := range classes {
		if c.count > 0 {
			between += c.sum * c.sum / c.count
		}
	}
	if few != nil {
		bins = len(few)
	}
	eta := between / total
	return max(0, eta-(1-eta)*float64(bins-1)/float64(n-bins))
}

// distinct lists the different values of v in ascending order, nil if there are more than most.
func distinct(v []float64, most int) []float64 {
	var few []float64
	for _, x := range v {
		k, have := slices.BinarySearch(few, x)
		if have {
			continue
		}
		if len(few) == most {
			return nil
		}
		few = slices.Insert(few, k, x)
	}
	return few
}

// copulaBits returns the bits of the correlated inputs in the first n draws, by input; nil for the others.
func (o *Outcome) copulaBits(n int) [][]uint64 {
	bits := make([][]uint64, len(o.graph.Inputs))
	if copula, err := copulaOf(o.graph); err == nil && copula != nil {
		var rows [][]uint64
		for _, d := range copula.Dims() {
			bits[d] = make([]uint64, n)
			o.sampler.Fill(bits[d], o.dims[d], 0)
			rows = append(rows, bits[d])
		}
		copula.Apply(rows)
	}
	return bits
}

// Inputs returns the values of all inputs in the first n draws: values[input][draw]. An input held by Options.Fixed
// shows what it would have been.
func (o *Outcome) Inputs(n int) [][]float64 {
	n = min(n, len(o.NPV))
	bits, own := o.copulaBits(n), make([]uint64, n)
	values := make([][]float64, len(bits))
	for i, u := range bits {
		if u == nil {
			u = own
			o.sampler.Fill(u, o.dims[i], 0)
		}
		values[i] = make([]float64, n)
		o.tables[i].Fill(values[i], u)
	}
	return values
}
