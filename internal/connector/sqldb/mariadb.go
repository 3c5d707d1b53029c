package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/rendite-crm/rendite/internal/connector"
)

// mariaDB is MariaDB and MySQL.
var mariaDB = &engine{
	port: "3306", readOnly: true,
	lexis:       lexis{backslash: true, doubleText: true, backtick: true, hash: true, spaced: true, conditional: true, question: true, qualified: true, words: []string{"INSERT", "UPDATE", "DELETE", "INTO", "LOCK", "SHARE"}},
	open:        openMariaDB,
	prepare:     prepareMariaDB,
	inside:      none,
	socket:      whole,
	placeholder: func(int) string { return "?" },
	since: func(at time.Time, zone *time.Location, n int) []any {
		return slices.Repeat([]any{earlier(at, zone).Format("2006-01-02 15:04:05.999999")}, n)
	},
	kind:    mariaDBKind,
	failure: mariaDBFailure,
}

func openMariaDB(r *reader) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = r.access.User, r.access.Secret.Reveal(), r.address.database
	c.Net, c.Addr, c.DialFunc = "tcp", r.address.hostPort(), r.dial
	if r.address.socket != "" {
		c.Net, c.Addr = "unix", r.address.socket
	}
	c.TLS, c.Timeout = r.address.config(r.access.HTTP.TLS), dialTime
	c.Logger = &mysql.NopLogger{}
	// Times come as text: as they are written, the one of the year 0 included.
	c.ParseTime = false
	connect, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connect), nil
}

// Numbers of errors: https://mariadb.com/kb/en/mariadb-error-code-reference/
const (
	unknownVariable = 1193
	accessDenied    = 1045
	databaseDenied  = 1044
	noDatabase      = 1049
	tableDenied     = 1142
	columnDenied    = 1143
	rightNeeded     = 1227
	unknownColumn   = 1054
	unknownTable    = 1146
	unknownFunction = 1305
	syntax          = 1064
	doubtful        = 1052
	wrote           = 1792
	writesDenied    = 1290 // the server runs with --read-only
	interrupted     = 1317
	tooLongMariaDB  = 1969
	tooLongMySQL    = 3024
)

// prepareMariaDB sets the zone of times that are kept in UTC, no writing, and the time that a query may take.
func prepareMariaDB(ctx context.Context, c *sql.Conn, timeout time.Duration) error {
	seconds := fmt.Sprintf("%d", int64(timeout.Seconds()))
	for _, command := range []string{"SET SESSION time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY", "SET SESSION net_write_timeout = 600", "SET SESSION max_statement_time = " + seconds} {
		_, err := c.ExecContext(ctx, command)
		var e *mysql.MySQLError
		if errors.As(err, &e) && e.Number == unknownVariable { // MySQL, which counts milliseconds
			_, err = c.ExecContext(ctx, "SET SESSION max_execution_time = "+seconds+"000")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func mariaDBKind(name string) kind {
	switch name = strings.TrimPrefix(name, "UNSIGNED "); name {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR":
		return integers
	case "DECIMAL":
		return decimals
	case "DOUBLE":
		return reals
	case "FLOAT":
		return singles
	case "BIT":
		return booleans
	case "DATE":
		return days
	case "DATETIME":
		return locals
	case "TIMESTAMP":
		return instants
	case "BINARY", "VARBINARY", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "GEOMETRY":
		return binaries
	}
	return texts
}

func mariaDBFailure(err error) (connector.Code, string) {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return "", ""
	}
	detail := fmt.Sprintf("error %d", e.Number)
	switch e.Number {
	case accessDenied, databaseDenied, tableDenied, columnDenied, rightNeeded:
		return connector.Denied, detail
	case noDatabase:
		return connector.Missing, detail
	case wrote, writesDenied:
		return connector.Changes, detail
	case interrupted, tooLongMariaDB, tooLongMySQL:
		return connector.Slow, detail
	case unknownColumn, unknownTable, unknownFunction, syntax, doubtful:
		return connector.Query, detail + ": " + oneLine(e.Message)
	}
	if e.SQLState[0] == '4' && e.SQLState[1] == '2' || e.SQLState[0] == '2' && e.SQLState[1] == '2' {
		return connector.Query, detail
	}
	return connector.Unavailable, detail
}
