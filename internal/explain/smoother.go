package explain

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// smoother fits functions of some inputs. They are uncorrelated and of variance 1 over the draws; see eigen.
type smoother interface {
	roughness() []float64
	// sums adds y times each function over the draws of each of count batches.
	sums(y []float64, count int) [][]float64
	// apply writes the sum of the functions, each with its coefficient, at each draw to dst.
	apply(coefficients, dst []float64)
	// points holds the values of all functions at a selection of the draws.
	points() [][]float64
}

func newSmoother(x [][]float64, n int) smoother {
	if len(x) == 1 {
		return newCurve(x[0])
	}
	return newSurface(x, n)
}

// curve is the smoother for one input.
type curve struct {
	axis *axis
	eigen
}

func newCurve(x []float64) *curve {
	a, e := newAxis(x)
	return &curve{a, e}
}

func (c *curve) roughness() []float64 { return c.rough }

func (c *curve) sums(y []float64, count int) [][]float64 {
	var out mat.Dense
	out.Mul(c.axis.sums(y, count), c.into)
	return rows(&out)
}

func (c *curve) apply(coefficients, dst []float64) {
	var free mat.VecDense
	free.MulVec(c.into, mat.NewVecDense(len(coefficients), coefficients))
	c.axis.apply(free.RawVector().Data, dst)
}

// points are at evenly spaced ranks.
func (c *curve) points() [][]float64 {
	n, p := len(c.axis.order), len(c.axis.mean)
	count := min(256, n)
	basis := mat.NewDense(count, p-1, nil)
	for i := range count {
		r := (2*i + 1) * n / (2 * count)
		for l := 1; l < p; l++ {
			v := -c.axis.mean[l]
			if j := l - int(c.axis.first[r]); j >= 0 && j < c.axis.width {
				v += c.axis.value[r][j]
			}
			basis.Set(i, l-1, v)
		}
	}
	var out mat.Dense
	out.Mul(basis, c.into)
	return rows(&out)
}

const (
	// functionsPerAxis is the highest degree of a function of one input within a surface.
	functionsPerAxis = 11
	// mostTerms is the most functions of a surface, and termsPerInput for each input; the time grows with the square.
	mostTerms     = 136
	termsPerInput = 30
	// gramDraws is the number of draws whose functions are multiplied at a time, so that they stay in the cache.
	gramDraws = 512
)

// surface is the smoother for several inputs: functions of each, and products of functions of different inputs.
type surface struct {
	design *mat.Dense // terms × draws, centred
	eigen
}

func newSurface(x [][]float64, n int) *surface {
	functions := make([][][]float64, len(x)) // [input][degree−1][draw]
	var rough [][]float64
	for k := range x {
		a, e := newAxis(x[k])
		q := min(len(e.rough), functionsPerAxis)
		for j := range q {
			f := make([]float64, n)
			c := make([]float64, len(a.mean)-1)
			for i := range c {
				c[i] = e.into.At(i, j)
			}
			a.apply(c, f)
			functions[k] = append(functions[k], f)
		}
		rough = append(rough, e.rough[:q])
	}
	bend := math.Inf(1) // the least roughness of a function that is not straight; a product counts as bent
	for _, r := range rough {
		for _, v := range r {
			if v > 0 {
				bend = min(bend, v)
			}
		}
	}
	if math.IsInf(bend, 1) {
		bend = 1
	}
	terms := lowTerms(rough, min(mostTerms, termsPerInput*len(x), n/10))
	if len(terms) == 0 {
		return &surface{}
	}
	s := &surface{design: mat.NewDense(len(terms), n, nil)}
	penalty := mat.NewSymDense(len(terms), nil)
	for j, t := range terms {
		row := s.design.RawRowView(j)
		for i := range row {
			row[i] = 1
		}
		sum := -bend
		for k, degree := range t {
			if degree == 0 {
				continue
			}
			sum += bend + rough[k][degree-1]
			for i, v := range functions[k][degree-1] {
				row[i] *= v
			}
		}
		mean := average(row)
		for i := range row {
			row[i] -= mean
		}
		penalty.SetSym(j, j, sum)
	}
	gram := mat.NewSymDense(len(terms), nil)
	for from := 0; from < n; from += gramDraws {
		part := s.design.Slice(0, len(terms), from, min(from+gramDraws, n)).(*mat.Dense)
		blas64.Syrk(blas.NoTrans, 1/float64(n), part.RawMatrix(), 1, gram.RawSymmetric())
	}
	s.eigen = simultaneous(gram, penalty)
	return s
}

// lowTerms lists the degrees of the products to use: those with Π(degree + 1) ≤ h (a hyperbolic cross), for the
// largest h at which there are no more than most, and at least the straight lines.
func lowTerms(rough [][]float64, most int) [][]int {
	var terms [][]int
	for h := 2; h <= functionsPerAxis*functionsPerAxis; h++ {
		next := crossTerms(rough, h)
		if len(next) > most && h > 2 {
			break
		}
		terms = next
	}
	return terms
}

// crossTerms lists all degrees with Π(degree + 1) ≤ h but the constant, of as many functions as each input has.
func crossTerms(rough [][]float64, h int) [][]int {
	var terms [][]int
	degrees := make([]int, len(rough))
	var walk func(k, product int)
	walk = func(k, product int) {
		if len(terms) > 4*mostTerms+len(rough) {
			return // enough to see that these are too many
		}
		if k == len(rough) {
			if product > 1 {
				terms = append(terms, slices.Clone(degrees))
			}
			return
		}
		for d := 0; d <= len(rough[k]) && product*(d+1) <= h; d++ {
			degrees[k] = d
			walk(k+1, product*(d+1))
		}
		degrees[k] = 0
	}
	walk(0, 1)
	return terms
}

func (s *surface) roughness() []float64 { return s.rough }

func (s *surface) sums(y []float64, count int) [][]float64 {
	p, n := s.design.Dims()
	raw := mat.NewDense(count, p, nil)
	for b := range count {
		from, to := batchStart(b, count, n), batchStart(b+1, count, n)
		part := s.design.Slice(0, p, from, to)
		dst := mat.NewVecDense(p, raw.RawRowView(b))
		dst.MulVec(part, mat.NewVecDense(to-from, y[from:to]))
	}
	var out mat.Dense
	out.Mul(raw, s.into)
	return rows(&out)
}

func (s *surface) apply(coefficients, dst []float64) {
	var free mat.VecDense
	free.MulVec(s.into, mat.NewVecDense(len(coefficients), coefficients))
	out := mat.NewVecDense(len(dst), dst)
	out.MulVec(s.design.T(), &free)
}

// points are evenly spaced draws.
func (s *surface) points() [][]float64 {
	p, n := s.design.Dims()
	count := min(512, n)
	some := mat.NewDense(count, p, nil)
	for j := range p {
		row := s.design.RawRowView(j)
		for i := range count {
			some.Set(i, j, row[(2*i+1)*n/(2*count)])
		}
	}
	var out mat.Dense
	out.Mul(some, s.into)
	return rows(&out)
}

func rows(m *mat.Dense) [][]float64 {
	n, _ := m.Dims()
	out := make([][]float64, n)
	for i := range out {
		out[i] = m.RawRowView(i)
	}
	return out
}
