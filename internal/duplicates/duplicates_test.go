package duplicates_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/duplicates"
	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/linkage/linkagetest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMain(m *testing.M) {
	code := m.Run()
	storetest.StopPostgreSQL()
	os.Exit(code)
}

type world struct {
	testing.TB
	*warehouse.Warehouse
	source warehouse.Source
}

func open(t testing.TB, address string) *world {
	t.Helper()
	h, err := warehouse.Open(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	w := &world{TB: t, Warehouse: h}
	w.source, err = h.AddSource(t.Context(), warehouse.Source{Name: "CRM", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	w.ok(err)
	return w
}

// on runs f on SQLite and on PostgreSQL.
func on(t *testing.T, f func(w *world)) {
	t.Run("sqlite", func(t *testing.T) { f(open(t, filepath.Join(t.TempDir(), "crm.db"))) })
	t.Run("postgresql", func(t *testing.T) { f(open(t, storetest.PostgreSQL(t))) })
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// bring imports records of a table; values are by column.
func (w *world) bring(table, file string, records []crm.Record) {
	w.Helper()
	i, err := w.Begin(w.Context(), w.source, table, file, file+fmt.Sprint(time.Now().UnixNano()))
	w.ok(err)
	for k, r := range records {
		w.ok(i.Write(w.Context(), r, int64(k+2), "", nil))
	}
	w.ok(i.Finish(w.Context()))
	if i.Rejected > 0 {
		w.Fatalf("%d rows of %s were not taken", i.Rejected, file)
	}
}

func record(table, id string, values map[string]string) crm.Record {
	t, _ := crm.Find(table)
	r := t.New(id)
	for c, v := range values {
		if v != "" {
			t.Set(&r, c, v)
		}
	}
	return r
}

// german reads a file of linkage's testdata: firms or people of our own making, with the one behind each record in the first
// column. An account of a contact becomes a record of its own.
func (w *world) german(table string) (entities map[string]string) {
	w.Helper()
	f, err := os.Open(filepath.Join("..", "linkage", "testdata", table+"s.csv"))
	w.ok(err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	w.ok(err)
	entities = make(map[string]string)
	accounts := make(map[string]string)
	var records, firms []crm.Record
	for _, row := range rows[1:] {
		entities[row[1]] = row[0]
		values := make(map[string]string)
		for k, c := range rows[0][2:] {
			values[c] = row[k+2]
		}
		if name := values["account"]; table == duplicates.Contacts && name != "" {
			if accounts[name] == "" {
				accounts[name] = fmt.Sprintf("K%02d", len(accounts))
				firms = append(firms, record("account", accounts[name], map[string]string{"name": name}))
			}
			values["account"] = accounts[name]
		}
		records = append(records, record(table, row[1], values))
	}
	w.bring("account", "firms.csv", firms)
	w.bring(table, table+"s.csv", records)
	return entities
}

func (w *world) find(o duplicates.Options) *duplicates.Outcome {
	w.Helper()
	x, err := duplicates.Find(w.Context(), w.Warehouse, w.source, o)
	w.ok(err)
	return x
}

// groups are the identifiers of each group, in order.
func groups(x *duplicates.Outcome) (all [][]string) {
	for k := range x.Groups {
		var ids []string
		for _, m := range x.Group(k).Members {
			ids = append(ids, m.ID)
		}
		slices.Sort(ids)
		all = append(all, ids)
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

// together are the identifiers of the group of one.
func together(x *duplicates.Outcome, id string) []string {
	for _, g := range groups(x) {
		if slices.Contains(g, id) {
			return g
		}
	}
	return nil
}

func TestFind_germanFirmsAndPeopleOutOfTheWarehouse(t *testing.T) {
	on(t, func(w *world) {
		for _, table := range duplicates.Tables() {
			entities := w.german(table)
			members := make(map[string][]string)
			for id, e := range entities {
				members[e] = append(members[e], id)
			}
			var want [][]string
			for _, ids := range members {
				if slices.Sort(ids); len(ids) > 1 {
					want = append(want, ids)
				}
			}
			slices.SortFunc(want, slices.Compare)
			x := w.find(duplicates.Options{Table: table})
			if table == duplicates.Accounts {
				if d := cmp.Diff(want, groups(x)); d != "" {
					t.Errorf("%s (-want +got):\n%s", table, d)
				}
				w.ok(w.RemoveSource(w.Context(), w.source.ID))
				var err error
				w.source, err = w.AddSource(w.Context(), warehouse.Source{Name: "CRM", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
				w.ok(err)
				continue
			}
			if d := cmp.Diff(want, groups(x)); d != "" {
				t.Errorf("%s (-want +got):\n%s", table, d)
			}
		}
	})
}

// What the program says about German spellings, from the file to the sentence.
func TestGroup_saysWhy(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	w.german(duplicates.Accounts)
	sentences := func(table string, lang locale.Lang) map[string]string {
		x := w.find(duplicates.Options{Table: table})
		all := make(map[string]string)
		for k := range x.Groups {
			g := x.Group(k)
			for _, m := range g.Members[1:] {
				if m.Why == nil || m.Why.Probability < .5 || g.Members[0].Why != nil || !g.Members[0].Keep {
					t.Fatalf("%+v", g)
				}
				all[m.ID] = m.Why.Sentence(locale.New(lang))
			}
		}
		return all
	}
	contains := func(all map[string]string, one string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(all[one], p) {
				t.Errorf("%s: %q lacks %q", one, all[one], p)
			}
		}
	}
	got := sentences(duplicates.Accounts, locale.German)
	contains(got, "A02", "Firmenname gleich („Mueller Maschinenbau G.m.b.H.“ und „Müller Maschinenbau GmbH", "Anschrift gleich", "Domain gleich")
	contains(got, "A19", "Firmenname anders geschrieben („Hofmann Logistik Aktiengesellschaft“ und „Hoffmann Logistik AG“)", "USt-IdNr. gleich")
	contains(got, "A44", "Firmenname anders geschrieben („Spedition Krause GmbH“ und „Krause Spedition GmbH“)")
	english := sentences(duplicates.Accounts, locale.English)
	contains(english, "A19", "company name spelt differently", "same VAT ID")

	w.german(duplicates.Contacts)
	got = sentences(duplicates.Contacts, locale.German)
	contains(got, "C38", "Vor- und Nachname vertauscht")
	contains(got, "C27", "Nachname gleich („Weiss“ und „Weiß“)", "Ruf- oder Kurzform desselben Vornamens")
	contains(got, "C25", "Nachname anders geschrieben („Obermeier“ und „Obermaier“)")
	contains(got, "C11", "Vorname abgekürzt")
}

// Every level that a comparison may give has words in both languages.
func TestEveryLevelHasWords(t *testing.T) {
	for _, spec := range []linkage.Spec{linkage.Accounts(), linkage.Contacts()} {
		for _, lang := range locale.Langs() {
			l := locale.New(lang)
			for _, c := range spec.Comparisons {
				for _, level := range c.Levels {
					if key := "duplicates.level." + c.Name + "." + level.Name; !l.Has(key) {
						t.Errorf("%s: no message %s", lang, key)
					}
				}
			}
			for _, table := range duplicates.Tables() {
				for _, f := range duplicates.Columns(table) {
					if key := "duplicates.field." + f; !l.Has(key) {
						t.Errorf("%s: no message %s", lang, key)
					}
				}
			}
		}
	}
}

// The people of an account are found by its domain where their own address is private.
func TestFind_aContactHasItsAccountsNameAndDomain(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	w.bring("account", "a.csv", []crm.Record{
		record("account", "1", map[string]string{"name": "Bayerische Motoren Werke", "domain": "www.bmw.de"}),
		record("account", "2", map[string]string{"name": "BMW Group", "domain": "bmw.de"}),
	})
	w.bring("contact", "c.csv", []crm.Record{
		record("contact", "a", map[string]string{"first_name": "Gudrun", "last_name": "Kettelhack", "email": "gudrun.kettelhack@gmx.de", "account": "1"}),
		record("contact", "b", map[string]string{"first_name": "G.", "last_name": "Kettelhack", "account": "2"}),
		record("contact", "c", map[string]string{"first_name": "Rosa", "last_name": "Quandt", "account": "none"}),
	})
	x := w.find(duplicates.Options{Table: duplicates.Contacts})
	if x.Pairs.Compared != 1 {
		t.Errorf("%d pairs were compared", x.Pairs.Compared)
	}
	if x.Records != 3 {
		t.Errorf("%d records", x.Records)
	}
}

func TestFind_leavesOutWhatIsGone(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	gone := record("account", "3", map[string]string{"name": "Ziegler Optik", "phone": "0941 551177"})
	gone.Deleted = time.Now().UnixMicro()
	merged := record("account", "4", map[string]string{"name": "Ziegler Optik", "phone": "0941 551177"})
	merged.Merged = "1"
	w.bring("account", "a.csv", []crm.Record{
		record("account", "1", map[string]string{"name": "Ziegler Optik GmbH", "phone": "0941 551177"}),
		record("account", "2", map[string]string{"name": "Huber Bau"}), gone, merged,
	})
	if x := w.find(duplicates.Options{Table: duplicates.Accounts}); x.Records != 2 || x.Groups != 0 {
		t.Errorf("%d records, %d groups", x.Records, x.Groups)
	}
}

func TestFind_comparesTheColumnsAskedFor(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	w.german(duplicates.Accounts)
	x := w.find(duplicates.Options{Table: duplicates.Accounts, Columns: []string{"name", "city"}})
	seen := 0
	for k := range x.Groups {
		for _, m := range x.Group(k).Members[1:] {
			for _, e := range m.Why.Evidence {
				seen++
				if e.Comparison != "name" && e.Comparison != "place" {
					t.Errorf("%s was compared by %s", m.ID, e.Comparison)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("nothing was found")
	}
	for _, o := range []duplicates.Options{{Table: "ticket"}, {Table: duplicates.Accounts, Columns: []string{"shoe_size"}}} {
		if _, err := duplicates.Find(t.Context(), w.Warehouse, w.source, o); !errors.Is(err, duplicates.ErrTable) && !errors.Is(err, duplicates.ErrColumn) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// mend writes the CSV of an outcome, lets change fill in the decisions by identifier and writes it again.
func (w *world) mend(x *duplicates.Outcome, l *locale.Locale, comma rune, decision map[string]string) string {
	w.Helper()
	var b bytes.Buffer
	w.ok(x.WriteCSV(&b, l))
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
	r.Comma = comma
	rows, err := r.ReadAll()
	w.ok(err)
	for _, row := range rows[1:] {
		row[3] = decision[row[1]]
	}
	path := filepath.Join(w.TempDir(), "mended.csv")
	f, err := os.Create(path)
	w.ok(err)
	out := csv.NewWriter(f)
	out.Comma = comma
	w.ok(out.WriteAll(rows))
	w.ok(f.Close())
	return path
}

func TestDecide_isRespectedByTheNextRun(t *testing.T) {
	on(t, func(w *world) {
		w.german(duplicates.Accounts)
		o := duplicates.Options{Table: duplicates.Accounts}
		x := w.find(o)
		if d := cmp.Diff([]string{"A01", "A02", "A03", "A04"}, together(x, "A01")); d != "" {
			t.Fatal(d)
		}
		path := w.mend(x, locale.New(locale.German), ';', map[string]string{"A04": "nein", "A02": "Ja", "A16": "n"})
		taken, found, err := duplicates.Decide(w.Context(), w.Warehouse, w.source, o.Table, path)
		w.ok(err)
		if len(found) > 0 || taken.Same != 1 || taken.Different != 2 || taken.Open == 0 || taken.Unknown+taken.Withdrawn != 0 {
			t.Errorf("%+v, %v", taken, found)
		}
		x = w.find(o)
		if d := cmp.Diff([]string{"A01", "A02", "A03"}, together(x, "A01")); d != "" {
			t.Error(d)
		}
		if g := together(x, "A16"); slices.Contains(g, "A15") && slices.Contains(g, "A16") {
			t.Errorf("A15 and A16 are decided to be different: %v", g)
		}
		if d := cmp.Diff(duplicates.Decisions{Same: 1, Different: 2}, x.Decisions); d != "" {
			t.Error(d)
		}
		for k := range x.Review { // nobody is asked again
			pair := x.Doubt(k)
			if pair[0].ID+pair[1].ID == "A01A04" || pair[0].ID+pair[1].ID == "A04A01" {
				t.Error("a decided pair is in doubt")
			}
		}
		// Two that have nothing in common are one because somebody says so, and one decision is withdrawn.
		w.ok(os.WriteFile(path, []byte("ID,Keep,Decision\nA45,A50,yes\nA04,A01,open\nZZ,A01,no\n"), 0o600))
		taken, found, err = duplicates.Decide(w.Context(), w.Warehouse, w.source, o.Table, path)
		w.ok(err)
		if d := cmp.Diff(duplicates.Taken{Same: 1, Withdrawn: 1, Unknown: 1}, taken); d != "" || len(found) != 1 || found[0].Code != "decision_unknown" || found[0].At.Line != 4 {
			t.Errorf("%s %v", d, found)
		}
		x = w.find(o)
		if d := cmp.Diff([]string{"A45", "A50"}, together(x, "A45")); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"A01", "A02", "A03", "A04"}, together(x, "A04")); d != "" {
			t.Error(d)
		}
		for k := range x.Groups {
			for _, m := range x.Group(k).Members {
				if m.ID == "A45" || m.ID == "A50" {
					if m.Why != nil && (!m.Why.Decided || !strings.HasPrefix(m.Why.Sentence(locale.New(locale.German)), "als Dublette bestätigt")) {
						t.Errorf("%+v", m.Why)
					}
				}
			}
		}
		// Decisions outlive the source no longer than its records.
		w.ok(w.RemoveSource(w.Context(), w.source.ID))
		if left, err := w.Decisions(w.Context(), w.source.ID, o.Table); err != nil || len(left) > 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func TestDecide_refusesWithAPlace(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	w.german(duplicates.Accounts)
	path := filepath.Join(t.TempDir(), "mended.csv")
	for text, want := range map[string]string{
		"Kennung;Behalten;Entscheidung\nA01;A02;vielleicht\n":                   "decision_word 2",
		"Kennung;Behalten;Entscheidung\nA01;A01;ja\n":                           "decision_self 2",
		"Kennung;Behalten;Entscheidung\nA02;A01;ja\nA01;A02;nein\n":             "decision_twice 3",
		"Kennung;Behalten;Entscheidung\n1,23457E+17;A01;ja\n":                   "decision_id 2",
		"Kennung;Behalten;Entscheidung\nA02;A01;ja\nA03;A02;ja\nA03;A01;nein\n": "decision_contradiction 4",
		"Kennung;Behalten\nA02;A01\n":                                           "decision_columns 0",
	} {
		w.ok(os.WriteFile(path, []byte(text), 0o600))
		_, found, err := duplicates.Decide(t.Context(), w.Warehouse, w.source, duplicates.Accounts, path)
		if err != nil || len(found) != 1 || fmt.Sprint(found[0].Code, " ", found[0].At.Line) != want {
			t.Errorf("%q: %v, %v; want %s", text, found, err, want)
		}
	}
	if kept, err := w.Decisions(t.Context(), w.source.ID, duplicates.Accounts); err != nil || len(kept) > 0 {
		t.Errorf("%v was kept, %v", kept, err)
	}
	if _, _, err := duplicates.Decide(t.Context(), w.Warehouse, w.source, duplicates.Accounts, path+".none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// The CSV has every group and every pair in doubt, and no spreadsheet runs any of it.
func TestWriteCSV(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	w.german(duplicates.Accounts)
	w.bring("account", "more.csv", []crm.Record{
		record("account", "=1", map[string]string{"name": "=HYPERLINK(Ranft Glas)", "phone": "0941 5511778", "city": "Passau"}),
		record("account", "-2", map[string]string{"name": "Hyperlink Ranft Glas", "phone": "0941 5511778", "city": "Passau"}),
	})
	x := w.find(duplicates.Options{Table: duplicates.Accounts})
	made(w, 1_000)
	y := w.find(duplicates.Options{Table: duplicates.Contacts})
	for lang, comma := range map[locale.Lang]rune{locale.German: ';', locale.English: ','} {
		for _, x := range []*duplicates.Outcome{x, y} {
			var b bytes.Buffer
			w.ok(x.WriteCSV(&b, locale.New(lang)))
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
			r.Comma = comma
			rows, err := r.ReadAll()
			w.ok(err)
			if want := 1 + x.Grouped + 2*x.Review; len(rows) != want || x.Grouped == 0 {
				t.Errorf("%d rows, want %d", len(rows), want)
			}
			for _, row := range rows {
				for _, cell := range row {
					if cell != "" && strings.ContainsRune("=@", rune(cell[0])) {
						t.Errorf("a spreadsheet runs %q", cell)
					}
				}
			}
		}
	}
	if y.Review == 0 {
		t.Error("no pair is in doubt")
	}
	path := w.mend(w.find(duplicates.Options{Table: duplicates.Accounts}), locale.New(locale.German), ';', map[string]string{"'=1": "nein"})
	taken, found, err := duplicates.Decide(t.Context(), w.Warehouse, w.source, duplicates.Accounts, path)
	if kept, _ := w.Decisions(t.Context(), w.source.ID, duplicates.Accounts); err != nil || !slices.ContainsFunc(kept, func(d warehouse.Decision) bool { return d.A == "-2" && d.B == "=1" && !d.Same }) {
		t.Errorf("%+v %v %v %v", taken, found, err, kept)
	}
}

func TestWriteJSON(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	w.german(duplicates.Accounts)
	x := w.find(duplicates.Options{Table: duplicates.Accounts})
	var b bytes.Buffer
	w.ok(x.WriteJSON(&b))
	var got struct {
		duplicates.Summary
		Groups []duplicates.Group     `json:"group_list"`
		Review [][2]duplicates.Member `json:"review_list"`
	}
	w.ok(json.Unmarshal(b.Bytes(), &got))
	if len(got.Groups) != x.Groups || len(got.Review) != x.Review || got.Surplus != x.Surplus || got.Threshold != x.Threshold || x.Groups == 0 {
		t.Errorf("%+v", got)
	}
	for _, g := range got.Groups {
		for _, m := range g.Members[1:] {
			sum := 0.0
			for _, e := range m.Why.Evidence {
				sum += e.Weight
			}
			if math.Abs(sum-m.Why.Weight) > 1e-9 {
				t.Errorf("%s: the evidence sums to %v, the weight is %v", m.ID, sum, m.Why.Weight)
			}
		}
	}
	empty := w.find(duplicates.Options{Table: duplicates.Contacts})
	b.Reset()
	w.ok(empty.WriteJSON(&b))
	if !json.Valid(b.Bytes()) || empty.Records != 0 || math.IsNaN(empty.Share.Value) {
		t.Errorf("%s", b.Bytes())
	}
}

func TestThreshold_isWhatIsAskedFor(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	made(w, 1_500)
	last := math.MaxInt
	for _, p := range []float64{.2, .5, .9, .99} {
		x := w.find(duplicates.Options{Table: duplicates.Contacts, Threshold: p})
		if math.Abs(x.Threshold.Probability-p) > 1e-9 || x.Threshold.Pairs > last {
			t.Errorf("%v: %+v", p, x.Threshold)
		}
		last = x.Threshold.Pairs
		for _, other := range x.Thresholds {
			if math.Abs(other.Probability-p) < 1e-9 && other != x.Threshold && math.Abs(other.Weight-x.Threshold.Weight) > 1e-9 {
				t.Errorf("%+v and %+v", other, x.Threshold)
			}
		}
	}
}

// made brings contacts made up with known duplicates and returns how many are surplus.
func made(w *world, n int) (surplus int) {
	t, _ := crm.Find("account")
	accounts := make(map[string]string)
	entities := make(map[string]bool)
	var firms, people []crm.Record
	for _, r := range linkagetest.Contacts(n, 1) {
		if e := linkagetest.Entity(r.ID); entities[e] {
			surplus++
		} else {
			entities[e] = true
		}
		v := r.Values
		if v[4] != "" && accounts[v[4]] == "" {
			accounts[v[4]] = fmt.Sprint(len(accounts))
			f := t.New(accounts[v[4]])
			t.Set(&f, "name", v[4])
			firms = append(firms, f)
		}
		people = append(people, record("contact", r.ID, map[string]string{"first_name": v[0], "last_name": v[1], "email": v[2], "phone": v[3], "account": accounts[v[4]]}))
	}
	w.bring("account", "firms.csv", firms)
	w.bring("contact", "people.csv", people)
	return surplus
}

func TestShare_holdsTheTruth(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	truth := float64(made(w, 4_000)) / 4_000
	x := w.find(duplicates.Options{Table: duplicates.Contacts})
	t.Logf("surplus %.4f, estimated %.4f from %.4f to %.4f; in groups %.4f", truth, x.Share.Value, x.Share.Low, x.Share.High, float64(x.Surplus)/4_000)
	if !(x.Share.Low <= truth && truth <= x.Share.High) {
		t.Errorf("the share is %v, estimated %+v", truth, x.Share)
	}
}

func TestFind_endsWithItsContext(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "crm.db"))
	made(w, 2_500)
	for _, at := range []duplicates.Stage{duplicates.Reading, duplicates.Comparing} {
		ctx, cancel := context.WithCancel(t.Context())
		seen := make(map[duplicates.Stage]bool)
		_, err := duplicates.Find(ctx, w.Warehouse, w.source, duplicates.Options{Table: duplicates.Contacts, Progress: func(stage duplicates.Stage, done, total int64) {
			if done > total {
				t.Errorf("%s: %d of %d", stage, done, total)
			}
			if seen[stage] = true; stage == at {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || !seen[at] || seen[duplicates.Scoring] || seen[duplicates.Preparing] != (at == duplicates.Comparing) {
			t.Errorf("%v after %v", err, seen)
		}
		cancel()
	}
}

// BenchmarkFind measures the way from the warehouse to the groups and the CSV; what it reports as peak includes the import.
//
//	go test -run '^$' -bench Find/1000000 -benchtime 1x ./internal/duplicates
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := open(b, filepath.Join(b.TempDir(), "crm.db"))
			truth := float64(made(w, n)) / float64(n)
			runtime.GC()
			for b.Loop() {
				x := w.find(duplicates.Options{Table: duplicates.Contacts})
				w.ok(x.WriteCSV(io.Discard, locale.New(locale.German)))
				b.ReportMetric(x.Share.Value/truth, "share-of-truth")
				b.ReportMetric(float64(x.Groups), "groups")
			}
		})
	}
}
