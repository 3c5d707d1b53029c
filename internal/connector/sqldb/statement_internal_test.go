package sqldb

import (
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/ingest"
)

// of is the code that a query is refused with, empty where it is taken.
func of(e *engine, query string) string {
	if _, found := e.lexis.parse(ingest.Query{Text: query}); len(found) > 0 {
		return found[0].Code
	}
	return ""
}

func TestParse_takesOneStatementThatReads(t *testing.T) {
	p, m, s := postgreSQL, mariaDB, sqlServer
	for _, c := range []struct {
		name    string
		query   string
		engines []*engine
		code    string
	}{
		{"plain", "SELECT id FROM a", []*engine{p, m, s}, ""},
		{"with", "with x as (select 1) select * from x;", []*engine{p, m, s}, ""},
		{"brackets and space", "\n  ( SELECT 1 ) UNION (SELECT 2) ; -- done\n", []*engine{p, m, s}, ""},
		{"a comment before", "/* what */ -- it is\n SELECT 1", []*engine{p, m, s}, ""},
		{"a semicolon in a text", "SELECT ';DELETE' AS \"name\" FROM a", []*engine{p, m, s}, ""},
		{"a quote in a text", "SELECT 'it''s; DELETE' FROM a", []*engine{p, m, s}, ""},
		{"nothing", "", []*engine{p, m, s}, "query_kind"},
		{"a comment alone", "-- SELECT 1", []*engine{p, m, s}, "query_kind"},
		{"an update", "UPDATE a SET b = 1", []*engine{p, m, s}, "query_kind"},
		{"explain", "EXPLAIN VERBOSE DELETE FROM a", []*engine{p, m, s}, "query_kind"},
		{"a semicolon first", "; SELECT 1", []*engine{p, m, s}, "query_kind"},
		{"two", "SELECT 1; DELETE FROM a", []*engine{p, m, s}, "query_several"},
		{"two that read", "SELECT 1;SELECT 2;", []*engine{p, m, s}, "query_several"},
		{"an empty second", "SELECT 1;;", []*engine{p, m, s}, "query_several"},
		{"writing in with", "WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x", []*engine{p, m, s}, "query_word"},
		{"into a table", "SELECT * INTO b FROM a", []*engine{p, m, s}, "query_word"},
		{"into a file", "SELECT * FROM a INTO OUTFILE '/tmp/x'", []*engine{m}, "query_word"},
		{"locks", "SELECT * FROM a FOR UPDATE", []*engine{p, m, s}, "query_word"},
		{"small letters", "select 1 from a where 1 = (delete from b)", []*engine{p, m, s}, "query_word"},
		{"a word as a name", `SELECT t.update, "delete" FROM t`, []*engine{p}, ""},
		{"a word as a name", "SELECT t.update, `delete` FROM t", []*engine{m}, ""},
		{"a word as a name", "SELECT t.[update], [a]]; DELETE] FROM t", []*engine{s}, ""},
		{"a word behind a dot", "SELECT 1 a.DELETE FROM t", []*engine{s}, "query_word"},
		{"a column that only sounds so", "SELECT updated, insert_date, deleted_at FROM t", []*engine{p, m, s}, ""},
		{"no semicolon needed", "SELECT 1 DELETE FROM a", []*engine{s}, "query_word"},
		{"nor a space", "SELECT 1DELETE FROM a", []*engine{s}, "query_word"},
		{"behind a point", "SELECT 1.DELETE FROM a", []*engine{s}, "query_word"},
		{"behind an exponent", "SELECT 1eDELETE FROM a", []*engine{s}, "query_word"},
		{"behind a text", "SELECT 'a'EXEC('x')", []*engine{s}, "query_word"},
		{"behind a name", "SELECT [a]EXEC('x')", []*engine{s}, "query_word"},
		{"a procedure", "SELECT 1 EXEC sp_configure", []*engine{s}, "query_word"},
		{"another server", "SELECT * FROM OPENROWSET('x', 'y', 'DELETE')", []*engine{s}, "query_word"},
		{"committing", "SELECT 1 COMMIT", []*engine{s}, "query_word"},
		{"a sequence", "SELECT NEXT VALUE FOR c", []*engine{m, s}, "query_word"},
		{"paging", "SELECT id FROM a ORDER BY id OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY", []*engine{p, s}, ""},
		{"a name in brackets that ends in two", "SELECT [a]] DELETE] FROM t", []*engine{s}, ""},
		{"an array is no name", "SELECT a[1] DELETE FROM t", []*engine{p}, "query_word"},
		{"a text with a tag", "SELECT $x$ ; DELETE $$ $x$, $$;$$", []*engine{p}, ""},
		{"behind a text with a tag", "SELECT $x$ $y$ $x$ ; DELETE FROM a", []*engine{p}, "query_several"},
		{"a backslash escapes", `SELECT 'a\'; DELETE FROM a; --'`, []*engine{m}, ""},
		{"a backslash escapes nothing", `SELECT 'a\'; DELETE FROM a; --'`, []*engine{p, s}, "query_several"},
		{"a backslash escapes after E", `SELECT E'a\'; DELETE FROM a; --'`, []*engine{p}, ""},
		{"the E of a name escapes nothing", `SELECT te'a\'; DELETE FROM a; --'`, []*engine{p}, "query_several"},
		{"quotes are a text", `SELECT "a\"; DELETE"`, []*engine{m}, ""},
		{"nested comments", "SELECT 1 /* /* */ ; DELETE FROM a */", []*engine{p, s}, ""},
		{"comments that do not nest", "SELECT 1 /* /* */ ; DELETE FROM a */", []*engine{m}, "query_several"},
		{"a comment that is run", "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */", []*engine{m}, "query_comment"},
		{"a comment that MariaDB runs", "SELECT 1 /*M!100000 ; */", []*engine{m}, "query_comment"},
		{"a hash", "SELECT 1 # ; DELETE", []*engine{m}, ""},
		{"a hash is an operator", "SELECT 1 # 2 ; DELETE", []*engine{p}, "query_several"},
		{"minus minus", "SELECT 5--3", []*engine{m}, ""},
		{"a carriage return ends a comment for some", "SELECT 1 --\rDELETE FROM a", []*engine{p, m, s}, "query_character"},
		{"nil", "SELECT 1\x00", []*engine{p, m, s}, "query_character"},
		{"an open text", "SELECT 'a", []*engine{p, m, s}, "query_open"},
		{"an open comment", "SELECT 1 /* a", []*engine{p, m, s}, "query_open"},
		{"an open name", "SELECT [a", []*engine{s}, "query_open"},
		{"an open text with a tag", "SELECT $x$ a $y$", []*engine{p}, "query_open"},
		{"another parameter", "SELECT 1 WHERE a > :until", []*engine{p, m, s}, "query_parameter"},
		{"a question mark", "SELECT 1 WHERE a > ?", []*engine{m}, "query_parameter"},
		{"a question mark is an operator", "SELECT a ? 'x' FROM t", []*engine{p}, ""},
		{"a numbered parameter", "SELECT 1 WHERE a > $1", []*engine{p}, "query_parameter"},
		{"a cast", "SELECT a::text FROM t", []*engine{p}, ""},
		{"Unicode", "SELECT größe AS \"größe\", 'ß; DELETE' FROM überblick", []*engine{p, m, s}, ""},
	} {
		for _, e := range c.engines {
			if got := of(e, c.query); got != c.code {
				t.Errorf("%s (%s): %s: %q, want %q", c.name, e.port, c.query, got, c.code)
			}
		}
	}
}

func TestParse_bindsTheMoment(t *testing.T) {
	const query = "SELECT ':since', \"a:since\" -- :since\nFROM t WHERE a::date > :since OR b > (:since);  "
	for e, want := range map[*engine]string{
		postgreSQL: "SELECT ':since', \"a:since\" -- :since\nFROM t WHERE a::date > $1 OR b > ($2)",
		mariaDB:    "SELECT ':since', \"a:since\" -- :since\nFROM t WHERE a::date > ? OR b > (?)",
		sqlServer:  "SELECT ':since', \"a:since\" -- :since\nFROM t WHERE a::date > @since OR b > (@since)",
	} {
		s, found := e.lexis.parse(ingest.Query{Text: query})
		if len(found) > 0 || s.bound(e.placeholder) != want {
			t.Errorf("%v %q", found, s.bound(e.placeholder))
		}
	}
}

// FuzzParse: whatever is typed, the scanner ends, and what it takes begins as it must and has no second statement.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"SELECT 1", "WITH a AS (SELECT $x$;$x$) SELECT 'a''b', \"c\", [d], `e` FROM t -- :since\n WHERE x > :since;", "SELECT 1e", "SELECT '\\", "/*", "SELECT E'\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, e := range []*engine{postgreSQL, mariaDB, sqlServer} {
			s, found := e.lexis.parse(ingest.Query{Text: query})
			if len(found) > 0 {
				continue
			}
			if !strings.ContainsAny(query, "'\"`[$/-#") { // nothing can be hidden: plain words tell
				words := strings.FieldsFunc(strings.ToUpper(query), func(r rune) bool { return !wordRune(r) && r != '$' && r != '.' })
				for _, w := range e.lexis.words {
					if slices.Contains(words, w) {
						t.Errorf("%q has %s", query, w)
					}
				}
				if strings.Contains(strings.TrimSuffix(strings.TrimSpace(query), ";"), ";") {
					t.Errorf("%q is several", query)
				}
			}
			s.bound(e.placeholder)
		}
	})
}
