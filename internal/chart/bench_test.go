package chart_test

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/locale"
)

func BenchmarkScene(b *testing.B) {
	l := locale.New(locale.German)
	for _, c := range charts(b) {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.chart.Scene(l, chart.Size{W: 1060}).SVG("x")
			}
		})
	}
}
