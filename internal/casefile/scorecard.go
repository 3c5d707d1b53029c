package casefile

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
)

// MaxPoints is the best of the scale of points, which begins at 0.
const MaxPoints = 10

// scorecard reads the criteria in the file's order. That their weights do not add up to 100 is a hint: they count
// relative to their sum.
func (d *decoder) scorecard(section Entry) []*Criterion {
	var all []*Criterion
	entries := d.entries(section.Value, "scorecard")
	if len(entries) > MaxCriteria {
		d.add("too_many_criteria", entries[MaxCriteria].At, diag.Args{"criteria": len(entries), "limit": MaxCriteria})
		return nil
	}
	sum, sound := 0.0, true
	for _, e := range entries {
		before := len(d.found)
		c := d.criterion(e)
		sound = sound && d.found[before:].Err() == nil
		sum += c.Weight
		all = append(all, c)
	}
	// A sum of 1 is the same as one of 100 to whoever writes shares.
	if sound && len(all) > 0 && math.Abs(sum-100) > 1e-6 && math.Abs(sum-1) > 1e-6 {
		hint := diag.Warn("scorecard_weights", section.At, diag.Args{"sum": sum})
		hint.Severity = diag.Hint
		d.found.Add(hint)
	}
	return all
}

func (d *decoder) criterion(e Entry) *Criterion {
	where := "scorecard." + e.Key
	c := &Criterion{ID: e.Key, At: e.At, places: map[string]diag.Position{}}
	d.nameForm(e)
	mistyped := map[string]bool{}
	for _, k := range d.entries(e.Value, where) {
		v := k.Value
		if v.Kind == Null {
			continue
		}
		c.places[k.Key] = v.At
		switch k.Key {
		case "label":
			c.Label = d.text(v)
		case "weight":
			c.Weight = d.weight(v, where+".weight")
		case "today":
			c.Today = d.points(v, where+".today")
		case "expected":
			c.Low, c.High = d.pointRange(v, where+".expected")
			c.Expected = (c.Low + c.High) / 2
		case "why":
			c.Why = d.text(v)
		case "source":
			c.Source = d.text(v)
		case "grade":
			c.Grade = d.oneOf(v, "grade", []string{"A", "B", "C", "D"})
		default:
			d.unknownKey(k, where, criterionKeys)
			mistyped[NearestKey(k.Key, criterionKeys)] = true
		}
	}
	if e.Value.Kind != Map {
		return c
	}
	for _, key := range []string{"weight", "today", "expected"} {
		if v := e.Value.Get(key); (v == nil || v.Kind == Null) && !mistyped[key] {
			d.add("value_missing", e.At, diag.Args{"name": where, "key": key, "example": key + ": " + map[string]string{"weight": "10", "today": "4", "expected": "7"}[key]})
		}
	}
	return c
}

// weight reads a number above 0; 30 % is 30.
func (d *decoder) weight(n *Node, what string) float64 {
	x, ok := d.constant(n, what, "10")
	if !ok {
		return 0
	}
	if unit := x.Unit.Text; unit != "" && unit != "%" || !(x.Value > 0) || math.IsInf(x.Value, 0) {
		d.add("criterion_weight", n.Inside(x.Span), diag.Args{"text": n.Text})
		return 0
	}
	return x.Value
}

// points reads a number from 0 to 10.
func (d *decoder) points(n *Node, what string) float64 {
	x, ok := d.constant(n, what, "7")
	if !ok {
		return 0
	}
	return d.onScale(n, x)
}

func (d *decoder) onScale(n *Node, x *formula.Number) float64 {
	if x.Unit.Text != "" || !(x.Value >= 0 && x.Value <= MaxPoints) {
		d.add("criterion_points", n.Inside(x.Span), diag.Args{"text": x.Text + x.Unit.Text, "limit": MaxPoints})
		return 0
	}
	return x.Value
}

// pointRange reads points, or the lowest and the highest that are to be expected: 6 .. 8.
func (d *decoder) pointRange(n *Node, what string) (low, high float64) {
	e := d.formula(n)
	r, ok := e.(*formula.Range)
	if !ok {
		if e == nil {
			return 0, 0
		}
		low = d.points(n, what)
		return low, low
	}
	if len(r.Items) != 2 {
		d.add("criterion_range", n.Inside(r.Place()), diag.Args{"text": n.Text})
		return 0, 0
	}
	before := len(d.found)
	low, high = d.onScale(n, r.Items[0]), d.onScale(n, r.Items[1])
	if len(d.found) == before && low > high {
		d.add("criterion_range", n.Inside(r.Place()), diag.Args{"text": n.Text})
		return 0, 0
	}
	return low, high
}
