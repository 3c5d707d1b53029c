package kpi

import (
	"fmt"
	"strconv"
)

// Dialect is where the databases differ. Everything else of a query is one text.
type Dialect struct {
	Name string
	// placeholder is the n-th parameter, counted from 1.
	placeholder func(n int) string
	// positional parameters are given again each time they are named.
	positional bool
	// div divides two whole numbers towards 0.
	div string
	// number reads a text, NULL where it is none.
	number string
	// months are the numbers from %s to %s as a column named month.
	months string
}

const recursive = `SELECT month FROM (WITH RECURSIVE count_up(month) AS (SELECT CAST(%s AS BIGINT) UNION ALL SELECT month + 1 FROM count_up WHERE month < %s) SELECT month FROM count_up) AS months`

// The dialects. SQLite and PostgreSQL are what the warehouse runs on. The texts for Trino and ClickHouse have not been tried
// against a live server.
var (
	SQLite = Dialect{
		Name: "sqlite", placeholder: func(n int) string { return "?" + strconv.Itoa(n) }, div: "%s / %s", months: recursive,
		number: "CASE WHEN %[1]s GLOB '[-0-9]*' AND %[1]s GLOB '*[0-9]' AND %[1]s NOT GLOB '*[^-.0-9]*' THEN CAST(%[1]s AS REAL) END",
	}
	PostgreSQL = Dialect{
		Name: "postgresql", placeholder: dollar, div: "%s / %s", months: recursive,
		number: "CASE WHEN %[1]s ~ '^-?[0-9]+([.][0-9]+)?$' THEN CAST(%[1]s AS DOUBLE PRECISION) END",
	}
	DuckDB = Dialect{
		Name: "duckdb", placeholder: dollar, div: "%s // %s", months: recursive,
		number: "TRY_CAST(%s AS DOUBLE)",
	}
	Trino = Dialect{
		Name: "trino", placeholder: func(int) string { return "?" }, positional: true, div: "%s / %s",
		number: "TRY_CAST(%s AS DOUBLE)",
		months: "SELECT month FROM UNNEST(SEQUENCE(%s, %s)) AS months (month)",
	}
	ClickHouse = Dialect{
		Name: "clickhouse", placeholder: func(n int) string { return fmt.Sprintf("{p%d:Int64}", n) }, div: "intDiv(%s, %s)",
		number: "toFloat64OrNull(%s)",
		months: "SELECT arrayJoin(range(%s, %s + 1)) AS month",
	}
)

// Dialects are all of them.
func Dialects() []Dialect { return []Dialect{SQLite, PostgreSQL, DuckDB, Trino, ClickHouse} }

func dollar(n int) string { return "$" + strconv.Itoa(n) }

func (d Dialect) divide(a, b string) string { return fmt.Sprintf(d.div, a, b) }

func (d Dialect) numeric(text string) string { return fmt.Sprintf(d.number, text) }

// numbers are those from first to last, in a column named month.
func (d Dialect) numbers(first, last string) string { return fmt.Sprintf(d.months, first, last) }

// firstDay is the day on which a month begins, of whole numbers alone: days_from_civil of H. Hinnant, "chrono-Compatible
// Low-Level Date Algorithms", 2013, with the year beginning in March.
func (d Dialect) firstDay(month string) string {
	since := "(" + month + " - 2)" // months since the March of the year 0
	year := "(" + d.divide(since, "12") + ")"
	return fmt.Sprintf("365 * %s + %s - %s + %s + %s - 719468", year, d.divide(year, "4"), d.divide(year, "100"), d.divide(year, "400"),
		d.divide("(153 * ("+since+" % 12) + 2)", "5"))
}

// calendar are the months with the day on which each begins and the day on which the next one does.
func (d Dialect) calendar(first, last string) string {
	return fmt.Sprintf("SELECT month, %s AS first_day, %s AS next_day FROM (%s) AS numbers", d.firstDay("month"), d.firstDay("(month + 1)"), d.numbers(first, last))
}
