package explain

import (
	"errors"
	"math"
)

// What can be wrong with the numbers handed in.
var (
	ErrShape    = errors.New("the series are not equally long, or shorter than needed")
	ErrFinite   = errors.New("a value is not a finite number")
	ErrConstant = errors.New("the result is the same in all draws")
)

// SobolIndex is the share of the variance of a result that is owed to one input, each with its standard error.
// First is what the input explains alone, Total what it explains together with all others: what would remain if all
// others were known. 0 ≤ First ≤ Total ≤ 1 hold for the true values; estimates may fall outside by their error and are
// not cut, so that they stay unbiased. A tornado chart shows neither an input with First = 0 < Total nor a curved one.
type SobolIndex struct {
	First, FirstSE float64
	Total, TotalSE float64
}

// SobolIndices estimates the indices of each input from a design of Saltelli (2010): fA and fB are the results at two
// independent sets A and B of draws, fAB[k] at A with input k taken from B. Variance is that of fA and fB together.
//
//	First[k] = mean(fB·(fAB[k] − fA)) / variance   Saltelli, Annoni, Azzini, Campolongo, Ratto & Tarantola 2010, eq. (b)
//	Total[k] = mean((fA − fAB[k])²) / 2 / variance  Jansen 1999; there eq. (f)
//
// with all results taken from their common mean, which changes no expectation and calms the first (Sobol' 2001). The
// standard errors are those of a ratio of two means (delta method) by batches of consecutive draws: right for
// independent draws; for Sobol points the error is several times smaller still.
//
// Both assume independent inputs. Inputs that are correlated must be replaced together, as one of fAB; the indices are
// then those of the group.
//
// ErrShape without at least two draws or for series of different length, ErrFinite, ErrConstant.
func SobolIndices(fA, fB []float64, fAB [][]float64) (indices []SobolIndex, variance float64, err error) {
	n := len(fA)
	if n < 2 || len(fB) != n {
		return nil, 0, ErrShape
	}
	for _, f := range fAB {
		if len(f) != n {
			return nil, 0, ErrShape
		}
	}
	if !finiteAll(fA) || !finiteAll(fB) {
		return nil, 0, ErrFinite
	}
	mean := average(fA)/2 + average(fB)/2
	spread := make([]float64, n) // of a draw: its part of the variance
	for i := range spread {
		a, b := fA[i]-mean, fB[i]-mean
		spread[i] = (a*a + b*b) / 2
	}
	variance = average(spread)
	if !(variance > roundingOf(mean)) {
		return nil, variance, ErrConstant
	}
	first, total := make([]float64, n), make([]float64, n)
	for _, f := range fAB {
		if !finiteAll(f) {
			return nil, 0, ErrFinite
		}
		for i, v := range f {
			d := v - fA[i]
			first[i] = (fB[i] - mean) * d
			total[i] = d * d / 2
		}
		var x SobolIndex
		x.First, x.FirstSE = ratio(first, spread, variance)
		x.Total, x.TotalSE = ratio(total, spread, variance)
		indices = append(indices, x)
	}
	return indices, variance, nil
}

// roundingOf is a variance that results equal up to rounding may have.
func roundingOf(mean float64) float64 { return mean * mean * 1e-26 }

// ratio is mean(u)/mean(v) with its standard error; it leaves u − ratio·v in u.
func ratio(u, v []float64, meanV float64) (r, se float64) {
	r = average(u) / meanV
	for i := range u {
		u[i] -= r * v[i]
	}
	return r, batchSE(u) / math.Abs(meanV)
}
