package sim

import (
	"slices"

	"github.com/rendite-crm/rendite/internal/draw"
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
	bits := make([][]uint64, len(shares))
	o.inputBits(n, bits)
	sums, counts, values := make([]float64, bins), make([]float64, bins), make([]float64, n)
	for i := range shares {
		u := bits[i]
		clear(sums)
		clear(counts)
		o.tables[i].Fill(values, u)
		few := distinct(values, bins)
		for k, v := range npv {
			b := int(draw.Uniform(u[k]) * float64(bins))
			if few != nil {
				b, _ = slices.BinarySearch(few, values[k])
			}
			sums[b] += v - mean
			counts[b]++
		}
		between := 0.0
		for b, s := range sums {
			if counts[b] > 0 {
				between += s * s / counts[b]
			}
		}
		classes := bins
		if few != nil {
			classes = len(few)
		}
		eta := between / total
		share := eta - (1-eta)*float64(classes-1)/float64(n-classes)
		shares[i] = max(0, share)
	}
	return shares
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

// inputBits fills bits[input] with the bits of the first n draws, correlated as they were drawn.
func (o *Outcome) inputBits(n int, bits [][]uint64) {
	memory := make([]uint64, n*len(bits))
	for i := range bits {
		bits[i] = memory[i*n : (i+1)*n]
		o.sampler.Fill(bits[i], o.dims[i], 0)
	}
	if copula, err := copulaOf(o.graph); err == nil && copula != nil {
		var rows [][]uint64
		for _, d := range copula.Dims() {
			rows = append(rows, bits[d])
		}
		copula.Apply(rows)
	}
}

// Inputs returns the values of all inputs in the first n draws: values[input][draw]. An input held by Options.Fixed
// shows what it would have been.
func (o *Outcome) Inputs(n int) [][]float64 {
	n = min(n, len(o.NPV))
	bits := make([][]uint64, len(o.graph.Inputs))
	o.inputBits(n, bits)
	values := make([][]float64, len(bits))
	for i := range values {
		values[i] = make([]float64, n)
		o.tables[i].Fill(values[i], bits[i])
	}
	return values
}
