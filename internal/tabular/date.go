package tabular

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/diag"
)

// date is a cell taken apart: three numbers and perhaps a time, before anyone knows which number is the day.
type date struct {
	first, second, third int
	sep                  byte
	yearFirst            bool // the first has four digits
	short                bool // the year has two digits
	timed                bool
	clock                time.Duration
	zoned                bool
	offset               int // of the zone, in seconds east of UTC
}

// zones are the abbreviations that mean one offset only; EST, IST and their like mean several.
var zones = map[string]int{"z": 0, "utc": 0, "gmt": 0, "cet": 3600, "mez": 3600, "cest": 7200, "mesz": 7200, "eet": 7200, "eest": 10800, "wet": 0, "west": 3600}

// digits takes up to most digits off s.
func digits(s string, most int) (n, width int, rest string) {
	for width < len(s) && width < most && s[width] >= '0' && s[width] <= '9' {
		n = n*10 + int(s[width]-'0')
		width++
	}
	return n, width, s[width:]
}

// scanDate takes a cell apart; ok is false where it is no date in any order.
func scanDate(s string) (d date, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 6 || len(s) > 60 || s[0] < '0' || s[0] > '9' {
		return d, false
	}
	var w1, w2, w3 int
	d.first, w1, s = digits(s, 4)
	if s == "" || s[0] != '.' && s[0] != '/' && s[0] != '-' {
		return d, false
	}
	d.sep = s[0]
	d.second, w2, s = digits(strings.TrimPrefix(s[1:], " "), 2)
	if s == "" || s[0] != d.sep || w2 == 0 {
		return d, false
	}
	d.third, w3, s = digits(strings.TrimPrefix(s[1:], " "), 4)
	switch {
	case w1 == 4 && (w3 == 1 || w3 == 2):
		d.yearFirst = true
	case w1 <= 2 && w3 == 4:
	case w1 <= 2 && w3 == 2:
		d.short = true
	default:
		return d, false
	}
	if !d.valid(DayMonthYear) && !d.valid(MonthDayYear) {
		return d, false
	}
	if s == "" {
		return d, true
	}
	return d, d.time(s)
}

// time reads what follows the date: a time of day, and perhaps a zone.
func (d *date) time(s string) bool {
	t := strings.TrimLeft(s, " ,\u00a0\u202f")
	if len(t) == len(s) { // no space: ISO 8601
		if s[0] != 'T' && s[0] != 't' {
			return false
		}
		t = s[1:]
	}
	t = strings.TrimPrefix(t, "um ")
	hour, w, t := digits(t, 2)
	if w == 0 || t == "" || t[0] != ':' && t[0] != '.' {
		return false
	}
	colon := t[0]
	minute, w, t := digits(t[1:], 2)
	if w != 2 || hour > 24 || minute > 59 {
		return false
	}
	second, nanos := 0, 0
	if t != "" && t[0] == colon {
		second, w, t = digits(t[1:], 2)
		if w != 2 || second > 59 {
			return false
		}
		if t != "" && (t[0] == '.' || t[0] == ',') {
			nanos, w, t = digits(t[1:], 9)
			if w == 0 {
				return false
			}
			for ; w < 9; w++ {
				nanos *= 10
			}
		}
	}
	t = strings.TrimSpace(strings.Map(func(r rune) rune {
		if isSpace(r) {
			return ' '
		}
		return r
	}, t))
	t = strings.TrimSpace(strings.TrimSuffix(t, "Uhr"))
	switch half := strings.ToLower(t[:min(2, len(t))]); {
	case half == "am" || half == "pm":
		if hour < 1 || hour > 12 {
			return false
		}
		hour %= 12
		if half == "pm" {
			hour += 12
		}
		t = strings.TrimSpace(t[2:])
	}
	d.timed = true
	d.clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(nanos)
	if d.clock > 24*time.Hour {
		return false
	}
	if t == "" {
		return true
	}
	d.zoned = true
	if offset, known := zones[strings.ToLower(t)]; known {
		d.offset = offset
		return true
	}
	sign := 1
	switch {
	case strings.HasPrefix(t, "GMT"), strings.HasPrefix(t, "UTC"):
		t = t[3:]
	}
	switch {
	case strings.HasPrefix(t, "-"):
		sign = -1
	case !strings.HasPrefix(t, "+"):
		return false
	}
	h, wh, t := digits(t[1:], 2)
	m, wm, t := digits(strings.TrimPrefix(t, ":"), 2)
	if t != "" || wh == 0 || wm == 1 || h > 14 || m > 59 {
		return false
	}
	d.offset = sign * (h*3600 + m*60)
	return true
}

// order is the one that the date itself shows, or else the column's.
func (d date) order(column Order) Order {
	switch {
	case d.yearFirst:
		return YearMonthDay
	case d.sep == '.':
		return DayMonthYear
	case column == YearMonthDay:
		return DayMonthYear // a column of ISO dates says nothing of this cell; see ParseDay
	}
	return column
}

// open reports whether the date's own form leaves its order open.
func (d date) open() bool { return !d.yearFirst && d.sep != '.' }

// day is the day that the date means in the given order. Years of two digits are 1969 to 2068, as in POSIX strptime.
func (d date) day(o Order) Date {
	var year, month, day int
	switch d.order(o) {
	case YearMonthDay:
		year, month, day = d.first, d.second, d.third
	case MonthDayYear:
		month, day, year = d.first, d.second, d.third
	default:
		day, month, year = d.first, d.second, d.third
	}
	if d.short {
		if year += 1900; year < 1969 {
			year += 100
		}
	}
	return Date{year, time.Month(month), day}
}

// valid reports whether the calendar has the day.
func (d date) valid(o Order) bool {
	day := d.day(o)
	t := day.at(0)
	return t.Year() == day.Year && t.Month() == day.Month && t.Day() == day.Day && day.Year >= 1
}

// Date is a day without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String is the day as 2024-12-31.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// at is the time of day on d, as if d were in UTC.
func (d Date) at(clock time.Duration) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(clock)
}

func dateOf(t time.Time) Date { return Date{t.Year(), t.Month(), t.Day()} }

// Doubt says what is uncertain about a moment read from a local time.
type Doubt int

const (
	// Certain is a local time that was there once.
	Certain Doubt = iota
	// Twice is a local time that came twice, when the clocks were put back: the first is taken.
	Twice
	// Never is a local time that was skipped, when the clocks were put forward: it is read with the offset before, which
	// makes 02:30 the moment that the clocks called 03:30.
	Never
)

// Moment is a point in time.
type Moment struct {
	At    time.Time // in UTC
	Doubt Doubt
}

// Note says what is uncertain, nil where nothing is.
func (m Moment) Note(c Cell, loc *time.Location) *diag.Diagnostic {
	args := diag.Args{"text": shown(c.Text), "zone": loc.String()}
	switch m.Doubt {
	case Twice:
		d := diag.Warn("table_time_twice", diag.Position{}, args)
		return &d
	case Never:
		d := diag.Warn("table_time_never", diag.Position{}, args)
		return &d
	}
	return nil
}

// parseDate reads a cell as a date by the style.
func parseDate(c Cell, s Style) (date, Date, error) {
	text := strings.TrimSpace(c.Text)
	if c.Missing() || nothing[strings.ToLower(text)] {
		return date{}, Date{}, ErrMissing
	}
	if s.Type == Day && len(text) == 8 && s.Order == YearMonthDay { // 20241231
		if n, w, _ := digits(text, 8); w == 8 {
			text = fmt.Sprintf("%04d-%02d-%02d", n/10000, n/100%100, n%100)
		}
	}
	d, ok := scanDate(text)
	switch {
	case ok:
		if d.open() && s.Order == YearMonthDay {
			return d, Date{}, unreadable(c, "table_cell_date_order")
		}
		if !d.valid(s.Order) {
			return d, Date{}, unreadable(c, "table_cell_date")
		}
		return d, d.day(s.Order), nil
	case s.Type == ExcelSerial || s.Serials:
		return serial(c, text, s.From1904)
	case s.Type == EpochSeconds || s.Type == EpochMillis:
		return epoch(c, text, s.Type)
	}
	return d, Date{}, unreadable(c, "table_cell_date")
}

// serial reads an Excel serial number, with a decimal point or comma.
func serial(c Cell, text string, from1904 bool) (date, Date, error) {
	f, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || f < 1 {
		return date{}, Date{}, unreadable(c, "table_cell_date")
	}
	iso, ok := serialText(f, from1904)
	d, isDate := scanDate(iso)
	if !ok || !isDate {
		return d, Date{}, unreadable(c, "table_cell_date")
	}
	return d, d.day(YearMonthDay), nil
}

// epoch reads seconds or milliseconds since 1970.
func epoch(c Cell, text string, typ Type) (date, Date, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<53 {
		return date{}, Date{}, unreadable(c, "table_cell_date")
	}
	t := time.Unix(n, 0).UTC()
	if typ == EpochMillis {
		t = time.UnixMilli(n).UTC()
	}
	if t.Year() > 9999 {
		return date{}, Date{}, unreadable(c, "table_cell_date")
	}
	return date{timed: true, zoned: true, clock: t.Sub(dateOf(t).at(0))}, dateOf(t), nil
}

// ParseDay reads a cell as a day. Where the cell names a moment with its zone, loc says whose day it is; without loc it
// is refused, for a moment is another day elsewhere.
func ParseDay(c Cell, s Style, loc *time.Location) (Date, error) {
	d, day, err := parseDate(c, s)
	switch {
	case err != nil:
		return Date{}, err
	case !d.zoned:
		if d.clock == 24*time.Hour {
			return dateOf(day.at(d.clock)), nil
		}
		return day, nil
	case loc == nil:
		return Date{}, unreadable(c, "table_cell_zone")
	}
	return dateOf(day.at(d.clock).Add(-time.Duration(d.offset) * time.Second).In(loc)), nil
}

// ParseInstant reads a cell as a moment. A time without a zone is one of loc; where the clocks were changed it may have
// been there twice or never, which Moment.Doubt says. A day without a time is no moment and refused.
func ParseInstant(c Cell, s Style, loc *time.Location) (Moment, error) {
	d, day, err := parseDate(c, s)
	switch {
	case err != nil:
		return Moment{}, err
	case !d.timed:
		return Moment{}, unreadable(c, "table_cell_no_time")
	case d.zoned:
		return Moment{At: day.at(d.clock).Add(-time.Duration(d.offset) * time.Second)}, nil
	case loc == nil:
		return Moment{}, unreadable(c, "table_cell_zone")
	}
	return resolve(day.at(d.clock), loc), nil
}

// resolve finds the moments at which the clocks of loc show the wall time. The offsets a day before and after are all
// that can apply, as no zone changes its clocks twice in two days.
func resolve(wall time.Time, loc *time.Location) Moment {
	_, before := wall.AddDate(0, 0, -1).In(loc).Zone()
	_, after := wall.AddDate(0, 0, 1).In(loc).Zone()
	first := wall.Add(-time.Duration(before) * time.Second)
	second := wall.Add(-time.Duration(after) * time.Second)
	shows := func(t time.Time) bool {
		_, offset := t.In(loc).Zone()
		return t.Add(time.Duration(offset) * time.Second).Equal(wall)
	}
	switch one, two := shows(first), shows(second); {
	case one && two && before != after:
		return Moment{first, Twice} // put back: the larger offset comes first
	case one:
		return Moment{At: first}
	case two:
		return Moment{At: second}
	}
	return Moment{first, Never}
}
