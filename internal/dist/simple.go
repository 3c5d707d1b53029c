package dist

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// uniform has equal density between its ends.
type uniform struct{ low, high float64 }

// Uniform is the distribution with equal density from low to high. Equal ends give a Constant.
// Errors: number_not_finite (args: name, value); limits_order (low, high) if low > high.
func Uniform(low, high float64) (Dist, error) {
	if err := finite([]string{"low", "high"}, low, high); err != nil {
		return nil, err
	}
	if low > high {
		return nil, paramError("limits_order", map[string]any{"low": low, "high": high})
	}
	if low == high {
		return Constant(low)
	}
	return uniform{low, high}, nil
}

func (d uniform) at(w float64, upper bool) float64 {
	if upper {
		return d.high - float64(w*(d.high-d.low))
	}
	return d.low + float64(w*(d.high-d.low))
}
func (d uniform) Quantile(p float64) float64  { return quantile(d, p) }
func (d uniform) Mean() float64               { return d.low + (d.high-d.low)/2 }
func (d uniform) Variance() float64           { return (d.high - d.low) * (d.high - d.low) / 12 }
func (d uniform) Support() (float64, float64) { return d.low, d.high }
func (d uniform) key() string                 { return keyOf("uniform", d.low, d.high) }

// triangular has a density that rises linearly to likely and falls linearly from there.
type triangular struct{ low, likely, high float64 }

// Triangular is the triangular distribution from low to high with its mode at likely, which may be an end.
// Three equal values give a Constant.
// Errors: number_not_finite (args: name, value); mode_order (low, likely, high) unless low <= likely <= high.
func Triangular(low, likely, high float64) (Dist, error) {
	if err := checkMode(low, likely, high); err != nil {
		return nil, err
	}
	if low == high {
		return Constant(low)
	}
	return triangular{low, likely, high}, nil
}

// checkMode is the condition on the parameters of Triangular and PERT.
func checkMode(low, likely, high float64) error {
	if err := finite([]string{"low", "likely", "high"}, low, likely, high); err != nil {
		return err
	}
	if !(low <= likely && likely <= high) {
		return paramError("mode_order", map[string]any{"low": low, "likely": likely, "high": high})
	}
	return nil
}

func (d triangular) at(w float64, upper bool) float64 {
	width := d.high - d.low
	below := (d.likely - d.low) / width // probability below the mode
	p, q := w, 1-w
	if upper {
		p, q = q, p
	}
	if p <= below {
		return d.low + math.Sqrt(p*width*(d.likely-d.low))
	}
	return d.high - math.Sqrt(q*width*(d.high-d.likely))
}
func (d triangular) Quantile(p float64) float64 { return quantile(d, p) }
func (d triangular) Mean() float64              { return d.low + ((d.likely-d.low)+(d.high-d.low))/3 }
func (d triangular) Variance() float64 {
	// (a² + b² + c² - ab - ac - bc)/18, written in differences.
	left, width := d.likely-d.low, d.high-d.low
	return (float64(left*left) + float64(width*width) - float64(left*width)) / 18
}
func (d triangular) Support() (float64, float64) { return d.low, d.high }
func (d triangular) key() string                 { return keyOf("triangular", d.low, d.likely, d.high) }

// normal is given by its mean and standard deviation.
type normal struct{ mean, sd float64 }

// Normal is the normal distribution with the given mean and standard deviation. sd = 0 gives a Constant.
// Errors: number_not_finite (args: name, value); sd_negative (sd).
func Normal(mean, sd float64) (Dist, error) {
	if err := checkSD(mean, sd); err != nil {
		return nil, err
	}
	if sd == 0 {
		return Constant(mean)
	}
	return normal{mean, sd}, nil
}

func checkSD(mean, sd float64) error {
	if err := finite([]string{"mean", "sd"}, mean, sd); err != nil {
		return err
	}
	if sd < 0 {
		return paramError("sd_negative", map[string]any{"sd": sd})
	}
	return nil
}

func (d normal) at(w float64, upper bool) float64 {
	z := float64(d.sd * mathext.NormalQuantile(w))
	if upper {
		return d.mean - z
	}
	return d.mean + z
}

func (d normal) atAll(w, low, high []float64) {
	for i, w := range w {
		z := float64(d.sd * mathext.NormalQuantile(w))
		low[i], high[i] = d.mean+z, d.mean-z
	}
}
func (d normal) Quantile(p float64) float64  { return quantile(d, p) }
func (d normal) Mean() float64               { return d.mean }
func (d normal) Variance() float64           { return d.sd * d.sd }
func (d normal) Support() (float64, float64) { return math.Inf(-1), math.Inf(1) }
func (d normal) key() string                 { return keyOf("normal", d.mean, d.sd) }

// lognormal is exp of a normal variable with mean mu and standard deviation sigma.
type lognormal struct{ mu, sigma, mean, sd float64 }

// LogNormal is the lognormal distribution whose own mean and standard deviation, not those of its logarithm, are
// given. With c = sd/mean the logarithm has the variance σ² = ln(1 + c²) and the mean ln(mean) - σ²/2
// (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 1, 1994, chapter 14). sd = 0 gives a Constant.
// Errors: number_not_finite (args: name, value); sd_negative (sd); mean_not_positive (mean).
func LogNormal(mean, sd float64) (Dist, error) {
	if err := checkSD(mean, sd); err != nil {
		return nil, err
	}
	if mean <= 0 {
		return nil, paramError("mean_not_positive", map[string]any{"mean": mean})
	}
	if sd == 0 {
		return Constant(mean)
	}
	variance := math.Log1p(sd / mean * (sd / mean))
	if variance == 0 { // sd is lost against mean
		return Constant(mean)
	}
	return lognormal{mu: math.Log(mean) - variance/2, sigma: math.Sqrt(variance), mean: mean, sd: sd}, nil
}

func (d lognormal) at(w float64, upper bool) float64 {
	z := float64(d.sigma * mathext.NormalQuantile(w))
	if upper {
		z = -z
	}
	return math.Exp(d.mu + z)
}

func (d lognormal) atAll(w, low, high []float64) {
	for i, w := range w {
		z := float64(d.sigma * mathext.NormalQuantile(w))
		low[i], high[i] = math.Exp(d.mu+z), math.Exp(d.mu-z)
	}
}
func (d lognormal) Quantile(p float64) float64  { return quantile(d, p) }
func (d lognormal) Mean() float64               { return d.mean }
func (d lognormal) Variance() float64           { return d.sd * d.sd }
func (d lognormal) Support() (float64, float64) { return 0, math.Inf(1) }
func (d lognormal) key() string                 { return keyOf("lognormal", d.mean, d.sd) }
