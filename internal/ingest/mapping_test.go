package ingest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/tabular"
)

func sheet(t *testing.T, csv string) *tabular.Sheet {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(path, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := tabular.OpenFile(context.Background(), path, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f.Sheets[0]
}

const deals = `mapping: Deals
table: opportunity
columns:
  Nr: id
  Phase: stage
  Betrag: {to: amount}
  Termin: {to: closed_day, style: day/month/year}
stages: {Gewonnen: won, Verloren: lost}
`

const export = "Nr;Phase;Betrag;Termin\n1;Gewonnen;1.200,50;03/04/2025\n2;Verloren;80,00;05/06/2025\n"

// Whoever writes a mapping by hand is told what is wrong, where, and what to write instead, in both languages.
func TestMapping_saysWhatIsWrongAndWhere(t *testing.T) {
	for code, c := range map[string]struct{ old, new, at string }{
		"mapping_table":   {"table: opportunity", "table: opportunit", "2:8"},
		"mapping_key":     {"stages:", "stage:", "8:1"},
		"mapping_text":    {"mapping: Deals", "mapping: [Deals]", "1:10"},
		"mapping_list":    {"stages: {Gewonnen: won, Verloren: lost}", "stages: won", "8:9"},
		"mapping_style":   {"day/month/year", "day-month-year", "7:35"},
		"mapping_target":  {"{to: amount}", "{to: amont}", "6:3"},
		"mapping_twice":   {"Nr: id", "Nr: amount", "6:3"},
		"mapping_stage":   {"Verloren: lost", "Verloren: verloren", "1:1"},
		"mapping_stages":  {"Phase: stage", "Phase: product", "1:1"},
		"mapping_needed":  {"  Nr: id\n", "", "1:1"},
		"mapping_header":  {"Betrag: {to", "Betrg: {to", "6:3"},
		"mapping_reading": {"{to: amount}", "{to: amount, style: identifier}", "6:3"},
		"mapping_open":    {"{to: closed_day, style: day/month/year}", "closed_day", "7:3"},
		"mapping_unread":  {"{to: amount}", "opened_day", "6:3"},
		"mapping_fixed":   {"stages:", "fixed: {expected_close_day: bald}\nstages:", "0:0"},
	} {
		text := strings.Replace(deals, c.old, c.new, 1)
		if text == deals {
			t.Fatalf("%s: nothing was changed", code)
		}
		m, found := ingest.Read("deals.yaml", []byte(text))
		if found.Err() == nil {
			_, found = ingest.Fit(m, sheet(t, export), time.UTC, "EUR")
		}
		var d *diag.Diagnostic
		for i := range found {
			if found[i].Code == code {
				d = &found[i]
			}
		}
		if d == nil {
			t.Errorf("%s is not said: %v", code, found)
			continue
		}
		if at := strings.TrimPrefix(d.At.String(), "deals.yaml:"); at != c.at && c.at != "0:0" {
			t.Errorf("%s is said at %s, want %s", code, at, c.at)
		}
		for _, lang := range locale.Langs() {
			l := locale.New(lang)
			if text := l.Message(*d) + l.Hint(*d); strings.Contains(text, "⟦") || strings.Contains(text, "<no value>") {
				t.Errorf("%s in %s: %s", code, lang, text)
			}
		}
	}
}

func TestMapping_isWrittenAsItIsRead(t *testing.T) {
	text := strings.Replace(deals, "  Nr: id\n", "  Nr: [id, number]\n  \"Art: neu?\": {to: type, values: {\"Neu \\\"N\\\"\": new, 0: existing}}\n", 1) + "fixed: {lead_source: \"yes\", product: 0815}\ncurrency: CHF\nsheet: Tabelle 1\n"
	m, found := ingest.Read("m.yaml", []byte(text))
	if found.Err() != nil {
		t.Fatal(found)
	}
	again, found := ingest.Read("again.yaml", m.YAML())
	if found.Err() != nil {
		t.Fatalf("%v\n%s", found, m.YAML())
	}
	if d := cmp.Diff(m, again, cmpopts.IgnoreFields(ingest.Column{}, "At")); d != "" {
		t.Errorf("(-first +second):\n%s\n%s", d, m.YAML())
	}
}

// Headers as Salesforce, Pipedrive and Tryton write them in German and English lead to the same mapping.
func TestPropose_knowsTheExportsOfTheVendors(t *testing.T) {
	for name, c := range map[string]struct{ csv, want string }{
		"Salesforce, German": {"Opportunity-ID;Opportunity-Name;Account-Name;Phase;Betrag;Wahrscheinlichkeit (%);Erstelldatum;Schlusstermin;Opportunity-Inhaber;Bemerkung\n006A;Presse;Müller;Gewonnen;1.200,50;75;28.02.2025;31.03.2025;Anna;x\n",
			"id name account stage amount probability opened_day closed_day owner | Bemerkung"},
		"Pipedrive, German": {"Deal - ID,Deal - Titel,Deal - Organisation,Deal - Phase,Deal - Wert,Deal - Währung,Deal - Deal erstellt,Deal - Verlustgrund\n7,Presse,Müller,Angebot,1200.5,EUR,2025-02-28 10:15:00,\n",
			"id name account stage amount currency opened_at lost_reason | "},
		"accounts without an identifier": {"Firma,PLZ,Ort,USt-IdNr.\nMüller GmbH,70173,Stuttgart,DE123456789\n", "id name postal_code city vat_id | "},
	} {
		p := ingest.Propose(sheet(t, c.csv), "")
		var to []string
		for _, x := range p.Mapping.Columns {
			to = append(to, x.To)
		}
		if got := strings.Join(to, " ") + " | " + strings.Join(p.Unused, " "); got != c.want {
			t.Errorf("%s: %s, want %s (table %s)", name, got, c.want, p.Mapping.Table)
		}
	}
}
