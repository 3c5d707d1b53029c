package show_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/kpi/show"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestValue_isWrittenAsTheLanguageDoes(t *testing.T) {
	for _, c := range []struct {
		unit   kpi.Unit
		value  float64
		de, en string
	}{
		{kpi.Share, 0.3306, "33,1\u00a0%", "33.1%"},
		{kpi.Number, 12545, "12.545", "12,545"},
		{kpi.Number, 15.44, "15,4", "15.4"},
		{kpi.Money, 26239.4, "26.239\u00a0€", "€26,239"},
		{kpi.Days, 46.5, "46,5\u00a0Tage", "46.5\u00a0days"},
		{kpi.Minutes, 90.2, "90\u00a0min", "90\u00a0min"},
	} {
		if de, en := show.Value(locale.New(locale.German), c.unit, c.value, "EUR"), show.Value(locale.New(locale.English), c.unit, c.value, "EUR"); de != c.de || en != c.en {
			t.Errorf("%v %s: %q and %q, want %q and %q", c.value, c.unit, de, en, c.de, c.en)
		}
	}
}

func series() kpi.Series {
	value, low, high := 0.25, 0.125, 0.5
	return kpi.Series{Figure: "win_rate", Months: []int64{24_300, 24_301}, Teams: []string{kpi.All, "=1+1", kpi.Merged}, Points: [][]kpi.Point{
		{{Value: &value, Low: &low, High: &high, N: 8, Numerator: 2, Denominator: 8}, {N: 3, Reason: kpi.Few}},
		{{Reason: kpi.None}, {Low: &low, Reason: kpi.Waiting, N: 9}}, {{Reason: kpi.None}, {Reason: kpi.None}},
	}}
}

// A team may be called what a spreadsheet takes for a formula.
func TestCSV_hasARowPerTeamAndMonth(t *testing.T) {
	var b bytes.Buffer
	if err := show.CSV(&b, []kpi.Series{series()}, "EUR"); err != nil {
		t.Fatal(err)
	}
	want := `figure,unit,team,month,value,low95,high95,n,numerator,denominator,reason
win_rate,share,all,2025-01,0.25,0.125,0.5,8,2,8,
win_rate,share,all,2025-02,,,,3,0,0,few
win_rate,share,'=1+1,2025-01,,,,0,0,0,none
win_rate,share,'=1+1,2025-02,,0.125,,9,0,0,waiting
win_rate,share,merged,2025-01,,,,0,0,0,none
win_rate,share,merged,2025-02,,,,0,0,0,none
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

func TestPoint_saysWhatIsKnown(t *testing.T) {
	l := locale.New(locale.English)
	f, _ := kpi.Find("win_rate")
	s := series()
	for k, want := range [][2]string{{"25.0%", "12.5% to 50.0%"}, {"–", ""}} {
		if value, span := show.Point(l, f, s.Points[0][k], "EUR"); value != want[0] || span != want[1] {
			t.Errorf("%q, %q; want %q", value, span, want)
		}
	}
	if _, span := show.Point(l, f, s.Points[1][1], "EUR"); span != "from 12.5%" {
		t.Errorf("%q", span)
	}
	if got := show.Reason(l, s.Points[0][1]); got != "Too few records" {
		t.Errorf("%q", got)
	}
}

func TestChart_isInTheUnitOfPeople(t *testing.T) {
	c := show.Chart(locale.New(locale.English), series(), 0, "EUR", crm.MonthOf(crm.DayTime(20_150)))
	if c.Unit != "%" || c.Start != "2025-01" || c.GoLive != 2 || c.Values[0] != 25 || !math.IsNaN(c.Values[1]) || c.Low[0] != 12.5 || c.High[0] != 50 {
		t.Errorf("%+v", c)
	}
}
