package dist

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type named struct {
	name string
	Dist
}

func must(name string) func(d Dist, err error) named {
	return func(d Dist, err error) named {
		if err != nil {
			panic(name + ": " + err.Error())
		}
		return named{name, d}
	}
}

// smooth are distributions that a table interpolates; all have a fourth moment.
func smooth() []named {
	return []named{
		must("metalog")(Metalog(-1, 0.2, 3, Unbounded)),
		must("metalog at the limit of feasibility")(Metalog(0, 0.167, 1, Unbounded)),
		must("positive metalog")(Metalog(45000, 60000, 95000, Positive)),
		must("positive pair")(MetalogPair(46, 60, Positive)),
		must("share metalog")(Metalog(0.6, 0.8, 0.92, Share)),
		must("share metalog from end to end")(Metalog(0.01, 0.5, 0.99, Share)),
		must("normal")(Normal(3, 2)),
		must("lognormal")(LogNormal(3, 1)),
		must("uniform")(Uniform(-3, 2)),
		must("PERT")(PERT(1, 2, 5)),
		must("PERT with its mode at the low end")(PERT(1, 1, 5)),
		must("PERT with its mode at the high end")(PERT(-5, 5, 5)),
		must("beta")(Beta(2, 5)),
		must("beta with two poles")(Beta(0.5, 0.5)),
		must("beta with a strong pole")(Beta(0.1, 0.3)),
		must("narrow beta")(Beta(1e4, 1e4)),
		must("beta beside an end")(Beta(2000, 30)),
	}
}

// others are distributions with their own way through the table.
func others() []named {
	many, probs := make([]float64, 40), make([]float64, 40)
	for i := range many {
		many[i], probs[i] = float64(i*i), 1.0/40
	}
	return []named{
		must("triangular")(Triangular(1, 2, 5)),
		must("triangular with its mode at the low end")(Triangular(1, 1, 5)),
		must("bernoulli")(Bernoulli(0.3)),
		must("rare bernoulli")(Bernoulli(1e-3)),
		must("choice")(Choice([]float64{5, 1, 3}, []float64{0.2, 0.5, 0.3})),
		must("choice of many")(Choice(many, probs)),
		must("constant")(Constant(4)),
	}
}

// wide are distributions whose upper tail takes a finer grid or the exact quantile.
func wide() []named {
	return []named{
		must("positive metalog over one power of ten")(Metalog(1, 2, 10, Positive)),
		must("positive metalog over two powers of ten")(Metalog(1, 10, 100, Positive)),
		must("positive metalog over four powers of ten")(Metalog(1, 100, 10000, Positive)),
		must("wide lognormal")(LogNormal(3, 30)),
		must("share metalog with nearly all weight at its ends")(Metalog(1e-6, 0.5, 1-1e-6, Share)),
	}
}

// bitsAt are the bits whose u lies at w from an end, and the exact w they stand for.
func bitsAt(w float64, upper bool) (bits uint64, exact float64) {
	n := uint64(w * 0x1p53)
	exact = (float64(n) + 0.5) * 0x1p-53
	if upper {
		return ^(n << 11), exact
	}
	return n << 11, exact
}

func TestTableStaysWithinABillionthOfTheRange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, d := range append(smooth(), wide()...) {
		t.Run(d.name, func(t *testing.T) {
			exact, table := d.Dist.(continuous), NewTable(d.Dist)
			spread := d.Quantile(0.9) - d.Quantile(0.1)
			low, high := d.Support()
			worst, where := 0.0, 0.0
			for range 20000 {
				// The octaves down to 2^-52 evenly, far beyond the cells.
				bits, w := bitsAt(math.Exp2(-1-51*math.Pow(random.Float64(), 2)), random.IntN(2) == 1)
				upper := bits>>63 == 1
				got, want := table.Value(bits), exact.at(w, upper)
				if got < low || got > high {
					t.Fatalf("value %g at %g, upper %v, is outside of %g to %g", got, w, upper, low, high)
				}
				if off := math.Abs(got - want); !(off <= worst) {
					worst, where = off, w
				}
			}
			if !(worst <= 1e-9*spread) {
				t.Errorf("off by %.2g of P90 - P10 at w = %g", worst/spread, where)
			}
		})
	}
}

func TestTableOfARandomMetalogStaysWithinABillionthOfTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := metalog{a1: rapid.Float64Range(-5, 5).Draw(t, "a1"), a2: rapid.Float64Range(1e-3, 1.5).Draw(t, "a2")}
		m.a3 = m.a2 * slopeLimit * rapid.Float64Range(-0.9999, 0.9999).Draw(t, "skew")
		m.bound = rapid.SampledFrom([]Bound{Unbounded, Positive, Share}).Draw(t, "bound")
		table := NewTable(m)
		spread := m.at(0.1, true) - m.at(0.1, false)
		last := math.Inf(-1)
		for i := range 2000 {
			upper := i >= 1000
			share := float64(i) / 1000
			if upper {
				share = 2 - share
			}
			bits, w := bitsAt(math.Exp2(-1-12*(1-share)*0.999), upper)
			got, want := table.Value(bits), m.at(w, upper)
			if !(math.Abs(got-want) <= 1e-9*spread+1e-14*math.Abs(want)) {
				t.Fatalf("at w = %g, upper %v: got %.17g, want %.17g, P90 - P10 is %g", w, upper, got, want, spread)
			}
			if got < last-1e-15*math.Abs(last) {
				t.Fatalf("values fall from %.17g to %.17g at w = %g", last, got, w)
			}
			last = got
		}
	})
}

func TestTableValuesDoNotFallWithTheirBits(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, d := range slices.Concat(smooth(), others(), wide()) {
		t.Run(d.name, func(t *testing.T) {
			table := NewTable(d.Dist)
			bits := make([]uint64, 20000)
			for i := range bits {
				bits[i], _ = bitsAt(math.Exp2(-1-40*math.Pow(random.Float64(), 4)), random.IntN(2) == 1)
			}
			bits = append(bits, 0, 1<<63-1, 1<<63, math.MaxUint64)
			for k := uint64(1); k < 60; k++ { // on both sides of the octaves' borders
				bits = append(bits, 1<<k, 1<<k-1, ^uint64(1<<k), ^uint64(1<<k-1))
			}
			slices.Sort(bits)
			values := make([]float64, len(bits))
			table.Fill(values, bits)
			for i := 1; i < len(values); i++ {
				// Two units in the last place: cells meet up to rounding.
				if values[i] < values[i-1]-4.5e-16*math.Abs(values[i-1]) {
					t.Fatalf("falls from %.17g to %.17g between %#x and %#x", values[i-1], values[i], bits[i-1], bits[i])
				}
			}
		})
	}
}

func TestStepsAndTrianglesGoThroughTheTableExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, d := range others() {
		t.Run(d.name, func(t *testing.T) {
			table := NewTable(d.Dist)
			for range 20000 {
				bits, w := bitsAt(0.5*random.Float64(), random.IntN(2) == 1)
				upper := bits>>63 == 1
				got, want := table.Value(bits), d.Quantile(w)
				if upper {
					want = d.Quantile(1 - w)
				}
				if exact, ok := d.Dist.(continuous); ok {
					want = exact.at(w, upper)
				}
				if !(math.Abs(got-want) <= 1e-15*math.Abs(want)) {
					t.Fatalf("at w = %.17g, upper %v: got %.17g, want %.17g", w, upper, got, want)
				}
			}
		})
	}
	t.Run("at a step's own border", func(t *testing.T) {
		d := must("bernoulli")(Bernoulli(0.25))
		table := NewTable(d.Dist)
		// u = 3/4 ∓ 2^-54 are neighbours on the two sides of the step.
		if below, above := table.Value(3<<62-1), table.Value(3<<62); below != 0 || above != 1 {
			t.Errorf("got %g below and %g above", below, above)
		}
	})
}

func TestUniformTableShowsWhichProbabilityBitsStandFor(t *testing.T) {
	table := NewTable(must("uniform")(Uniform(0, 1)).Dist)
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint64().Draw(t, "bits")
		want := (float64(bits>>11) + 0.5) * 0x1p-53
		if got := table.Value(bits); math.Abs(got-want) > 3e-16 {
			t.Fatalf("bits %#x give %.17g, want %.17g", bits, got, want)
		}
	})
}

func TestFillGivesWhatValueGivesWhereverARowIsCut(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	bits := make([]uint64, 3000)
	for i := range bits {
		bits[i] = random.Uint64() >> (random.IntN(4) * 16) // many in the far tail
		if random.IntN(2) == 1 {
			bits[i] = ^bits[i]
		}
	}
	for _, d := range slices.Concat(smooth(), others(), wide()) {
		t.Run(d.name, func(t *testing.T) {
			table := NewTable(d.Dist)
			whole := make([]float64, len(bits))
			table.Fill(whole, bits)
			parts := make([]float64, len(bits))
			for from := 0; from < len(bits); {
				to := min(from+1+random.IntN(600), len(bits))
				table.Fill(parts[from:to], bits[from:])
				from = to
			}
			for i, b := range bits {
				if v := table.Value(b); whole[i] != v || parts[i] != v {
					t.Fatalf("bits %#x: value %.17g, in the row %.17g, in parts %.17g", b, v, whole[i], parts[i])
				}
			}
			if table.Median() != d.Quantile(0.5) {
				t.Errorf("median %g, want %g", table.Median(), d.Quantile(0.5))
			}
		})
	}
}

// Means and variances of a million draws against Mean and Variance, within four standard errors: a test of the table,
// the quantile function and the moments against each other.
func TestDrawsHaveTheMeanAndVarianceOfTheirDistribution(t *testing.T) {
	const n = 1_000_000
	random := rand.New(rand.NewPCG(9, 10))
	bits, values := make([]uint64, n), make([]float64, n)
	for i := range bits {
		bits[i] = random.Uint64()
	}
	for _, d := range slices.Concat(smooth(), others()) {
		t.Run(d.name, func(t *testing.T) {
			NewTable(d.Dist).Fill(values, bits)
			mean, variance := d.Mean(), d.Variance()
			var m1, m2, m4 float64
			for _, v := range values {
				e := v - mean
				m1 += e
				m2 += e * e
				m4 += e * e * e * e
			}
			m1, m2, m4 = m1/n, m2/n, m4/n
			if limit := 4 * math.Sqrt(m2/n); !(math.Abs(m1) <= limit) {
				t.Errorf("mean %g is off by %g, four standard errors are %g", mean, m1, limit)
			}
			if limit := 4*math.Sqrt((m4-m2*m2)/n) + 1e-9*variance; !(math.Abs(m2-variance) <= limit) {
				t.Errorf("variance %g is %g in the draws, four standard errors are %g", variance, m2, limit)
			}
		})
	}
}

func TestTableTakesADistributionFromElsewhere(t *testing.T) {
	type other struct{ Dist }
	d := must("PERT")(PERT(1, 2, 5)).Dist
	own, foreign := NewTable(d), NewTable(other{d})
	for _, bits := range []uint64{0, 1 << 40, 1 << 62, 1 << 63, 3 << 62, math.MaxUint64 - 1<<40} {
		if got, want := foreign.Value(bits), own.Value(bits); math.Abs(got-want) > 1e-7 {
			t.Errorf("bits %#x: got %g, want %g", bits, got, want)
		}
	}
}

func TestMarchArrivesWhereADirectSolutionDoes(t *testing.T) {
	g := gridOf(14, startSplits)
	n := g.octaves<<g.splits*5 + 1
	w, x := make([]float64, n), make([]float64, n)
	g.nodesTo(w)
	shapes := []float64{0.1, 0.3, 1, 1.0001, 2, 4.2, 5, 60, 1000, 1e4}
	for _, a := range shapes {
		for _, b := range shapes {
			if !march(a, b, w, x) {
				t.Errorf("shapes %g and %g: refused", a, b)
				continue
			}
			spread := betaTail(a, b, 0.5) - betaTail(a, b, 0.1)
			for i := 0; i < n; i += 37 {
				// Rounding of a quantile close to 1 can outweigh a narrow spread.
				if want := betaTail(a, b, w[i]); !(math.Abs(x[i]-want) <= 1e-10*spread+1e-15*want) {
					t.Errorf("shapes %g and %g at %g: %.17g, want %.17g", a, b, w[i], x[i], want)
				}
			}
		}
	}
}

func BenchmarkTableFill(b *testing.B) {
	random := rand.New(rand.NewPCG(11, 12))
	bits, row := make([]uint64, 8*512), make([]float64, 512)
	for i := range bits {
		bits[i] = random.Uint64()
	}
	for _, d := range slices.Concat(smooth(), others(), wide()) {
		b.Run(d.name, func(b *testing.B) {
			table := NewTable(d.Dist)
			i := 0
			for b.Loop() {
				table.Fill(row, bits[i:])
				i = (i + len(row)) % len(bits)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(row)), "ns/value")
		})
	}
	b.Run("fifty tables in turn", func(b *testing.B) {
		tables := make([]*Table, 50)
		for i := range tables {
			all := smooth()
			tables[i] = NewTable(all[i%len(all)].Dist)
		}
		i := 0
		for b.Loop() {
			tables[i%len(tables)].Fill(row, bits[i%8*len(row):])
			i++
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(row)), "ns/value")
	})
}

func BenchmarkNewTable(b *testing.B) {
	for _, d := range slices.Concat(smooth(), others(), wide()) {
		b.Run(d.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NewTable(d.Dist)
			}
		})
	}
}
