package kpi_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
)

// This file computes every figure a second time, with loops over the records, and knows nothing of the SQL.

type place struct {
	figure, team string
	month        int64
}

// tally is what is expected in a place: sums, or the values of single records with how they ended.
type tally struct {
	numerator, denominator float64
	n                      int64
	values                 []ended
}

type ended struct {
	age     float64
	outcome int
}

// row reads a record by column.
type row struct {
	t crm.Table
	r crm.Record
}

func (w row) number(column string) (float64, bool) {
	switch v := w.t.Get(&w.r, column).(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func (w row) whole(column string) (int64, bool) {
	v, ok := w.t.Get(&w.r, column).(int64)
	return v, ok
}

func (w row) text(column string) string {
	s, _ := w.t.Get(&w.r, column).(string)
	return s
}

func (w row) has(column string) bool {
	v := w.t.Get(&w.r, column)
	return v != nil && v != ""
}

func (w row) gone() bool { return w.r.Deleted != 0 || w.r.Merged != "" }

// off is true where a flag is 0, not where it is missing.
func (w row) off(column string) bool { n, ok := w.whole(column); return ok && n == 0 }

type plain struct {
	rows    map[string][]row
	o       kpi.Options
	person  map[string]string // identifier → person
	team    map[string]string // person → reported team
	results map[place]*tally
}

func recompute(r records, o kpi.Options) map[place]*tally {
	p := &plain{rows: map[string][]row{}, o: o, results: map[place]*tally{}}
	zone := berlin()
	for _, t := range crm.Tables() {
		for _, rec := range r[t.Name] {
			rec.Values = slices.Clone(rec.Values)
			t.Complete(&rec, zone)
			p.rows[t.Name] = append(p.rows[t.Name], row{t, rec})
		}
	}
	p.people()
	p.leads()
	p.deals()
	p.velocity()
	p.forecast()
	p.customers()
	p.tickets()
	p.use()
	p.accounts()
	return p.results
}

func (p *plain) people() {
	p.person, p.team = map[string]string{}, map[string]string{}
	type team struct {
		name      string
		all, here int
	}
	teams := map[string]*team{}
	of := map[string]string{}
	exists := map[string]bool{}
	for _, u := range p.rows["user"] {
		exists[u.r.ID] = true
		if u.off("is_person") || u.r.Merged != "" {
			continue
		}
		name := u.text("team")
		of[u.r.ID] = name
		if teams[name] == nil {
			teams[name] = &team{name: name}
		}
		teams[name].all++
		if !u.off("active") && !u.has("left_day") && u.r.Deleted == 0 {
			teams[name].here++
		}
	}
	// Small ones and those without a team go together; if that is too small, the next larger one goes with them.
	var together, apart []*team
	for _, t := range teams {
		if t.name == "" || t.here < 5 {
			together = append(together, t)
		} else {
			apart = append(apart, t)
		}
	}
	slices.SortFunc(apart, func(a, b *team) int {
		if a.here != b.here {
			return a.here - b.here
		}
		if a.name < b.name {
			return -1
		}
		return 1
	})
	here := 0
	for _, t := range together {
		here += t.here
	}
	if len(together) > 0 && here < 5 && len(apart) > 0 {
		here += apart[0].here
		together, apart = append(together, apart[0]), apart[1:]
	}
	shown := map[string]string{}
	for _, t := range apart {
		shown[t.name] = t.name
	}
	for _, t := range together {
		if here >= 5 {
			shown[t.name] = "*"
		}
	}
	for id, name := range of {
		p.person[id] = id
		if s, ok := shown[name]; ok {
			p.team[id] = s
		}
	}
	for _, u := range p.rows["user"] {
		if _, ok := of[u.r.Merged]; ok {
			p.person[u.r.ID] = u.r.Merged
		}
	}
	for _, a := range p.rows["user_alias"] {
		if _, ok := of[a.text("person")]; ok && a.r.Deleted == 0 && !exists[a.r.ID] {
			p.person[a.r.ID] = a.text("person")
		}
	}
}

// add counts something of an owner's team in a month.
func (p *plain) add(figure, owner string, month int64, numerator, denominator float64, n int64) {
	p.every(figure, owner, month, func(t *tally) {
		t.numerator += numerator
		t.denominator += denominator
		t.n += n
	})
}

func (p *plain) value(figure, owner string, month int64, age float64, outcome int) {
	p.every(figure, owner, month, func(t *tally) {
		t.n++
		t.values = append(t.values, ended{age, outcome})
	})
}

func (p *plain) every(figure, owner string, month int64, f func(*tally)) {
	if month < p.o.First || month > p.o.Last {
		return
	}
	teams := []string{""}
	if team, ok := p.team[p.person[owner]]; ok {
		teams = append(teams, team)
	}
	for _, team := range teams {
		at := place{figure, team, month}
		if p.results[at] == nil {
			p.results[at] = &tally{}
		}
		f(p.results[at])
	}
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

const minute = 60e6

func (p *plain) end() float64 { return float64(p.o.Today+1) * 86400e6 }

func (p *plain) leads() {
	for _, l := range p.rows["lead"] {
		if l.gone() {
			continue
		}
		m, _ := l.whole("opened_month")
		owner := l.text("owner")
		p.add("leads", owner, m, 1, 1, 1)
		p.add("lead_conversion", owner, m, is(l.has("converted_day") || l.has("opportunity")), 1, 1)
		p.add("lead_answered", owner, m, is(l.has("first_reply_at")), 1, 1)
		p.add("complete_lead_origin", owner, m, is(l.has("origin")), 1, 1)
		opened, ok := l.number("opened_at")
		if !ok {
			continue
		}
		replied, answered := l.number("first_reply_at")
		if !answered {
			replied = p.end()
		}
		if replied >= opened {
			p.value("lead_response", owner, m, math.Floor((replied-opened)/minute), int(is(answered)))
		}
	}
}

func home(w row) (float64, bool) {
	if v, ok := w.number("home_amount"); ok {
		return v, true
	}
	if w.t.Get(&w.r, "currency") == nil || w.text("currency") == "EUR" {
		return w.number("amount")
	}
	return 0, false
}

func (p *plain) deals() {
	for _, d := range p.rows["opportunity"] {
		if d.gone() {
			continue
		}
		owner, category := d.text("owner"), d.text("category")
		opened, hasOpened := d.number("opened_day")
		closed, hasClosed := d.number("closed_day")
		if m, ok := d.whole("opened_month"); ok {
			p.add("opportunities", owner, m, 1, 1, 1)
			if category != crm.Void {
				p.add("win_rate_cohort", owner, m, is(category == crm.Won), 1, 1)
				p.add("cohort_open", owner, m, is(category == crm.Open), 1, 1)
			}
			for figure, column := range map[string]string{"complete_amount": "amount", "complete_expected_close": "expected_close_day", "complete_account": "account", "complete_owner": "owner", "complete_lead_source": "lead_source"} {
				p.add(figure, owner, m, is(d.has(column)), 1, 1)
			}
			age := closed - opened
			if category == crm.Open {
				age = float64(p.o.Today) - opened
			}
			if (category == crm.Open || hasClosed) && age >= 0 && opened <= float64(p.o.Today) {
				for later := range int64(12) {
					p.value("win_rate_expected", owner, m+later, age, map[string]int{crm.Won: 1, crm.Lost: 2}[category])
					p.value("cycle_time_expected", owner, m+later, age, map[string]int{crm.Won: 1, crm.Lost: 2}[category])
				}
			}
		}
		m, ok := d.whole("closed_month")
		if !ok || category == crm.Open {
			continue
		}
		p.add("cancelled", owner, m, is(category == crm.Void), 1, 1)
		if category == crm.Void {
			continue
		}
		value, priced := home(d)
		p.add("win_rate", owner, m, is(category == crm.Won), 1, 1)
		p.add("amount_comparable", owner, m, is(priced), 1, 1)
		if priced {
			p.add("win_rate_value", owner, m, value/1e4*is(category == crm.Won), value/1e4, 1)
		}
		if category == crm.Lost {
			p.add("complete_lost_reason", owner, m, is(d.has("lost_reason")), 1, 1)
			continue
		}
		p.add("won", owner, m, 1, 1, 1)
		if priced {
			p.add("won_value", owner, m, value/1e4, 0, 1)
			p.add("deal_value", owner, m, value/1e4, 1, 1)
			p.value("deal_value_median", owner, m, value/1e4, 1)
		}
		if hasOpened && closed >= opened {
			p.value("cycle_time", owner, m, closed-opened, 1)
		}
	}
}

// velocity goes by team: it is a product of sums.
func (p *plain) velocity() {
	for m := p.o.First; m <= p.o.Last; m++ {
		for _, team := range p.teams() {
			var stock, won, decided, priced, value, timed, days float64
			for _, d := range p.rows["opportunity"] {
				if d.gone() || team != "" && p.team[p.person[d.text("owner")]] != team {
					continue
				}
				category := d.text("category")
				opened, hasOpened := d.whole("opened_month")
				closed, hasClosed := d.whole("closed_month")
				if hasOpened && opened <= m && (category == crm.Open || hasClosed) {
					stock++
				}
				if category == crm.Open || !hasClosed {
					continue
				}
				if hasOpened && closed <= m {
					stock--
				}
				if closed != m || category == crm.Void {
					continue
				}
				decided++
				if category != crm.Won {
					continue
				}
				won++
				if v, ok := home(d); ok {
					priced++
					value += v / 1e4
				}
				from, _ := d.number("opened_day")
				to, _ := d.number("closed_day")
				if d.has("opened_day") && to >= from {
					timed++
					days += to - from
				}
			}
			if decided > 0 {
				p.results[place{"velocity", team, m}] = &tally{numerator: stock * won * value * timed, denominator: decided * priced * days, n: int64(decided)}
			}
		}
	}
}

func (p *plain) teams() []string {
	all := []string{""}
	for _, t := range p.team {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// as is a deal's value of a field at the beginning of a month, by its changes.
func (p *plain) as(d row, field, column string, m int64) (float64, bool) {
	var changes []row
	for _, c := range p.rows["opportunity_change"] {
		if c.text("opportunity") == d.r.ID && c.text("field") == field && c.r.Deleted == 0 {
			changes = append(changes, c)
		}
	}
	if len(changes) == 0 {
		return d.number(column)
	}
	slices.SortStableFunc(changes, func(a, b row) int {
		x, _ := a.whole("changed_at")
		y, _ := b.whole("changed_at")
		return int(x - y)
	})
	text := changes[0].text("old_value")
	for _, c := range changes {
		if at, _ := c.whole("changed_month"); at < m {
			text = c.text("new_value")
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && text[len(text)-1] != '.' // "1." is no number of ours
}

func (p *plain) changed(d row, field string) bool {
	return slices.ContainsFunc(p.rows["opportunity_change"], func(c row) bool {
		return c.text("opportunity") == d.r.ID && c.text("field") == field && c.r.Deleted == 0
	})
}

func (p *plain) forecast() {
	for m := p.o.First; m <= p.o.Last; m++ {
		for _, d := range p.rows["opportunity"] {
			if d.gone() {
				continue
			}
			now, priced := home(d)
			closed, hasClosed := d.whole("closed_month")
			if d.text("category") == crm.Won && hasClosed && closed == m && priced {
				p.add("forecast_accuracy", d.text("owner"), m, now/1e4, 0, 0)
			}
			opened, hasOpened := d.whole("opened_month")
			if !hasOpened || opened >= m || d.text("category") != crm.Open && (!hasClosed || closed < m) {
				continue
			}
			expected, ok := p.as(d, "expected_close", "expected_close_day", m)
			if !ok || crm.MonthOf(crm.DayTime(int64(expected))) != m || !priced {
				continue
			}
			amount, hasAmount := p.as(d, "amount", "home_amount", m)
			if !p.changed(d, "amount") {
				amount, hasAmount = now, true
			} else if v, _ := d.number("amount"); hasAmount && v != now { // at today's rate
				if v == 0 {
					hasAmount = false
				}
				amount *= now / v
			}
			probability, hasProbability := p.as(d, "probability", "probability", m)
			if hasAmount && hasProbability {
				p.add("forecast_accuracy", d.text("owner"), m, 0, amount*probability/1e4, 1)
			}
		}
	}
}

func (p *plain) customers() {
	// The account that stands for one, after merging.
	survivor := map[string]row{}
	byID := map[string]row{}
	for _, a := range p.rows["account"] {
		byID[a.r.ID] = a
	}
	for id, a := range byID {
		if a.r.Merged != "" {
			b, ok := byID[a.r.Merged]
			if !ok || b.r.Merged != "" {
				continue
			}
			a = b
		}
		if a.r.Deleted == 0 {
			survivor[id] = a
		}
	}
	subscribed := map[string]bool{}
	revenue := map[int64]map[string]float64{}
	pay := func(account string, from, to int64, net float64) {
		a, ok := survivor[account]
		for m := max(from, p.o.First-1); ok && m <= min(to, p.o.Last); m++ {
			if revenue[m] == nil {
				revenue[m] = map[string]float64{}
			}
			revenue[m][a.r.ID] += net
		}
	}
	hasOrders := false
	for _, d := range p.rows["sales_document"] {
		hasOrders = hasOrders || d.text("kind") == "order"
		net, _ := d.number("net")
		from, ok := d.whole("from_month")
		if d.gone() || d.text("kind") != "subscription" || !ok || net <= 0 || !d.has("account") || d.has("currency") && d.text("currency") != "EUR" {
			continue
		}
		to, limited := d.whole("to_month")
		switch {
		case !limited:
			subscribed[d.text("account")] = true
			pay(d.text("account"), from, math.MaxInt64, net/1e4)
		case to >= from:
			subscribed[d.text("account")] = true
			pay(d.text("account"), from, to, net/1e4/float64(to-from+1))
		}
	}
	for _, a := range p.rows["account"] {
		from, ok := a.whole("first_order_month")
		monthly, _ := a.number("monthly")
		if subscribed[a.r.ID] || !ok || monthly <= 0 || a.has("currency") && a.text("currency") != "EUR" {
			continue
		}
		to, ended := a.whole("ended_month")
		if !ended {
			to = math.MaxInt64
		}
		pay(a.r.ID, from, to-1, monthly/1e4)
	}
	for m := p.o.First; m <= p.o.Last; m++ {
		for account, before := range revenue[m-1] {
			owner := byID[account].text("owner")
			now, here := revenue[m][account]
			p.add("logo_churn", owner, m, is(!here), 1, 1)
			p.add("logo_retention", owner, m, is(here), 1, 1)
			p.add("revenue_churn", owner, m, before-min(now, before), before, 1)
			p.add("gross_retention", owner, m, min(now, before), before, 1)
			p.add("net_retention", owner, m, now, before, 1)
		}
	}
	kind := "invoice"
	if hasOrders {
		kind = "order"
	}
	months := map[string][]int64{}
	for _, d := range p.rows["sales_document"] {
		if a, ok := survivor[d.text("account")]; ok && !d.gone() && d.text("kind") == kind {
			m, _ := d.whole("document_month")
			if !slices.Contains(months[a.r.ID], m) {
				months[a.r.ID] = append(months[a.r.ID], m)
			}
		}
	}
	for account, all := range months {
		for _, m := range all {
			p.add("repeat_purchase", byID[account].text("owner"), m, is(slices.Min(all) < m), 1, 1)
		}
	}
}

func (p *plain) tickets() {
	for _, t := range p.rows["ticket"] {
		if t.gone() {
			continue
		}
		m, _ := t.whole("opened_month")
		owner, solved := t.text("owner"), t.text("category") == "solved"
		p.add("tickets", owner, m, 1, 1, 1)
		p.add("tickets_solved", owner, m, is(solved), 1, 1)
		p.add("complete_ticket_account", owner, m, is(t.has("account")), 1, 1)
		if opened, ok := t.number("opened_at"); ok {
			until, replied := t.number("first_reply_at")
			if !replied {
				if until, ok = t.number("closed_at"); !ok {
					until = p.end()
				}
			}
			if until >= opened {
				p.value("ticket_response", owner, m, math.Floor((until-opened)/minute), int(is(replied)))
			}
		}
		opened, _ := t.number("opened_day")
		closed, ok := t.number("closed_day")
		switch {
		case solved && !ok:
			continue
		case !solved:
			closed = float64(p.o.Today)
		}
		if closed >= opened {
			p.value("ticket_resolution", owner, m, closed-opened, int(is(solved)))
		}
	}
}

func (p *plain) use() {
	type key struct {
		person string
		month  int64
	}
	days, deals, activities, notes := map[key]map[int64]bool{}, map[key]float64{}, map[key]float64{}, map[key]float64{}
	seen := func(k key, day int64) {
		if days[k] == nil {
			days[k] = map[int64]bool{}
		}
		days[k][day] = true
	}
	logins := len(p.rows["login"]) > 0
	for _, l := range p.rows["login"] {
		m, _ := l.whole("logged_month")
		d, _ := l.whole("logged_day")
		if who, ok := p.person[l.text("person")]; ok && !l.off("success") && l.text("kind") != "api" && l.r.Deleted == 0 {
			seen(key{who, m}, d)
		}
	}
	for _, c := range p.rows["opportunity_change"] {
		m, _ := c.whole("changed_month")
		d, _ := c.whole("changed_day")
		who, ok := p.person[c.text("changed_by")]
		if !ok || c.has("origin") && c.text("origin") != "user" || c.r.Deleted != 0 {
			continue
		}
		deals[key{who, m}]++
		if !logins {
			seen(key{who, m}, d)
		}
	}
	for _, a := range p.rows["activity"] {
		m, ok := a.whole("done_month")
		if !ok || a.r.Deleted != 0 || a.has("automatic") && !a.off("automatic") {
			continue
		}
		owner := a.text("owner")
		if !a.has("owner") {
			owner = a.text("author")
		}
		if a.text("type") != "note" {
			p.add("activities", owner, m, 1, 1, 1)
		}
		author := a.text("author")
		if !a.has("author") {
			author = a.text("owner")
		}
		who, ok := p.person[author]
		if !ok {
			continue
		}
		if a.text("type") == "note" {
			notes[key{who, m}]++
		} else {
			activities[key{who, m}]++
		}
		if d, _ := a.whole("done_day"); !logins {
			seen(key{who, m}, d)
		}
	}
	for m := p.o.First; m <= p.o.Last; m++ {
		for _, u := range p.rows["user"] {
			from, hired := u.whole("hired_month")
			to, left := u.whole("left_month")
			if u.off("is_person") || u.r.Merged != "" || hired && from > m || left && to < m || !left && (u.off("active") || u.r.Deleted != 0) {
				continue
			}
			k := key{u.r.ID, m}
			active := is(len(days[k]) > 0)
			p.add("adoption", u.r.ID, m, active, 1, 1)
			p.add("adoption_deals", u.r.ID, m, is(deals[k] > 0), 1, 1)
			p.add("adoption_activities", u.r.ID, m, is(activities[k] > 0), 1, 1)
			p.add("adoption_notes", u.r.ID, m, is(notes[k] > 0), 1, 1)
			p.add("adoption_depth", u.r.ID, m, active*(deals[k]+activities[k]+notes[k]), active, int64(active))
			p.add("adoption_regularity", u.r.ID, m, float64(len(days[k])), active, int64(active))
		}
	}
}

func (p *plain) accounts() {
	for _, a := range p.rows["account"] {
		if a.gone() || a.text("type") == "own" {
			continue
		}
		email, phone := false, a.has("phone")
		for _, c := range p.rows["contact"] {
			if c.text("account") == a.r.ID && !c.gone() {
				email, phone = email || c.has("email"), phone || c.has("phone")
			}
		}
		owner := a.text("owner")
		p.add("complete_account_email", owner, p.o.Last, is(email), 1, 1)
		p.add("complete_account_phone", owner, p.o.Last, is(phone), 1, 1)
		p.add("complete_account_industry", owner, p.o.Last, is(a.has("industry")), 1, 1)
		p.add("complete_account_address", owner, p.o.Last, is(a.has("postal_code") && a.has("city")), 1, 1)
	}
}

// expected is the value that a tally stands for; ok is false where there is none.
func (t *tally) expected(figure string) (float64, bool) {
	if t.n < kpi.Fewest && !slices.Contains([]string{"leads", "opportunities", "won", "won_value", "activities", "tickets"}, figure) {
		return 0, false
	}
	if t.values == nil {
		switch figure {
		case "leads", "opportunities", "won", "won_value", "activities", "tickets":
			return t.numerator, t.n > 0 || figure != "won_value"
		}
		return t.numerator / t.denominator, t.denominator != 0
	}
	slices.SortFunc(t.values, func(a, b ended) int { return int(a.age*1e4 - b.age*1e4) })
	if figure == "cycle_time" || figure == "deal_value_median" {
		n := len(t.values)
		return (t.values[(n-1)/2].age + t.values[n/2].age) / 2, true
	}
	// One age after the other: how many were there, how many ended.
	survive, incidence, half := 1.0, 0.0, -1.0
	for age := -1.0; ; {
		later, there, won, ended := math.Inf(1), 0.0, 0.0, 0.0
		for _, v := range t.values {
			if v.age > age {
				later = min(later, v.age)
			}
		}
		if math.IsInf(later, 1) {
			break
		}
		age = later
		for _, v := range t.values {
			there += is(v.age >= age)
			ended += is(v.age == age && v.outcome != 0)
			won += is(v.age == age && v.outcome == 1)
		}
		incidence += survive * won / there
		survive *= 1 - ended/there
		if half < 0 && survive <= 0.5 {
			half = age
		}
	}
	if figure == "win_rate_expected" {
		return incidence, survive <= 0.1
	}
	return half, half >= 0
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// compare holds the series against the loops.
func compare(t fataler, name string, got map[string]kpi.Series, want map[place]*tally) {
	t.Helper()
	found := map[place]bool{}
	for _, f := range kpi.Figures() {
		s := got[f.ID]
		for i, team := range s.Teams {
			for k, m := range s.Months {
				at, p := place{f.ID, team, m}, s.Points[i][k]
				found[at] = true
				if p.Reason == kpi.History {
					continue
				}
				w := want[at]
				if w == nil {
					w = &tally{}
				}
				value, ok := w.expected(f.ID)
				if p.N != w.n || p.Numerator != 0 && w.values == nil && f.ID != "velocity" && (!near(p.Numerator, w.numerator)) {
					t.Errorf("%s: %s of %q in %s: %v of %v, n %d; the loops say %v of %v, %d", name, f.ID, team, crm.MonthText(m), p.Numerator, p.Denominator, p.N, w.numerator, w.denominator, w.n)
				}
				switch {
				case p.Value == nil && ok && w.n > 0, p.Value != nil && !ok:
					t.Errorf("%s: %s of %q in %s: %v (%s), the loops say %v, %v", name, f.ID, team, crm.MonthText(m), p.Value, p.Reason, value, ok)
				case p.Value == nil && p.Reason == "":
					t.Errorf("%s: %s of %q in %s has neither value nor reason", name, f.ID, team, crm.MonthText(m))
				case p.Value != nil && !near(*p.Value, value):
					t.Errorf("%s: %s of %q in %s: %v, the loops say %v", name, f.ID, team, crm.MonthText(m), *p.Value, value)
				case p.Low != nil && *p.Low > *p.Value+1e-9 || p.High != nil && *p.High < *p.Value-1e-9:
					t.Errorf("%s: %s of %q in %s: %v is not in its interval", name, f.ID, team, crm.MonthText(m), *p.Value)
				}
			}
		}
	}
	for at, w := range want {
		if w.n > 0 && !found[at] {
			t.Errorf("%s: %s of %q in %s is missing", name, at.figure, at.team, crm.MonthText(at.month))
		}
	}
}

func TestCompute_equalsPlainLoopsOnBothDatabases(t *testing.T) {
	all := databases(t)
	o := kpi.Options{First: month("2024-03"), Last: month("2024-07"), Today: day("2024-08-20")}
	rapid.Check(t, func(r *rapid.T) {
		made := random(r)
		want := recompute(made, o)
		early := int64(0)
		for name, d := range all {
			compare(r, name, d.compute(r, d.load(r, made, &early), o), want)
		}
	})
}
