package starter

import "slices"

// triple holds P10, P50 and P90.
type triple [3]float64

// times scales a triple.
func (t triple) times(f float64) triple { return triple{t[0] * f, t[1] * f, t[2] * f} }

// profile is what is assumed of a firm of an industry. Money is in euros; the sources stand with the messages
// starter.reason.revenue.<id> and starter.reason.margin.<id>. What has no source there is our estimate, grade D.
type profile struct {
	id             string
	employees      int     // of a typical first-time buyer
	seatShare      float64 // of the employees
	serviceShare   float64 // of the seats, where service is one goal among others
	revenuePerHead float64 // a year
	margin         float64 // contribution margin of an additional order
	goals          []string

	wage      triple // labour cost per hour worked
	wageGrade string // B where a statistic for this part of the economy backs the middle, else D

	offered     triple  // share of revenue won through quotes
	winRate     float64 // won of all decided opportunities
	dealValue   float64
	conversion  float64 // of leads into opportunities
	perCustomer float64 // revenue of a customer a year
	churn       triple  // customers lost a year
	ticketTime  float64 // minutes of work per request
}

var profiles = []profile{
	{id: "craft", employees: 25, seatShare: 0.3, serviceShare: 0.3, revenuePerHead: 133_000, margin: 0.35, goals: []string{"sales", "admin"},
		wage: triple{36, 42, 50}, wageGrade: "B",
		offered: triple{.55, .7, .85}, winRate: 0.35, dealValue: 4_500, conversion: 0.5, perCustomer: 6_000, churn: triple{.05, .1, .15}, ticketTime: 20},
	{id: "machinery", employees: 150, seatShare: 0.25, serviceShare: 0.3, revenuePerHead: 230_000, margin: 0.32, goals: []string{"sales", "retention"},
		wage: triple{44, 49, 58}, wageGrade: "B",
		offered: triple{.5, .65, .8}, winRate: 0.22, dealValue: 45_000, conversion: 0.3, perCustomer: 60_000, churn: triple{.03, .06, .1}, ticketTime: 30},
	{id: "wholesale", employees: 60, seatShare: 0.35, serviceShare: 0.25, revenuePerHead: 630_000, margin: 0.15, goals: []string{"sales", "retention"},
		wage: triple{36, 42, 50}, wageGrade: "B",
		offered: triple{.2, .35, .5}, winRate: 0.3, dealValue: 3_500, conversion: 0.4, perCustomer: 25_000, churn: triple{.05, .09, .14}, ticketTime: 12},
	{id: "it_services", employees: 50, seatShare: 0.4, serviceShare: 0.5, revenuePerHead: 183_000, margin: 0.32, goals: []string{"sales", "service"},
		wage: triple{44, 53, 66}, wageGrade: "D",
		offered: triple{.3, .45, .6}, winRate: 0.25, dealValue: 20_000, conversion: 0.3, perCustomer: 30_000, churn: triple{.05, .08, .13}, ticketTime: 25},
	{id: "professional_services", employees: 40, seatShare: 0.4, serviceShare: 0.2, revenuePerHead: 119_000, margin: 0.4, goals: []string{"sales", "admin"},
		wage: triple{42, 51, 64}, wageGrade: "D",
		offered: triple{.4, .55, .7}, winRate: 0.35, dealValue: 12_000, conversion: 0.35, perCustomer: 18_000, churn: triple{.06, .1, .16}, ticketTime: 20},
	{id: "software", employees: 60, seatShare: 0.4, serviceShare: 0.4, revenuePerHead: 183_000, margin: 0.7, goals: []string{"sales", "retention", "service"},
		wage: triple{46, 56, 70}, wageGrade: "D",
		offered: triple{.12, .22, .35}, winRate: 0.2, dealValue: 15_000, conversion: 0.2, perCustomer: 12_000, churn: triple{.06, .1, .16}, ticketTime: 15},
	{id: "other", employees: 50, seatShare: 0.3, serviceShare: 0.3, revenuePerHead: 170_000, margin: 0.35, goals: []string{"sales", "admin"},
		wage: triple{37, 43.4, 53}, wageGrade: "B",
		offered: triple{.4, .55, .7}, winRate: 0.28, dealValue: 8_000, conversion: 0.35, perCustomer: 10_000, churn: triple{.05, .09, .14}, ticketTime: 15},
}

// profileOf finds an industry; an unknown one is "other".
func profileOf(id string) profile {
	if i := slices.IndexFunc(profiles, func(p profile) bool { return p.id == id }); i >= 0 {
		return profiles[i]
	}
	return profiles[len(profiles)-1]
}

// listPrice is a price per seat and month in euros where none is known: larger firms buy higher editions. An estimate.
func listPrice(seats int) float64 {
	switch {
	case seats <= 10:
		return 35
	case seats <= 50:
		return 60
	case seats <= 250:
		return 75
	}
	return 90
}

// perEuro is about how much of a currency a euro is worth. It only sets the order of magnitude of the estimates that
// the person is asked to replace, so one digit is enough and it is not kept up to date.
var perEuro = map[string]float64{
	"AED": 4, "ARS": 1500, "AUD": 1.7, "BGN": 2, "BRL": 6, "CAD": 1.6, "CHF": 1, "CLP": 1100, "CNY": 8, "COP": 4500, "CZK": 25, "DKK": 7.5,
	"EGP": 55, "EUR": 1, "GBP": 0.85, "HKD": 9, "HUF": 400, "IDR": 18000, "ILS": 4, "INR": 95, "ISK": 145, "JPY": 165, "KRW": 1500, "KZT": 550,
	"MAD": 11, "MXN": 21, "MYR": 5, "NOK": 11.5, "NZD": 1.9, "PEN": 4, "PHP": 65, "PKR": 310, "PLN": 4.3, "QAR": 4, "RON": 5, "RSD": 117,
	"RUB": 95, "SAR": 4, "SEK": 11, "SGD": 1.5, "THB": 38, "TND": 3.4, "TRY": 45, "TWD": 35, "UAH": 48, "USD": 1.1, "VND": 28000, "ZAR": 20,
}
