package sqldb

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/rendite-crm/rendite/internal/connector"
)

// engine is where databases differ.
type engine struct {
	port  string
	lexis lexis
	// readOnly says that there are transactions that may not write.
	readOnly bool
	// open makes the pool; nothing is spoken yet.
	open func(r *reader) (*sql.DB, error)
	// prepare sets up a connection before a transaction, inside are the commands at its beginning.
	prepare func(ctx context.Context, c *sql.Conn, timeout time.Duration) error
	inside  func(timeout time.Duration) []string
	// socket is what follows the path of one: PostgreSQL is told the folder.
	socket func(port string) string
	// placeholder is what stands for the n-th :since, and since are the values of all of them.
	placeholder func(n int) string
	since       func(at time.Time, zone *time.Location, n int) []any
	kind        func(typeName string) kind
	// failure says what an error of the server means, and what may be told of it; no code where it is none of the server.
	failure func(err error) (code connector.Code, detail string)
}

// engines by the beginning of an address.
var engines = map[string]*engine{
	"postgresql": postgreSQL, "postgres": postgreSQL,
	"mariadb": mariaDB, "mysql": mariaDB,
	"sqlserver": sqlServer, "mssql": sqlServer,
}

func nothing(context.Context, *sql.Conn, time.Duration) error { return nil }
func whole(string) string                                     { return "" }
func none(time.Duration) []string                             { return nil }

// dial connects to the database, or to its socket. A server may send us on to another address, for which the same rule holds.
func (r *reader) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if r.address.socket != "" {
		return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "unix", r.address.socket+r.address.engine.socket(r.address.port))
	}
	return connector.Dialer(r.access.HTTP.Allowed)(ctx, "tcp", address)
}

const dialTime = 15 * time.Second

// earlier is a moment as a clock shows it, in UTC or in a zone, whichever is earlier. Where the type of the column that it
// is compared with is not known beforehand, some hours are read twice rather than any left out.
func earlier(at time.Time, zone *time.Location) time.Time {
	utc, local := at.UTC(), at.In(zone)
	if _, offset := local.Zone(); offset < 0 {
		return utc.Add(time.Duration(offset) * time.Second)
	}
	return utc
}

// What drivers say where the server speaks without encryption or the handshake fails, and they keep no error of its own for it.
var unencrypted = []string{"server refused TLS connection", "server does not support encryption", "TLS Handshake failed"}

// untrusted says why the server is not trusted, empty where that is not what is wrong.
func untrusted(err error) string {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "the certificate is signed by nobody who is trusted"
	case errors.As(err, &host):
		return "the certificate is for another host"
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate is not valid (%d)", invalid.Reason)
	case errors.Is(err, mysql.ErrNoTLS):
		return unencrypted[0]
	}
	for _, text := range unencrypted {
		if strings.Contains(err.Error(), text) {
			return text
		}
	}
	return ""
}
