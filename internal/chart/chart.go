// Package chart draws the pictures of a result. Each kind of picture is a Chart, such as Cumulative or Tornado: its Scene
// is drawn once as shapes in px and then written, by Scene.SVG for a page, Scene.File for a file of its own and
// Scene.Terminal in characters; package pdf writes it into a PDF. Start with Cumulative. Fan draws the cumulative curve in as
// many rows of a terminal as there are.
//
// Texts are measured with the typeface that pages use, so that none overlap or are cut; every number is formatted by
// locale. It computes nothing that result and decide do not say.
package chart

import "math"

// Fan is the cumulative net benefit by month with its bands, and below it on the same axis when break-even comes.
type Fan struct {
	// Quantiles of the cumulative net flow by month; index 0 is month 0, all of one length, in the case's currency.
	P10, P25, P50, P75, P90 []float64
	// BreakEven[m] is the share of draws, 0 to 1, that break even after month m−1 and by month m. Nil draws no
	// distribution.
	BreakEven []float64
	// Marker is the median break-even in months; nil where it does not exist.
	Marker *float64
	// MarkerLabel stands beside the marker, such as "Break-even month 18".
	MarkerLabel string
	// Tail stands at the right end above the distribution, for the share that does not break even within the horizon.
	Tail string
	// Money writes an amount for the vertical axis, Month a month for the horizontal one.
	Money func(v float64) string
	Month func(m int) string
}

// horizon is the last month that all quantiles have, −1 for none.
func (f Fan) horizon() int {
	return min(len(f.P10), len(f.P25), len(f.P50), len(f.P75), len(f.P90)) - 1
}

// at interpolates a series linearly at month t within the horizon.
func at(series []float64, t float64) float64 {
	i := int(math.Floor(t))
	if i >= len(series)-1 {
		return series[len(series)-1]
	}
	w := t - float64(i)
	return series[i]*(1-w) + series[i+1]*w
}

// mass is the share of the draws that break even between the months a and b, each month's share spread evenly over the
// month before it.
func mass(share []float64, a, b float64) float64 {
	sum := 0.0
	for m := 1; m < len(share); m++ {
		overlap := math.Min(b, float64(m)) - math.Max(a, float64(m-1))
		if overlap > 0 && share[m] > 0 && finite(share[m]) {
			sum += share[m] * overlap
		}
	}
	// What has paid back at the start has no month before it.
	if len(share) > 0 && a < 0 && share[0] > 0 && finite(share[0]) {
		sum += share[0]
	}
	return sum
}
