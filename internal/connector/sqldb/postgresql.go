package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/rendite-crm/rendite/internal/connector"
)

var postgreSQL = &engine{
	port: "5432", readOnly: true,
	lexis:       lexis{dollar: true, nested: true, qualified: true, words: []string{"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"}},
	open:        openPostgreSQL,
	prepare:     nothing,
	socket:      func(port string) string { return "/.s.PGSQL." + port },
	placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
	// The server says of which type a parameter is: a time with a zone gets the moment, one without what the clocks show.
	since: func(at time.Time, zone *time.Location, n int) []any { return slices.Repeat([]any{at.In(zone)}, n) },
	// In the transaction and not at the start: a pooler in between does not take it there.
	inside: func(timeout time.Duration) []string {
		return []string{fmt.Sprintf("SET LOCAL statement_timeout = %d", timeout.Milliseconds())}
	},
	kind:    postgreSQLKind,
	failure: postgreSQLFailure,
}

func openPostgreSQL(r *reader) (*sql.DB, error) {
	c, err := pgx.ParseConfig("host=localhost sslmode=disable")
	if err != nil {
		return nil, err
	}
	// All that the environment and the user's files may have said is put aside.
	c.Host, c.Database, c.User, c.Password = r.address.host, r.address.database, r.access.User, r.access.Secret.Reveal()
	port, err := strconv.ParseUint(r.address.port, 10, 16)
	if err != nil {
		return nil, &connector.Error{Code: connector.Address, Cause: errAddress}
	}
	c.Port, c.Fallbacks, c.ConnectTimeout = uint16(port), nil, dialTime
	c.TLSConfig = r.address.config(r.access.HTTP.TLS)
	c.RuntimeParams = map[string]string{"application_name": "rendite", "TimeZone": "UTC", "DateStyle": "ISO", "standard_conforming_strings": "on"}
	if r.address.socket != "" {
		c.Host = r.address.socket
	}
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // dial looks up
	c.DialFunc = r.dial
	c.ValidateConnect, c.AfterConnect, c.OnNotice = nil, nil, func(*pgconn.PgConn, *pgconn.Notice) {}
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // no statement is left behind at a pooler
	return stdlib.OpenDB(*c), nil
}

func postgreSQLKind(name string) kind {
	switch name {
	case "INT2", "INT4", "INT8", "OID":
		return integers
	case "NUMERIC":
		return decimals
	case "FLOAT8":
		return reals
	case "FLOAT4":
		return singles
	case "BOOL":
		return booleans
	case "DATE":
		return days
	case "TIMESTAMP":
		return locals
	case "TIMESTAMPTZ":
		return instants
	case "BYTEA":
		return binaries
	}
	return texts
}

func postgreSQLFailure(err error) (connector.Code, string) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return "", ""
	}
	detail := "SQLSTATE " + e.Code
	switch {
	case strings.HasPrefix(e.Code, "28"), e.Code == "42501":
		return connector.Denied, detail
	case e.Code == "3D000":
		return connector.Missing, detail
	case e.Code == "25006", e.Code == "25001": // writes; goes back to a transaction that may
		return connector.Changes, detail
	case e.Code == "57014":
		return connector.Slow, detail
	case strings.HasPrefix(e.Code, "42"): // of the text of the query
		if e.Position > 0 {
			detail += fmt.Sprintf(", character %d", e.Position)
		}
		return connector.Query, detail + ": " + oneLine(e.Message)
	case strings.HasPrefix(e.Code, "22"), strings.HasPrefix(e.Code, "21"), strings.HasPrefix(e.Code, "0A"): // of the data
		return connector.Query, detail
	}
	return connector.Unavailable, detail
}

// oneLine is a message without line ends, cut where it is long.
func oneLine(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return string(r)
}
