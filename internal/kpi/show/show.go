// Package show writes key figures for people and programs: texts of values, the table of a figure, its chart, CSV and JSON.
// It computes nothing.
package show

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Value is a value of a figure as a reader's language writes it; currency is the source's.
func Value(l *locale.Locale, u kpi.Unit, v float64, currency string) string {
	switch u {
	case kpi.Share:
		return l.Percent(v, 1)
	case kpi.Money:
		return l.Money(v, currency, 0)
	case kpi.Daily:
		return l.Quantity(math.Round(v), currency+"/day")
	case kpi.Days:
		return l.Quantity(round(v), "day")
	case kpi.Minutes:
		return l.Quantity(math.Round(v), "min")
	}
	if v = round(v); v == math.Trunc(v) {
		return l.Number(v, 0)
	}
	return l.Number(v, 1)
}

// round keeps one digit behind the point, and none from 100 on.
func round(v float64) float64 {
	if math.Abs(v) >= 100 {
		return math.Round(v)
	}
	return math.Round(v*10) / 10
}

// Point is a point in words: its value, or why there is none; span is its interval, "" where it has none.
func Point(l *locale.Locale, f kpi.Figure, p kpi.Point, currency string) (value, span string) {
	if p.Value == nil && p.Low == nil {
		return locale.None, ""
	}
	value = locale.None
	if p.Value != nil {
		value = Value(l, f.Unit, *p.Value, currency)
	}
	switch {
	case p.Low != nil && p.High != nil:
		span = l.Range(Value(l, f.Unit, *p.Low, currency), Value(l, f.Unit, *p.High, currency))
	case p.Low != nil:
		span = l.Text("fill.from", diag.Args{"low": Value(l, f.Unit, *p.Low, currency)})
	}
	return value, span
}

// Reason says why a value or its interval is missing, "" where nothing is.
func Reason(l *locale.Locale, p kpi.Point) string {
	if p.Reason == "" {
		return ""
	}
	return l.Text("kpi.reason."+string(p.Reason), nil)
}

// Team is the name of a team.
func Team(l *locale.Locale, name string) string {
	switch name {
	case kpi.All:
		return l.Text("kpi.team.all", nil)
	case kpi.Merged:
		return l.Text("kpi.team.merged", nil)
	}
	return name
}

// Chart is the picture of a figure of one team. goLive is the month of go-live, 0 where nobody has said.
func Chart(l *locale.Locale, s kpi.Series, team int, currency string, goLive int64) chart.KPI {
	f, _ := kpi.Find(s.Figure)
	c := chart.KPI{Name: l.Text("kpi."+s.Figure, nil), GoLive: -1}
	if s.Teams[team] != kpi.All {
		c.Name += ", " + Team(l, s.Teams[team])
	}
	scale := 1.0
	switch f.Unit {
	case kpi.Share:
		c.Unit, scale = "%", 100
	case kpi.Money:
		c.Unit = currency
	case kpi.Daily:
		c.Unit = currency + "/day"
	case kpi.Days:
		c.Unit = "day"
	case kpi.Minutes:
		c.Unit = "min"
	}
	if len(s.Months) > 0 {
		c.Start = crm.MonthText(s.Months[0])
		if goLive > 0 {
			c.GoLive = int(goLive - s.Months[0])
		}
	}
	for _, p := range s.Points[team] {
		number := func(v *float64) float64 {
			if v == nil {
				return math.NaN()
			}
			return *v * scale
		}
		c.Values, c.Low, c.High = append(c.Values, number(p.Value)), append(c.Low, number(p.Low)), append(c.High, number(p.High))
	}
	return c
}

// CSV writes series as one row per figure, team and month, with points as the decimal sign: for programs.
func CSV(w io.Writer, list []kpi.Series, currency string) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"figure", "unit", "team", "month", "value", "low95", "high95", "n", "numerator", "denominator", "reason"}); err != nil {
		return err
	}
	for _, s := range list {
		f, _ := kpi.Find(s.Figure)
		for i, team := range s.Teams {
			for k, m := range s.Months {
				p := s.Points[i][k]
				if err := out.Write([]string{s.Figure, unit(f.Unit, currency), code(team), crm.MonthText(m), optional(p.Value), optional(p.Low), optional(p.High),
					strconv.FormatInt(p.N, 10), plain(p.Numerator), plain(p.Denominator), string(p.Reason)}); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// code names a team for programs. A team's own name may begin with a sign that a spreadsheet takes for a formula.
func code(team string) string {
	switch {
	case team == kpi.All:
		return "all"
	case team == kpi.Merged:
		return "merged"
	case team[0] == '=' || team[0] == '+' || team[0] == '-' || team[0] == '@' || team[0] == '\t' || team[0] == '\r':
		return "'" + team
	}
	return team
}

func unit(u kpi.Unit, currency string) string {
	switch u {
	case kpi.Money:
		return currency
	case kpi.Daily:
		return currency + "/day"
	}
	return string(u)
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return plain(*v)
}

// Series is a figure as JSON.
type Series struct {
	Figure  string   `json:"figure"`
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	Derived bool     `json:"derived,omitempty"` // there are no log-ins; changes stand for them
	Teams   []OfTeam `json:"teams"`
}

// OfTeam is what a team's figure was.
type OfTeam struct {
	Team   string  `json:"team"`
	Points []Entry `json:"points"`
}

// Entry is a month, or the last one where months are taken together.
type Entry struct {
	Month       string   `json:"month"`
	Value       *float64 `json:"value"`
	Low         *float64 `json:"low95"`
	High        *float64 `json:"high95"`
	N           int64    `json:"n"`
	Numerator   float64  `json:"numerator"`
	Denominator float64  `json:"denominator"`
	Reason      string   `json:"reason,omitempty"`
}

// JSON is what programs get.
func JSON(l *locale.Locale, list []kpi.Series, currency string) []Series {
	all := []Series{}
	for _, s := range list {
		f, _ := kpi.Find(s.Figure)
		out := Series{Figure: s.Figure, Name: l.Text("kpi."+s.Figure, nil), Unit: unit(f.Unit, currency), Derived: s.Derived}
		for i, team := range s.Teams {
			t := OfTeam{Team: team}
			switch team {
			case kpi.All:
				t.Team = "all"
			case kpi.Merged:
				t.Team = "merged"
			}
			for k, m := range s.Months {
				p := s.Points[i][k]
				t.Points = append(t.Points, Entry{crm.MonthText(m), p.Value, p.Low, p.High, p.N, p.Numerator, p.Denominator, string(p.Reason)})
			}
			out.Teams = append(out.Teams, t)
		}
		all = append(all, out)
	}
	return all
}
