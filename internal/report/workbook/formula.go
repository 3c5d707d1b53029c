package workbook

import (
	"fmt"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
)

// Binding strengths of a spreadsheet, weakest first. A sign binds more strongly than a power there, unlike in a case.
const (
	compares = iota
	adds
	multiplies
	powers
	atom
)

// expr is a formula in the making.
type expr struct {
	s    string
	bind int
}

func (e expr) in(least int) string {
	if e.bind < least {
		return "(" + e.s + ")"
	}
	return e.s
}

func plain(s string) expr { return expr{s, atom} }

func value(v float64) expr {
	if v < 0 {
		return expr{number(v), adds}
	}
	return plain(number(v))
}

func plus(x, y expr) expr  { return expr{x.in(adds) + "+" + y.in(multiplies), adds} }
func minus(x, y expr) expr { return expr{x.in(adds) + "-" + y.in(multiplies), adds} }
func times(x, y expr) expr { return expr{x.in(multiplies) + "*" + y.in(powers), multiplies} }
func over(x, y expr) expr  { return expr{x.in(multiplies) + "/" + y.in(powers), multiplies} }
func call(name string, args ...string) expr {
	return plain(name + "(" + strings.Join(args, ",") + ")")
}

// power is x^y where 0^0 is 1, which spreadsheets do not agree on.
func power(x, y expr) expr {
	p := expr{x.in(atom) + "^" + y.in(atom), powers}
	if y.bind == atom && strings.Trim(y.s, "0123456789.") == "" && strings.Trim(y.s, "0.") != "" {
		return p
	}
	return call("IF", y.in(adds)+"=0", "1", p.s)
}

// place is where a formula will stand.
type place struct {
	sheet *sheet
	month int
	line  *model.Line // whose formula it is; what `realised` stands for
}

// monthly reports whether a formula has a value of its own in every month.
func (b *builder) monthlyQuantity(q *model.Quantity) bool {
	if q.Builtin() != "" {
		return q.Builtin() != "horizon"
	}
	if v, ok := b.varies[q]; ok {
		return v
	}
	varies := false
	if !q.Uncertain() {
		formula.Walk(q.Expr, func(e formula.Expr) {
			switch e := e.(type) {
			case *formula.Name:
				varies = varies || b.monthlyQuantity(q.Refs[e.Text])
			case *formula.Call:
				switch e.Func {
				case "lag", "stock", "ramp", "season", "escalation":
					varies = true
				}
			}
		})
	}
	b.varies[q] = varies
	return varies
}

// says reports whether a quantity, or one that it names, asks how much of the effect is realised.
func (b *builder) says(q *model.Quantity) bool {
	for _, r := range q.Refs {
		if r.Builtin() == "realised" || b.says(r) {
			return true
		}
	}
	return false
}

// quantity is a value at a place: a name for what is the same in every month, else a cell of the sheet of factors.
func (b *builder) quantity(q *model.Quantity, at place) expr {
	switch name := q.Builtin(); name {
	case "":
	case "month":
		return b.months.at(at)
	case "horizon":
		return plain("horizon")
	case "realised":
		return b.realised(at.line).at(at)
	case "adoption":
		return b.adoption("linear", 1).at(at)
	default:
		return b.curve(name).at(at)
	}
	if !b.monthlyQuantity(q) {
		return plain(b.constant(q))
	}
	key := "quantity " + q.ID
	if b.says(q) {
		key += " of " + at.line.ID
	}
	line := at.line
	return b.row(key, "plain:number2", b.label(q), formula.String(q.Expr), func(at place, _ *row) expr {
		at.line = line
		e := b.expr(q, q.Expr, at)
		if strings.ContainsAny(e.s, "/^") || strings.Contains(e.s, "LN(") || strings.Contains(e.s, "SQRT(") {
			// Where nothing is paid the value need not exist; where it is used, the dash shows as an error.
			return call("IFERROR", e.s, `"–"`)
		}
		return e
	}).at(at)
}

// expr writes a formula of the case in the language of spreadsheets.
func (b *builder) expr(q *model.Quantity, e formula.Expr, at place) expr {
	switch e := e.(type) {
	case *formula.Number:
		return b.literal(q, e)
	case *formula.Name:
		return b.quantity(q.Refs[e.Text], at)
	case *formula.Neg:
		return expr{"-" + b.expr(q, e.X, at).in(atom), adds}
	case *formula.InUnit:
		x := b.expr(q, e.X, at)
		tail := conversion(e.Unit)
		if e.Unit.Percent {
			tail = "/100" + tail
		}
		if tail == "" {
			return x
		}
		return expr{x.in(multiplies) + tail, multiplies}
	case *formula.Binary:
		return b.binary(q, e, at)
	case *formula.Call:
		return b.call(q, e, at)
	}
	b.fail(q)
	return plain("0")
}

var comparison = map[string]string{"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "<>"}

func (b *builder) binary(q *model.Quantity, e *formula.Binary, at place) expr {
	x, y := b.expr(q, e.X, at), b.expr(q, e.Y, at)
	if len(x.s)+len(y.s) > longest {
		// The longer side becomes a row of its own, so that no formula grows beyond what spreadsheets take.
		if len(x.s) >= len(y.s) {
			x = b.part(q, e.X, at)
		} else {
			y = b.part(q, e.Y, at)
		}
	}
	switch e.Op {
	case "+":
		return plus(x, y)
	case "-":
		return minus(x, y)
	case "*":
		return times(x, y)
	case "/":
		return over(x, y)
	case "^":
		return power(x, y)
	}
	return call("IF", x.in(adds)+comparison[e.Op]+y.in(adds), "1", "0")
}

// longest is the length from which on a formula is split.
const longest = 2000

// part is a piece of a long formula as a row.
func (b *builder) part(q *model.Quantity, e formula.Expr, at place) expr {
	key := "part " + q.ID + " " + formula.String(e)
	if b.says(q) {
		key += " of " + at.line.ID
	}
	line := at.line
	return b.row(key, "plain:number2", b.t("part", diag.Args{"name": b.label(q)}), "", func(at place, _ *row) expr {
		at.line = line
		return b.expr(q, e, at)
	}).at(at)
}

// most is how many arguments a function takes in Excel.
const most = 255

// fold is a function of any number of arguments.
func fold(name string, args []string) expr {
	for len(args) > most {
		args = append(args[most:], call(name, args[:most]...).s)
	}
	return call(name, args...)
}

func (b *builder) call(q *model.Quantity, e *formula.Call, at place) expr {
	arg := func(i int) expr { return b.expr(q, e.Args[i], at) }
	args := func() []string {
		all := make([]string, len(e.Args))
		for i := range all {
			all[i] = arg(i).s
		}
		return all
	}
	switch e.Func {
	case "if":
		// Both branches are asked for in every month, so that their rows exist.
		cond := arg(0).in(adds) + "<>0"
		if c, ok := e.Args[0].(*formula.Binary); ok && comparison[c.Op] != "" {
			cond = b.expr(q, c.X, at).in(adds) + comparison[c.Op] + b.expr(q, c.Y, at).in(adds)
		}
		return call("IF", cond, arg(1).s, arg(2).s)
	case "min", "max":
		return fold(strings.ToUpper(e.Func), args())
	case "exp", "sqrt":
		return call(strings.ToUpper(e.Func), args()...)
	case "log":
		return call("LN", args()...)
	case "floor":
		return call("INT", args()...)
	case "lag":
		n := int(e.Args[1].(*formula.Number).Canonical())
		if at.month < n {
			return plain("0")
		}
		at.month -= n
		return b.expr(q, e.Args[0], at)
	case "stock":
		return b.stock(q, e, at)
	case "ramp":
		from, to, month := arg(0), arg(1), b.months.at(at)
		slope := call("MIN", "1", "MAX(0,"+over(minus(month, from), minus(to, from)).s+")")
		return call("IF", from.in(adds)+"<"+to.in(adds), slope.s, call("IF", to.in(adds)+"<="+month.s, "1", "0").s)
	case "season":
		first := 0
		if _, err := fmt.Sscanf(b.m.File.Start[5:7], "%d", &first); err != nil {
			b.fail(q)
		}
		all := make([]expr, len(e.Args)) // each is asked for in every month, so that its rows exist
		for i := range all {
			all[i] = arg(i)
		}
		return all[(first-1+at.month)%12/(12/len(e.Args))]
	case "escalation":
		return b.escalation(arg(0), at)
	}
	b.fail(q)
	return plain("0")
}

// escalation is a price rise at every anniversary: rates are per month here, the step is twelve times one.
func (b *builder) escalation(rate expr, at place) expr {
	return power(plus(plain("1"), times(rate, plain("12"))), b.years.at(at)).certain()
}

// certain drops the guard of 0^0 where the base is not 0.
func (e expr) certain() expr {
	if rest, ok := strings.CutPrefix(e.s, "IF("); ok && e.bind == atom {
		if _, p, ok := strings.Cut(rest, "=0,1,"); ok {
			return expr{strings.TrimSuffix(p, ")"), powers}
		}
	}
	return e
}

// stock is a row of its own, because every month builds on the one before.
func (b *builder) stock(q *model.Quantity, e *formula.Call, at place) expr {
	key := "stock " + q.ID + " " + formula.String(e)
	if b.says(q) {
		key += " of " + at.line.ID
	}
	line := at.line
	return b.row(key, "plain:number2", b.t("stock", diag.Args{"name": b.label(q)}), formula.String(e), func(at place, self *row) expr {
		at.line = line
		gain, loss := b.expr(q, e.Args[0], at), b.expr(q, e.Args[1], at)
		if at.month == 0 {
			return plain("0")
		}
		before := at
		before.month--
		return plus(times(self.at(before), minus(plain("1"), loss)), gain)
	}).at(at)
}

// curve is the course of a factor, see model: F(t) = start + (plateau − start)·(1 − e^(−kt))/(1 + c·e^(−kt)).
func (b *builder) curve(name string) *row {
	start, plateau, t90, ok := b.m.Curve(name)
	return b.row("curve "+name, "plain:percent1", b.t("curve."+name, nil), b.t("curve.note", nil), func(at place, _ *row) expr {
		if !ok {
			return plain("1")
		}
		share := func(q *model.Quantity) string { return "MAX(0,MIN(1," + b.quantity(q, at).s + "))" }
		to := share(plateau)
		if t90 == nil {
			return plain(to)
		}
		from := "0"
		if start != nil {
			from = share(start)
		}
		decay := fmt.Sprintf("EXP(-LN((1+%v*imitation)/(1-%v))/MAX(0.1,%s)*%s)", model.Reached, model.Reached, b.quantity(t90, at).s, b.months.at(at).s)
		return expr{from + "+(" + to + "-" + from + ")*(1-" + decay + ")/(1+imitation*" + decay + ")", adds}
	})
}

// adoption is the share of users over all waves of the roll-out, after the effect of use.
func (b *builder) adoption(use string, peak float64) *row {
	effect := b.curve("adoption")
	if use != "linear" {
		effect = b.row(fmt.Sprint("use ", peak), "plain:percent1", b.t("use", diag.Args{"peak": peak}), b.t("use.note", nil), func(at place, _ *row) expr {
			a := b.curve("adoption").at(at).s
			p := number(peak)
			return plain("MAX(0," + a + "/" + p + "*(2-" + a + "/" + p + "))")
		})
	}
	if len(b.m.File.Rollout) == 0 {
		return effect
	}
	return b.row(fmt.Sprint("rollout ", use, peak), "plain:percent1", b.t("rollout", nil), b.t("rollout.note", nil), func(at place, _ *row) expr {
		sum := plain("0")
		for i := range b.m.File.Rollout {
			month := plain(fmt.Sprintf("rollout_%d_month", i+1))
			m := b.months.at(at)
			live := call("IF", m.s+">="+month.s, "INDEX("+effect.span(b.h)+","+m.s+"-"+month.s+"+1)", "0")
			part := times(live, plain(fmt.Sprintf("rollout_%d_share", i+1)))
			if i == 0 {
				sum = part
			} else {
				sum = plus(sum, part)
			}
		}
		return sum
	})
}

// realisedBy is the part of a lever's full effect that is reached: adoption^a · data quality^b · process^c.
func (b *builder) realisedBy(l *model.Line) *row {
	use, peak := b.m.UseOf(l)
	r := l.Realisation
	key := fmt.Sprint("realised ", *r, use, peak)
	note := b.t("realised.note", diag.Args{"adoption": r.Adoption, "data_quality": r.DataQuality, "process": r.Process})
	return b.row(key, "plain:percent1", b.t("realised", nil), note, func(at place, _ *row) expr {
		product := expr{}
		for i, exponent := range []float64{r.Adoption, r.DataQuality, r.Process} {
			if exponent == 0 {
				continue
			}
			var f expr
			if i == 0 {
				f = b.adoption(use, peak).at(at)
			} else {
				f = b.curve(casefile.CurveNames[i]).at(at)
			}
			if exponent != float64(int(exponent)) {
				f = plain("MAX(0," + f.s + ")")
			}
			if exponent != 1 {
				f = power(f, value(exponent))
			}
			if product.s == "" {
				product = f
			} else {
				product = times(product, f)
			}
		}
		if product.s == "" {
			return plain("1")
		}
		return product
	})
}

// realised is what `realised` stands for in the formula of a line: nothing while the line is off.
func (b *builder) realised(l *model.Line) *row {
	full := b.realisedBy(l)
	if l.Chain == nil && len(l.Months) > 0 {
		return full
	}
	return b.row("realised by "+l.ID, "plain:percent1", b.t("realised.line", diag.Args{"line": b.lineLabel(l)}), "", func(at place, _ *row) expr {
		return call("IF", b.during(l).at(at).s+"<>0", full.at(at).s, "0")
	})
}

// closed is the longest product of a chain that is written out in one formula.
const closed = 3

// share is the part of a chain's gain that a lever is owed by Shapley's division: B·x·Σ e_j(the others)/(j + 1), with
// e_j the sum of all products of j of the others' effects.
func (b *builder) share(l *model.Line) *row {
	c := l.Chain
	effect := func(l *model.Line) *row {
		return b.row("effect "+l.ID, "plain:percent2", b.t("effect", diag.Args{"line": b.lineLabel(l)}), formula.String(l.Effect.Expr), func(at place, _ *row) expr {
			at.line = l
			x := b.expr(l.Effect, l.Effect.Expr, at)
			if l.Risk != nil {
				x = times(x, minus(plain("1"), b.quantity(l.Risk, at)))
			}
			return call("IF", b.during(l).at(at).s+"<>0", x.s, "0")
		})
	}
	var others []*row
	var ids []string
	for _, o := range c.Lines {
		if o != l {
			others, ids = append(others, effect(o)), append(ids, o.ID)
		}
	}
	own := effect(l)
	return b.row("share "+l.ID, "plain:number", b.t("share", diag.Args{"line": b.lineLabel(l)}), b.t("share.note", nil), func(at place, _ *row) expr {
		product := times(b.quantity(c.Base, at), own.at(at))
		if len(others) == 0 {
			return product
		}
		sum := plain("1")
		if len(others) <= closed {
			for n := 1; n <= len(others); n++ {
				sum = plus(sum, over(products(others, n, at), plain(fmt.Sprint(n+1))))
			}
			return times(product, sum)
		}
		e := b.elementary(ids, others)
		for n := 1; n <= len(others); n++ {
			sum = plus(sum, over(e[n].at(at), plain(fmt.Sprint(n+1))))
		}
		return times(product, sum)
	})
}

// products is the sum of all products of n of the rows.
func products(rows []*row, n int, at place) expr {
	var sum expr
	var pick func(from, left int, have expr)
	pick = func(from, left int, have expr) {
		if left == 0 {
			if sum.s == "" {
				sum = have
			} else {
				sum = plus(sum, have)
			}
			return
		}
		for i := from; i <= len(rows)-left; i++ {
			next := rows[i].at(at)
			if have.s != "" {
				next = times(have, next)
			}
			pick(i+1, left-1, next)
		}
	}
	pick(0, n, expr{})
	return sum
}

// elementary are rows for the sums of products of 1, 2, … of the rows, one more row taken in at a time:
// e_j with x = e_j without x + x · e_(j−1) without x. Index 0 is not used.
func (b *builder) elementary(ids []string, rows []*row) []*row {
	e := []*row{nil}
	for k, x := range rows {
		next := make([]*row, len(e)+1)
		for j := 1; j <= len(e); j++ {
			next[j] = b.row(fmt.Sprint("products ", j, ids[:k+1]), "plain:number4", b.t("products", diag.Args{"n": j, "of": k + 1}), b.t("products.note", nil), func(at place, _ *row) expr {
				sum := x.at(at)
				if j > 1 {
					sum = times(e[j-1].at(at), sum)
				}
				if j < len(e) {
					sum = plus(e[j].at(at), sum)
				}
				return sum
			})
		}
		e = next
	}
	return e
}
