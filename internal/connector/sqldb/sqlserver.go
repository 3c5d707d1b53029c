package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/rendite-crm/rendite/internal/connector"
)

// sqlServer has no transaction that may not write. Its statements need no semicolon between them either, so every word that
// begins one is refused wherever it stands, and the transaction is rolled back in the end.
var sqlServer = &engine{
	port: "1433",
	lexis: lexis{bracket: true, nested: true, words: strings.Fields(`ALTER BACKUP BEGIN BULK CHECKPOINT COMMIT CONVERSATION CREATE DBCC DECLARE DELETE DENY DISK DROP DUMP
		EXEC EXECUTE GOTO GRANT INSERT INTO KILL LOAD MERGE OPENDATASOURCE OPENQUERY OPENROWSET PRINT RAISERROR READTEXT RECONFIGURE RESTORE REVERT REVOKE ROLLBACK SAVE SET
		SETUSER SHUTDOWN TRAN TRANSACTION TRIGGER TRUNCATE UPDATE UPDATETEXT USE WAITFOR WRITETEXT`)},
	open:        openSQLServer,
	prepare:     nothing,
	inside:      none,
	socket:      whole,
	placeholder: func(int) string { return "@" + sinceName },
	// A time without a zone is compared as if it were in UTC.
	since: func(at time.Time, zone *time.Location, _ int) []any {
		return []any{sql.Named(sinceName, earlier(at, zone))}
	},
	kind:    sqlServerKind,
	failure: sqlServerFailure,
}

// hostDialer leaves the look-up of names to the dialer, which has to see them.
type hostDialer struct{ r *reader }

func (h hostDialer) HostName() string { return h.r.address.host }

func (h hostDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return h.r.dial(ctx, network, address)
}

// sqlServerConfig is all that the driver is told.
func (r *reader) sqlServerConfig() (msdsn.Config, error) {
	// What a database is called may hold any sign, so it does not go through the text; nor does the password.
	u := url.URL{Scheme: "sqlserver", Host: r.address.hostPort(), RawQuery: url.Values{"app name": {"rendite"}, "applicationintent": {"ReadOnly"}, "database": {"x"},
		"encrypt": {map[bool]string{true: "disable", false: "true"}[r.address.tls == tlsOff]}, "dial timeout": {"15"}, "disableretry": {"true"}}.Encode()}
	c, err := msdsn.Parse(u.String())
	if err != nil {
		return c, &connector.Error{Code: connector.Address, Cause: errAddress}
	}
	c.Database, c.User, c.Password = r.address.database, r.access.User, r.access.Secret.Reveal()
	if t := r.address.config(r.access.HTTP.TLS); t != nil {
		t.DynamicRecordSizingDisabled = true // as the driver sets it: the server expects a packet in one piece
		c.TLSConfig, c.TrustServerCertificate = t, t.InsecureSkipVerify
	}
	return c, nil
}

func openSQLServer(r *reader) (*sql.DB, error) {
	c, err := r.sqlServerConfig()
	if err != nil {
		return nil, err
	}
	connect := mssql.NewConnectorConfig(c)
	connect.Dialer = hostDialer{r}
	return sql.OpenDB(connect), nil
}

func sqlServerKind(name string) kind {
	switch name {
	case "TINYINT", "SMALLINT", "INT", "BIGINT":
		return integers
	case "DECIMAL", "MONEY", "SMALLMONEY":
		return decimals
	case "FLOAT":
		return reals
	case "REAL":
		return singles
	case "BIT":
		return booleans
	case "DATE":
		return days
	case "DATETIME", "DATETIME2", "SMALLDATETIME":
		return locals
	case "DATETIMEOFFSET":
		return instants
	case "UNIQUEIDENTIFIER":
		return guids
	case "BINARY", "VARBINARY", "IMAGE", "TIMESTAMP":
		return binaries
	}
	return texts
}

// sqlServerFailure reads the numbers of sys.messages.
func sqlServerFailure(err error) (connector.Code, string) {
	var e mssql.Error
	if !errors.As(err, &e) {
		return "", ""
	}
	detail := fmt.Sprintf("error %d", e.Number)
	if e.LineNo > 0 {
		detail += fmt.Sprintf(", line %d", e.LineNo)
	}
	switch e.Number {
	case 18452, 18456, 18470, 18486, 18487, 18488, 229, 230, 262, 297, 300, 916:
		return connector.Denied, detail
	case 4060:
		return connector.Missing, detail
	case 3906, 3930: // the database, or the transaction, may not write
		return connector.Changes, detail
	case 1222:
		return connector.Slow, detail
	case 102, 105, 156, 170, 195, 207, 208, 209, 4104, 8120: // of the text of the query
		return connector.Query, detail + ": " + oneLine(e.Message)
	}
	if e.Class >= 11 && e.Class <= 16 {
		return connector.Query, detail
	}
	return connector.Unavailable, detail
}
