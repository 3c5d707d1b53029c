package dist

import (
	"cmp"
	"math"
	"slices"
)

// steps takes finitely many values; its quantile function is a staircase.
type steps struct {
	values []float64 // increasing, at least two
	probs  []float64 // of the values; sum 1
	// upTo[i] is the probability of values[i] or less; the last value's 1 is left out.
	upTo []float64
}

// Bernoulli is 1 with probability p and 0 otherwise. p = 0 and p = 1 give a Constant.
// Errors: number_not_finite (args: name, value); probability_range (p) unless 0 <= p <= 1.
func Bernoulli(p float64) (Dist, error) {
	if err := finite([]string{"p"}, p); err != nil {
		return nil, err
	}
	switch {
	case p < 0 || p > 1:
		return nil, paramError("probability_range", map[string]any{"p": p})
	case p == 0 || p == 1:
		return Constant(p)
	}
	return steps{values: []float64{0, 1}, probs: []float64{1 - p, p}, upTo: []float64{1 - p}}, nil
}

// Choice takes values[i] with probability probs[i]. The slices are not kept. Equal values are merged; a single value
// left gives a Constant.
// Errors: choice_length (args: values, probs as counts) if the slices differ in length or are empty; number_not_finite
// (name, value); probability_range (p) for a probability outside 0..1; choice_sum (sum) unless the probabilities add up
// to 1 within 1e-9.
func Choice(values, probs []float64) (Dist, error) {
	if len(values) == 0 || len(values) != len(probs) {
		return nil, paramError("choice_length", map[string]any{"values": float64(len(values)), "probs": float64(len(probs))})
	}
	type outcome struct{ value, prob float64 }
	outcomes := make([]outcome, 0, len(values))
	sum := 0.0
	for i, v := range values {
		p := probs[i]
		if err := finite([]string{"value", "p"}, v, p); err != nil {
			return nil, err
		}
		if p < 0 || p > 1 {
			return nil, paramError("probability_range", map[string]any{"p": p})
		}
		sum += p
		if p > 0 {
			outcomes = append(outcomes, outcome{v, p})
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		return nil, paramError("choice_sum", map[string]any{"sum": sum})
	}
	slices.SortStableFunc(outcomes, func(a, b outcome) int { return cmp.Compare(a.value, b.value) })
	var d steps
	for _, o := range outcomes {
		if n := len(d.values); n > 0 && d.values[n-1] == o.value {
			d.probs[n-1] += o.prob / sum
			continue
		}
		d.values = append(d.values, o.value)
		d.probs = append(d.probs, o.prob/sum)
	}
	if len(d.values) == 1 {
		return Constant(d.values[0])
	}
	total := 0.0
	for _, p := range d.probs[:len(d.probs)-1] {
		total += p
		d.upTo = append(d.upTo, min(total, 1))
	}
	return d, nil
}

func (d steps) Quantile(p float64) float64 {
	if math.IsNaN(p) {
		return p
	}
	i, _ := slices.BinarySearch(d.upTo, p) // the first that reaches p
	return d.values[i]
}

func (d steps) Mean() float64 {
	mean := 0.0
	for i, v := range d.values {
		mean += float64(d.probs[i] * v)
	}
	return mean
}

func (d steps) Variance() float64 {
	mean, variance := d.Mean(), 0.0
	for i, v := range d.values {
		variance += float64(d.probs[i] * (v - mean) * (v - mean))
	}
	return variance
}

func (d steps) Support() (float64, float64) { return d.values[0], d.values[len(d.values)-1] }

func (d steps) key() string {
	return keyOf("steps", append(slices.Clone(d.values), d.upTo...)...)
}
