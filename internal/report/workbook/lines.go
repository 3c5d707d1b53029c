package workbook

import (
	"fmt"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
)

// position is a cost or benefit of the case or of one of its scenarios.
type position struct {
	id      string
	benefit bool
	lines   []*model.Line // by variant, nil where it has none
}

func (p *position) any() *model.Line {
	for _, l := range p.lines {
		if l != nil {
			return l
		}
	}
	return nil
}

// unite lists the lines of all variants, costs before benefits.
func (b *builder) unite() {
	for _, benefit := range []bool{false, true} {
		at := map[string]*position{}
		b.each(func() {
			for _, l := range b.m.Lines {
				if l.Benefit != benefit {
					continue
				}
				p := at[l.ID]
				if p == nil {
					p = &position{id: l.ID, benefit: benefit, lines: make([]*model.Line, len(b.all))}
					at[l.ID] = p
					b.lineup = append(b.lineup, p)
				}
				p.lines[b.k] = l
			}
		})
	}
}

// rows adds the timing and the flow of every line.
func (b *builder) rows() {
	b.months = &row{sheet: b.factors, n: head}
	b.each(func() {
		b.years = b.row("years", "plain:number", b.t("years", nil), "", func(at place, _ *row) expr {
			return plain("MAX(0,INT((" + b.months.at(at).s + "-1)/12))")
		})
		for _, q := range b.m.Quantities {
			if !b.monthlyQuantity(q) && !b.says(q) {
				b.constant(q)
			}
		}
	})
	b.unite()
	for _, p := range b.lineup {
		b.times(p)
	}
	for _, p := range b.lineup {
		l := p.any()
		n := len(b.lines.rows) + 1
		cells := []*cell{b.v("text", b.lineLabel(l)), b.v("note", b.l.Term(l.Kind)), nil, nil, b.f("strong:number", fmt.Sprintf("SUM(%s%d:%s%d)", column(first), n, column(first+b.h), n))}
		for m := 0; m <= b.h; m++ {
			parts := make([]string, len(b.all))
			b.each(func() {
				parts[b.k] = "0"
				if l := p.lines[b.k]; l != nil && m <= b.m.File.Horizon {
					b.current = l
					parts[b.k] = b.flow(l, place{b.lines, m, l}).s
				}
			})
			cells = append(cells, b.f("plain:number", b.choose(parts)))
		}
		b.lines.add(cells...)
	}
	b.writeFactors()
}

// times adds when a line runs: from and to of a flow, the months of payments.
func (b *builder) times(p *position) {
	n := len(b.timing.rows) + 1
	from, to := make([]string, len(b.all)), make([]string, len(b.all))
	counts := make([][]int, len(b.all))
	flows, needed := false, false
	b.each(func() {
		l := p.lines[b.k]
		if l == nil || l.Amount == nil && l.Chain == nil {
			return // a table says itself when
		}
		needed = true
		if len(l.Months) > 0 && l.Chain == nil {
			counts[b.k] = make([]int, b.h+1)
			for _, m := range l.Months {
				if m <= b.m.File.Horizon {
					counts[b.k][m]++
				}
			}
			return
		}
		flows = true
		first, last := b.m.Window(l)
		from[b.k], to[b.k] = fmt.Sprint(max(0, first)), fmt.Sprint(min(last, b.m.File.Horizon))
	})
	if !needed {
		return
	}
	cells := []*cell{b.v("text", b.lineLabel(p.any())), nil, nil, nil, nil}
	if flows {
		cells[1], cells[2] = b.setting(from), b.setting(to)
	}
	for m := 0; m <= b.h; m++ {
		parts := make([]string, len(b.all))
		for k := range b.all {
			switch {
			case counts[k] != nil:
				parts[k] = fmt.Sprint(counts[k][m])
			case from[k] != "":
				c := column(first + m)
				parts[k] = fmt.Sprintf("IF(AND(%s$%d>=$B%d,%s$%d<=$C%d),1,0)", c, head, n, c, head, n)
			}
		}
		c := b.setting(parts)
		if flows && c.formula != "" {
			c.look = "plain:whole"
		}
		cells = append(cells, c)
	}
	b.on[b.key(p)] = &row{sheet: b.timing, n: b.timing.add(cells...)}
}

// key keeps costs and benefits of one name in two scenarios apart.
func (b *builder) key(p *position) string { return fmt.Sprint(p.benefit, p.id) }

func (b *builder) during(l *model.Line) *row { return b.on[fmt.Sprint(l.Benefit, l.ID)] }

// setting is a whole number that may be changed, or one for each variant.
func (b *builder) setting(parts []string) *cell {
	s := b.choose(parts)
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err == nil && fmt.Sprint(n) == s {
		return b.v("in:whole", n)
	}
	return b.f("in:whole", s)
}

// paid is what a line pays in a month before tax; payments alone leaves out what flows.
func (b *builder) paid(l *model.Line, at place, payments bool) expr {
	scale := plain("1")
	if l.Escalates != nil {
		scale = b.escalation(b.quantity(l.Escalates, at), at)
	}
	if l.Risk != nil && l.Chain == nil {
		risk := plus(plain("1"), b.quantity(l.Risk, at))
		if l.Benefit {
			risk = minus(plain("1"), b.quantity(l.Risk, at))
		}
		scale = times(scale, risk)
	}
	switch {
	case l.Chain != nil:
		return times(times(b.during(l).at(at), b.share(l).at(at)), scale)
	case l.Amount == nil:
		switch year := (at.month + 11) / 12; {
		case at.month == 0 && l.Initial != nil:
			return times(b.quantity(l.Initial, at), scale)
		case at.month > 0 && year <= len(l.Yearly) && !payments:
			return times(over(b.quantity(l.Yearly[year-1], at), plain("12")), scale)
		}
		return plain("0")
	}
	var amount expr
	if b.monthlyQuantity(l.Amount) {
		amount = b.expr(l.Amount, l.Amount.Expr, at)
	} else {
		amount = plain(b.constant(l.Amount))
	}
	if l.Realisation != nil && !l.Explicit() {
		amount = times(amount, b.realisedBy(l).at(at))
	}
	amount = times(times(amount, scale), b.during(l).at(at))
	return call("IF", b.during(l).at(at).s+"=0", "0", amount.s)
}

// flow is what a line brings or costs in a month, after tax.
func (b *builder) flow(l *model.Line, at place) expr {
	if b.m.File.Tax == nil {
		return b.paid(l, at, false)
	}
	rest := minus(plain("1"), plain("tax_rate"))
	if !l.Capital || l.Chain != nil || l.Amount != nil && len(l.Months) == 0 {
		return times(b.paid(l, at, false), rest)
	}
	pay := b.row("payments "+l.ID, "plain:number", b.t("payments", diag.Args{"line": b.lineLabel(l)}), "", func(at place, _ *row) expr { return b.paid(l, at, true) })
	begin := b.row("written off from", "plain:number", b.t("written_off", nil), "", func(at place, _ *row) expr { return call("MAX", "1", b.months.at(at).s) })
	month := b.months.at(at).s
	part := fmt.Sprintf("SUMPRODUCT(%s*(%s>=%s)*(%s-%s<depreciation_months))/depreciation_months", pay.span(b.h), month, begin.span(b.h), month, begin.span(b.h))
	e := minus(pay.at(at), times(plain("tax_rate"), plain(part)))
	if l.Amount == nil && at.month > 0 {
		e = plus(e, times(b.paid(l, at, false), rest))
	}
	return e
}
