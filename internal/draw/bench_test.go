package draw_test

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/draw"
)

func perValue(b *testing.B, values int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(values), "ns/value")
}

func BenchmarkFill(b *testing.B) {
	for name, make := range samplers {
		for what, first := range map[string]int{"aligned": draw.TileSize, "unaligned": draw.TileSize + 77} {
			b.Run(name+"/"+what, func(b *testing.B) {
				s := make(1, keys(60))
				dst := fill(s, 0, 0, draw.TileSize)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					s.Fill(dst, i%60, i%16*draw.TileSize+first)
				}
				perValue(b, draw.TileSize)
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for name, make := range samplers {
		b.Run(name, func(b *testing.B) {
			k := keys(60)
			for b.Loop() {
				make(1, k)
			}
		})
	}
}

func BenchmarkCopula(b *testing.B) {
	c, err := draw.NewCopula(twoGroups)
	if err != nil {
		b.Fatal(err)
	}
	plain := rowsOf(draw.NewSobol(1, keys(10)), c.Dims(), 0, draw.TileSize)
	rows := rowsOf(draw.NewSobol(1, keys(10)), c.Dims(), 0, draw.TileSize)
	b.ReportAllocs()
	for b.Loop() {
		for k := range rows {
			copy(rows[k], plain[k]) // correlated again and again, the draws would run off into the tails
		}
		c.Apply(rows)
	}
	perValue(b, len(rows)*draw.TileSize)
}
