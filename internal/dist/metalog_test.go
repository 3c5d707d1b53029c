package dist_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/dist"
	"pgregory.net/rapid"
)

// triplet draws P10 < P50 < P90 inside the bound, feasible or not.
func triplet(t *rapid.T) (p10, p50, p90 float64, bound dist.Bound) {
	bound = rapid.SampledFrom([]dist.Bound{dist.Unbounded, dist.Positive, dist.Share}).Draw(t, "bound")
	z := rapid.Float64Range(-5, 5).Draw(t, "start")
	width := rapid.Float64Range(1e-3, 6).Draw(t, "width")
	middle := z + width*rapid.Float64Range(0.001, 0.999).Draw(t, "share of the width")
	unscale := map[dist.Bound]func(float64) float64{
		dist.Unbounded: func(z float64) float64 { return 1000 * z },
		dist.Positive:  math.Exp,
		dist.Share:     func(z float64) float64 { return 1 / (1 + math.Exp(-z)) },
	}[bound]
	return unscale(z), unscale(middle), unscale(z + width), bound
}

// feasible draws a metalog.
func feasible(t *rapid.T) (d dist.Dist, p10, p50, p90 float64) {
	p10, p50, p90, bound := triplet(t)
	d, err := dist.Metalog(p10, p50, p90, bound)
	var p dist.ParamError
	if errors.As(err, &p) {
		p50 = p.Args["nearest"].(float64)
		d, err = dist.Metalog(p10, p50, p90, bound)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d, p10, p50, p90
}

func TestMetalogMeetsItsPercentiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, p10, p50, p90 := feasible(t)
		for p, want := range map[float64]float64{0.1: p10, 0.5: p50, 0.9: p90} {
			if got := d.Quantile(p); !(math.Abs(got-want) <= 1e-9*math.Abs(want)+1e-15*(p90-p10)) {
				t.Fatalf("quantile at %g is %.17g, want %.17g", p, got, want)
			}
		}
	})
}

func TestMetalogPairMeetsItsPercentilesAndHasTheMiddleOfItsScaleAsMedian(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p10, _, p90, bound := triplet(t)
		d, err := dist.MetalogPair(p10, p90, bound)
		if err != nil {
			t.Fatal(err)
		}
		median := map[dist.Bound]float64{
			dist.Unbounded: p10 + (p90-p10)/2,
			dist.Positive:  math.Sqrt(p10 * p90),
			dist.Share:     1 / (1 + math.Sqrt((1-p10)/p10*(1-p90)/p90)),
		}[bound]
		for p, want := range map[float64]float64{0.1: p10, 0.5: median, 0.9: p90} {
			if got := d.Quantile(p); !(math.Abs(got-want) <= 1e-9*(math.Abs(p10)+math.Abs(p90))) {
				t.Fatalf("quantile at %g is %.17g, want %.17g", p, got, want)
			}
		}
	})
}

func TestMetalogQuantilesIncreaseAndStayInsideTheirSupport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, _, _, _ := feasible(t)
		low, high := d.Support()
		p := rapid.Float64Range(1e-12, 1-1e-12).Draw(t, "p")
		q := rapid.Float64Range(p, 1-1e-12).Draw(t, "q")
		a, b := d.Quantile(p), d.Quantile(q)
		// At the limit of feasibility the slope is zero somewhere; rounding may then show.
		if !(a <= b+1e-14*math.Abs(b)) || !(low <= a) || !(b <= high) {
			t.Fatalf("quantiles at %g and %g are %.17g and %.17g, support %g to %g", p, q, a, b, low, high)
		}
	})
}

func TestNearestMiddleOfAnInfeasibleRangeIsFeasibleAndNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p10, p50, p90, bound := triplet(t)
		_, err := dist.Metalog(p10, p50, p90, bound)
		var p dist.ParamError
		if !errors.As(err, &p) {
			t.Skip("feasible")
		}
		if p.Code != "range_infeasible" || p.Args["low"] != p10 || p.Args["middle"] != p50 || p.Args["high"] != p90 {
			t.Fatalf("got %v", p)
		}
		nearest := p.Args["nearest"].(float64)
		if _, err := dist.Metalog(p10, nearest, p90, bound); err != nil {
			t.Fatalf("nearest is not feasible: %v", err)
		}
		// Two percent of the range further out there is nothing feasible left.
		scale := map[dist.Bound]func(float64) float64{
			dist.Unbounded: func(v float64) float64 { return v },
			dist.Positive:  math.Log,
			dist.Share:     func(v float64) float64 { return math.Log(v / (1 - v)) },
		}[bound]
		gap := 0.02 * (scale(p90) - scale(p10))
		if scale(p50) > scale(nearest) {
			gap = -gap
		}
		further := scale(nearest) - gap
		unscale := map[dist.Bound]func(float64) float64{
			dist.Unbounded: func(v float64) float64 { return v },
			dist.Positive:  math.Exp,
			dist.Share:     func(v float64) float64 { return 1 / (1 + math.Exp(-v)) },
		}[bound]
		if _, err := dist.Metalog(p10, unscale(further), p90, bound); err == nil {
			t.Fatalf("nearest is %g, but %g is feasible, too", nearest, unscale(further))
		}
	})
}

func TestMetalogFeasibilityAgainstKeelin(t *testing.T) {
	// Keelin (2016) gives the limit |a3|/a2 < 1.66711; at 30 digits (mpmath 1.3) it is 1.66711311920192939. With
	// P10 = 0 and P90 = 1 the middle must lie less than 0.2·limit from 1/2.
	const limit = 0.2 * 1.66711311920192939
	for _, side := range []float64{-1, 1} {
		if _, err := dist.Metalog(0, 0.5+side*(limit-1e-12), 1, dist.Unbounded); err != nil {
			t.Errorf("just inside: %v", err)
		}
		if _, err := dist.Metalog(0, 0.5+side*(limit+1e-12), 1, dist.Unbounded); err == nil {
			t.Error("just outside: no error")
		}
	}
}

func TestNearestMiddleIsWrittenWithFewDigits(t *testing.T) {
	tests := []struct {
		name           string
		low, mid, high float64
		bound          dist.Bound
		want           float64
	}{
		// The exact limits are low + 0.166577·width and high - 0.166577·width on the scale that is fitted.
		{"rounded up from 0.16658", 0, 0.05, 1, dist.Unbounded, 0.167},
		{"rounded down from 0.83342", 0, 0.95, 1, dist.Unbounded, 0.833},
		{"rounded up from -83.34", -100, -95, 0, dist.Unbounded, -83.3},
		{"more digits where the range is narrow", 1000, 1000.1, 1002, dist.Unbounded, 1000.34},
		{"positive: exp of the limit, 10·10^0.16658 = 14.675", 10, 11, 100, dist.Positive, 14.7},
		{"share: 1/(1+9^0.66685) = 0.18769", 0.1, 0.11, 0.9, dist.Share, 0.188},
		{"the middle may be an end", 1, 1, 3, dist.Unbounded, 1.34},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dist.Metalog(tt.low, tt.mid, tt.high, tt.bound)
			var p dist.ParamError
			if !errors.As(err, &p) || p.Args["nearest"] != tt.want {
				t.Errorf("got %v, want nearest=%g", err, tt.want)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) { // decimal numbers, not binary ones close to them
		p10, p50, p90, bound := triplet(t)
		_, err := dist.Metalog(p10, p50, p90, bound)
		var p dist.ParamError
		if !errors.As(err, &p) {
			t.Skip("feasible")
		}
		text := strconv.FormatFloat(p.Args["nearest"].(float64), 'e', -1, 64)
		mantissa, _, _ := strings.Cut(text, "e")
		if digits := len(strings.Trim(mantissa, "-.")); digits > 8 {
			t.Fatalf("nearest has %d digits: %s", digits, text)
		}
	})
}
