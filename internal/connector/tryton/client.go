package tryton

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
)

// session speaks JSON-RPC and logs in again when the session has run out.
type session struct {
	client *connector.Client
	access connector.Access
	header http.Header
	id     int
	// context is the last parameter of every call of a model: above all the company.
	context map[string]any
}

// login opens a session. It asks once: Tryton answers wrong passwords ever more slowly and then not at all.
func (s *session) login(ctx context.Context) error {
	s.header = nil
	var got []any
	user := s.access.User
	if err := s.send(ctx, "common.db.login", []any{user, map[string]any{"password": s.access.Secret.Reveal()}, "en"}, &got, true); err != nil {
		return err
	}
	if len(got) != 2 || connector.Text(got[0]) == "" || connector.Text(got[1]) == "" {
		return connector.Fail(connector.Denied, "common.db.login")
	}
	token := base64.StdEncoding.EncodeToString([]byte(user + ":" + connector.Text(got[0]) + ":" + connector.Text(got[1])))
	s.header = http.Header{"Authorization": {"Session " + token}}
	s.context = nil
	return s.call(ctx, "model.res.user.get_preferences", &s.context, true, map[string]any{})
}

// model calls a method of a model with the context.
func (s *session) model(ctx context.Context, into any, model, method string, params ...any) error {
	return s.call(ctx, "model."+model+"."+method, into, append(params, s.context)...)
}

func (s *session) call(ctx context.Context, method string, into any, params ...any) error {
	err := s.send(ctx, method, params, into, false)
	if !expired(err) || s.context == nil {
		return err
	}
	if err := s.login(ctx); err != nil {
		return err
	}
	return s.send(ctx, method, params, into, false)
}

// expired reports whether the session has run out: 401, where a lacking right is 403.
func expired(err error) bool { return connector.Status(err) == http.StatusUnauthorized }

func (s *session) send(ctx context.Context, method string, params []any, into any, once bool) error {
	s.id++
	var raw json.RawMessage
	r := connector.Request{Place: method, Path: "/" + url.PathEscape(s.access.Database) + "/", Header: s.header, Once: once,
		Body: map[string]any{"id": s.id, "method": method, "params": params}}
	if err := s.client.Do(ctx, r, &raw); err != nil {
		return err
	}
	var answer struct {
		Result any `json:"result"`
		Error  any `json:"error"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return connector.Fail(connector.Unreadable, method)
	}
	if answer.Error != nil { // with HTTP 200; its text may name paths of the server
		return connector.Fail(connector.Refused, method)
	}
	b, err := json.Marshal(plain(answer.Result))
	if err != nil {
		return connector.Fail(connector.Unreadable, method)
	}
	d = json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return connector.Fail(connector.Unreadable, method)
	}
	return nil
}

// plain writes Tryton's classes as texts: decimals as they are, instants in ISO 8601 in UTC, days. The record that Tryton
// nests under "party." is found under "party:", so that a dot is left for paths.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		n := func(name string) int {
			i, _ := strconv.Atoi(connector.Text(v[name]))
			return i
		}
		switch v["__class__"] {
		case "Decimal":
			return v["decimal"]
		case "datetime":
			return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", n("year"), n("month"), n("day"), n("hour"), n("minute"), n("second"), n("microsecond"))
		case "date":
			return fmt.Sprintf("%04d-%02d-%02d", n("year"), n("month"), n("day"))
		}
		m := make(map[string]any, len(v))
		for k, e := range v {
			if name, nested := strings.CutSuffix(k, "."); nested {
				k = name + ":"
			}
			m[k] = plain(e)
		}
		return m
	}
	return v
}

// datetime is an instant as Tryton reads it.
func datetime(t time.Time) map[string]any {
	t = t.UTC()
	return map[string]any{"__class__": "datetime", "year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000}
}
