package draw

import (
	"fmt"
	"math/bits"
	"testing"
)

func TestDirectionTable_rowsAreSobolSequences(t *testing.T) {
	if tableDims < 256 {
		t.Errorf("%d dimensions, want at least 256", tableDims)
	}
	seen := map[uint16]bool{}
	degree := 0
	for dim, row := range directionTable {
		p := uint(row[0])
		if seen[row[0]] {
			t.Errorf("dimension %d uses polynomial %d a second time", dim, p)
		}
		seen[row[0]] = true
		if d := bits.Len(p) - 1; d < degree {
			t.Errorf("dimension %d has degree %d after %d", dim, d, degree)
		} else {
			degree = d
		}
		if dim > 0 && !primitive(p, degree) {
			t.Errorf("dimension %d: polynomial %d is not primitive", dim, p)
		}
		for i, m := range row[1:] {
			if i < degree && (m%2 == 0 || m >= 2<<i) || i >= degree && m != 0 {
				t.Errorf("dimension %d: m_%d = %d is not odd and below 2^%d", dim, i+1, m, i+1)
			}
		}
	}
}

// primitive reports whether the powers of x run through all 2^degree − 1 nonzero remainders modulo p. It does so by
// Fermat's little theorem with the factors of 2^degree − 1 and not, as the generator does, by counting.
func primitive(p uint, degree int) bool {
	power := func(exponent uint) uint {
		result, square := uint(1), uint(2)
		if degree == 1 {
			square ^= p
		}
		for ; exponent > 0; exponent >>= 1 {
			if exponent&1 == 1 {
				result = multiplyModulo(result, square, p, degree)
			}
			square = multiplyModulo(square, square, p, degree)
		}
		return result
	}
	order := uint(1)<<degree - 1
	if power(order) != 1 {
		return false
	}
	rest := order
	for q := uint(2); q <= rest; q++ {
		if rest%q != 0 {
			continue
		}
		for rest%q == 0 {
			rest /= q
		}
		if order > 1 && power(order/q) == 1 {
			return false
		}
	}
	return true
}

func multiplyModulo(a, b, p uint, degree int) uint {
	product := uint(0)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			product ^= a
		}
		a <<= 1
		if a>>degree&1 == 1 {
			a ^= p
		}
	}
	return product
}

func TestPrimitive_knowsPolynomialsFromTextbooks(t *testing.T) {
	// Lidl & Niederreiter 1994, Introduction to finite fields and their applications, ch. 10, table D: x^4+x+1 is
	// primitive, x^4+x^3+x^2+x+1 is irreducible with x of order 5, and x^4+x^2+1 = (x^2+x+1)^2.
	for p, want := range map[uint]bool{0b10011: true, 0b11111: false, 0b10101: false, 0b11: true, 0b111: true} {
		if got := primitive(p, bits.Len(p)-1); got != want {
			t.Errorf("primitive(%b) = %v, want %v", p, got, want)
		}
	}
}

func TestSobol_firstDimensionIsTheVanDerCorputSequence(t *testing.T) {
	d := sobolDim{columns: directions(0)}
	got := make([]uint64, 1000)
	d.fill(got, 0)
	for i, x := range got {
		if want := bits.Reverse64(uint64(i)); x != want {
			t.Fatalf("point %d = %#x, want %#x", i, x, want)
		}
	}
}

func TestSobol_pointsFollowTheDefinition(t *testing.T) {
	// Dimension 1 with x+1 and m_1 = 1 has the numbers m = 1, 3, 5, 15 and so the points 0, 1/2, 3/4, 1/4, 5/8, 1/8, 3/8,
	// 7/8 of Sobol's sequence in natural order (Bratley & Fox 1988, with m_k = 2 m_(k−1) ⊕ m_(k−1)).
	d := sobolDim{columns: directions(1)}
	got := make([]uint64, 8)
	d.fill(got, 0)
	for i, want := range []uint64{0, 4, 6, 2, 5, 1, 3, 7} {
		if got[i] != want<<61 {
			t.Errorf("point %d = %v/8, want %d/8", i, float64(got[i])*0x1p-61, want)
		}
	}
}

func TestSobol_eachDimensionHitsEachCellOnce(t *testing.T) {
	const most = 11
	scrambled := NewSobol(7, names(2*tableDims)).(*sobol)
	points := make([]uint64, 1<<most)
	for dim := range scrambled.dims {
		forms := map[string]sobolDim{"scrambled": scrambled.dims[dim]}
		if dim < tableDims {
			forms["plain"] = sobolDim{columns: directions(dim)}
		}
		for form, d := range forms {
			// The first block and a later one, which is a net of its own.
			for _, first := range []uint64{0, 5 << most} {
				d.fill(points, first)
				for k := range most + 1 {
					if cell, ok := equidistributed(points[:1<<k], k); !ok {
						t.Fatalf("%s dimension %d, 2^%d points from %d: cell %d is not hit once", form, dim, k, first, cell)
					}
				}
			}
		}
	}
}

// equidistributed reports whether each of the 2^k cells of the unit interval holds exactly one of 2^k points.
func equidistributed(points []uint64, k int) (cell uint64, ok bool) {
	hit := make([]bool, len(points))
	for _, x := range points {
		cell := x >> (64 - k)
		if hit[cell] {
			return cell, false
		}
		hit[cell] = true
	}
	return 0, true
}

// quality is the quality parameter t of the first 2^m points in two dimensions by its definition for digital nets
// (Niederreiter 1992, theorem 4.28): m − t is the greatest number ϱ such that the first d rows of one generator matrix
// and the first ϱ−d rows of the other are independent for every d.
func quality(a, b matrix, m int) int {
	rowsA, rowsB := matrixRows(a, m), matrixRows(b, m)
	strength := m
	for d := range m + 1 {
		var basis [64]uint64
		rank := 0
		for _, row := range append(rowsA[:d:d], rowsB[:m-d]...) {
			for row != 0 && basis[bits.Len64(row)-1] != 0 {
				row ^= basis[bits.Len64(row)-1]
			}
			if row == 0 {
				break
			}
			basis[bits.Len64(row)-1] = row
			rank++
		}
		if rank < m {
			strength = min(strength, rank)
		}
	}
	return m - strength
}

// matrixRows are the first m rows of a generator matrix, cut to m columns.
func matrixRows(c matrix, m int) []uint64 {
	rows := make([]uint64, m)
	for r := range rows {
		for k := range m {
			rows[r] |= c[k] >> (63 - r) & 1 << k
		}
	}
	return rows
}

func TestQuality_agreesWithCountingPointsInBoxes(t *testing.T) {
	const m = 8
	for i := range 12 {
		for j := range i {
			a, b := make([]uint64, 1<<m), make([]uint64, 1<<m)
			(&sobolDim{columns: directions(i)}).fill(a, 0)
			(&sobolDim{columns: directions(j)}).fill(b, 0)
			want := 0
			for !even(a, b, m, want) {
				want++
			}
			if got := quality(directions(i), directions(j), m); got != want {
				t.Errorf("dimensions %d and %d: t = %d, counted %d", i, j, got, want)
			}
		}
	}
}

// even reports whether each box of 2^-d by 2^-(m−t−d) holds 2^t points, for every d.
func even(a, b []uint64, m, t int) bool {
	for d := range m - t + 1 {
		count := map[[2]uint64]int{}
		for i := range a {
			count[[2]uint64{a[i] >> (64 - d), b[i] >> (64 - (m - t - d))}]++
		}
		if len(count) != 1<<(m-t) {
			return false
		}
		for _, n := range count {
			if n != 1<<t {
				return false
			}
		}
	}
	return true
}

func TestSobol_twoDimensionalProjectionsAreEven(t *testing.T) {
	if got := quality(directions(0), directions(1), 16); got != 0 {
		t.Errorf("the first two dimensions have t = %d, want 0 as in every Sobol sequence", got)
	}
	// The bounds are what the table in use has. For comparison, random upper triangular matrices gave at most 8 and on
	// average 3.5 for 8 dimensions and 2^14 points, at most 12 and on average 3.6 for 64 dimensions.
	for _, test := range []struct {
		dims, m int
		most    int
		mean    float64
	}{
		{8, 6, 3, 1.2}, {8, 10, 3, 1.7}, {8, 14, 3, 1.7},
		{16, 6, 5, 1.7}, {16, 10, 4, 2.1}, {16, 14, 5, 2.3},
		{64, 6, 5, 1.9}, {64, 10, 6, 2.5}, {64, 14, 7, 3.0}, {64, 17, 8, 3.3},
	} {
		most, sum, pairs := 0, 0, 0
		for i := range test.dims {
			for j := range i {
				q := quality(directions(i), directions(j), test.m)
				most = max(most, q)
				sum += q
				pairs++
			}
		}
		mean := float64(sum) / float64(pairs)
		t.Logf("first %2d dimensions, 2^%-2d points: t at most %d, mean %.2f", test.dims, test.m, most, mean)
		if most > test.most || mean > test.mean {
			t.Errorf("first %d dimensions, 2^%d points: t at most %d, mean %.2f; want at most %d, mean at most %.2f",
				test.dims, test.m, most, mean, test.most, test.mean)
		}
	}
}

func TestSobol_neighboursAreEvenInTheWholeTable(t *testing.T) {
	for m, want := range map[int]int{10: 7, 14: 8} {
		got := 0
		for i := range tableDims {
			for j := max(0, i-4); j < i; j++ {
				got = max(got, quality(directions(i), directions(j), m))
			}
		}
		t.Logf("up to four dimensions apart, 2^%d points: t at most %d", m, got)
		if got > want {
			t.Errorf("up to four dimensions apart, 2^%d points: t at most %d, want %d", m, got, want)
		}
	}
}

func TestSobol_scramblingKeepsTheProjections(t *testing.T) {
	s := NewSobol(3, names(20)).(*sobol)
	for i := range s.dims {
		for j := range i {
			plain := quality(directions(i), directions(j), 12)
			if got := quality(s.dims[i].columns, s.dims[j].columns, 12); got != plain {
				t.Errorf("dimensions %d and %d: t = %d after scrambling, %d before", i, j, got, plain)
			}
		}
	}
}

func TestSobol_aLaterPassKeepsItsProjectionsAndDiffersFromTheFirst(t *testing.T) {
	s := NewSobol(3, names(tableDims+12)).(*sobol)
	mean, pairs := 0.0, 0
	for i := range 12 {
		for j := range i {
			plain := quality(directions(i), directions(j), 12)
			if got := quality(s.dims[tableDims+i].columns, s.dims[tableDims+j].columns, 12); got != plain {
				t.Errorf("dimensions %d and %d of the second pass: t = %d, %d in the first", i, j, got, plain)
			}
		}
		for j := range 12 {
			mean += float64(quality(s.dims[i].columns, s.dims[tableDims+j].columns, 12))
			pairs++
		}
	}
	// Two random matrices have t of about 3.3 here, a matrix and itself 11.
	if mean /= float64(pairs); mean > 4 {
		t.Errorf("between the passes t is %.1f on average, want at most 4", mean)
	}
}

func TestSobol_pointsStartOverWithAnotherShift(t *testing.T) {
	s := NewSobol(3, names(2)).(*sobol)
	var before, after [4]uint64
	s.dims[1].fill(before[:], 0)
	s.dims[1].fill(after[:], 1<<digits)
	if before == after {
		t.Error("draws 2^32 … repeat draws 0 …")
	}
	for i := range after {
		if before[i]^after[i] != before[0]^after[0] {
			t.Errorf("draw 2^32+%d is not draw %d shifted", i, i)
		}
	}
	// A range across the border is the two sides of it.
	var across [6]uint64
	s.dims[1].fill(across[:], 1<<digits-2)
	if [4]uint64(across[2:]) != after {
		t.Error("draws across 2^32 differ from those from 2^32 on")
	}
}

func names(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("quantity %d", i)
	}
	return keys
}
