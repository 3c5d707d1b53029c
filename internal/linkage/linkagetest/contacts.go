// Package linkagetest makes up contacts with known duplicates, for tests and measurements of linkage. Names are as
// unevenly spread as real ones; colleagues, namesakes, couples and shared mailboxes are among them.
package linkagetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rendite-crm/rendite/internal/linkage"
)

var (
	lastNames = strings.Fields(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
		Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier
		Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther
		Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein
		Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas
		Voigt Sauer Arnold Wolff Pfeiffer Yılmaz Kaya Demir Çelik Şahin Nowak Kowalski Novák Dvořák Horvat Kovačević Nguyen Rossi García Ivanov`)
	beginnings = strings.Fields(`Alt Bach Berg Blum Brand Busch Dorn Eber Eichen Eisen Feld Fink Freuden Gold Grün Gutz Hage Hasel Heide Hell
		Herz Hirsch Hoch Holz Kalten Kirch Klingel Korn Kreuz Land Linden Löwen Markt Mittel Mohr Neu Nieder Ober Oster Ranft Reh Reit Rosen Roß
		Sand Schell Schön Silber Sonnen Stein Stern Süß Tann Teuf Ulm Vier Wald Wasser Weiden Wend Wester Wind Winkel Zell Zink`)
	endings    = strings.Fields(`ach au bach bauer beck berg berger born brecht brunn burg dorf eck er feld felder garten haus hausen heim heimer hof höfer holz kamp ke l lein ler ling mann maier meister mühl müller ner reich rieder sen stein steiner tal thal wald weg wieser witz`)
	firstNames = strings.Fields(`Thomas Michael Andreas Peter Stefan Christian Hans Klaus Wolfgang Jürgen Martin Sabine Susanne Petra Monika Claudia
		Birgit Andrea Stefanie Julia Anna Katharina Christina Nicole Melanie Sandra Alexander Markus Matthias Frank Jens Jan Daniel Tobias Florian
		Sebastian Philipp Maximilian Lukas Jonas Felix Leon Paul Laura Lena Lisa Sarah Maria Karin Ursula Brigitte Renate Helga Ingrid Gisela Elke
		Heike Anja Silke Katrin Tanja Simone Ute Manuela Gabriele Barbara Werner Heinz Günter Helmut Manfred Dieter Gerhard Josef Karl Walter
		Bernd Rainer Uwe Ralf Torsten Dirk Jörg Sven Marco Oliver Carsten Holger Mehmet Mustafa Ayşe Fatma Emre Elif Piotr Agnieszka Marek Ewa
		Giovanni Francesca Ivan Olga Natalia Dimitri René Françoise Björn Sören Hans-Peter Karl-Heinz Anne-Marie Franziska Theresa Magdalena`)
	callNames = map[string]string{"Thomas": "Tom", "Michael": "Michi", "Andreas": "Andi", "Stefanie": "Steffi", "Katharina": "Kathi", "Alexander": "Alex",
		"Maximilian": "Max", "Josef": "Sepp", "Susanne": "Susi", "Sebastian": "Basti", "Gabriele": "Gabi", "Ursula": "Uschi", "Manfred": "Manni", "Franziska": "Franzi", "Tobias": "Tobi", "Florian": "Flo"}
	trades = strings.Fields(`Maschinenbau Elektrotechnik Metallbau Logistik Bau Immobilienservice Software Consulting Pharma Medizintechnik Druck Verlag Möbel
		Holzbau Sanitär Heizungsbau Kunststofftechnik Werkzeugbau Automobile Spedition Lebensmittel Textil Energie Solartechnik Umwelttechnik Gartenbau
		Steuerberatung Versicherungen Werbung Handel Großhandel Anlagenbau Messtechnik Optik Chemie Papier Glas Keramik Verpackung Reinigung`)
	forms   = []string{"GmbH", "GmbH", "GmbH", "GmbH & Co. KG", "GmbH & Co. KG", "AG", "e.K.", "KG", "OHG", "UG (haftungsbeschränkt)", ""}
	private = strings.Fields("gmx.de web.de t-online.de gmail.com outlook.de freenet.de")
	shared  = strings.Fields("info kontakt office vertrieb service")
	codes   = strings.Fields("30 40 89 221 69 711 211 231 201 341 421 351 511 911 203 234 202 228 251 721 621 821 611 371 391 561 431")
)

type firm struct {
	name, domain, exchange string
}

type person struct {
	first, last, email, phone string
	firm                      firm
}

// Contacts are n records in the order of linkage.Contacts().Fields. About one person in ten has a second record, one in
// fifty a third. Entity tells who is behind a record.
func Contacts(n int, seed uint64) []linkage.Record {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 0)), taken: make(map[string]bool)}
	out := make([]linkage.Record, 0, n)
	var firms []firm
	for range max(n/8, 1) {
		firms = append(firms, m.firm())
	}
	for who := 0; len(out) < n; who++ {
		// Firms are of very different size: the first hundredth has a third of the people.
		f := firms[m.IntN(len(firms))]
		if m.chance(.33) {
			f = firms[m.IntN(len(firms)/100+1)]
		}
		p := m.person(f)
		out = append(out, m.record(p, who, 0))
		copies := 0
		switch x := m.Float64(); {
		case x < .02:
			copies = 2
		case x < .12:
			copies = 1
		}
		for k := range copies {
			out = append(out, m.record(m.again(p), who, k+1))
		}
		if m.chance(.01) { // a couple at one telephone
			other := m.person(f)
			other.last, other.phone = p.last, p.phone
			if other.first != p.first {
				who++
				out = append(out, m.record(other, who, 0))
			}
		}
	}
	out = out[:n]
	m.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// Entity is the person behind a record.
func Entity(id string) string {
	who, _, _ := strings.Cut(id, "-")
	return who
}

type maker struct {
	*rand.Rand
	taken map[string]bool // domains and addresses that are somebody's
}

func (m *maker) chance(p float64) bool { return m.Float64() < p }

// uneven picks with a probability that falls as 1/(rank+9), which is about how German names are spread.
func (m *maker) uneven(list []string) string {
	for {
		i := m.IntN(len(list))
		if m.Float64() < 10/float64(i+10) {
			return list[i]
		}
	}
}

func (m *maker) pick(list []string) string { return list[m.IntN(len(list))] }

// lastName is one of the hundred most common for a fifth of the people, as in Germany.
func (m *maker) lastName() string {
	if m.chance(.2) {
		return m.uneven(lastNames)
	}
	name := m.pick(beginnings) + m.pick(endings)
	if m.chance(.3) {
		name = m.pick(beginnings) + m.pick([]string{"e", "en", "er", "el", "s"}) + m.pick(endings)
	}
	return name
}

func (m *maker) firm() firm {
	name, trade, form := m.lastName(), m.pick(trades), m.pick(forms)
	f := firm{name: strings.TrimSpace(name + " " + trade + " " + form)}
	ending := m.pick([]string{".de", ".de", ".de", ".com", ".net"})
	f.domain = linkage.Fold(name) + "-" + strings.ReplaceAll(linkage.Fold(trade), " ", "") + ending
	for m.taken[f.domain] {
		f.domain = fmt.Sprintf("%s%d-%s%s", linkage.Fold(name), m.IntN(1_000_000), strings.ReplaceAll(linkage.Fold(trade), " ", ""), ending)
	}
	m.taken[f.domain] = true
	f.exchange = "+49 " + m.pick(codes) + " " + fmt.Sprint(10000+m.IntN(990000))
	return f
}

func (m *maker) person(f firm) person {
	p := person{first: m.uneven(firstNames), last: m.lastName(), firm: f}
	first, last := strings.ReplaceAll(linkage.Fold(p.first), " ", "-"), strings.ReplaceAll(linkage.Fold(p.last), " ", "-")
	switch x := m.Float64(); {
	case x < .5:
		p.email = first + "." + last + "@" + f.domain
	case x < .7:
		p.email = first[:1] + "." + last + "@" + f.domain
	case x < .8:
		p.email = first + "." + last + fmt.Sprint(m.IntN(100)) + "@" + m.pick(private)
	}
	if name, at, ok := strings.Cut(p.email, "@"); ok { // nobody is given another's address
		for m.taken[p.email] {
			p.email = fmt.Sprintf("%s%d@%s", name, 2+m.IntN(1000), at)
		}
		m.taken[p.email] = true
	} else if m.chance(.5) {
		p.email = m.pick(shared) + "@" + f.domain
	}
	switch x := m.Float64(); {
	case x < .6:
		p.phone = f.exchange + fmt.Sprint(10+m.IntN(90))
	case x < .7:
		p.phone = f.exchange + "0"
	case x < .85:
		p.phone = "+49 1" + fmt.Sprint(51+m.IntN(29)) + " " + fmt.Sprint(1000000+m.IntN(9000000))
	}
	return p
}

// again is a person typed in once more.
func (m *maker) again(p person) person {
	if m.chance(.15) {
		p.last = m.slip(p.last)
	}
	if m.chance(.05) {
		p.first = m.slip(p.first)
	}
	if m.chance(.3) {
		p.last = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(p.last)
	}
	if c, ok := callNames[p.first]; ok && m.chance(.3) {
		p.first = c
	} else if m.chance(.05) {
		p.first = string([]rune(p.first)[:1]) + "."
	}
	if m.chance(.03) {
		p.first, p.last = p.last, p.first
	}
	switch x := m.Float64(); {
	case x < .35:
		p.email = ""
	case x < .42:
		p.email = linkage.Fold(p.last) + fmt.Sprint(m.IntN(1000)) + "@" + m.pick(private)
	case x < .47:
		p.email = m.pick(shared) + "@" + p.firm.domain
	}
	switch x := m.Float64(); {
	case x < .4:
		p.phone = ""
	case x < .5:
		p.phone = p.firm.exchange + "0"
	case x < .75:
		p.phone = strings.Replace(strings.ReplaceAll(p.phone, " ", "/"), "+49/", "0", 1)
	}
	switch x := m.Float64(); {
	case x < .1:
		p.firm.name = ""
	case x < .4:
		for _, f := range forms {
			if f != "" {
				p.firm.name = strings.TrimSuffix(p.firm.name, " "+f)
			}
		}
	case x < .5:
		p.firm.name = m.slip(p.firm.name)
	case x < .54:
		p.firm = m.firm() // another employer
	}
	return p
}

// slip leaves out, doubles or exchanges a letter behind the first.
func (m *maker) slip(s string) string {
	r := []rune(s)
	if len(r) < 4 {
		return s
	}
	i := 1 + m.IntN(len(r)-2)
	switch m.IntN(3) {
	case 0:
		return string(r[:i]) + string(r[i+1:])
	case 1:
		return string(r[:i]) + string(r[i:i+1]) + string(r[i:])
	}
	r[i], r[i+1] = r[i+1], r[i]
	return string(r)
}

func (m *maker) record(p person, who, copy int) linkage.Record {
	return linkage.Record{ID: fmt.Sprintf("%d-%d", who, copy), Values: []string{p.first, p.last, p.email, p.phone, p.firm.name}}
}
