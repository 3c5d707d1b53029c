// Package result is what a calculation answers: the plan's figures, the simulation's ranges, the timeline, the lines
// and the warnings. Its JSON form is the contract of `rendite calc --json` (docs/json.md): rates are fractions
// (0.42 = 42 %), money is in the case's currency, a figure that does not exist is null and a note says why.
//
// It knows neither the case language nor how it is shown.
package result

import "github.com/rendite-crm/rendite/internal/diag"

// Result answers one case in one scenario.
type Result struct {
	Case       Case       `json:"case"`
	Version    string     `json:"version"`
	Scenario   string     `json:"scenario,omitempty"`    // id; empty is the base case, Nothing is doing nothing
	WaitMonths int        `json:"wait_months,omitempty"` // by which everything starts later than the file says
	Seed       uint64     `json:"seed"`
	Draws      int        `json:"draws"`
	Sampler    string     `json:"sampler"` // "sobol" or "pseudo"
	Plan       Plan       `json:"plan"`
	Simulation Simulation `json:"simulation"`
	Timeline   []Month    `json:"timeline"` // month 0 to the horizon
	Lines      []Line     `json:"lines"`    // costs first, then benefits, each in the file's order
	Grade      string     `json:"grade"`    // A to D: the weakest grade among the inputs that carry the result
	Carriers   []Carrier  `json:"grade_inputs"`
	Notes      []Note     `json:"notes"`
	Timing     Timing     `json:"timing_ms"`

	// BreakEvenShare[m] is the share of draws that break even after month m−1 and by month m; m = 0 to the horizon.
	BreakEvenShare []float64 `json:"break_even_distribution"`

	// Scorecard is what the case brings beyond money; nil where it has none. It is never added to the money.
	Scorecard *Scorecard `json:"scorecard,omitempty"`

	// Diagnostics are the notes before translation.
	Diagnostics diag.List `json:"-"`
}

// Nothing is the scenario of doing nothing: no costs, no benefits, no break-even.
const Nothing = "nothing"

// Case names what was calculated.
type Case struct {
	Name            string  `json:"name"`
	Organisation    string  `json:"organisation,omitempty"`
	Currency        string  `json:"currency"`        // ISO 4217
	Start           string  `json:"start,omitempty"` // month 0 as YYYY-MM
	HorizonMonths   int     `json:"horizon_months"`
	DiscountPerYear float64 `json:"discount_per_year"` // effective
	Timing          string  `json:"timing"`            // "monthly" or "yearly"
}

// Plan holds the figures with every uncertain input at its median. Nil is "does not exist".
type Plan struct {
	Benefits            float64  `json:"benefits"`
	Costs               float64  `json:"costs"`
	BenefitsPV          float64  `json:"benefits_pv"`
	CostsPV             float64  `json:"costs_pv"`
	NPV                 float64  `json:"npv"`
	ROI                 *float64 `json:"roi"`
	ROIUndiscounted     *float64 `json:"roi_undiscounted"`
	IRR                 *float64 `json:"irr"`
	MIRR                *float64 `json:"mirr"`
	BenefitCostRatio    *float64 `json:"benefit_cost_ratio"`
	BreakEven           *float64 `json:"break_even_months"`
	BreakEvenDiscounted *float64 `json:"break_even_discounted_months"`
	FirstCrossing       *float64 `json:"first_crossing_months"`
	PeakFunding         float64  `json:"peak_funding"` // minimum of the cumulative net flow, at most 0
	PeakFundingMonth    int      `json:"peak_funding_month"`
	TCO                 float64  `json:"tco"`                   // total cost of ownership: undiscounted costs over the horizon
	CostOfWaitingMonth  float64  `json:"cost_of_waiting_month"` // NPV lost by starting one month later
	// Definitions are other ROI definitions in use, for display side by side; filled on demand.
	Definitions []Definition `json:"roi_definitions,omitempty"`
}

// Definition is one way to define ROI; ID is a message key ("roi_first_year").
type Definition struct {
	ID    string   `json:"id"`
	Value *float64 `json:"value"`
	Ours  bool     `json:"ours,omitempty"`
}

// Simulation holds what the draws say.
type Simulation struct {
	NPV                    Spread    `json:"npv"`
	ROI                    Spread    `json:"roi"`
	PeakFunding            Spread    `json:"peak_funding"`
	BreakEven              BreakEven `json:"break_even_months"`
	ProbabilityROIPositive float64   `json:"probability_roi_positive"`
}

// Spread describes one figure over all draws; nil where the figure does not exist in every draw.
type Spread struct {
	Mean *float64 `json:"mean"`
	SD   *float64 `json:"sd"`
	P10  *float64 `json:"p10"`
	P50  *float64 `json:"p50"`
	P90  *float64 `json:"p90"`
}

// BreakEven is the distribution of the break-even month. "Not within the horizon" counts as later than every month, so
// a quantile that falls there is nil.
type BreakEven struct {
	P10              *float64 `json:"p10"`
	P50              *float64 `json:"p50"`
	P90              *float64 `json:"p90"`
	NotWithinHorizon float64  `json:"not_within_horizon"` // share of draws, 0 to 1
}

// Month is one month of the plan, with the simulation's band of the cumulative net flow.
type Month struct {
	Month      int     `json:"month"`
	Benefits   float64 `json:"benefits"`
	Costs      float64 `json:"costs"`
	Net        float64 `json:"net"`
	Cumulative Band    `json:"cumulative"`
}

// Band is a set of quantiles in one month.
type Band struct {
	P10 float64 `json:"p10"`
	P25 float64 `json:"p25"`
	P50 float64 `json:"p50"`
	P75 float64 `json:"p75"`
	P90 float64 `json:"p90"`
}

// Line is one cost or benefit.
type Line struct {
	ID    string    `json:"id"`
	Label string    `json:"label"`
	Group string    `json:"group"` // "costs" or "benefits"
	Kind  string    `json:"kind"`  // benefits: cash, freed_time, avoided_cost, margin; costs: cash, internal_time
	PV    LineRange `json:"pv"`
	Share float64   `json:"share"` // of the group's mean present value
	Grade string    `json:"grade"` // weakest grade among the line's own inputs; empty where the line has none
	Lever string    `json:"lever,omitempty"`
	// Plan is the line's undiscounted total in the plan.
	Plan float64 `json:"plan"`
}

// LineRange is the range of a line's present value.
type LineRange struct {
	P10 float64 `json:"p10"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// Scorecard is the value beyond money as a utility analysis (Nutzwertanalyse; Zangemeister 1976; WiBe 5.0,
// Bundesministerium des Innern): the mean of the points of all criteria by their weights, times ten. Every total runs from
// 0 to 100.
type Scorecard struct {
	Today    float64 `json:"today"`
	Expected float64 `json:"expected"`
	// ExpectedLow has every criterion at its low, ExpectedHigh at its high.
	ExpectedLow  float64     `json:"expected_low"`
	ExpectedHigh float64     `json:"expected_high"`
	Gain         float64     `json:"gain"`     // expected less today, −100 to 100
	Criteria     []Criterion `json:"criteria"` // in the file's order
}

// Ranged reports whether the points of some criterion are a low and a high.
func (s *Scorecard) Ranged() bool { return s.ExpectedLow != s.ExpectedHigh }

// Criterion is one criterion of a scorecard. Points run from 0 to 10; Expected is the middle of ExpectedLow and
// ExpectedHigh, which are equal where the case gives one number.
type Criterion struct {
	ID           string  `json:"id"`
	Label        string  `json:"label"`
	Text         string  `json:"text,omitempty"` // what it is; empty for one of the case's own
	Weight       float64 `json:"weight"`         // as written
	Share        float64 `json:"share"`          // of the sum of all weights, 0 to 1
	Today        float64 `json:"today"`
	Expected     float64 `json:"expected"`
	ExpectedLow  float64 `json:"expected_low"`
	ExpectedHigh float64 `json:"expected_high"`
	Why          string  `json:"why,omitempty"`
	Source       string  `json:"source,omitempty"`
	Grade        string  `json:"grade,omitempty"` // A to D, empty where none is stated
	// Scale says what 0, 5 and 10 points mean; empty for one of the case's own.
	Scale []Anchor `json:"scale,omitempty"`
}

// Anchor is what a number of points means.
type Anchor struct {
	Points float64 `json:"points"`
	Text   string  `json:"text"`
}

// Carrier is an input that carries the result: its share of the variance of NPV and its grade.
type Carrier struct {
	ID     string  `json:"id"`
	Label  string  `json:"label"`
	Share  float64 `json:"share"` // first-order share of the variance of NPV, 0 to 1
	Grade  string  `json:"grade"`
	Stated bool    `json:"stated"` // false: the file gives no grade, so it counts as D
}

// Note is a warning or hint in the user's language.
type Note struct {
	Code string `json:"code"`
	Text string `json:"text"`
	At   string `json:"at,omitempty"` // file:line:column
	// Severity is filled by `rendite check`: error, warning or hint.
	Severity string `json:"severity,omitempty"`
}

// Timing says where the time went, in milliseconds.
type Timing struct {
	Read      float64 `json:"read"`
	Compile   float64 `json:"compile"`
	Simulate  float64 `json:"simulate"`
	Summarise float64 `json:"summarise"`
}

// Comparison sets scenarios of one case side by side, computed on common random numbers.
type Comparison struct {
	Scenarios   []Result     `json:"scenarios"` // the first is what the others are compared with
	IDs         []string     `json:"ids"`       // as asked for: a scenario, "base", "nothing", or one of them "+6" months later
	Labels      []string     `json:"labels"`
	Differences []Difference `json:"differences"` // one for each scenario but the first
}

// Difference is a scenario less the first one, draw by draw.
type Difference struct {
	Scenario string `json:"scenario"`
	NPV      Spread `json:"npv"`
	// BreakEvenMonths is over the draws in which both break even within the horizon; negative is earlier.
	BreakEvenMonths Spread `json:"break_even_months"`
	// BothWithinHorizon is the share of such draws.
	BothWithinHorizon float64 `json:"both_within_horizon"`
	// ProbabilityBetter is the share of draws with a higher NPV.
	ProbabilityBetter float64 `json:"probability_better"`
	// ProbabilityEarlier is the share of draws with an earlier break-even, "not within the horizon" being later than every
	// month.
	ProbabilityEarlier float64 `json:"probability_earlier"`
	// Utility is the expected utility value less that of the first, in points of 100; nil where one of the two has no
	// scorecard.
	Utility *float64 `json:"utility,omitempty"`
	// Dominance says whether one of the two is to be preferred whatever the appetite for risk; nil where that depends.
	Dominance *Dominance `json:"dominance"`
}

// Dominance is stochastic dominance by NPV, see docs/method.md.
type Dominance struct {
	// Order is 1 where everybody who prefers more money prefers Better, 2 where that needs aversion to risk too.
	Order  int    `json:"order"`
	Better string `json:"better"` // as in Difference.Scenario, or the first scenario
}
