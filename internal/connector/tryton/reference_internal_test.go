//go:build reference

package tryton

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

const password = "Rendite-Test-1" // that of tryton/up.sh

// serve starts a real Tryton on a copy of the database that .ci/tryton keeps in bin/tryton: two years of a made-up company.
func serve(t *testing.T) string {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = filepath.Join(root, "..", "shared")
	}
	filled := filepath.Join(root, "bin", "tryton")
	if out, err := exec.Command(filepath.Join(root, ".ci", "tryton"), shared, filled).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := t.TempDir()
	database, err := os.ReadFile(filepath.Join(filled, "db", "crm.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	for name, text := range map[string]string{"crm.sqlite": string(database), "conf": "[web]\nlisten = " + address + "\n[database]\nuri = sqlite://\npath = " + dir + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("trytond", "-c", filepath.Join(dir, "conf"), "-d", "crm")
	server.Env, server.Stdout, server.Stderr = append(os.Environ(), "TZ=UTC"), log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for range 480 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address
		}
		time.Sleep(250 * time.Millisecond)
	}
	b, _ := os.ReadFile(log.Name())
	t.Fatalf("Tryton does not answer: %s", b)
	return ""
}

// The numbers are those of the seed, counted from two recordings of its answers by another program (connectors.md, 1.2).
func TestReference_aRealTryton(t *testing.T) {
	ctx := t.Context()
	address := serve(t)
	w := connectortest.Open(t, "tryton")
	zone, err := w.Source.Zone()
	if err != nil {
		t.Fatal(err)
	}
	access := connector.Access{Settings: connector.Settings{Address: address, Database: "crm", User: "admin"}, Secret: auth.SecretOf(password), Zone: zone, Currency: "EUR",
		HTTP: connector.ClientOptions{Allowed: []string{"127.0.0.1"}}}
	made, err := New(access)
	if err != nil {
		t.Fatal(err)
	}
	r := made.(*reader)
	w.Sync(t, r)
	won, lost := "category = 'won'", "category = 'lost'"
	w.Is(t, map[string]string{
		"SELECT COUNT(*) FROM crm_opportunity": "60",
		"SELECT group_concat(n) FROM (SELECT category || ' ' || COUNT(*) AS n FROM crm_opportunity GROUP BY category ORDER BY 1)":                                                               "lost 22,open 8,void 7,won 23",
		"SELECT COUNT(*) FROM crm_opportunity WHERE closed_day < 20089 AND " + won:                                                                                                              "10", // 2025-01-01 is day 20089
		"SELECT COUNT(*) FROM crm_opportunity WHERE closed_day < 20089 AND " + lost:                                                                                                             "11",
		"SELECT COUNT(*) FROM crm_opportunity WHERE closed_day >= 20089 AND " + won:                                                                                                             "13",
		"SELECT COUNT(*) FROM crm_opportunity WHERE closed_day >= 20089 AND " + lost:                                                                                                            "11",
		"SELECT printf('%.2f', 100.0 * SUM(category = 'won') / SUM(category IN ('won', 'lost'))) FROM crm_opportunity":                                                                          "51.11",
		"SELECT printf('%.2f', 100.0 * SUM(category = 'won') / SUM(category IN ('won', 'lost'))) FROM crm_opportunity WHERE closed_day < 20089":                                                 "47.62",
		"SELECT printf('%.2f', 100.0 * SUM(category = 'won') / SUM(category IN ('won', 'lost'))) FROM crm_opportunity WHERE closed_day >= 20089":                                                "54.17",
		"SELECT closed_day - opened_day FROM crm_opportunity WHERE category = 'won' ORDER BY 1 LIMIT 1 OFFSET 11":                                                                               "56",
		"SELECT printf('%.2f', AVG(closed_day - opened_day)) FROM crm_opportunity WHERE category = 'won'":                                                                                       "54.87",
		"SELECT printf('%.1f', AVG(d)) FROM (SELECT closed_day - opened_day AS d FROM crm_opportunity WHERE category = 'won' AND closed_day < 20089 ORDER BY 1 LIMIT 2 OFFSET 4)":               "47.0",
		"SELECT closed_day - opened_day FROM crm_opportunity WHERE category = 'won' AND closed_day >= 20089 ORDER BY 1 LIMIT 1 OFFSET 6":                                                        "62",
		"SELECT printf('%.2f', AVG(amount) / 10000.0) FROM crm_opportunity WHERE category = 'won'":                                                                                              "14030.43",
		"SELECT printf('%.2f', AVG(amount) / 10000.0) FROM crm_opportunity WHERE category = 'won' AND closed_day < 20089":                                                                       "18320.00",
		"SELECT printf('%.2f', AVG(amount) / 10000.0) FROM crm_opportunity WHERE category = 'won' AND closed_day >= 20089":                                                                      "10730.77",
		"SELECT SUM(amount) FROM crm_opportunity WHERE category = 'won'":                                                                                                                        "3227000000",
		"SELECT SUM(amount) FROM crm_opportunity WHERE category = 'lost'":                                                                                                                       "3527500000",
		"SELECT COUNT(*) || ' ' || SUM(net) FROM crm_sales_document WHERE kind = 'invoice'":                                                                                                     "23 3227000000",
		"SELECT COUNT(*) FROM crm_sales_document WHERE kind = 'order' AND opportunity IS NOT NULL":                                                                                              "23",
		"SELECT COUNT(DISTINCT opportunity) FROM crm_sales_document WHERE kind = 'invoice'":                                                                                                     "23",
		"SELECT group_concat(n) FROM (SELECT old_value || '-' || new_value || ' ' || COUNT(*) AS n FROM crm_opportunity_change WHERE field = 'stage' GROUP BY old_value, new_value ORDER BY 1)": "converted-won 23,lead-opportunity 60,opportunity-cancelled 7,opportunity-converted 23,opportunity-lost 22",
		"SELECT COUNT(*) FROM crm_opportunity_change WHERE field = 'created'":                                                                                                                   "60",
		"SELECT COUNT(*) FROM crm_opportunity_change WHERE field = 'owner'":                                                                                                                     "10",
		"SELECT COUNT(*) FROM crm_opportunity_change WHERE field = 'amount'":                                                                                                                    "83",
		"SELECT COUNT(*) FROM crm_opportunity_change WHERE changed_by IS NULL":                                                                                                                  "0",
		"SELECT COUNT(*) FROM crm_opportunity WHERE category = 'lost' AND coalesce(lost_reason, '') = ''":                                                                                       "11",
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (closed_at IS NULL)":                                                                                                 "0",
		"SELECT COUNT(*) FROM crm_opportunity o WHERE NOT EXISTS (SELECT 1 FROM crm_user u WHERE u.ext_id = o.owner)":                                                                           "0",
		"SELECT COUNT(*) FROM crm_opportunity o WHERE NOT EXISTS (SELECT 1 FROM crm_account a WHERE a.ext_id = o.account)":                                                                      "0",
		"SELECT COUNT(*) FROM crm_account": "30",
		"SELECT SUM(coalesce(email, '') <> '') || ' ' || SUM(coalesce(phone, '') <> '') FROM crm_contact": "30 20",
		"SELECT COUNT(*) FROM crm_ticket WHERE account IS NOT NULL":                                       "8",
		"SELECT COUNT(*) FROM crm_activity WHERE opportunity IS NOT NULL AND type = 'note'":               "60",
		"SELECT COUNT(*) FROM crm_login WHERE kind <> 'derived'":                                          "0",
	})

	t.Run("nothing has changed", func(t *testing.T) {
		report := w.Sync(t, r)
		if d := cmp.Diff(map[string]int64{}, connectortest.Effects(report)); d != "" {
			t.Error(d)
		}
	})

	t.Run("changes over RPC are seen, and only they", func(t *testing.T) {
		// A lead that is still open gets another amount, one of its customers another street, one note is deleted.
		open := w.One(t, "SELECT ext_id FROM crm_opportunity WHERE category = 'open' ORDER BY length(ext_id), ext_id LIMIT 1")
		account := w.One(t, "SELECT account FROM crm_opportunity WHERE ext_id = '"+open+"'")
		note := w.One(t, "SELECT MAX(CAST(ext_id AS INTEGER)) FROM crm_activity")
		rpc(ctx, t, r, "sale.opportunity", "write", []any{number(t, open)}, map[string]any{"amount": map[string]any{"__class__": "Decimal", "decimal": "4711.5"}})
		var addresses []int64
		if err := r.model(ctx, &addresses, "party.address", "search", []any{[]any{"party", "=", number(t, account)}}, 0, nil, nil); err != nil {
			t.Fatal(err)
		}
		rpc(ctx, t, r, "party.address", "write", addresses[:1], map[string]any{"city": "Bonn"})
		rpc(ctx, t, r, "ir.note", "delete", []any{number(t, note)})
		before := w.One(t, "SELECT COUNT(*) FROM crm_opportunity_change")
		report := w.Sync(t, r)
		// The author of the change worked that day: one derived log-in more. The contact shows the city too.
		if d := cmp.Diff(map[string]int64{"opportunity/opportunity updated": 1, "opportunity/opportunity_change inserted": 1, "opportunity/login inserted": 1,
			"account/account updated": 1, "account/contact updated": 1, "note/activity updated": 1}, connectortest.Effects(report)); d != "" {
			t.Error(d)
		}
		w.Is(t, map[string]string{
			"SELECT amount FROM crm_opportunity WHERE ext_id = '" + open + "'":      "47115000",
			"SELECT city FROM crm_account WHERE ext_id = '" + account + "'":         "Bonn",
			"SELECT COUNT(*) FROM crm_activity WHERE deleted_at IS NOT NULL":        "1",
			"SELECT deleted_at > 0 FROM crm_activity WHERE ext_id = '" + note + "'": "1",
			"SELECT COUNT(*) - " + before + " FROM crm_opportunity_change":          "1",
		})
	})

	t.Run("an expired session is opened again", func(t *testing.T) {
		rpcLogout(ctx, t, r)
		if _, err := r.Page(ctx, "account", time.Time{}, ""); err != nil {
			t.Error(err)
		}
	})

	t.Run("a wrong password is asked once and told", func(t *testing.T) {
		wrong := access
		wrong.Secret = auth.SecretOf("no-such-Password-9")
		other, err := New(wrong)
		if err != nil {
			t.Fatal(err)
		}
		err = other.Open(ctx)
		if !connector.Is(err, connector.Denied) || strings.Contains(fmt.Sprintf("%v %+v", err, other), "no-such-Password") {
			t.Errorf("%v", err)
		}
	})

	t.Run("an unknown database is refused without the server's words", func(t *testing.T) {
		wrong := access
		wrong.Database = "nosuch"
		other, err := New(wrong)
		if err != nil {
			t.Fatal(err)
		}
		var e *connector.Error
		if err := other.Open(ctx); !errors.As(err, &e) || strings.Contains(err.Error(), "sqlite") || strings.Contains(err.Error(), "/") {
			t.Errorf("%v", err)
		}
	})
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func rpc(ctx context.Context, t *testing.T, r *reader, model, method string, params ...any) {
	t.Helper()
	var ignored any
	if err := r.model(ctx, &ignored, model, method, params...); err != nil {
		t.Fatal(err)
	}
}

func rpcLogout(ctx context.Context, t *testing.T, r *reader) {
	t.Helper()
	var ignored any
	if err := r.send(ctx, "common.db.logout", []any{}, &ignored, true); err != nil {
		t.Fatal(err)
	}
}
