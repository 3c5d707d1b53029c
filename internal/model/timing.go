package model

import (
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// timing takes the catalogue's timing where the case gives none.
func (b *builder) timing(l *Line, f *casefile.Line, when catalogue.When) {
	if len(l.Months) > 0 || l.From >= 0 || l.To >= 0 || f.Every > 0 {
		return
	}
	if when.At != nil {
		l.Months = []int{*when.At}
		if when.Every > 0 {
			f.Every = when.Every
		} else if *when.At > b.m.File.Horizon {
			l.Months = []int{b.m.File.Horizon} // an exit at the end of a shorter horizon
		}
	}
	if when.From != nil {
		l.From = *when.From
	}
	if when.To != nil {
		l.To = *when.To
	}
}

// repeat spells out `every`.
func (b *builder) repeat(l *Line, f *casefile.Line) {
	if f.Every <= 0 || len(l.Months) > 1 {
		return
	}
	first := 0
	if len(l.Months) == 1 {
		first = l.Months[0]
	}
	last := b.m.File.Horizon
	if f.To >= 0 {
		last = min(last, f.To)
	}
	l.Months, l.To = nil, -1
	for m := first; m <= last; m += f.Every {
		l.Months = append(l.Months, m)
	}
}

// checkLine checks dimensions and timing of a line whose quantities are checked.
func (b *builder) checkLine(l *Line) {
	b.ignored(l)
	money, flow := quantity.Money, quantity.Flow
	if l.Escalates != nil {
		b.expect(l.Escalates, want{dims: []quantity.Dim{quantity.PerTime}, unit: "%/year"})
	}
	if l.Risk != nil {
		b.expect(l.Risk, want{dims: []quantity.Dim{quantity.Plain}, unit: "%", share: true})
	}
	if l.Amount == nil {
		b.sign(l)
	}
	for _, q := range append([]*Quantity{l.Initial}, l.Yearly...) {
		if q == nil {
			continue
		}
		if q.state == done && q.Dim == quantity.Plain {
			q.Dim = quantity.Money // bare numbers of a table are in the case's currency
		}
		b.expect(q, want{dims: []quantity.Dim{money}, unit: "money"})
	}
	if l.Effect != nil {
		b.expect(l.Effect, want{dims: []quantity.Dim{quantity.Plain}, unit: "%"})
	}
	if l.Amount == nil || l.Amount.state != done || l.Amount.broken {
		return
	}
	b.sign(l)
	scheduled := len(l.Months) > 0
	ranged := l.From >= 0 || l.To >= 0
	if n, ok := l.Amount.Expr.(*formula.Number); ok && n.Value == 0 && n.Unit.Text == "" {
		l.Amount.Dim = money
		if ranged {
			l.Amount.Dim = flow
		}
	}
	switch l.Amount.Dim {
	case money:
		if ranged && !scheduled {
			b.add("once_without_at", b.whole(l.Amount), diag.Args{"line": l.ID, "currency": b.m.File.Currency})
		}
		if !scheduled && !ranged && l.Amount.node != nil {
			b.advice = append(b.advice, func() {
				if v, ok := constant(l.Amount.Expr); !ok || v != 0 {
					b.warn("once_at_start", b.whole(l.Amount), diag.Args{"line": l.ID, "currency": b.m.File.Currency})
				}
			})
		}
		if !scheduled {
			l.Months = []int{0}
		}
	case flow:
		if scheduled {
			b.add("flow_with_at", b.whole(l.Amount), diag.Args{"line": l.ID, "currency": b.m.File.Currency})
		}
	default:
		b.expect(l.Amount, want{dims: []quantity.Dim{money, flow}, unit: "money/month"})
	}
}

// sign warns of amounts below zero: both groups are written as positive numbers.
func (b *builder) sign(l *Line) {
	all := []*Quantity{l.Amount}
	if !l.Benefit {
		all = append(append(all, l.Initial), l.Yearly...)
	}
	for _, q := range all {
		if q == nil || q.broken || q.node == nil {
			continue
		}
		below := negative(follow(q))
		if d := follow(q).Dist; d != nil {
			below = d.Quantile(0.9) < 0
		}
		if below {
			group := "costs"
			if l.Benefit {
				group = "benefits"
			}
			b.warn("negative_amount", b.whole(q), diag.Args{"line": l.ID, "group": group})
			return
		}
	}
}

// negative reports whether a formula has the sign of a negative number, if every name in it is positive.
func negative(q *Quantity) bool {
	var below func(e formula.Expr) bool
	below = func(e formula.Expr) bool {
		switch e := e.(type) {
		case *formula.Number:
			return e.Value < 0
		case *formula.Neg:
			return !below(e.X)
		case *formula.InUnit:
			return below(e.X)
		case *formula.Binary:
			if e.Op == "*" || e.Op == "/" {
				return below(e.X) != below(e.Y)
			}
		}
		return false
	}
	return below(q.Expr)
}

// place is the place of the value of a key of the line, its own where it was not written in the file.
func (l *Line) place(key string) diag.Position {
	if l.file == nil {
		return l.At
	}
	return l.file.Place(key)
}

// ignored warns about what the line says and nothing comes of.
func (b *builder) ignored(l *Line) {
	f := b.m.File
	if l.Chain != nil && len(l.Months) > 0 {
		b.warn("at_on_chain", l.place("at"), diag.Args{"line": l.ID})
	}
	if len(l.Yearly) > 0 && 12*len(l.Yearly) > f.Horizon+11 {
		b.warn("years_after_horizon", l.place("yearly"), diag.Args{"line": l.ID, "years": len(l.Yearly), "horizon": f.Horizon})
	}
	if l.Capital && f.Tax == nil {
		b.warn("capital_without_tax", l.place("capital"), diag.Args{"line": l.ID})
	}
}
