package dist

import "math"

// grid says how a table finds its cells.
type grid struct {
	octaves int    // the cells cover 2^-(octaves+1) <= w < 1/2
	splits  int    // 2^splits cells per octave and side
	shift   uint8  // what remains of the bits of w after it names the cell
	first   uint64 // twice the name of the outermost cell
	outer   uint64 // mask that turns the bits of w into those of its cell's outer end
}

func gridOf(octaves, splits int) grid {
	shift := 52 - splits
	return grid{
		octaves: octaves, splits: splits, shift: uint8(shift),
		first: uint64(1023+53-octaves) << splits * 2,
		outer: ^(1<<shift - 1),
	}
}

const (
	// startSplits is enough for most distributions; ranges over several powers of ten take up to maxSplits.
	startSplits = 3
	maxSplits   = 5
	// accuracy is the largest error, as a share of P90 - P10.
	accuracy = 1e-9
	// endShare is the largest error as a share of the distance from the end of the support, which is never passed.
	endShare = 0.01
	// spareOctaves at the outer end may be left to the exact quantile, which is asked seldom there.
	spareOctaves = 2
)

// nodes are the places in a cell where the polynomial meets the quantile function: the Chebyshev nodes of degree six,
// stretched so that the outermost lie on the cell's ends, where neighbours then agree.
var nodes = func() (t [6]float64) {
	for i := range t {
		t[i] = 0.5 - math.Cos(float64(2*i+1)*math.Pi/12)/(2*math.Cos(math.Pi/12))
	}
	t[0], t[5] = 0, 1
	return t
}()

// basis[k][i] is what the value at node i, less the value at node 0, adds to the coefficient of t^k:
// Lagrange's polynomials, multiplied out.
var basis = func() (m [6][6]float64) {
	for i := range nodes {
		poly, degree := [6]float64{1}, 0
		for j := range nodes {
			if j == i {
				continue
			}
			scale := 1 / (nodes[i] - nodes[j])
			for k := degree; k >= 0; k-- {
				poly[k+1] += float64(poly[k] * scale)
				poly[k] *= -nodes[j] * scale
			}
			degree++
		}
		for k := range m {
			m[k][i] = poly[k]
		}
	}
	return m
}()

// probe[r] relates the error inside a cell to the miss of its polynomial at the next cell's node 1, where r is the
// next cell's width over this one's: for functions whose sixth derivative changes little, the largest product of
// distances from the nodes inside the cell over that product at the probe.
var probe = func() (share [3]float64) {
	product := func(t float64) float64 {
		p := 1.0
		for _, n := range nodes {
			p *= t - n
		}
		return math.Abs(p)
	}
	largest := 0.0
	for i := range 1001 {
		largest = max(largest, product(float64(i)/1000))
	}
	for r := 1; r <= 2; r++ {
		share[r] = largest / product(1+float64(float64(r)*nodes[1]))
	}
	return share
}()

// fit makes the cells of t for the octaves that reach the accuracy, at most the given number, and refines the grid
// where too few of them do.
func (t *Table) fit(octaves int) {
	spread := t.exact.at(0.1, true) - t.exact.at(0.1, false)
	for splits := startSplits; ; {
		g := gridOf(octaves, splits)
		cells, good, excess := fitCells(t.exact, g, t.median, accuracy*spread)
		if good >= octaves-spareOctaves || splits == maxSplits {
			t.grid = gridOf(good, splits)
			t.cells = cells[(octaves-good)<<splits*2:]
			return
		}
		// The error falls with the sixth power of the cell's width.
		for splits++; splits < maxSplits && excess > 64; splits++ {
			excess /= 64
		}
	}
}

// fitCells makes the cells of a grid. good is the number of octaves, counted from the middle, in which all cells are
// within the tolerance; excess is the largest error over its tolerance among the octaves that have to be good.
func fitCells(d continuous, g grid, median, tolerance float64) (cells []cell, good int, excess float64) {
	perOctave := 1 << g.splits
	n := g.octaves * perOctave
	buffer := make([]float64, 3*(5*n+1))
	w, low, high := buffer[:5*n+1], buffer[5*n+1:2*(5*n+1)], buffer[2*(5*n+1):]
	g.nodesTo(w)
	quantiles(d, w, low, high)
	low[5*n], high[5*n] = median, median // the two sides meet
	// The node next to the median on the other side, for the probe of the innermost cells.
	beyond := [2]float64{high[5*n-1], low[5*n-1]}

	from, to := d.Support()
	cells = make([]cell, 2*n)
	good = g.octaves
	for o := g.octaves - 1; o >= 0; o-- {
		perWidth := math.Ldexp(float64(perOctave), g.octaves+1-o-54)
		worst := 0.0
		for c := o * perOctave; c < (o+1)*perOctave; c++ {
			ratio := 1
			if c == (o+1)*perOctave-1 && c != n-1 {
				ratio = 2 // the next octave's cells are twice as wide
			}
			for side, values := range [2][]float64{low, high} {
				v := (*[6]float64)(values[5*c:])
				p := &cells[2*c+side]
				p.interpolate(v, perWidth)
				next := beyond[side]
				if c < n-1 {
					next = values[5*c+6]
				}
				miss := math.Abs(p.at((1+float64(float64(ratio)*nodes[1]))/perWidth)-next) * probe[ratio]
				least, most := min(v[0], v[5]), max(v[0], v[5])
				allowed := min(tolerance, endShare*min(least-from, to-most))
				allowed = max(allowed, 0x1p-51*max(-least, most)) // nothing beats rounding
				// Half is kept for what the probe does not see.
				if miss != 0 && !(2*miss <= allowed) {
					worst = max(worst, 2*miss/allowed)
				}
			}
		}
		if worst == 0 {
			continue
		}
		good = min(good, g.octaves-1-o)
		if g.octaves-o <= g.octaves-spareOctaves {
			excess = max(excess, worst)
		}
	}
	return cells, good, excess
}

// quantiles writes the quantiles at w to low and those at 1-w to high.
func quantiles(d continuous, w, low, high []float64) {
	if all, ok := d.(interface{ atAll(w, low, high []float64) }); ok {
		all.atAll(w, low, high)
		return
	}
	for i, w := range w {
		low[i], high[i] = d.at(w, false), d.at(w, true)
	}
}

// interpolate sets the polynomial through the values at the nodes; perWidth is 1 over the
// cell's width.
func (p *cell) interpolate(v *[6]float64, perWidth float64) {
	d1, d2, d3, d4, d5 := v[1]-v[0], v[2]-v[0], v[3]-v[0], v[4]-v[0], v[5]-v[0]
	p[0] = v[0]
	unit := 1.0
	for k := 1; k < 6; k++ {
		m := &basis[k]
		unit *= perWidth
		p[k] = unit * (float64(m[1]*d1) + float64(m[2]*d2) + float64(m[3]*d3) + float64(m[4]*d4) + float64(m[5]*d5))
	}
	// What rounding has left at the inner end, so that the next cell begins where this one stops.
	p[1] += float64((v[5] - p.at(1/perWidth)) * perWidth)
}

// at is the polynomial at the distance d from the cell's outer end.
func (p *cell) at(d float64) float64 {
	d2 := float64(d * d)
	v := float64((float64(p[5]*d)+p[4])*d2) + (float64(p[3]*d) + p[2])
	return float64(v*d2) + (float64(p[1]*d) + p[0])
}

// nodesTo writes the nodes of all cells to w, from the outermost to the median; neighbours share a node.
func (g grid) nodesTo(w []float64) {
	perOctave := 1 << g.splits
	n := g.octaves * perOctave
	for o := range g.octaves {
		start := math.Ldexp(1, o-g.octaves-1)
		width := start / float64(perOctave)
		for s := range perOctave {
			left := start + float64(float64(s)*width)
			for k := range 5 {
				w[5*(o*perOctave+s)+k] = left + float64(width*nodes[k])
			}
		}
	}
	w[5*n] = 0.5
}
