package crm_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/crm"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestTables_referToOneAnotherAndToThemselves(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z_]*$`)
	for _, table := range crm.Tables() {
		var names []string
		for i, c := range table.Columns {
			if !name.MatchString(c.Name) || slices.Contains(names, c.Name) {
				t.Errorf("%s.%s: name", table.Name, c.Name)
			}
			names = append(names, c.Name)
			if _, ok := crm.Find(c.Table); (c.Kind == crm.Ref) != ok {
				t.Errorf("%s.%s refers to %q", table.Name, c.Name, c.Table)
			}
			if (c.Kind == crm.Choice) != (len(c.Choices) > 0) {
				t.Errorf("%s.%s: choices", table.Name, c.Name)
			}
			if c.From != "" && (table.Index(c.From) < 0 || table.Index(c.From) > i) {
				t.Errorf("%s.%s is derived from %s, which must stand before it", table.Name, c.Name, c.From)
			}
			if c.Kind == crm.Month && c.From == "" {
				t.Errorf("%s.%s is derived from nothing", table.Name, c.Name)
			}
		}
		for _, k := range table.Key {
			if table.Index(k) < 0 {
				t.Errorf("%s has the key %s, which it lacks", table.Name, k)
			}
		}
	}
}

// A deal closed half an hour after midnight in Berlin was closed in the old year in UTC; the business day counts.
func TestComplete_takesDaysFromTheZoneOfTheBusiness(t *testing.T) {
	table, _ := crm.Find("opportunity")
	r := table.New("1")
	table.Set(&r, "category", crm.Won)
	table.Set(&r, "closed_at", time.Date(2024, 12, 31, 23, 30, 0, 0, time.UTC).UnixMicro())
	if found := table.Complete(&r, berlin(t)); len(found) > 0 {
		t.Fatal(found)
	}
	if day, month := table.Get(&r, "closed_day").(int64), table.Get(&r, "closed_month").(int64); crm.DayTime(day).Format(time.DateOnly) != "2025-01-01" || crm.MonthText(month) != "2025-01" {
		t.Errorf("closed on %s in %s", crm.DayTime(day).Format(time.DateOnly), crm.MonthText(month))
	}
	// An instant is never made of a day, and a day that was delivered stays.
	r = table.New("2")
	table.Set(&r, "category", crm.Won)
	table.Set(&r, "closed_day", crm.DayOf(time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)))
	table.Complete(&r, berlin(t))
	if table.Get(&r, "closed_at") != nil || crm.MonthText(table.Get(&r, "closed_month").(int64)) != "2024-12" {
		t.Errorf("closed at %v in %v", table.Get(&r, "closed_at"), table.Get(&r, "closed_month"))
	}
}

func TestComplete_saysWhatIsWrong(t *testing.T) {
	table, _ := crm.Find("opportunity")
	for name, c := range map[string]struct {
		column string
		value  any
		want   []crm.Problem
	}{
		"right":                 {"amount", int64(5), nil},
		"an unknown choice":     {"type", "neu", []crm.Problem{{Column: "type", Code: "choice", Value: "neu"}}},
		"money as text":         {"amount", "12,50", []crm.Problem{{Column: "amount", Code: "kind", Value: "12,50"}}},
		"too much money":        {"amount", int64(2e16), []crm.Problem{{Column: "amount", Code: "range", Value: "20000000000000000"}}},
		"a day in no century":   {"closed_day", int64(400_000), []crm.Problem{{Column: "closed_day", Code: "range", Value: "400000"}}},
		"more than certain":     {"probability", 60.0, []crm.Problem{{Column: "probability", Code: "range", Value: "60"}}},
		"no currency":           {"currency", "Euro", []crm.Problem{{Column: "currency", Code: "choice", Value: "Euro"}}},
		"empty where needed":    {"category", "", []crm.Problem{{Column: "category", Code: "choice", Value: ""}}},
		"missing where needed":  {"category", nil, []crm.Problem{{Column: "category", Code: "needed"}}},
		"an empty text is fine": {"lost_reason", "", nil},
	} {
		r := table.New("1")
		table.Set(&r, "category", crm.Open)
		table.Set(&r, c.column, c.value)
		if d := cmp.Diff(c.want, table.Complete(&r, time.UTC)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestComplete_makesAKeyWhereTheSourceHasNone(t *testing.T) {
	table, _ := crm.Find("login")
	r := table.New("")
	table.Set(&r, "person", "7")
	table.Set(&r, "logged_day", int64(20_000))
	if found := table.Complete(&r, time.UTC); len(found) > 0 || r.ID != "7||20000|" {
		t.Errorf("%q, %v", r.ID, found)
	}
	account, _ := crm.Find("account")
	r = account.New("")
	account.Set(&r, "name", "Muster AG")
	if d := cmp.Diff([]crm.Problem{{Column: "id", Code: "needed"}}, account.Complete(&r, time.UTC)); d != "" {
		t.Error(d)
	}
}

func TestHash_differsWhereRecordsDo(t *testing.T) {
	table, _ := crm.Find("contact")
	one := table.New("1")
	table.Set(&one, "first_name", "ab")
	table.Set(&one, "last_name", "c")
	for name, change := range map[string]func(*crm.Record){
		"the texts run together": func(r *crm.Record) { table.Set(r, "first_name", "a"); table.Set(r, "last_name", "bc") },
		"empty is not missing":   func(r *crm.Record) { table.Set(r, "email", "") },
		"deleted":                func(r *crm.Record) { r.Deleted = 1 },
		"merged":                 func(r *crm.Record) { r.Merged = "2" },
		"another identifier":     func(r *crm.Record) { r.ID = "2" },
	} {
		other := table.New("1")
		table.Set(&other, "first_name", "ab")
		table.Set(&other, "last_name", "c")
		if other.Hash() != one.Hash() {
			t.Fatal("equal records differ")
		}
		change(&other)
		if other.Hash() == one.Hash() {
			t.Errorf("%s: the hash is the same", name)
		}
	}
}

func TestDaysAndMonthsGoBackAndForth(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		day := rapid.Int64Range(-25_000, 84_000).Draw(r, "day")
		at := crm.DayTime(day)
		if crm.DayOf(at) != day || crm.MonthText(crm.MonthOf(at)) != at.Format("2006-01") {
			r.Fatalf("day %d is %s", day, at)
		}
	})
}

func TestFormatMoney(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "0.0001", -1: "-0.0001", 48_000_000: "4800", 48_005_000: "4800.5", -12_345: "-1.2345", -9223372036854775808: "-922337203685477.5808"} {
		if got := crm.FormatMoney(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
