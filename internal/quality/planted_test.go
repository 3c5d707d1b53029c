package quality_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/quality"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8") // a CRM each, on two databases; more with -rapid.checks
	}
	code := m.Run()
	storetest.StopPostgreSQL()
	os.Exit(code)
}

// fields are the values of a record by column; deleted_at, merged_into, created_at and updated_at are those of the record.
type fields map[string]any

// data are records by table and identifier.
type data map[string]map[string]fields

func (d data) put(table, id string, f fields) fields {
	if d[table] == nil {
		d[table] = map[string]fields{}
	}
	d[table][id] = f
	return f
}

func (d data) records(table string) []crm.Record {
	t, _ := crm.Find(table)
	var list []crm.Record
	for _, id := range slices.Sorted(keys(d[table])) {
		r := t.New(id)
		for name, v := range d[table][id] {
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			switch name {
			case "deleted_at":
				r.Deleted = v.(int64)
			case "created_at":
				r.Created = v.(int64)
			case "updated_at":
				r.Updated = v.(int64)
			case "merged_into":
				r.Merged = v.(string)
			default:
				if v != nil {
					t.Set(&r, name, v)
				}
			}
		}
		list = append(list, r)
	}
	return list
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

type database struct {
	*warehouse.Warehouse
	n int
}

func databases(t testing.TB) map[string]*database {
	t.Helper()
	all := map[string]*database{}
	for name, address := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "data.db"), "postgresql": storetest.PostgreSQL(t)} {
		all[name] = open(t, address)
	}
	return all
}

func open(t testing.TB, address string) *database {
	t.Helper()
	w, err := warehouse.Open(context.Background(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return &database{Warehouse: w}
}

func (d *database) load(t fataler, r data) warehouse.Source {
	t.Helper()
	ctx := context.Background()
	d.n++
	s, err := d.AddSource(ctx, warehouse.Source{Name: fmt.Sprint("CRM ", d.n), Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range crm.Tables() {
		list := r.records(table.Name)
		if len(list) == 0 {
			continue
		}
		i, err := d.Begin(ctx, s, table.Name, "", "")
		if err != nil {
			t.Fatal(err)
		}
		for k, rec := range list {
			if err := i.Write(ctx, rec, int64(k), "", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := i.Finish(ctx); err != nil {
			t.Fatal(err)
		}
		if i.Inserted != int64(len(list)) {
			rejects, _ := d.Rejects(ctx, i.ID)
			t.Fatalf("%s: %d of %d came in: %+v", table.Name, i.Inserted, len(list), rejects)
		}
	}
	return s
}

func day(text string) int64 {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return crm.DayOf(at)
}

var today = day("2026-06-30")

// at is an instant on a day, at a time of day that differs from record to record.
func at(day int64, i int) int64 {
	return crm.DayTime(day).UnixMicro() + int64(8*3600+i*37%28_000)*1_000_000
}

// germanVAT is a number with the check digit of ISO/IEC 7064, MOD 11,10, in the standard's recursive form.
func germanVAT(i int) string {
	n := fmt.Sprintf("%08d", 10_000_000+i)
	p := 10
	for _, c := range n {
		if p = (p + int(c-'0')) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return fmt.Sprintf("DE%s%d", n, (11-p)%10)
}

const size = 60 // accounts; the other tables have as many or a few times as many

// clean is a CRM in which every rule holds.
func clean() data {
	d := data{}
	for i := range 12 {
		d.put("user", fmt.Sprintf("u%02d", i), fields{"team": []string{"Nord", "Süd"}[i%2], "active": 1})
	}
	d.put("user", "left", fields{"team": "Nord", "active": 0, "left_day": today - 200})
	for id, s := range map[string]fields{"s1": {"label": "Anfrage", "category": crm.Open, "probability": 0.1}, "s2": {"label": "Angebot", "category": crm.Open, "probability": 0.6},
		"s3": {"label": "Gewonnen", "category": crm.Won, "probability": 1.0}, "s4": {"label": "Verloren", "category": crm.Lost, "probability": 0.0}} {
		d.put("stage", id, s)
	}
	owner := func(i int) string { return fmt.Sprintf("u%02d", i%12) }
	id := func(kind string, i int) string { return fmt.Sprintf("%s%04d", kind, i) }
	for i := range size {
		f := fields{"name": fmt.Sprintf("Firma %d GmbH", i), "owner": owner(i), "type": "customer", "industry": "Bau", "country": "Deutschland", "postal_code": fmt.Sprint(20_000 + i), "city": "Ort",
			"domain": fmt.Sprintf("www.firma%d.de", i), "vat_id": germanVAT(i), "phone": fmt.Sprintf("040 / 123 45%02d", i), "first_order_day": today - 900, "ended_day": today - 10, "updated_at": at(today-100, i), "created_at": at(today-300, i)}
		switch i % 3 {
		case 1:
			f["country"], f["postal_code"], f["phone"] = "AT", fmt.Sprint(1000+i), fmt.Sprintf("+43 1 5855%02d", i)
		case 2:
			f["country"], f["postal_code"], f["phone"] = "Schweiz", fmt.Sprint(8000+i), fmt.Sprintf("044 668 18 %02d", i)
		}
		d.put("account", id("a", i), f)
		d.put("contact", id("c", i), fields{"account": id("a", i), "first_name": "Eva", "last_name": fmt.Sprintf("Müller%d", i), "email": fmt.Sprintf("eva.mueller%d@firma%d.de", i, i),
			"phone": "+49 171 1234567", "postal_code": f["postal_code"], "updated_at": at(today-100, i), "created_at": at(today-300, i)})
		d.put("lead", id("l", i), fields{"name": "Anfrage", "owner": owner(i), "origin": "Messe", "opened_at": at(today-700, i), "first_reply_at": at(today-699, i), "converted_day": today - 690})
	}
	for i := range 3 * size {
		opened := today - 600 + int64(i)
		f := fields{"number": fmt.Sprint(1000 + i), "name": "Anfrage", "account": id("a", i%size), "contact": id("c", i%size), "lead": id("l", i%size), "owner": owner(i), "amount": int64(1_234+i*17) * 10_000, "currency": "EUR",
			"opened_day": opened, "lead_source": "Messe", "expected_close_day": today + 20, "created_at": at(opened, i), "updated_at": at(opened+1, i)}
		switch i % 3 {
		case 0:
			f["category"], f["stage"], f["probability"] = crm.Open, []string{"s1", "s2"}[i/3%2], []float64{0.1, 0.6}[i/3%2]
			d.put("activity", id("t", i), fields{"type": "call", "owner": owner(i), "account": id("a", i%size), "opportunity": id("o", i), "done_at": at(today-int64(i%20), i), "created_at": at(today-int64(i%20), i+1)})
		case 1:
			f["category"], f["stage"], f["probability"], f["closed_day"] = crm.Won, "s3", 1.0, opened+30
		case 2:
			f["category"], f["stage"], f["probability"], f["closed_day"], f["lost_reason"] = crm.Lost, "s4", 0.0, opened+30, "Preis"
		}
		d.put("opportunity", id("o", i), f)
		d.put("opportunity_change", id("h", i), fields{"opportunity": id("o", i), "changed_at": at(opened+10, i), "changed_by": owner(i), "field": "amount", "old_value": "1", "new_value": "2"})
		d.put("ticket", id("k", i), fields{"account": id("a", i%size), "owner": owner(i), "type": "Frage", "category": "solved", "opened_at": at(opened, i), "first_reply_at": at(opened+1, i), "closed_at": at(opened+2, i)})
		d.put("sales_document", id("d", i), fields{"kind": "invoice", "number": fmt.Sprint(i), "account": id("a", i%size), "opportunity": id("o", i), "owner": owner(i), "document_day": opened + 30, "net": 10_000_000, "period_from": opened, "period_to": opened + 30})
	}
	return d
}

// fault is a way to spoil a record so that one measure, and no other, tells of it.
type fault struct {
	measure, table string
	// of says which records it can be done to: every record, or those of a category.
	category string
	spoil    func(d data, id string, f fields)
}

// twin is a record that stays as it is and comes before all others of its table.
func twin(d data, table string, f fields, names ...string) {
	first := d[table][slices.Min(slices.Collect(keys(d[table])))]
	for _, n := range names {
		f[n] = first[n]
	}
}

var faults = []fault{
	{"completeness.account.all.city", "account", "", func(_ data, _ string, f fields) { f["city"] = " " }},
	{"completeness.account.all.industry", "account", "", func(_ data, _ string, f fields) { f["industry"] = nil }},
	{"completeness.account.all.country", "account", "", func(_ data, _ string, f fields) { f["country"], f["phone"] = "", "+49 40 1234567" }},
	{"completeness.account.all.owner", "account", "", func(_ data, _ string, f fields) { f["owner"] = nil }},
	{"completeness.contact.all.account", "contact", "", func(_ data, _ string, f fields) { f["account"] = "" }},
	{"completeness.contact.all.email|phone", "contact", "", func(_ data, _ string, f fields) { f["email"], f["phone"] = nil, "" }},
	{"completeness.contact.all.last_name", "contact", "", func(_ data, _ string, f fields) { f["last_name"] = "" }},
	{"completeness.lead.all.origin", "lead", "", func(_ data, _ string, f fields) { f["origin"] = "" }},
	{"completeness.opportunity.open.expected_close_day", "opportunity", crm.Open, func(_ data, _ string, f fields) { f["expected_close_day"] = nil }},
	{"completeness.opportunity.from_50.amount", "opportunity", crm.Open, func(_ data, _ string, f fields) { f["stage"], f["probability"], f["amount"] = "s2", nil, nil }},
	{"completeness.opportunity.won.lead_source", "opportunity", crm.Won, func(_ data, _ string, f fields) { f["lead_source"] = "" }},
	{"completeness.opportunity.lost.lost_reason", "opportunity", crm.Lost, func(_ data, _ string, f fields) { f["lost_reason"] = "  " }},
	{"completeness.opportunity.lost.closed_day", "opportunity", crm.Lost, func(_ data, _ string, f fields) { f["closed_day"] = nil }},
	{"completeness.activity.all.account|contact|opportunity|ticket", "activity", "", func(d data, _ string, f fields) {
		d["opportunity"][f["opportunity"].(string)]["opened_day"] = today // or it would be stale
		f["account"], f["opportunity"] = nil, nil
	}},
	{"completeness.ticket.solved.closed_day", "ticket", "", func(_ data, _ string, f fields) { f["closed_at"] = nil }},
	{"completeness.sales_document.all.net|gross", "sales_document", "", func(_ data, _ string, f fields) { f["net"] = nil }},
	{"accuracy.account.phone", "account", "", func(_ data, _ string, f fields) { f["phone"] = "12 34" }},
	{"accuracy.account.postal_code", "account", "", func(_ data, _ string, f fields) { f["postal_code"] = "123" }},
	{"accuracy.account.vat_id", "account", "", func(_ data, _ string, f fields) {
		s := f["vat_id"].(string)
		f["vat_id"] = s[:10] + string('0'+(s[10]-'0'+1)%10)
	}},
	{"accuracy.account.domain", "account", "", func(_ data, _ string, f fields) { f["domain"] = "keine" }},
	{"accuracy.contact.email", "contact", "", func(_ data, _ string, f fields) { f["email"] = strings.ReplaceAll(f["email"].(string), "@", " at ") }},
	{"accuracy.contact.phone", "contact", "", func(_ data, _ string, f fields) { f["phone"] = "+99 123 456 789" }},
	{"accuracy.contact.postal_code", "contact", "", func(_ data, _ string, f fields) { f["postal_code"] = "1" }},
	{"consistency.account.reference.owner", "account", "", func(_ data, _ string, f fields) { f["owner"] = "nobody" }},
	{"consistency.contact.reference.account", "contact", "", func(_ data, _ string, f fields) { f["account"] = "a9999" }},
	{"consistency.opportunity.reference.contact", "opportunity", "", func(_ data, _ string, f fields) { f["contact"] = "c9999" }},
	{"consistency.opportunity_change.reference.opportunity", "opportunity_change", "", func(d data, _ string, f fields) { f["opportunity"] = "o9999" }},
	{"consistency.account.ended_before_order", "account", "", func(_ data, _ string, f fields) { f["ended_day"] = f["first_order_day"].(int64) - 1 }},
	{"consistency.lead.converted_before_opened", "lead", "", func(_ data, _ string, f fields) { f["converted_day"] = today - 701 }},
	{"consistency.lead.reply_before_opened", "lead", "", func(_ data, _ string, f fields) { f["first_reply_at"] = f["opened_at"].(int64) - 1 }},
	{"consistency.opportunity.won_without_amount", "opportunity", crm.Won, func(_ data, id string, f fields) {
		f["amount"] = nil
		if id[len(id)-1]%2 == 0 {
			f["amount"] = 0
		}
	}},
	{"consistency.opportunity.closed_before_opened", "opportunity", crm.Won, func(_ data, _ string, f fields) { f["closed_day"] = f["opened_day"].(int64) - 1 }},
	{"consistency.opportunity.closed_before_lead", "opportunity", crm.Won, func(d data, _ string, f fields) {
		d.put("lead", "later", fields{"owner": "u00", "origin": "Messe", "opened_at": at(today-1, 0), "first_reply_at": at(today-1, 1)})
		f["lead"] = "later"
	}},
	{"consistency.opportunity.lost_amount_changed", "opportunity", crm.Lost, func(d data, id string, f fields) {
		d.put("opportunity_change", "x"+id, fields{"opportunity": id, "changed_at": at(f["closed_day"].(int64)+1, 0), "changed_by": "u00", "field": "amount", "old_value": "1", "new_value": "2"})
	}},
	{"consistency.opportunity.stage_unlisted", "opportunity", crm.Won, func(_ data, _ string, f fields) { f["stage"] = "s9" }},
	{"consistency.opportunity.stage_category", "opportunity", crm.Won, func(_ data, _ string, f fields) { f["stage"] = "s4" }},
	{"consistency.opportunity.probability", "opportunity", crm.Open, func(_ data, id string, f fields) { f["stage"], f["probability"] = "s1", 0.45 }},
	{"consistency.opportunity.probability", "opportunity", crm.Lost, func(_ data, _ string, f fields) { f["probability"] = 1.0 }},
	{"consistency.ticket.closed_before_opened", "ticket", "", func(_ data, _ string, f fields) { f["closed_at"] = f["opened_at"].(int64) - 86_400_000_000 }},
	{"consistency.sales_document.period_reversed", "sales_document", "", func(_ data, _ string, f fields) { f["period_to"] = f["period_from"].(int64) - 1 }},
	{"currentness.account.outdated", "account", "", func(_ data, _ string, f fields) { f["updated_at"] = at(today-731, 0) }},
	{"currentness.lead.unanswered", "lead", "", func(_ data, _ string, f fields) { f["first_reply_at"], f["converted_day"] = nil, nil }},
	{"currentness.opportunity.stale", "opportunity", crm.Open, func(d data, id string, f fields) { d["activity"]["t"+id[1:]]["done_at"] = at(today-61, 0) }},
	{"currentness.opportunity.overdue", "opportunity", crm.Open, func(_ data, _ string, f fields) { f["expected_close_day"] = today - 1 }},
	{"currentness.opportunity.owner_left", "opportunity", crm.Open, func(_ data, _ string, f fields) { f["owner"] = "left" }},
	{"uniqueness.account.same_vat_id", "account", "", func(d data, _ string, f fields) { twin(d, "account", f, "vat_id") }},
	{"uniqueness.account.same_name", "account", "", func(d data, id string, f fields) {
		twin(d, "account", f, "name", "postal_code", "country", "phone")
		if c := d["contact"]["c"+id[1:]]; c["postal_code"] != "1" { // its contacts move with it
			c["postal_code"] = f["postal_code"]
		}
	}},
	{"uniqueness.contact.same_email", "contact", "", func(d data, _ string, f fields) {
		twin(d, "contact", f, "email", "last_name")
		f["email"] = strings.ToUpper(f["email"].(string))
	}},
	{"uniqueness.opportunity.same_number", "opportunity", "", func(d data, _ string, f fields) { twin(d, "opportunity", f, "number") }},
}

// plant spoils records, each at most once, and says what must be found: measure, table and record.
func plant(d data, next func(int) int) []string {
	var expected []string
	used := map[string]bool{}
	for table := range d { // the first of each stays, for twins
		used[table+slices.Min(slices.Collect(keys(d[table])))] = true
	}
	for _, f := range faults {
		var free []string
		for _, id := range slices.Sorted(keys(d[f.table])) {
			r := d[f.table][id]
			deal := id
			if f.table == "activity" { // spoiling one touches its deal too
				deal = r["opportunity"].(string)
			}
			if f.measure == "accuracy.contact.postal_code" && d["account"]["a"+id[1:]]["country"] == "" {
				continue // no country to hold it against
			}
			if !used[f.table+id] && !used["opportunity"+deal] && (f.category == "" || r["category"] == f.category) && id != "later" && id[0] != 'x' {
				free = append(free, id)
			}
		}
		for range min(next(4), len(free)) {
			k := next(len(free))
			id := free[k]
			free = slices.Delete(free, k, k+1)
			used[f.table+id] = true
			if f.table == "activity" {
				used["opportunity"+d["activity"][id]["opportunity"].(string)] = true
			}
			f.spoil(d, id, d[f.table][id])
			expected = append(expected, f.measure+" "+f.table+" "+id)
		}
	}
	// What was deleted or merged counts nowhere, whatever is wrong with it.
	d.put("account", "a9000", fields{"name": "?", "vat_id": "DE1", "deleted_at": at(today, 0)})
	d.put("opportunity", "o9000", fields{"category": crm.Won, "closed_day": today - 5, "opened_day": today, "merged_into": "o0001"})
	d.put("opportunity_change", "h9000", fields{"opportunity": "o9000", "changed_at": at(today-1, 0), "changed_by": "u01", "field": "stage"})
	slices.Sort(expected)
	return expected
}

func audit(t fataler, d *database, s warehouse.Source, rules *quality.Rules) (*quality.Report, []quality.Finding) {
	t.Helper()
	var list []quality.Finding
	r, err := quality.Run(context.Background(), d.Warehouse, s, quality.Options{Today: &today, Rules: rules, Found: func(f quality.Finding) error {
		list = append(list, f)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r, list
}

func TestPlantedFaultsAreFoundAndNoOthers(t *testing.T) {
	all := databases(t)
	kinds := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		d := clean()
		expected := plant(d, func(n int) int {
			seed = seed*6364136223846793005 + 1442695040888963407
			return int((seed >> 33) % uint64(n))
		})
		for name, db := range all {
			report, found := audit(r, db, db.load(r, d), nil)
			var got []string
			for _, f := range found {
				got = append(got, f.Measure+" "+f.Table+" "+f.Record)
			}
			slices.Sort(got)
			if diff := gocmp.Diff(expected, got); diff != "" {
				r.Fatalf("%s (-planted +found):\n%s", name, diff)
			}
			counts := map[string]int64{}
			for _, e := range expected {
				id, _, _ := strings.Cut(e, " ")
				counts[id]++
				kinds[id]++
			}
			total := int64(0)
			for _, m := range report.Measures {
				total += m.Wrong
				teams := int64(0)
				for _, team := range m.Teams {
					teams += team.Wrong
				}
				if m.Wrong != counts[m.ID] || m.Wrong > m.Checked || m.Reason == "" && (m.Score < m.Low || m.Score > m.High) || teams > m.Wrong {
					r.Errorf("%s: %s: %d of %d wrong, %d planted, %+v", name, m.ID, m.Wrong, m.Checked, counts[m.ID], m.Interval)
				}
			}
			if int(total) != len(expected) || report.Faults != total || report.Faulty > report.Faults || report.Faulty > report.Records {
				r.Errorf("%s: %d faults, %d in the measures, %d planted; %d of %d records", name, report.Faults, total, len(expected), report.Faulty, report.Records)
			}
		}
	})
	for _, f := range faults {
		if kinds[f.measure] == 0 {
			t.Errorf("%s was never planted", f.measure)
		}
	}
}

// A clean CRM has every measure made and none wrong.
func TestACleanCRMHasNoFaultAndEveryMeasure(t *testing.T) {
	for name, db := range databases(t) {
		r, found := audit(t, db, db.load(t, clean()), nil)
		if len(found) > 0 || r.Faults != 0 || r.Total == nil || r.Total.Score != 1 {
			t.Errorf("%s: %d faults, total %+v, %v", name, r.Faults, r.Total, found)
		}
		for _, f := range r.Factors[:5] {
			if f.Interval == nil || f.Score != 1 || f.High != 1 || f.Low >= 1 || f.Low < 0.9 {
				t.Errorf("%s: %s: %+v", name, f.Factor, f.Interval)
			}
		}
		if !slices.Equal(r.Teams, []string{"Nord", "Süd"}) {
			t.Errorf("%s: teams %q", name, r.Teams)
		}
		for _, s := range r.Signs {
			if s.Raised {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// Nobody reads from the audit how a single person works: a team of four is merged, and told only once the merged ones are
// five.
func TestSmallTeamsAreMerged(t *testing.T) {
	d := clean()
	for i := range 12 {
		d["user"][fmt.Sprintf("u%02d", i)]["team"] = []string{"A", "B", "Groß"}[min(2, i/3)]
	}
	db := open(t, filepath.Join(t.TempDir(), "data.db"))
	r, _ := audit(t, db, db.load(t, d), nil)
	if !slices.Equal(r.Teams, []string{"Groß", kpi.Merged}) {
		t.Errorf("teams %q", r.Teams)
	}
	for i := range 3 {
		d["user"][fmt.Sprintf("u%02d", i)]["team"] = "Groß"
	}
	d["user"]["left"]["team"] = "Groß"
	r, found := audit(t, db, db.load(t, d), nil)
	if len(r.Teams) > 1 && !slices.Equal(r.Teams, []string{kpi.Merged}) {
		t.Errorf("teams %q", r.Teams)
	}
	for _, f := range found {
		if f.Team == "B" {
			t.Errorf("%+v", f)
		}
	}
}

// What people type to fill a field is a matter of accuracy, and no duplicate of what others typed to fill it.
func TestFillersAreNoDuplicates(t *testing.T) {
	d := clean()
	for _, id := range []string{"a0001", "a0002", "a0003"} {
		d["account"][id]["vat_id"], d["account"][id]["name"], d["account"][id]["postal_code"] = "unbekannt", "Kette", ""
	}
	for _, id := range []string{"c0011", "c0012"} {
		d["contact"][id]["email"], d["contact"][id]["last_name"] = "-", "Meier"
	}
	db := open(t, filepath.Join(t.TempDir(), "data.db"))
	_, list := audit(t, db, db.load(t, d), nil)
	got := map[string]int{}
	for _, f := range list {
		got[f.Measure]++
	}
	want := map[string]int{"accuracy.account.vat_id": 3, "completeness.account.all.postal_code": 3, "accuracy.contact.email": 2}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRulesChangeWhatIsAsked(t *testing.T) {
	rules, found := quality.Read("rules.yaml", []byte(`
stale_days: 5
required:
  account: {all: [monthly]}
  opportunity:
    open: []
    stage Angebot: [type]
    from 5 %: [first_amount|product]
weights: {uniqueness: 0}
`))
	if found.Err() != nil {
		t.Fatal(found)
	}
	d := clean()
	d["account"]["a0000"]["monthly"] = 100
	d["opportunity"]["o0000"]["type"] = "new"
	d["opportunity"]["o0000"]["product"] = "Presse"
	db := open(t, filepath.Join(t.TempDir(), "data.db"))
	r, list := audit(t, db, db.load(t, d), rules)
	got := map[string]int{}
	for _, f := range list {
		got[f.Measure]++
	}
	// 60 open deals: 30 at each stage; done i % 20 days ago, i = 0, 3 … 177: 14 of 20 residues are above 5.
	want := map[string]int{"completeness.account.all.monthly": size - 1, "completeness.opportunity.stage_Angebot.type": 30, "completeness.opportunity.from_5.first_amount|product": 59, "currentness.opportunity.stale": 42}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, m := range r.Measures {
		if strings.HasPrefix(m.ID, "completeness.opportunity.open.") {
			t.Errorf("%s is still asked", m.ID)
		}
	}
	if r.Counted != 4 {
		t.Errorf("%d factors count", r.Counted)
	}
}

func TestMistakesInRulesHaveTheirPlace(t *testing.T) {
	_, found := quality.Read("rules.yaml", []byte(`stale: 5
outdated_days: never
probability_gap: 130 %
required:
  users: {all: [name]}
  opportunity: {wonn: [amount], open: [amountt]}
mending: {share: [90 %, 50 %, 20 %], month: 3}
tolerated: {round: 5 %}
country: Atlantis
weights: {speed: 1, accuracy: many}
`))
	var got []string
	for _, d := range found {
		got = append(got, fmt.Sprintf("%d:%d %s", d.At.Line, d.At.Column, d.Code))
	}
	want := []string{"1:1 quality_key", "2:16 quality_number", "3:18 quality_share", "5:3 quality_key", "6:17 quality_key", "6:40 quality_field", "7:18 quality_mended", "7:38 quality_key", "8:13 quality_key", "9:10 quality_country", "10:11 quality_key", "10:31 quality_number"}
	slices.SortFunc(got, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Every message of a mistake is raised by one here, in both languages.
func TestMistakesInRulesAreSaid(t *testing.T) {
	raised := map[string]string{}
	for code, text := range map[string]string{
		"quality_key": "stale_day: 5\n", "quality_number": "stale_days: 0\n", "quality_share": "probability_gap: a lot\n", "quality_map": "- a\n",
		"quality_country": "country: Atlantis\n", "quality_mended": "mending: {share: 50 %}\n", "quality_field": "required: {lead: {all: [orign]}}\n",
	} {
		_, found := quality.Read("rules.yaml", []byte(text))
		if len(found) != 1 || found[0].Code != code {
			t.Errorf("%q: %v", text, found)
			continue
		}
		for _, lang := range locale.Langs() {
			l := locale.New(lang)
			said := l.Message(found[0]) + " " + l.Hint(found[0])
			if strings.Contains(said, "⟦") || strings.Contains(said, "{{") {
				t.Errorf("%s: %s", code, said)
			}
			raised[code] += said + "\n"
		}
	}
	for _, key := range locale.New(locale.German).Keys() {
		if code, ok := strings.CutPrefix(key, "diag."); ok && strings.HasPrefix(code, "quality_") && !strings.Contains(code, ".") && raised[code] == "" {
			t.Errorf("nothing here raises %s", code)
		}
	}
	for code, want := range map[string]string{"quality_key": "Gemeint ist vielleicht stale_days.", "quality_field": "Perhaps origin is meant.", "quality_number": "keine Zahl von 1 bis 3.650"} {
		if !strings.Contains(raised[code], want) {
			t.Errorf("%s: %s", code, raised[code])
		}
	}
}

func place(s string) int {
	var line, column int
	_, _ = fmt.Sscanf(s, "%d:%d", &line, &column)
	return 1000*line + column
}

// Without a day the audit is as of the last one on which the data say that something happened; what lies in the future is a
// plan or a mistake.
func TestTheDayIsTheLastOneInTheData(t *testing.T) {
	d := clean()
	d["opportunity"]["o0001"]["closed_day"] = today + 400
	d["activity"]["t0003"]["done_at"] = at(today+300, 0)
	d["opportunity_change"]["h0001"]["changed_at"] = at(today+2, 0)
	for name, db := range databases(t) {
		s := db.load(t, d)
		for _, c := range []struct{ now, want int64 }{{today + 10, today + 2}, {today + 1, today}, {today - 30, today - 30}} {
			now := crm.DayTime(c.now).Add(12 * time.Hour)
			r, err := quality.Run(context.Background(), db.Warehouse, s, quality.Options{Now: now})
			if err != nil {
				t.Fatal(name, err)
			}
			if want := crm.DayTime(c.want).Format(time.DateOnly); r.Date != want && c.now >= today {
				t.Errorf("%s: as of %s on %s, want %s", name, r.Date, now.Format(time.DateOnly), want)
			} else if r.Date > now.Format(time.DateOnly) {
				t.Errorf("%s: as of %s, which is after %s", name, r.Date, now.Format(time.DateOnly))
			}
		}
		empty := db.load(t, data{"user": d["user"]})
		if _, err := quality.Run(context.Background(), db.Warehouse, empty, quality.Options{}); !errors.Is(err, quality.ErrEmpty) {
			t.Errorf("%s: a source without records: %v", name, err)
		}
		// A list that cannot be written ends the audit with its error; so does the end of the context.
		full := errors.New("disk full")
		d2, _ := spoilt()
		s2 := db.load(t, d2)
		if _, err := quality.Run(context.Background(), db.Warehouse, s2, quality.Options{Found: func(quality.Finding) error { return full }}); !errors.Is(err, full) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, stop := context.WithCancel(context.Background())
		stop()
		if _, err := quality.Run(ctx, db.Warehouse, s2, quality.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
