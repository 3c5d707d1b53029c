package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
	"github.com/rendite-crm/rendite/internal/connector/sqldb"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMain(m *testing.M) {
	code := m.Run()
	storetest.StopPostgreSQL()
	connectortest.StopMariaDB()
	os.Exit(code)
}

// database is a real one, with the tables of a CRM that a company wrote for itself.
type database struct {
	engine string
	root   *sql.DB
	access connector.Access
}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func openPostgreSQL(t *testing.T) database {
	t.Helper()
	u, err := url.Parse(storetest.PostgreSQL(t))
	if err != nil {
		t.Fatal(err)
	}
	root, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	d := database{engine: "PostgreSQL", root: root, access: connector.Access{Zone: berlin(t), Currency: "EUR"}}
	password, _ := u.User.Password()
	d.access.User, d.access.Secret, d.access.Database = u.User.Username(), auth.SecretOf(password), strings.TrimPrefix(u.Path, "/")
	host := u.Query().Get("host")
	d.access.Address = "postgresql://" + host
	if u.Host != "" { // RENDITE_TEST_POSTGRES
		host = u.Hostname()
		d.access.Address = "postgresql://" + u.Host + "?tls=off"
	}
	d.access.HTTP.Allowed = []string{host}
	return d
}

func openMariaDB(t *testing.T) database {
	t.Helper()
	m := connectortest.OpenMariaDB(t)
	return database{engine: "MariaDB", root: m.Root, access: connector.Access{
		Settings: connector.Settings{Address: "mariadb://" + m.Socket, Database: m.Name, User: "root"}, Zone: berlin(t), Currency: "EUR", HTTP: connector.ClientOptions{Allowed: []string{m.Socket}}}}
}

// each runs a test against every database that can be started here.
func each(t *testing.T, f func(t *testing.T, d database)) {
	for name, open := range map[string]func(*testing.T) database{"PostgreSQL": openPostgreSQL, "MariaDB": openMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // with the other database
			f(t, open(t))
		})
	}
}

// does runs commands as the administrator; TYPES are replaced by those of the engine.
func (d database) does(t testing.TB, commands ...string) {
	t.Helper()
	replace := strings.NewReplacer("LOCALTIME6", "TIMESTAMP", "ZONED6", "TIMESTAMPTZ")
	if d.engine == "MariaDB" {
		replace = strings.NewReplacer("LOCALTIME6", "DATETIME(6)", "ZONED6", "TIMESTAMP(6) NULL")
	}
	for _, c := range commands {
		if _, err := d.root.ExecContext(t.Context(), replace.Replace(c)); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
}

// reader reads the database through a mapping.
func (d database) reader(t testing.TB, mapping string) connector.Reader {
	t.Helper()
	d.access.Mapping = mapping
	r, err := sqldb.New(d.access)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// instant writes a moment as a literal of a column that knows its zone; the session of MariaDB's administrator is in UTC.
func (d database) instant(utc string) string {
	if d.engine == "MariaDB" {
		return "'" + utc + "'"
	}
	return "'" + utc + "+00'"
}

func micros(t testing.TB, at string) string {
	t.Helper()
	m, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(m.UnixMicro())
}

const own = `
mapping: Our own CRM
tables:
  - table: opportunity
    query: |
      -- deals; those that were changed since
      SELECT d.id, d.title AS name, d.customer AS account, d.person AS "owner", d.phase AS stage, d.amount, d.chance, d.opened AS opened_at,
             d.closed AS closed_day, d.reason AS lost_reason, d.source AS lead_source, d.created, d.changed AS updated
      FROM deals d
      WHERE d.changed > :since OR d.changed IS NULL;
    ids: SELECT id FROM deals
    columns:
      chance: {to: probability, style: 0 to 100}
    stages: {Gewonnen: won, Verloren: lost, Angebot: open}
  - table: user
    query: SELECT id, name, works AS active, entered AS hired_day FROM people
`

// quoted is own for a database that writes names in quotes in another way.
func (d database) own() string {
	if d.engine == "MariaDB" {
		return strings.ReplaceAll(own, `"owner"`, "`owner`")
	}
	return own
}

func (d database) fill(t *testing.T) {
	d.does(t,
		"CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(80), works BOOLEAN, entered DATE)",
		"CREATE TABLE deals (id BIGINT PRIMARY KEY, title VARCHAR(200), customer VARCHAR(40), person INT, phase VARCHAR(40), amount DECIMAL(20,6), chance DECIMAL(6,3), opened LOCALTIME6, closed DATE, reason VARCHAR(80), source VARCHAR(80), created ZONED6, changed LOCALTIME6)",
		"INSERT INTO people VALUES (7, 'Jürgen Groß', TRUE, '2019-04-01'), (8, 'Łucja Żak 🙂', FALSE, NULL), (9, 'Eva', NULL, '1999-12-31')",
		// An identifier that no float64 holds, an amount that none holds either, an empty text beside none, 02:30 in the hour
		// that comes twice, a summer's and a winter's midnight.
		"INSERT INTO deals VALUES (9007199254740993, 'Größere Anlage', '0042', 7, 'Gewonnen', 12345678901.234550, 25.5, '2024-07-01 00:30:00.123456', '2024-12-31', '', NULL, "+d.instant("2024-06-30 22:30:00")+", '2025-01-10 08:00:00')",
		"INSERT INTO deals VALUES (2, 'u\u0308ber', NULL, 8, 'Verloren', -0.00005, 100, '2024-01-01 00:00:00', NULL, 'zu teuer', 'Messe', NULL, '2025-01-11 09:15:00.5')",
		"INSERT INTO deals VALUES (3, NULL, NULL, NULL, 'Angebot', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
		"INSERT INTO deals VALUES (4, 'x', NULL, NULL, 'Vielleicht', 1, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-09 00:00:00')",
	)
}

// run syncs and fails where that fails.
func run(t *testing.T, w connectortest.World, r connector.Reader) connector.Report {
	t.Helper()
	report, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// effects are what a run changed, by table.
func effects(report connector.Report) map[string]int64 {
	all := map[string]int64{}
	for k, v := range connectortest.Effects(report) {
		_, name, _ := strings.Cut(k, "/")
		all[name] = v
	}
	for _, o := range report.Objects {
		if o.Deleted > 0 {
			all[o.Batches[0].Table+" deleted"] = int64(o.Deleted)
		}
	}
	return all
}

func same(t *testing.T, what string, got, want map[string]int64) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestValuesArriveAsTheDatabaseHasThem(t *testing.T) {
	each(t, func(t *testing.T, d database) {
		d.fill(t)
		w := connectortest.Open(t, "sql")
		report := run(t, w, d.reader(t, d.own()))
		same(t, "the first run", effects(report), map[string]int64{"user inserted": 3, "opportunity inserted": 3, "opportunity rejected": 1})
		w.Is(t, map[string]string{
			"SELECT name FROM crm_user WHERE ext_id = '7'":                                                     "Jürgen Groß",
			"SELECT name FROM crm_user WHERE ext_id = '8'":                                                     "Łucja Żak 🙂",
			"SELECT group_concat(coalesce(active, 'none')) FROM (SELECT active FROM crm_user ORDER BY ext_id)": "1,0,none",
			"SELECT hired_day FROM crm_user WHERE ext_id = '9'":                                                fmt.Sprint(crm.DayOf(time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC))),
			"SELECT ext_id FROM crm_opportunity WHERE category = 'won'":                                        "9007199254740993",
			"SELECT amount FROM crm_opportunity WHERE category = 'won'":                                        "123456789012346", // 12345678901.23455, rounded half away from zero
			"SELECT amount FROM crm_opportunity WHERE ext_id = '2'":                                            "-1",
			"SELECT amount IS NULL AND currency IS NULL FROM crm_opportunity WHERE ext_id = '3'":               "1",
			"SELECT currency FROM crm_opportunity WHERE ext_id = '2'":                                          "EUR",
			"SELECT probability FROM crm_opportunity WHERE category = 'won'":                                   "0.255",
			"SELECT account FROM crm_opportunity WHERE category = 'won'":                                       "0042",
			"SELECT lost_reason = '' FROM crm_opportunity WHERE category = 'won'":                              "1",
			"SELECT lead_source IS NULL FROM crm_opportunity WHERE category = 'won'":                           "1",
			"SELECT lost_reason IS NULL FROM crm_opportunity WHERE ext_id = '3'":                               "1",
			"SELECT name FROM crm_opportunity WHERE ext_id = '2'":                                              "über", // composed
			"SELECT opened_at FROM crm_opportunity WHERE category = 'won'":                                     micros(t, "2024-06-30T22:30:00.123456Z"),
			"SELECT opened_day FROM crm_opportunity WHERE category = 'won'":                                    fmt.Sprint(crm.DayOf(time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC))),
			"SELECT created_at FROM crm_opportunity WHERE category = 'won'":                                    micros(t, "2024-06-30T22:30:00Z"),
			"SELECT opened_at FROM crm_opportunity WHERE ext_id = '2'":                                         micros(t, "2023-12-31T23:00:00Z"),
			"SELECT updated_at FROM crm_opportunity WHERE ext_id = '2'":                                        micros(t, "2025-01-11T08:15:00.5Z"),
			"SELECT closed_day FROM crm_opportunity WHERE category = 'won'":                                    fmt.Sprint(crm.DayOf(time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC))),
		})
		var batch warehouse.Batch
		for _, o := range report.Objects {
			if o.Batches[0].Table == "opportunity" {
				batch = o.Batches[0]
			}
		}
		rejects, err := w.Rejects(t.Context(), batch.ID)
		if err != nil || len(rejects) != 1 {
			t.Fatalf("%v %+v", err, rejects)
		}
		r := rejects[0]
		if r.Place != "4" || r.Column != "stage" || r.Code != "stage" || r.Value != "Vielleicht" || len(r.Cells) != 13 || r.Cells[1] != "x" {
			t.Errorf("%+v", r)
		}
		if header, err := w.HeaderOf(t.Context(), batch.ID); err != nil || len(header) != 13 || header[4] != "stage" {
			t.Errorf("%v %v", header, err)
		}
	})
}

func TestLaterRunsReadWhatChanged(t *testing.T) {
	each(t, func(t *testing.T, d database) {
		d.fill(t)
		d.does(t, "DELETE FROM deals WHERE id = 4")
		w := connectortest.Open(t, "sql")
		run(t, w, d.reader(t, d.own()))
		same(t, "nothing has changed", effects(run(t, w, d.reader(t, d.own()))), map[string]int64{})

		d.does(t, "UPDATE deals SET amount = 5, changed = '2025-02-01 10:00:00' WHERE id = 2", "UPDATE deals SET title = 'unseen' WHERE id = 9007199254740993",
			"INSERT INTO deals (id, phase, changed) VALUES (5, 'Angebot', '2025-02-01 12:00:00')", "DELETE FROM deals WHERE id = 3", "UPDATE people SET works = FALSE WHERE id = 7", "DELETE FROM people WHERE id = 9")
		report := run(t, w, d.reader(t, d.own()))
		same(t, "changes", effects(report), map[string]int64{"opportunity inserted": 1, "opportunity updated": 2, "opportunity deleted": 1, "user updated": 2, "user deleted": 1})
		w.Is(t, map[string]string{
			"SELECT amount FROM crm_opportunity WHERE ext_id = '2'":                  "50000",
			"SELECT name FROM crm_opportunity WHERE category = 'won'":                "Größere Anlage", // its time of change did not move
			"SELECT group_concat(ext_id) FROM crm_opportunity WHERE deleted_at > 0":  "3",
			"SELECT group_concat(ext_id) FROM crm_user WHERE deleted_at IS NOT NULL": "9",
			"SELECT group_concat(DISTINCT state) FROM crm_batch":                     "done",
		})
		for _, o := range report.Objects {
			if table := o.Batches[0].Table; (table == "opportunity") != !o.Since.IsZero() {
				t.Errorf("%s was read since %v", table, o.Since)
			}
		}
		// A query that was changed is read from the beginning, and what it delivers now is seen.
		changed := strings.Replace(d.own(), "d.reason AS lost_reason", "d.reason AS lost_reason, 'Maschine' AS product", 1)
		same(t, "another query", effects(run(t, w, d.reader(t, changed))), map[string]int64{"opportunity updated": 3})
	})
}

// A changed row must be seen whatever the zone of the clocks and the type of the column that says when.
func TestSince_isEarlyEnoughInEveryZone(t *testing.T) {
	each(t, func(t *testing.T, d database) {
		d.does(t, "CREATE TABLE a (id INT, name VARCHAR(20), changed LOCALTIME6)", "CREATE TABLE b (id INT, label VARCHAR(20), changed ZONED6)")
		for _, zone := range []string{"America/Los_Angeles", "UTC", "Asia/Tokyo"} {
			d.does(t, "DELETE FROM a", "DELETE FROM b", "INSERT INTO a VALUES (1, 'old', '2025-03-01 10:00:00')", "INSERT INTO b VALUES (1, 'old', "+d.instant("2025-03-01 10:00:00")+")")
			mapping := "zone: " + zone + `
tables:
  - table: account
    query: SELECT id, name, changed AS updated FROM a WHERE changed > :since
  - table: stage
    query: SELECT id, label, 'open' AS category, changed AS updated FROM b WHERE changed > :since
`
			w := connectortest.Open(t, "sql")
			run(t, w, d.reader(t, mapping))
			d.does(t, "INSERT INTO a VALUES (2, 'new', '2025-03-01 10:00:01')", "INSERT INTO b VALUES (2, 'new', "+d.instant("2025-03-01 10:00:01")+")")
			same(t, zone, effects(run(t, w, d.reader(t, mapping))), map[string]int64{"account inserted": 1, "stage inserted": 1})
			local, _ := time.LoadLocation(zone)
			w.Is(t, map[string]string{
				"SELECT updated_at FROM crm_account WHERE ext_id = '2'": fmt.Sprint(time.Date(2025, 3, 1, 10, 0, 1, 0, local).UnixMicro()),
				"SELECT updated_at FROM crm_stage WHERE ext_id = '2'":   micros(t, "2025-03-01T10:00:01Z"),
			})
		}
	})
}

func TestARunThatBreaksOff_isGoneOnWith(t *testing.T) {
	each(t, func(t *testing.T, d database) {
		d.does(t, "CREATE TABLE firms (id INT PRIMARY KEY, name VARCHAR(20))")
		const firms = 9000
		for from := 0; from < firms; from += 1000 {
			var rows []string
			for i := from; i < from+1000; i++ {
				name := fmt.Sprintf("'Firma %d'", i)
				if i%500 == 7 {
					name = "NULL" // a reject
				}
				rows = append(rows, fmt.Sprintf("(%d, %s)", i, name))
			}
			d.does(t, "INSERT INTO firms VALUES "+strings.Join(rows, ", "))
		}
		const mapping = "tables:\n  - table: account\n    query: SELECT id, name FROM firms ORDER BY id\n"
		w := connectortest.Open(t, "sql")
		for _, after := range []int64{2000, 4000} {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := connector.Sync(ctx, d.reader(t, mapping), w.Source, w.Warehouse, connector.Options{Progress: func(s connector.Step) {
				if s.Rows >= after {
					cancel()
				}
			}})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("after %d rows: %v", after, err)
			}
		}
		report := run(t, w, d.reader(t, mapping))
		b := report.Objects[0].Batches[0]
		if b.Rejected != firms/500 || b.Read != b.Inserted+b.Updated+b.Unchanged+b.Rejected || b.State != warehouse.Done {
			t.Errorf("%+v", b)
		}
		rejects, err := w.Rejects(t.Context(), b.ID)
		if err != nil || len(rejects) != firms/500 {
			t.Errorf("%d rejects, %v", len(rejects), err)
		}
		w.Is(t, map[string]string{"SELECT count(*) FROM crm_account": fmt.Sprint(firms - firms/500), "SELECT count(*) FROM crm_account WHERE deleted_at IS NOT NULL": "0", "SELECT count(*) FROM crm_batch": "1"})
	})
}

// What a query calls may write where no word of the query says so: the database then refuses.
func TestNothingIsWritten(t *testing.T) {
	each(t, func(t *testing.T, d database) {
		d.does(t, "CREATE TABLE touched (n INT)")
		queries := []string{}
		if d.engine == "PostgreSQL" {
			d.does(t, "CREATE FUNCTION touch() RETURNS INT LANGUAGE sql AS 'INSERT INTO touched VALUES (1) RETURNING n'", "CREATE SEQUENCE counter")
			queries = append(queries, "SELECT touch() AS id, 'x' AS name", "SELECT nextval('counter') AS id, 'x' AS name",
				// going back to writing must not work either
				"SELECT touch() AS id, set_config('transaction_read_only', 'off', true) AS name", "SELECT set_config('transaction_read_only', 'off', true) AS name, touch() AS id")
		} else {
			d.does(t, "CREATE FUNCTION touch() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO touched VALUES (1); RETURN 1; END", "CREATE SEQUENCE counter")
			queries = append(queries, "SELECT touch() AS id, 'x' AS name", "SELECT nextval(counter) AS id, 'x' AS name")
		}
		for _, q := range queries {
			w := connectortest.Open(t, "sql")
			_, err := connector.Sync(t.Context(), d.reader(t, "tables:\n  - table: account\n    query: "+q+"\n"), w.Source, w.Warehouse, connector.Options{})
			if !connector.Is(err, connector.Changes, connector.Query) || !strings.Contains(q, "set_config") && !connector.Is(err, connector.Changes) {
				t.Errorf("%s: %v", q, err)
			}
		}
		var n int
		if err := d.root.QueryRowContext(t.Context(), "SELECT count(*) FROM touched").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows written, %v", n, err)
		}
	})
}

func TestErrorsSayWhatIsWrongAndNothingMore(t *testing.T) {
	each(t, func(t *testing.T, d database) {
		d.does(t, "CREATE TABLE firms (id INT PRIMARY KEY, name VARCHAR(40))", "INSERT INTO firms VALUES (1, 'Geheime Mustermann AG')")
		sleep, cast := "pg_sleep(20)", "CAST(name AS INT)"
		if d.engine == "MariaDB" {
			sleep, cast = "SLEEP(20)", "1 / 0"
		}
		for query, want := range map[string]struct {
			code connector.Code
			text string
		}{
			"SELECT id, nme AS name FROM firms":           {connector.Query, "nme"},
			"SELECT id, name FROM firm":                   {connector.Query, "firm"},
			"SELECT id, name FROM firms WHERE":            {connector.Query, ""},
			"SELECT " + sleep + " AS id, name FROM firms": {connector.Slow, ""},
			"SELECT id, name, id AS ID FROM firms":        {connector.Misfit, ""},
		} {
			w := connectortest.Open(t, "sql")
			_, err := connector.Sync(t.Context(), d.reader(t, "timeout: 1s\ntables:\n  - table: account\n    query: "+query+"\n"), w.Source, w.Warehouse, connector.Options{})
			if !connector.Is(err, want.code) || !strings.Contains(err.Error(), want.text) {
				t.Errorf("%s: %v", query, err)
			}
		}
		w := connectortest.Open(t, "sql")
		_, err := connector.Sync(t.Context(), d.reader(t, "tables:\n  - table: account\n    query: SELECT id, "+cast+" AS name FROM firms\n"), w.Source, w.Warehouse, connector.Options{})
		if err != nil && strings.Contains(err.Error(), "Mustermann") || err == nil && d.engine == "PostgreSQL" {
			t.Errorf("the data are in the error: %v", err)
		}
		// A password that is wrong, and never told.
		if d.engine == "MariaDB" {
			d.does(t, "CREATE OR REPLACE USER locked IDENTIFIED BY 'another'")
		} else if !storetest.CommandPostgreSQL(t, "DROP ROLE IF EXISTS locked") || !storetest.CommandPostgreSQL(t, "CREATE ROLE locked LOGIN PASSWORD 'another'") {
			return
		}
		d.access.User, d.access.Secret = "locked", auth.SecretOf("hush-hush")
		_, err = connector.Sync(t.Context(), d.reader(t, "tables:\n  - table: account\n    query: SELECT id, name FROM firms\n"), w.Source, w.Warehouse, connector.Options{})
		if !connector.Is(err, connector.Denied) || strings.Contains(err.Error(), "hush-hush") || strings.Contains(err.Error(), "locked") {
			t.Errorf("%v", err)
		}
	})
}

// What a company's own tables hold beside plain types.
func TestTypesOfTheirOwn(t *testing.T) {
	t.Run("PostgreSQL", func(t *testing.T) {
		d := openPostgreSQL(t)
		d.does(t, "CREATE TABLE x (id UUID, name TEXT, n NUMERIC, r REAL, at TIMESTAMPTZ, day DATE, kind JSONB)",
			"INSERT INTO x VALUES ('0190a5b0-0000-7000-8000-00000000002a', E'a\\tb', 1000000, 0.1, '2024-03-31 02:30:00+02', '0044-03-15 BC', '{\"a\": 1}'), ('0190a5b0-0000-7000-8000-00000000002b', 'late', 1e-3, 0.25, 'infinity', NULL, NULL)")
		w := connectortest.Open(t, "sql")
		report := run(t, w, d.reader(t, "tables:\n  - table: opportunity\n    query: SELECT id, name, n AS amount, r AS probability, at AS opened_at, kind AS product, 'open' AS category FROM x\n    columns: {probability: {to: probability, style: 0 to 1}}\n"))
		same(t, "rows", effects(report), map[string]int64{"opportunity inserted": 1, "opportunity rejected": 1}) // no calendar has infinity
		w.Is(t, map[string]string{"SELECT ext_id || amount || '/' || probability || product FROM crm_opportunity": `0190a5b0-0000-7000-8000-00000000002a10000000000/0.1{"a": 1}`,
			"SELECT opened_at FROM crm_opportunity": micros(t, "2024-03-31T00:30:00Z")})
	})
	t.Run("MariaDB", func(t *testing.T) {
		d := openMariaDB(t)
		d.root.SetMaxOpenConns(1) // the mode is that of the session
		d.does(t, "SET SESSION sql_mode = ''", "CREATE TABLE x (id BINARY(4), name VARCHAR(40) CHARACTER SET latin1, n BIGINT UNSIGNED, f FLOAT, yes BIT(1), no TINYINT(1), at DATETIME, day DATE, y YEAR)",
			"INSERT INTO x VALUES (x'00ff10ab', 'Größe', 18446744073709551615, 0.1, b'1', 0, '0000-00-00 00:00:00', '0000-00-00', 2024)")
		w := connectortest.Open(t, "sql")
		w.Sync(t, d.reader(t, `
tables:
  - table: user
    query: SELECT id, name, yes AS active, no AS is_person, day AS hired_day, at AS created, n AS login FROM x
  - table: stage
    query: SELECT id, name AS label, f AS probability, y AS position, 'open' AS category FROM x WHERE 1 > 0
    columns: {probability: {to: probability, style: 0 to 1}}
`))
		w.Is(t, map[string]string{
			"SELECT ext_id || name || login || active || is_person FROM crm_user": "00ff10abGröße1844674407370955161510",
			"SELECT hired_day IS NULL AND created_at IS NULL FROM crm_user":       "1", // there is no day 0
			"SELECT probability || '/' || position FROM crm_stage":                "0.1/2024",
		})
		// With a parameter values come in another form, and mean the same.
		w2 := connectortest.Open(t, "sql")
		w2.Sync(t, d.reader(t, `
tables:
  - table: stage
    query: SELECT id, name AS label, f AS probability, y AS position, 'open' AS category, at AS updated FROM x WHERE at < :since
    columns: {probability: {to: probability, style: 0 to 1}}
  - table: user
    query: SELECT id, name, yes AS active, no AS is_person, day AS hired_day, at AS updated, n AS login FROM x WHERE at < :since
`))
		for _, q := range []string{"SELECT ext_id || name || login || active || is_person || coalesce(hired_day, 'none') FROM crm_user", "SELECT ext_id || label || probability || '/' || position FROM crm_stage"} {
			if one, two := w.One(t, q), w2.One(t, q); one != two || one == "" {
				t.Errorf("%s: %q and %q", q, one, two)
			}
		}
	})
}

func TestCheck_showsThePlaceInTheMapping(t *testing.T) {
	for name, c := range map[string]struct{ mapping, code, at string }{
		"no tables":       {"mapping: x\n", "query_tables", "1:1"},
		"no query":        {"tables:\n  - table: user\n", "query_missing", "2:5"},
		"two for a table": {"tables:\n  - table: user\n    query: SELECT 1\n  - table: user\n    query: SELECT 2\n", "query_twice", "5:12"},
		"a key":           {"tables:\n  - table: user\n    query: SELECT 1\n    sheet: x\n", "query_key", "4:5"},
		"a zone":          {"zone: Europa/Berlin\ntables:\n  - table: user\n    query: SELECT 1\n", "query_zone", "1:7"},
		"a time":          {"timeout: bald\ntables:\n  - table: user\n    query: SELECT 1\n", "query_timeout", "1:10"},
		"a word":          {"tables:\n  - table: user\n    query: |\n      SELECT 1 FROM x\n      FOR UPDATE\n", "query_word", "5:11"},
		"a target":        {"tables:\n  - table: user\n    query: SELECT 1\n    columns: {a: nme}\n", "mapping_target", "4:15"},
		"since in ids":    {"tables:\n  - table: user\n    query: SELECT 1\n    ids: SELECT id FROM x WHERE y > :since\n", "query_ids", "4:37"},
	} {
		_, found := sqldb.Check("crm.yaml", []byte(c.mapping), "postgresql://localhost")
		if len(found) == 0 || found[0].Code != c.code || found[0].At.String() != "crm.yaml:"+c.at {
			t.Errorf("%s: %v, want %s at %s", name, found, c.code, c.at)
		}
	}
	if q, found := sqldb.Check("crm.yaml", []byte(own), "postgresql://localhost"); found.Err() != nil || len(q.Tables) != 2 || q.Name != "Our own CRM" {
		t.Errorf("%v", found)
	}
}

func TestTheMappingIsHeldAgainstWhatTheQueryDelivers(t *testing.T) {
	d := openPostgreSQL(t)
	for table, codes := range map[string][]string{
		"account\n    query: SELECT 1 AS id, 'x' AS nmae":                                            {"query_column"},
		"account\n    query: SELECT 1 AS id":                                                         {"mapping_needed"},
		"account\n    query: SELECT 1 AS id, 'x' AS name WHERE now() > :since":                       {"query_since"},
		"account\n    query: SELECT 1 AS id, 'x' AS name, 'y' AS monthly":                            {"mapping_unread"},
		"account\n    query: SELECT 1 AS id, 'x' AS name\n    columns: {Name: name}":                 {"mapping_twice"},
		"opportunity\n    query: SELECT 1 AS id, 'open' AS category, 0.5 AS probability":             {"mapping_open"},
		"opportunity\n    query: SELECT 1 AS id, 'open' AS category, 1 AS closed_month":              {"query_column"},
		"opportunity\n    query: SELECT 1 AS id, 'open' AS category, '31.12.2024' AS closed_day":     {"mapping_unread"},
		"opportunity\n    query: SELECT 1 AS id, 'x' AS stage":                                       {"mapping_needed"},
		"account\n    query: SELECT 1 AS id, 'x' AS name, 5 AS phone\n    columns: {telefon: phone}": {"mapping_twice"},
	} {
		w := connectortest.Open(t, "sql")
		_, err := connector.Sync(t.Context(), d.reader(t, "tables:\n  - table: "+table+"\n"), w.Source, w.Warehouse, connector.Options{})
		var list diag.List
		if !connector.Is(err, connector.Misfit) || !errors.As(err, &list) {
			t.Errorf("%s: %v", table, err)
			continue
		}
		var got []string
		for _, f := range list {
			got = append(got, f.Code)
			if !f.At.Known() {
				t.Errorf("%s: %s has no place", table, f.Code)
			}
		}
		if !slices.Equal(got, codes) {
			t.Errorf("%s: %v, want %v", table, got, codes)
		}
	}
	// Text is read as the mapping says.
	w := connectortest.Open(t, "sql")
	run(t, w, d.reader(t, `
tables:
  - table: opportunity
    query: SELECT 'A-1' AS id, 'J' AS won, '31.12.2024' AS closed, '1.234,50 €' AS value, 1735689600 AS opened
    columns:
      won: {to: category, values: {J: won, N: lost}}
      closed: {to: closed_day, style: day/month/year}
      value: {to: amount, style: decimal comma}
      opened: {to: opened_at, style: seconds}
`))
	w.Is(t, map[string]string{"SELECT ext_id || category || closed_day || ' ' || amount || currency || opened_at FROM crm_opportunity": "A-1won20088 12345000EUR1735689600000000"})
}

func TestGapsAreTheTablesWithoutAQuery(t *testing.T) {
	d := database{access: connector.Access{Settings: connector.Settings{Address: "postgresql://crm.example.com"}, Zone: time.UTC}}
	var tables []string
	for _, g := range d.reader(t, own).Gaps() {
		tables = append(tables, g.Table)
	}
	if d := cmp.Diff([]string{"account", "contact", "stage", "lead", "opportunity_change", "activity", "ticket", "sales_document", "login"}, tables); d != "" {
		t.Error(d)
	}
}

func TestAddresses(t *testing.T) {
	for address, allowed := range map[string]string{
		"postgresql://crm.example.com":             "",
		"mariadb://crm.example.com:3307/crm":       "",
		"sqlserver://crm.example.com?tls=verify":   "",
		"postgresql://db.internal?tls=off":         "db.internal",
		"sqlserver://db.internal:1433?tls=encrypt": "db.internal:1433",
		"postgresql:///var/run/postgresql":         "/var/run/postgresql",
	} {
		a := connector.Access{Settings: connector.Settings{Address: address, Mapping: "tables:\n  - table: user\n    query: SELECT 1 AS id\n"}, Zone: time.UTC}
		if allowed != "" {
			if _, err := sqldb.New(a); !connector.Is(err, connector.Address) {
				t.Errorf("%s is not refused: %v", address, err)
			}
			a.HTTP.Allowed = []string{allowed}
		}
		if _, err := sqldb.New(a); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "crm.example.com", "https://crm.example.com", "oracle://crm.example.com", "postgresql://", "postgresql://u:p@crm.example.com", "postgresql://crm.example.com?sslmode=disable",
		"postgresql://crm.example.com?tls=perhaps", "postgresql://crm.example.com/a/b", "sqlserver:///socket", "mariadb://crm.example.com#x", "postgresql://u:secret@%zz"} {
		_, err := sqldb.New(connector.Access{Settings: connector.Settings{Address: address}, HTTP: connector.ClientOptions{Allowed: []string{"crm.example.com", "/socket"}}})
		if !connector.Is(err, connector.Address) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A name of a machine in the own network is refused where the operator has not named it, for every driver.
func TestPrivateHostsNeedTheOperator(t *testing.T) {
	for _, engine := range slices.Sorted(maps.Keys(map[string]bool{"postgresql": true, "mariadb": true, "sqlserver": true})) {
		a := connector.Access{Settings: connector.Settings{Address: engine + "://127.0.0.1:9", User: "u", Mapping: "tables:\n  - table: user\n    query: SELECT 1 AS id\n"}, Zone: time.UTC}
		r, err := sqldb.New(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Open(t.Context()); !connector.Is(err, connector.Address) {
			t.Errorf("%s: %v", engine, err)
		}
		a.HTTP.Allowed = []string{"127.0.0.1"}
		if r, err = sqldb.New(a); err != nil {
			t.Fatal(err)
		}
		if err := r.Open(t.Context()); !connector.Is(err, connector.Unavailable) { // nobody listens there
			t.Errorf("%s: %v", engine, err)
		}
	}
}
