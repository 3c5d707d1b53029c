package finance

import (
	"cmp"
	"slices"
)

// Day numbers the days of the Gregorian calendar, 1970-01-01 being 0, so that differences are days. Years 1 to 9999.
// Error: ErrDate.
func Day(year, month, day int) (int, error) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, ErrDate
	}
	days := day - 1
	for m := 1; m < month; m++ {
		days += daysIn(year, m)
	}
	y := year - 1
	return days + 365*y + y/4 - y/100 + y/400 - 719162, nil // 719162 days from 0001-01-01 to 1970-01-01
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// XIRR is the internal rate of return per year of flows on days (see Day), in any order, with Excel's year of 365 days,
// leap years included:
//
//	Σ flows[i] · (1+r)^(−(days[i] − first day)/365) = 0
//
// Flows of the same day are added up. Excel starts at the first date given and its documentation refuses earlier ones;
// the rate does not depend on that choice, so here the earliest day is the start. Existence and errors are as for IRR,
// and ErrLength where the lengths differ.
//
// Source: Microsoft, https://support.microsoft.com/en-us/office/xirr-function.
func XIRR(flows []float64, days []int) (float64, error) {
	if len(flows) != len(days) {
		return 0, ErrLength
	}
	order := make([]int, len(days))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(days[a], days[b]) })

	var amounts, years []float64
	for i, o := range order {
		if i > 0 && days[o] == days[order[i-1]] {
			amounts[len(amounts)-1] += flows[o]
			continue
		}
		amounts = append(amounts, flows[o])
		years = append(years, (float64(days[o])-float64(days[order[0]]))/365)
	}
	return rateOfReturn(amounts, years)
}
