package dist

import (
	"math"
	mathbits "math/bits"
)

// Table turns uniform random bits into values of one distribution, much faster than its quantile function. It is
// read-only after NewTable and may be used by many goroutines at once.
//
// A uint64 of bits stands for the probability u = (bits>>11 + 1/2)·2^-53, so a value depends on its bits alone.
// With w = min(u, 1-u), the table holds one polynomial of degree five per cell, and the cells are equal parts of the
// octaves 1/4 < w < 1/2, 1/8 < w < 1/4 and so on, on both sides: the tails, where quantile functions bend most, get
// the finest cells, and finding the cell is reading the exponent and the first mantissa bits of w.
// Beyond the last octave the quantile function itself is called: for one draw in hundreds or fewer, more only where a
// positive range spans several powers of ten.
//
// Values differ from the quantile function by less than 1e-9 of the distance from P10 to P90 (or by rounding, where
// that is more), and step distributions, constants and the triangular distribution by rounding alone. They do not fall
// while the bits rise, up to rounding. Given the same quantiles, all processors compute the same values; math.Exp and
// math.Log, which the quantiles are made of, may differ in the last place between them.
type Table struct {
	median float64
	method method

	// For the method byCell: the cells from the outermost to the middle, both sides of each, and what they stand for.
	cells []cell
	grid
	exact continuous

	values []float64 // for byStep and fixed
	limits []uint64  // for byStep
	arms   [2]arm    // for byArm
	split  uint64    // for byArm
}

// method is how a table answers.
type method int

const (
	byCell method = iota
	byStep
	byArm
	fixed
)

// cell holds the coefficients of 1, d, …, d^5, with d the distance from the cell's outer end in units of 2^-54.
type cell [6]float64

// NewTable prepares d for Fill.
func NewTable(d Dist) *Table {
	t := &Table{median: d.Quantile(0.5)}
	switch d := d.(type) {
	case constant:
		t.method, t.values = fixed, []float64{float64(d)}
	case steps:
		t.method, t.values, t.limits = byStep, d.values, d.limits()
	case triangular:
		t.method = byArm
		t.arms, t.split = d.arms()
	case beta: // its exact quantile is slow
		t.exact = d
		t.fit(14)
	case continuous:
		t.exact = d
		t.fit(10)
	default:
		t.exact = foreign{d}
		t.fit(16)
	}
	return t
}

// Median is the exact quantile at 1/2.
func (t *Table) Median() float64 { return t.median }

// Value is the value that Fill gives for bits.
func (t *Table) Value(bits uint64) float64 {
	dst, src := [1]float64{}, [1]uint64{bits}
	t.Fill(dst[:], src[:])
	return dst[0]
}

// Fill writes to dst the values for bits, which must be as long as dst or longer.
func (t *Table) Fill(dst []float64, bits []uint64) {
	bits = bits[:len(dst)]
	switch t.method {
	case byCell:
		t.fillCells(dst, bits)
	case byStep:
		t.fillSteps(dst, bits)
	case byArm:
		t.fillArms(dst, bits)
	case fixed:
		for i := range dst {
			dst[i] = t.values[0]
		}
	}
}

func (t *Table) fillCells(dst []float64, bits []uint64) {
	for {
		n := evaluate(t.cells, t.first, t.shift, t.outer, dst, bits)
		if n == len(dst) {
			return
		}
		// Beyond the last octave.
		side := uint64(int64(bits[n]) >> 63)
		w := float64((bits[n]^side)>>10|1) * 0x1p-54
		dst[n] = t.exact.at(w, side != 0)
		dst, bits = dst[n+1:], bits[n+1:]
	}
}

// evaluate fills dst up to the first value outside of all cells and returns its index, or the length of dst.
// It is kept free of calls so that everything stays in registers.
func evaluate(cells []cell, first uint64, shift uint8, outer uint64, dst []float64, bits []uint64) int {
	bits = bits[:len(dst)]
	for i := range dst {
		b := bits[i]
		side := uint64(int64(b) >> 63) // all ones for the upper half
		w := float64(int64((b^side)>>10 | 1))
		f := math.Float64bits(w)
		c := (f>>(shift&63))*2 - side - first
		if c >= uint64(len(cells)) {
			return i
		}
		p := &cells[c]
		d := w - math.Float64frombits(f&outer)
		// Estrin's scheme. The conversions keep processors from fusing a product with a sum.
		d2 := float64(d * d)
		v := float64((float64(p[5]*d)+p[4])*d2) + (float64(p[3]*d) + p[2])
		dst[i] = float64(v*d2) + (float64(p[1]*d) + p[0])
	}
	return len(dst)
}

// limits are the probabilities upTo in units of 2^-54, rounded down: u is above upTo[i] exactly if 2·(bits>>11) + 1 is
// above limits[i].
func (d steps) limits() []uint64 {
	limits := make([]uint64, len(d.upTo))
	for i, p := range d.upTo {
		limits[i] = uint64(p * 0x1p54)
	}
	return limits
}

func (t *Table) fillSteps(dst []float64, bits []uint64) {
	limits, values := t.limits, t.values
	if len(limits) > 16 {
		for i := range dst {
			u := bits[i]>>10 | 1
			low, high := 0, len(limits)
			for low < high {
				mid := (low + high) / 2
				if u > limits[mid] {
					low = mid + 1
				} else {
					high = mid
				}
			}
			dst[i] = values[low]
		}
		return
	}
	for i := range dst {
		u := bits[i]>>10 | 1
		n := 0
		for _, limit := range limits { // counted without branches
			_, above := mathbits.Sub64(limit, u, 0)
			n += int(above)
		}
		dst[i] = values[n]
	}
}

// arm is one side of a triangular distribution: end ± the root of scale times the probability from the end.
type arm struct {
	end, sign, scale float64
	flip             uint64
}

// arms returns the lower and the upper side, and the probability of the mode in units of 2^-54, rounded down.
func (d triangular) arms() ([2]arm, uint64) {
	width := d.high - d.low
	return [2]arm{
		{end: d.low, sign: 1, scale: width * (d.likely - d.low) * 0x1p-54},
		{end: d.high, sign: -1, scale: width * (d.high - d.likely) * 0x1p-54, flip: 1<<54 - 1},
	}, uint64((d.likely - d.low) / width * 0x1p54)
}

func (t *Table) fillArms(dst []float64, bits []uint64) {
	for i := range dst {
		u := bits[i]>>10 | 1
		_, above := mathbits.Sub64(t.split, u, 0)
		a := &t.arms[above&1]
		w := float64(int64((u ^ a.flip) | 1))
		dst[i] = a.end + float64(a.sign*math.Sqrt(float64(w*a.scale)))
	}
}

// foreign is a distribution of another package, known by its quantile function alone.
type foreign struct{ Dist }

func (d foreign) at(w float64, upper bool) float64 {
	if upper {
		return d.Quantile(min(1-w, 1-0x1p-53))
	}
	return d.Quantile(w)
}
