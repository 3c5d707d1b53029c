package report

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// explained is one explanation being written.
type explained struct {
	page
	r *result.Result
	l *locale.Locale
}

func (x *explained) money(v float64) string { return x.l.MoneyShort(v, x.r.Case.Currency) }

func (x *explained) signed(v float64) string { return Signed(v, x.r.Case.Currency, x.l) }

// Signed is an amount of money with its sign, also where it is a gain.
func Signed(v float64, currency string, l *locale.Locale) string {
	s := l.MoneyShort(v, currency)
	if v > 0 {
		return "+" + s
	}
	return s
}

func (x *explained) say(key string, args diag.Args) string { return x.l.Text(key, args) }

// month is a break-even in words: "in month 24", or "not by month 36" for nil.
func (x *explained) month(m *float64) string {
	if m == nil {
		return x.say("explain.month.never", diag.Args{"horizon": x.r.Case.HorizonMonths})
	}
	return x.say("explain.month.at", diag.Args{"month": Month(*m)})
}

func (x *explained) value(v float64, unit string) string { return Value(v, unit, x.l) }

// Value is an assumption's value with its unit, to three significant digits.
func Value(v float64, unit string, l *locale.Locale) string {
	if unit == "%" && math.Abs(v) >= 1 {
		return l.Quantity(math.Round(10*v)/10, unit)
	}
	return l.Quantity(rounded(v), unit)
}

// rounded keeps three significant digits.
func rounded(v float64) float64 {
	if math.Abs(v) < 1e-9 {
		return 0
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// Translate fills the texts of an explanation: the summary, the boxes, the ways of measuring.
func Translate(e *decide.Explanation, r *result.Result, l *locale.Locale) {
	x := &explained{r: r, l: l}
	for i := range e.Failure.Boxes {
		e.Failure.Boxes[i].Text = x.box(i, e.Failure.Boxes[i])
	}
	for i := range e.Plan {
		e.Plan[i].Text = e.Plan[i].How.In(string(l.Lang()))
	}
	for i := range e.Levers {
		if !e.Levers[i].Modelled {
			e.Levers[i].Label = x.say("explain.factor."+e.Levers[i].Kind, nil)
		}
	}
	for i := range e.Decision {
		switch e.Decision[i].ID {
		case result.Nothing:
			e.Decision[i].Label = l.Text("compare.nothing", nil)
		case "base":
			e.Decision[i].Label = l.Text("compare.base", nil)
		}
	}
	for i := range e.Groups {
		if l.Has("explain.factor." + e.Groups[i].ID) {
			e.Groups[i].Label = x.say("explain.factor."+e.Groups[i].ID, nil)
		}
	}
	e.Text = sentences(x.driver(e), x.worth(e))
}

// driver is the sentence about what moves the result most.
func (x *explained) driver(e *decide.Explanation) string {
	if len(e.Tornado) == 0 {
		return x.say("explain.driver.none", nil)
	}
	// In months, the assumption that moves the date most; never counts as far beyond the horizon.
	far := float64(2 * x.r.Case.HorizonMonths)
	width := func(b decide.Bar) float64 {
		low, high := far, far
		if b.BreakEven.Low != nil {
			low = *b.BreakEven.Low
		}
		if b.BreakEven.High != nil {
			high = *b.BreakEven.High
		}
		return math.Abs(high - low)
	}
	best := slices.MaxFunc(e.Tornado, func(a, b decide.Bar) int {
		switch d := width(a) - width(b); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	key, low, high := "explain.driver.month", x.month(best.BreakEven.Low), x.month(best.BreakEven.High)
	if width(best) == 0 {
		best = e.Tornado[0]
		key, low, high = "explain.driver.npv", x.money(*best.NPV.Low), x.money(*best.NPV.High)
	}
	return x.say(key, diag.Args{"label": best.Label, "low": x.value(best.P10, best.Unit), "high": x.value(best.P90, best.Unit), "at_low": low, "at_high": high})
}

func (x *explained) worth(e *decide.Explanation) string {
	if len(e.Plan) == 0 {
		return x.say("explain.worth.none", nil)
	}
	return x.say("explain.worth.first", diag.Args{"label": e.Plan[0].Label, "worth": x.money(e.Plan[0].Worth)})
}

// box tells box i of PRIM in a sentence. Later boxes hold what lies outside the earlier ones.
func (x *explained) box(i int, b decide.Box) string {
	when := "explain.condition.one"
	if i > 0 {
		when = "explain.condition.other"
	}
	var parts []string
	for _, c := range b.Conditions {
		args := diag.Args{"label": c.Label}
		if c.Min != nil {
			args["min"] = x.value(*c.Min, c.Unit)
		}
		if c.Max != nil {
			args["max"] = x.value(*c.Max, c.Unit)
		}
		switch {
		case c.Min == nil:
			parts = append(parts, x.say("explain.condition.below", args))
		case c.Max == nil:
			parts = append(parts, x.say("explain.condition.above", args))
		default:
			parts = append(parts, x.say("explain.condition.between", args))
		}
	}
	return x.say("explain.failure.box", diag.Args{"conditions": x.say(when, diag.Args{"list": x.l.And(parts)}), "density": b.Density, "coverage": b.Coverage})
}

// grid is a table: the first column takes what is left, in up to two lines, the others stand to the right. A row with a
// first column only tells more about the row above it.
func (x *explained) grid(head []string, rows [][]string) {
	widths := make([]int, len(head))
	alone := func(r []string) bool { return len(r) == 1 }
	for _, r := range append([][]string{head}, rows...) {
		if alone(r) {
			widths[0] = max(widths[0], min(locale.Width(r[0])+2, 30))
			continue
		}
		for i, c := range r {
			widths[i] = max(widths[i], locale.Width(c))
		}
	}
	rest := 0
	for _, w := range widths[1:] {
		rest += w + 2
	}
	first := max(8, min(widths[0], x.width-2-rest))
	for k, r := range append([][]string{head}, rows...) {
		if alone(r) {
			x.add("    " + x.paint(dim, cut(visible(r[0]), x.width-4, "…")))
			continue
		}
		name := label(r[0], first)
		line := "  " + left(name[0], first)
		for i, c := range r[1:] {
			line += "  " + right(c, widths[i+1])
		}
		if k == 0 {
			line = x.paint(dim, line)
		}
		x.add(line)
		for _, more := range name[1:] {
			x.add("    " + more)
		}
	}
}

// quoted puts labels into the quotation marks of the language.
func (x *explained) quoted(label string) string {
	if x.l.Lang() == locale.German {
		return "„" + visible(label) + "“"
	}
	return "“" + visible(label) + "”"
}

// How much of a long list is shown; the JSON has all of it.
const (
	mostBars    = 10
	mostSteps   = 12
	mostNothing = 8
)

func (x *explained) heading(text, note string) {
	x.gap()
	x.prose(bold, text, 0)
	if note != "" {
		x.prose(dim, note, 0)
	}
}

// Explain writes an explanation for a terminal.
func Explain(w io.Writer, e *decide.Explanation, r *result.Result, l *locale.Locale, opt Options) error {
	x := &explained{page: page{width: opt.width(), colour: opt.Colour}, r: r, l: l}
	x.prose(bold, Answer(r, l), 0)
	x.prose("", e.Text, 0)

	x.tornado(e.Tornado)
	x.sobol(e.Sobol)
	x.plan(e)
	x.failure(e.Failure)
	x.levers(e.Levers)
	x.positions(e.Position)
	x.gap()
	x.prose(dim, x.say("explain.footer", diag.Args{"version": r.Version, "draws": r.Draws, "seed": uintText(r.Seed)}), 0)
	_, err := io.WriteString(w, strings.Join(x.lines, "\n")+"\n")
	return err
}

func (x *explained) tornado(bars []decide.Bar) {
	if len(bars) == 0 {
		return
	}
	x.heading(x.say("explain.tornado", nil), x.say("explain.tornado.note", nil))
	short := func(m *float64) string {
		if m == nil {
			return x.say("explain.months.never", nil)
		}
		return x.l.Number(float64(Month(*m)), 0)
	}
	var rows [][]string
	for _, b := range bars[:min(len(bars), mostBars)] {
		rows = append(rows, []string{b.Label, short(b.BreakEven.Low) + " → " + short(b.BreakEven.High), x.money(*b.NPV.Low) + " → " + x.money(*b.NPV.High)},
			[]string{x.l.Range(x.value(b.P10, b.Unit), x.value(b.P90, b.Unit))})
	}
	x.grid([]string{x.say("explain.column.assumption", nil), x.say("explain.column.month", nil), x.say("explain.column.npv", nil)}, rows)
	if n := len(bars) - mostBars; n > 0 {
		next := bars[mostBars].NPV
		x.prose(dim, x.say("explain.tornado.more", diag.Args{"count": n, "width": x.money(math.Abs(*next.High - *next.Low))}), 0)
	}
}

func (x *explained) sobol(all []decide.Index) {
	indices := slices.DeleteFunc(slices.Clone(all), func(i decide.Index) bool { return i.Total < 0.005 })
	if len(indices) == 0 {
		return
	}
	x.heading(x.say("explain.sobol", nil), x.say("explain.sobol.note", nil))
	slices.SortStableFunc(indices, func(a, b decide.Index) int { return -compare(a.Total, b.Total) })
	var rows [][]string
	together := false
	for _, i := range indices {
		mark := ""
		if len(i.With) > 0 {
			mark, together = " ~", true
		}
		// By definition 0 ≤ first ≤ total ≤ 1; the estimates may miss that by their error.
		total := math.Min(1, i.Total)
		rows = append(rows, []string{i.Label + mark, x.l.Percent(math.Max(0, math.Min(i.First, total)), 0), x.l.Percent(total, 0)})
	}
	x.grid([]string{x.say("explain.column.assumption", nil), x.say("explain.column.first", nil), x.say("explain.column.total", nil)}, rows)
	if together {
		x.prose(dim, x.say("explain.sobol.with", nil), 0)
	}
}

// decision says between what is decided, where that is more than to go or not to go.
func (x *explained) decision(e *decide.Explanation) {
	if len(e.Decision) <= 2 {
		if len(e.Scenarios) > 0 {
			args := "--scenario base"
			for _, id := range e.Scenarios {
				args += " --scenario " + visible(id)
			}
			x.prose(dim, x.say("explain.decision.more", diag.Args{"flags": args}), 0)
		}
		return
	}
	var names []string
	best := e.Decision[0]
	for _, a := range e.Decision {
		names = append(names, x.quoted(a.Label))
		if a.NPV > best.NPV {
			best = a
		}
	}
	x.prose("", x.say("explain.decision", diag.Args{"list": x.l.And(names), "best": best.Label, "npv": x.money(best.NPV), "p": best.Best}), 0)
}

// plan is what to find out before deciding.
func (x *explained) plan(e *decide.Explanation) {
	x.heading(x.say("explain.plan", nil), "")
	x.decision(e)
	if len(e.Plan) == 0 {
		x.prose("", x.say("explain.plan.empty", nil), 0)
		return
	}
	x.prose(dim, x.say("explain.plan.note", diag.Args{"evpi": x.money(e.EVPI)}), 0)
	for _, m := range e.Plan {
		worth := x.money(m.Worth)
		room := x.width - 4 - locale.Width(worth)
		x.add("  " + left(cut(visible(m.Label), room, "…"), room) + "  " + x.paint(bold, worth))
		how := m.Text
		if m.Days > 0 {
			how = sentences(how, x.effort(m))
		}
		for _, line := range wrap(how, x.width-4, x.width-4) {
			x.add("    " + x.paint(dim, line))
		}
	}
	var nothing []string
	for _, v := range e.EVPPI {
		if v.Nothing || v.Value <= 0 {
			nothing = append(nothing, x.quoted(v.Label))
		}
	}
	if n := len(nothing) - mostNothing; n > 1 {
		nothing = append(nothing[:mostNothing], x.say("explain.plan.more", diag.Args{"count": n}))
	}
	if len(nothing) > 0 {
		x.gap()
		x.prose("", x.say("explain.plan.nothing", diag.Args{"list": x.l.And(nothing)}), 0)
	}
}

// effort is what a measurement takes, in days and, where the case has a wage, in money.
func (x *explained) effort(m decide.Measure) string {
	days := diag.Args{"count": int(math.Ceil(m.Days))}
	if m.Cost == nil {
		return x.say("explain.plan.days", days)
	}
	days["cost"] = x.money(*m.Cost)
	text := x.say("explain.plan.days_cost", days)
	if *m.Cost > m.Worth {
		text = sentences(text, x.say("explain.plan.dear", nil))
	}
	return text
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (x *explained) failure(f decide.Failure) {
	title := x.say("explain.failure.npv", nil)
	if f.Month != nil {
		title = x.say("explain.failure.month", diag.Args{"month": Month(*f.Month)})
	}
	x.heading(title, "")
	x.prose("", x.say("explain.failure.share", diag.Args{"share": f.Share}), 0)
	for _, b := range f.Boxes {
		x.prose("", "• "+b.Text, 2)
	}
	if len(f.Boxes) == 0 && f.Share > 0 && f.Share < 1 {
		x.prose("", x.say("explain.failure.none", nil), 0)
	}
}

func (x *explained) levers(steps []decide.Step) {
	if len(steps) == 0 {
		return
	}
	x.heading(x.say("explain.levers", nil), x.say("explain.levers.note", nil))
	var rows, missing [][]string
	for _, s := range steps {
		if !s.Modelled {
			missing = append(missing, []string{s.Label, "", "", "", ""}, []string{x.say("explain.not_modelled", nil)})
			continue
		}
		if len(rows) >= 2*mostSteps && !slices.Contains(casefile.CurveNames, s.Kind) {
			continue
		}
		months, shows, cost := "–", "–", "–"
		if s.Months != nil {
			months = x.l.Number(*s.Months, 1)
		}
		if s.Shows != nil {
			shows = x.l.Month(*s.Shows)
		}
		switch {
		case s.Cost != nil:
			cost = x.money(*s.Cost)
		case s.Hours != nil:
			cost = x.value(s.Hours.P50, "h")
		}
		rows = append(rows, []string{s.Label, x.signed(s.NPV), months, cost, shows}, []string{x.value(s.From, s.Unit) + " → " + x.value(s.To, s.Unit) + x.doing(s)})
	}
	x.grid([]string{x.say("explain.column.assumption", nil), x.say("explain.column.gain", nil), x.say("explain.column.months", nil),
		x.say("explain.column.cost", nil), x.say("explain.column.shows", nil)}, append(rows, missing...))
	x.prose(dim, x.say("explain.levers.unknown", nil), 0)
}

// doing is what a step is and the range of what it costs, for the line below it.
func (x *explained) doing(s decide.Step) string {
	if s.Action == "" {
		return ""
	}
	if e, amount := x.span(s.CostRange, s.Hours); e {
		return "; " + x.say("explain.levers.action", diag.Args{"action": s.Action, "cost": amount})
	}
	return "; " + s.Action
}

// span is the range of a cost in money, else in hours.
func (x *explained) span(cost, hours *decide.Effort) (known bool, text string) {
	switch {
	case cost != nil:
		return true, x.l.Range(x.money(cost.P10), x.money(cost.P90))
	case hours != nil:
		return true, x.l.Range(x.value(hours.P10, "h"), x.value(hours.P90, "h"))
	}
	return false, ""
}

// steps lists the actions of a combination, each with what it moves.
func (x *explained) steps(c *decide.Combination) string {
	var all []string
	for i, label := range c.Labels {
		all = append(all, x.say("explain.seek.step", diag.Args{"action": c.Actions[i], "label": label}))
	}
	return x.l.And(all)
}

// Seek writes what must hold for a goal.
func Seek(w io.Writer, g decide.Goal, r *result.Result, l *locale.Locale, opt Options) error {
	x := &explained{page: page{width: opt.width(), colour: opt.Colour}, r: r, l: l}
	args := diag.Args{"p": g.Target.Probability, "now": g.Probability}
	key := "explain.seek.head.npv"
	if g.Target.BreakEvenMonth != nil {
		key = "explain.seek.head.month"
		args["month"] = Month(*g.Target.BreakEvenMonth)
	} else {
		args["npv"] = x.money(*g.Target.NPV)
	}
	x.prose(bold, x.say(key, args), 0)
	kept := g.Probability >= g.Target.Probability
	if kept {
		x.heading(x.say("explain.seek.kept", nil), x.say("explain.seek.note", nil))
	} else {
		x.heading(x.say("explain.seek.single", nil), x.say("explain.seek.note", nil))
	}
	var rows [][]string
	var not []string
	for _, n := range g.Single {
		if n.Value == nil {
			not = append(not, x.say("explain.seek.limit", diag.Args{"label": x.quoted(n.Label), "limit": x.value(n.Limit, n.Unit)}))
			continue
		}
		rows = append(rows, []string{n.Label, x.value(n.Now, n.Unit), x.value(*n.Value, n.Unit)})
	}
	needed := "explain.column.needed"
	if kept {
		needed = "explain.column.limit"
	}
	if len(rows) > 0 {
		x.grid([]string{x.say("explain.column.assumption", nil), x.say("explain.column.now", nil), x.say(needed, nil)}, rows)
	} else {
		x.prose("", x.say("explain.seek.none", nil), 0)
	}
	if len(not) > 0 && !kept {
		x.gap()
		x.prose(dim, x.say("explain.seek.impossible", diag.Args{"list": strings.Join(not, ", ")}), 0)
	}
	if !kept {
		x.gap()
		x.prose("", CombinationText(g.Combination, r, l), 0)
	}
	x.gap()
	x.prose(dim, x.say("explain.footer", diag.Args{"version": r.Version, "draws": r.Draws, "seed": uintText(r.Seed)}), 0)
	_, err := io.WriteString(w, strings.Join(x.lines, "\n")+"\n")
	return err
}
