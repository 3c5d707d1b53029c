package dist

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func must(d Dist, err error) Dist {
	if err != nil {
		panic(err)
	}
	return d
}

func TestZZ(t *testing.T) {
	for _, c := range []struct {
		n string
		d Dist
	}{
		{"ml", must(Metalog(-1, 0.2, 3, Unbounded))},
		{"ml limit", must(Metalog(0, 0.167, 1, Unbounded))},
		{"ml+ cost", must(Metalog(45000, 60000, 95000, Positive))},
		{"ml+ 3 8 15", must(Metalog(3, 8, 15, Positive))},
		{"ml+ .5 1.5 3", must(Metalog(.5, 1.5, 3, Positive))},
		{"ml+ 1 3 10", must(Metalog(1, 3, 10, Positive))},
		{"ml+ 1 2 10", must(Metalog(1, 2, 10, Positive))},
		{"ml+ 1 10 100", must(Metalog(1, 10, 100, Positive))},
		{"ml+ 1 30 100", must(Metalog(1, 30, 100, Positive))},
		{"ml+ 1 100 10000", must(Metalog(1, 100, 10000, Positive))},
		{"ml+ 1 100 1000000", must(Metalog(1, 100, 1000000, Positive))},
		{"ml+ 46 52 60", must(Metalog(46, 52, 60, Positive))},
		{"share .6 .8 .92", must(Metalog(.6, .8, .92, Share))},
		{"share .01 .5 .99", must(Metalog(.01, .5, .99, Share))},
		{"share 1e-6 .5 1-1e-6", must(Metalog(1e-6, .5, 1-1e-6, Share))},
		{"normal", must(Normal(3, 2))},
		{"normal 1e9", must(Normal(1e9, 2))},
		{"lognormal", must(LogNormal(3, 2))},
		{"lognormal wide", must(LogNormal(3, 30))},
		{"uniform", must(Uniform(-3, 2))},
		{"tri", must(Triangular(1, 2, 5))},
		{"tri edge", must(Triangular(1, 1, 5))},
		{"pert", must(PERT(1, 2, 5))},
		{"pert edge", must(PERT(1, 1, 5))},
		{"beta 2 5", must(Beta(2, 5))},
		{"beta .5 .5", must(Beta(.5, .5))},
		{"beta .1 .3", must(Beta(.1, .3))},
		{"beta .1 .1", must(Beta(.1, .1))},
		{"beta .1 1e4", must(Beta(.1, 1e4))},
		{"beta 1e4 .1", must(Beta(1e4, .1))},
		{"beta 20 .1", must(Beta(20, .1))},
		{"beta 1 .1", must(Beta(1, .1))},
		{"beta .3 .2", must(Beta(.3, .2))},
		{"beta 20 30", must(Beta(20, 30))},
		{"beta 1e4 1e4", must(Beta(1e4, 1e4))},
		{"beta 2 1e4", must(Beta(2, 1e4))},
		{"beta 2000 30", must(Beta(2000, 30))},
		{"foreign beta", struct{ Dist }{must(Beta(2, 5))}},
	} {
		best := time.Hour
		var tb *Table
		for range 20 {
			t0 := time.Now()
			tb = NewTable(c.d)
			best = min(best, time.Since(t0))
		}
		spread := c.d.Quantile(.9) - c.d.Quantile(.1)
		worst, at := 0.0, 0.0
		mono := 0.0
		last := math.Inf(-1)
		r := rand.New(rand.NewPCG(1, 2))
		cd, ok := c.d.(continuous)
		if !ok {
			cd = foreign{c.d}
		}
		for _, up := range []bool{false, true} {
			const N = 6000
			for i := range N {
				j := i
				if up {
					j = N - 1 - i
				}
				w := math.Exp2(-1 - 20*(1-(float64(j)+r.Float64())/N))
				b := uint64(w*0x1p53) << 11
				w = (float64(b>>11) + .5) * 0x1p-53
				if up {
					b = ^b
				}
				v := tb.Value(b)
				e := math.Abs(v - cd.at(w, up))
				if !(e <= worst) {
					worst, at = e, w
					if up {
						at = -w
					}
				}
				mono = math.Max(mono, (last-v)/math.Max(math.Abs(v), 1e-300))
				last = v
			}
		}
		dst := make([]float64, 512)
		bits := make([]uint64, 512*8)
		for i := range bits {
			bits[i] = r.Uint64()
		}
		bf := time.Hour
		for range 200 {
			t0 := time.Now()
			for k := range 16 {
				tb.Fill(dst, bits[k%8*512:])
			}
			bf = min(bf, time.Since(t0))
		}
		fmt.Printf("%-20s build %7.1fµs fill %.2fns bits %d oct %d err/spread %.2g at %.3g nonmono %.2g\n", c.n, float64(best.Nanoseconds())/1e3, float64(bf.Nanoseconds())/16/512, tb.splits, tb.octaves, worst/spread, at, mono)
	}
}

func BenchmarkBuildML(b *testing.B) {
	d := must(Metalog(45000, 60000, 95000, Positive))
	for b.Loop() {
		NewTable(d)
	}
}
func BenchmarkBuildPert(b *testing.B) {
	d := must(PERT(1, 2, 5))
	for b.Loop() {
		NewTable(d)
	}
}
