package linkage

import (
	"fmt"
	"slices"
	"strings"
)

// Settled is a pair that somebody has decided: its records, by ID, are the same or they are not, whatever their values say.
type Settled struct {
	A, B string
	Same bool
}

// Contradiction finds a pair that was decided to be different though other decisions make its records the same; ok is false
// where there is none.
func Contradiction(all []Settled) (found Settled, ok bool) {
	number := make(map[string]int32)
	of := func(id string) int32 {
		n, ok := number[id]
		if !ok {
			n = int32(len(number))
			number[id] = n
		}
		return n
	}
	for _, s := range all {
		of(s.A)
		of(s.B)
	}
	sets := newSets(len(number))
	for _, s := range all {
		if s.Same {
			sets.join(of(s.A), of(s.B))
		}
	}
	for _, s := range all {
		if !s.Same && sets.find(of(s.A)) == sets.find(of(s.B)) {
			return s, true
		}
	}
	return Settled{}, false
}

// settle takes down the decided pairs of which both records are there.
func (w *work) settle(all []Settled) error {
	if len(all) == 0 {
		return nil
	}
	if w.link {
		return fmt.Errorf("%w: decided pairs are of one file", ErrInput)
	}
	if s, bad := Contradiction(all); bad {
		return fmt.Errorf("%w: %q and %q are decided to be different and, by other decisions, the same", ErrInput, s.A, s.B)
	}
	own := func(id string) (int32, bool) {
		i, ok := slices.BinarySearchFunc(w.order, id, func(i int32, id string) int { return strings.Compare(w.records[i].ID, id) })
		return int32(i), ok
	}
	w.settled = make(map[[2]int32]bool, len(all))
	w.same = make(map[int32]int32)
	sets := newSets(len(w.order))
	for _, s := range all {
		a, okA := own(s.A)
		b, okB := own(s.B)
		if !okA || !okB || a == b {
			continue
		}
		w.settled[[2]int32{min(a, b), max(a, b)}] = s.Same
		if s.Same {
			sets.join(a, b)
			w.same[a], w.same[b] = 0, 0
		}
	}
	for i := range w.same {
		w.same[i] = sets.find(i)
	}
	return nil
}

// decided reports whether somebody has decided about a pair, and how.
func (w *work) decided(a, b int32) (same, ok bool) {
	if w.settled == nil {
		return false, false
	}
	same, ok = w.settled[[2]int32{min(a, b), max(a, b)}]
	return same, ok
}

// entity is the first of the records that are decided to be the same as this one.
func (w *work) entity(i int32) int32 {
	if e, ok := w.same[i]; ok {
		return e
	}
	return i
}

// sets are disjoint sets of numbers; the name of a set is its smallest number.
type sets []int32

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

func (s sets) find(i int32) int32 {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// join reports whether the two were in different sets.
func (s sets) join(i, j int32) bool {
	i, j = s.find(i), s.find(j)
	s[max(i, j)] = min(i, j)
	return i != j
}
