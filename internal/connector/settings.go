package connector

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Settings are what a source keeps about its connector, as JSON in warehouse.Source.Settings.
type Settings struct {
	// Address of the server, where it is not the same for all customers of the vendor.
	Address string `json:"address,omitempty"`
	// Database and User are for CRMs that ask for them.
	Database string `json:"database,omitempty"`
	User     string `json:"user,omitempty"`
	// Client is the identifier of the application that was registered at the vendor.
	Client string `json:"client,omitempty"`
	// Tenant is the directory at the identity provider.
	Tenant string `json:"tenant,omitempty"`
	// Fields say where columns come from that the company keeps elsewhere: "opportunity.product" → the name at the source.
	Fields map[string]string `json:"fields,omitempty"`
	// Mapping is that of a database, as ingest.ReadQueries reads it: a query for each table.
	Mapping string `json:"mapping,omitempty"`
	// Secret is sealed by a Keyring.
	Secret string `json:"secret,omitempty"`
}

// SettingsOf reads the settings of a source.
func SettingsOf(s warehouse.Source) (Settings, error) {
	var set Settings
	if s.Settings == "" {
		return set, nil
	}
	if err := json.Unmarshal([]byte(s.Settings), &set); err != nil {
		return set, failf(Unreadable, s.Name, "the settings of the source")
	}
	return set, nil
}

// purpose ties a secret to where it goes. Whoever may change the address must know the secret.
func purpose(s warehouse.Source, set Settings) string {
	b, _ := json.Marshal([]string{s.Owner, s.Kind, strings.ToLower(strings.TrimRight(set.Address, "/")), set.Database, set.User, set.Client, set.Tenant})
	return string(b)
}

// Store puts settings with a secret into a source, which the caller keeps with AddSource or UpdateSource.
func Store(s *warehouse.Source, set Settings, secret auth.Secret, k *Keyring) error {
	set.Secret = k.Seal(secret, purpose(*s, set))
	b, err := json.Marshal(set)
	if err == nil {
		s.Settings = string(b)
	}
	return err
}

// Keep puts changed settings into a source with the secret that it has; false, and nothing changed, where they lead elsewhere
// or to someone else, so that the secret has to be entered again.
func Keep(s *warehouse.Source, set Settings) (bool, error) {
	old, err := SettingsOf(*s)
	if err != nil || purpose(*s, old) != purpose(*s, set) {
		return false, err
	}
	set.Secret = old.Secret
	b, err := json.Marshal(set)
	if err == nil {
		s.Settings = string(b)
	}
	return err == nil, err
}

// Access is what a CRM's package needs to make a Reader.
type Access struct {
	Settings
	Secret auth.Secret
	Zone   *time.Location
	HTTP   ClientOptions
	// Currency is that of the business, for amounts that come without one.
	Currency string
}

// AccessOf opens the access to a source. Sealed, warehouse.ErrZone.
func AccessOf(s warehouse.Source, k *Keyring, o ClientOptions) (Access, error) {
	set, err := SettingsOf(s)
	if err != nil {
		return Access{}, err
	}
	zone, err := s.Zone()
	if err != nil {
		return Access{}, err
	}
	secret, err := k.Unseal(set.Secret, purpose(s, set))
	return Access{Settings: set, Secret: secret, Zone: zone, HTTP: o, Currency: s.Currency}, err
}
