package cli_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/rendite-crm/rendite/internal/store/storetest"
)

func TestSourceOfADatabase(t *testing.T) {
	u, err := url.Parse(storetest.PostgreSQL(t))
	if err != nil {
		t.Fatal(err)
	}
	if u.Query().Get("host") == "" {
		t.Skip("RENDITE_TEST_POSTGRES: the server is not ours to make a user in")
	}
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	const password = "nur-lesen-7!"
	does := func(commands ...string) {
		t.Helper()
		for _, c := range commands {
			if _, err := db.ExecContext(t.Context(), c); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
		}
	}
	does("DROP ROLE IF EXISTS locked", "CREATE ROLE locked LOGIN PASSWORD '"+password+"'", "CREATE TABLE firms (nr INT, firm TEXT, town TEXT, changed TIMESTAMP)", "CREATE TABLE orders (nr INT)",
		"INSERT INTO firms VALUES (1, 'Müller GmbH', 'Köln', '2025-03-01 08:00'), (2, 'Schulze AG', NULL, '2025-03-02 08:00')", "GRANT SELECT ON firms TO locked")
	t.Cleanup(func() { _, _ = db.Exec("DROP TABLE firms; DROP ROLE locked") })

	o := newOffice(t)
	write := func(name, text string) string {
		path := filepath.Join(o.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	settings := write("database.yaml", "address: postgresql://"+u.Query().Get("host")+"\ndatabase: "+strings.TrimPrefix(u.Path, "/")+"\nuser: locked\n")
	const query = "mapping: Own CRM\ntables:\n  - table: account\n    query: |\n      SELECT nr AS id, firm AS name, town AS city, changed AS updated\n      FROM firms WHERE changed > :since\n    ids: SELECT nr AS id FROM firms\n"

	// What writes is refused before anything is kept, with its place.
	_, errs := o.run(1, password, "add", "CRM", "--kind", "sql", "--settings", settings, "--mapping", write("bad.yaml", strings.Replace(query, "WHERE changed > :since", "FOR UPDATE", 1)))
	has(t, errs, "bad.yaml:6:22", "A query only reads; UPDATE is not allowed.")
	_, errs = o.run(2, password, "add", "CRM", "--kind", "hubspot", "--mapping", settings)
	has(t, errs, "for databases only")
	_, errs = o.run(2, password, "add", "CRM", "--kind", "sql", "--settings", settings)
	has(t, errs, "sql also needs mapping")

	o.run(0, password, "add", "CRM", "--kind", "sql", "--settings", settings, "--mapping", write("crm.yaml", query), "--timezone", "Europe/Berlin")
	out, _ := o.run(0, "", "check", "CRM")
	has(t, out, "the log-in works", "can be read (accounts)", "opportunities: the mapping has no query for it.")
	if d := cmp.Diff(tables{"account": {Read: 2, Inserted: 2}}, o.sync(0).Tables); d != "" {
		t.Error(d)
	}
	does("DELETE FROM firms WHERE nr = 1", "INSERT INTO firms VALUES (3, 'Neu KG', 'Ulm', '2025-03-03 08:00')")
	got := o.sync(0).Tables["account"]
	if got.Inserted != 1 || got.Updated != 1 || got.Deleted != 1 || got.Rejected != 0 {
		t.Errorf("%+v", got)
	}

	// Another mapping needs no password again; what does not fit it is told with its place.
	o.run(0, "", "change", "CRM", "--mapping", write("crm.yaml", strings.Replace(query, "AS city", "AS ctiy", 1)))
	s := o.sync(1)
	has(t, s.Error.Text, "does not fit what the query delivers", "mapping:5:7: The query delivers “ctiy”", "Perhaps “AS city” is meant.")
	o.run(0, "", "change", "CRM", "--mapping", write("crm.yaml", strings.Replace(query, "town", "place", 1)))
	s = o.sync(1)
	has(t, s.Error.Text, "The database cannot run the query", `column "place" does not exist`)
	o.run(0, "", "change", "CRM", "--mapping", write("crm.yaml", "tables:\n  - table: opportunity\n    query: SELECT nr AS id, 'open' AS category FROM orders\n"))
	s = o.sync(1)
	has(t, s.Error.Text, "The access does not hold or lacks a right.")
	o.run(0, "", "change", "CRM", "--mapping", write("crm.yaml", query))
	o.sync(0)
	o.hides(password)

	// Another user needs the password again.
	_, errs = o.run(0, "other", "change", "CRM", "--settings", write("database.yaml", "address: postgresql://"+u.Query().Get("host")+"\ndatabase: postgres\nuser: locked\nmapping: |\n  tables:\n    - table: user\n      query: SELECT 1 AS id\n"))
	has(t, errs, "again")
	s = o.sync(1)
	if s.Error.Code != "denied" {
		t.Errorf("%+v", s.Error)
	}
}
