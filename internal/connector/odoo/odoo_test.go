package odoo_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
	"github.com/rendite-crm/rendite/internal/connector/odoo"
)

const key = "6578616d706c65206b6579"

type record = map[string]any

// server is an Odoo in memory: the truth. It answers in the shapes of version 19 (JSON-2) or 16 (JSON-RPC), which differ in
// more than the protocol, and knows the domains that the reader writes.
type server struct {
	version int
	models  map[string]map[string]record // by identifier
	types   map[string]map[string]string
	closed  map[string]bool // models that the access may not read
	logins  int
	unknown []string
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

func newServer(version int) *server {
	s := &server{version: version, models: map[string]map[string]record{}, types: map[string]map[string]string{}, closed: map[string]bool{}}
	s.field("res.users", "login char", "email char", "name char", "active boolean", "share boolean", "login_date datetime", "sale_team_id many2one")
	s.add("res.users", 1, 0, record{"login": "__system__", "name": "OdooBot", "active": false, "share": false, "login_date": false, "sale_team_id": false, "email": "bot@x.example"})
	s.add("res.users", 7, 0, record{"login": "ada", "name": "Ada Müller", "active": true, "share": false, "login_date": stamp(at(20)), "sale_team_id": []any{1, "Vertrieb"}, "email": "ada@x.example"})
	s.add("res.users", 8, 0, record{"login": "ben", "name": "Ben Groß", "active": false, "share": false, "login_date": false, "sale_team_id": false, "email": false})
	s.add("res.users", 9, 0, record{"login": "kunde", "name": "Portal", "active": true, "share": true, "login_date": stamp(at(1)), "sale_team_id": false, "email": false})
	s.field("res.company", "name char", "partner_id many2one")
	s.add("res.company", 1, 0, record{"name": "Wir", "partner_id": []any{1, "Wir"}})
	s.field("res.partner", "name char", "display_name char", "is_company boolean", "partner_share boolean", "parent_id many2one", "commercial_partner_id many2one", "user_id many2one", "email char", "phone char", "zip char", "city char", "street char", "website char", "vat char",
		"function char", "type selection", "customer_rank integer", "supplier_rank integer", "country_id many2one", "country_code char", "active boolean", "industry_id many2one")
	partner := func(id int, name string, company bool, parent, behind int, rank int) {
		r := record{"name": name, "display_name": name, "is_company": company, "partner_share": true, "parent_id": false, "commercial_partner_id": []any{behind, "x"}, "user_id": []any{7, "Ada Müller"}, "email": "Info@X.example", "phone": false, "zip": "01067", "city": "Dresden", "street": false,
			"website": "https://www.Kunde.example/a", "vat": "DE1", "function": false, "type": "contact", "customer_rank": rank, "supplier_rank": 0, "country_id": []any{57, "Germany"}, "country_code": "DE", "active": id%2 == 0, "industry_id": false}
		if parent > 0 {
			r["parent_id"] = []any{parent, "x"}
		}
		s.add("res.partner", id, 0, r)
	}
	partner(1, "Wir", true, 0, 1, 0)
	for i := 2; i <= 230; i++ {
		partner(i, fmt.Sprintf("Kunde %d", i), true, 0, i, i%2)
	}
	partner(301, "Eva Groß", false, 2, 2, 0)
	partner(302, "Privatkunde", false, 0, 302, 1)
	s.field("crm.stage", "name char", "sequence integer", "is_won boolean", "team_id many2one")
	s.add("crm.stage", 1, 0, record{"name": "Neu", "sequence": 1, "is_won": false, "team_id": false})
	s.add("crm.stage", 2, 0, record{"name": "Angebot", "sequence": 2, "is_won": false, "team_id": false})
	s.add("crm.stage", 4, 0, record{"name": "Gewonnen", "sequence": 70, "is_won": true, "team_id": []any{1, "Vertrieb"}})
	s.field("ir.model.fields", "name char", "model char")
	for i, name := range []string{"stage_id", "active", "user_id", "expected_revenue", "date_deadline", "email_from"} {
		s.add("ir.model.fields", 100+i, 0, record{"name": name, "model": "crm.lead"})
	}
	s.add("ir.model.fields", 200, 0, record{"name": "stage_id", "model": "helpdesk.ticket"})
	s.field("mail.message", "model char", "res_id many2one_reference", "date datetime", "message_type selection", "is_internal boolean", "mail_activity_type_id many2one", "body html")
	s.field("mail.activity.type", "name char", "category selection", "icon char")
	s.add("mail.activity.type", 1, 0, record{"name": "E-Mail", "category": "default", "icon": "fa-envelope"})
	s.add("mail.activity.type", 2, 0, record{"name": "Anruf", "category": "phonecall", "icon": "fa-phone"})
	s.add("mail.activity.type", 3, 0, record{"name": "Termin", "category": "meeting", "icon": "fa-users"})
	s.field("mail.activity", "res_model char", "res_id many2one_reference", "activity_type_id many2one", "user_id many2one", "date_deadline date", "automated boolean")
	s.field("crm.lead", "name char", "type selection", "partner_id many2one", "user_id many2one", "stage_id many2one", "expected_revenue monetary", "company_currency many2one", "probability float", "active boolean", "date_closed datetime", "date_deadline date", "date_conversion datetime", "source_id many2one")
	column, monetary, reason := "field_id", "float", "lost_reason_id"
	if version < 17 {
		column, monetary = "field", "monetary"
		s.field("mail.tracking.value", "old_value_monetary float", "new_value_monetary float")
	} else {
		s.field("mail.activity", "active boolean", "date_done date")
		s.field("crm.lead", "won_status selection")
	}
	if version < 16 {
		reason = "lost_reason"
	}
	s.field("crm.lead", reason+" many2one")
	s.field("mail.tracking.value", column+" many2one", "mail_message_id many2one", "old_value_integer integer", "new_value_integer integer", "old_value_float float", "new_value_float float", "old_value_datetime datetime", "new_value_datetime datetime")
	for i := 1; i <= 250; i++ {
		stage, active, chance, status := 2, true, 40.0, "pending"
		switch i % 4 {
		case 0:
			stage, chance, status = 4, 100, "won"
		case 1:
			active, chance, status = false, 0, "lost"
		case 2:
			if i == 2 {
				active = false // put away, but not lost
			}
		}
		l := record{"name": fmt.Sprintf("Anlage %d", i), "type": "opportunity", "partner_id": []any{i%200 + 2, "x"}, "user_id": []any{7, "Ada Müller"}, "stage_id": []any{stage, "x"}, "expected_revenue": float64(i) + 0.5, "company_currency": []any{1, "EUR"}, "probability": chance,
			"active": active, "date_closed": false, "date_deadline": "2025-12-31", "date_conversion": false, "source_id": []any{3, "Messe"}, reason: false}
		if version >= 18 {
			l["won_status"] = status
		}
		if status == "lost" {
			l[reason] = []any{1, "Preis"}
		}
		if status != "pending" {
			l["date_closed"] = stamp(at(i + 40)) // later than what was tracked
		}
		s.add("crm.lead", i, i, l)
		s.track(i, i+5, 7, "stage_id", "integer", 1, 2)
		s.track(i, i+6, 7, "expected_revenue", monetary, 1000, float64(i)+0.5)
		if status == "won" {
			s.track(i, i+30, 1, "stage_id", "integer", 2, 4)
		}
		if status == "lost" {
			s.track(i, i+30, 7, "active", "integer", 1, 0)
		}
	}
	s.models["crm.lead"]["3"]["partner_id"], s.models["crm.lead"]["4"]["partner_id"] = []any{301, "Eva"}, []any{302, "Privatkunde"}
	s.track(3, 50, 7, "user_id", "integer", 0, 7)
	s.track(3, 51, 7, "date_deadline", "datetime", "2025-11-30 00:00:00", "2025-12-31 00:00:00")
	s.track(3, 52, 7, "email_from", "char", 0, 0)
	s.add("crm.lead", 900, 3, record{"name": "Anfrage", "type": "lead", "partner_id": false, "user_id": false, "stage_id": []any{1, "Neu"}, "expected_revenue": 0.0, "company_currency": []any{1, "EUR"}, "probability": 5.0, "active": true, "date_closed": false, "date_deadline": false, "date_conversion": false, "source_id": false, reason: false, "won_status": "pending"})
	s.models["crm.lead"]["7"]["date_conversion"] = stamp(at(8))
	s.say(5001, 9, record{"model": "crm.lead", "res_id": 3, "message_type": "email", "is_internal": false, "mail_activity_type_id": false, "body": "vertraulich"})
	s.say(5002, 9, record{"model": "res.partner", "res_id": 301, "message_type": "comment", "is_internal": true, "mail_activity_type_id": false, "body": "vertraulich"})
	s.say(5003, 9, record{"model": "crm.lead", "res_id": 3, "message_type": "notification", "is_internal": true, "mail_activity_type_id": []any{2, "Anruf"}, "body": "vertraulich"})
	s.say(5004, 9, record{"model": "crm.lead", "res_id": 900, "message_type": "comment", "is_internal": false, "mail_activity_type_id": false, "body": "vertraulich"})
	s.add("mail.activity", 1, 4, record{"res_model": "crm.lead", "res_id": 3, "activity_type_id": []any{3, "Termin"}, "user_id": []any{7, "Ada"}, "date_deadline": "2025-03-01", "automated": false, "active": true, "date_done": false})
	if version >= 17 {
		s.add("mail.activity", 2, 4, record{"res_model": "crm.lead", "res_id": 3, "activity_type_id": []any{2, "Anruf"}, "user_id": []any{7, "Ada"}, "date_deadline": "2025-03-01", "automated": false, "active": false, "date_done": "2025-02-28"})
	}
	s.field("sale.order", "name char", "partner_id many2one", "user_id many2one", "opportunity_id many2one", "state selection", "date_order datetime", "amount_untaxed monetary", "amount_total monetary", "currency_id many2one")
	order := record{"name": "S1", "partner_id": []any{301, "Eva"}, "user_id": []any{7, "Ada"}, "opportunity_id": []any{4, "x"}, "state": "sale", "date_order": "2025-02-28 23:30:00", "amount_untaxed": 100.0, "amount_total": 119.0, "currency_id": []any{1, "EUR"}}
	s.add("sale.order", 1, 9, order)
	draft := record{"name": "S2", "partner_id": []any{2, "x"}, "user_id": false, "opportunity_id": false, "state": "draft", "date_order": "2025-02-28 23:30:00", "amount_untaxed": 1.0, "amount_total": 1.0, "currency_id": []any{1, "EUR"}}
	s.add("sale.order", 2, 9, draft)
	s.field("account.move", "name char", "partner_id many2one", "invoice_user_id many2one", "move_type selection", "state selection", "invoice_date date", "amount_untaxed monetary", "amount_total monetary", "currency_id many2one")
	for i, kind := range []string{"out_invoice", "out_refund", "in_invoice"} {
		s.add("account.move", i+1, 9, record{"name": kind, "partner_id": []any{2, "x"}, "invoice_user_id": false, "move_type": kind, "state": "posted", "invoice_date": "2025-03-05", "amount_untaxed": 100.0, "amount_total": 119.0, "currency_id": []any{2, "USD"}})
	}
	return s
}

func (s *server) field(model string, fields ...string) {
	if s.types[model] == nil {
		s.types[model] = map[string]string{"id": "integer", "create_date": "datetime", "write_date": "datetime", "create_uid": "many2one"}
	}
	for _, f := range fields {
		name, kind, _ := strings.Cut(f, " ")
		s.types[model][name] = kind
	}
}

func (s *server) add(model string, id, day int, r record) {
	if s.models[model] == nil {
		s.models[model] = map[string]record{}
	}
	r["id"], r["create_date"], r["write_date"], r["create_uid"] = id, stamp(at(day)), stamp(at(day)), []any{7, "Ada Müller"}
	s.models[model][strconv.Itoa(id)] = r
}

func (s *server) say(id, day int, r record) {
	s.add("mail.message", id, day, r)
	r["date"] = stamp(at(day))
}

func (s *server) track(lead, day, user int, field, kind string, old, now any) {
	id := 10_000 + len(s.models["mail.tracking.value"])
	s.say(id, day, record{"model": "crm.lead", "res_id": lead, "message_type": "notification", "is_internal": true, "mail_activity_type_id": false})
	s.models["mail.message"][strconv.Itoa(id)]["create_uid"] = []any{user, "x"}
	of := slices.Index([]string{"stage_id", "active", "user_id", "expected_revenue", "date_deadline", "email_from"}, field) + 100
	r := record{"mail_message_id": []any{id, "x"}, "old_value_integer": 0, "new_value_integer": 0, "old_value_float": 0.0, "new_value_float": 0.0, "old_value_datetime": false, "new_value_datetime": false, "old_value_monetary": 0.0, "new_value_monetary": 0.0}
	r["field"], r["field_id"] = []any{of, field}, []any{of, field}
	r["old_value_"+kind], r["new_value_"+kind] = old, now
	s.add("mail.tracking.value", id, day, r)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) == 4 && parts[0] == "json" && s.version >= 19:
		fail := func(status int, name string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"name":%q,"message":"about Muster AG","arguments":[],"context":{},"debug":"Traceback /opt/odoo"}`, name)
		}
		if parts[3] == "context_get" {
			s.logins++
		}
		if r.Header.Get("Authorization") != "bearer "+key || r.Header.Get("X-Odoo-Database") != "firma" {
			fail(401, "werkzeug.exceptions.Unauthorized") //nolint:misspell // the name of a class
			return
		}
		var params record
		if !read(r, &params) {
			fail(400, "werkzeug.exceptions.BadRequest")
			return
		}
		switch got, name := s.run(parts[2], parts[3], params); name {
		case "":
			connectortest.JSON(w, got)
		case "odoo.exceptions.AccessError":
			fail(403, name)
		case "builtins.KeyError":
			fail(404, name)
		default:
			fail(422, name)
		}
	case r.URL.Path == "/jsonrpc" && s.version < 22:
		var call struct {
			Params struct {
				Service, Method string
				Args            []any
			}
		}
		if !read(r, &call) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		a := call.Params.Args
		refuse := func(name string) {
			connectortest.JSON(w, record{"jsonrpc": "2.0", "id": 1, "error": record{"code": 200, "message": "Odoo Server Error", "data": record{"name": name, "message": "about Muster AG", "debug": "Traceback /opt/odoo"}}})
		}
		answer := func(v any) { connectortest.JSON(w, record{"jsonrpc": "2.0", "id": 1, "result": v}) }
		switch place := call.Params.Service + " " + call.Params.Method; {
		case place == "common authenticate" && len(a) == 4:
			if s.logins++; a[0] != "firma" || a[1] != "rendite" || a[2] != key {
				answer(false)
				return
			}
			answer(7)
		case place == "object execute_kw" && len(a) == 7 && a[0] == "firma" && connector.Text(a[1]) == "7" && a[2] == key:
			got, name := s.run(a[3].(string), a[4].(string), a[6].(record))
			if name != "" {
				refuse(name)
				return
			}
			answer(got)
		default:
			refuse("odoo.exceptions.AccessDenied")
		}
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<html>404</html>"))
	}
}

func read(r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	return d.Decode(into) == nil
}

func (s *server) run(model, method string, p record) (any, string) {
	switch {
	case method == "context_get":
		return record{"lang": "de_DE", "tz": "Europe/Berlin"}, ""
	case s.types[model] == nil:
		return nil, "builtins.KeyError"
	case method == "fields_get":
		all := record{}
		for name, kind := range s.types[model] {
			all[name] = record{"type": kind}
		}
		return all, ""
	case s.closed[model]:
		return nil, "odoo.exceptions.AccessError"
	case method != "search_read" && method != "search" && method != "search_count", method != "search_count" && p["order"] != "id asc":
		s.unknown = append(s.unknown, model+"."+method)
		return nil, "builtins.ValueError"
	}
	domain, _ := p["domain"].([]any)
	var found []record
	for _, r := range s.models[model] {
		ok, err := s.holds(r, domain)
		if err != "" {
			s.unknown = append(s.unknown, err)
			return nil, "builtins.ValueError"
		}
		if every := connector.Path(p, "context.active_test") == false; ok && (every || r["active"] != false) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b record) int { return cmp.Compare(a["id"].(int), b["id"].(int)) })
	if n, err := strconv.Atoi(connector.Text(p["limit"])); err == nil {
		found = found[:min(n, len(found))]
	}
	if method == "search_count" {
		return len(found), ""
	}
	if method == "search" {
		ids := []int{}
		for _, r := range found {
			ids = append(ids, r["id"].(int))
		}
		return ids, ""
	}
	fields, _ := p["fields"].([]any)
	all := []record{}
	for _, r := range found {
		one := record{}
		for _, f := range fields {
			name := f.(string)
			if s.types[model][name] == "" {
				s.unknown = append(s.unknown, model+"."+name)
				return nil, "builtins.ValueError"
			}
			one[name] = r[name]
		}
		all = append(all, one)
	}
	return all, ""
}

// holds evaluates a domain in Polish notation: "|" takes the two terms behind it, everything else is taken together.
func (s *server) holds(r record, domain []any) (bool, string) {
	var term func() (bool, string)
	i := 0
	term = func() (bool, string) {
		d := domain[i]
		i++
		if d == "|" {
			a, err := term()
			b, other := term()
			return a || b, err + other
		}
		return s.test(r, d.([]any))
	}
	all := true
	for i < len(domain) {
		ok, err := term()
		if err != "" {
			return false, err
		}
		all = all && ok
	}
	return all, ""
}

func (s *server) test(r record, d []any) (bool, string) {
	name, rest, dotted := strings.Cut(d[0].(string), ".")
	have := r[name]
	if dotted {
		have = s.models["mail.message"][fmt.Sprint(have.([]any)[0])][rest]
	}
	if pair, ok := have.([]any); ok {
		have = pair[0]
	}
	text := fmt.Sprint(have)
	switch op := d[1].(string); op {
	case "=", "!=":
		return (text == fmt.Sprint(d[2])) == (op == "="), ""
	case "in":
		return slices.ContainsFunc(d[2].([]any), func(v any) bool { return fmt.Sprint(v) == text }), ""
	case ">":
		n, err := strconv.Atoi(connector.Text(d[2]))
		return err == nil && have.(int) > n, ""
	case ">=":
		return text >= d[2].(string), ""
	}
	return false, fmt.Sprint(d)
}

func reader(t *testing.T, h http.Handler, secret string) connector.Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r, err := odoo.New(connector.Access{Settings: connector.Settings{Address: server.URL, Database: "firma", User: "rendite"}, Secret: auth.SecretOf(secret), Zone: berlin, Currency: "EUR", HTTP: connectortest.Options()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failing spoils everything but log-ins, which are asked for once only.
func failing(s *server) (*connectortest.Faults, http.Handler) {
	faults := connectortest.NewFaults(s)
	begun := 0
	return faults, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "context_get") || r.URL.Path == "/jsonrpc" && begun == 0 {
			if r.URL.Path == "/jsonrpc" {
				begun++
			}
			s.ServeHTTP(w, r)
			return
		}
		faults.ServeHTTP(w, r)
	})
}

func TestSync_againstServersThatFailOften(t *testing.T) {
	for version, own := range map[int]map[string]string{
		19: {"SELECT group_concat(ext_id || ' ' || type || ' ' || coalesce(direction, '-') || ' ' || coalesce(opportunity, '-') || ' ' || coalesce(account || '/' || contact, '-') || ' ' || (done_day NOT NULL), ', ') FROM (SELECT * FROM crm_activity ORDER BY ext_id)": "activity/1 meeting - 3 - 0, activity/2 call - 3 - 1, message/5001 email in 3 - 1, message/5002 note - - 2/301 1, message/5004 email out - - 1"},
		16: {"SELECT group_concat(ext_id || ' ' || type || ' ' || coalesce(direction, '-') || ' ' || coalesce(opportunity, '-') || ' ' || coalesce(account || '/' || contact, '-') || ' ' || (done_day NOT NULL), ', ') FROM (SELECT * FROM crm_activity ORDER BY ext_id)": "activity/1 meeting - 3 - 0, message/5001 email in 3 - 1, message/5002 note - - 2/301 1, message/5003 call - 3 - 1, message/5004 email out - - 1"},
	} {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			s, w := newServer(version), connectortest.Open(t, "odoo")
			faults, h := failing(s)
			r := reader(t, h, key)
			report := w.Sync(t, r)
			if faults.Injected.Load() < 10 {
				t.Errorf("only %d answers were spoiled", faults.Injected.Load())
			}
			w.Is(t, own)
			w.Is(t, map[string]string{
				"SELECT group_concat(n, ', ') FROM (SELECT category || ' ' || COUNT(*) AS n FROM crm_opportunity GROUP BY category ORDER BY 1)": "lost 63, open 124, void 1, won 62",
				"SELECT SUM(amount) FROM crm_opportunity": "315000000",
				"SELECT group_concat(n, ', ') FROM (SELECT field || ' ' || COUNT(*) AS n FROM crm_opportunity_change GROUP BY field ORDER BY 1)":                                                                                                        "amount 250, created 250, expected_close 1, owner 1, stage 375",
				"SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || coalesce(new_value, ''), ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '5' ORDER BY changed_at, field)":                                   "created >1, stage 1>2, amount 10000000>55000, stage 2>lost",
				"SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || coalesce(new_value, ''), ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '3' AND field IN ('owner', 'expected_close') ORDER BY changed_at)": "owner >7, expected_close 20422>20453",
				"SELECT changed_by || ' ' || origin FROM crm_opportunity_change WHERE opportunity = '4' AND new_value = '4'":                                                                                                                            "1 automation",
				"SELECT category || ' ' || lost_reason || ' ' || first_amount || ' ' || lead_source || ' ' || date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '5'":                                                            "lost Preis 10000000 Messe " + at(35).Format(time.DateOnly),
				"SELECT date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '4'":                                                                                                                                                  at(34).Format(time.DateOnly),
				"SELECT group_concat(account || ' ' || coalesce(contact, '-'), ', ') FROM (SELECT * FROM crm_opportunity WHERE ext_id IN ('3', '4', '5') ORDER BY ext_id)":                                                                              "2 301, 302 302, 7 -",
				"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (expected_close_day NOT NULL)":                                                                                                                                       "0",
				"SELECT COUNT(*) FROM crm_opportunity WHERE (category IN ('won', 'lost')) <> (closed_day NOT NULL)":                                                                                                                                     "0",
				"SELECT group_concat(n, ', ') FROM (SELECT type || ' ' || COUNT(*) AS n FROM crm_account GROUP BY type ORDER BY 1)":                                                                                                                     "customer 115, own 1, prospect 115",
				"SELECT name || ' ' || domain || ' ' || country || ' ' || vat_id FROM crm_account WHERE ext_id = '3'":                                                                                                                                   "Kunde 3 kunde.example DE DE1",
				"SELECT group_concat(ext_id || ' ' || account, ', ') FROM (SELECT * FROM crm_contact ORDER BY ext_id)":                                                                                                                                  "301 2, 302 302",
				"SELECT group_concat(ext_id || ' ' || active || ' ' || is_person || ' ' || coalesce(team, '-'), ', ') FROM (SELECT * FROM crm_user ORDER BY ext_id)":                                                                                    "1 0 0 -, 7 1 1 Vertrieb, 8 0 1 -",
				"SELECT group_concat(person) FROM crm_login": "7",
				"SELECT group_concat(ext_id || ' ' || status || ' ' || coalesce(opportunity, '-'), ', ') FROM (SELECT * FROM crm_lead ORDER BY ext_id)": "7 converted 7, 900 open -",
				"SELECT lead FROM crm_opportunity WHERE lead NOT NULL": "7",
				"SELECT group_concat(ext_id || ' ' || category || ' ' || coalesce(pipeline, '-'), ', ') FROM (SELECT * FROM crm_stage ORDER BY position)":                                                                                         "1 open -, 2 open -, 4 won Vertrieb, lost lost -",
				"SELECT group_concat(ext_id || ' ' || kind || ' ' || net || ' ' || account || ' ' || coalesce(opportunity, '-') || ' ' || date(document_day * 86400, 'unixepoch'), ', ') FROM (SELECT * FROM crm_sales_document ORDER BY ext_id)": "invoice/1 invoice 1000000 2 - 2025-03-05, invoice/2 credit_note -1000000 2 - 2025-03-05, order/1 order 1000000 2 4 2025-03-01",
			})
			if d := diff.Diff([]connector.Gap{{Table: "login", Reason: connector.LatestOnly}, {Table: "opportunity_change", Reason: connector.Limited}, {Table: "ticket", Reason: connector.NotOffered}}, report.Gaps); d != "" {
				t.Errorf("gaps (-want +got):\n%s", d)
			}

			if d := diff.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
				t.Errorf("a second run without changes: %s", d)
			}

			// One opportunity is lost, one is taken back, one is deleted; an order is cancelled.
			leads := s.models["crm.lead"]
			for id, status := range map[string]string{"3": "lost", "5": "pending"} {
				l := leads[id]
				l["active"], l["probability"], l["write_date"] = status != "lost", map[string]float64{"lost": 0, "pending": 40}[status], stamp(at(400))
				if version >= 18 {
					l["won_status"] = status
				}
			}
			s.track(3, 400, 7, "active", "integer", 1, 0)
			s.track(5, 400, 7, "active", "integer", 0, 1)
			delete(leads, "6")
			s.models["sale.order"]["1"]["state"] = "cancel"
			got := connectortest.Effects(w.Sync(t, r))
			if d := diff.Diff(map[string]int64{"opportunities/opportunity updated": 3, "opportunities/opportunity_change inserted": 2, "orders/sales_document updated": 1}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			w.Is(t, map[string]string{
				"SELECT group_concat(category || ' ' || coalesce(date(closed_day * 86400, 'unixepoch'), '-') || ' ' || (deleted_at NOT NULL), ', ') FROM (SELECT * FROM crm_opportunity WHERE ext_id IN ('3', '5', '6') ORDER BY ext_id)": "lost " + at(400).Format(time.DateOnly) + " 0, open - 0, open - 1",
				"SELECT old_value || '>' || new_value FROM crm_opportunity_change WHERE opportunity = '5' AND changed_at = " + strconv.FormatInt(at(400).UnixMicro(), 10):                                                                 "lost>2",
			})
			if len(s.unknown) > 0 {
				t.Errorf("not understood: %q", s.unknown)
			}
		})
	}
}

func TestSync_withoutTheRightToTheHistory(t *testing.T) {
	for _, version := range []int{16, 19} {
		s, w := newServer(version), connectortest.Open(t, "odoo")
		s.closed["mail.tracking.value"], s.closed["account.move"] = true, true
		report := w.Sync(t, reader(t, s, key))
		want := []connector.Gap{{Table: "sales_document", Reason: connector.NotAllowed}, {Table: "login", Reason: connector.LatestOnly}, {Table: "opportunity_change", Reason: connector.NotAllowed}, {Table: "ticket", Reason: connector.NotOffered}}
		if d := diff.Diff(want, report.Gaps); d != "" {
			t.Errorf("%d: gaps (-want +got):\n%s", version, d)
		}
		w.Is(t, map[string]string{
			"SELECT date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '4'": at(44).Format(time.DateOnly), // what Odoo itself says
			"SELECT COUNT(*) FROM crm_opportunity_change WHERE field <> 'created'":                 "0",
		})
	}
}

func TestCount(t *testing.T) {
	s := newServer(19)
	r := reader(t, s, key)
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]int64{"opportunities": {250, 51}, "accounts": {231, 0}, "users": {3, 3}, "stages": {-1, -1}} {
		for i, since := range []time.Time{{}, at(200)} {
			if got, err := r.(connector.Counter).Count(t.Context(), name, since); err != nil || got != want[i] {
				t.Errorf("%s since %s: %d, %v", name, since, got, err)
			}
		}
	}
}

func TestOpen_tellsThatAKeyDoesNotHold(t *testing.T) {
	for _, version := range []int{16, 19} {
		s := newServer(version)
		if err := reader(t, s, "falsch").Open(t.Context()); !connector.Is(err, connector.Denied) || s.logins != 1 || strings.Contains(err.Error(), "falsch") {
			t.Errorf("%d: %v after %d", version, err, s.logins)
		}
	}
}
