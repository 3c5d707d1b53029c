package kind_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/kind"
	"github.com/rendite-crm/rendite/internal/crm"
)

// Every reader keeps to the contract before it has spoken to anyone: names of its own, tables that exist, a prefix where
// several objects fill a table, those that others refer to first.
func TestReaders_keepToTheContract(t *testing.T) {
	if !slices.Contains(kind.Names(), "tryton") || !slices.IsSorted(kind.Names()) {
		t.Error(kind.Names())
	}
	for _, name := range kind.Names() {
		set := connector.Settings{Address: "https://crm.example.com", Database: "d", User: "u"}
		if name == "sql" {
			set.Address, set.Mapping = "postgresql://crm.example.com", "tables:\n  - table: account\n    query: SELECT id, name FROM firms\n"
		}
		r, err := kind.New(name, connector.Access{Settings: set, Secret: auth.SecretOf("s"), Zone: time.UTC})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var names, tables []string
		for _, o := range r.Objects() {
			if slices.Contains(names, o.Name) || len(o.Tables) == 0 {
				t.Errorf("%s: the object %q", name, o.Name)
			}
			names = append(names, o.Name)
			if slices.Contains(tables, o.Tables[0]+o.Prefix) {
				t.Errorf("%s: %s fills %s with the identifiers of another", name, o.Name, o.Tables[0])
			}
			tables = append(tables, o.Tables[0]+o.Prefix)
			for _, table := range o.Tables {
				if _, ok := crm.Find(table); !ok {
					t.Errorf("%s: %s fills %q", name, o.Name, table)
				}
			}
		}
		for _, g := range r.Gaps() {
			if _, ok := crm.Find(g.Table); !ok {
				t.Errorf("%s: a gap in %q", name, g.Table)
			}
		}
	}
}

func TestDescribe_saysWhatIsKnownBeforehand(t *testing.T) {
	for _, name := range kind.Names() {
		d, err := kind.Describe(name)
		if err != nil || d.Name != name {
			t.Errorf("%s: %+v %v", name, d, err)
		}
		if missing := (connector.Settings{}).Missing(d.Needs); !slices.Equal(missing, d.Needs) {
			t.Errorf("%s needs settings that there are none of: %v", name, d.Needs)
		}
	}
	d, err := kind.Describe("tryton")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(kind.Description{Name: "tryton", Needs: []string{"address", "database", "user"},
		Tables: []string{"stage", "user", "user_alias", "account", "contact", "opportunity", "opportunity_change", "login", "sales_document", "ticket", "activity"},
		Gaps:   []connector.Gap{{Table: "login", Reason: connector.Inferred}, {Table: "lead", Reason: connector.NotOffered}}}, d); diff != "" {
		t.Error(diff)
	}
	if _, err := kind.Describe("abacus"); !connector.Is(err, connector.Missing) {
		t.Error(err)
	}
}

func TestNew_refuses(t *testing.T) {
	if _, err := kind.New("abacus", connector.Access{}); !connector.Is(err, connector.Missing) {
		t.Error(err)
	}
	for _, name := range kind.Names() {
		if _, err := kind.New(name, connector.Access{Settings: connector.Settings{Address: "http://crm.example.com"}}); !connector.Is(err, connector.Address) {
			t.Errorf("%s speaks without encryption: %v", name, err)
		}
	}
}
