package tabular_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/tabular"
)

var (
	dmy = tabular.Style{Type: tabular.Day, Order: tabular.DayMonthYear}
	mdy = tabular.Style{Type: tabular.Day, Order: tabular.MonthDayYear}
	iso = tabular.Style{Type: tabular.Day, Order: tabular.YearMonthDay}
)

func TestDaysInEveryStyle(t *testing.T) {
	for _, tt := range []struct {
		text  string
		style tabular.Style
		want  string
		err   string
	}{
		{"2024-12-31", iso, "2024-12-31", ""},
		{"2024/12/31", iso, "2024-12-31", ""},
		{"31.12.2024", dmy, "2024-12-31", ""},
		{"1.2.2024", dmy, "2024-02-01", ""},
		{"31. 12. 2024", dmy, "2024-12-31", ""},
		{"03/04/2024", dmy, "2024-04-03", ""},
		{"03/04/2024", mdy, "2024-03-04", ""},
		{"03-04-2024", dmy, "2024-04-03", ""},
		{"3/4/24", mdy, "2024-03-04", ""},
		{"31.12.68", dmy, "2068-12-31", ""},
		{"31.12.69", dmy, "1969-12-31", ""},
		{"20241231", iso, "2024-12-31", ""},
		{"29.02.2024", dmy, "2024-02-29", ""},
		{"03.04.2024", mdy, "2024-04-03", ""}, // points are always day, month, year
		{"2024-12-31", mdy, "2024-12-31", ""},
		{"2024-12-31T14:05:00", iso, "2024-12-31", ""},
		{"45657", tabular.Style{Type: tabular.ExcelSerial}, "2024-12-31", ""},
		{"45657,586805556", tabular.Style{Type: tabular.ExcelSerial}, "2024-12-31", ""},
		{"1", tabular.Style{Type: tabular.ExcelSerial}, "1900-01-01", ""},
		{"59", tabular.Style{Type: tabular.ExcelSerial}, "1900-02-28", ""},
		{"61", tabular.Style{Type: tabular.ExcelSerial}, "1900-03-01", ""},
		{"60", tabular.Style{Type: tabular.ExcelSerial}, "", "table_cell_date"}, // 29 February 1900 never was
		{"45657", tabular.Style{Type: tabular.Day, Serials: true}, "2024-12-31", ""},
		{"45657", dmy, "", "table_cell_date"},
		{"31/12/2024", mdy, "", "table_cell_date"},
		{"12/31/2024", dmy, "", "table_cell_date"},
		{"29.02.2023", dmy, "", "table_cell_date"},
		{"00.00.0000", dmy, "", "table_cell_date"},
		{"2024-13-01", iso, "", "table_cell_date"},
		{"2024-12-31x", iso, "", "table_cell_date"},
		{"31.12/2024", dmy, "", "table_cell_date"},
		{"03/04/2024", iso, "", "table_cell_date_order"},
		{"2024-12-31T14:05:00Z", iso, "", "table_cell_zone"},
		{"gestern", dmy, "", "table_cell_date"},
	} {
		got, err := tabular.ParseDay(text(tt.text), tt.style, nil)
		if code(err) != tt.err || err == nil && got.String() != tt.want {
			t.Errorf("%q as %v: %v, %v", tt.text, tt.style.Order, got, err)
		}
	}
	if _, err := tabular.ParseDay(text(" "), dmy, nil); !errors.Is(err, tabular.ErrMissing) {
		t.Error(err)
	}
	// Half an hour after midnight in Berlin it is still last year in UTC.
	if d, err := tabular.ParseDay(text("2024-12-31T23:30:00Z"), iso, berlin(t)); d.String() != "2025-01-01" || err != nil {
		t.Error(d, err)
	}
}

func TestMoments(t *testing.T) {
	us := tabular.Style{Type: tabular.Instant, Order: tabular.MonthDayYear}
	de := tabular.Style{Type: tabular.Instant, Order: tabular.DayMonthYear}
	for _, tt := range []struct {
		text  string
		style tabular.Style
		want  string
		doubt tabular.Doubt
		err   string
	}{
		{"31.12.2024, 14:05", de, "2024-12-31T13:05:00Z", tabular.Certain, ""},
		{"31.12.2024 14:05 Uhr", de, "2024-12-31T13:05:00Z", tabular.Certain, ""},
		{"31.12.2024 14.05", de, "2024-12-31T13:05:00Z", tabular.Certain, ""},
		{"7/4/2024 2:05 PM", us, "2024-07-04T12:05:00Z", tabular.Certain, ""},
		{"7/4/2024, 12:05:09\u202fAM", us, "2024-07-03T22:05:09Z", tabular.Certain, ""},
		{"2024-07-04 14:05:09.250", iso, "2024-07-04T12:05:09.25Z", tabular.Certain, ""},
		{"2024-07-04T14:05:09Z", iso, "2024-07-04T14:05:09Z", tabular.Certain, ""},
		{"2024-07-04T14:05:09.000+0000", iso, "2024-07-04T14:05:09Z", tabular.Certain, ""}, // as Salesforce's API writes
		{"2024-07-04T14:05:09+05:30", iso, "2024-07-04T08:35:09Z", tabular.Certain, ""},
		{"2024-07-04 14:05 UTC", iso, "2024-07-04T14:05:00Z", tabular.Certain, ""},
		{"04.07.2024 14:05 MESZ", de, "2024-07-04T12:05:00Z", tabular.Certain, ""},
		{"2024-07-04T24:00:00", iso, "2024-07-04T22:00:00Z", tabular.Certain, ""},
		{"31.03.2024 01:59:59", de, "2024-03-31T00:59:59Z", tabular.Certain, ""},
		{"31.03.2024 02:30", de, "2024-03-31T01:30:00Z", tabular.Never, ""},
		{"31.03.2024 03:00", de, "2024-03-31T01:00:00Z", tabular.Certain, ""},
		{"27.10.2024 01:59", de, "2024-10-26T23:59:00Z", tabular.Certain, ""},
		{"27.10.2024 02:30", de, "2024-10-27T00:30:00Z", tabular.Twice, ""},
		{"27.10.2024 03:00", de, "2024-10-27T02:00:00Z", tabular.Certain, ""},
		{"1735653900", tabular.Style{Type: tabular.EpochSeconds}, "2024-12-31T14:05:00Z", tabular.Certain, ""},
		{"1735653900123", tabular.Style{Type: tabular.EpochMillis}, "2024-12-31T14:05:00.123Z", tabular.Certain, ""},
		{"45657.586805556", tabular.Style{Type: tabular.ExcelSerial}, "2024-12-31T13:05:00Z", tabular.Certain, ""},
		{"31.12.2024", de, "", 0, "table_cell_no_time"},
		{"31.12.2024 25:00", de, "", 0, "table_cell_date"},
		{"31.12.2024 13:05 PM", de, "", 0, "table_cell_date"},
		{"31.12.2024 14:05 EST", de, "", 0, "table_cell_date"}, // of America, of Australia?
	} {
		m, err := tabular.ParseInstant(text(tt.text), tt.style, berlin(t))
		if code(err) != tt.err || err == nil && (m.At.Format(time.RFC3339Nano) != tt.want || m.Doubt != tt.doubt) {
			t.Errorf("%q: %v, %v", tt.text, m, err)
		}
		if note := m.Note(text(tt.text), berlin(t)); (note != nil) != (tt.doubt != tabular.Certain) {
			t.Errorf("%q: %v", tt.text, note)
		}
	}
	if _, err := tabular.ParseInstant(text("2024-07-04 14:05"), iso, nil); code(err) != "table_cell_zone" {
		t.Error(err)
	}
}

// Every day and time is read in every style as the time package writes it.
func TestDatesInEveryStyle(t *testing.T) {
	layouts := []struct {
		layout string
		style  tabular.Style
	}{
		{"2006-01-02", iso}, {"2006/1/2", iso}, {"02.01.2006", dmy}, {"2.1.2006", dmy}, {"02/01/2006", dmy}, {"2/1/06", dmy}, {"02-01-2006", dmy},
		{"01/02/2006", mdy}, {"1/2/06", mdy}, {"1-2-2006", mdy}, {"20060102", iso},
	}
	clocks := []string{" 15:04:05", ", 15:04:05", "T15:04:05", " 3:04:05 PM", "T15:04:05Z07:00", " 15:04:05 -0700"}
	zones := []*time.Location{time.UTC, berlin(t)}
	for _, name := range []string{"America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, loc)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 3_000_000_000).Draw(t, "at"), 0) // 1970 to 2065
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		l := rapid.SampledFrom(layouts).Draw(t, "layout")
		local := at.In(loc)
		day, err := tabular.ParseDay(text(local.Format(l.layout)), l.style, nil)
		if err != nil || day.String() != local.Format(time.DateOnly) {
			t.Fatalf("%s: %v, %v", local.Format(l.layout), day, err)
		}
		if l.layout == "20060102" {
			return
		}
		clock := rapid.SampledFrom(clocks).Draw(t, "clock")
		written := local.Format(l.layout + clock)
		m, err := tabular.ParseInstant(text(written), l.style, loc)
		if err != nil || m.Doubt == tabular.Never {
			t.Fatalf("%s: %v, %v", written, m, err)
		}
		if back := m.At.In(loc).Format(l.layout + clock); m.Doubt == tabular.Certain && !m.At.Equal(at) || m.Doubt == tabular.Twice && back != written {
			t.Fatalf("%s: %v, was %v", written, m, at)
		}
	})
}
