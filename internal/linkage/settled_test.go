package linkage_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/linkage/linkagetest"
)

// in is the number of the cluster of each record that is in one, by ID.
func in(records []linkage.Record, r *linkage.Result) map[string]int {
	cluster := make(map[string]int)
	for k, c := range r.Clusters {
		for _, i := range c.Records {
			cluster[records[i].ID] = k + 1
		}
	}
	return cluster
}

// Whatever is decided holds, and nobody is asked about it again.
func TestFind_keepsToWhatIsSettled(t *testing.T) {
	records := linkagetest.Contacts(600, 3)
	spec := contacts()
	free := in(records, find(t, records, spec, linkage.Options{}))
	rapid.Check(t, func(t *rapid.T) {
		spec := spec
		spec.Sample, spec.Settled = 2_000, nil
		for range rapid.IntRange(1, 8).Draw(t, "decisions") {
			a, b := records[rapid.IntRange(0, 599).Draw(t, "a")].ID, records[rapid.IntRange(0, 599).Draw(t, "b")].ID
			if rapid.Bool().Draw(t, "of one cluster") {
				for _, r := range records {
					if free[r.ID] > 0 && free[r.ID] == free[a] && r.ID != a {
						b = r.ID
					}
				}
			}
			s := linkage.Settled{A: a, B: b, Same: rapid.Bool().Draw(t, "same")}
			if _, bad := linkage.Contradiction(append(spec.Settled, s)); !bad {
				spec.Settled = append(spec.Settled, s)
			}
		}
		r, err := linkage.Find(context.Background(), records, spec, linkage.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		cluster := in(records, r)
		for _, s := range spec.Settled {
			if together := cluster[s.A] > 0 && cluster[s.A] == cluster[s.B]; together != s.Same && s.A != s.B {
				t.Errorf("%+v, in the clusters %d and %d", s, cluster[s.A], cluster[s.B])
			}
			for _, p := range r.Pairs {
				if x, y := records[p.A].ID, records[p.B].ID; x == s.A && y == s.B || x == s.B && y == s.A {
					t.Errorf("%+v is still asked about", s)
				}
			}
		}
	})
}

// Somebody who has married is one with her old self by decision; a copy of either belongs to her too.
func TestFind_aCopyJoinsThoseSettledToBeOne(t *testing.T) {
	spec := contacts()
	records := append(linkagetest.Contacts(2_000, 5),
		linkage.Record{ID: "x1", Values: []string{"Roswitha", "Kettenburg", "r.kettenburg@kettenburg-optik.de", "0941 5551200", "Kettenburg Optik"}},
		linkage.Record{ID: "x2", Values: []string{"Roswitha", "Abendroth", "roswitha@abendroth.info", "", "Abendroth Immobilien"}},
		linkage.Record{ID: "x3", Values: []string{"Roswitha", "Kettenburg", "r.kettenburg@kettenburg-optik.de", "", "Kettenburg Optik GmbH"}},
	)
	if c := in(records, find(t, records, spec, linkage.Options{})); c["x1"] == 0 || c["x1"] != c["x3"] || c["x2"] != 0 {
		t.Fatalf("%d %d %d", c["x1"], c["x2"], c["x3"])
	}
	spec.Settled = []linkage.Settled{{A: "x1", B: "x2", Same: true}, {A: "x1", B: "gone", Same: true}}
	if c := in(records, find(t, records, spec, linkage.Options{})); c["x1"] == 0 || c["x1"] != c["x2"] || c["x1"] != c["x3"] {
		t.Errorf("%d %d %d", c["x1"], c["x2"], c["x3"])
	}
}

func TestContradiction_followsFromOtherDecisions(t *testing.T) {
	yes := func(a, b string) linkage.Settled { return linkage.Settled{A: a, B: b, Same: true} }
	no := func(a, b string) linkage.Settled { return linkage.Settled{A: a, B: b} }
	for _, c := range []struct {
		all []linkage.Settled
		bad linkage.Settled
	}{
		{nil, linkage.Settled{}},
		{[]linkage.Settled{yes("a", "b"), no("b", "c"), yes("c", "d")}, linkage.Settled{}},
		{[]linkage.Settled{no("a", "d"), yes("a", "b"), yes("c", "d"), yes("c", "b")}, no("a", "d")},
		{[]linkage.Settled{yes("a", "b"), no("b", "a")}, no("b", "a")},
	} {
		if got, bad := linkage.Contradiction(c.all); got != c.bad || bad != (c.bad != linkage.Settled{}) {
			t.Errorf("%v: %v, %v", c.all, got, bad)
		}
	}
	spec := contacts()
	spec.Settled = []linkage.Settled{yes("0-0", "1-0"), no("1-0", "0-0")}
	records := linkagetest.Contacts(100, 1)
	if _, err := linkage.Find(context.Background(), records, spec, linkage.Options{}); !errors.Is(err, linkage.ErrInput) {
		t.Error(err)
	}
	spec.Settled = spec.Settled[:1]
	if _, err := linkage.Link(context.Background(), records, nil, spec, linkage.Options{}); !errors.Is(err, linkage.ErrInput) {
		t.Error(err)
	}
}

func TestLeast_isTheThreshold(t *testing.T) {
	records := linkagetest.Contacts(3_000, 6)
	for _, least := range []float64{.01, .3, .9, .999} {
		spec := contacts()
		spec.Least = least
		r := find(t, records, spec, linkage.Options{})
		if math.Abs(r.Threshold.Probability-least) > 1e-9 || r.Threshold.Links == 0 {
			t.Errorf("%v: %+v", least, r.Threshold)
		}
		for _, p := range r.Pairs {
			if p.Link != (p.Probability >= least) && math.Abs(p.Probability-least) > 1e-12 {
				t.Errorf("%v: %+v", least, p)
			}
		}
		if w := r.Weight(least); math.Abs(w-r.Threshold.Weight) > 1e-9 {
			t.Errorf("%v is the weight %v, not %v", least, w, r.Threshold.Weight)
		}
	}
}
