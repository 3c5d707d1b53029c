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
	// months are the numbers from %s to %s as a column named month.
	months string
}

const recursive = `SELECT month FROM (WITH RECURSIVE count_up(month) AS (SELECT CAST(%s AS BIGINT) UNION ALL SELECT month + 1 FROM count_up WHERE month < %s) SELECT month FROM count_up) AS months`

// The dialects. SQLite and PostgreSQL are what the warehouse runs on. The texts for Trino and ClickHouse have not been tried
// against a live server.
var (
	SQLite = Dialect{
		Name: "sqlite", placeholder: func(n int) string { return "?" + strconv.Itoa(n) }, div: "%s / %s", months: recursive,
	}
	PostgreSQL = Dialect{
		Name: "postgresql", placeholder: dollar, div: "%s / %s", months: recursive,
	}
	DuckDB = Dialect{
		Name: "duckdb", placeholder: dollar, div: "%s // %s", months: recursive,
	}
	Trino = Dialect{
		Name: "trino", placeholder: func(int) string { return "?" }, positional: true, div: "%s / %s",
		months: "SELECT month FROM UNNEST(SEQUENCE(%s, %s)) AS months (month)",
	}
	ClickHouse = Dialect{
		Name: "clickhouse", placeholder: func(n int) string { return fmt.Sprintf("{p%d:Int64}", n) }, div: "intDiv(%s, %s)",
		months: "SELECT arrayJoin(range(%s, %s + 1)) AS month",
	}
)

// Dialects are all of them.
func Dialects() []Dialect { return []Dialect{SQLite, PostgreSQL, DuckDB, Trino, ClickHouse} }

func dollar(n int) string { return "$" + strconv.Itoa(n) }

func (d Dialect) divide(a, b string) string { return fmt.Sprintf(d.div, a, b) }

// numbers are those from first to last, in a column named month.
func (d Dialect) numbers(first, last string) string { return fmt.Sprintf(d.months, first, last) }
