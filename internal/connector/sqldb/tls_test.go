package sqldb_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/sqldb"
)

// listener accepts connections, says what a server says first, and keeps all that it hears.
type listener struct {
	net.Listener
	mu    sync.Mutex
	heard bytes.Buffer
	open  sync.WaitGroup
}

// said is all that was heard, when the clients have gone.
func (l *listener) said() string {
	l.open.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard.String()
}

func listen(t *testing.T, talk func(net.Conn) io.Reader) *listener {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Listener: inner}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			l.open.Go(func() {
				defer c.Close() //nolint:errcheck // the client has gone
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if rest := talk(c); rest != nil {
					b, _ := io.ReadAll(rest)
					l.mu.Lock()
					l.heard.Write(b)
					l.mu.Unlock()
				}
			})
		}
	}()
	return l
}

// startup reads the first message of PostgreSQL's protocol and answers with one letter.
func startup(answer string) func(net.Conn) io.Reader {
	return func(c net.Conn) io.Reader {
		_, _ = io.ReadFull(c, make([]byte, 8))
		_, _ = c.Write([]byte(answer))
		return c
	}
}

// greeting is MariaDB's first packet, of a server that has no TLS.
func greeting(c net.Conn) io.Reader {
	b := []byte("\x0a10.11.0\x00\x01\x00\x00\x00abcdefgh\x00")
	b = append(b, 0x00, 0x82, 45, 2, 0, 0x08, 0x00, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, "ijklmnopqrst\x00mysql_native_password\x00"...)
	_, _ = c.Write(append([]byte{byte(len(b)), 0, 0, 0}, b...))
	return c
}

// prelogin answers SQL Server's first packet: there is no encryption.
func prelogin(c net.Conn) io.Reader {
	head := make([]byte, 8)
	_, _ = io.ReadFull(c, head)
	_, _ = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(head[2:4]))-8)
	options := []byte{0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 255, 15, 0, 0, 0, 0, 0, 2}
	_, _ = c.Write(append([]byte{4, 1, 0, byte(8 + len(options)), 0, 0, 0, 0}, options...))
	return c
}

// A server, or whoever stands before it, cannot talk us out of encryption: no name and no password is said then.
func TestNothingIsSaidWithoutEncryption(t *testing.T) {
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	certified := func(c net.Conn) io.Reader {
		_ = startup("S")(c)
		return tls.Server(c, &tls.Config{Certificates: other.TLS.Certificates})
	}
	for name, c := range map[string]struct {
		scheme string
		talk   func(net.Conn) io.Reader
	}{
		"PostgreSQL without TLS":             {"postgresql", startup("N")},
		"PostgreSQL with another's identity": {"postgresql", certified},
		"MariaDB without TLS":                {"mariadb", greeting},
		"SQL Server without TLS":             {"sqlserver", prelogin},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, c.talk)
			r, err := sqldb.New(connector.Access{Settings: connector.Settings{Address: c.scheme + "://" + l.Addr().String(), Database: "crm", User: "vertrieb", Mapping: "tables:\n  - table: user\n    query: SELECT 1 AS id\n"},
				Secret: auth.SecretOf("geheim"), Zone: time.UTC, HTTP: connector.ClientOptions{Allowed: []string{"127.0.0.1"}}})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Open(t.Context()); !connector.Is(err, connector.Untrusted) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%v", err)
			}
			for _, word := range []string{"vertrieb", "geheim"} {
				if strings.Contains(l.said(), word) {
					t.Errorf("it heard %q", word)
				}
			}
		})
	}
}
