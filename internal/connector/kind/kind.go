// Package kind makes the Reader of a CRM by its name, as it stands in warehouse.Source.Kind.
package kind

import (
	"maps"
	"slices"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/dynamics"
	"github.com/rendite-crm/rendite/internal/connector/hubspot"
	"github.com/rendite-crm/rendite/internal/connector/odoo"
	"github.com/rendite-crm/rendite/internal/connector/pipedrive"
	"github.com/rendite-crm/rendite/internal/connector/salesforce"
	"github.com/rendite-crm/rendite/internal/connector/sqldb"
	"github.com/rendite-crm/rendite/internal/connector/tryton"
	"github.com/rendite-crm/rendite/internal/connector/zoho"
)

var readers = map[string]func(connector.Access) (connector.Reader, error){
	"dynamics":   dynamics.New,
	"hubspot":    hubspot.New,
	"odoo":       odoo.New,
	"pipedrive":  pipedrive.New,
	"salesforce": salesforce.New,
	"sql":        sqldb.New,
	"tryton":     tryton.New,
	"zoho":       zoho.New,
}

// needs are the settings of readers that cannot be made without them, in the place of a connector.Needer.
var needs = map[string][]string{"sql": sqldb.Needs}

// Names are the CRMs that can be read, in order.
func Names() []string { return slices.Sorted(maps.Keys(readers)) }

// New makes a Reader. connector.Missing for an unknown name, connector.Address where the server may not be spoken to.
func New(name string, a connector.Access) (connector.Reader, error) {
	f, ok := readers[name]
	if !ok {
		return nil, connector.Fail(connector.Missing, name)
	}
	return f(a)
}

// Description is what a CRM's reader says of itself before it has spoken to anyone.
type Description struct {
	Name string
	// Needs are the settings it cannot do without, beside the secret, by the names they are kept under.
	Needs []string
	// Tables are those it fills, in the order in which it does, where everything is installed and allowed.
	Tables []string
	// Gaps are what no installation delivers.
	Gaps []connector.Gap
}

// Describe describes a CRM. connector.Missing for an unknown name.
func Describe(name string) (Description, error) {
	d := Description{Name: name}
	if _, ok := readers[name]; !ok {
		return d, connector.Fail(connector.Missing, name)
	}
	r, err := New(name, connector.Access{Settings: connector.Settings{Address: "https://crm.example.com", Database: "database", User: "user", Client: "client", Tenant: "tenant"}, Zone: time.UTC})
	if err != nil { // a database: all else about it is said by its mapping
		d.Needs = needs[name]
		return d, nil
	}
	if n, ok := r.(connector.Needer); ok {
		d.Needs = n.Needs()
	}
	for _, o := range r.Objects() {
		for _, t := range o.Tables {
			if !slices.Contains(d.Tables, t) {
				d.Tables = append(d.Tables, t)
			}
		}
	}
	d.Gaps = r.Gaps()
	return d, nil
}
