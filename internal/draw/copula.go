package draw

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mathext"
)

// Pair asks for the rank correlation Rho (Spearman) between the dimensions I and J.
type Pair struct {
	I, J int
	Rho  float64
}

func (p Pair) String() string { return fmt.Sprintf("%d–%d: %v", p.I, p.J, p.Rho) }

// What can be wrong with a single pair; see PairError.
var (
	ErrRhoRange  = errors.New("rank correlation is not between -1 and 1, both excluded")
	ErrDimension = errors.New("dimension is negative")
	ErrSelf      = errors.New("a dimension cannot be correlated with itself")
	ErrTwice     = errors.New("the pair is given twice")
)

// PairError says what is wrong with one pair.
type PairError struct {
	Pair Pair
	Err  error
}

func (e *PairError) Error() string { return fmt.Sprintf("pair %v: %v", e.Pair, e.Err) }
func (e *PairError) Unwrap() error { return e.Err }

// InfeasibleError says that some correlations contradict each other: no quantities can have all of them at once, since
// their matrix, with 0 where nothing is asked, is not positive definite.
type InfeasibleError struct {
	// Pairs are those in conflict, in the order given: a smallest set of dimensions that does not fit, or the whole
	// connected group where shrinking these alone does not help.
	Pairs []Pair
	// Factor makes the group feasible when the Rho of every one of Pairs is multiplied by it: the largest multiple of
	// 0.01 that does, from 0 to 0.99.
	Factor float64
}

func (e *InfeasibleError) Error() string {
	names := make([]string, len(e.Pairs))
	for i, p := range e.Pairs {
		names[i] = p.String()
	}
	return fmt.Sprintf("correlations contradict each other (%s); times %.2f they fit", strings.Join(names, ", "), e.Factor)
}

// Copula correlates some dimensions by their ranks and leaves the distribution of each as it is, uniform. It is a
// Gaussian copula: with independent standard normal z and the Cholesky factor L of the correlation matrix R, the values
// Φ((Lz)_k) have the rank correlations rho for r = 2 sin(π rho/6) (Pearson 1907, On further methods of determining
// correlation; for simulation input Iman & Conover 1982). Dimensions without a path of pairs between them stay
// independent. Logarithm and exponential may differ between processor types in the last of the bits that Uniform uses;
// apart from that the result is the same everywhere. It is safe for concurrent use.
type Copula struct {
	dims   []int
	groups []group
}

// group is a connected set of dimensions; rows are their places in Copula.dims, ascending.
type group struct {
	rows   []int
	factor [][]float64 // lower triangular, row k has k+1 entries
}

// NewCopula prepares the correlation of pairs. A pair with Rho 0 counts as not given. The error joins a *PairError for
// each pair that is wrong by itself or, where there is none, an *InfeasibleError for each connected group that cannot be.
func NewCopula(pairs []Pair) (*Copula, error) {
	if err := checkPairs(pairs); err != nil {
		return nil, err
	}
	pairs = slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool { return p.Rho == 0 })
	c := &Copula{}
	var errs []error
	connected := components(pairs)
	for _, dims := range connected {
		c.dims = append(c.dims, dims...)
	}
	slices.Sort(c.dims)
	for _, dims := range connected {
		own := among(pairs, dims)
		factor, ok := cholesky(correlations(dims, own))
		if !ok {
			errs = append(errs, explain(dims, own))
			continue
		}
		g := group{factor: factor}
		for _, dim := range dims {
			row, _ := slices.BinarySearch(c.dims, dim)
			g.rows = append(g.rows, row)
		}
		c.groups = append(c.groups, g)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

func checkPairs(pairs []Pair) error {
	var errs []error
	seen := map[[2]int]bool{}
	for _, p := range pairs {
		key := [2]int{min(p.I, p.J), max(p.I, p.J)}
		switch {
		case key[0] < 0:
			errs = append(errs, &PairError{p, ErrDimension})
		case p.I == p.J:
			errs = append(errs, &PairError{p, ErrSelf})
		case !(math.Abs(p.Rho) < 1):
			errs = append(errs, &PairError{p, ErrRhoRange})
		case seen[key]:
			errs = append(errs, &PairError{p, ErrTwice})
		}
		seen[key] = true
	}
	return errors.Join(errs...)
}

// Dims are the dimensions that are correlated with another, ascending. The caller must not change the slice.
func (c *Copula) Dims() []int { return c.dims }

// Apply correlates the draws of one tile in place: rows[k] holds the bits of dimension Dims()[k]. All rows are equally
// long. The first dimension of each connected group keeps its bits.
func (c *Copula) Apply(rows [][]uint64) {
	if len(rows) != len(c.dims) {
		panic("draw: a copula needs one row for each of its dimensions")
	}
	var space [16]float64
	for _, g := range c.groups {
		z := space[:]
		if len(g.rows) > len(z) {
			z = make([]float64, len(g.rows))
		}
		for i := range rows[g.rows[0]] {
			for k, row := range g.rows {
				z[k] = normal(rows[row][i])
			}
			for k := 1; k < len(g.rows); k++ {
				sum := 0.0
				for j, l := range g.factor[k] {
					sum += float64(l * z[j]) // rounded before the sum, so that all processors agree
				}
				rows[g.rows[k]][i] = normalBits(sum)
			}
		}
	}
}

// normal is the standard normal quantile of uniform bits (Wichura 1988, AS 241), exactly odd about the middle.
func normal(bits uint64) float64 {
	if bits>>63 == 1 {
		return -mathext.NormalQuantile(Uniform(^bits))
	}
	return mathext.NormalQuantile(Uniform(bits))
}

// normalBits is the inverse of normal: Φ(z) as bits. The upper half is the complement of the lower one, which is where
// Φ is accurate.
func normalBits(z float64) uint64 {
	if z > 0 {
		return ^normalBits(-z)
	}
	const most = 1<<63 - 1 // Φ ≤ 1/2
	return min(uint64(math.Erfc(-z/math.Sqrt2)*0x1p63), most)
}

// components are the connected sets of dimensions, each ascending, by their first dimension.
func components(pairs []Pair) [][]int {
	leader := map[int]int{}
	find := func(dim int) int {
		for {
			up, known := leader[dim]
			if !known {
				leader[dim] = dim
				return dim
			}
			if up == dim {
				return dim
			}
			dim = up
		}
	}
	for _, p := range pairs {
		i, j := find(p.I), find(p.J)
		leader[max(i, j)] = min(i, j)
	}
	members := map[int][]int{}
	for dim := range leader {
		members[find(dim)] = append(members[find(dim)], dim)
	}
	var sets [][]int
	for _, set := range members {
		slices.Sort(set)
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return sets
}

// among keeps the pairs with both dimensions in dims, which ascends.
func among(pairs []Pair, dims []int) []Pair {
	var inside []Pair
	for _, p := range pairs {
		_, i := slices.BinarySearch(dims, p.I)
		_, j := slices.BinarySearch(dims, p.J)
		if i && j {
			inside = append(inside, p)
		}
	}
	return inside
}

// correlations is the matrix of the product-moment correlations of the normals for the dimensions dims.
func correlations(dims []int, pairs []Pair) [][]float64 {
	r := make([][]float64, len(dims))
	for i := range r {
		r[i] = make([]float64, len(dims))
		r[i][i] = 1
	}
	for _, p := range among(pairs, dims) {
		i, _ := slices.BinarySearch(dims, p.I)
		j, _ := slices.BinarySearch(dims, p.J)
		r[i][j] = 2 * math.Sin(math.Pi*p.Rho/6)
		r[j][i] = r[i][j]
	}
	return r
}

// leastPivot is the share of a dimension's variance that the others may at least leave unexplained; below it rounding
// decides.
const leastPivot = 1e-9

// cholesky returns the lower triangular L with LLᵀ = r, or false where r is not positive definite.
func cholesky(r [][]float64) (l [][]float64, ok bool) {
	l = make([][]float64, len(r))
	for i := range r {
		l[i] = make([]float64, i+1)
		rest := r[i][i]
		for j := range i {
			sum := r[i][j]
			for k := range j {
				sum -= float64(l[i][k] * l[j][k])
			}
			l[i][j] = sum / l[j][j]
			rest -= float64(l[i][j] * l[i][j])
		}
		if rest < leastPivot {
			return nil, false
		}
		l[i][i] = math.Sqrt(rest)
	}
	return l, true
}

// explain finds out which pairs of an infeasible group are in conflict and how far they would have to shrink.
func explain(dims []int, pairs []Pair) *InfeasibleError {
	// A part of a positive definite matrix is positive definite, so what can be left out one by one while the rest
	// stays infeasible leaves a smallest conflict.
	conflict := slices.Clone(dims)
	for i := len(conflict) - 1; i >= 0; i-- {
		rest := slices.Delete(slices.Clone(conflict), i, i+1)
		if _, ok := cholesky(correlations(rest, pairs)); !ok {
			conflict = rest
		}
	}
	for _, named := range [][]Pair{among(pairs, conflict), pairs} {
		for percent := 99; percent >= 0; percent-- {
			factor := float64(percent) / 100
			scaled := slices.Clone(pairs)
			for i, p := range scaled {
				if slices.Contains(named, p) {
					scaled[i].Rho *= factor
				}
			}
			if _, ok := cholesky(correlations(dims, scaled)); ok {
				return &InfeasibleError{Pairs: named, Factor: factor}
			}
		}
	}
	panic("draw: uncorrelated dimensions are feasible")
}
