package workbook_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// sample is a random case over the whole language of case files, with one change of it.
type sample struct {
	text string
	// name, unit and value are an assumption and what it is changed to; column is the cell that is changed for it.
	name, unit string
	value      float64
	column     int
	scenario   string // one of the case, empty where it has none
	at         int    // its number
}

// samples makes valid cases: quantities have the right units, nothing is divided by what may be zero, and every line has a
// label of its own.
var samples = rapid.Custom(func(t *rapid.T) sample {
	g := &writer{t: t, units: map[string]string{}, values: map[string]float64{}}
	return g.sample()
})

// writer writes one case.
type writer struct {
	t *rapid.T
	b strings.Builder

	horizon        int
	start, curves  bool
	names          []string // plain assumptions that formulas may use
	changeable     []string
	units          map[string]string
	values         map[string]float64
	rollout, taxed bool
}

func (g *writer) int(low, high int, what string) int {
	return rapid.IntRange(low, high).Draw(g.t, what)
}
func (g *writer) chance(percent int, what string) bool {
	return g.int(1, 100, what) <= percent
}

func (g *writer) one(what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.t, what)
}

func (g *writer) line(format string, args ...any) { fmt.Fprintf(&g.b, format+"\n", args...) }

// share is a number of per cent, and one below and above it.
func (g *writer) share(what string) (low, mid, high float64) {
	m := float64(g.int(5, 95, what))
	return m - min(m, 100-m)*0.12, m, m + min(m, 100-m)*0.15
}

// assume adds an assumption that is a number, a range or a distribution.
func (g *writer) assume(name string, low, high int, unit string) {
	mid := float64(g.int(low, high, name))
	spaced := unit
	if unit != "" {
		spaced = " " + unit
	}
	value := fmt.Sprintf("%v%s", mid, spaced)
	isShare := unit == "%"
	behind := spaced // of a call; a unit that begins with a slash stands behind the numbers
	if strings.HasPrefix(unit, "/") {
		behind = ""
	}
	n := func(v float64) string {
		if behind == "" {
			return fmt.Sprintf("%v%s", v, spaced)
		}
		return fmt.Sprint(v)
	}
	switch kind := g.int(0, 9, "kind of "+name); {
	case kind < 4:
	case kind < 7 && isShare && mid > 4 && mid < 96:
		value = fmt.Sprintf("%v .. %v .. %v %%", mid-min(mid, 100-mid)*0.1, mid, mid+min(mid, 100-mid)*0.12)
	case kind < 7 && !isShare:
		value = fmt.Sprintf("%v .. %v .. %v%s", mid*0.7, mid, mid*1.4, spaced)
	case kind == 7 && !isShare:
		value = fmt.Sprintf("pert(%s, %s, %s)%s", n(mid*0.5), n(mid), n(mid*1.5), behind)
	case kind == 8 && !isShare:
		value = fmt.Sprintf("%s(%s, %s)%s", g.one("family", "uniform", "lognormal"), n(mid), n(mid*1.2), behind)
	case kind == 9 && !isShare:
		value = fmt.Sprintf("triangular(%s, %s, %s)%s", n(mid*0.6), n(mid), n(mid*1.2), behind)
	}
	if g.chance(30, "sourced") {
		value = fmt.Sprintf(`{value: "%s", source: "=HYPERLINK(1)", grade: %s, label: "@%s"}`, value, g.one("grade", "A", "B", "C", "D"), name)
	} else {
		value = `"` + value + `"`
	}
	g.line("  %s: %s", name, value)
	g.changeable = append(g.changeable, name)
	g.units[name], g.values[name] = spaced, mid
}

// expr is a formula of a plain number.
func (g *writer) expr(depth int) string {
	leaf := func() string {
		options := []string{fmt.Sprint(g.int(0, 20, "number")), fmt.Sprintf("%d %%", g.int(1, 90, "per cent")), "month", "horizon"}
		options = append(options, g.names...)
		if g.curves {
			options = append(options, "adoption", "data_quality", "process")
		}
		return rapid.SampledFrom(options).Draw(g.t, "leaf")
	}
	if depth == 0 {
		return leaf()
	}
	x := func() string { return g.expr(depth - 1) }
	forms := []func() string{
		leaf,
		func() string { return x() + " + " + x() },
		func() string { return "(" + x() + " - " + x() + ")" },
		func() string { return "(" + x() + ") * (" + x() + ")" },
		func() string { return "(" + x() + ") / (1 + month)" },
		func() string { return fmt.Sprintf("(%s) / %d", x(), g.int(1, 30, "divisor")) },
		func() string { return "-(" + x() + ")" },
		func() string { return "(1 + share)^" + fmt.Sprint(g.int(0, 4, "power")) },
		func() string { return "max(0, " + x() + ")^" + g.one("root", "0.5", "share", "1.5", "2") },
		func() string { return "2^-share * (" + x() + ")" },
		func() string {
			return fmt.Sprintf("if(%s %s %s, %s, %s)", g.one("what", "month", "users", "seats"), g.one("order", "<", "<=", ">", ">=", "==", "!="), fmt.Sprint(g.int(0, 40, "bound")), x(), x())
		},
		func() string {
			return "(month " + g.one("order", "<", ">=") + fmt.Sprintf(" %d)", g.int(0, 30, "bound"))
		},
		func() string { return "min(" + x() + ", " + x() + ", 50)" },
		func() string { return "max(" + x() + ", " + x() + ")" },
		func() string { return "exp(min(2, " + x() + "))" },
		func() string { return "log(1 + max(0, " + x() + "))" },
		func() string { return "sqrt(max(0, " + x() + "))" },
		func() string { return "floor((" + x() + ") / 7 + 0.013)" },
		func() string { return fmt.Sprintf("lag(%s, %d)", x(), g.int(0, 8, "lag")) },
		func() string { return "stock(inflow * max(0, " + x() + "), loss)" },
		func() string { return "stock(inflow, loss)" },
		func() string { return fmt.Sprintf("ramp(%d, %d)", g.int(0, 12, "from"), g.int(0, 24, "to")) },
		func() string { return "ramp(share * 10, 3 + users / 10)" },
		func() string { return "escalation(growth)" },
		func() string { return "(wage * effort) / (10 EUR/month)" },
		func() string { return "(" + x() + ") %" },
	}
	if g.start {
		forms = append(forms, func() string { return "season(" + x() + ", 1, 0.5, " + x() + ")" },
			func() string { return "season(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, " + x() + ", 12)" })
	}
	return rapid.SampledFrom(forms).Draw(g.t, "form")()
}

func (g *writer) curve(name string) {
	low, mid, high := g.share(name)
	plateau := fmt.Sprintf("%v %%", mid)
	if g.chance(50, "uncertain plateau") {
		plateau = fmt.Sprintf("%v .. %v .. %v %%", low, mid, high)
	}
	parts := []string{"plateau: " + plateau}
	if g.chance(70, "ramps up") {
		parts = append(parts, fmt.Sprintf("months_to_90: %d", g.int(1, 20, "months")))
		if g.chance(60, "starts") {
			parts = append(parts, fmt.Sprintf("start: %d %%", g.int(0, 40, "start")))
		}
	}
	if name == "adoption" {
		if use := g.one("use", "", "", "linear", "saturating", "peak at 80 %", "peak at 40 %"); use != "" {
			parts = append(parts, "use: "+use)
		}
	}
	g.line("%s: {%s}", name, strings.Join(parts, ", "))
}

// more are the keys that any line may have.
func (g *writer) more(benefit, once bool) string {
	out := ""
	if g.chance(30, "escalates") {
		out += fmt.Sprintf(", escalates: %d %%/year", g.int(-5, 12, "rise"))
	} else if g.chance(15, "grows") {
		out += ", escalates: growth"
	}
	if g.chance(25, "risk") {
		out += fmt.Sprintf(", risk: %d %%", g.int(0, 60, "risk"))
	}
	if !benefit && once && g.chance(40, "capital") {
		out += ", capital: true"
	}
	return out
}

func (g *writer) window() string {
	if !g.chance(50, "window") {
		return ""
	}
	from := g.int(0, g.horizon, "from")
	out := fmt.Sprintf(", from: %d", from)
	if g.chance(50, "ends") {
		out += fmt.Sprintf(", to: %d", g.int(from, g.horizon+6, "to"))
	}
	return out
}

func (g *writer) months() string {
	switch g.int(0, 3, "when") {
	case 0:
		return "at: 0"
	case 1:
		return fmt.Sprintf("at: %d", g.int(0, g.horizon, "at"))
	case 2:
		return fmt.Sprintf("at: [%d, %d]", g.int(0, g.horizon, "at"), g.int(0, g.horizon, "and at"))
	}
	return fmt.Sprintf("at: %d, every: %d", g.int(0, g.horizon, "at"), g.int(1, 12, "every"))
}

// position is one cost or benefit.
func (g *writer) position(id string, benefit bool) {
	label := fmt.Sprintf(`label: "%s"`, id)
	depth := g.int(0, 3, "depth")
	kinds := []string{"cash", "internal_time"}
	if benefit {
		kinds = []string{"cash", "avoided_cost", "margin", "freed_time"}
	}
	kind := g.one("kind", kinds...)
	factor := g.int(1, 200, "factor")
	switch form := g.int(0, 9, "form"); {
	case form < 3:
		g.line(`  %s: {%s, kind: %s, amount: "(%s) * %d EUR/month"%s%s}`, id, label, kind, g.expr(depth), factor, g.window(), g.more(benefit, false))
	case form < 5:
		g.line(`  %s: {%s, kind: %s, amount: "(%s) * %d EUR", %s%s}`, id, label, kind, g.expr(depth), factor*20, g.months(), g.more(benefit, true))
	case form == 5:
		initial := ""
		if g.chance(70, "initial") {
			initial = fmt.Sprintf("initial: %d, ", g.int(0, 9000, "initial"))
		}
		g.line(`  %s: {%s, %syearly: [%d, "%d .. %d .. %d", "%d EUR * share"]%s}`, id, label, initial, g.int(0, 3000, "year 1"), factor*7, factor*10, factor*14, g.int(0, 5000, "year 3"), g.more(benefit, true))
	case benefit:
		g.lever(id, label)
	default:
		item := g.one("item", "item: licences, users: users, price: price", "item: licences, users: seats, price: price", "item: training, users: users, first_hours: 6 h, refresh_hours: 2 h, wage: wage",
			"item: support, support_fee: price, built: 2 000 EUR, upkeep: growth", "item: price_escalation, users: users, price: price, rate: 4 %/year",
			"item: implementation_partner, partner_days: 5 workdays, day_rate: 900 EUR/workday", "item: exit_cost, exit_days: 2 days, day_rate: 800 EUR/day, exit_fee: 500 EUR",
			"item: administration, admin_hours: effort, wage: wage", "item: learning_dip, users: users, dip_hours: 90 min/week, wage: wage", "item: data_migration, records: users * 10, manual: share, check_time: 5 minutes, wage: wage")
		g.line(`  %s: {%s, %s%s}`, id, label, item, g.more(false, false))
	}
}

func (g *writer) lever(id, label string) {
	lever := g.one("lever", "lever: time_saved, users: users, hours: effort, wage: wage, converts: share", "lever: marketing_efficiency, spend: price, saving: share",
		"lever: legacy_retired, licences: price, maintenance: 3 EUR/month, hosting: 4 000 EUR/year", "lever: service_handling, tickets: inflow, handling_time: 12 min, cut: share, wage: wage, converts: 40 %",
		"lever: days_sales_outstanding, turnover: 900 000 EUR/year, days: 4 days, capital_cost: growth",
		"lever: win_rate, uplift: share", "lever: deal_value, uplift: 12 %", "lever: lead_conversion, leads: 80 /month, conversion: 40 %, uplift: share", "lever: sales_cycle, cycle: 60 days, cut: 9 %",
		"lever: churn, cut: share", "lever: repeat_purchase, uplift: 5 %", "lever: win_rate, uplift: 3 .. 6 .. 12 %")
	if use := g.one("own use", "", "", "", "linear", "saturating", "peak at 60 %"); use != "" {
		lever += ", use: " + use
	}
	if g.chance(20, "own chain") && (strings.Contains(lever, "win_rate") || strings.Contains(lever, "deal_value")) {
		lever += ", chain: second"
	}
	g.line(`  %s: {%s, %s%s%s}`, id, label, lever, g.window(), g.more(true, false))
}

func (g *writer) sample() sample {
	g.horizon = rapid.OneOf(rapid.IntRange(11, 40), rapid.SampledFrom([]int{12, 24, 36, 60})).Draw(g.t, "horizon")
	g.start, g.curves, g.rollout, g.taxed = g.chance(60, "start"), g.chance(70, "curves"), g.chance(30, "rollout"), g.chance(30, "tax")
	g.line("case: %q\ncurrency: EUR\nhorizon: %d months\ndiscount: %d %%/year", g.one("name", "=1+1", "Random", "+A1", "\tx", "@SUM(1)"), g.horizon, g.int(-3, 20, "discount"))
	if g.start {
		g.line("start: 20%02d-%02d", g.int(20, 40, "year"), g.int(1, 12, "month"))
	}
	if g.chance(30, "yearly") {
		g.line("timing: yearly")
	}
	if g.chance(30, "rates") {
		g.line("finance_rate: %d %%/year\nreinvest_rate: %d %%/year", g.int(0, 12, "finance rate"), g.int(0, 12, "reinvest rate"))
	}
	if g.taxed {
		g.line("tax: {rate: %d %%, depreciation: %d months}", g.int(0, 50, "tax"), g.int(1, 48, "depreciation"))
	}
	g.line("assumptions:")
	g.assume("users", 1, 60, "")
	g.assume("share", 5, 90, "%")
	g.assume("wage", 20, 90, "EUR/h")
	g.assume("effort", 1, 9, "h/week")
	g.assume("growth", 0, 12, "%/year")
	g.assume("price", 10, 400, "EUR/month")
	g.assume("inflow", 1, 40, "/month")
	g.assume("loss", 1, 9, "%/month")
	g.assume("deals", 1, 40, "/month")
	g.assume("win_rate", 5, 60, "%")
	g.assume("deal_value", 100, 9000, "EUR")
	g.assume("margin", 5, 60, "%")
	g.assume("customers", 20, 900, "")
	g.assume("churn", 2, 30, "%/year")
	g.assume("revenue", 200, 9000, "EUR/year")
	g.line("  seats: users * 1.25 + 2")
	g.names = []string{"users", "share", "seats"}
	for i := range g.int(0, 3, "derived") {
		name := fmt.Sprintf("d%d", i)
		g.line("  %s: %q", name, g.expr(2))
		g.names = append(g.names, name)
	}
	if g.curves {
		for _, name := range []string{"adoption", "data_quality", "process"} {
			if g.chance(75, name) {
				g.curve(name)
			}
		}
	}
	if g.rollout {
		g.line("rollout: [{at: %d, share: %d %%}, {at: %d, share: %d %%}]", g.int(0, 3, "first wave"), g.int(10, 50, "its share"), g.int(4, g.horizon+3, "second wave"), g.int(10, 50, "its share"))
	}
	g.line("costs:")
	for i := range g.int(1, 4, "costs") {
		g.position(fmt.Sprintf("c%d", i), false)
	}
	g.line("benefits:")
	n := g.int(1, 5, "benefits")
	removed := "costs.c0"
	if n > 1 {
		removed += ", benefits.b0"
	}
	for i := range n {
		g.position(fmt.Sprintf("b%d", i), true)
	}
	if g.chance(25, "package") {
		g.line("packages:\n  assist: {package: reply_drafting, seats: users, price: price, tickets: inflow, handling_time: 9 min, wage: wage, converts: share%s}", g.one("from", "", ", from: 4", ", risk: 20 %"))
	}
	s := sample{name: rapid.SampledFrom(g.changeable).Draw(g.t, "changed"), column: rapid.SampledFrom([]int{middle, chosen}).Draw(g.t, "column")}
	s.unit, s.value = g.units[s.name], g.values[s.name]+float64(g.int(1, 4, "by"))
	if g.chance(35, "scenarios") {
		g.line("scenarios:\n  other: {assumptions: {users: 33, share: 41 %%}, discount: 5 %%}")
		s.scenario, s.at = "other", 2
		if g.chance(50, "second scenario") {
			g.line("  far: {horizon: %d months, tax: {rate: 20 %%}, assumptions: {seats: \"users * 2 + month\", price: 77 EUR/month}, costs: {extra: {label: extra, amount: 900 EUR, at: 2}}, adoption: {plateau: 55 %%, months_to_90: 5}, remove: [%s]}",
				g.int(12, 50, "other horizon"), removed)
			s.scenario, s.at = "far", 3
		}
	}
	s.text = g.b.String()
	return s
}
