package linkagetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rendite-crm/rendite/internal/linkage"
)

type town struct{ name, code, calling string }

var (
	towns = []town{{"Berlin", "10", "30"}, {"Hamburg", "20", "40"}, {"München", "80", "89"}, {"Köln", "50", "221"}, {"Frankfurt am Main", "60", "69"},
		{"Stuttgart", "70", "711"}, {"Düsseldorf", "40", "211"}, {"Leipzig", "04", "341"}, {"Dortmund", "44", "231"}, {"Essen", "45", "201"},
		{"Bremen", "28", "421"}, {"Dresden", "01", "351"}, {"Hannover", "30", "511"}, {"Nürnberg", "90", "911"}, {"Duisburg", "47", "203"},
		{"Bochum", "44", "234"}, {"Wuppertal", "42", "202"}, {"Bielefeld", "33", "521"}, {"Bonn", "53", "228"}, {"Münster", "48", "251"},
		{"Karlsruhe", "76", "721"}, {"Mannheim", "68", "621"}, {"Augsburg", "86", "821"}, {"Wiesbaden", "65", "611"}, {"Gießen", "35", "641"},
		{"Kempten (Allgäu)", "87", "831"}, {"Würzburg", "97", "931"}, {"Lübeck", "23", "451"}, {"Erfurt", "99", "361"}, {"Rostock", "18", "381"},
		{"Kassel", "34", "561"}, {"Mainz", "55", "6131"}, {"Halle (Saale)", "06", "345"}, {"Freiburg im Breisgau", "79", "761"}, {"Ulm", "89", "731"}}
	streets = strings.Fields(`Hauptstraße Bahnhofstraße Schulstraße Gartenstraße Dorfstraße Bergstraße Lindenstraße Kirchstraße Waldstraße Ringstraße
		Schillerstraße Goethestraße Industriestraße Wiesenweg Feldstraße Mühlweg Rosenweg Marktplatz Mozartstraße Hafenstraße Gewerbepark Talstraße
		Siemensstraße Daimlerstraße Robert-Bosch-Straße Dieselstraße Rathausplatz Poststraße Kanalstraße Brückenstraße Parkallee Nordring`)
	brands = strings.Fields(`Nova Inno Tec Sys Data Pro Multi Euro Alpha Omni Vita Eco Digi Medi Opti Perfo Flexo Aqua Terra Solar Lumi Cargo Rota Uni Inter`)
	kinds  = strings.Fields(`tec plan soft line form print care team works med tron gas lux plast mat flex net serv`)
)

type account struct {
	name, street, code, city, country, domain, vat, phone string
}

// Accounts are n records in the order of linkage.Accounts().Fields. About one firm in ten has a second record; holdings,
// general partners and neighbours at one address are firms of their own.
func Accounts(n int, seed uint64) []linkage.Record {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), taken: make(map[string]bool)}
	out := make([]linkage.Record, 0, n)
	who := 0
	add := func(a account, copy int) {
		out = append(out, linkage.Record{ID: fmt.Sprintf("%d-%d", who, copy),
			Values: []string{a.name, a.street, a.code, a.city, a.country, a.domain, a.vat, a.phone}})
	}
	var before account
	for ; len(out) < n; who++ {
		a, base := m.account()
		if m.chance(.05) { // in one building with the firm before it
			a.street, a.code, a.city = before.street, before.code, before.city
		}
		add(a, 0)
		if m.chance(.1) {
			add(m.accountAgain(a), 1)
			if m.chance(.15) {
				add(m.accountAgain(a), 2)
			}
		}
		if m.chance(.05) {
			who++
			other := a
			other.name = base + m.pick([]string{" Holding GmbH", " Verwaltungs-GmbH", " Beteiligungs GmbH", " Immobilien GmbH & Co. KG"})
			other.vat = ""
			if m.chance(.4) {
				other.vat = m.vat()
			}
			add(other, 0)
		}
		before = a
	}
	out = out[:n]
	m.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (m *maker) vat() string { return fmt.Sprintf("DE%09d", 100_000_000+m.IntN(900_000_000)) }

// account makes a firm and its name without the legal form.
func (m *maker) account() (a account, base string) {
	t := m.pickTown()
	switch x := m.Float64(); {
	case x < .55:
		base = m.lastName() + " " + m.pick(trades)
	case x < .7:
		base = m.lastName()
	case x < .85:
		base = m.pick(brands) + m.pick(kinds) + " " + m.pick(trades)
	case x < .93:
		base = m.lastName() + " & " + m.lastName() + " " + m.pick(trades)
	default:
		base = m.pick(trades) + " " + t.name
	}
	a = account{name: strings.TrimSpace(base + " " + m.pick(forms)), city: t.name, country: "DE"}
	a.code = t.code + fmt.Sprintf("%03d", m.IntN(40)*7)
	a.street = m.pick(streets) + " " + fmt.Sprint(1+m.IntN(120))
	if m.chance(.75) { // whoever comes second needs another domain
		ending := m.pick([]string{".de", ".de", ".de", ".com"})
		for _, name := range []string{base, base + " " + t.name, base + " " + fmt.Sprint(m.IntN(1_000_000))} {
			a.domain = strings.ReplaceAll(linkage.Fold(name), " ", "-") + ending
			if !m.taken[a.domain] {
				break
			}
		}
		m.taken[a.domain] = true
	}
	if m.chance(.4) {
		a.vat = m.vat()
	}
	if m.chance(.75) {
		a.phone = "+49 " + t.calling + " " + fmt.Sprint(10000+m.IntN(9990000)) + "0"
	}
	return a, base
}

// pickTown prefers the large towns, which come first.
func (m *maker) pickTown() town {
	for {
		i := m.IntN(len(towns))
		if m.Float64() < 5/float64(i+5) {
			return towns[i]
		}
	}
}

// accountAgain is a firm typed in once more.
func (m *maker) accountAgain(a account) account {
	if m.chance(.35) {
		for _, f := range forms {
			if f != "" {
				a.name = strings.TrimSuffix(a.name, " "+f)
			}
		}
	}
	if m.chance(.15) {
		a.name = m.slip(a.name)
	}
	if m.chance(.25) {
		a.name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(a.name)
	}
	if m.chance(.1) {
		a.name = strings.ToUpper(a.name)
	}
	switch x := m.Float64(); {
	case x < .3:
		a.street = ""
	case x < .7:
		a.street = strings.Replace(a.street, "straße", "str.", 1)
	case x < .76:
		a.street = m.slip(a.street)
	case x < .8: // moved
		t := m.pickTown()
		a.street, a.city, a.code = m.pick(streets)+" "+fmt.Sprint(1+m.IntN(120)), t.name, t.code+fmt.Sprintf("%03d", m.IntN(40)*7)
	}
	if m.chance(.15) {
		a.code = ""
	}
	if m.chance(.1) {
		a.country = ""
	}
	switch x := m.Float64(); {
	case x < .4:
		a.domain = ""
	case x < .45:
		if name, ok := strings.CutSuffix(a.domain, ".de"); ok {
			a.domain = name + ".com"
		}
	case x < .6 && a.domain != "":
		a.domain = "https://www." + a.domain + "/"
	}
	if m.chance(.6) {
		a.vat = ""
	}
	switch x := m.Float64(); {
	case x < .4:
		a.phone = ""
	case x < .6:
		a.phone = strings.Replace(a.phone, "+49 ", "0", 1)
	}
	return a
}
