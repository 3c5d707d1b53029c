package sim

import "github.com/rendite-crm/rendite/internal/draw"

const (
	// shareDraws is how many draws the variance shares are taken from.
	shareDraws = 16_384
	shareBins  = 32
)

// VarianceShares estimates, for each input, the share of the variance of NPV that the input alone explains: the
// correlation ratio η² = Var(E[NPV | input]) / Var(NPV) (Pearson 1905; first-order index in McKay 1995), from classes of
// equal probability, with the bias (classes − 1)/(n − classes)·(1 − η²) of the estimate taken off. Between 0 and 1. With correlated
// inputs the share includes what an input explains through its partners.
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
	if !(total > 0) {
		return shares
	}
	bits := make([]uint64, n)
	fillAll := func(input int) { o.sampler.Fill(bits, o.dims[input], 0) }
	copula, _ := copulaOf(o.graph)
	rows := map[int][]uint64{}
	if copula != nil {
		var list [][]uint64
		for _, d := range copula.Dims() {
			rows[d] = make([]uint64, n)
			o.sampler.Fill(rows[d], o.dims[d], 0)
			list = append(list, rows[d])
		}
		copula.Apply(list)
	}
	sums, counts := make([]float64, bins), make([]float64, bins)
	for i := range shares {
		u := bits
		if r := rows[i]; r != nil {
			u = r
		} else {
			fillAll(i)
		}
		clear(sums)
		clear(counts)
		for k, v := range npv {
			b := int(draw.Uniform(u[k]) * float64(bins))
			sums[b] += v - mean
			counts[b]++
		}
		between := 0.0
		for b, s := range sums {
			if counts[b] > 0 {
				between += s * s / counts[b]
			}
		}
		eta := between / total
		share := eta - (1-eta)*float64(bins-1)/float64(n-bins)
		shares[i] = max(0, share)
	}
	return shares
}
