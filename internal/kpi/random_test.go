package kpi_test

import (
	"fmt"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/crm"
)

func berlin() *time.Location {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return z
}

// random is a small CRM with everything that goes wrong in one.
func random(r *rapid.T) records {
	made := records{}
	seed := rapid.Uint64().Draw(r, "seed")
	// Many draws of one seed: shrinking a CRM value by value would take hours.
	next := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int((seed >> 33) % uint64(n))
	}
	maybe := func(v any) any { // one in five is missing
		if next(5) == 0 {
			return nil
		}
		return v
	}
	of := func(all ...string) string { return all[next(len(all))] }
	first := int(day("2024-01-15"))
	someDay := func() int { return first + next(230) }
	instant := func() int64 { return int64(someDay())*86400e6 + int64(next(86400))*1e6 }
	gone := func(pairs []any, kind, other string) []any {
		switch next(15) {
		case 0:
			return append(pairs, "deleted_at", instant())
		case 1:
			return append(pairs, "merged_into", fmt.Sprint(kind, other))
		}
		return pairs
	}
	users := next(22)
	who := func() any {
		switch next(12) {
		case 0:
			return nil
		case 1:
			return "nobody knows"
		case 2:
			return fmt.Sprint("alias", next(4))
		}
		return fmt.Sprint("u", next(users+1))
	}
	for i := range users {
		pairs := []any{"team", maybe(of("North", "North", "South", "South", "East", ""))}
		switch next(10) {
		case 0:
			pairs = append(pairs, "active", 0)
		case 1:
			pairs = append(pairs, "active", 0, "left_day", someDay())
		case 2:
			pairs = append(pairs, "hired_day", someDay())
		case 3:
			pairs = append(pairs, "is_person", 0)
		}
		made.add("user", fmt.Sprint("u", i), gone(pairs, "u", strconv.Itoa(next(users)))...)
	}
	for i := range next(4) {
		made.add("user_alias", fmt.Sprint("alias", i), "person", fmt.Sprint("u", next(users+1)))
	}
	accounts := 1 + next(30)
	account := func() any { return maybe(fmt.Sprint("a", next(accounts))) }
	money := func() int { return (1 + next(50)) * 1_000_0000 }
	for i := range accounts {
		pairs := []any{"name", "Muster", "owner", who(), "type", maybe(of("customer", "prospect", "own")), "industry", maybe(of("", "Bau")), "postal_code", maybe("50667"), "city", maybe("Köln"), "phone", maybe("")}
		if next(2) == 0 {
			pairs = append(pairs, "first_order_day", someDay(), "monthly", maybe(money()), "currency", maybe(of("EUR", "EUR", "CHF")))
			if next(2) == 0 {
				pairs = append(pairs, "ended_day", someDay())
			}
		}
		made.add("account", fmt.Sprint("a", i), gone(pairs, "a", strconv.Itoa(next(accounts)))...)
	}
	for i := range next(30) {
		made.add("contact", fmt.Sprint("c", i), gone([]any{"account", account(), "email", maybe(of("", "x@example.invalid")), "phone", maybe(of("", "1"))}, "c", "0")...)
	}
	for i := range next(60) {
		pairs := []any{"owner", who(), "origin", maybe(of("", "web")), "opened_at", instant()}
		if next(3) > 0 {
			pairs = append(pairs, "first_reply_at", instant())
		}
		if next(3) == 0 {
			pairs = append(pairs, "converted_day", someDay())
		}
		made.add("lead", fmt.Sprint("l", i), gone(pairs, "l", "0")...)
	}
	deals := next(160)
	for i := range deals {
		opened := someDay()
		pairs := []any{"owner", who(), "account", account(), "amount", maybe(money()), "currency", maybe(of("EUR", "EUR", "CHF")), "opened_day", maybe(opened), "lead_source", maybe(of("", "fair")), "expected_close_day", maybe(someDay()), "probability", maybe(float64(next(5)) / 4)}
		if next(4) == 0 {
			pairs = append(pairs, "home_amount", money())
		}
		category := of(crm.Open, crm.Won, crm.Won, crm.Lost, crm.Lost, crm.Void)
		pairs = append(pairs, "category", category)
		if category != crm.Open || next(4) == 0 {
			pairs = append(pairs, "closed_day", maybe(opened+next(80)-4))
		}
		if category == crm.Lost {
			pairs = append(pairs, "lost_reason", maybe(of("", "price")))
		}
		made.add("opportunity", fmt.Sprint("o", i), gone(pairs, "o", "0")...)
	}
	for i := range next(200) {
		field := of("stage", "amount", "expected_close", "probability")
		value := func() string {
			switch field {
			case "amount":
				return of(strconv.Itoa(money()), strconv.Itoa(money()), "", "viel")
			case "expected_close":
				return of(strconv.Itoa(someDay()), strconv.Itoa(someDay()), "2024-05-05")
			case "probability":
				return of("0", "0.25", "0.5", "1", "1.")
			}
			return of("1", "2")
		}
		made.add("opportunity_change", "", "opportunity", fmt.Sprint("o", next(deals+1)), "seq", i, "changed_at", instant(), "changed_by", who(), "field", field, "old_value", maybe(value()), "new_value", maybe(value()), "origin", maybe(of("user", "user", "import")))
	}
	for i := range next(120) {
		made.add("activity", fmt.Sprint("t", i), gone([]any{"type", of("call", "email", "note", "note"), "owner", who(), "author", who(), "done_at", maybe(instant()), "automatic", maybe(next(2))}, "t", "0")...)
	}
	for i := range next(60) {
		pairs := []any{"owner", who(), "account", account(), "category", maybe(of("open", "waiting", "solved", "solved")), "opened_at", maybe(instant()), "opened_day", someDay()}
		if next(2) == 0 {
			pairs = append(pairs, "first_reply_at", instant())
		}
		if next(2) == 0 {
			pairs = append(pairs, "closed_at", instant())
		}
		made.add("ticket", fmt.Sprint("k", i), gone(pairs, "k", "0")...)
	}
	kinds := []string{"order", "invoice", "subscription", "subscription"}
	if next(2) == 0 {
		kinds = kinds[1:]
	}
	for i := range next(90) {
		from := someDay() - 100
		made.add("sales_document", fmt.Sprint("d", i), gone([]any{"kind", of(kinds...), "account", account(), "document_day", someDay(), "net", maybe(money() - 2_000_0000), "currency", maybe(of("EUR", "EUR", "CHF")), "period_from", maybe(from), "period_to", maybe(from + next(250) - 20)}, "d", "0")...)
	}
	if next(2) == 0 {
		for range next(100) {
			p := who()
			if p == nil {
				continue
			}
			made.add("login", fmt.Sprint("n", len(made["login"])), "person", p, "logged_at", instant(), "success", maybe(next(2)), "kind", maybe(of("interactive", "sso", "api")))
		}
	}
	return made
}
