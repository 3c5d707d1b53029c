// Package fill brings measured key figures into a case file: value, range, source and grade A. Start with Measure, which
// says what the data say, and Into, which writes it where the case has an assumption for it. Which figure fills which
// assumption is data: fill.yaml.
package fill

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

//go:embed fill.yaml
var text []byte

// Take is what is made of a figure's months.
type Take string

// The ways to take a figure.
const (
	Value    Take = "value"
	PerMonth Take = "per_month"
	PerYear  Take = "per_year"
	LastBase Take = "last_base"
	MeanBase Take = "mean_base"
)

// Rule says how an assumption is filled.
type Rule struct {
	// Target is an input of a chain or lever, or a path of the case file.
	Target string
	Figure string
	Take   Take
	// Unit is as the catalogue writes it: money is the case's currency.
	Unit string
	// Asked rules hold only where someone names them.
	Asked bool
}

// Rules are all of them, in the order in which a case names such things.
var Rules = sync.OnceValue(func() []Rule {
	root, found := casefile.ParseYAML("fill.yaml", text)
	if found.Err() != nil {
		panic(found) // embedded
	}
	var all []Rule
	for _, e := range root.Entries {
		r := Rule{Target: e.Key}
		for _, k := range e.Value.Entries {
			switch k.Key {
			case "figure":
				r.Figure = k.Value.Text
			case "take":
				r.Take = Take(k.Value.Text)
			case "unit":
				r.Unit = k.Value.Text
			case "asked":
				r.Asked = k.Value.Text == "true"
			}
		}
		all = append(all, r)
	}
	return all
})

// general is how a figure fills an assumption that no rule names.
func general(f kpi.Figure) Rule {
	r := Rule{Figure: f.ID, Take: Value, Asked: true, Unit: map[kpi.Unit]string{kpi.Share: "%", kpi.Money: "money", kpi.Daily: "money/day", kpi.Days: "day", kpi.Minutes: "min"}[f.Unit]}
	if f.Counts() {
		r.Take, r.Unit = PerMonth, r.Unit+"/month"
	}
	return r
}

// Wish is a figure that someone wants filled, and where; To is empty for the assumption of the rules.
type Wish struct{ Figure, To string }

// ParseWish reads FIGURE or FIGURE=ASSUMPTION. kpi.ErrFigure.
func ParseWish(s string) (Wish, error) {
	id, to, _ := strings.Cut(s, "=")
	w := Wish{strings.TrimSpace(id), strings.TrimSpace(to)}
	if _, ok := kpi.Find(w.Figure); !ok {
		return w, fmt.Errorf("%w: %q", kpi.ErrFigure, w.Figure)
	}
	return w, nil
}

// Finding is what the data say about an assumption. Value, Low and High are in the rule's unit (a share in per cent); Low
// and High enclose it with 80 %, as a case's range does, and are equal to it where the number is counted, not estimated.
type Finding struct {
	Rule
	// To is the path that was asked for, empty for what the rule says.
	To               string
	Value, Low, High float64
	// N is the number of records behind it.
	N           int64
	First, Last int64
	// Reason says why there is no value; then the numbers are 0.
	Reason kpi.Reason
}

// ErrWish is a figure that no rule brings into a case.
var ErrWish = errors.New("fill: no rule fills an assumption from this figure")

// Measure computes what the rules need, or what is wished for. The figures are those of all teams.
func Measure(ctx context.Context, db kpi.Database, d kpi.Dialect, s warehouse.Source, o kpi.Options, wishes []Wish) ([]Finding, error) {
	var all []Finding
	for _, r := range Rules() {
		if len(wishes) == 0 && !r.Asked || slices.Contains(wishes, Wish{Figure: r.Figure}) {
			all = append(all, Finding{Rule: r, First: o.First, Last: o.Last})
		}
	}
	for _, w := range wishes {
		f, ok := kpi.Find(w.Figure)
		i := slices.IndexFunc(Rules(), func(r Rule) bool {
			return r.Figure == w.Figure && (w.To == "" || r.Target == w.To[strings.LastIndexByte(w.To, '.')+1:] || r.Target == w.To)
		})
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: %q", kpi.ErrFigure, w.Figure)
		case w.To == "" && i < 0:
			return nil, fmt.Errorf("%w: %s", ErrWish, w.Figure)
		case w.To == "":
			continue
		}
		r := general(f)
		if i >= 0 {
			r = Rules()[i]
		} else if k := slices.IndexFunc(Rules(), func(r Rule) bool { return r.Figure == w.Figure && !r.Asked }); k >= 0 {
			r = Rules()[k]
		}
		all = append(all, Finding{Rule: r, To: w.To, First: o.First, Last: o.Last})
	}
	o.Figures = nil
	for _, f := range all {
		if !slices.Contains(o.Figures, f.Figure) {
			o.Figures = append(o.Figures, f.Figure)
		}
	}
	monthly, err := kpi.Compute(ctx, db, d, s, o)
	if err != nil {
		return nil, err
	}
	o.Together = true
	together, err := kpi.Compute(ctx, db, d, s, o)
	if err != nil {
		return nil, err
	}
	for i := range all {
		k := slices.Index(o.Figures, all[i].Figure)
		all[i].take(monthly[k].Points[0], together[k].Points[0][0])
	}
	return all, nil
}

// The half widths of normal intervals of 80 % and 95 %.
const (
	z80 = 1.2815515655446004
	z95 = 1.959963984540054
)

// take makes the value of a figure's months and of all of them together.
func (f *Finding) take(months []kpi.Point, all kpi.Point) {
	figure, _ := kpi.Find(f.Figure)
	if figure.Counts() {
		all.Value, all.Reason = nil, kpi.None
		sum, n, begun := 0.0, 0, false
		for _, p := range months {
			if begun = begun || p.Value != nil && *p.Value > 0; begun && p.Value != nil {
				sum, n = sum+*p.Value, n+1
			}
		}
		if n > 0 && sum > 0 {
			mean := sum / float64(n)
			all.Value, all.N = &mean, int64(sum)
			half := z95 * math.Sqrt(sum) / float64(n)
			all.Low, all.High = new(max(0, mean-half)), new(mean+half)
		}
	}
	if f.Take == LastBase || f.Take == MeanBase {
		f.base(months)
		return
	}
	if all.Value == nil {
		f.Reason = cmp.Or(all.Reason, kpi.None)
		return
	}
	f.N, f.Value, f.Low, f.High = all.N, *all.Value, *all.Value, *all.Value
	if all.Low != nil && all.High != nil {
		f.Low, f.High = f.Value-(f.Value-*all.Low)*z80/z95, f.Value+(*all.High-f.Value)*z80/z95
	}
	// Months differ by more than chance lets single records differ: the wider of the two ranges holds.
	if se := jackknife(parts(figure, months)); se > 0 {
		f.Low, f.High = min(f.Low, f.Value-z80*se), max(f.High, f.Value+z80*se)
	}
	switch {
	case figure.Unit == kpi.Share:
		f.Low, f.High = max(0, f.Low), min(1, f.High)
	default:
		f.Low = max(0, f.Low)
	}
	if f.Take == PerYear {
		year := func(share float64) float64 { return 1 - math.Pow(1-share, 12) }
		f.Value, f.Low, f.High = year(f.Value), year(f.Low), year(f.High)
	}
	if figure.Unit == kpi.Share {
		f.Value, f.Low, f.High = 100*f.Value, 100*f.Low, 100*f.High
	}
}

// base takes what a figure counts against.
func (f *Finding) base(months []kpi.Point) {
	f.Reason = kpi.None
	if f.Take == LastBase {
		for _, p := range slices.Backward(months) {
			if p.N >= kpi.Fewest {
				f.Value, f.N, f.Reason = p.Denominator, p.N, ""
				f.Low, f.High = f.Value, f.Value
				return
			}
		}
		return
	}
	var list [][2]float64
	amount, records := 0.0, int64(0)
	for _, p := range months {
		if p.N >= kpi.Fewest {
			amount, records = amount+p.Denominator, records+p.N
			list = append(list, [2]float64{p.Denominator, float64(p.N)})
		}
	}
	if records == 0 {
		return
	}
	f.Reason, f.N, f.Value = "", records, amount/float64(records)
	se := jackknife(list)
	f.Low, f.High = max(0, f.Value-z80*se), f.Value+z80*se
}

// parts are numerator and denominator by month, none for figures that are no quotient of sums.
func parts(f kpi.Figure, months []kpi.Point) (list [][2]float64) {
	for _, p := range months {
		switch {
		case f.Counts() && p.Value != nil:
			list = append(list, [2]float64{*p.Value, 1})
		case !f.Counts() && p.Denominator > 0:
			list = append(list, [2]float64{p.Numerator, p.Denominator})
		}
	}
	return list
}

// jackknife is the standard error of a quotient of sums, by leaving out one month after the other (M. H. Quenouille,
// Biometrika 43, 1956; J. W. Tukey, Ann. Math. Statist. 29, 1958). 0 where fewer than three months tell anything.
func jackknife(list [][2]float64) float64 {
	if len(list) < 3 {
		return 0
	}
	a, b := 0.0, 0.0
	for _, p := range list {
		a, b = a+p[0], b+p[1]
	}
	mean, square := 0.0, 0.0
	left := make([]float64, len(list))
	for i, p := range list {
		if b-p[1] <= 0 {
			return 0
		}
		left[i] = (a - p[0]) / (b - p[1])
		mean += left[i] / float64(len(list))
	}
	for _, v := range left {
		square += (v - mean) * (v - mean)
	}
	return math.Sqrt(square * float64(len(list)-1) / float64(len(list)))
}

// Change is an assumption that was filled.
type Change struct {
	Finding
	Path     string
	Old, New string
}

// Skip is a finding that changed nothing, and why: the message fill.REASON, or kpi.reason.REASON for one without value.
type Skip struct {
	Finding
	Path   string
	Reason string
}

// Into writes findings into a case, with their source in the language of l. It answers the case, what was changed and what
// was not.
func Into(t *revision.Text, cat *catalogue.Catalogue, s warehouse.Source, findings []Finding, l *locale.Locale) (*revision.Text, []Change, []Skip, error) {
	var changes []Change
	var skips []Skip
	currency, _ := t.Value("currency")
	for _, f := range findings {
		skip := func(path, reason string) { skips = append(skips, Skip{f, path, reason}) }
		paths := targets(t, cat, f)
		switch {
		case len(paths) == 0:
			skip("", "fill.nowhere")
			continue
		case f.Reason != "":
			skip(paths[0], "kpi.reason."+string(f.Reason))
			continue
		case strings.HasPrefix(f.Unit, "money") && currency != s.Currency:
			skip(paths[0], "fill.currency")
			continue
		}
		for _, path := range paths {
			if slices.ContainsFunc(changes, func(c Change) bool { return c.Path == path }) {
				skip(path, "fill.taken")
				continue
			}
			old, _ := t.Value(path)
			if f.To == "" && revision.ParseRange(old).Kind == "formula" {
				skip(path, "fill.formula") // somebody has thought about it
				continue
			}
			c := Change{Finding: f, Path: path, Old: old, New: f.write(old, currency)}
			var err error
			if t, err = c.apply(t, s, l); err != nil {
				return nil, nil, nil, err
			}
			changes = append(changes, c)
		}
	}
	return t, changes, skips, nil
}

func (c Change) apply(t *revision.Text, s warehouse.Source, l *locale.Locale) (*revision.Text, error) {
	t, err := t.Set(c.Path, c.New)
	if err != nil {
		return nil, err
	}
	if t, err = t.SetField(c.Path, "source", c.Source(s, l)); err != nil {
		return nil, err
	}
	return t.SetField(c.Path, "grade", "A")
}

// Source is where the number comes from, in words: what stands in the case file.
func (f Finding) Source(s warehouse.Source, l *locale.Locale) string {
	return l.Text("fill.source", diag.Args{"source": s.Name, "figure": l.Text("kpi."+f.Figure, nil), "first": crm.MonthText(f.First), "last": crm.MonthText(f.Last), "count": f.N})
}

// targets are the paths of the case that a finding fills: the assumption of that name, and inputs of lines that stand for
// it, followed to the assumption that they name.
func targets(t *revision.Text, cat *catalogue.Catalogue, f Finding) (paths []string) {
	add := func(path string) {
		for range 8 { // an input that names an assumption that names another
			name, ok := t.Value(path)
			if name = strings.TrimSpace(name); !ok || !t.Has("assumptions."+name) || strings.ContainsAny(name, ". ") {
				break
			}
			path = "assumptions." + name
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	if f.To != "" {
		if t.Has(f.To) {
			paths = []string{f.To}
		}
		return paths
	}
	if strings.Contains(f.Target, ".") {
		if t.Has(f.Target) {
			add(f.Target)
		}
		return paths
	}
	if t.Has("assumptions." + f.Target) {
		add("assumptions." + f.Target)
	}
	for _, id := range t.Keys("benefits") {
		name, _ := t.Value("benefits." + id + ".lever")
		lever, err := cat.Lever(name)
		if name == "" || err != nil {
			continue
		}
		for _, in := range lever.Inputs {
			path := "benefits." + id + "." + in.Name
			if (in.Chain == f.Target || in.Chain == "" && in.Name == f.Target && sameUnit(in.Unit, f.Unit)) && t.Has(path) {
				add(path)
			}
		}
	}
	return paths
}

func sameUnit(a, b string) bool {
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

// write is the value as the case writes it: as many digits as the range bears, grouped as the old value was.
func (f Finding) write(old, currency string) string {
	unit := strings.Replace(f.Unit, "money", currency, 1)
	digits := func(v float64) string { return decimal(v, f.High-f.Low) }
	low, middle, high := digits(f.Low), digits(f.Value), digits(f.High)
	if low == high {
		low, high = "", ""
	}
	if r := revision.ParseRange(old); r.Kind == "number" || r.Kind == "range" {
		if sameUnit(r.Unit, unit) && (low != "" || r.Kind == "number" || r.Middle != "") {
			if s, err := revision.WithRange(old, low, middle, high); err == nil {
				return s
			}
		}
	}
	s := middle
	if low != "" {
		s = low + " .. " + middle + " .. " + high
	}
	return strings.TrimSpace(s + " " + unit)
}

// decimal writes a value with two significant digits of its range, at most four of its own where it has none.
func decimal(v, span float64) string {
	if !(span > 0) {
		if v == math.Trunc(v) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		span = math.Abs(v) / 100
	}
	return revision.Decimal(v, math.Pow(10, math.Floor(math.Log10(span))-1))
}
