package crm

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is a row of a canonical table.
type Record struct {
	// ID is the record's identifier at the source, exactly as delivered.
	ID string
	// Created, Updated and Deleted are instants at the source, 0 where it does not say.
	Created, Updated, Deleted int64
	// Merged is the identifier of the record that this one was merged into.
	Merged string
	// Values by the table's columns: nil, int64 (Instant, Day, Month, Money, Flag, Count), float64 (Share) or string.
	Values []any
}

// New is an empty record of a table.
func (t Table) New(id string) Record { return Record{ID: id, Values: make([]any, len(t.Columns))} }

// Set puts a value into a record; it panics where the table has no such column, which is a fault of ours.
func (t Table) Set(r *Record, column string, v any) {
	i := t.Index(column)
	if i < 0 {
		panic("crm: " + t.Name + " has no column " + column)
	}
	r.Values[i] = v
}

// Get is a value of a record, nil where it was not delivered or the table has no such column.
func (t Table) Get(r *Record, column string) any {
	if i := t.Index(column); i >= 0 {
		return r.Values[i]
	}
	return nil
}

// Problem is why a record cannot be taken.
type Problem struct {
	Column string // empty for the record as a whole
	Code   string // needed, choice, kind, range, key
	Value  string // what stands there, empty where nothing does
}

func (p Problem) Error() string { return fmt.Sprintf("%s: %s %q", p.Code, p.Column, p.Value) }

// Days and money beyond these are mistakes: a key typed twice, a wrong century.
const (
	firstYear = 1900
	lastYear  = 2200
	mostMoney = 1_000_000_000_000 * 10_000 // 10¹² of the unit
)

// Complete fills what follows from other columns (days from instants in the source's zone, months, the identifier where the
// table has a key) and checks the record. zone is the business zone of the source.
func (t Table) Complete(r *Record, zone *time.Location) []Problem {
	var found []Problem
	for i, c := range t.Columns {
		if r.Values[i] == nil && c.From != "" {
			r.Values[i] = derived(c.Kind, r.Values[t.Index(c.From)], t.Columns[t.Index(c.From)].Kind, zone)
		}
		v := r.Values[i]
		if v == nil {
			if c.Needed {
				found = append(found, Problem{c.Name, "needed", ""})
			}
			continue
		}
		if code := wrong(c, v); code != "" {
			found = append(found, Problem{c.Name, code, fmt.Sprint(v)})
		}
	}
	if r.ID == "" && len(t.Key) > 0 {
		parts := make([]string, len(t.Key))
		for i, name := range t.Key {
			if v := t.Get(r, name); v != nil {
				parts[i] = fmt.Sprint(v)
			}
		}
		r.ID = strings.Join(parts, "|")
	}
	if r.ID == "" {
		found = append(found, Problem{"id", "needed", ""})
	}
	return found
}

func derived(kind Kind, v any, from Kind, zone *time.Location) any {
	n, ok := v.(int64)
	if !ok {
		return nil
	}
	var at time.Time
	if from == Instant {
		at = time.UnixMicro(n).In(zone)
	} else {
		at = DayTime(n)
	}
	if kind == Month {
		return MonthOf(at)
	}
	return DayOf(at)
}

func wrong(c Column, v any) string {
	switch c.Kind {
	case Text, Ref, Currency, Choice:
		s, ok := v.(string)
		switch {
		case !ok:
			return "kind"
		case c.Kind == Choice && !slices.Contains(c.Choices, s):
			return "choice"
		case c.Kind == Currency && !currency(s):
			return "choice"
		case c.Needed && s == "":
			return "needed"
		}
	case Share:
		f, ok := v.(float64)
		switch {
		case !ok:
			return "kind"
		case !(f >= 0 && f <= 1):
			return "range"
		}
	default:
		n, ok := v.(int64)
		if !ok {
			return "kind"
		}
		switch c.Kind {
		case Instant:
			if y := time.UnixMicro(n).UTC().Year(); y < firstYear || y > lastYear {
				return "range"
			}
		case Day:
			if y := DayTime(n).Year(); n < -1e6 || n > 1e6 || y < firstYear || y > lastYear {
				return "range"
			}
		case Money:
			if n > mostMoney || n < -mostMoney {
				return "range"
			}
		case Flag:
			if n != 0 && n != 1 {
				return "range"
			}
		}
	}
	return ""
}

func currency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for i := range 3 {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

// DayOf is the day on the calendar of t's own zone.
func DayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// DayTime is midnight of a day in UTC.
func DayTime(day int64) time.Time { return time.Unix(day*86400, 0).UTC() }

// MonthOf counts months since the year 0.
func MonthOf(t time.Time) int64 { return int64(t.Year())*12 + int64(t.Month()) - 1 }

// MonthText is YYYY-MM.
func MonthText(month int64) string { return fmt.Sprintf("%04d-%02d", month/12, month%12+1) }

// Hash tells whether a record is what it was: SHA-256 over all that it holds, cut to 16 bytes.
func (r *Record) Hash() [16]byte {
	h := sha256.New()
	var b [9]byte
	put := func(kind byte, n uint64) {
		b[0] = kind
		binary.LittleEndian.PutUint64(b[1:], n)
		h.Write(b[:])
	}
	text := func(s string) {
		put('s', uint64(len(s)))
		write(h, s)
	}
	text(r.ID)
	put('i', uint64(r.Created))
	put('i', uint64(r.Updated))
	put('i', uint64(r.Deleted))
	text(r.Merged)
	for _, v := range r.Values {
		switch v := v.(type) {
		case nil:
			put('n', 0)
		case int64:
			put('i', uint64(v))
		case float64:
			put('f', math.Float64bits(v))
		case string:
			text(v)
		default:
			panic("crm: a record holds a " + fmt.Sprintf("%T", v))
		}
	}
	var sum [16]byte
	copy(sum[:], h.Sum(nil))
	return sum
}

func write(h hash.Hash, s string) { _, _ = h.Write([]byte(s)) }

// FormatMoney is an amount as a plain decimal number: for files and errors, not for people.
func FormatMoney(n int64) string {
	s, sign := strconv.FormatUint(absolute(n), 10), ""
	if n < 0 {
		sign = "-"
	}
	if len(s) <= 4 {
		s = strings.Repeat("0", 5-len(s)) + s
	}
	whole, rest := s[:len(s)-4], strings.TrimRight(s[len(s)-4:], "0")
	if rest == "" {
		return sign + whole
	}
	return sign + whole + "." + rest
}

func absolute(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}
