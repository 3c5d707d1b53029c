package docs_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// after are the last parts of the messages with a prefix, without those that have more parts.
func after(prefix string) (names []string) {
	for _, k := range locale.New(locale.English).Keys() {
		if name, ok := strings.CutPrefix(k, prefix); ok && !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	return names
}

func TestQuality_theMeasuresAndSignsAreThoseOfTheProgram(t *testing.T) {
	sameNames(t, "quality.md", "kinds", named(t, "quality.md", "kinds"), after("quality.kind."))
	sameNames(t, "quality.md", "signs", named(t, "quality.md", "signs"), after("quality.sign."))
}

// crmWithFaults is a CRM in which every field of the audit's JSON has something to say.
func crmWithFaults(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	w, err := warehouse.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	s, err := w.AddSource(t.Context(), warehouse.Source{Name: "CRM", Kind: "file", Timezone: "UTC", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	fill := func(table string, n int, set func(i int, put func(string, any))) {
		tb, _ := crm.Find(table)
		in, err := w.Begin(t.Context(), s, table, "", "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			r := tb.New(fmt.Sprintf("%s%04d", table, i))
			set(i, func(column string, v any) { tb.Set(&r, column, v) })
			if err := in.Write(t.Context(), r, int64(i), "", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := in.Finish(t.Context()); err != nil || in.Rejected > 0 {
			t.Fatal(err, in.Rejected)
		}
	}
	first := crm.DayOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	fill("user", 12, func(i int, put func(string, any)) {
		put("team", []string{"North", "South"}[i%2])
		put("active", int64(1))
	})
	fill("account", 20, func(i int, put func(string, any)) {
		put("name", fmt.Sprint("Firm ", i))
		put("owner", fmt.Sprintf("user%04d", i%12))
	})
	fill("opportunity", 400, func(i int, put func(string, any)) {
		put("account", fmt.Sprintf("account%04d", i%21))
		put("owner", fmt.Sprintf("user%04d", i%12))
		put("category", []string{crm.Open, crm.Won, crm.Lost}[i%3])
		put("opened_day", first+int64(i*360/400))
		if i%3 > 0 {
			put("closed_day", first+int64(i*360/400)+5)
			put("amount", int64(i)*1_000_000)
		}
	})
	return path
}

func TestQuality_everyFieldOfTheJSONIsOnThePageAndNoOther(t *testing.T) {
	path := crmWithFaults(t)
	found := map[string]bool{}
	for _, more := range []string{"", " --case case.yaml --draws 256"} {
		args := strings.Fields("quality --json --lang en --data " + path + more)
		var tree any
		if printed := program(t, args, studyCase); json.Unmarshal([]byte(printed), &tree) != nil {
			t.Fatal(printed)
		}
		paths("", tree, found)
	}
	var page []string
	for _, r := range rows(t, "quality.md", "json: quality") {
		for _, m := range backtick.FindAllStringSubmatch(cells(r)[0], -1) {
			page = append(page, m[1])
		}
	}
	used := map[string]bool{}
	for path := range found {
		i := slices.IndexFunc(page, func(p string) bool {
			stem, wild := strings.CutSuffix(p, ".*")
			return p == path || wild && strings.HasPrefix(path, stem+".")
		})
		if i < 0 {
			// An empty list, such as the teams of a factor that has none, has the path of the list itself.
			if !slices.ContainsFunc(page, func(p string) bool { return strings.HasPrefix(p, path+"[]") }) {
				t.Errorf("quality.md does not tell of %s", path)
			}
			continue
		}
		used[page[i]] = true
	}
	for _, p := range page {
		if !used[p] {
			t.Errorf("quality.md tells of %s, which does not appear", p)
		}
	}
}
