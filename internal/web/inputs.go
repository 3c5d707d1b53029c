package web

import (
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/revision"
)

// tag is a short label with a colour: good, bad, note, or none.
type tag struct{ Text, Class, Title string }

// row is one input of a case as the pages show it.
type row struct {
	ID, Label, Path     string
	Value, Unit         string
	Grade               tag
	Source, Note        string
	Changed             bool
	Slider              *slider
	TraceHref, EditHref string
	Density             template.HTML
	quantity            *model.Quantity
	parsed              revision.Range
	low, middle, high   float64
	OOB                 bool
}

// slider is the scale of a row and where its handles stand; the numbers are texts with a dot, as HTML wants them.
type slider struct {
	// Scale says how the range follows its middle, Whole is a whole share in the unit of the file.
	Scale, Whole               string
	Label                      string
	Path, Live, Edit, Scenario string
	Min, Max, Step             string
	Low, Middle, High          string
	LowAt, MiddleAt, HighAt    string
	// With their unit, for a screen reader.
	LowText, MiddleText, HighText string
	Digits                        int
}

// group is a set of rows under a heading.
type group struct {
	ID, Title, Note string
	Rows            []row
}

// place is which case, scenario and revision a page is about, for its links.
type place struct {
	ID, Scenario string
	Revision     int    // 0 is the newest, or the person's draft of it
	Base         string // path before "/trace": /cases/ID or a shared link
	CanEdit      bool
}

// query is what links to the same scenario and revision end with.
func (p place) query(more ...string) string {
	v := url.Values{}
	if p.Scenario != "" {
		v.Set("scenario", p.Scenario)
	}
	if p.Revision > 0 {
		v.Set("revision", strconv.Itoa(p.Revision))
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func (p place) trace(of string) string { return p.Base + "/trace" + p.query("of", of) }

// rows makes the rows of all inputs that the file writes down as numbers or ranges, grouped as the workspace shows them.
// before is the text that the draft started from, for what is changed; nil for none.
func groups(a *calc.Answer, text, before *revision.Text, p place, l *locale.Locale) []group {
	all := map[string]*group{}
	order := []string{"base", "benefits", "adoption", "data_quality", "process", "costs"}
	for _, id := range order {
		all[id] = &group{ID: id, Title: l.Text("web.group."+id, nil)}
	}
	all["benefits"].Note = l.Text("web.group.benefits.note", nil)
	for _, q := range a.Model.Quantities {
		r, ok := rowOf(a, q, text, before, p, l)
		if !ok {
			continue
		}
		g := all[groupOf(q)]
		g.Rows = append(g.Rows, r)
	}
	var out []group
	for _, id := range order {
		if g := all[id]; len(g.Rows) > 0 {
			out = append(out, *g)
		}
	}
	return out
}

func groupOf(q *model.Quantity) string {
	name, _, dotted := strings.Cut(q.ID, ".")
	switch {
	case dotted && slices.Contains(casefile.CurveNames, name):
		return name
	case q.Line != nil && !q.Line.Benefit:
		return "costs"
	case q.Role == model.Cost:
		return "costs"
	case q.Role == model.Effect && (q.Line != nil || q.Uncertain()):
		return "benefits"
	}
	return "base"
}

// rowOf is the row of a quantity that the file states as a number or a range.
func rowOf(a *calc.Answer, q *model.Quantity, text, before *revision.Text, p place, l *locale.Locale) (row, bool) {
	written, in := valueAt(text, q.ID, p.Scenario)
	if written == "" {
		return row{}, false
	}
	r := row{ID: strings.NewReplacer(".", "-").Replace(q.ID), Path: q.ID, Label: once(a.Label(q)), Source: q.Source, Note: q.Note, Grade: gradeTag(q, l),
		TraceHref: p.trace(q.ID), quantity: q, parsed: revision.ParseRange(written)}
	if r.parsed.Kind == "formula" {
		return row{}, false
	}
	if p.CanEdit {
		r.EditHref = p.Base + "/edit" + p.query("path", q.ID)
	}
	if before != nil {
		old, _ := valueAt(before, q.ID, p.Scenario)
		r.Changed = old != written
	}
	_ = in
	r.numbers(q)
	values := []float64{r.middle}
	if r.parsed.Uncertain() {
		values = []float64{r.low, r.middle, r.high}
	}
	for i, v := range values {
		values[i] = shortened(v)
	}
	r.Value, r.Unit = l.Span(values, unitOf(q))
	if p.CanEdit {
		r.Slider = r.slider(q, p)
	}
	if s := r.Slider; s != nil {
		for i, text := range []*string{&s.LowText, &s.MiddleText, &s.HighText} {
			number, unit := l.Span(values[i:i+1], unitOf(q))
			*text = strings.TrimSpace(number + " " + unit)
		}
	}
	return r, true
}

// once tells "Abwanderung: Abwanderung", an input that is called like its line, only once.
func once(label string) string {
	if line, input, ok := strings.Cut(label, ": "); ok && line == input {
		return line
	}
	return label
}

// valueAt is what the file says at a path, in the scenario where that says something, else in the case itself.
func valueAt(text *revision.Text, path, scenario string) (written, at string) {
	if scenario != "" {
		at = "scenarios." + scenario + "." + path
		if v, ok := text.Value(at); ok {
			return v, at
		}
	}
	v, _ := text.Value(path)
	return v, path
}

// unitOf is the unit of a quantity as a person writes it.
func unitOf(q *model.Quantity) string {
	if q.Unit.Text == "" && q.IsShare() {
		return ""
	}
	return q.Unit.Text
}

// numbers are P10, P50 and P90 in the unit the file uses, or the number alone.
func (r *row) numbers(q *model.Quantity) {
	scale := q.Unit.Scale
	if scale == 0 {
		scale = 1
	}
	if q.Dist != nil {
		f := q.Factor / scale
		r.low, r.middle, r.high = q.Dist.Quantile(0.1)*f, q.Dist.Quantile(0.5)*f, q.Dist.Quantile(0.9)*f
		return
	}
	if v, ok := model.Number(q); ok {
		r.middle = v / scale
	}
	if v, err := strconv.ParseFloat(r.parsed.Middle, 64); err == nil {
		r.middle = v
	}
	r.low, r.high = r.middle, r.middle
}

// shortened keeps what a person would write: four significant digits, all digits before the point.
func shortened(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	places := max(0, 3-int(math.Floor(math.Log10(math.Abs(v)))))
	scale := math.Pow(10, float64(min(places, 12)))
	return math.Round(v*scale) / scale
}

// slider scales the row's handles; nil where the value is none that a slider can move.
func (r *row) slider(q *model.Quantity, p place) *slider {
	if r.parsed.Kind != "range" {
		return nil // what is known for sure is typed
	}
	low, high := r.low, r.high
	width := high - low
	lowest, highest := low-width*0.75, high+width*0.75
	if low >= 0 {
		lowest = max(0, lowest)
	}
	if q.IsShare() {
		most := 1.0
		if q.Unit.Text == "%" {
			most = 100
		}
		lowest, highest = max(0, lowest), min(most, highest)
	}
	step := revision.Step(lowest, highest)
	if q.Unit.Text == "" && !q.IsShare() && r.middle == math.Trunc(r.middle) && step < 1 {
		step = 1
	}
	lowest, highest = revision.Nice(lowest, step), revision.Nice(highest, step)
	if highest-lowest < 2*step {
		return nil
	}
	at := func(v float64) string {
		return strconv.FormatFloat(math.Round(1000*math.Min(1, math.Max(0, (v-lowest)/(highest-lowest))))/10, 'f', -1, 64)
	}
	digits := 0
	if _, after, ok := strings.Cut(revision.Decimal(step, step), "."); ok {
		digits = len(after)
	}
	// The handles stand where the file says, also between two steps.
	exact := func(v float64) string { return strconv.FormatFloat(shortened(v), 'f', -1, 64) }
	scale, whole := "distance", ""
	switch {
	case q.IsShare():
		scale, whole = "odds", "1"
		if q.Unit.Text == "%" {
			whole = "100"
		}
	case r.low > 0:
		scale = "factor"
	}
	return &slider{Label: r.Label, Scale: scale, Whole: whole, Path: q.ID, Live: "/cases/" + p.ID + "/live", Edit: "/cases/" + p.ID + "/edit", Scenario: p.Scenario,
		Min: revision.Decimal(lowest, step), Max: revision.Decimal(highest, step), Step: revision.Decimal(step, step),
		Low: exact(r.low), Middle: exact(r.middle), High: exact(r.high), LowAt: at(r.low), MiddleAt: at(r.middle), HighAt: at(r.high), Digits: digits}
}

// gradeTag says what a value rests on.
func gradeTag(q *model.Quantity, l *locale.Locale) tag {
	g := q.Grade
	if g == "" {
		if !q.Uncertain() {
			return tag{}
		}
		return tag{l.Text("web.grade.none", nil), "bad", l.Text("web.grade.none.title", nil)}
	}
	return gradeText(g, l)
}

func gradeText(g string, l *locale.Locale) tag {
	if g == "" {
		return tag{}
	}
	class := map[string]string{"A": "good", "B": "", "C": "note", "D": "bad"}[g]
	return tag{l.Text("web.grade."+strings.ToLower(g), nil), class, l.Text("web.grade.title", diag.Args{"grade": g})}
}
