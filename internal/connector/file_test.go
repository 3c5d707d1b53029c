package connector_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestReadSettings(t *testing.T) {
	got, found := connector.ReadSettings("s.yaml", []byte("address: https://crm.example.com\ndatabase: 2026-04\nuser: no\nfields:\n  account.industry: properties.branche\n"))
	want := connector.Settings{Address: "https://crm.example.com", Database: "2026-04", User: "no", Fields: map[string]string{"account.industry": "properties.branche"}}
	if d := cmp.Diff(want, got); d != "" || len(found) > 0 {
		t.Errorf("%v (-want +got):\n%s", found, d)
	}
	// As JSON the same.
	if got, _ := connector.ReadSettings("s.json", []byte(`{"address": "https://crm.example.com", "database": "2026-04", "user": "no", "fields": {"account.industry": "properties.branche"}}`)); cmp.Diff(want, got) != "" {
		t.Errorf("%+v", got)
	}
}

// All mistakes of a file are told at once, each with its place; nothing of the file is taken then.
func TestReadSettings_tellsEachMistake(t *testing.T) {
	got, found := connector.ReadSettings("s.yaml", []byte("adresse: x\nsecret: geheim\nuser: [a]\nfields: {opportunity.amuont: x, deal.amount: y, account.opened_month: z}\n"))
	var codes []string
	for _, d := range found {
		if d.Severity != diag.Error || d.At.Line == 0 || d.At.File != "s.yaml" {
			t.Errorf("%+v", d)
		}
		codes = append(codes, d.Code)
	}
	if d := cmp.Diff([]string{"source_key", "source_secret", "source_value", "source_field", "source_field", "source_field"}, codes); d != "" {
		t.Error(d)
	}
	if cmp.Diff(connector.Settings{}, got) != "" {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{"", "a: [", "- a", "\xff"} {
		if _, found := connector.ReadSettings("s.yaml", []byte(text)); found.Err() == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestKeep_keepsTheSecretForTheSamePlaceOnly(t *testing.T) {
	s := warehouse.Source{Kind: "tryton", Settings: `{"address":"https://crm.example.com","user":"ada","secret":"k1.x.y"}`}
	if ok, err := connector.Keep(&s, connector.Settings{Address: "https://CRM.example.com/", User: "ada", Fields: map[string]string{"a": "b"}}); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	set, err := connector.SettingsOf(s)
	if err != nil || set.Secret != "k1.x.y" || set.Fields["a"] != "b" {
		t.Errorf("%+v %v", set, err)
	}
	before := s.Settings
	for _, other := range []connector.Settings{{Address: "https://other.example.com", User: "ada"}, {Address: "https://crm.example.com", User: "bob"}, {Address: "https://crm.example.com", User: "ada", Database: "d"}} {
		if ok, err := connector.Keep(&s, other); ok || err != nil || s.Settings != before {
			t.Errorf("%+v: %v %v", other, ok, err)
		}
	}
}
