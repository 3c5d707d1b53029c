package explain

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
)

const (
	// cells is the number of intervals of equal width between the lowest and the highest draw; a cubic spline on them
	// has cells + 3 coefficients. The penalty decides how much of that is used, so it only has to be enough.
	cells = 12
	// longestTail is the range of all draws over that of the middle 80 % up to which an input is taken as it is, so
	// that a straight line stays one. 80 % are then at least 2.4 of 12 cells. 20,000 draws of a normal distribution
	// have 3.1, of an exponential one 4.5, of a log-normal one with sigma 1 about 16.
	longestTail = 5
)

// axis is one input as seen by the smoother: a B-spline basis on its draws or, where these have long tails, on their
// normal scores: the value of information does not change when an input is transformed. An input of few distinct
// values has one basis function for each.
type axis struct {
	order []int32      // draws, ascending
	first []uint8      // by rank: the first of the basis functions that are not 0 there
	value [][4]float64 // by rank: their values
	width int          // how many of the four are used
	mean  []float64    // of each basis function
}

// newAxis prepares input x, with the uncorrelated functions of it: none for a constant.
func newAxis(x []float64) (*axis, eigen) {
	n := len(x)
	a := &axis{order: ascending(x), first: make([]uint8, n), value: make([][4]float64, n)}
	score, levels := a.scores(x)
	var roughness *mat.SymDense
	if len(levels) <= cells+3 {
		roughness = a.byLevel(score, levels)
	} else {
		roughness = a.bySpline(score)
	}
	p := len(a.mean)
	if p < 2 {
		return a, eigen{}
	}
	// Functions are centred and the first is left out: all of them sum to 1.
	gram, rough := mat.NewSymDense(p-1, nil), mat.NewSymDense(p-1, nil)
	full := a.gram()
	for i := 1; i < p; i++ {
		for j := i; j < p; j++ {
			gram.SetSym(i-1, j-1, full[i*p+j]-a.mean[i]*a.mean[j])
			rough.SetSym(i-1, j-1, roughness.At(i, j))
		}
	}
	return a, simultaneous(gram, rough)
}

// scores are the places of the draws by rank, with standard deviation 1, and the distinct ones among them, as far as
// needed to see whether they are few.
func (a *axis) scores(x []float64) (score, levels []float64) {
	n := len(x)
	at := func(r int) float64 { return x[a.order[r]] }
	score = make([]float64, n)
	if at(0) == at(n-1) {
		return score, score[:1]
	}
	all, middle := at(n-1)-at(0), at(n-1-n/10)-at(n/10)
	if all <= longestTail*middle && !math.IsInf(all, 0) {
		for r := range score {
			score[r] = (at(r) - at(0)) / middle // so that squares neither overflow nor vanish
		}
	} else {
		for from := 0; from < n; {
			to := from + 1
			for to < n && at(to) == at(from) {
				to++
			}
			// Φ⁻¹ of the middle of the ranks of equal values.
			z := mathext.NormalQuantile((float64(from) + float64(to)) / 2 / float64(n))
			for r := from; r < to; r++ {
				score[r] = z
			}
			from = to
		}
	}
	mean, square := average(score), 0.0
	for _, z := range score {
		square += (z - mean) * (z - mean)
	}
	sd := math.Sqrt(square / float64(n))
	for r := range score {
		score[r] = (score[r] - mean) / sd
		if (r == 0 || score[r] != score[r-1]) && len(levels) <= cells+3 {
			levels = append(levels, score[r])
		}
	}
	return score, levels
}

// byLevel makes one function for each level, 1 there and 0 elsewhere; roughness is the sum of the squared second
// differences over uneven steps, ∫f″² as far as the levels show it.
func (a *axis) byLevel(score, levels []float64) *mat.SymDense {
	a.width = 1
	a.mean = make([]float64, len(levels))
	level := 0
	for i, z := range score {
		for levels[level] != z {
			level++
		}
		a.first[i] = uint8(level)
		a.value[i][0] = 1
		a.mean[level]++
	}
	for l := range a.mean {
		a.mean[l] /= float64(len(score))
	}
	rough := mat.NewSymDense(len(levels), nil)
	for l := 1; l+1 < len(levels); l++ {
		before, after := levels[l]-levels[l-1], levels[l+1]-levels[l]
		w := 1 / math.Sqrt((before+after)/2)
		addSquare(rough, l-1, []float64{w / before, -w/before - w/after, w / after})
	}
	return rough
}

// bySpline makes cubic B-splines on equal steps; roughness is the sum of the squared second differences of their
// coefficients (P-splines: Eilers & Marx 1996) over step³, about ∫f″²; 0 for a constant and a straight line.
func (a *axis) bySpline(score []float64) *mat.SymDense {
	a.width = 4
	a.mean = make([]float64, cells+3)
	low, step := score[0], (score[len(score)-1]-score[0])/cells
	for i, z := range score {
		at := (z - low) / step
		cell := min(int(at), cells-1)
		t := at - float64(cell)
		u := 1 - t
		v := [4]float64{u * u * u / 6, (3*t*t*t - 6*t*t + 4) / 6, (3*u*u*u - 6*u*u + 4) / 6, t * t * t / 6}
		a.first[i], a.value[i] = uint8(cell), v
		for j := range v {
			a.mean[cell+j] += v[j]
		}
	}
	for l := range a.mean {
		a.mean[l] /= float64(len(score))
	}
	rough := mat.NewSymDense(len(a.mean), nil)
	for l := 1; l+1 < len(a.mean); l++ {
		w := math.Pow(step, -1.5)
		addSquare(rough, l-1, []float64{w, -2 * w, w})
	}
	return rough
}

// addSquare adds v·vᵀ to m from row and column at on.
func addSquare(m *mat.SymDense, at int, v []float64) {
	for i := range v {
		for j := i; j < len(v); j++ {
			m.SetSym(at+i, at+j, m.At(at+i, at+j)+v[i]*v[j])
		}
	}
}

// gram is the mean over the draws of the products of the basis functions, row by row, the upper triangle.
func (a *axis) gram() []float64 {
	p := len(a.mean)
	g := make([]float64, p*p)
	n := len(a.order)
	for from := 0; from < n; {
		var sum [4][4]float64
		f := a.first[from]
		to := from
		for ; to < n && a.first[to] == f; to++ {
			v := &a.value[to]
			for i := range a.width {
				for j := i; j < a.width; j++ {
					sum[i][j] += v[i] * v[j]
				}
			}
		}
		for i := range a.width {
			for j := i; j < a.width; j++ {
				g[(int(f)+i)*p+int(f)+j] += sum[i][j] / float64(n)
			}
		}
		from = to
	}
	return g
}

// apply is the function with these coefficients of the centred basis functions, at each draw, in dst.
func (a *axis) apply(coefficients, dst []float64) {
	c := make([]float64, len(a.mean)+3)
	copy(c[1:], coefficients)
	shift := 0.0
	for l, m := range a.mean {
		shift += c[l] * m
	}
	if a.width == 1 {
		for r, i := range a.order {
			dst[i] = c[a.first[r]] - shift
		}
		return
	}
	for r, i := range a.order {
		v := &a.value[r]
		b := c[a.first[r]:]
		dst[i] = v[0]*b[0] + v[1]*b[1] + v[2]*b[2] + v[3]*b[3] - shift
	}
}

// sums adds y times the centred basis functions over the draws of each batch: count rows of as many columns as there
// are coefficients.
func (a *axis) sums(y []float64, count int) *mat.Dense {
	n, p := len(y), len(a.mean)
	w := p + 3
	raw := make([]float64, count*w)
	total := make([]float64, count)
	batch := make([]uint8, n)
	for b := range count {
		for i := batchStart(b, count, n); i < batchStart(b+1, count, n); i++ {
			batch[i] = uint8(b)
			total[b] += y[i]
		}
	}
	for r, i := range a.order {
		v := &a.value[r]
		dst := raw[int(batch[i])*w+int(a.first[r]):]
		for j := range a.width {
			dst[j] += v[j] * y[i]
		}
	}
	out := mat.NewDense(count, p-1, nil)
	for b := range count {
		for l := 1; l < p; l++ {
			out.Set(b, l-1, raw[b*w+l]-a.mean[l]*total[b])
		}
	}
	return out
}

// eigen holds new functions made from given ones: column j of into are the coefficients of function j. They are
// uncorrelated, of variance 1, and of roughness rough[j] each, ascending, with nothing in common between them
// (Demmler & Reinsch 1975). A penalised regression on them shrinks each coefficient by 1/(1 + λ·rough) alone.
type eigen struct {
	into  *mat.Dense
	rough []float64
}

// simultaneous makes functions from those with these covariances and this roughness. Directions that no draw shows
// are left out.
func simultaneous(gram, rough *mat.SymDense) eigen {
	p := gram.SymmetricDim()
	// A trace of roughness lets what the draws do not show run on smoothly from what they do.
	full := mat.NewSymDense(p, nil)
	full.CopySym(gram)
	if t := mat.Trace(rough); t > 0 {
		var trace mat.SymDense
		trace.ScaleSym(1e-9*mat.Trace(gram)/t, rough)
		full.AddSym(full, &trace)
	}
	values, vectors := eigenOf(full)
	if len(values) == 0 || !(values[p-1] > 0) {
		return eigen{}
	}
	shown := slices.IndexFunc(values, func(v float64) bool { return v > 1e-12*values[p-1] })
	white := mat.DenseCopyOf(vectors.Slice(0, p, shown, p))
	white.Apply(func(_, j int, v float64) float64 { return v / math.Sqrt(values[shown+j]) }, white)
	turned := mat.NewSymDense(p-shown, nil)
	var half, both, into, seen mat.Dense
	half.Mul(white.T(), rough)
	both.Mul(&half, white)
	for i := range p - shown {
		for j := i; j < p-shown; j++ {
			turned.SetSym(i, j, (both.At(i, j)+both.At(j, i))/2)
		}
	}
	values, vectors = eigenOf(turned)
	if len(values) == 0 {
		return eigen{}
	}
	into.Mul(white, vectors)
	seen.Mul(gram, &into)
	var keep []int
	for j := range values {
		if mat.Dot(seen.ColView(j), into.ColView(j)) > 0.5 { // else it is mostly that trace
			keep = append(keep, j)
		}
	}
	if len(keep) == 0 {
		return eigen{}
	}
	e := eigen{into: mat.NewDense(p, len(keep), nil), rough: make([]float64, len(keep))}
	top := values[keep[len(keep)-1]]
	for to, j := range keep {
		for i := range p {
			e.into.Set(i, to, into.At(i, j))
		}
		if values[j] > 1e-12*top { // else rounding: a straight line
			e.rough[to] = values[j]
		}
	}
	return e
}

// eigenOf are the eigenvalues, ascending, and eigenvectors; none if the iteration fails, which no finite matrix should
// make it do.
func eigenOf(m *mat.SymDense) ([]float64, *mat.Dense) {
	var es mat.EigenSym
	if !es.Factorize(m, true) { //nolint:misspell // gonum's name
		return nil, nil
	}
	var vectors mat.Dense
	es.VectorsTo(&vectors)
	return es.Values(nil), &vectors
}
