package docs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/formula"
)

// The grammar printed in language.md is read by this test and compared with the parser: what one accepts, the other must
// accept too. The notation is that of ISO/IEC 14977 as far as the page uses it.

// term is a node of a rule: a symbol, a list in sequence, alternatives, an option or a repetition.
type term struct {
	op    string // "terminal", "rule", "sequence", "or", "option", "repeat"
	text  string
	terms []*term
}

type grammar map[string]*term

// parseGrammar reads `name = expression ;` rules.
func parseGrammar(t *testing.T, text string) grammar {
	t.Helper()
	g := grammar{}
	for _, rule := range strings.Split(text, ";\n") {
		name, body, ok := strings.Cut(rule, "=")
		if strings.TrimSpace(rule) == "" {
			continue
		}
		if !ok {
			t.Fatalf("no rule: %s", rule)
		}
		r := &ruleReader{rest: strings.TrimSpace(body)}
		g[strings.TrimSpace(name)] = r.alternatives()
		if r.skip(); r.rest != "" {
			t.Fatalf("the rule %s ends early, before %s", name, r.rest)
		}
	}
	return g
}

type ruleReader struct{ rest string }

func (r *ruleReader) skip() { r.rest = strings.TrimLeft(r.rest, " \n") }

func (r *ruleReader) accept(s string) bool {
	r.skip()
	rest, ok := strings.CutPrefix(r.rest, s)
	if ok {
		r.rest = rest
	}
	return ok
}

func (r *ruleReader) alternatives() *term {
	list := []*term{r.sequence()}
	for r.accept("|") {
		list = append(list, r.sequence())
	}
	if len(list) == 1 {
		return list[0]
	}
	return &term{op: "or", terms: list}
}

func (r *ruleReader) sequence() *term {
	list := []*term{r.factor()}
	for r.accept(",") {
		list = append(list, r.factor())
	}
	if len(list) == 1 {
		return list[0]
	}
	return &term{op: "sequence", terms: list}
}

func (r *ruleReader) factor() *term {
	for open, kind := range map[string][2]string{"(": {")", ""}, "[": {"]", "option"}, "{": {"}", "repeat"}} {
		if r.accept(open) {
			inner := r.alternatives()
			if !r.accept(kind[0]) {
				return &term{op: "rule", text: "missing " + kind[0]}
			}
			if kind[1] == "" {
				return inner
			}
			return &term{op: kind[1], terms: []*term{inner}}
		}
	}
	if r.accept(`"`) {
		text, rest, _ := strings.Cut(r.rest, `"`)
		r.rest = rest
		return &term{op: "terminal", text: text}
	}
	r.skip()
	end := strings.IndexFunc(r.rest, func(c rune) bool { return c < 'a' || c > 'z' })
	if end < 0 {
		end = len(r.rest)
	}
	text := r.rest[:end]
	r.rest = r.rest[end:]
	return &term{op: "rule", text: text}
}

// lexical are the symbols that the page describes in words, each with the tokens that stand for it.
var lexical = map[string][]string{
	"number": {"7", "14 000", "0.5"}, "word": {"users", "month", "EUR"}, "unitname": {"EUR", "month"},
}

// matcher recognises tokens; ends are the places where a match may stop.
type matcher struct {
	g      grammar
	tokens []string
	known  map[string][]int
}

func (m *matcher) ends(t *term, at int) []int {
	switch t.op {
	case "terminal":
		if at < len(m.tokens) && m.tokens[at] == t.text {
			return []int{at + 1}
		}
		return nil
	case "sequence":
		from := []int{at}
		for _, part := range t.terms {
			var to []int
			for _, f := range from {
				to = append(to, m.ends(part, f)...)
			}
			slices.Sort(to)
			from = slices.Compact(to)
		}
		return from
	case "or":
		var to []int
		for _, part := range t.terms {
			to = append(to, m.ends(part, at)...)
		}
		slices.Sort(to)
		return slices.Compact(to)
	case "option":
		inner := m.ends(t.terms[0], at)
		if len(inner) > 0 && m.isUnit(t.terms[0]) {
			return inner[len(inner)-1:] // "A unit is read as far as it goes"
		}
		return append([]int{at}, inner...)
	case "repeat":
		all, todo := []int{at}, []int{at}
		for len(todo) > 0 {
			next := m.ends(t.terms[0], todo[0])
			todo = todo[1:]
			for _, n := range next {
				if !slices.Contains(all, n) {
					all, todo = append(all, n), append(todo, n)
				}
			}
		}
		slices.Sort(all)
		return all
	}
	if samples, ok := lexical[t.text]; ok {
		if at < len(m.tokens) && slices.Contains(samples, m.tokens[at]) {
			return []int{at + 1}
		}
		return nil
	}
	key := fmt.Sprint(t.text, " ", at)
	if have, ok := m.known[key]; ok {
		return have
	}
	found := m.ends(m.g[t.text], at)
	if t.text == "unit" || t.text == "per" {
		found = found[max(0, len(found)-1):]
	}
	m.known[key] = found
	return found
}

// isUnit says whether a term is a unit or a rate.
func (m *matcher) isUnit(t *term) bool {
	if t.op == "or" {
		return m.isUnit(t.terms[0])
	}
	return t.op == "rule" && (t.text == "unit" || t.text == "per")
}

// generate makes a random sentence. Depth runs out and then the shortest way is taken.
func (g grammar) generate(r *rand.Rand, t *term, depth int) []string {
	switch t.op {
	case "terminal":
		return []string{t.text}
	case "sequence":
		var s []string
		for _, part := range t.terms {
			s = append(s, g.generate(r, part, depth)...)
		}
		return s
	case "or":
		if depth <= 0 {
			return g.generate(r, t.terms[0], depth) // the page puts the shortest first
		}
		return g.generate(r, t.terms[r.IntN(len(t.terms))], depth)
	case "option", "repeat":
		if depth > 0 && r.IntN(3) == 0 {
			return g.generate(r, t.terms[0], depth)
		}
		return nil
	}
	if samples, ok := lexical[t.text]; ok {
		return samples[r.IntN(len(samples)):][:1]
	}
	return g.generate(r, g[t.text], depth-1)
}

func TestLanguage_theGrammarOnThePageIsTheParsers(t *testing.T) {
	var text string
	for _, b := range blocks(t, "language.md") {
		if b.info == "ebnf" {
			text = b.text
		}
	}
	g := parseGrammar(t, text)
	for name, rule := range g {
		checkRules(t, g, name, rule)
	}
	if t.Failed() {
		return
	}
	alphabet := []string{"..", "(", ")", "-", "+", "*", "/", "^", "<", "==", ",", ":", "%", "7", "0.5", "users", "month", "EUR"}
	r := rand.New(rand.NewPCG(1, 2))
	accepted, refused := 0, 0
	for range 10_000 {
		tokens := g.generate(r, g["value"], 14)
		if len(tokens) > 60 {
			continue
		}
		// Half of the sentences are disturbed in one or two places.
		for range r.IntN(3) {
			at := r.IntN(len(tokens) + 1)
			switch r.IntN(3) {
			case 0:
				tokens = slices.Insert(tokens, at, alphabet[r.IntN(len(alphabet))])
			case 1:
				if at < len(tokens) {
					tokens[at] = alphabet[r.IntN(len(alphabet))]
				}
			default:
				if at < len(tokens) && len(tokens) > 1 {
					tokens = slices.Delete(tokens, at, at+1)
				}
			}
		}
		// Two spaces keep numbers apart that side by side would be one with its thousands apart.
		sentence := strings.Join(tokens, "  ")
		m := &matcher{g: g, tokens: tokens, known: map[string][]int{}}
		page := slices.Contains(m.ends(g["value"], 0), len(tokens))
		_, err := formula.Parse(sentence)
		if err != nil && (err.Code == "range_units" || err.Code == "formula_too_deep") {
			continue // a matter of meaning, found before the rest is read
		}
		parser := err == nil
		if page != parser {
			t.Fatalf("%q: the page says %v, the parser %v (%v)", sentence, page, parser, err)
		}
		if page {
			accepted++
		} else {
			refused++
		}
	}
	if accepted < 2000 || refused < 2000 {
		t.Errorf("%d sentences accepted and %d refused, want more of both", accepted, refused)
	}
}

// checkRules refuses symbols that no rule defines.
func checkRules(t *testing.T, g grammar, rule string, part *term) {
	if part.op == "rule" && g[part.text] == nil && lexical[part.text] == nil {
		t.Errorf("the rule %s uses %q, which is not defined", rule, part.text)
	}
	for _, p := range part.terms {
		checkRules(t, g, rule, p)
	}
}
