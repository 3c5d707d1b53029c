package quality

import (
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/linkage"
)

type verdict int

const (
	skipped verdict = iota // the rule does not ask about this record
	holds                  // what is asked for is there
	fails
)

func is(right bool) verdict {
	if right {
		return holds
	}
	return fails
}

// record is a row of a table while it is checked.
type record struct {
	id               string
	created, updated any
	v                []any
	team             int
	month            int64
	other            string // the record with the same key
}

// check is a measure with its test; without one it says why.
type check struct {
	Measure
	factor int
	test   func(*record) verdict
	teams  []struct{ Checked, Wrong int64 }
}

// builder makes the checks of a table and collects the columns that they need.
type builder struct {
	*run
	t       crm.Table
	columns []string
	at      map[string]int
	checks  []*check
	team    func(*record) int
	month   func(*record) int64
	look    func(*record) // sees each record once, before its checks; nil where nobody looks
}

// col is the place of a column among those read.
func (b *builder) col(name string) int {
	i, ok := b.at[name]
	if !ok {
		i = len(b.columns)
		b.at[name] = i
		b.columns = append(b.columns, name)
	}
	return i
}

func (b *builder) text(name string) func(*record) string {
	i := b.col(name)
	return func(r *record) string {
		s, _ := r.v[i].(string)
		return s
	}
}

func (b *builder) number(name string) func(*record) (int64, bool) {
	i := b.col(name)
	return func(r *record) (int64, bool) {
		n, ok := r.v[i].(int64)
		return n, ok
	}
}

func (b *builder) share(name string) func(*record) (float64, bool) {
	i := b.col(name)
	return func(r *record) (float64, bool) {
		f, ok := r.v[i].(float64)
		return f, ok
	}
}

// known tells whether a value is there.
func known(v any) bool {
	s, ok := v.(string)
	return v != nil && (!ok || strings.TrimSpace(s) != "")
}

// add adds a check; where one of the columns needed is not delivered it says so instead. needs may name alternatives: a|b.
func (b *builder) add(m Measure, needs []string, test func(*record) verdict) {
	m.Table = b.t.Name
	if m.ID == "" {
		m.ID = string(m.Factor) + "." + b.t.Name + "." + m.Kind
	}
	c := &check{Measure: m, factor: slices.Index(factors, m.Factor), test: test, teams: make([]struct{ Checked, Wrong int64 }, len(b.run.teams))}
	for _, n := range needs {
		if !slices.ContainsFunc(strings.Split(n, "|"), func(f string) bool { return b.has[b.t.Name][f] }) {
			c.test, c.Reason = nil, NotDelivered
			c.Lacks = append(c.Lacks, strings.Split(n, "|")...)
		}
	}
	b.checks = append(b.checks, c)
}

// missing adds a check that cannot be made for want of columns or a table.
func (b *builder) missing(m Measure, lacks ...string) {
	m.Reason, m.Lacks = NotDelivered, lacks
	b.add(m, nil, nil)
}

// day is that of an instant in the business's zone.
func (b *builder) day(v any) (int64, bool) {
	n, ok := v.(int64)
	if !ok {
		return 0, false
	}
	return crm.DayOf(time.UnixMicro(n).In(b.zone)), true
}

// owners are the columns that say whose record it is.
var owners = map[string][]string{"account": {"owner"}, "lead": {"owner"}, "opportunity": {"owner"}, "opportunity_change": {"changed_by"}, "activity": {"author", "owner"}, "ticket": {"owner"}, "sales_document": {"owner"}}

// months are the columns that say which month a record is of.
var months = map[string]string{"lead": "opened_month", "opportunity": "opened_month", "opportunity_change": "changed_month", "activity": "done_month", "ticket": "opened_month", "sales_document": "document_month"}

func (b *builder) build() {
	b.whose()
	b.completeness()
	b.accuracy()
	b.referential()
	switch b.t.Name {
	case "account":
		b.col("type") // the company itself is none
		b.order("ended_before_order", "ended_day", "first_order_day")
		b.outdated()
		b.uniqueKey("same_vat_id", "vat_id", []string{"vat_id"}, func(s []string) string {
			if !VATID(s[0]) { // what fills the field fills it everywhere
				return ""
			}
			return strings.NewReplacer(" ", "", ".", "", "-", "").Replace(strings.ToUpper(s[0]))
		})
		b.uniqueKey("same_name", "name", []string{"name", "postal_code"}, func(s []string) string {
			if b.has["account"]["postal_code"] && strings.TrimSpace(s[1]) == "" { // branches of a chain are not told apart
				return ""
			}
			return linkage.Fold(s[0]) + "\x00" + linkage.PostalCode(s[1])
		})
	case "contact":
		b.outdated()
		b.uniqueKey("same_email", "email", []string{"email", "last_name"}, func(s []string) string {
			if !Email(strings.TrimSpace(s[0])) {
				return ""
			}
			return strings.ToLower(strings.TrimSpace(s[0])) + "\x00" + linkage.Fold(s[1])
		})
	case "lead":
		b.order("converted_before_opened", "converted_day", "opened_day")
		b.order("reply_before_opened", "first_reply_at", "opened_at")
		b.unanswered()
	case "opportunity":
		b.deal()
		b.uniqueKey("same_number", "number", []string{"number"}, func(s []string) string { return strings.TrimSpace(s[0]) })
	case "opportunity_change":
		b.change()
	case "activity":
		b.activity()
	case "ticket":
		b.order("closed_before_opened", "closed_day", "opened_day")
		b.order("reply_before_opened", "first_reply_at", "opened_at")
	case "sales_document":
		b.order("period_reversed", "period_to", "period_from")
	}
}

func (b *builder) whose() {
	b.team = func(*record) int { return 0 }
	if names := owners[b.t.Name]; names != nil {
		columns := make([]func(*record) string, len(names))
		for i, n := range names {
			columns[i] = b.text(n)
		}
		b.team = func(r *record) int {
			for _, c := range columns {
				if u, ok := b.users[c(r)]; ok {
					return u.team
				}
			}
			return 0
		}
	}
	if b.t.Name == "contact" {
		account := b.text("account")
		b.team = func(r *record) int {
			if id := account(r); id != "" {
				return int(b.ids["account"][b.key(id)].team)
			}
			return 0
		}
	}
	created := func(r *record) int64 {
		n, ok := r.created.(int64)
		if !ok {
			return 0
		}
		return crm.MonthOf(time.UnixMicro(n).In(b.zone))
	}
	b.month = created
	if name, ok := months[b.t.Name]; ok {
		month := b.number(name)
		b.month = func(r *record) int64 {
			if m, ok := month(r); ok {
				return m
			}
			return created(r)
		}
	}
}

// completeness: Com-I-2, what must be known and is not.
func (b *builder) completeness() {
	for _, q := range b.rules.Required {
		if q.Table != b.t.Name {
			continue
		}
		asked := b.asked(q)
		for _, fields := range q.Fields {
			at := make([]int, len(fields))
			for i, f := range fields {
				at[i] = b.col(f)
			}
			name := strings.Join(fields, "|")
			b.add(Measure{ID: "completeness." + b.t.Name + "." + q.id() + "." + name, Factor: Completeness, ISO: "Com-I-2", Field: name, Group: q.id(), Kind: "missing"}, []string{name}, func(r *record) verdict {
				if !asked(r) {
					return skipped
				}
				for _, i := range at {
					if known(r.v[i]) {
						return holds
					}
				}
				return fails
			})
		}
	}
}

// asked tells which records a requirement is about.
func (b *builder) asked(q Requirement) func(*record) bool {
	switch q.Group {
	case "all":
		return func(*record) bool { return true }
	case "from":
		category, probability, stage := b.text("category"), b.share("probability"), b.text("stage")
		return func(r *record) bool {
			if category(r) != crm.Open {
				return false
			}
			p, ok := probability(r)
			if s, listed := b.stages[stage(r)]; !ok && listed {
				p, ok = s.probability, s.probability >= 0
			}
			return ok && p >= q.From-1e-9
		}
	case "stage":
		stage := b.text("stage")
		return func(r *record) bool {
			id := stage(r)
			return id == q.Stage || b.stages[id].label == q.Stage
		}
	}
	group := b.text(groupColumn[b.t.Name])
	return func(r *record) bool { return group(r) == q.Group }
}

// accuracy: Acc-I-1, values that have the form of what they are.
func (b *builder) accuracy() {
	form := func(kind, field string, right func(r *record, s string) verdict) {
		value := b.text(field)
		b.add(Measure{Factor: Accuracy, ISO: "Acc-I-1", Field: field, Kind: kind}, []string{field}, func(r *record) verdict {
			s := strings.TrimSpace(value(r))
			if s == "" {
				return skipped
			}
			return right(r, s)
		})
	}
	country := func(*record) string { return "" }
	switch b.t.Name {
	case "account":
		c := b.text("country")
		country = func(r *record) string { return b.countryOf(c(r)) }
	case "contact":
		account := b.text("account")
		country = func(r *record) string {
			if id := account(r); id != "" {
				if c := b.ids["account"][b.key(id)].country; c[0] != 0 {
					return string(c[:])
				}
			}
			return ""
		}
	default:
		return
	}
	form("phone", "phone", func(r *record, s string) verdict {
		home := country(r)
		if home == "" {
			home = b.rules.Country
		}
		return is(Phone(s, home))
	})
	form("postal_code", "postal_code", func(r *record, s string) verdict {
		right, known := PostalCode(s, country(r))
		if !known {
			return skipped
		}
		return is(right)
	})
	if b.t.Name == "contact" {
		form("email", "email", func(_ *record, s string) verdict { return is(Email(s)) })
		return
	}
	form("domain", "domain", func(_ *record, s string) verdict { return is(Domain(host(s))) })
	form("vat_id", "vat_id", func(_ *record, s string) verdict { return is(VATID(s)) })
}

// host takes the name out of https://www.example.com/path.
func host(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	return s
}

// referential: Con-I-1, references that lead to a record. A stage is looked at by deal.
func (b *builder) referential() {
	for _, c := range b.t.Columns {
		if c.Kind != crm.Ref || c.Table == "stage" {
			continue
		}
		m := Measure{ID: "consistency." + b.t.Name + ".reference." + c.Name, Factor: Consistency, ISO: "Con-I-1", Field: c.Name, Kind: "reference"}
		if b.rows[c.Table] == 0 {
			b.missing(m, c.Table+".*")
			continue
		}
		value, ids := b.text(c.Name), b.ids[c.Table]
		person, history := c.Table == "user", b.t.Name == "opportunity_change"
		b.add(m, []string{c.Name}, func(r *record) verdict {
			id := value(r)
			if id == "" {
				return skipped
			}
			var ok bool
			if person {
				_, ok = b.users[id]
			} else {
				k := b.key(id)
				if _, ok = ids[k]; !ok && history { // a deleted deal keeps its history
					_, ok = b.deleted[k]
				}
			}
			return is(ok)
		})
	}
}

// order: Con-I-6, what must not come before the other.
func (b *builder) order(kind, later, earlier string) {
	l, e := b.number(later), b.number(earlier)
	b.add(Measure{Factor: Consistency, ISO: "Con-I-6", Field: later, Kind: kind}, []string{later, earlier}, func(r *record) verdict {
		x, ok := l(r)
		y, known := e(r)
		if !ok || !known {
			return skipped
		}
		return is(x >= y)
	})
}

// outdated: Cur-I-1, accounts and contacts that nobody has touched for long.
func (b *builder) outdated() {
	b.add(Measure{Factor: Currentness, ISO: "Cur-I-1", Field: "updated_at", Kind: "outdated"}, []string{"updated_at"}, func(r *record) verdict {
		day, ok := b.day(r.updated)
		if !ok {
			return skipped
		}
		return is(b.today-day <= b.rules.OutdatedDays)
	})
}

func (b *builder) unanswered() {
	opened, reply, converted := b.number("opened_day"), b.number("first_reply_at"), b.number("converted_day")
	b.add(Measure{Factor: Currentness, ISO: "Cur-I-2", Field: "first_reply_at", Kind: "unanswered"}, []string{"first_reply_at"}, func(r *record) verdict {
		day, ok := opened(r)
		if !ok || b.today-day <= b.rules.UnansweredDays {
			return skipped
		}
		_, answered := reply(r)
		_, done := converted(r)
		return is(answered || done)
	})
}

// uniqueKey: Con-I-3, records beyond the first with a key; those whose key is "" are not asked.
func (b *builder) uniqueKey(kind, field string, from []string, key func([]string) string) {
	columns := make([]func(*record) string, len(from))
	for i, f := range from {
		columns[i] = b.text(f)
	}
	seen := map[uint64]string{}
	values := make([]string, len(from))
	b.add(Measure{Factor: Uniqueness, ISO: "Con-I-3", Field: field, Kind: kind}, from[:1], func(r *record) verdict {
		for i, c := range columns {
			values[i] = c(r)
		}
		if strings.TrimSpace(values[0]) == "" {
			return skipped
		}
		made := key(values)
		if made == "" {
			return skipped
		}
		k := b.key(made)
		first, known := seen[k]
		if !known {
			seen[k] = r.id
			return holds
		}
		r.other = first
		return fails
	})
}

// deal are the checks of opportunities.
func (b *builder) deal() {
	category, stageID, owner, lead := b.text("category"), b.text("stage"), b.text("owner"), b.text("lead")
	amount, opened, closed, expected := b.number("amount"), b.number("opened_day"), b.number("closed_day"), b.number("expected_close_day")
	probability := b.share("probability")
	finished := func(r *record) bool { c := category(r); return c == crm.Won || c == crm.Lost || c == crm.Void }

	b.add(Measure{Factor: Consistency, ISO: "Con-I-6", Field: "amount", Kind: "won_without_amount"}, []string{"amount"}, func(r *record) verdict {
		if category(r) != crm.Won {
			return skipped
		}
		n, _ := amount(r)
		return is(n > 0)
	})
	b.add(Measure{Factor: Consistency, ISO: "Con-I-6", Field: "closed_day", Kind: "closed_before_opened"}, []string{"closed_day", "opened_day"}, func(r *record) verdict {
		to, ok := closed(r)
		from, known := opened(r)
		if !ok || !known || !finished(r) {
			return skipped
		}
		return is(to >= from)
	})
	m := Measure{Factor: Consistency, ISO: "Con-I-6", Field: "closed_day", Kind: "closed_before_lead"}
	if b.rows["lead"] == 0 {
		b.missing(m, "lead.*")
	} else {
		leads := b.ids["lead"]
		b.add(m, []string{"lead", "closed_day"}, func(r *record) verdict {
			to, ok := closed(r)
			l := leads[b.key(lead(r))]
			if !ok || !finished(r) || lead(r) == "" || l.day == 0 {
				return skipped
			}
			return is(to >= int64(l.day))
		})
	}
	m = Measure{Factor: Consistency, ISO: "Con-I-6", Field: "amount", Kind: "lost_amount_changed"}
	if b.rows["opportunity_change"] == 0 {
		b.missing(m, "opportunity_change.*")
	} else {
		b.add(m, []string{"closed_day"}, func(r *record) verdict {
			to, ok := closed(r)
			if !ok || category(r) != crm.Lost {
				return skipped
			}
			return is(int64(b.touched[b.key(r.id)].amount) <= to)
		})
	}
	unlisted := Measure{Factor: Consistency, ISO: "Con-I-1", Field: "stage", Kind: "stage_unlisted"}
	other := Measure{Factor: Consistency, ISO: "Con-I-6", Field: "stage", Kind: "stage_category"}
	if len(b.stages) == 0 {
		b.missing(unlisted, "stage.*")
		b.missing(other, "stage.*")
	} else {
		b.add(unlisted, []string{"stage"}, func(r *record) verdict {
			id := stageID(r)
			if id == "" {
				return skipped
			}
			_, ok := b.stages[id]
			return is(ok)
		})
		b.add(other, []string{"stage"}, func(r *record) verdict {
			s, ok := b.stages[stageID(r)]
			if !ok {
				return skipped
			}
			return is(s.category == category(r))
		})
	}
	b.add(Measure{Factor: Consistency, ISO: "Con-I-6", Field: "probability", Kind: "probability"}, []string{"probability"}, func(r *record) verdict {
		p, ok := probability(r)
		if !ok {
			return skipped
		}
		switch category(r) {
		case crm.Open:
			if s, ok := b.stages[stageID(r)]; ok && s.category == crm.Open && s.probability >= 0 && (p-s.probability > b.rules.ProbabilityGap+1e-9 || s.probability-p > b.rules.ProbabilityGap+1e-9) {
				return fails
			}
			return is(p < 1)
		case crm.Won:
			return is(p > 0)
		case crm.Lost:
			return is(p < 1)
		}
		return skipped
	})
	b.stale(category, opened)
	b.add(Measure{Factor: Currentness, ISO: "Cur-I-2", Field: "expected_close_day", Kind: "overdue"}, []string{"expected_close_day"}, func(r *record) verdict {
		day, ok := expected(r)
		if !ok || category(r) != crm.Open {
			return skipped
		}
		return is(day >= b.today)
	})
	m = Measure{Factor: Currentness, ISO: "Cur-I-2", Field: "owner", Kind: "owner_left"}
	if !b.has["user"]["active"] && !b.has["user"]["left_day"] {
		b.missing(m, "user.active", "user.left_day")
	} else {
		b.add(m, []string{"owner"}, func(r *record) verdict {
			u, ok := b.users[owner(r)]
			if !ok || category(r) != crm.Open {
				return skipped
			}
			b.signs.owned(u.gone)
			return is(!u.gone)
		})
	}
	b.look = func(r *record) {
		n, priced := amount(r)
		from, begun := opened(r)
		to, over := closed(r)
		b.signs.deal(b, r, n, priced, from, to, begun && over && finished(r), over && (category(r) == crm.Won || category(r) == crm.Lost))
	}
}

// stale: Cur-I-2, open deals to which nothing has happened for long.
func (b *builder) stale(category func(*record) string, opened func(*record) (int64, bool)) {
	m := Measure{Factor: Currentness, ISO: "Cur-I-2", Field: "updated_at", Kind: "stale"}
	history := b.rows["opportunity_change"] > 0 || b.has["activity"]["opportunity"]
	if !history && !b.has["opportunity"]["updated_at"] {
		b.missing(m, "opportunity_change.*", "activity.*", "updated_at")
		return
	}
	b.add(m, nil, func(r *record) verdict {
		if category(r) != crm.Open {
			return skipped
		}
		last, ok := opened(r)
		if !ok {
			last, ok = b.day(r.created)
		}
		if t, touched := b.touched[b.key(r.id)]; touched {
			last, ok = max(last, int64(t.last)), true
		}
		if !history {
			if day, known := b.day(r.updated); known {
				last, ok = max(last, day), true
			}
		}
		if !ok {
			return skipped
		}
		return is(b.today-last <= b.rules.StaleDays)
	})
}

// seen notes that something happened to a deal.
func (b *builder) seen(id string, day int64, amount bool) {
	if id == "" || day > b.today && !amount {
		return
	}
	k := b.key(id)
	t := b.touched[k]
	if day <= b.today {
		t.last = max(t.last, int32(day))
	}
	if amount {
		t.amount = max(t.amount, int32(day))
	}
	b.touched[k] = t
}

func (b *builder) change() {
	id, day, field, old, now := b.text("opportunity"), b.number("changed_day"), b.text("field"), b.text("old_value"), b.text("new_value")
	b.look = func(r *record) {
		if d, ok := day(r); ok {
			b.seen(id(r), d, field(r) == "amount" && old(r) != now(r))
		}
	}
}

func (b *builder) activity() {
	id, day, automatic := b.text("opportunity"), b.number("done_day"), b.number("automatic")
	b.look = func(r *record) {
		d, ok := day(r)
		if ok {
			b.seen(id(r), d, false)
		}
		if a, _ := automatic(r); a == 0 {
			b.signs.activity(b, r, d, ok)
		}
	}
}
