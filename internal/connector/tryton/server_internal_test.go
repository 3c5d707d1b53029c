package tryton

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

type record = map[string]any

// server speaks Tryton's JSON-RPC over a made-up company. It knows the calls, domains and classes that the reader uses, and
// fails on anything else.
type server struct {
	t        *testing.T
	lists    map[string][]record
	states   map[int][]record // of opportunities: each with "at"
	sessions map[string]bool
	logins   int
	failed   []string
}

func wire(v any) any {
	switch v := v.(type) {
	case time.Time:
		return datetime(v)
	case day:
		t := time.Time(v)
		return record{"__class__": "date", "year": t.Year(), "month": int(t.Month()), "day": t.Day()}
	case amount:
		return record{"__class__": "Decimal", "decimal": string(v)}
	case record:
		m := record{}
		for k, e := range v {
			m[k] = wire(e)
		}
		return m
	case []record:
		all := make([]any, len(v))
		for i := range v {
			all[i] = wire(v[i])
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = wire(v[i])
		}
		return all
	}
	return v
}

type (
	day    time.Time
	amount string
)

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Method string
		Params []any
	}
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&q) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.URL.Path != "/firma/" {
		connectortest.JSON(w, record{"id": 1, "error": []any{"OperationalError", "/srv/tryton/db/" + r.URL.Path + ".sqlite"}})
		return
	}
	if q.Method == "common.db.login" {
		s.logins++
		if password, _ := q.Params[1].(map[string]any); q.Params[0] != "ada" || password["password"] != "richtig-8" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		key := fmt.Sprint("key", s.logins)
		s.sessions[base64.StdEncoding.EncodeToString([]byte("ada:7:"+key))] = true
		connectortest.JSON(w, record{"id": 1, "result": []any{7, key}})
		return
	}
	if !s.sessions[strings.TrimPrefix(r.Header.Get("Authorization"), "Session ")] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	context, _ := q.Params[len(q.Params)-1].(map[string]any)
	if q.Method != "model.res.user.get_preferences" && context["company"] != 1.0 {
		s.fail("%s without the company", q.Method)
	}
	if strings.Contains(q.Method, "sale.complaint") {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<html>Forbidden</html>"))
		return
	}
	connectortest.JSON(w, record{"id": 1, "result": wire(s.answer(q.Method, q.Params, context))})
}

func (s *server) fail(format string, args ...any) {
	s.failed = append(s.failed, fmt.Sprintf(format, args...))
}

func (s *server) answer(method string, params []any, context map[string]any) any {
	switch method {
	case "model.res.user.get_preferences":
		return record{"company": 1, "language": "de"}
	case "model.ir.model.list_history":
		return []any{"party.party", "sale.opportunity"}
	case "model.sale.opportunity.history_revisions":
		var all []any
		ids, _ := params[0].([]any)
		for _, id := range ids {
			for _, state := range slices.Backward(s.states[int(id.(float64))]) {
				// Twice, as Tryton does where two writes fall on one instant.
				all = append(all, []any{state["at"], id, "Ada Müller"}, []any{state["at"], id, "Ada Müller"})
			}
		}
		return all
	case "model.sale.opportunity.read":
		ids, _ := params[0].([]any)
		at := instant(context["_datetime"])
		var then record
		for _, state := range s.states[int(ids[0].(float64))] {
			if !state["at"].(time.Time).After(at) {
				then = state
			}
		}
		if then == nil {
			return []any{}
		}
		return []record{then}
	}
	parts := strings.Split(method, ".")
	model, call := strings.Join(parts[1:len(parts)-1], "."), parts[len(parts)-1]
	list, ok := s.lists[model]
	if !ok {
		s.fail("no model %s", model)
		return nil
	}
	if call != "search_read" && call != "search" && call != "search_count" {
		s.fail("no method %s", method)
		return nil
	}
	limit := len(list)
	if call == "search_count" {
		params = []any{params[0], nil, nil}
	}
	if n, ok := params[2].(float64); ok {
		limit = int(n)
	}
	found := []record{}
	for _, r := range list {
		if len(found) < limit && s.matches(r, params[0]) {
			found = append(found, r)
		}
	}
	if call == "search_count" {
		return len(found)
	}
	if call == "search" {
		ids := []any{}
		for _, r := range found {
			ids = append(ids, r["id"])
		}
		return ids
	}
	return found
}

func instant(v any) time.Time {
	m, _ := v.(map[string]any)
	n := func(k string) int { f, _ := m[k].(float64); return int(f) }
	return time.Date(n("year"), time.Month(n("month")), n("day"), n("hour"), n("minute"), n("second"), n("microsecond")*1000, time.UTC)
}

// matches evaluates a domain of Tryton: clauses that all hold, or one of those behind "OR".
func (s *server) matches(r record, domain any) bool {
	list, _ := domain.([]any)
	if len(list) == 0 {
		return true
	}
	if list[0] == "OR" {
		return slices.ContainsFunc(list[1:], func(d any) bool { return s.matches(r, d) })
	}
	if field, ok := list[0].(string); ok && len(list) == 3 {
		return s.clause(r, field, list[1], list[2])
	}
	return !slices.ContainsFunc(list, func(d any) bool { return !s.matches(r, d) })
}

func (s *server) clause(r record, field string, operator, want any) bool {
	if name, inner, nested := strings.Cut(field, "."); nested {
		related := map[string]string{"addresses": "party.address", "contact_mechanisms": "party.contact_mechanism"}[name]
		return slices.ContainsFunc(s.lists[related], func(o record) bool { return o["party"] == r["id"] && s.clause(o, inner, operator, want) })
	}
	have := r[field]
	if n, ok := have.(int); ok {
		have = float64(n)
	}
	switch operator {
	case "=":
		return have == want
	case "!=":
		return have != want
	case ">":
		f, _ := have.(float64)
		return f > want.(float64)
	case ">=":
		t, ok := have.(time.Time)
		return ok && !t.Before(instant(want))
	case "in", "not in":
		list, _ := want.([]any)
		if b, ok := have.(bool); ok && !b {
			have = false
		}
		return slices.Contains(list, have) == (operator == "in")
	}
	s.fail("no operator %v", operator)
	return false
}

func at(d, hour int) time.Time { return time.Date(2025, 1, d, hour, 0, 0, 123_000, time.UTC) }

// newServer is a company with one seller, 25 customers and as many deals: every fifth is won, every fifth lost, one cancelled.
func newServer(t *testing.T) (*server, string) {
	s := &server{t: t, lists: map[string][]record{}, states: map[int][]record{}, sessions: map[string]bool{}}
	for _, m := range []string{"res.user", "company.employee", "company.company", "party.party", "sale.opportunity", "sale.sale", "account.invoice", "sale.complaint", "ir.note"} {
		s.lists["ir.model"] = append(s.lists["ir.model"], record{"id": len(s.lists["ir.model"]) + 1, "model": m})
		s.lists[m] = nil
	}
	made := at(1, 8)
	s.lists["company.company"] = []record{{"id": 1, "party": 1}}
	s.lists["company.employee"] = []record{{"id": 1, "party": 2}, {"id": 2, "party": 3}}
	s.lists["res.user"] = []record{{"id": 7, "login": "ada", "name": "Ada Müller", "email": "ada@x.example", "employee": 1, "active": true, "create_date": made}}
	for i, name := range []string{"Wir GmbH", "Ada Müller", "Ben Groß"} {
		s.lists["party.party"] = append(s.lists["party.party"], record{"id": i + 1, "name": name, "active": true, "create_date": made})
	}
	for i := range 25 {
		id := 10 + i
		s.lists["party.party"] = append(s.lists["party.party"], record{"id": id, "code": strconv.Itoa(id), "name": fmt.Sprintf("Kunde %d", i), "active": true, "create_date": made})
		s.lists["party.address"] = append(s.lists["party.address"], record{"id": id, "party": id, "street": "Gasse 1", "postal_code": "01067", "city": "Dresden", "country.": record{"id": 1, "code": "DE"}, "create_date": made})
		s.lists["party.contact_mechanism"] = append(s.lists["party.contact_mechanism"], record{"id": id, "party": id, "type": "email", "value": "Info@K.example", "create_date": made})
		state := []string{"won", "lost", "lead", "lead", "lead"}[i%5]
		if i == 24 {
			state = "cancelled"
		}
		o := record{"id": i + 1, "number": strconv.Itoa(i + 1), "party": id, "employee": 1 + i%2, "state": state, "amount": amount("1000.50"), "currency.": record{"id": 1, "code": "EUR"}, "start_date": day(at(1, 0)),
			"conversion_probability": 0.5, "description": "Anlage", "create_date": at(1, 9), "create_uid": 7, "lost_reason": nil, "end_date": nil}
		first := record{"id": i + 1, "at": at(1, 9), "state": "lead", "amount": amount("1000.50"), "employee": 1 + i%2, "party": id, "conversion_probability": 0.5, "create_uid": 7, "write_uid": nil}
		s.states[i+1] = []record{first}
		if state != "lead" {
			o["write_date"], o["end_date"], o["amount"] = at(20, 10), day(at(20, 0)), amount("900")
			s.states[i+1] = append(s.states[i+1],
				record{"id": i + 1, "at": at(10, 10), "state": "opportunity", "amount": amount("1000.5"), "employee": 1 + i%2, "party": id, "conversion_probability": 0.5, "create_uid": 7, "write_uid": 7},
				record{"id": i + 1, "at": at(20, 10), "state": state, "amount": amount("900"), "employee": 1 + i%2, "party": id, "conversion_probability": 0.5, "create_uid": 7, "write_uid": 7})
		}
		s.lists["sale.opportunity"] = append(s.lists["sale.opportunity"], o)
	}
	s.lists["sale.sale"] = []record{{"id": 3, "number": "A3", "party": 10, "state": "done", "sale_date": day(at(20, 0)), "untaxed_amount": amount("900"), "total_amount": amount("1071"), "currency.": record{"code": "EUR"}, "origin": "sale.opportunity,1", "create_date": at(20, 10)},
		{"id": 4, "number": "A4", "party": 10, "state": "draft", "create_date": at(20, 10)}}
	s.lists["account.invoice"] = []record{{"id": 3, "number": "R3", "type": "out", "party": 10, "state": "paid", "invoice_date": day(at(25, 0)), "untaxed_amount": amount("900"), "total_amount": amount("1071"), "currency.": record{"code": "EUR"}, "sales": []any{3}, "create_date": at(25, 10)},
		{"id": 4, "number": "G4", "type": "out", "party": 10, "state": "posted", "invoice_date": day(at(26, 0)), "untaxed_amount": amount("-100"), "total_amount": amount("-119"), "currency.": record{"code": "EUR"}, "sales": []any{}, "create_date": at(26, 10)},
		{"id": 5, "number": "E5", "type": "in", "party": 10, "state": "paid", "create_date": at(26, 10)}}
	s.lists["ir.note"] = []record{{"id": 1, "resource": "sale.opportunity,3", "message": "Rückruf", "create_uid": 7, "create_date": at(5, 23)}, {"id": 2, "resource": "party.party,10", "message": "x", "create_uid": 7, "create_date": at(6, 9)}}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL
}
