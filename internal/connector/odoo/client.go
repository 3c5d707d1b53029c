package odoo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/connector"
)

// session calls methods of models: through JSON-2 where the server has it, from version 19 on, else through JSON-RPC, which
// goes with version 22.
type session struct {
	client *connector.Client
	access connector.Access
	// user is who we are in JSON-RPC; nil where the server speaks JSON-2.
	user any
	id   int
	// types of the fields of each model that may be read.
	types map[string]map[string]string
}

// archived asks for archived records as well: a lead that was lost is one.
var archived = map[string]any{"active_test": false}

// login finds out how the server is spoken to. It asks once: a wrong key must not lock the account.
func (s *session) login(ctx context.Context) error {
	s.user, s.types = nil, map[string]map[string]string{}
	err := s.modern(ctx, "res.users", "context_get", map[string]any{}, nil, true)
	if !connector.Is(err, connector.Missing) {
		return err
	}
	if s.access.User == "" || s.access.Database == "" {
		return connector.Fail(connector.Denied, "authenticate") // older servers ask for both
	}
	var user any
	if err := s.rpc(ctx, "authenticate", "common", "authenticate", []any{s.access.Database, s.access.User, s.access.Secret.Reveal(), map[string]any{}}, &user, true); err != nil {
		return err
	}
	if _, ok := user.(json.Number); !ok { // false where the key does not hold
		return connector.Fail(connector.Denied, "authenticate")
	}
	s.user = user
	return nil
}

// call calls a method of a model with named parameters.
func (s *session) call(ctx context.Context, model, method string, params map[string]any, into any) error {
	if s.user == nil {
		return s.modern(ctx, model, method, params, into, false)
	}
	return s.rpc(ctx, model+"."+method, "object", "execute_kw", []any{s.access.Database, s.user, s.access.Secret.Reveal(), model, method, []any{}, params}, into, false)
}

func (s *session) modern(ctx context.Context, model, method string, params map[string]any, into any, once bool) error {
	header := http.Header{"Authorization": {"bearer " + s.access.Secret.Reveal()}}
	if s.access.Database != "" {
		header.Set("X-Odoo-Database", s.access.Database)
	}
	return s.client.Do(ctx, connector.Request{Place: model + "." + method, Path: "/json/2/" + url.PathEscape(model) + "/" + method, Header: header, Body: params, Once: once}, into)
}

func (s *session) rpc(ctx context.Context, place, service, method string, args []any, into any, once bool) error {
	s.id++
	answer := struct {
		Result any `json:"result"`
		Error  *struct {
			Data struct {
				Name string `json:"name"`
			} `json:"data"`
		} `json:"error"`
	}{Result: into}
	body := map[string]any{"jsonrpc": "2.0", "method": "call", "id": s.id, "params": map[string]any{"service": service, "method": method, "args": args}}
	err := s.client.Do(ctx, connector.Request{Place: place, Path: "/jsonrpc", Body: body, Once: once}, &answer)
	if err != nil || answer.Error == nil {
		return err
	}
	switch name := answer.Error.Data.Name; { // with HTTP 200; the text may name people and paths of the server
	case strings.HasSuffix(name, ".AccessDenied"), strings.HasSuffix(name, ".AccessError"):
		return connector.Fail(connector.Denied, place)
	case name == "builtins.KeyError", strings.HasSuffix(name, ".MissingError"):
		return connector.Fail(connector.Missing, place)
	}
	return connector.Fail(connector.Refused, place)
}

// describe is the types of a model's fields. Missing where the model is not installed, Denied where it is closed.
func (s *session) describe(ctx context.Context, model string) (map[string]string, error) {
	if t := s.types[model]; t != nil {
		return t, nil
	}
	var fields map[string]struct {
		Type string `json:"type"`
	}
	err := s.call(ctx, model, "fields_get", map[string]any{"attributes": []string{"type"}}, &fields)
	if connector.Is(err, connector.Refused) {
		return nil, connector.Fail(connector.Missing, model) // older servers have no code of their own for it
	}
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	for name, f := range fields {
		types[name] = f.Type
	}
	s.types[model] = types
	return types, nil
}

// after reads records whose identifiers follow last, in their order, with those of the fields that the model has.
func (s *session) after(ctx context.Context, model string, domain []any, fields []string, last, size int) ([]map[string]any, error) {
	types, err := s.describe(ctx, model)
	if err != nil {
		return nil, err
	}
	may := []string{"id"}
	for _, f := range fields {
		if types[f] != "" && !slices.Contains(may, f) {
			may = append(may, f)
		}
	}
	var page []map[string]any
	where := append(slices.Clone(domain), []any{"id", ">", last})
	err = s.call(ctx, model, "search_read", map[string]any{"domain": where, "fields": may, "order": "id asc", "limit": size, "context": archived}, &page)
	for _, record := range page {
		for name, v := range record {
			if v == false && types[name] != "boolean" {
				record[name] = nil // how Odoo writes that a field is empty
			}
		}
	}
	return page, err
}

// every reads all records of a small list.
func (s *session) every(ctx context.Context, model string, domain []any, fields ...string) ([]map[string]any, error) {
	var all []map[string]any
	last := 0
	for {
		page, err := s.after(ctx, model, domain, fields, last, pageSize)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pageSize {
			return all, nil
		}
		next, ok := number(page[len(page)-1]["id"])
		if !ok || next <= last {
			return nil, connector.Fail(connector.Loop, model)
		}
		last = next
	}
}

func number(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}
