package sqldb

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/rendite-crm/rendite/internal/connector"
)

// address is where a database listens: engine://host:port?tls=MODE, or engine:///path/of/a/socket.
type address struct {
	engine     *engine
	host, port string
	socket     string
	database   string
	tls        tlsMode
}

// tlsMode says how a connection is encrypted.
type tlsMode string

const (
	tlsVerify  tlsMode = "verify"  // with a certificate that is trusted and names the host
	tlsEncrypt tlsMode = "encrypt" // with any certificate: nobody listens, but somebody may stand in between
	tlsOff     tlsMode = "off"
)

// Host is the host of an address, or its socket: what an operator who writes the address allows by that. Empty where it is
// no address of a database.
func Host(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || engines[u.Scheme] == nil {
		return ""
	}
	if u.Hostname() == "" {
		return u.Path
	}
	return u.Hostname()
}

var errAddress = errors.New("an address of a database is postgresql://host, mariadb://host or sqlserver://host, with :port where it is not the usual one")

// parseAddress reads the address of a database. Without a certificate that can be verified only hosts that the operator
// allows may be spoken to, and so is a socket: the same rule as for servers of HTTP.
func parseAddress(text string, allowed []string) (address, error) {
	refuse := func(why error) (address, error) {
		return address{}, &connector.Error{Code: connector.Address, Cause: why}
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.User != nil || u.Fragment != "" || u.Opaque != "" { // err would show a password
		return refuse(errAddress)
	}
	a := address{engine: engines[u.Scheme], host: u.Hostname(), port: u.Port(), tls: tlsVerify}
	if a.engine == nil {
		return refuse(errAddress)
	}
	if a.port == "" {
		a.port = a.engine.port
	}
	for name, values := range u.Query() {
		mode := tlsMode(values[0])
		if name != "tls" || len(values) != 1 || mode != tlsVerify && mode != tlsEncrypt && mode != tlsOff {
			return refuse(errors.New("all that may follow the address is ?tls=verify, ?tls=encrypt or ?tls=off"))
		}
		a.tls = mode
	}
	switch path := strings.TrimPrefix(u.Path, "/"); {
	case a.host != "" && strings.Contains(path, "/"), a.host == "" && path == "":
		return refuse(errAddress)
	case a.host == "":
		if a.engine == sqlServer || !connector.Listed(allowed, u.Path, "") {
			return refuse(errors.New("the socket is not allowed"))
		}
		a.socket, a.tls = u.Path, tlsOff
		return a, nil
	default:
		a.database = path
	}
	if a.tls != tlsVerify && !connector.Listed(allowed, a.host, a.port) {
		return refuse(errors.New("without a certificate that is verified only a host that is allowed may be spoken to"))
	}
	return a, nil
}

// config is how TLS is spoken, nil where it is not.
func (a address) config(base *tls.Config) *tls.Config {
	if a.tls == tlsOff {
		return nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		c = base.Clone()
	}
	c.ServerName = a.host
	c.InsecureSkipVerify = a.tls == tlsEncrypt
	return c
}

func (a address) hostPort() string { return net.JoinHostPort(a.host, a.port) }
