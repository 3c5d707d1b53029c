package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rendite-crm/rendite/internal/dist"
)

func BenchmarkRun(b *testing.B) {
	for _, draws := range []int{10_000, 200_000} {
		b.Run(fmt.Sprintf("%d draws", draws), func(b *testing.B) {
			g := adoptionGraph(36)
			for b.Loop() {
				mustRun(b, g, Options{Draws: draws, Seed: 1})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(draws), "ns/draw")
		})
	}
}

// BenchmarkCount is the time to count one tile into equal bins, and into those of a series with a long tail.
func BenchmarkCount(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, d := range map[string]dist.Dist{"equal bins": must(dist.Normal(0, 1)), "edges": must(dist.MetalogPair(1, 1000, dist.Positive))} {
		b.Run(name, func(b *testing.B) {
			v := make([]float64, pilotDraws)
			for i := range v {
				v[i] = d.Quantile(r.Float64())
			}
			bins, l := newBins(v), newLocal(1)
			if (bins.edges != nil) != (name == "edges") {
				b.Fatal("the other kind of bins")
			}
			for b.Loop() {
				bins.count(&l, 0, v[:512], false)
			}
		})
	}
}

func BenchmarkQuantile(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	v := make([]float64, 1_000_000)
	for i := range v {
		v[i] = r.NormFloat64()
	}
	for b.Loop() {
		Quantile(v, levels[:]...)
	}
}
