package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Problem is what went wrong, as RFC 9457 has it.
type Problem struct {
	Type   string    `json:"type" doc:"Where the kind of problem is explained, relative to the server." example:"/api#not_found"`
	Title  string    `json:"title" doc:"What kind of problem it is, in the language of Accept-Language." example:"Not found"`
	Status int       `json:"status" doc:"The status of the response." example:"404"`
	Detail string    `json:"detail" doc:"What happened, in the language of Accept-Language." example:"This does not exist, or it is not shared with you."`
	Code   kind      `json:"code" doc:"What kind of problem it is, for programs." enum:"malformed,unauthenticated,denied,not_found,method_not_allowed,conflict,precondition_failed,too_large,unsupported_media_type,invalid,precondition_required,idempotency_key_reused,idempotency_running,limit,internal,unavailable" example:"not_found"`
	Reason string    `json:"reason,omitempty" doc:"A finer code where there is one." example:"auth_not_found"`
	Head   int       `json:"head,omitempty" doc:"The newest revision of the case, where another came first." example:"4"`
	Errors []Mistake `json:"errors,omitempty" nullable:"false" doc:"Each mistake in the request or in the case file."`

	header http.Header
}

// Mistake is one thing that is wrong with a request or with a case file.
type Mistake struct {
	Message  string `json:"message" doc:"What is wrong, in the language of Accept-Language." example:"“usres” is not known."`
	Hint     string `json:"hint,omitempty" doc:"What to write instead." example:"Perhaps “users” is meant."`
	Code     string `json:"code,omitempty" doc:"Code of the mistake in a case file; stays the same across versions." example:"unknown_name"`
	Severity string `json:"severity,omitempty" enum:"error,warning,hint" doc:"Of a finding in a case file." example:"error"`
	Location string `json:"location,omitempty" doc:"Where in the request, of a mistake in it." example:"body.text"`
	Line     int    `json:"line,omitempty" doc:"Line in the case file, from 1." example:"12"`
	Column   int    `json:"column,omitempty" doc:"Column in the case file in characters, from 1." example:"14"`
	Source   string `json:"source,omitempty" doc:"The whole line of the case file."`
}

// kind is what Problem.Code says.
type kind string

const (
	malformed      kind = "malformed"
	unauthorised   kind = "unauthenticated"
	denied         kind = "denied"
	notFound       kind = "not_found"
	wrongMethod    kind = "method_not_allowed"
	conflict       kind = "conflict"
	notMatched     kind = "precondition_failed"
	tooLarge       kind = "too_large"
	wrongMediaType kind = "unsupported_media_type"
	invalid        kind = "invalid"
	noPrecondition kind = "precondition_required"
	keyReused      kind = "idempotency_key_reused"
	keyRunning     kind = "idempotency_running"
	limit          kind = "limit"
	internal       kind = "internal"
	unavailable    kind = "unavailable"
)

// statuses is the one table from kinds to statuses.
var statuses = []struct {
	kind   kind
	status int
}{
	{malformed, 400}, {unauthorised, 401}, {denied, 403}, {notFound, 404}, {wrongMethod, 405}, {conflict, 409}, {keyRunning, 409}, {notMatched, 412},
	{tooLarge, 413}, {wrongMediaType, 415}, {invalid, 422}, {keyReused, 422}, {noPrecondition, 428}, {limit, 429}, {internal, 500}, {unavailable, 503},
}

func statusOf(k kind) int {
	for _, s := range statuses {
		if s.kind == k {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

func kindOf(status int) kind {
	for _, s := range statuses {
		if s.status == status {
			return s.kind
		}
	}
	if status >= 400 && status < 500 {
		return malformed
	}
	return internal
}

// Error is for logs.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// GetStatus is the status of the response.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are the headers that go with it.
func (p *Problem) GetHeaders() http.Header { return p.header }

func newProblem(k kind, l *locale.Locale, detail string) *Problem {
	p := &Problem{Type: "/api#" + string(k), Code: k, Status: statusOf(k), Title: l.Text("api.problem."+string(k), nil), Detail: detail, header: http.Header{}}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	if k == unauthorised {
		p.header.Set("WWW-Authenticate", `Bearer realm="rendite"`)
	}
	return p
}

// said is a problem of this package's own.
func said(k kind, l *locale.Locale, key string, args diag.Args) *Problem {
	return newProblem(k, l, l.Text("api.error."+key, args))
}

var kinds = map[app.Code]kind{app.Invalid: invalid, app.NotFound: notFound, app.Conflict: conflict, app.Denied: denied, app.Unauthenticated: unauthorised,
	app.Limit: tooLarge, app.Unavailable: unavailable}

// problem tells an error in a language. What is nobody's business but the operator's becomes "internal".
func problem(err error, l *locale.Locale) *Problem {
	var done *Problem
	var e *app.Error
	var list diag.List
	var d diag.Diagnostic
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &done):
		return done
	case errors.As(err, &e):
		k := kinds[e.Code]
		_, reason, _ := strings.Cut(e.Key, ".error.")
		switch reason {
		case string(keyReused), string(keyRunning):
			k = kind(reason)
		}
		detail := ""
		if l.Has(e.Key) {
			detail = l.Text(e.Key, e.Args)
		}
		p := newProblem(k, l, detail)
		p.Reason, p.Head, p.Errors = reason, e.Head, mistakes(e.Problems, l)
		if len(p.Errors) > 0 {
			p.Detail = said(k, l, "case", diag.Args{"count": errorsIn(e.Problems)}).Detail
		} else if e.Field != "" {
			p.Errors = []Mistake{{Message: p.Detail, Location: "body." + e.Field}}
		}
		if e.RetryAfter > 0 {
			p.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
		}
		return p
	case errors.As(err, &big):
		return said(tooLarge, l, "too_large", diag.Args{"limit": maxBody >> 20})
	}
	if status := auth.Status(err); status != http.StatusInternalServerError {
		_ = errors.As(err, &d)
		if errors.As(err, &list) && len(list) > 0 {
			d = list[0]
		}
		p := newProblem(kindOf(status), l, strings.TrimSpace(l.Message(d)+" "+l.Hint(d)))
		p.Reason = d.Code
		auth.SetRetryAfter(p.header, err)
		return p
	}
	if errors.As(err, &d) {
		list = diag.List{d}
	}
	if len(list) > 0 || errors.As(err, &list) {
		if strings.HasPrefix(list[0].Code, "unknown_") && !list[0].At.Known() && len(list) == 1 {
			p := newProblem(notFound, l, strings.TrimSpace(l.Message(list[0])+" "+l.Hint(list[0])))
			p.Reason = list[0].Code
			return p
		}
		p := said(invalid, l, "case", diag.Args{"count": errorsIn(list)})
		p.Errors = mistakes(list, l)
		return p
	}
	return newProblem(internal, l, l.Text("api.error.internal", nil))
}

// errorsIn counts what is no warning.
func errorsIn(list diag.List) int { return len(list) - len(list.Warnings()) }

func mistakes(list diag.List, l *locale.Locale) []Mistake {
	var all []Mistake
	for _, d := range list.Sorted() {
		all = append(all, Mistake{Message: l.Message(d), Hint: l.Hint(d), Code: d.Code, Severity: severity(d.Severity), Line: d.At.Line, Column: d.At.Column, Source: d.At.Source})
	}
	return all
}

func severity(s diag.Severity) string {
	switch s {
	case diag.Warning:
		return "warning"
	case diag.Hint:
		return "hint"
	case diag.Error:
	}
	return "error"
}

// write sends a problem from outside an operation.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// expected holds huma's words for what is wrong with an input, and our message for each. They stand in variables of
// huma's, from where this package takes them over as keys: it is the only one that uses huma.
var expected = map[string]*string{
	"unexpected": &validation.MsgUnexpectedProperty, "boolean": &validation.MsgExpectedBoolean, "number": &validation.MsgExpectedNumber,
	"integer": &validation.MsgExpectedInteger, "string": &validation.MsgExpectedString, "array": &validation.MsgExpectedArray,
	"object": &validation.MsgExpectedObject, "one_of": &validation.MsgExpectedOneOf, "minimum": &validation.MsgExpectedMinimumNumber,
	"above": &validation.MsgExpectedExclusiveMinimumNumber, "maximum": &validation.MsgExpectedMaximumNumber, "below": &validation.MsgExpectedExclusiveMaximumNumber,
	"min_length": &validation.MsgExpectedMinLength, "max_length": &validation.MsgExpectedMaxLength, "min_items": &validation.MsgExpectedMinItems,
	"max_items": &validation.MsgExpectedMaxItems, "unique": &validation.MsgExpectedArrayItemsUnique, "required": &validation.MsgExpectedRequiredProperty,
}

const mark = "\x00"

func init() { //nolint:gochecknoinits // huma reads these variables while types are declared
	huma.DefaultArrayNullable = false
	for key, text := range expected {
		verb := ""
		if i := strings.IndexByte(*text, '%'); i >= 0 {
			verb = (*text)[i : i+2]
		}
		*text = key + mark + verb
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		l := locale.New(locale.English)
		if q, ok := ctx.Context().Value(askKey{}).(*ask); ok {
			l = q.l
		}
		for _, err := range errs {
			var big *http.MaxBytesError
			if errors.As(err, &big) {
				status = http.StatusRequestEntityTooLarge
			}
		}
		k := kindOf(status)
		if status == http.StatusInternalServerError {
			k = malformed // reading the body broke off; failures of operations do not come this way
		}
		p := newProblem(k, l, "")
		switch {
		case k == tooLarge:
			p.Detail = l.Text("api.error.too_large", diag.Args{"limit": maxBody >> 20})
		case len(errs) > 0:
			p.Detail = l.Text("api.error.request", diag.Args{"count": len(errs)})
		case k == malformed:
			p.Detail = l.Text("api.error.no_body", nil)
		}
		for _, err := range errs {
			p.Errors = append(p.Errors, mistaken(err, l))
		}
		return p
	}
	huma.NewError = func(status int, msg string, _ ...error) huma.StatusError {
		return newProblem(kindOf(status), locale.New(locale.English), msg)
	}
}

// mistaken tells what huma found wrong with an input.
func mistaken(err error, l *locale.Locale) Mistake {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		return Mistake{Message: l.Text("api.expected.readable", nil), Location: "body"}
	}
	m := Mistake{Location: d.Location}
	key, arg, ok := strings.Cut(d.Message, mark)
	switch {
	case ok:
		m.Message = l.Text("api.expected."+key, diag.Args{"value": arg})
	case strings.HasPrefix(d.Message, "required "):
		m.Message = l.Text("api.expected.parameter", nil)
	case d.Location == "body":
		m.Message = l.Text("api.expected.json", nil)
	case strings.HasPrefix(d.Message, "unknown query parameter"):
		m.Message = l.Text("api.expected.unexpected", diag.Args{"value": ""})
	case strings.Contains(d.Message, "integer"):
		m.Message = l.Text("api.expected.integer", diag.Args{"value": ""})
	case strings.Contains(d.Message, "boolean"):
		m.Message = l.Text("api.expected.boolean", diag.Args{"value": ""})
	case strings.Contains(d.Message, "float") || strings.Contains(d.Message, "number"):
		m.Message = l.Text("api.expected.number", diag.Args{"value": ""})
	default:
		m.Message = l.Text("api.expected.readable", nil)
	}
	return m
}
