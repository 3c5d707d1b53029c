package starter

import (
	"math"
	"strconv"
	"sync"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
)

// horizon is the number of months a first case looks ahead, as commissioned studies do (Total Economic Impact, three
// years); a longer one would make any CRM pay.
const horizon = 36

// Seats from which a firm is assumed to have reserve licences, own customising and go-to people in the teams.
const (
	withReserve   = 25
	withChampions = 10
)

// manyGoals is from how many purposes on a firm is assumed to reach each of them more slowly.
const manyGoals = 3

// embedded is the catalogue of the program; only what every reader of the file has may stand in it.
var embedded = sync.OnceValues(func() (*catalogue.Catalogue, error) { return catalogue.Open() })

// Case writes the case file. The same answers give the same bytes. What was not answered is filled as by Default.
// The error is an AnswerError, a sentence in the language of the answers.
func Case(a Answers) (string, error) {
	a = Default(a)
	if err := a.check(); err != nil {
		return "", err
	}
	cat, err := embedded()
	if err != nil {
		return "", err
	}
	a.Name, a.Organisation = clean(a.Name), clean(a.Organisation)
	w := &writer{l: text(a.Lang), cat: cat, a: a, p: profileOf(a.Industry)}
	if w.a.Name == "" {
		w.a.Name = w.t("case_name", diag.Args{"goals": w.goalNames()})
	}
	w.head()
	w.assumptions()
	w.factors()
	w.costs()
	w.benefits()
	w.correlations()
	w.scenarios()
	return w.String(), w.err
}

func (w *writer) goalNames() string {
	var names []string
	for _, g := range goals {
		if w.a.has(g) {
			names = append(names, w.t("goal."+g, nil))
		}
	}
	return w.l.And(names)
}

func (w *writer) head() {
	title := plainSpaces(w.a.Name)
	if w.a.Organisation != "" {
		title += " – " + w.a.Organisation
	}
	w.comment("", title)
	w.line("#")
	for _, key := range []string{"head.what", "head.how", "head.ranges", "head.grades"} {
		w.comment("", w.t(key, nil))
	}
	if w.a.Currency != "EUR" {
		w.comment("", w.t("head.currency", diag.Args{"currency": w.a.Currency, "rate": perEuro[w.a.Currency]}))
	}
	if len(w.ai()) > 0 {
		w.comment("", w.t("head.scenario", nil))
	}
	w.line()
	w.line("case: ", quote(w.a.Name))
	if w.a.Organisation != "" {
		w.line("organisation: ", quote(w.a.Organisation))
	}
	w.line("currency: ", w.a.Currency)
	if w.a.Start != "" {
		w.line("start: ", w.a.Start, "            # ", w.t("head.start", nil))
	} else {
		w.comment("", w.t("head.no_start", nil))
	}
	w.line("horizon: ", strconv.Itoa(horizon), " months        # ", w.t("head.horizon", nil))
	w.line("discount: 8 %/year        # ", w.t("head.discount", nil))
}

// answer is the source and grade of one of the person's own answers.
func (w *writer) answer(text, id string, flag assumed, grade string) value {
	if w.a.assumed&flag != 0 {
		return value{text: text, source: w.t("assumed", diag.Args{"reason": Reason(w.a, id, w.a.Lang)}), grade: "D"}
	}
	return value{text: text, source: w.t("answered", nil), grade: grade}
}

// around is a share with some width, in the logit so that it stays between 0 and 1.
func around(v, low, high float64) triple {
	logit := math.Log(v / (1 - v))
	at := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	return triple{at(logit - low), v, at(logit + high)}
}

func (w *writer) assumptions() {
	a, p := w.a, w.p
	w.section("assumptions", nil)
	w.line("assumptions:")
	w.assumption("users", w.answer(number(float64(a.Seats)), "seats", assumedSeats, "A"), nil)
	if n := a.serviceSeats(); n > 0 {
		v := w.estimate(number(float64(n)))
		if n == a.Seats {
			v = value{text: "users", source: w.t("service_only", nil), grade: "A"}
		}
		v.label = w.t("label.service_users", nil)
		w.assumption("service_users", v, nil)
	}
	wage := value{text: w.money(p.wage, "/h"), source: w.t("source.wage", nil), grade: p.wageGrade}
	if a.Currency != "EUR" {
		wage = w.estimate(wage.text)
	}
	w.assumption("wage", wage, nil)
	if w.freesTime() {
		w.assumption("converts", w.estimate("20 .. 40 .. 60 %"), nil)
	}
	if a.has("sales", "marketing", "retention") {
		revenue := w.answer(number(a.Revenue)+" "+a.Currency+"/year", "revenue", assumedRevenue, "B")
		revenue.label = w.t("label.annual_revenue", nil)
		w.assumption("annual_revenue", revenue, nil)
		w.assumption("margin", w.answer(percent(around(a.Margin, 0.2, 0.15)), "margin", assumedMargin, "B"), nil)
		offered := w.estimate(percent(p.offered))
		offered.label = w.t("label.offered", nil)
		w.assumption("offered", offered, nil)
	} else if a.assumed&(assumedRevenue|assumedMargin) != assumedRevenue|assumedMargin {
		w.line()
		w.comment("  ", w.t("no_revenue_needed", nil))
	}
	if a.has("sales", "marketing") {
		w.assumption("win_rate", w.estimate(number(p.winRate*100)+" %"), nil)
		w.assumption("deal_value", w.estimate(number(round(p.dealValue*perEuro[a.Currency], 2))+" "+a.Currency), nil)
		w.assumption("deals", w.estimate("annual_revenue * offered / (win_rate * deal_value)"), nil)
	}
	if a.has("marketing") {
		w.assumption("conversion", w.estimate(number(p.conversion*100)+" %"), nil)
		w.assumption("leads", w.estimate("deals / conversion"), nil)
	}
	if a.has("retention") {
		w.assumption("revenue", w.estimate(number(round(p.perCustomer*perEuro[a.Currency], 2))+" "+a.Currency+"/year"), nil)
		w.assumption("customers", w.estimate("annual_revenue * (1 - offered) / revenue"), nil)
		w.assumption("churn", value{text: percent(p.churn) + "/year", source: w.t("source.churn", nil), grade: "D"}, nil)
	}
	if a.has("service") {
		hours := w.estimate("14 .. 20 .. 27 h/week")
		hours.label = w.t("label.ticket_hours", nil)
		w.assumption("ticket_hours", hours, nil)
		w.assumption("handling_time", w.estimate(number(p.ticketTime)+" min"), nil)
		w.assumption("tickets", w.estimate("service_users * ticket_hours / handling_time"), nil)
	}
	w.assumption("price", w.answer(number(a.Price)+" "+a.Currency+"/month", "price", assumedPrice, "B"), nil)
	n, cost := w.interfaces()
	w.assumption("interfaces", w.estimate(number(n)), nil)
	w.assumption("interface_cost", w.estimate(w.money(cost, "")), nil)
	w.assumption("day_rate", value{text: w.money(triple{900, 1150, 1500}, "/day"), source: w.t("source.day_rate", nil), grade: w.priceGrade()}, nil)
}

// priceGrade is the grade of a market price in euros: C, and D where it was only converted.
func (w *writer) priceGrade() string {
	if w.a.Currency == "EUR" {
		return "C"
	}
	return "D"
}

func (w *writer) freesTime() bool { return w.a.has("sales", "service", "admin") }

// interfaces is how many systems a firm of this size connects, and what one costs.
func (w *writer) interfaces() (float64, triple) {
	switch s := w.a.Seats; {
	case s < 5:
		return 1, triple{700, 1_500, 4_000}
	case s < 10:
		return 1, triple{1_500, 3_000, 7_000}
	case s < 50:
		return 2, triple{3_500, 6_000, 13_000}
	case s < 200:
		return 3, triple{5_000, 9_000, 20_000}
	}
	return 5, triple{8_000, 15_000, 35_000}
}

// part is one of the three values of a factor, with a source where it is more than an estimate.
type part struct{ key, text, source string }

func (w *writer) factors() {
	w.section("factors", nil)
	curve := func(name string, parts ...part) {
		w.line()
		w.comment("", w.t("factor."+name, nil))
		w.line(name, ":")
		for _, p := range parts {
			label := w.t("label."+name+"."+p.key, nil)
			if p.source != "" {
				w.input("  ", p.key, value{text: p.text, label: label, source: w.t("source."+p.source, nil), grade: "C"})
				continue
			}
			w.line("  ", p.key, ": {value: ", p.text, ", label: ", quote(label), "}")
		}
		w.estimated("  ")
	}
	curve("adoption", part{"start", "5 .. 15 .. 30 %", ""}, part{"plateau", "45 .. 68 .. 88 %", "adoption"}, part{"months_to_90", "5 .. 8 .. 14", ""})
	curve("data_quality", part{"start", "40 .. 53 .. 70 %", "data_quality"}, part{"plateau", "72 .. 84 .. 93 %", ""}, part{"months_to_90", "6 .. 9 .. 14", ""})
	if len(w.a.Goals) < manyGoals {
		curve("process", part{"start", "45 .. 55 .. 68 %", ""}, part{"plateau", "65 .. 80 .. 90 %", ""}, part{"months_to_90", "6 .. 10 .. 16", ""})
		return
	}
	curve("process", part{"start", "40 .. 50 .. 64 %", ""}, part{"plateau", "55 .. 70 .. 84 %", ""}, part{"months_to_90", "8 .. 13 .. 20", ""})
}

// cost opens a line of costs with what the catalogue says about finding the real number.
func (w *writer) cost(id, item string, rows ...func()) {
	c, err := w.cat.Cost(item)
	if err != nil {
		w.err = err
		return
	}
	w.line()
	w.comment("  ", c.Name.In(w.a.Lang)+": "+c.Text.In(w.a.Lang))
	w.comment("  ", w.t("find", diag.Args{"how": c.Measure.In(w.a.Lang)}))
	w.line("  ", id, ":")
	w.line("    item: ", item)
	for _, row := range rows {
		row()
	}
}

// rows make the parts of a line.
func (w *writer) row(key, s string) func()           { return func() { w.field("    ", key, s) } }
func (w *writer) sourced(key string, v value) func() { return func() { w.input("    ", key, v) } }
func (w *writer) guessed() func()                    { return func() { w.estimated("    ") } }

func (w *writer) costs() {
	a := w.a
	seats := float64(a.Seats)
	w.section("costs", nil)
	w.line("costs:")
	escalates := w.sourced("escalates", value{text: "1 .. 4 .. 8 %/year", source: w.t("source.escalates", nil), grade: "C"})
	w.cost("licences", "licences", escalates)
	if a.Seats >= withReserve {
		w.cost("unused", "unused_seats", w.row("seats", "users"),
			w.sourced("unused", value{text: "3 .. 8 .. 20 %", source: w.t("source.unused", nil), grade: "D"}), escalates)
	}
	// More purposes make a larger project; two are the middle.
	scope := 0.7 + 0.15*float64(len(a.Goals))
	days := scope * (1 + 0.85*math.Pow(seats, 0.9))
	w.cost("partner", "implementation_partner",
		w.sourced("partner_days", value{text: span(triple{0.8, 1, 1.7}.times(days), 2) + " day", source: w.t("source.partner_days", nil), grade: "D"}))
	w.cost("integration", "integration")
	if a.Seats >= withReserve {
		w.cost("customising", "customising", w.row("custom_days", span(triple{0.08, 0.18, 0.4}.times(seats*scope), 2)+" day"), w.guessed())
	}
	w.cost("migration", "data_migration", w.row("records", number(round(200*seats, 1))), w.row("manual", "10 .. 20 .. 40 %"),
		w.row("check_time", "3 .. 6 .. 12 min"), w.guessed())
	w.cost("project", "internal_project_time", w.row("team", number(math.Min(math.Round(1+math.Sqrt(seats)/2), float64(a.Employees)))),
		w.row("project_hours", span(triple{0.6, 1, 1.8}.times(8*scope*math.Sqrt(seats)), 2)+" h"), w.guessed())
	w.cost("training", "training", w.row("first_hours", span(triple{4, 8, 14}.times(scope), 2)+" h"), w.row("refresh_hours", "1 .. 2 .. 4 h"), w.guessed())
	w.cost("dip", "learning_dip", w.row("dip_hours", "0.3 .. 1 .. 2.5 h/week"), w.guessed())
	if a.Seats >= withChampions {
		w.cost("change", "change_management", w.row("champions", number(math.Ceil(seats/12))), w.row("champion_hours", "1 .. 2 .. 4 h/week"), w.guessed())
	}
	w.cost("administration", "administration", w.row("admin_hours", span(triple{0.6, 1, 1.7}.times(0.25+0.06*seats), 2)+" h/week"), w.guessed())
	w.cost("support", "support", w.row("support_fee", w.money(triple{1, 2.5, 5}.times(5+seats), "/month")), w.row("built", "interfaces * interface_cost"),
		w.row("upkeep", "8 .. 14 .. 22 %/year"), w.guessed())
	w.line()
	w.comment("  ", w.t("more_costs", nil))
}

// benefit opens a line of benefits with what the lever counts, and how to find the real number.
func (w *writer) benefit(id, lever string, rows ...func()) {
	l, err := w.cat.Lever(lever)
	if err != nil {
		w.err = err
		return
	}
	w.line()
	w.comment("  ", l.Name.In(w.a.Lang)+": "+l.Text.In(w.a.Lang))
	w.comment("  ", w.t("find", diag.Args{"how": l.Measure.In(w.a.Lang)}))
	w.comment("  ", w.t("evidence", diag.Args{"lever": lever}))
	w.line("  ", id, ":")
	w.line("    lever: ", lever)
	for _, row := range rows {
		row()
	}
	w.estimated("    ")
}

func (w *writer) benefits() {
	a := w.a
	seats := float64(a.Seats)
	w.section("benefits", diag.Args{"goals": w.goalNames()})
	w.line("benefits:")
	if a.has("sales") {
		w.benefit("win_rate", "win_rate", w.row("uplift", "1 .. 2.5 .. 7 %"))
	}
	if a.has("marketing") {
		uplift := "1 .. 2.5 .. 7 %"
		if a.has("sales") {
			uplift = "0.5 .. 1.5 .. 4.5 %" // the same enquiries: what is won at the quote is not won again at the enquiry
		}
		w.benefit("lead_conversion", "lead_conversion", w.row("uplift", uplift))
		w.benefit("marketing_spend", "marketing_efficiency", w.row("spend", "annual_revenue * 1 %"), w.row("saving", "1 .. 4 .. 10 %"))
	}
	if a.has("retention") {
		w.benefit("churn", "churn", w.row("cut", "2 .. 5 .. 11 %"))
		w.benefit("repeat_purchase", "repeat_purchase", w.row("uplift", "0.5 .. 1.2 .. 3.5 %"))
	}
	if users := w.deskUsers(); users != "" {
		w.benefit("time", "time_saved", w.row("users", users), w.row("hours", "0.4 .. 1.2 .. 2.8 h/week"))
	}
	if a.has("service") {
		w.benefit("onboarding", "onboarding", w.row("hires", "service_users * 12 %/year"), w.row("ramp", "2 .. 4 .. 7 month"),
			w.row("cut", "4 .. 10 .. 20 %"), w.row("shortfall", "50 %"), w.row("pay", "wage * 30 h/week"))
		w.benefit("handling", "service_handling", w.row("cut", "3 .. 8 .. 15 %"))
	}
	if a.has("admin") {
		w.benefit("reports", "reporting_admin", w.row("people", number(math.Ceil(seats/8))), w.row("report_hours", "4 .. 8 .. 16 h/month"), w.row("cut", "15 .. 30 .. 50 %"))
		w.benefit("rework", "data_errors", w.row("errors", span(triple{0.7, 1.5, 3.5}.times(seats), 2)+" /month"), w.row("cut", "10 .. 25 .. 45 %"),
			w.row("rework_time", "10 .. 25 .. 50 min"))
	}
	w.line()
	w.comment("  ", w.t("more_benefits", nil))
}

// deskUsers is who saves time at the desk; the time of the service team is counted under handling time.
func (w *writer) deskUsers() string {
	n := w.a.serviceSeats()
	switch {
	case !w.a.has("sales", "admin") || n == w.a.Seats:
		return ""
	case n > 0:
		return "users - service_users"
	}
	return "users"
}

func (w *writer) correlations() {
	w.section("correlate", nil)
	w.line("correlate:")
	w.line("  - [adoption.plateau, data_quality.plateau, 0.4]")
	if w.deskUsers() != "" {
		w.line("  - [adoption.plateau, benefits.time.hours, 0.3]")
	}
}

// ai lists the AI packages that fit the goals.
func (w *writer) ai() []string {
	var ids []string
	if w.a.has("service") {
		ids = append(ids, "reply_drafting")
	}
	if w.a.has("sales") && w.a.serviceSeats() < w.a.Seats {
		ids = append(ids, "meeting_mail_assistant")
	}
	return ids
}

func (w *writer) scenarios() {
	packages := w.ai()
	if len(packages) == 0 {
		return
	}
	w.section("scenarios", nil)
	w.line("scenarios:")
	w.line("  with_ai:")
	w.line("    label: ", quote(w.t("label.with_ai", nil)))
	if w.a.has("service") {
		w.comment("    ", w.t("no_onboarding", nil))
		w.line("    remove: [benefits.onboarding]")
	}
	w.line("    packages:")
	for _, id := range packages {
		p, err := w.cat.Package(id)
		if err != nil {
			w.err = err
			return
		}
		w.line()
		w.comment("      ", p.Name.In(w.a.Lang)+": "+p.Text.In(w.a.Lang))
		w.comment("      ", p.Caution.In(w.a.Lang))
		w.comment("      ", w.t("find", diag.Args{"how": p.Measure.In(w.a.Lang)}))
		w.comment("      ", w.t("evidence", diag.Args{"lever": id}))
		w.line("      ", id, ":")
		w.line("        package: ", id)
		if id == "reply_drafting" {
			w.line("        seats: service_users")
		} else {
			users := w.deskUsers()
			w.line("        seats: ", users)
			w.line("        users: ", users)
			w.line("        converts: 1 .. 4 .. 10 %")
		}
		w.line("        price: ", w.money(triple{20, 30, 45}, "/month"))
		w.line("        from: 4")
		w.estimated("        ")
	}
}
