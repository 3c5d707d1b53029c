package connector

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/crm"
)

// Field says where a column comes from.
type Field struct {
	Column string
	// From is a path into the record as delivered: names and places in lists, with dots between.
	From string
	// Scale is what stands for certainty in a Share: 1 where 0, or 100.
	Scale float64
	// With turns the delivered value into one that is read by the column's kind; nil leaves the column out.
	With func(v any) any
}

// Mapping says how a delivered record becomes one of a table.
type Mapping struct {
	Table string
	// Prefix is put before the identifier where several lists fill the table.
	Prefix string
	// ID, Created, Updated and Deleted are paths.
	ID, Created, Updated, Deleted string
	Fields                        []Field
	// Zone is that of the business: days are taken from instants in it. nil: UTC.
	Zone *time.Location
}

// Override changes where columns come from: "opportunity.product" → "custom.field". What names no column of the table is
// left alone.
func (m Mapping) Override(own map[string]string) Mapping {
	fields := append([]Field(nil), m.Fields...)
	t, _ := crm.Find(m.Table)
	for _, c := range t.Columns {
		from, ok := own[m.Table+"."+c.Name]
		if !ok {
			continue
		}
		for i := range fields {
			if fields[i].Column == c.Name {
				fields[i].From = from
				ok = false
			}
		}
		if ok {
			fields = append(fields, Field{Column: c.Name, From: from})
		}
	}
	m.Fields = fields
	return m
}

// Row makes a row of a record as delivered, decoded with json.Number.
func (m Mapping) Row(raw map[string]any) Row {
	t, ok := crm.Find(m.Table)
	if !ok {
		panic("connector: there is no table " + m.Table)
	}
	r := Row{Table: m.Table, Record: t.New("")}
	if id := asText(Path(raw, m.ID)); m.ID != "" && id != "" { // without a path the table's key stands in
		r.Record.ID = m.Prefix + id
	}
	r.Record.Created, r.Record.Updated, r.Record.Deleted = m.instant(raw, m.Created), m.instant(raw, m.Updated), m.instant(raw, m.Deleted)
	for _, f := range m.Fields {
		v := Path(raw, f.From)
		if f.From == "" {
			v = raw
		}
		if f.With != nil {
			v = f.With(v)
		}
		r.Put(f.Column, v, f.Scale, m.Zone)
	}
	return r
}

func (m Mapping) instant(raw map[string]any, path string) int64 {
	if path == "" {
		return 0
	}
	n, _ := Instant(Path(raw, path))
	return n
}

// wrongKind is the code that package crm gives to a value of another kind.
const wrongKind = "kind"

// Put reads a delivered value by the column's kind; one that cannot be read becomes the row's Problem. nil is "not
// delivered".
func (r *Row) Put(column string, v any, scale float64, zone *time.Location) {
	t, _ := crm.Find(r.Table)
	c, ok := t.Column(column)
	if !ok {
		panic("connector: " + r.Table + " has no column " + column)
	}
	if v == nil {
		return
	}
	got, ok := value(c.Kind, v, or(scale, 1), zone)
	if !ok {
		if r.Problem == nil {
			r.Problem = &crm.Problem{Column: column, Code: wrongKind, Value: asText(v)}
		}
		return
	}
	if got != nil {
		t.Set(&r.Record, column, got)
	}
}

// Keep writes a delivered value of a change as package crm keeps it: money as ten-thousandths of the unit, days as days
// since 1970, shares from 0 to 1, everything else as it is. One that cannot be read becomes the row's Problem. nil is "none".
func (r *Row) Keep(column, field string, v any, scale float64, zone *time.Location) {
	t, _ := crm.Find(r.Table)
	kind := crm.KindOfChange(field)
	if kind == crm.Text {
		kind = crm.Ref
	}
	if v == nil {
		return
	}
	got, ok := value(kind, v, or(scale, 1), zone)
	switch {
	case !ok && r.Problem == nil:
		r.Problem = &crm.Problem{Column: column, Code: wrongKind, Value: asText(v)}
	case ok && got != nil:
		t.Set(&r.Record, column, asText(got))
	}
}

// value reads a value by kind; nil where it is empty and the kind has no empty value.
func value(kind crm.Kind, v any, scale float64, zone *time.Location) (any, bool) {
	switch kind {
	case crm.Text:
		return norm.NFC.String(asText(v)), true
	case crm.Ref, crm.Choice, crm.Currency:
		if s := asText(v); s != "" {
			return s, true
		}
		return nil, true
	}
	if s, ok := v.(string); ok && strings.TrimSpace(s) == "" {
		return nil, true
	}
	switch kind {
	case crm.Instant:
		n, ok := Instant(v)
		return n, ok
	case crm.Day:
		n, ok := day(v, zone)
		return n, ok
	case crm.Money:
		n, ok := Money(v)
		return n, ok
	case crm.Share:
		f, err := strconv.ParseFloat(strings.TrimSpace(asText(v)), 64)
		return f / scale, err == nil
	case crm.Flag:
		switch strings.ToLower(asText(v)) {
		case "true", "1":
			return int64(1), true
		case "false", "0":
			return int64(0), true
		}
	case crm.Count:
		f, err := strconv.ParseFloat(strings.TrimSpace(asText(v)), 64)
		if err == nil && f > -1e15 && f < 1e15 {
			return int64(f), true
		}
	}
	return nil, false
}

// Path follows names and places, with dots between; nil where it leads nowhere.
func Path(v any, path string) any {
	for path != "" && v != nil {
		var name string
		name, path, _ = strings.Cut(path, ".")
		switch have := v.(type) {
		case map[string]any:
			v = have[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(have) {
				return nil
			}
			v = have[i]
		default:
			return nil
		}
	}
	return v
}

// Text is a delivered value as text, "" where it is none.
func Text(v any) string { return asText(v) }

func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprintf("%T", v) // a list or a group where a value should be: a reject, without its contents
}

// Domain is the host of a web address as people type it, without "www."; nil where there is none.
func Domain(v any) any {
	s := strings.TrimSpace(asText(v))
	if s == "" {
		return nil
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

var milliseconds = regexp.MustCompile(`^-?\d{11,14}$`)

// Instant reads microseconds since 1970 from ISO 8601 with a zone, "2006-01-02 15:04:05" in UTC, or milliseconds.
func Instant(v any) (int64, bool) {
	switch v.(type) {
	case string, json.Number:
	default:
		return 0, false
	}
	s := strings.TrimSpace(asText(v))
	if milliseconds.MatchString(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n * 1000, err == nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

func day(v any, zone *time.Location) (int64, bool) {
	s := strings.TrimSpace(asText(v))
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return crm.DayOf(t), true
	}
	n, ok := Instant(v)
	if zone == nil {
		zone = time.UTC
	}
	return crm.DayOf(time.UnixMicro(n).In(zone)), ok
}

var decimal = regexp.MustCompile(`^[+-]?(\d{1,20}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?$`)

// Money reads ten-thousandths of the unit from a decimal number, exactly; what is finer is rounded half away from zero.
func Money(v any) (int64, bool) {
	s := strings.TrimSpace(asText(v))
	if !decimal.MatchString(s) {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, false
	}
	r.Mul(r, big.NewRat(10_000, 1))
	half := big.NewRat(1, 2)
	if r.Sign() < 0 {
		half.Neg(half)
	}
	r.Add(r, half)
	n := new(big.Int).Quo(r.Num(), r.Denom())
	return n.Int64(), n.IsInt64()
}
