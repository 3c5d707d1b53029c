package workbook

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// input is one assumption: a row of the sheet of assumptions, whose last cell carries the name.
type input struct {
	name, label, group        string
	unit, conv, format        string
	source, grade, note, text string
	low, mid, high            *float64
	scale                     float64
	own                       []*float64 // by variant, in the unit of the row
	formulas                  []string   // by variant, where it is a formula
	fixed                     bool       // not for changing
}

// groups of assumptions in the order of the sheet; the rest of an id behind them is a path.
var groups = []string{"general", "assumptions", "factors", "costs", "benefits", "packages", "chain"}

func group(id string) string {
	head, _, path := strings.Cut(id, ".")
	switch {
	case !path:
		return "assumptions"
	case head == "costs" || head == "benefits" || head == "packages" || head == "chain":
		return head
	}
	for _, c := range casefile.CurveNames {
		if c == head {
			return "factors"
		}
	}
	return "assumptions"
}

func (b *builder) input(id, name string) *input {
	in := b.known[id]
	if in == nil {
		in = &input{name: b.name(name), own: make([]*float64, len(b.all)), formulas: make([]string, len(b.all)), scale: 1}
		b.known[id] = in
		b.entries = append(b.entries, in)
	}
	return in
}

// general is an assumption that every case has; scenarios may say otherwise.
func (b *builder) general(name string, args diag.Args, v float64, format string) *input {
	key := name
	if n, ok := args["n"]; ok {
		key = strings.Replace(name, "rollout_", fmt.Sprintf("rollout_%v_", n), 1)
	}
	in := b.input("general "+key, key)
	in.label, in.group, in.format = b.t("input."+name, args), "general", format
	in.own[b.k] = &v
	if in.mid == nil {
		in.mid = &v
	}
	return in
}

func (b *builder) generals() {
	b.each(func() {
		f := b.m.File
		b.general("discount_rate", nil, f.Discount, "percent2")
		b.general("finance_rate", nil, f.FinanceRate, "percent2")
		b.general("reinvest_rate", nil, f.ReinvestRate, "percent2")
		b.general("hours_per_month", nil, quantity.HoursPerMonth, "number3")
		b.general("days_per_month", nil, quantity.DaysPerMonth, "number4")
		b.general("imitation", nil, model.Imitation, "number3")
		b.general("horizon", nil, float64(f.Horizon), "whole").fixed = true
		if f.Start != "" {
			if t, err := time.Parse("2006-01", f.Start); err == nil {
				b.general("start", nil, serial(t), "date").fixed = true // seasons are laid out from it
			}
		}
		if f.Tax != nil {
			b.general("tax_rate", nil, f.Tax.Rate, "percent2")
			b.general("depreciation_months", nil, float64(f.Tax.DepreciationMonths), "whole")
		}
		for i, w := range f.Rollout {
			b.general("rollout_month", diag.Args{"n": i + 1}, float64(w.Month), "whole")
			b.general("rollout_share", diag.Args{"n": i + 1}, w.Share, "percent1")
		}
	})
}

// constant is the name of a value that is the same in every month.
func (b *builder) constant(q *model.Quantity) string {
	in := b.input(q.ID, q.ID)
	if in.own[b.k] != nil || in.formulas[b.k] != "" {
		return in.name
	}
	if in.label == "" {
		in.label, in.group = b.label(q), group(q.ID)
		in.source, in.grade, in.note = q.Source, q.Grade, q.Note
	}
	num, isNumber := q.Expr.(*formula.Number)
	if !q.Uncertain() && !isNumber {
		in.text = formula.String(q.Expr)
		in.formulas[b.k] = b.expr(q, q.Expr, place{sheet: b.inputs, line: b.current}).s
		return in.name
	}
	var low, mid, high float64
	if q.Uncertain() {
		low, mid, high = q.Dist.Quantile(0.1)*q.Factor, q.Dist.Quantile(0.5)*q.Factor, q.Dist.Quantile(0.9)*q.Factor
	} else {
		mid = num.Canonical()
	}
	if in.mid == nil {
		in.scale = q.Unit.Scale
		if in.scale == 0 {
			in.scale = 1
		}
		if q.Unit.Percent {
			in.scale *= 100
		}
		in.unit, in.conv = q.Unit.Text, conversion(q.Unit)
		in.mid = pointer(mid / in.scale)
		values := []float64{*in.mid}
		if q.Uncertain() {
			in.low, in.high = pointer(low/in.scale), pointer(high/in.scale)
			values = append(values, *in.low, *in.high)
		}
		in.format = numberLook(values, q.Unit.Percent)
	}
	in.own[b.k] = pointer(mid / in.scale)
	return in.name
}

func pointer(v float64) *float64 { return &v }

// numberLook is the format with as many decimals as the values need, at most four.
func numberLook(values []float64, percent bool) string {
	name := "number"
	digits, most := 0, 4
	for _, v := range values {
		if percent {
			name, v, most = "percent", v*100, 2
		}
		if math.Abs(v) >= 1000 {
			continue
		}
		for digits < most && math.Abs(math.Round(v*math.Pow10(digits))-v*math.Pow10(digits)) > 1e-6*math.Abs(v) {
			digits++
		}
	}
	return fmt.Sprint(name, digits)
}

// Columns of the sheet of assumptions.
const (
	colMiddle = 4
	colChosen = 6
	colValue  = 8
	colOwn    = 12 // of the first variant
)

// assumptions writes the sheet once all that formulas name is known.
func (b *builder) assumptions() {
	s := b.inputs
	s.add(b.v("title", b.t("title.inputs", nil)))
	s.add(b.v("note", b.t("inputs.how", nil)))
	if len(b.all) > 1 {
		s.add(b.v("note", b.t("inputs.scenarios", nil)))
	} else {
		s.add()
	}
	var heads []*cell
	for _, k := range []string{"label", "name", "low", "middle", "high", "chosen", "unit", "value", "source", "grade", "note"} {
		heads = append(heads, b.v("head", b.t("column."+k, nil)))
	}
	if len(b.all) > 1 {
		for _, x := range b.all {
			heads = append(heads, b.v("head", x.label))
		}
	}
	s.add(heads...)
	s.freeze = head
	s.widths = []float64{40, 24, 11, 11, 11, 12, 12, 14, 34, 7, 34}
	for _, g := range groups {
		begun := false
		for _, in := range b.entries {
			if in.group != g {
				continue
			}
			if !begun {
				var cells []*cell
				for range len(heads) {
					cells = append(cells, b.v("section", nil))
				}
				cells[0].value = b.t("group."+g, nil)
				s.add(cells...)
				begun = true
			}
			b.assumption(in)
		}
	}
}

func (b *builder) assumption(in *input) {
	s := b.inputs
	n := len(s.rows) + 1
	look := "in:"
	if in.fixed {
		look = "plain:"
	}
	given := func(v *float64) *cell {
		if v == nil {
			return nil
		}
		return b.v("plain:"+in.format, *v)
	}
	cells := []*cell{b.v("text", in.label), b.v("note", in.name), given(in.low), given(in.mid), given(in.high), nil, b.v("note", in.unit), nil,
		b.v("note", in.source), b.v("note", in.grade), b.v("note", in.note)}
	differs := false
	parts := make([]string, len(b.all))
	for k := range b.all {
		switch {
		case in.formulas[k] != "":
			parts[k] = in.formulas[k]
		case in.own[k] != nil:
			parts[k] = fmt.Sprintf("%s%d%s", column(colChosen), n, in.conv)
			differs = differs || *in.own[k] != *in.mid
		}
	}
	if in.mid != nil {
		mid := fmt.Sprintf("%s%d", column(colMiddle), n)
		chosen := mid
		if differs {
			own := fmt.Sprintf("INDEX($%s%d:$%s%d,scenario)", column(colOwn), n, column(colOwn+len(b.all)-1), n)
			chosen = "IF(ISBLANK(" + own + ")," + mid + "," + own + ")"
		}
		cells[colChosen-1] = b.f(look+in.format, chosen)
	} else if in.note == "" {
		cells[10] = b.v("note", "= "+in.text)
	}
	look = "plain:number4"
	if in.group == "general" {
		look = "plain:" + in.format
	}
	cells[colValue-1] = b.f(look, b.choose(parts))
	if differs {
		for k := range b.all {
			if in.own[k] == nil || *in.own[k] == *in.mid {
				cells = append(cells, nil)
				continue
			}
			cells = append(cells, b.v("in:"+in.format, *in.own[k]))
		}
	}
	s.add(cells...)
	b.define(in.name, s, n, colValue, n, colValue)
}
