//go:build ignore

// The program gen searches direction numbers for Sobol points and writes them to table.go of package draw. Run it with
// go generate; it takes a few minutes and always finds the same table.
//
// Dimensions are chosen one after the other. Each takes a primitive polynomial of the lowest degree that is left, and
// initial numbers that keep its projections with earlier dimensions even: the weighted sum of 4^t over 2^6 … 2^14 points
// is made small, where t is the quality parameter of the projection as a digital (t, m, s)-net (Niederreiter 1992,
// Random number generation and quasi-Monte Carlo methods, ch. 4); the squared error of a smooth integrand grows with
// 4^t. All pairs count; those with neighbours and with the first dimensions, which hold what belongs together and what
// matters most, count more, and triples with them count too.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/format"
	"log"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

const (
	leastLog = 6  // projections are judged at 2^leastLog …
	mostLog  = 14 // … to 2^mostLog points

	early       = 64  // the dimensions before this one are searched with more patience:
	earlyStarts = 120 // so many starts for each of them
	laterStarts = 2   // and so many for each of the others

	neighbours = 4 // triples are made with two of that many dimensions just before,
	firsts     = 3 // with two of that many first dimensions,
	mixed      = 2 // and with one of the first and one of that many just before
)

// countWeights are the weights of 2^m points: 2^((14−m)/4), so that the smaller counts, whose t are smaller, do not drown.
var countWeights = func() (w [mostLog + 1]float64) {
	for m := range w {
		w[m] = math.Exp2(float64(mostLog-m) / 4)
	}
	return w
}()

// dimension is one row of the table: the coefficients of the polynomial as bits, highest power first, and its initial
// numbers m_1 … m_s.
type dimension struct {
	polynomial uint
	initial    []uint
}

// rows holds a square binary matrix; bit c of a row is its column c.
type rows [mostLog]uint32

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	count := flag.Int("dims", 512, "number of dimensions; the initial numbers of up to 1111 fit into a row of the table")
	out := flag.String("out", "table.go", "file to write")
	flag.Parse()

	// The first dimension is the van der Corput sequence, whose matrix is the identity.
	table := []dimension{{polynomial: 1}}
	inverses := []rows{invert(generator(table[0]))}
	var open []uint
	started := time.Now()
	for len(table) < *count {
		if len(open) == 0 {
			open = primitive(bits.Len(table[len(table)-1].polynomial))
		}
		best, cost := search(inverses, open)
		open = slices.DeleteFunc(open, func(p uint) bool { return p == best.polynomial })
		table = append(table, best)
		inverses = append(inverses, invert(generator(best)))
		if n := len(table); n <= 8 || n&(n-1) == 0 || n%64 == 0 {
			log.Printf("%4d dimensions, cost of the last %8.0f, %s", n, cost, time.Since(started).Round(time.Second))
		}
	}
	if err := write(*out, table); err != nil {
		log.Fatal(err)
	}
}

// primitive lists the primitive polynomials of a degree: those modulo which x has the order 2^degree − 1.
func primitive(degree int) []uint {
	var found []uint
	for p := uint(1)<<degree | 1; p < 2<<degree; p += 2 {
		order := 0
		for power := uint(1); order == 0 || power != 1; order++ {
			power <<= 1
			if power>>degree&1 == 1 {
				power ^= p
			}
		}
		if order == 1<<degree-1 {
			found = append(found, p)
		}
	}
	return found
}

// search climbs from random starts: it changes one bit of an initial number at a time as long as that lowers the cost.
func search(inverses []rows, polynomials []uint) (dimension, float64) {
	degree := bits.Len(polynomials[0]) - 1
	free := degree * (degree - 1) / 2
	starts := laterStarts
	if len(inverses) < early {
		starts = earlyStarts
	}
	t := newTask(inverses)
	random := rand.New(rand.NewPCG(1967, uint64(len(inverses))))
	var best dimension
	bestCost := math.Inf(1)
	for range starts {
		d := dimension{polynomial: polynomials[random.IntN(len(polynomials))], initial: make([]uint, degree)}
		for i := range d.initial {
			d.initial[i] = uint(random.IntN(1<<i))<<1 | 1
		}
		cost := t.cost(d, math.Inf(1))
		for failed, at := 0, 0; failed < free; at++ {
			i, bit := freeBit(at % free)
			d.initial[i] ^= 1 << bit
			if c := t.cost(d, cost); c < cost {
				cost, failed = c, 0
				continue
			}
			d.initial[i] ^= 1 << bit
			failed++
		}
		if cost < bestCost {
			best, bestCost = d, cost
		}
	}
	return best, bestCost
}

// freeBit counts through the free bits of the initial numbers: the number with index i has the free bits 1 … i.
func freeBit(at int) (i, bit int) {
	for i = 1; at >= i; i++ {
		at -= i
	}
	return i, at + 1
}

// task is what the candidates for one dimension are judged by.
type task struct {
	pairs   []pair
	triples []triple
}

// pair is an earlier dimension, given by the inverse of its generator matrix.
type pair struct {
	inverse rows
	weight  float64
}

// triple is two earlier dimensions: the inverse of the first, and the matrix of the second times this inverse.
type triple struct {
	inverse, second rows
}

func newTask(inverses []rows) *task {
	n := len(inverses)
	t := &task{}
	near := max(8, float64(n)/8)
	for j := range n {
		t.pairs = append(t.pairs, pair{inverses[j], 1 + near/float64(n-j) + near/float64(j+1)})
	}
	// Heavy ones first, so that a bad candidate is given up soon.
	slices.SortStableFunc(t.pairs, func(a, b pair) int { return cmp.Compare(b.weight, a.weight) })

	seen := map[[2]int]bool{}
	add := func(a, b int) {
		a, b = min(a, b), max(a, b)
		if a < 0 || a == b || b >= n || seen[[2]int{a, b}] {
			return
		}
		seen[[2]int{a, b}] = true
		t.triples = append(t.triples, triple{inverses[b], multiply(invert(inverses[a]), inverses[b])})
	}
	for a := range neighbours {
		for b := range a {
			add(n-1-a, n-1-b)
		}
	}
	for a := range firsts {
		for b := range a {
			add(a, b)
		}
		for b := range mixed {
			add(a, n-1-b)
		}
	}
	return t
}

// cost judges a candidate. Where the cost is not below limit it returns some number that is not either.
func (t *task) cost(d dimension, limit float64) float64 {
	candidate := generator(d)
	sum := 0.0
	for i := range t.pairs {
		sum += t.pairs[i].weight * unevenness(nil, multiply(candidate, t.pairs[i].inverse))
		if sum >= limit {
			return sum
		}
	}
	for i := range t.triples {
		sum += unevenness(t.triples[i].second[:], multiply(candidate, t.triples[i].inverse))
		if sum >= limit {
			return sum
		}
	}
	return sum
}

// generator is the generator matrix from Sobol's recurrence m_k = 2 a_1 m_(k−1) ⊕ … ⊕ 2^s m_(k−s) ⊕ m_(k−s); row r
// makes the digit r of the points.
func generator(d dimension) rows {
	var m [mostLog]uint
	degree := len(d.initial)
	var g rows
	for k := range m {
		switch {
		case degree == 0:
			m[k] = 1
		case k < degree:
			m[k] = d.initial[k]
		default:
			m[k] = m[k-degree] ^ m[k-degree]<<degree
			for i := 1; i < degree; i++ {
				m[k] ^= (d.polynomial >> (degree - i) & 1) * m[k-i] << i
			}
		}
		for r := 0; r <= k; r++ {
			g[r] |= uint32(m[k]>>(k-r)&1) << k
		}
	}
	return g
}

func multiply(a, b rows) rows {
	var c rows
	for r := range a {
		for rest := a[r]; rest != 0; rest &= rest - 1 {
			c[r] ^= b[bits.TrailingZeros32(rest)]
		}
	}
	return c
}

// invert solves for the inverse of an upper triangular matrix with ones on the diagonal, from the last row up.
func invert(a rows) rows {
	var inverse rows
	for r := mostLog - 1; r >= 0; r-- {
		inverse[r] = 1 << r
		for rest := a[r] &^ (1 << r); rest != 0; rest &= rest - 1 {
			inverse[r] ^= inverse[bits.TrailingZeros32(rest)]
		}
	}
	return inverse
}

// unevenness adds up 4^t, weighted, over the point counts for the generator matrices I, b and c, or I and c where b is nil. Any
// nonsingular matrices come to this form by a common factor from the right, which only puts the points in another order.
//
// With 2^m points t is m − ϱ, where ϱ is the greatest number such that the first i rows of I, j rows of b and k rows of
// c, cut to m columns, are independent for all i + j + k = ϱ. The rows of I just take away the columns before i.
// Elimination from the low columns up serves all m at once: a row whose pivot is column p depends on the rows before it
// for the m ≤ p and not for the others.
func unevenness(b []uint32, c rows) float64 {
	var strength [mostLog + 1]int
	for m := range strength {
		strength[m] = m
	}
	for i := range mostLog {
		dependent := func(p, others int) {
			for m := max(leastLog, i+1); m <= p; m++ {
				strength[m] = min(strength[m], others)
			}
		}
		var left rows // the rows of b so far, reduced; each stands at its pivot
		for j := 0; ; j++ {
			all := left
			for k := range mostLog - i - j {
				dependent(reduce(&all, c[k]&^(1<<i-1)), i+j+k)
			}
			if j == len(b) || i+j == mostLog {
				break
			}
			dependent(reduce(&left, b[j]&^(1<<i-1)), i+j)
		}
	}
	sum := 0.0
	for m := leastLog; m <= mostLog; m++ {
		sum += countWeights[m] * float64(uint(1)<<(2*(m-strength[m])))
	}
	return sum
}

// reduce adds a row to those already reduced and returns its pivot, mostLog if it depends on them.
func reduce(reduced *rows, row uint32) int {
	for row != 0 {
		p := bits.TrailingZeros32(row)
		if reduced[p] == 0 {
			reduced[p] = row
			return p
		}
		row ^= reduced[p]
	}
	return mostLog
}

func write(path string, table []dimension) error {
	var b bytes.Buffer
	b.WriteString("// Code generated by gen/main.go; DO NOT EDIT.\n\npackage draw\n\n")
	b.WriteString("// directionTable holds for each dimension a primitive polynomial, its coefficients as bits with the highest power\n")
	b.WriteString("// first, and its initial direction numbers m_1 … m_s for the degree s. The first is the van der Corput sequence.\n")
	b.WriteString("var directionTable = [...][14]uint16{\n")
	for _, d := range table {
		fmt.Fprintf(&b, "{%d", d.polynomial)
		for _, m := range d.initial {
			fmt.Fprintf(&b, ", %d", m)
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	source, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(path, source, 0o644)
}
