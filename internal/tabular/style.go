package tabular

import (
	"errors"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Type is what the cells of a column are.
type Type int

// The types. Text is also a column whose question is open.
const (
	Empty Type = iota
	Text
	Identifier // digits or letters that are kept as they are
	Integer
	Decimal
	Money
	Percent
	Bool
	Day
	Instant      // a day with the time of day, with or without a zone
	ExcelSerial  // days since 1899-12-30, as Excel counts
	EpochSeconds // since 1970-01-01 UTC
	EpochMillis
)

func (t Type) String() string {
	return [...]string{"empty", "text", "identifier", "integer", "decimal", "money", "percent", "bool", "day", "instant", "excel_serial", "epoch_seconds", "epoch_millis"}[t]
}

// Order is in which order a date has its parts.
type Order int

// The orders. A date that begins with a year of four digits is always year, month, day, and one with points always day,
// month, year, whatever the column's order: nobody writes them otherwise.
const (
	DayMonthYear Order = iota
	MonthDayYear
	YearMonthDay
)

func (o Order) String() string {
	return [...]string{"day_month_year", "month_day_year", "year_month_day"}[o]
}

// Style is how the cells of a column are read.
type Style struct {
	Type Type
	// Decimal is the decimal separator of numbers, '.' or ','; 0 where the column has none.
	Decimal byte
	// Grouped says that the digits before it are in groups of three.
	Grouped bool
	// Currency is that of money where all cells have the same, as ParseMoney returns it; empty where they differ.
	Currency string
	// Scale is what a percentage is divided by: 100, or 1 where 0.5 means one half.
	Scale int
	// Order of a date's parts.
	Order Order
	// Zoned says that the times of an Instant name their zone; otherwise they are local times of the system's.
	Zoned bool
	// Serials says that a date may also be an Excel serial number, From1904 that these count from 1904-01-01.
	Serials, From1904 bool
	// True and False are the words of a Bool, in lower case.
	True, False string
	// Example is the first cell that is read so.
	Example string
}

// Said describes the style as a hint, for the list of what was assumed; column is the column's name.
func (s Style) Said(column string) diag.Diagnostic {
	args := diag.Args{"column": column, "example": s.Example}
	code := "table_style_text"
	switch s.Type {
	case Empty:
		code = "table_style_empty"
	case Identifier:
		code = "table_style_identifier"
	case Integer:
		code = "table_style_integer"
	case Decimal, Money:
		switch {
		case s.Decimal == 0 && s.Type == Money:
			code = "table_style_money"
		case s.Decimal == ',' && s.Type == Money:
			code = "table_style_money_comma"
		case s.Type == Money:
			code = "table_style_money_point"
		case s.Decimal == ',':
			code = "table_style_decimal_comma"
		default:
			code = "table_style_decimal_point"
		}
	case Percent:
		if code = "table_style_percent"; s.Scale == 1 {
			code = "table_style_fraction"
		}
	case Bool:
		code = "table_style_bool"
		args["yes"], args["no"] = s.True, s.False
	case Day:
		code = [...]string{"table_style_day_dmy", "table_style_day_mdy", "table_style_day_ymd"}[s.Order]
	case Instant:
		code = [...]string{"table_style_instant_dmy", "table_style_instant_mdy", "table_style_instant_ymd"}[s.Order]
	case ExcelSerial:
		code = "table_style_serial"
	case EpochSeconds, EpochMillis:
		code = "table_style_epoch"
	}
	return hint(code, args)
}

// ErrMissing says that a cell holds nothing: it is empty, a spreadsheet's error, or a word for "nothing".
var ErrMissing = errors.New("the cell is empty")

// nothing are the words that stand for a missing value in columns of numbers and dates.
var nothing = map[string]bool{"null": true, "n/a": true, "na": true, "nan": true, "none": true, "-": true, "–": true, "—": true,
	"k.a.": true, "k. a.": true, "keine angabe": true, "unbekannt": true, "unknown": true, "(leer)": true, "(blank)": true, "(null)": true}

// unreadable refuses a cell that its column's style does not read.
func unreadable(c Cell, code string) error {
	return diag.New(code, diag.Position{}, diag.Args{"text": shown(c.Text)})
}

// shown is a cell's text, cut so that it fits into a message.
func shown(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
