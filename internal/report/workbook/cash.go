package workbook

import (
	"fmt"
	"math"
)

// Rows of the cash flow that carry a name of their own.
var spanNames = []string{"benefits_by_month", "costs_by_month", "net_by_month", "discount_factor", "discounted_by_month", "net_by_period", "years_of_period",
	"cumulative_by_period", "crossings", "cumulative_discounted", "crossings_discounted", "flow_without_noise", "npv_profile", "rate_profile"}

// flows adds the cash flow by month, and by period below it.
func (b *builder) flows() {
	ends := 0
	for _, p := range b.lineup {
		if !p.benefit {
			ends++
		}
	}
	sum := func(from, to int) func(int, string, string) string {
		return func(_ int, c, _ string) string {
			if to < from {
				return "0"
			}
			return fmt.Sprintf("SUM(%s!%s%d:%s%d)", b.lines.name, c, from, c, to)
		}
	}
	months := func(key, name string, f func(k int, c, before string) string) {
		b.flowRow(key, name, b.h, "plain:number", f)
	}
	months("benefits", "benefits_by_month", sum(dates+1+ends, dates+len(b.lineup)))
	months("costs", "costs_by_month", sum(dates+1, dates+ends))
	months("net", "net_by_month", func(_ int, c, _ string) string { return b.cell("benefits", c) + "-" + b.cell("costs", c) })
	months("cumulative", "", func(k int, c, before string) string {
		if k == 0 {
			return b.cell("net", c)
		}
		return b.cell("cumulative", before) + "+" + b.cell("net", c)
	})
	b.flowRow("factor", "discount_factor", b.h, "plain:number4", func(_ int, c, _ string) string {
		if b.m.File.Yearly {
			return fmt.Sprintf("(1+discount_rate)^-ROUNDUP(%s$%d/12,0)", c, head)
		}
		return fmt.Sprintf("(1+discount_rate)^(-%s$%d/12)", c, head)
	})
	months("discounted", "discounted_by_month", func(_ int, c, _ string) string { return b.cell("net", c) + "*" + b.cell("factor", c) })
	for _, key := range []string{"benefits", "costs", "net", "discounted"} {
		r := b.cashRow[key]
		b.cash.rows[r.n-1][4] = b.f("strong:number", fmt.Sprintf("SUM(%s%d:%s%d)", column(first), r.n, column(first+b.h), r.n))
	}
	b.flowRow("axis", "", b.h, "plain:whole", func(_ int, c, _ string) string {
		step := max(1, (b.h+1)/12)
		return fmt.Sprintf(`IF(%[1]s$%[2]d-INT(%[1]s$%[2]d/%[3]d)*%[3]d=0,%[1]s$%[2]d,"")`, c, head, step)
	})
	b.periods()
}

// cell is a cell of the cash flow by its row.
func (b *builder) cell(key, column string) string {
	return fmt.Sprintf("%s%d", column, b.cashRow[key].n)
}

// flowRow adds a row of the cash flow from 0 to last; f is given the index, its column and the one before.
func (b *builder) flowRow(key, name string, last int, look string, f func(k int, c, before string) string) {
	r := &row{sheet: b.cash, n: len(b.cash.rows) + 1}
	b.cashRow[key] = r
	cells := []*cell{b.v("text", b.t("cash."+key, nil)), nil, nil, nil, nil}
	if name != "" {
		cells[1] = b.v("note", name)
	}
	for k := 0; k <= last; k++ {
		cells = append(cells, b.f(look, f(k, column(first+k), column(first+k-1))))
	}
	b.cash.add(cells...)
	if name != "" {
		b.define(name, b.cash, r.n, first, r.n, first+last)
	}
}

func (b *builder) section(key string) {
	s := b.cash
	s.add()
	var cells []*cell
	for range first + b.h {
		cells = append(cells, b.v("section", nil))
	}
	cells[0].value = b.t(key, nil)
	s.add(cells...)
}

// periods adds the rows that break-even, funding and rates of return are read off: by month, or by year where the case
// counts so.
func (b *builder) periods() {
	b.last = b.h
	length := 1
	if b.m.File.Yearly {
		b.last, length = (b.h+11)/12, 12
	}
	add := func(key, name, look string, f func(k int, c, before string) string) {
		b.flowRow(key, name, b.last, look, f)
	}
	b.section("cash.periods")
	add("period", "", "plain:whole", func(k int, _, before string) string {
		if k == 0 {
			return "0"
		}
		return b.cell("period", before) + "+1"
	})
	add("years", "years_of_period", "plain:number3", func(_ int, c, _ string) string { return fmt.Sprintf("%s*%d/12", b.cell("period", c), length) })
	add("period_net", "net_by_period", "plain:number", func(_ int, c, _ string) string {
		if !b.m.File.Yearly {
			return b.cell("net", c)
		}
		months := fmt.Sprintf("$%s$%d:$%s$%d", column(first), head, column(first+b.h), head)
		return fmt.Sprintf("SUMPRODUCT((ROUNDUP(%s/12,0)=%s)*net_by_month)", months, b.cell("period", c))
	})
	add("period_discounted", "", "plain:number", func(_ int, c, _ string) string {
		return fmt.Sprintf("%s*(1+discount_rate)^(-%s)", b.cell("period_net", c), b.cell("years", c))
	})
	for _, x := range [][3]string{{"", "cumulative_by_period", "crossings"}, {"_discounted", "cumulative_discounted", "crossings_discounted"}} {
		flow, cum, moved, crossing := "period_net", "cumulative_period"+x[0], "moved"+x[0], "crossing"+x[0]
		if x[0] != "" {
			flow = "period_discounted"
		}
		add(cum, x[1], "plain:number", func(k int, c, before string) string {
			if k == 0 {
				return b.cell(flow, c)
			}
			return b.cell(cum, before) + "+" + b.cell(flow, c)
		})
		add(moved, "", "plain:number", func(k int, c, before string) string {
			own := "ABS(" + b.cell(flow, c) + ")"
			if k == 0 {
				return own
			}
			return b.cell(moved, before) + "+" + own
		})
		add(crossing, x[2], "plain:number2", func(k int, c, before string) string {
			if k == 0 {
				return `""`
			}
			// Within 10⁻¹² of all money moved a cumulative counts as zero.
			was, is := b.cell(cum, before), b.cell(cum, c)
			return fmt.Sprintf(`IF(AND(%s<-1E-12*%s,%s>=-1E-12*%s),%s-%s/(MAX(%s,0)-%s),"")`, was, b.cell(moved, before), is, b.cell(moved, c), b.cell("period", before), was, is, was)
		})
	}
	b.section("cash.rates")
	add("kept", "flow_without_noise", "plain:number", func(_ int, c, _ string) string {
		x := b.cell("period_net", c)
		return fmt.Sprintf("IF(ABS(%s)<1E-14*MAX(MAX(net_by_period),-MIN(net_by_period)),0,%s)", x, x)
	})
	carried := func(key, value string) func(k int, c, before string) string {
		return func(k int, c, before string) string {
			old := "0"
			if k > 0 {
				old = b.cell(key, before)
			}
			return fmt.Sprintf("IF(ABS(%[1]s)<=1E-12*MAX(MAX(net_by_period),-MIN(net_by_period)),%[2]s,SIGN(%[1]s))", b.cell(value, c), old)
		}
	}
	add("sign", "", "plain:whole", func(k int, c, before string) string {
		old := "0"
		if k > 0 {
			old = b.cell("sign", before)
		}
		return fmt.Sprintf("IF(%[1]s=0,%[2]s,SIGN(%[1]s))", b.cell("kept", c), old)
	})
	turn := func(of string) func(k int, c, before string) string {
		return func(k int, c, before string) string {
			if k == 0 {
				return "0"
			}
			return fmt.Sprintf("IF(%s*%s<0,1,0)", b.cell(of, before), b.cell(of, c))
		}
	}
	add("turn", "", "plain:whole", turn("sign"))
	add("cumulative_kept", "", "plain:number", func(k int, c, before string) string {
		if k == 0 {
			return b.cell("kept", c)
		}
		return b.cell("cumulative_kept", before) + "+" + b.cell("kept", c)
	})
	add("cumulative_sign", "", "plain:whole", carried("cumulative_sign", "cumulative_kept"))
	add("cumulative_turn", "", "plain:whole", turn("cumulative_sign"))
}

// The profile of the net present value runs over x = ln(1 + rate), as far as package finance looks for rates: closely
// about 0, wider apart towards the ends.
const (
	lowest, highest = -36.0, 690.0
	below, above    = 200, 260 // points
	zoomed          = 40
)

// profile adds the net present value by discount rate, from which the internal rate of return is found by the rule of
// package finance: the only rate; of several the one above zero where the cumulative turns once and does not end at zero
// (Norstrøm 1972); else none.
func (b *builder) profile() {
	s := b.rates
	s.widths = []float64{34, 16, 20, 16, 40}
	s.portrait = true
	s.freeze = 14
	s.add(b.v("title", b.t("title.rates", nil)))
	s.add(b.v("note", b.t("rates.how", nil)))
	s.add()
	item := func(key, name, look, formula string) {
		s.add(b.v("text", b.t("rates."+key, nil)), b.f(look, formula), b.v("note", name))
		b.define(name, s, len(s.rows), 2, len(s.rows), 2)
	}
	span := func(key string) string { return b.cashRow[key].span(b.last) }
	end := func(key string) string {
		return fmt.Sprintf("%s!%s%d", b.cash.name, column(first+b.last), b.cashRow[key].n)
	}
	grid := 15 // first row of the grid
	last := grid + below + above
	zero := grid + below
	turns := func(from, to int) string { return fmt.Sprintf("D%d:D%d", from, to) }
	length := 1
	if b.m.File.Yearly {
		length = 12
	}
	item("first", "irr_first", "plain:number2", fmt.Sprintf("SUMPRODUCT((%s=0)*1)*%d/12", span("sign"), length))
	item("last", "irr_last", "plain:number2", "SUMPRODUCT(MAX((flow_without_noise<>0)*years_of_period))")
	item("changes", "irr_changes", "plain:whole", "SUM("+span("turn")+")")
	item("norstrom", "irr_norstrom", "plain:whole", "IF(AND(SUM("+span("cumulative_turn")+")=1,ABS("+end("cumulative_kept")+")>1E-12*MAX(MAX(net_by_period),-MIN(net_by_period))),1,0)")
	item("roots", "irr_roots", "plain:whole", "SUM("+turns(grid, last)+")")
	item("found", "irr_found", "plain:whole", fmt.Sprintf("IFERROR(IF(irr_changes=0,0,IF(irr_changes=1,MATCH(1,%s,0),IF(irr_norstrom=1,%d+MATCH(1,%s,0),IF(irr_roots=1,MATCH(1,%s,0),0)))),0)",
		turns(grid, last), below+1, turns(zero+1, last), turns(grid, last)))
	zoom := last + 4 // first row of the closer look
	item("step", "irr_step", "plain:whole", fmt.Sprintf("IFERROR(MATCH(1,%s,0),0)", turns(zoom, zoom+zoomed)))
	at := func(col string, less int) string {
		return fmt.Sprintf("INDEX(%s%d:%s%d,irr_step-%d)", col, zoom, col, zoom+zoomed, less)
	}
	item("near", "irr_near", "plain:number4", fmt.Sprintf(`IF(irr_step<2,"–",%s+(%s-%s)*%s/(%s-%s))`, at("A", 1), at("A", 0), at("A", 1), at("C", 1), at("C", 1), at("C", 0)))
	s.add()
	section := func(key string) {
		s.add(b.v("section", b.t(key, nil)), b.v("section", nil), b.v("section", nil), b.v("section", nil))
		s.add(b.v("head", b.t("rates.log", nil)), b.v("head", b.t("rates.rate", nil)), b.v("head", b.t("rates.value", nil)), b.v("head", b.t("rates.turn", nil)))
	}
	section("rates.grid")
	const (
		late  = "SUMPRODUCT(flow_without_noise,EXP(-A%[1]d*(years_of_period-irr_last)*(years_of_period<=irr_last)))"
		early = "SUMPRODUCT(flow_without_noise,EXP(-A%[1]d*(years_of_period-irr_first)*(years_of_period>=irr_first)))"
	)
	point := func(x *cell, value string, from int) {
		n := len(s.rows) + 1
		turn := "0"
		if n > from {
			turn = fmt.Sprintf("IF(AND(C%[2]d=0,C%[1]d<>0),1,IF(SIGN(C%[1]d)*SIGN(C%[2]d)<0,1,0))", n-1, n)
		}
		s.add(x, b.f("plain:percent2", fmt.Sprintf("EXP(A%d)-1", n)), b.f("plain:number", fmt.Sprintf(value, n)), b.f("plain:whole", turn))
	}
	for i := range below + above + 1 {
		x, value := 0.0, early
		switch {
		case i < below:
			x, value = -spread(-lowest, float64(below-i)/below), late
		case i > below:
			x = spread(highest, float64(i-below)/above)
		}
		point(b.v("plain:number4", x), value, grid)
	}
	b.define("rate_profile", s, grid, 2, last, 2)
	b.define("npv_profile", s, grid, 3, last, 3)
	s.add()
	section("rates.zoom")
	for i := range zoomed + 1 {
		x := fmt.Sprintf(`IF(irr_found<2,0,INDEX(A%[1]d:A%[2]d,MAX(irr_found-1,1))+(INDEX(A%[1]d:A%[2]d,MAX(irr_found,1))-INDEX(A%[1]d:A%[2]d,MAX(irr_found-1,1)))*%[3]d/%[4]d)`, grid, last, i, zoomed)
		point(b.f("plain:number4", x), "IF(A%[1]d<0,"+late+","+early+")", zoom)
	}
}

// spread lays points from 0 to the end, 3 % farther apart each time.
func spread(end, share float64) float64 {
	const start = 0.5
	return start * math.Expm1(share*math.Log1p(end/start))
}
