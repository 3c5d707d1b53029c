// Package finance turns plain series of money into the figures of an investment appraisal: present values, ROI, rates
// of return, break-even, peak funding, the cost of waiting, depreciation and its effect on tax.
//
// Start with Series, net flows with the length of their period, or with DiscountFactors and PV where a case is
// calculated month by month. Amounts are in one currency. Costs are positive amounts, so net flow = benefits − costs.
// Rates are fractions per year, effective (0.08 = 8 % a year); index 0 is the start and is never discounted.
//
// The package knows numbers only: no case file, no units, no clock, no I/O, nothing of how a figure is shown. It never
// answers NaN or an infinity: what cannot be said is an error, or ok = false where "does not exist" is a plain answer.
package finance

import (
	"errors"
	"math"
)

// Errors of this package, to be tested with errors.Is.
var (
	// ErrRate says that a rate is at or below −1 (−100 %) or not finite.
	ErrRate = errors.New("finance: rate must be finite and above −100 %")
	// ErrNotFinite says that an amount is NaN or infinite, or that the result does not fit a float64.
	ErrNotFinite = errors.New("finance: amount or result is not finite")
	// ErrLength says that two series do not fit together, or that a horizon is negative.
	ErrLength = errors.New("finance: series lengths do not fit")
	// ErrPeriod says that a Series has a period shorter than one month.
	ErrPeriod = errors.New("finance: period must be at least one month")
	// ErrTiming says that a Timing is neither monthly nor yearly.
	ErrTiming = errors.New("finance: unknown timing")
	// ErrNoRoot says that no rate of return exists.
	ErrNoRoot = errors.New("finance: no rate of return exists")
	// ErrSeveralRoots says that more than one rate of return exists; errors.As with *SeveralRootsError gives them.
	ErrSeveralRoots = errors.New("finance: several rates of return exist")
	// ErrDate says that a day does not exist in the calendar.
	ErrDate = errors.New("finance: no such date")
	// ErrLife says that a useful life is shorter than one month or a payment lies before the start.
	ErrLife = errors.New("finance: useful life or month of payment out of range")
	// ErrTaxRate says that a tax rate is outside 0 to 1.
	ErrTaxRate = errors.New("finance: tax rate must be between 0 and 1")
)

// Period is the length of one period in whole months.
type Period int

// The two periods in use.
const (
	Month Period = 1
	Year  Period = 12
)

// Months converts a number of periods into months: Year.Months(2.5) is 30.
func (p Period) Months(periods float64) float64 { return periods * float64(p) }

// years is the time of period k in years.
func (p Period) years(k int) float64 { return float64(k) * float64(p) / 12 }

// Series is a series of net flows. Net[0] falls at the start and Net[k] at the end of period k, so a Series over n
// periods has n+1 values. Methods only read Net.
type Series struct {
	Net    []float64
	Period Period
}

// NPV is the net present value (Kapitalwert) Σ Net[k]·(1+r)^(−k·Period/12) at a rate per year. It is 0 for an empty
// series. Errors: ErrRate, ErrPeriod, ErrNotFinite.
func (s Series) NPV(ratePerYear float64) (float64, error) {
	factors, err := s.factors(ratePerYear)
	if err != nil {
		return 0, err
	}
	return PV(s.Net, factors)
}

// BreakEven is the function BreakEven in months; a Series without a period has none.
func (s Series) BreakEven() (months float64, ok bool) {
	at, ok := BreakEven(s.Net)
	if !ok || s.Period < 1 {
		return 0, false
	}
	return s.Period.Months(at), true
}

// DiscountedBreakEven is the function DiscountedBreakEven in months, at a rate per year.
// Errors: ErrRate, ErrPeriod, ErrNotFinite.
func (s Series) DiscountedBreakEven(ratePerYear float64) (months float64, ok bool, err error) {
	factors, err := s.factors(ratePerYear)
	if err != nil {
		return 0, false, err
	}
	at, ok := DiscountedBreakEven(s.Net, factors)
	return s.Period.Months(at), ok, nil
}

// factors holds one discount factor for each value of the series.
func (s Series) factors(ratePerYear float64) ([]float64, error) {
	if s.Period < 1 {
		return nil, ErrPeriod
	}
	if !validRate(ratePerYear) {
		return nil, ErrRate
	}
	return discount(len(s.Net), func(k int) float64 { return math.Pow(1+ratePerYear, -s.Period.years(k)) })
}

func validRate(rate float64) bool { return rate > -1 && !math.IsInf(rate, 1) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// total is the sum of a series. A value that is not finite shows in the sum.
func total(flows []float64) float64 {
	var sum float64
	for _, f := range flows {
		sum += f
	}
	return sum
}
