// Package kpi computes key figures by month and team from the tables of a warehouse: what was, as against what a case
// expects. Start with Figures and Compute. Each figure is one SQL text, which is shown to whoever asks where a number comes
// from; the text counts, Go makes values and intervals of the counts. Figures of the same records share one text, so that a
// database reads them once.
//
// No figure is of a person: see Fewest.
package kpi

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/template"
)

// Fewest is the size below which a team is merged with others. Figures of small teams tell how single people work, which
// works councils do not agree to (BetrVG § 87 (1) no. 6) and the GDPR does not need (article 5, 1 c).
const Fewest = 5

// Window is how many months of creation an estimate of open cohorts takes together.
const Window = 12

// Merged names the merged teams, All all of them together, those without a team included.
const (
	Merged = "*"
	All    = ""
)

// Unit is what a value is in.
type Unit string

// The units. Money is in the home currency's unit, not in ten-thousandths.
const (
	Number  Unit = "number"
	Share   Unit = "share" // 1 is 100 %
	Money   Unit = "money"
	Daily   Unit = "money/day"
	Days    Unit = "days"
	Minutes Unit = "minutes"
)

// Direction says which way is better.
type Direction int

// The directions.
const (
	Neither Direction = 0
	Higher  Direction = 1
	Lower   Direction = -1
	// Target is best at 1.
	Target Direction = 2
)

// kind says what the rows of a text mean and how a value and its interval are made of them.
type kind int

const (
	count     kind = iota // numerator events: Poisson
	sum                   // numerator: no interval
	share                 // numerator of denominator: Wilson
	ratio                 // numerator ÷ denominator: no interval
	median                // n records of the value numerator: order statistics
	survival              // n records of age numerator, outcome 0 still waiting, else ended: Kaplan–Meier
	incidence             // n records of age numerator, outcome 0 open, 1 won, 2 lost: Aalen–Johansen
)

// Figure is a key figure. What it says, how it is computed and what biases it are the messages kpi.ID and kpi.ID.text.
type Figure struct {
	ID        string
	Unit      Unit
	Direction Direction
	// SQL names the text that it is computed by.
	SQL  string
	kind kind
	// scale is what the numerator is divided by, under the denominator; 0 is 1.
	scale, under float64
	// window is over how many months up to each the records are taken together; 0 is one.
	window int
	// history figures need changes; adoption ones say when they are derived.
	history, adoption bool
}

const e4 = 10_000

var figures = []Figure{
	{ID: "leads", Unit: Number, Direction: Higher, SQL: "leads", kind: count},
	{ID: "lead_conversion", Unit: Share, Direction: Higher, SQL: "leads", kind: share},
	{ID: "lead_answered", Unit: Share, Direction: Higher, SQL: "leads", kind: share},
	{ID: "lead_response", Unit: Minutes, Direction: Lower, SQL: "lead_response", kind: survival},
	{ID: "opportunities", Unit: Number, Direction: Higher, SQL: "created", kind: count},
	{ID: "won", Unit: Number, Direction: Higher, SQL: "closed", kind: count},
	{ID: "win_rate", Unit: Share, Direction: Higher, SQL: "closed", kind: share},
	{ID: "win_rate_value", Unit: Share, Direction: Higher, SQL: "closed", kind: ratio, scale: e4, under: e4},
	{ID: "win_rate_cohort", Unit: Share, Direction: Higher, SQL: "created", kind: share},
	{ID: "cohort_open", Unit: Share, Direction: Neither, SQL: "created", kind: share},
	{ID: "win_rate_expected", Unit: Share, Direction: Higher, SQL: "outcome", kind: incidence, window: Window},
	{ID: "cancelled", Unit: Share, Direction: Lower, SQL: "closed", kind: share},
	{ID: "won_value", Unit: Money, Direction: Higher, SQL: "closed", kind: sum, scale: e4},
	{ID: "deal_value", Unit: Money, Direction: Higher, SQL: "closed", kind: ratio, scale: e4},
	{ID: "deal_value_median", Unit: Money, Direction: Higher, SQL: "deal_value_median", kind: median, scale: e4},
	{ID: "cycle_time", Unit: Days, Direction: Lower, SQL: "cycle_time", kind: median},
	{ID: "cycle_time_expected", Unit: Days, Direction: Lower, SQL: "outcome", kind: survival, window: Window},
	{ID: "velocity", Unit: Daily, Direction: Higher, SQL: "velocity", kind: ratio, scale: e4},
	{ID: "forecast_accuracy", Unit: Share, Direction: Target, SQL: "forecast_accuracy", kind: ratio, scale: e4, under: e4, history: true},
	{ID: "activities", Unit: Number, Direction: Higher, SQL: "activities", kind: count},
	{ID: "logo_churn", Unit: Share, Direction: Lower, SQL: "retention", kind: share},
	{ID: "logo_retention", Unit: Share, Direction: Higher, SQL: "retention", kind: share},
	{ID: "revenue_churn", Unit: Share, Direction: Lower, SQL: "retention", kind: ratio, scale: e4, under: e4},
	{ID: "gross_retention", Unit: Share, Direction: Higher, SQL: "retention", kind: ratio, scale: e4, under: e4},
	{ID: "net_retention", Unit: Share, Direction: Higher, SQL: "retention", kind: ratio, scale: e4, under: e4},
	{ID: "repeat_purchase", Unit: Share, Direction: Higher, SQL: "repeat_purchase", kind: share},
	{ID: "tickets", Unit: Number, Direction: Lower, SQL: "tickets", kind: count},
	{ID: "tickets_solved", Unit: Share, Direction: Higher, SQL: "tickets", kind: share},
	{ID: "ticket_response", Unit: Minutes, Direction: Lower, SQL: "ticket_response", kind: survival},
	{ID: "ticket_resolution", Unit: Days, Direction: Lower, SQL: "ticket_resolution", kind: survival},
	{ID: "adoption", Unit: Share, Direction: Higher, SQL: "use", kind: share, adoption: true},
	{ID: "adoption_deals", Unit: Share, Direction: Higher, SQL: "use", kind: share},
	{ID: "adoption_activities", Unit: Share, Direction: Higher, SQL: "use", kind: share},
	{ID: "adoption_notes", Unit: Share, Direction: Higher, SQL: "use", kind: share},
	{ID: "adoption_depth", Unit: Number, Direction: Higher, SQL: "use", kind: ratio, adoption: true},
	{ID: "adoption_regularity", Unit: Days, Direction: Higher, SQL: "use", kind: ratio, adoption: true},
	{ID: "amount_comparable", Unit: Share, Direction: Higher, SQL: "closed", kind: share},
	{ID: "complete_amount", Unit: Share, Direction: Higher, SQL: "created", kind: share},
	{ID: "complete_expected_close", Unit: Share, Direction: Higher, SQL: "created", kind: share},
	{ID: "complete_account", Unit: Share, Direction: Higher, SQL: "created", kind: share},
	{ID: "complete_owner", Unit: Share, Direction: Higher, SQL: "created", kind: share},
	{ID: "complete_lead_source", Unit: Share, Direction: Higher, SQL: "created", kind: share},
	{ID: "complete_lost_reason", Unit: Share, Direction: Higher, SQL: "closed", kind: share},
	{ID: "complete_lead_origin", Unit: Share, Direction: Higher, SQL: "leads", kind: share},
	{ID: "complete_ticket_account", Unit: Share, Direction: Higher, SQL: "tickets", kind: share},
	{ID: "complete_account_email", Unit: Share, Direction: Higher, SQL: "accounts", kind: share},
	{ID: "complete_account_phone", Unit: Share, Direction: Higher, SQL: "accounts", kind: share},
	{ID: "complete_account_industry", Unit: Share, Direction: Higher, SQL: "accounts", kind: share},
	{ID: "complete_account_address", Unit: Share, Direction: Higher, SQL: "accounts", kind: share},
}

// Figures are all of them, in the order in which they are shown.
func Figures() []Figure { return slices.Clone(figures) }

// Find finds one by its ID.
func Find(id string) (Figure, bool) {
	i := slices.IndexFunc(figures, func(f Figure) bool { return f.ID == id })
	if i < 0 {
		return Figure{}, false
	}
	return figures[i], true
}

//go:embed sql/*.sql
var files embed.FS

// Parameter is what a placeholder of a text stands for.
type Parameter int

// The parameters: the source's ID, the first and the last month, and the day up to which the data reach, on which open
// deals are as old as they are.
const (
	Source Parameter = iota
	First
	Last
	Today
)

// Query is a text with what its placeholders stand for, in their order.
type Query struct {
	Text       string
	Parameters []Parameter
}

var texts = sync.OnceValue(func() *template.Template {
	none := func(...any) string { return "" }
	return template.Must(template.New("").Funcs(template.FuncMap{"source": none, "first": none, "last": none, "today": none, "months": none,
		"div": none, "number": none, "numbers": none, "fewest": func() int { return Fewest }, "window": func() int { return Window }}).ParseFS(files, "sql/*.sql"))
})

// Query is the text of a figure for a database. Its columns are month, team, numerator, denominator and n, and figure where
// several share it.
func (f Figure) Query(d Dialect) Query { return query(f.SQL, d) }

// People are the common table expressions known to member, to stand after WITH, with the source's ID as the placeholder
// source. member has a row for each identifier that a person goes by, aliases included: id, person and team, the reported
// one (see Fewest), NULL where it cannot be told without telling of single people. The text is the same on every database.
func People(source string) string {
	t := template.Must(texts().Clone()).Funcs(template.FuncMap{"source": func() string { return source }})
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "people", nil); err != nil {
		panic("kpi: people: " + err.Error()) // a fault of ours: the text is part of the program
	}
	return b.String()
}

func query(name string, d Dialect) Query {
	var q Query
	give := func(p Parameter) func() string {
		return func() string {
			at := slices.Index(q.Parameters, p)
			if at < 0 || d.positional {
				at = len(q.Parameters)
				q.Parameters = append(q.Parameters, p)
			}
			return d.placeholder(at + 1)
		}
	}
	t := template.Must(texts().Clone()).Funcs(template.FuncMap{
		"source": give(Source), "first": give(First), "last": give(Last), "today": give(Today),
		"div": d.divide, "number": d.numeric, "numbers": d.numbers,
		"months": func(before int) string {
			first := give(First)()
			if before > 0 {
				first += fmt.Sprintf(" - %d", before)
			}
			return d.calendar(first, give(Last)())
		},
	})
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name+".sql", nil); err != nil {
		panic("kpi: " + name + ": " + err.Error()) // a fault of ours: the texts are part of the program
	}
	q.Text = b.String()
	return q
}
