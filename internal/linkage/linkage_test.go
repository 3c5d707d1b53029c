package linkage_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/linkage/linkagetest"
)

// contacts is the specification with fewer random pairs, for files that need no more.
func contacts() linkage.Spec {
	s := linkage.Contacts()
	s.Sample = 50_000
	return s
}

func find(t testing.TB, records []linkage.Record, spec linkage.Spec, o linkage.Options) *linkage.Result {
	t.Helper()
	r, err := linkage.Find(context.Background(), records, spec, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is a result in IDs instead of indices, to compare runs over the same records in another order.
type told struct {
	Pairs     []string
	Clusters  []string
	Threshold linkage.Threshold
	Model     linkage.Model
	Blocking  linkage.Blocking
}

func tell(records []linkage.Record, r *linkage.Result) told {
	out := told{Threshold: r.Threshold, Model: r.Model, Blocking: r.Blocking}
	for _, p := range r.Pairs {
		out.Pairs = append(out.Pairs, fmt.Sprintf("%s %s %v %v %v %v", records[p.A].ID, records[p.B].ID, p.Weight, p.Probability, p.Link, p.Cut))
	}
	for _, c := range r.Clusters {
		s := records[c.Survivor].ID + ":"
		for _, i := range c.Records {
			s += " " + records[i].ID
		}
		out.Clusters = append(out.Clusters, s)
	}
	return out
}

func TestFind_sameOnAnyNumberOfCoresAndInAnyOrder(t *testing.T) {
	for _, sample := range []int{5_000, 10_000_000} { // random pairs, and all
		spec := linkage.Contacts()
		spec.Sample, spec.Seed, spec.MaxBlock = sample, 3, 10
		records := linkagetest.Contacts(1_000, 2)
		want := tell(records, find(t, records, spec, linkage.Options{Workers: 1}))
		if len(want.Clusters) < 60 {
			t.Fatalf("only %d clusters", len(want.Clusters))
		}
		for _, workers := range []int{2, 5} {
			if d := cmp.Diff(want, tell(records, find(t, records, spec, linkage.Options{Workers: workers}))); d != "" {
				t.Errorf("%d workers: %s", workers, d)
			}
		}
		mixed := slices.Clone(records)
		rand.New(rand.NewPCG(5, 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if d := cmp.Diff(want, tell(mixed, find(t, mixed, spec, linkage.Options{}))); d != "" {
			t.Errorf("another order: %s", d)
		}
	}
}

// levels are how two records agree, without weights.
func levels(r *linkage.Result, a, b int) (out []string) {
	for _, e := range r.Explain(a, b) {
		out = append(out, e.Level)
	}
	return out
}

func TestFind_anUnrelatedRecordChangesNoPairsLevels(t *testing.T) {
	for _, c := range []struct {
		file  string
		spec  linkage.Spec
		other []string
	}{
		{"accounts.csv", linkage.Accounts(), []string{"Reederei Ostsee", "Kai 1", "18055", "Rostock", "DE", "reederei-ostsee.de", "", "0381 4711"}},
		{"contacts.csv", linkage.Contacts(), []string{"Oda", "Quast", "oda@quast.info", "0381 4711", "Reederei Ostsee"}},
	} {
		records, _ := german(t, c.file, c.spec.Fields)
		before := find(t, records, c.spec, linkage.Options{})
		more := append(slices.Clone(records), linkage.Record{ID: "other", Values: c.other})
		after := find(t, more, c.spec, linkage.Options{})
		for i := range records {
			for j := range i {
				if d := cmp.Diff(levels(before, i, j), levels(after, i, j)); d != "" {
					t.Errorf("%v and %v: %s", records[i], records[j], d)
				}
			}
		}
		for _, p := range after.Pairs {
			if p.A == len(records) || p.B == len(records) {
				t.Errorf("%v belongs to nobody", c.other)
			}
		}
	}
}

func TestComparisons_areSymmetric(t *testing.T) {
	for _, c := range []struct {
		file string
		spec linkage.Spec
	}{{"accounts.csv", linkage.Accounts()}, {"contacts.csv", linkage.Contacts()}} {
		records, _ := german(t, c.file, c.spec.Fields)
		r := find(t, records, c.spec, linkage.Options{})
		for i := range records {
			for j := range i {
				if d := cmp.Diff(levels(r, i, j), levels(r, j, i)); d != "" {
					t.Errorf("%v and %v: %s", records[i], records[j], d)
				}
			}
		}
	}
}

var words = rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-c ]{0,12}`), rapid.SampledFrom([]string{"Müller", "Mueller", "mülelr", "GmbH & Co. KG", "Weber Holding", "Weber", "Dr. Hans-Peter", "H.-P.", "+49 89 1234", "a.b@c.de", "www.c.de", "DE123456789"}))

func TestSimilarities_areSymmetricAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		for name, f := range map[string]func(a, b string) float64{"Jaro": linkage.Jaro, "Jaro-Winkler": linkage.JaroWinkler, "Levenshtein": linkage.Levenshtein} {
			s := f(a, b)
			if s != f(b, a) {
				t.Fatalf("%s of %q and %q is %v, and %v the other way round", name, a, b, s, f(b, a))
			}
			if !(s >= 0 && s <= 1) || (s == 1) != (a == b) {
				t.Fatalf("%s of %q and %q is %v", name, a, b, s)
			}
		}
		if linkage.JaroWinkler(a, b) < linkage.Jaro(a, b) {
			t.Fatalf("%q and %q: a common beginning lowers the similarity", a, b)
		}
	})
}

func TestNormalForms_areTheirOwnNormalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := words.Draw(t, "text")
		for name, f := range map[string]func(string) string{"Fold": linkage.Fold, "Email": linkage.Email, "Domain": linkage.Domain, "Date": linkage.Date, "Country": linkage.Country} {
			if once := f(s); f(once) != once {
				t.Fatalf("%s of %q is %q, of that %q", name, s, once, f(once))
			}
		}
	})
}

// A pair's weight is the sum of its evidence, whichever of the two comes first.
func TestExplain_addsUp(t *testing.T) {
	spec := contacts()
	records := linkagetest.Contacts(1_000, 4)
	r := find(t, records, spec, linkage.Options{})
	if len(r.Pairs) < 50 {
		t.Fatalf("only %d pairs", len(r.Pairs))
	}
	for _, p := range r.Pairs {
		sum := 0.0
		for k, e := range r.Explain(p.A, p.B) {
			sum += e.Weight
			if e.Comparison != spec.Comparisons[k].Name || len(e.A) != len(spec.Comparisons[k].Fields) {
				t.Fatalf("%+v", e)
			}
			if at := slices.Index(spec.Fields, spec.Comparisons[k].Fields[0]); e.A[0] != records[p.A].Values[at] || e.B[0] != records[p.B].Values[at] {
				t.Fatalf("%+v of %v and %v", e, records[p.A], records[p.B])
			}
			if e.Level == "" && e.Weight != 0 {
				t.Errorf("a missing value weighs %v", e.Weight)
			}
		}
		if math.Abs(sum-p.Weight) > 1e-9 {
			t.Errorf("the evidence sums to %v, the weight is %v", sum, p.Weight)
		}
		if w, probable := r.Weigh(p.B, p.A); math.Abs(w-p.Weight) > 1e-9 || math.Abs(probable-p.Probability) > 1e-9 {
			t.Errorf("weight %v and %v, probability %v and %v", w, p.Weight, probable, p.Probability)
		}
	}
}

func TestThreshold_isWhatAtTells(t *testing.T) {
	records := linkagetest.Contacts(3_000, 6)
	r := find(t, records, contacts(), linkage.Options{})
	if d := cmp.Diff(r.Threshold, r.At(r.Threshold.Weight)); d != "" {
		t.Error(d)
	}
	if p := r.Threshold.Precision; p < 1-linkage.DefaultFalseShare {
		t.Errorf("estimated precision %v", p)
	}
	last := r.At(math.Inf(1))
	if last.Links != 0 {
		t.Errorf("%+v", last)
	}
	for _, p := range r.Pairs {
		now := r.At(p.Weight)
		if now.Links < last.Links || now.Recall < last.Recall && last.Links > 0 || now.Precision > last.Precision+1e-12 {
			t.Errorf("from %+v to %+v", last, now)
		}
		last = now
	}
	strict := contacts()
	strict.FalseShare = 1e-6
	if s := find(t, records, strict, linkage.Options{}); s.Threshold.Links >= r.Threshold.Links || s.Threshold.Precision < 1-1e-6 {
		t.Errorf("%+v is not stricter than %+v", s.Threshold, r.Threshold)
	}
}

// Common values say less than rare ones.
func TestFind_agreeingOnARareNameSaysMore(t *testing.T) {
	spec := contacts()
	var records []linkage.Record
	first := strings.Fields("Anna Berta Clara Dora Emma Frieda Greta Hanna Ida Johanna Klara Lena Marta Nora Olga Paula Rosa Selma Thea Vera")
	for i, f := range first {
		records = append(records, linkage.Record{ID: fmt.Sprint(i), Values: []string{f, "Schmidt", "", "", ""}})
	}
	for i, l := range []string{"Abendroth", "Abendroth", "Kettenburg", "Ostermeyer", "Quandt"} {
		records = append(records, linkage.Record{ID: fmt.Sprint("x", i), Values: []string{first[i/2], l, "", "", ""}})
	}
	r := find(t, records, spec, linkage.Options{})
	common, rare := r.Explain(0, 1)[0], r.Explain(len(first), len(first)+1)[0]
	if common.Level != linkage.LevelSame || rare.Level != linkage.LevelSame || !(rare.Weight > common.Weight+2) || !(rare.Frequency > 0 && common.Frequency < 0) {
		t.Errorf("%+v and %+v", common, rare)
	}
}

// A block that is too large is divided, and what that leaves out is told to the pair.
func TestBlocking_tellsWhatItLeftOut(t *testing.T) {
	fields := []string{"name", "town", "number"}
	var features []linkage.Feature
	for _, f := range fields {
		features = append(features, linkage.Field(fields, f, linkage.Fold))
	}
	spec := linkage.Spec{Fields: fields, Features: features, MaxBlock: 10,
		Comparisons: []linkage.Comparison{linkage.Text("name", "name"), linkage.Text("town", "town"), linkage.Digits("number", "number")},
		Passes:      []linkage.Pass{{Name: "name", Key: []string{"name"}, Refine: []string{"town"}}, {Name: "number", Key: []string{"number"}}}}
	var records []linkage.Record
	for i := range 40 { // 40 of one name, in a town of 25 and one of 15
		town, number := "Berlin", fmt.Sprint(1000+i)
		if i >= 25 {
			town = "Köln"
		}
		if i == 39 { // the second of its number, in the other town
			number = "1000"
		}
		records = append(records, linkage.Record{ID: fmt.Sprintf("%02d", i), Values: []string{"Müller", town, number}})
	}
	records = append(records, linkage.Record{ID: "unkeyed", Values: []string{"", "Bonn", ""}})
	b := find(t, records, spec, linkage.Options{}).Blocking
	// Each is compared with its five followers in its town: 25·5 − 15 + 15·5 − 15, and one pair by its number.
	want := linkage.Blocking{Possible: 41 * 40 / 2, Compared: 171, Unkeyed: 1, LeftOut: 780 - 171,
		Passes: []linkage.PassReport{
			{Name: "name", Keyed: 40, Blocks: 1, Largest: 40, Divided: 1, Pairs: 170},
			{Name: "number", Keyed: 40, Blocks: 1, Largest: 2, Pairs: 1},
		},
		Oversized: []linkage.Oversized{{Pass: "name", Key: []string{"mueller"}, Records: 40, Pairs: 780, Compared: 171}},
	}
	if d := cmp.Diff(want, b); d != "" {
		t.Error(d)
	}
	spec.MaxBlock = 100
	b = find(t, records, spec, linkage.Options{}).Blocking
	if b.Compared != 780 || b.LeftOut != 0 || b.Oversized != nil {
		t.Errorf("%+v", b)
	}
}

// Whatever the bound on blocks, each pair is compared once, and those of the divided blocks are among all of them.
func TestBlocking_comparesEachPairOnce(t *testing.T) {
	records := linkagetest.Contacts(1_500, 8)
	for i := range records {
		records[i].Values = append(slices.Clone(records[i].Values), records[i].ID)
	}
	last := int64(0)
	for _, bound := range []int{2, 5, 20, 1000} {
		var mu sync.Mutex
		seen := make(map[[2]string]bool)
		spec := contacts()
		spec.MaxBlock, spec.Sample = bound, 1
		spec.Fields = append(spec.Fields, "id")
		spec.Features = append(spec.Features, linkage.Field(spec.Fields, "id", func(s string) string { return s }))
		spec.Comparisons = append(spec.Comparisons, linkage.Exact("id", "id", .5))
		spec.Comparisons[len(spec.Comparisons)-1].Compare = func(a, b []string) int {
			mu.Lock()
			defer mu.Unlock()
			seen[[2]string{min(a[0], b[0]), max(a[0], b[0])}] = true
			return linkage.Missing
		}
		b := find(t, records, spec, linkage.Options{}).Blocking
		if b.Compared < last || b.Compared > b.Possible {
			t.Errorf("blocks of %d: %d of %d pairs compared, with smaller ones %d", bound, b.Compared, b.Possible, last)
		}
		sum := int64(0)
		for _, p := range b.Passes {
			sum += p.Pairs
		}
		if sum != b.Compared {
			t.Errorf("passes show %d pairs, %d compared", sum, b.Compared)
		}
		// The rest are random pairs and those across clusters.
		if int64(len(seen)) < b.Compared {
			t.Errorf("%d pairs were looked at, %d are said to be compared", len(seen), b.Compared)
		}
		if bound == 1000 && b.LeftOut != 0 {
			t.Errorf("%d pairs left out", b.LeftOut)
		}
		last = b.Compared
	}
}

// Records that have nothing in common are not joined by one that has something of both.
func TestFind_aChainIsCut(t *testing.T) {
	spec := contacts()
	records := append(linkagetest.Contacts(2_000, 9),
		linkage.Record{ID: "x1", Values: []string{"Ottokar", "Zwiebelhuber", "ottokar@zwiebelhuber-eins.de", "0941 5551111", "Zwiebelhuber Brauerei"}},
		linkage.Record{ID: "x2", Values: []string{"Ottokar", "Zwiebelhuber", "", "", ""}},
		linkage.Record{ID: "x3", Values: []string{"Ottokar", "Zwiebelhuber", "", "", ""}},
		linkage.Record{ID: "x4", Values: []string{"Ottilie", "Zwiebelhuber", "ottilie@zwiebelhuber-zwei.de", "0361 7772222", "Zweirad Sachs"}},
		linkage.Record{ID: "x5", Values: []string{"O.", "Zwiebelhuber", "ottilie@zwiebelhuber-zwei.de", "", ""}},
	)
	r := find(t, records, spec, linkage.Options{})
	in := make(map[string]int)
	for k, c := range r.Clusters {
		for _, i := range c.Records {
			in[records[i].ID] = k + 1
		}
	}
	if in["x4"] == 0 || in["x4"] != in["x5"] {
		t.Errorf("x4 and x5 are one person: %v", in["x4"])
	}
	if in["x1"] == 0 || in["x1"] != in["x2"] || in["x2"] != in["x3"] || in["x1"] == in["x4"] {
		t.Errorf("x1, x2 and x3 are another: %v %v %v", in["x1"], in["x2"], in["x3"])
	}
	for _, p := range r.Pairs {
		if p.Cut && (!p.Link || in[records[p.A].ID] == in[records[p.B].ID]) {
			t.Errorf("%+v", p)
		}
	}
}

func TestFind_theFullestRecordSurvives(t *testing.T) {
	spec := contacts()
	records := append(linkagetest.Contacts(2_000, 9),
		linkage.Record{ID: "a", Values: []string{"Ottokar", "Zwiebelhuber", "ottokar@zwiebelhuber.de", "", ""}},
		linkage.Record{ID: "b", Values: []string{"Ottokar", "Zwiebelhuber", "ottokar@zwiebelhuber.de", "0941 5551111", "Zwiebelhuber Brauerei"}},
		linkage.Record{ID: "c", Values: []string{"O.", "Zwiebelhuber", "ottokar@zwiebelhuber.de", "", "Brauerei Zwiebelhuber"}},
	)
	for _, c := range find(t, records, spec, linkage.Options{}).Clusters {
		if slices.ContainsFunc(c.Records, func(i int) bool { return records[i].ID == "a" }) {
			if records[c.Survivor].ID != "b" || len(c.Records) != 3 {
				t.Errorf("%v survives of %v", records[c.Survivor].ID, c.Records)
			}
			return
		}
	}
	t.Error("not found")
}

func TestLink_pairsOnlyAcross(t *testing.T) {
	spec := contacts()
	all := linkagetest.Contacts(3_000, 10)
	seen := make(map[string]bool)
	var a, b []linkage.Record
	for _, r := range all { // the first record of each goes to a, the others to b
		if e := linkagetest.Entity(r.ID); !seen[e] {
			seen[e] = true
			a = append(a, r)
		} else {
			b = append(b, r)
		}
	}
	r, err := linkage.Link(context.Background(), a, b, spec, linkage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	both := slices.Concat(a, b)
	right := 0
	for _, p := range r.Pairs {
		if p.A >= len(a) || p.B < len(a) {
			t.Fatalf("%+v with %d records in a", p, len(a))
		}
		if p.Link && linkagetest.Entity(both[p.A].ID) == linkagetest.Entity(both[p.B].ID) {
			right++
		}
	}
	if r.Blocking.Possible != int64(len(a)*len(b)) || r.Blocking.Compared > r.Blocking.Possible {
		t.Errorf("%+v", r.Blocking)
	}
	if n := r.Threshold.Links; float64(right) < .97*float64(n) || float64(right) < .85*float64(len(b)) {
		t.Errorf("%d of %d links are right, of %d", right, n, len(b))
	}
}

func TestFind_fewRecords(t *testing.T) {
	for _, spec := range []linkage.Spec{linkage.Accounts(), linkage.Contacts()} {
		empty := make([]string, len(spec.Fields))
		full := slices.Repeat([]string{"Müller"}, len(spec.Fields))
		for _, records := range [][]linkage.Record{nil, {{ID: "a", Values: full}}, {{ID: "a", Values: empty}, {ID: "b", Values: empty}}} {
			r := find(t, records, spec, linkage.Options{})
			if len(r.Pairs) != 0 || len(r.Clusters) != 0 || r.Threshold.Links != 0 || math.IsNaN(r.Threshold.Weight) || math.IsNaN(r.Model.Prior) {
				t.Errorf("%d records: %+v", len(records), r)
			}
			if _, err := linkage.Link(context.Background(), records, nil, spec, linkage.Options{}); err != nil {
				t.Error(err)
			}
		}
		two := find(t, []linkage.Record{{ID: "a", Values: full}, {ID: "b", Values: full}}, spec, linkage.Options{})
		if math.IsNaN(two.Threshold.Weight) || math.IsNaN(two.Model.Prior) || two.Blocking.Compared != 1 {
			t.Errorf("%+v", two)
		}
	}
}

func TestFind_refuses(t *testing.T) {
	good := func() linkage.Spec { return linkage.Contacts() }
	values := []string{"a", "b", "", "", ""}
	for name, c := range map[string]struct {
		records []linkage.Record
		change  func(*linkage.Spec)
	}{
		"two records of one ID":      {[]linkage.Record{{ID: "a", Values: values}, {ID: "a", Values: values}}, func(*linkage.Spec) {}},
		"too few values":             {[]linkage.Record{{ID: "a", Values: values[:3]}}, func(*linkage.Spec) {}},
		"no passes":                  {nil, func(s *linkage.Spec) { s.Passes = nil }},
		"no comparisons":             {nil, func(s *linkage.Spec) { s.Comparisons = nil }},
		"unknown feature in a pass":  {nil, func(s *linkage.Spec) { s.Passes[0].Key = []string{"shoe_size"} }},
		"unknown feature compared":   {nil, func(s *linkage.Spec) { s.Comparisons[0].Features[0] = "shoe_size" }},
		"unknown field told":         {nil, func(s *linkage.Spec) { s.Comparisons[0].Fields = []string{"shoe_size"} }},
		"M that does not sum to one": {nil, func(s *linkage.Spec) { s.Comparisons[0].Levels[0].M = .1 }},
		"M of nought":                {nil, func(s *linkage.Spec) { s.Comparisons[0].Levels[0].M = 0 }},
		"unknown feature made of":    {nil, func(s *linkage.Spec) { s.Features[1].After = []string{"shoe_size"} }},
		"feature made of itself":     {nil, func(s *linkage.Spec) { s.Features[1].After = []string{s.Features[1].Name} }},
		"more needed than there":     {nil, func(s *linkage.Spec) { s.Comparisons[0].Needed = 9 }},
		"held in favour":             {nil, func(s *linkage.Spec) { s.Comparisons[0].Levels[5].Weight = 3 }},
		"false share of one":         {nil, func(s *linkage.Spec) { s.FalseShare = 1 }},
		"blocks of one":              {nil, func(s *linkage.Spec) { s.MaxBlock = 1 }},
	} {
		spec := good()
		c.change(&spec)
		if _, err := linkage.Find(context.Background(), c.records, spec, linkage.Options{}); !errors.Is(err, linkage.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFind_endsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seen := make(map[linkage.Stage]int64)
	_, err := linkage.Find(ctx, linkagetest.Contacts(3_000, 11), contacts(), linkage.Options{Progress: func(s linkage.Stage, done, total int64) {
		if done > total {
			t.Errorf("%d of %d", done, total)
		}
		seen[s]++
		if s == linkage.Scoring {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v after %v", err, seen)
	}
	if stages := slices.Sorted(maps.Keys(seen)); !slices.Equal(stages, []linkage.Stage{linkage.Preparing, linkage.Comparing, linkage.Scoring}) {
		t.Errorf("stages %v", stages)
	}
}

// FuzzFind feeds hostile text to every normal form and comparison.
func FuzzFind(f *testing.F) {
	f.Add("Müller GmbH & Co. KG", "Mueller", "info@mueller.de", "+49 89 123", "DE123456789")
	f.Add("\xff\xfe", "e\u0301\u0301\u0301", "@@", "((0))", "\x00")
	f.Add(strings.Repeat("a ", 5000), strings.Repeat("ﷺ", 500), "a@"+strings.Repeat("b.", 500), strings.Repeat("0", 500), "........")
	f.Add(strings.Repeat("ag ", 60), strings.Repeat("gmbh & co kg ", 20), "e", "k", "ev") // names of nothing but legal forms
	f.Add("GmbH", "Holding", "<>", "+", "CHE")
	f.Fuzz(func(t *testing.T, a, b, c, d, e string) {
		text := []string{a, b, c, d, e, a + b, b + c, d + e}
		for _, spec := range []linkage.Spec{linkage.Accounts(), linkage.Contacts()} {
			var records []linkage.Record
			for i := range 4 {
				r := linkage.Record{ID: fmt.Sprint(i)}
				for k := range spec.Fields {
					r.Values = append(r.Values, text[(k+i/2)%len(text)])
				}
				records = append(records, r)
			}
			r := find(t, records, spec, linkage.Options{Workers: 1})
			for i := range records {
				for j := range i {
					w, p := r.Weigh(i, j)
					if math.IsNaN(w) || math.IsInf(w, 0) || !(p >= 0 && p <= 1) {
						t.Fatalf("weight %v, probability %v", w, p)
					}
					if d := cmp.Diff(levels(r, i, j), levels(r, j, i)); d != "" {
						t.Fatal(d)
					}
				}
			}
		}
		linkage.Date(a)
		linkage.Jaro(a, b)
		linkage.Levenshtein(c, d)
		linkage.Cologne(a)
	})
}
