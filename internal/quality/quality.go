// Package quality audits the records of a CRM: measures of ISO/IEC 25024:2015 by table, field and team, signs of invented
// data, a score per factor with an interval and its course over the months, and the records to mend. Start with Run. Rules
// say what is asked; docs/quality.md has every measure, formula and source. InCase puts the result into a case.
//
// No figure is of a person: teams under kpi.Fewest are merged, and the list of records names no owner.
package quality

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/rendite-crm/rendite/internal/kpi"
)

// Factor is a characteristic of ISO/IEC 25012, and uniqueness, which that standard leaves to consistency.
type Factor string

// The factors.
const (
	Completeness Factor = "completeness"
	Accuracy     Factor = "accuracy"
	Consistency  Factor = "consistency"
	Currentness  Factor = "currentness"
	Uniqueness   Factor = "uniqueness"
	// Credibility is a proxy, from the signs alone.
	Credibility Factor = "credibility"
)

var factors = []Factor{Completeness, Accuracy, Consistency, Currentness, Uniqueness, Credibility}

// Factors are all of them, in the order in which they are shown.
func Factors() []Factor { return append([]Factor(nil), factors...) }

// measured are those that checks of records make up.
const measured = 5

// audited are the tables whose records are checked, in the order of the list of records to mend.
var audited = []string{"account", "contact", "lead", "opportunity_change", "activity", "opportunity", "ticket", "sales_document"}

// Reasons why a measure or a sign says nothing. The message is quality.reason.REASON.
const (
	// NotDelivered: the source delivers no value of the field, or no record of the table referred to.
	NotDelivered = "not_delivered"
	// None: no record is of the kind that is checked.
	None = "none"
	// Few: too few records for the test.
	Few = "few"
	// Narrow: the figures do not span enough orders of magnitude.
	Narrow = "narrow"
	// DaysOnly: instants are delivered as days, or full hours.
	DaysOnly = "days_only"
	// Today: the factor is measured as of one day, so it has no course.
	Today = "today"
	// SignsOnly: the factor is of the signs alone, which are not told by team and month.
	SignsOnly = "signs_only"
)

// Interval is a share with its interval of 95 %.
type Interval struct {
	Score float64 `json:"score"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Measure is one rule with what came of it: X = 1 − Wrong ÷ Checked.
type Measure struct {
	ID     string `json:"id"`
	Factor Factor `json:"factor"`
	// ISO is the measure's identifier in ISO/IEC 25024.
	ISO   string `json:"iso"`
	Table string `json:"table"`
	Field string `json:"field"`
	// Group is of which records the field is asked, empty for all.
	Group string `json:"group,omitempty"`
	// Kind says what is wrong with a record: the message is quality.kind.KIND.
	Kind    string `json:"kind"`
	Checked int64  `json:"checked"`
	Wrong   int64  `json:"wrong"`
	// Interval is nil where nothing was checked; Reason then says why.
	*Interval `json:",omitempty"`
	Reason    string `json:"reason,omitempty"`
	// Lacks are the columns that the source does not deliver; TABLE.* is a table of which it delivers no record.
	Lacks []string `json:"lacks,omitempty"`
	// Teams are those with at least kpi.Fewest records checked.
	Teams []TeamCount `json:"teams"`
}

// TeamCount is a measure of a team.
type TeamCount struct {
	Team    string `json:"team"`
	Checked int64  `json:"checked"`
	Wrong   int64  `json:"wrong"`
	Interval
}

// Score is a factor, of all records and by team.
type Score struct {
	Factor Factor  `json:"factor"`
	Weight float64 `json:"weight"`
	// Records have at least one check of the factor.
	Records int64 `json:"records"`
	Checked int64 `json:"checked"`
	Wrong   int64 `json:"wrong"`
	// Interval is nil where nothing was checked; Reason then says why.
	*Interval `json:",omitempty"`
	Reason    string      `json:"reason,omitempty"`
	Teams     []TeamScore `json:"teams"`
	// Trend is by the month that the records are of, the latest last; months with fewer than kpi.Fewest records are left out.
	Trend []MonthScore `json:"trend"`
	// Change is that of the last six months against the six before them, nil where either has too few records.
	Change *Change `json:"change"`
	// NoTrend says why there is no trend.
	NoTrend string `json:"no_trend,omitempty"`
	// Estimated is true where record linkage found the duplicates.
	Estimated bool `json:"estimated,omitempty"`
	se        float64
}

// TeamScore is a factor of a team.
type TeamScore struct {
	Team    string `json:"team"`
	Records int64  `json:"records"`
	Interval
}

// MonthScore is a factor of the records of a month.
type MonthScore struct {
	Month   string `json:"month"` // YYYY-MM
	Records int64  `json:"records"`
	Interval
}

// Change is a difference of two scores with its interval of 95 %.
type Change struct {
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// Report is an audit.
type Report struct {
	Source string `json:"source"`
	// Date is the day as of which records are stale or overdue: YYYY-MM-DD.
	Date    string `json:"date"`
	Records int64  `json:"records"`
	// Faulty records have at least one fault, Faults are all of them.
	Faulty int64          `json:"faulty"`
	Faults int64          `json:"faults"`
	Tables []TableSummary `json:"tables"`
	// Total is the mean of the factors by their weights, over the Counted ones that were measured; nil where none was.
	Total   *Interval `json:"total"`
	Counted int       `json:"counted"`
	// Driver is Total as P10, P50 and P90: what a case may take for its data_quality.
	Driver   *Driver   `json:"driver"`
	Factors  []Score   `json:"factors"`
	Measures []Measure `json:"measures"`
	Signs    []Sign    `json:"signs"`
	// Teams are those reported.
	Teams []string `json:"teams"`

	rules  *Rules
	unique map[string]sums // of uniqueness by table
	day    int64
}

// Driver is a range for the factor data_quality of a case.
type Driver struct {
	P10 float64 `json:"p10"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// TableSummary is what was read of a table.
type TableSummary struct {
	Table   string `json:"table"`
	Records int64  `json:"records"`
	Faulty  int64  `json:"faulty"`
	Faults  int64  `json:"faults"`
}

// Finding is a fault of a record.
type Finding struct {
	Table, Record, Field string
	Measure, Kind        string
	// Team is the reported one, empty where there is none to tell.
	Team string
	// Other is the record that has the same key.
	Other string
}

// Options say what Run does.
type Options struct {
	// Today is the day as of which records are stale, as crm counts days; nil is the last day on which the data say that
	// something happened.
	Today *int64
	// Rules are what is asked; nil are the default ones.
	Rules *Rules
	// Found is given each fault, in the order of the tables and of the records within them; nil where nobody asks.
	Found func(Finding) error
	// Months is how many the trend goes back; 0 is 24.
	Months int
	// Now is the clock's day: later days are mistakes or plans and do not count as the last one.
	Now time.Time
}

// Database runs a reading query; a warehouse does.
type Database interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	Engine() string
}

// ErrEmpty says that the source has no record to audit.
var ErrEmpty = errors.New("quality: the source has no records")

// Fewest is kpi.Fewest: below it nothing is told of a team.
const Fewest = kpi.Fewest

// Tables are those whose records are checked, in the order of the list of records to mend.
func Tables() []string { return append([]string(nil), audited...) }
