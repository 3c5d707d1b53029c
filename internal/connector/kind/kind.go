// Package kind makes the Reader of a CRM by its name, as it stands in warehouse.Source.Kind.
package kind

import (
	"maps"
	"slices"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/dynamics"
	"github.com/rendite-crm/rendite/internal/connector/hubspot"
	"github.com/rendite-crm/rendite/internal/connector/odoo"
	"github.com/rendite-crm/rendite/internal/connector/pipedrive"
	"github.com/rendite-crm/rendite/internal/connector/salesforce"
	"github.com/rendite-crm/rendite/internal/connector/tryton"
	"github.com/rendite-crm/rendite/internal/connector/zoho"
)

var readers = map[string]func(connector.Access) (connector.Reader, error){
	"dynamics":   dynamics.New,
	"hubspot":    hubspot.New,
	"odoo":       odoo.New,
	"pipedrive":  pipedrive.New,
	"salesforce": salesforce.New,
	"tryton":     tryton.New,
	"zoho":       zoho.New,
}

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
