package guide

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Hit is a page that answers a query.
type Hit struct {
	Page    Page
	Heading Heading // of the best section; empty where the beginning of the page fits best
	Snippet []Part
}

// Part is a piece of a snippet, plain text; Marked where it matches the query.
type Part struct {
	Text   string
	Marked bool
}

// Search finds the pages of a language that match the most words of the query, best first: title before heading before
// text, whole words before beginnings of words. Umlauts and ß are the same written out or without their dots, case and
// accents do not count. From four letters on, a word is also found inside a longer one, as German compounds need it.
// An empty query has no hits.
func Search(lang, query string) []Hit {
	var terms []string
	for _, w := range newField(query).words {
		// A query with dots means them: Güte does not find guter, while gute finds both.
		if t := w.keys[0]; !slices.Contains(terms, t) {
			terms = append(terms, t)
		}
	}
	type scored struct {
		hit            Hit
		matched, score int
	}
	var found []scored
	most := 1
	for _, p := range of(lang).pages {
		s := scored{hit: Hit{Page: p}}
		for _, t := range terms {
			score := p.score(t)
			s.score += score
			s.matched += min(score, 1)
		}
		if s.matched < most {
			continue
		}
		most = s.matched
		s.hit.Heading, s.hit.Snippet = p.show(terms)
		found = append(found, s)
	}
	found = slices.DeleteFunc(found, func(s scored) bool { return s.matched < most })
	slices.SortStableFunc(found, func(x, y scored) int { return cmp.Compare(y.score, x.score) })
	hits := make([]Hit, len(found))
	for i, s := range found {
		hits[i] = s.hit
	}
	return hits
}

// Weights of a match by where it stands. A match is 1 to 3 by its kind, so that the worst in a title is above the best
// in a heading. Repetitions in the text add up to 9.
const (
	inTitle   = 1000
	inHeading = 100
	inText    = 10
)

func (p *Page) score(term string) int {
	best, times := max(inTitle*newField(p.Title).match(term), inText*newField(p.Summary).match(term)), 0
	for _, s := range p.sections {
		best = max(best, inHeading*s.heading.match(term))
		for _, b := range s.blocks {
			if q := b.match(term); q > 0 {
				best = max(best, inText*q)
				times++
			}
		}
	}
	if best == 0 {
		return 0
	}
	return best + min(times, 9)
}

// show chooses the section and the block that match the most terms, and cuts the block to a snippet.
func (p *Page) show(terms []string) (Heading, []Part) {
	count := func(f field) (n int) {
		for _, t := range terms {
			n += f.match(t)
		}
		return n
	}
	text, where, best := newField(p.Summary), Heading{}, count(newField(p.Summary))
	for _, s := range p.sections {
		if s.id == "sources" && best > 0 {
			continue // a source is shown where nothing else is found
		}
		heading := 2 * count(s.heading)
		for i, b := range s.blocks {
			n := count(b.field)
			if n == 0 && i > 0 {
				continue
			}
			if n += heading; n > best {
				text, where, best = b.field, Heading{ID: s.id, Text: s.heading.text}, n
			}
		}
	}
	return where, text.snippet(terms)
}

// field is a text and its words.
type field struct {
	text  string
	words []word
}

// word is a word of a text with what it is found by.
type word struct {
	start, end int
	keys       []string
}

func newField(text string) field {
	f := field{text: text}
	add := func(start, end int) {
		if start < end {
			f.words = append(f.words, word{start, end, keys(text[start:end])})
		}
	}
	start, hyphens := 0, 0
	whole := 0 // start of words joined by hyphens, found as one too: break-even as breakeven
	for i, r := range text + " " {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			continue
		case r == '-' && i > start:
			add(start, i)
			hyphens++
			start = i + 1
			continue
		}
		add(start, i)
		if hyphens > 0 {
			add(whole, i)
		}
		start = i + len(string(r))
		whole, hyphens = start, 0
	}
	return f
}

var (
	written  = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")
	undotted = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ß", "ss")
	plain    = strings.NewReplacer("-", "", "à", "a", "á", "a", "â", "a", "å", "a", "ç", "c", "è", "e", "é", "e", "ê", "e",
		"ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "ø", "o", "ù", "u", "ú", "u", "û", "u")
)

// keys are the forms by which a word is found: umlauts written out, and without their dots.
func keys(w string) []string {
	w = plain.Replace(strings.ToLower(w))
	a, b := written.Replace(w), undotted.Replace(w)
	if a == b {
		return []string{a}
	}
	return []string{a, b}
}

// match is 3 for the whole word, 2 for the beginning of one, 1 inside one, 0 for none.
func (f field) match(term string) int {
	best := 0
	for _, w := range f.words {
		best = max(best, w.match(term))
	}
	return best
}

func (w word) match(term string) int {
	best := 0
	for _, k := range w.keys {
		switch {
		case k == term:
			return 3
		case strings.HasPrefix(k, term):
			best = max(best, 2)
		case len(term) >= 4 && strings.Contains(k, term):
			best = max(best, 1)
		}
	}
	return best
}

// around is how much of a text a snippet shows before and after its first match, in bytes.
const (
	before = 60
	after  = 140
)

// snippet cuts the text around the first match at the ends of words and marks all matches in it.
func (f field) snippet(terms []string) []Part {
	matches := func(w word) bool {
		return slices.ContainsFunc(terms, func(t string) bool { return w.match(t) > 0 })
	}
	first := 0
	if i := slices.IndexFunc(f.words, matches); i >= 0 {
		first = f.words[i].start
	}
	from, to := 0, len(f.text)
	for _, w := range f.words {
		if w.start < first-before {
			from = w.end
		}
		if w.end <= first+after {
			to = w.end
		}
	}
	if len(f.text)-to < before/2 {
		to = len(f.text)
	}
	var parts []Part
	add := func(s string, marked bool) {
		if s != "" {
			parts = append(parts, Part{s, marked})
		}
	}
	if from > 0 {
		add("…", false)
	}
	at := from
	for _, w := range f.words {
		if w.start >= at && w.end <= to && matches(w) {
			add(f.text[at:w.start], false)
			add(f.text[w.start:w.end], true)
			at = w.end
		}
	}
	add(f.text[at:to], false)
	if to < len(f.text) {
		add("…", false)
	}
	return parts
}
