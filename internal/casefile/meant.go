package casefile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// This file guesses what was meant by keys and dates that the case file does not know.

// synonyms are keys as people write them who have not seen a case file, German first.
var synonyms = map[string]string{
	"fall": "case", "name": "case", "titel": "case", "title": "case", "firma": "organisation", "unternehmen": "organisation", "company": "organisation",
	"währung": "currency", "waehrung": "currency", "beginn": "start", "startmonat": "start", "horizont": "horizon", "laufzeit": "horizon", "zeitraum": "horizon",
	"zins": "discount", "zinssatz": "discount", "kalkulationszins": "discount", "wacc": "discount", "discount_rate": "discount", "rate_of_discount": "discount",
	"hinweis": "note", "bemerkung": "note", "notiz": "note", "comment": "note", "steuer": "tax", "steuern": "tax", "annahmen": "assumptions",
	"inputs": "assumptions", "variables": "assumptions", "akzeptanz": "adoption", "nutzung": "adoption", "datenqualität": "data_quality",
	"datenqualitaet": "data_quality", "prozess": "process", "prozesse": "process", "einführung": "rollout", "kosten": "costs", "cost": "costs", "nutzen": "benefits",
	"vorteile": "benefits", "pakete": "packages", "korrelation": "correlate", "correlation": "correlate", "correlations": "correlate",
	"szenarien": "scenarios", "szenario": "scenarios", "wert": "value", "quelle": "source", "güte": "grade", "note_grade": "grade", "qualität": "grade",
	"bezeichnung": "label", "art": "kind", "type": "kind", "hebel": "lever", "posten": "item", "position": "item", "paket": "package",
	"betrag": "amount", "summe": "amount", "preis": "amount", "price": "amount", "einmalig": "initial", "jährlich": "yearly", "jaehrlich": "yearly",
	"monat": "at", "month": "at", "when": "at", "alle": "every", "ab": "from", "von": "from", "since": "from", "bis": "to", "until": "to",
	"steigerung": "escalates", "escalation": "escalates", "risiko": "risk", "kette": "chain", "anfang": "start", "endwert": "plateau", "ziel": "plateau",
	"target": "plateau", "nutzwert": "scorecard", "nutzwertanalyse": "scorecard",
	"kriterien": "scorecard", "criteria": "scorecard", "gewicht": "weight", "gewichtung": "weight", "heute": "today", "jetzt": "today", "now": "today",
	"erwartet": "expected", "künftig": "expected", "future": "expected", "warum": "why", "begründung": "why", "grund": "why", "reason": "why", "satz": "rate", "anteil": "share", "abschreibung": "depreciation",
}

// words are the values of keys that take one of a few words, as people write them.
var words = map[string]string{
	"ja": "true", "yes": "true", "wahr": "true", "x": "true", "nein": "false", "no": "false", "falsch": "false", "monatlich": "monthly", "jährlich": "yearly",
	"jaehrlich": "yearly", "annual": "yearly", "zahlungswirksam": "cash", "freie zeit": "freed_time", "zeit": "freed_time", "time": "freed_time",
	"vermiedene kosten": "avoided_cost", "deckungsbeitrag": "margin", "marge": "margin", "profit": "margin", "interne zeit": "internal_time",
	"intern": "internal_time", "sättigend": "saturating",
}

// NearestKey answers a key that is not known with the one that was probably meant, "" for none.
func NearestKey(key string, known []string) string {
	if near := quantity.Nearest(key, known); near != "" && len([]rune(key)) > 2 {
		return near
	}
	meant := synonyms[strings.ToLower(key)]
	for _, k := range known {
		if k == meant {
			return k
		}
	}
	return ""
}

// keyAt is the place of a key of a map.
func keyAt(n *Node, key string, otherwise diag.Position) diag.Position {
	for _, e := range n.Entries {
		if e.Key == key {
			return e.At
		}
	}
	return otherwise
}

// nameOf makes a name that formulas can use of any text, "" where nothing is left.
func nameOf(text string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case unicode.IsLetter(r), r == '_', unicode.IsMark(r) && b.Len() > 0:
			b.WriteRune(r)
		case unicode.IsDigit(r):
			if b.Len() == 0 {
				b.WriteByte('_')
			}
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.TrimRight(b.String(), "_")
	if quantity.IsName(name) {
		return ""
	}
	return name
}

var (
	monthYear = regexp.MustCompile(`^(?:\d{1,2}[./])?(\d{1,2})[./-](\d{4})$`)
	yearFirst = regexp.MustCompile(`^(\d{4})[./-](\d{1,2})(?:[./-]\d{1,2})?$`)
	wordYear  = regexp.MustCompile(`^(\pL+)\.? (\d{4})$`)
	months    = []string{"jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"}
	english   = map[string]int{"mar": 3, "mrz": 3, "mae": 3, "may": 5, "oct": 10, "dec": 12}
)

// yearMonth reads a month in the forms in which people write it and answers YYYY-MM, "" where it is none.
func yearMonth(s string) string {
	year, month := "", 0
	if m := monthYear.FindStringSubmatch(s); m != nil {
		year = m[2]
		month, _ = strconv.Atoi(m[1])
	} else if m := yearFirst.FindStringSubmatch(s); m != nil {
		year = m[1]
		month, _ = strconv.Atoi(m[2])
	} else if m := wordYear.FindStringSubmatch(s); m != nil && len([]rune(m[1])) >= 3 {
		word := string([]rune(strings.ToLower(m[1]))[:3])
		year, month = m[2], english[word]
		for i, name := range months {
			if name == word {
				month = i + 1
			}
		}
	}
	if month < 1 || month > 12 {
		return ""
	}
	return fmt.Sprintf("%s-%02d", year, month)
}

// monthsBetween counts the months from start to end, both YYYY-MM; "" where start is not given or later.
func monthsBetween(start, end string) string {
	if start == "" {
		return ""
	}
	n := func(s string) int {
		y, _ := strconv.Atoi(s[:4])
		m, _ := strconv.Atoi(s[5:])
		return 12*y + m
	}
	if n(end) < n(start) {
		return ""
	}
	return strconv.Itoa(n(end) - n(start))
}
