//go:build reference

// The reference tests recompute published and independently computed results on the FEBRL data, kept outside the
// repository (RENDITE_SHARED/refdata/record_linkage_febrl, expected in refdata/EXPECTED.md section 13):
//
//	go test -tags reference -run Reference ./internal/linkage/

package linkage_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/linkage"
)

type person struct {
	id     string
	values map[string]string
}

func febrl(t *testing.T, name string) []person {
	t.Helper()
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "refdata", "record_linkage_febrl", name))
	if err != nil {
		t.Fatalf("no reference data (set RENDITE_SHARED): %v", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.TrimLeadingSpace = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var out []person
	for _, row := range rows[1:] {
		p := person{id: row[0], values: make(map[string]string)}
		for j, field := range rows[0] {
			p.values[field] = strings.TrimSpace(row[j])
		}
		out = append(out, p)
	}
	return out
}

// entity is the person behind a record: rec-223-org and rec-223-dup-0 are one.
func entity(id string) string { return strings.Join(strings.Split(id, "-")[:2], "-") }

// six are the comparisons of the reference: 0 agrees, 1 does not, and a missing value does not agree.
var six = []struct {
	field string
	agree func(a, b string) bool
}{
	{"given_name", func(a, b string) bool { return a == b }},
	{"surname", func(a, b string) bool { return linkage.JaroWinkler(a, b) >= .85 }},
	{"date_of_birth", func(a, b string) bool { return a == b }},
	{"suburb", func(a, b string) bool { return a == b }},
	{"state", func(a, b string) bool { return a == b }},
	{"address_1", func(a, b string) bool { return linkage.Levenshtein(a, b) >= .85 }},
}

type observed struct {
	levels []int8
	same   bool
}

func observe(a, b person) observed {
	o := observed{same: entity(a.id) == entity(b.id)}
	for _, c := range six {
		x, y := a.values[c.field], b.values[c.field]
		level := int8(1)
		if x != "" && y != "" && c.agree(x, y) {
			level = 0
		}
		o.levels = append(o.levels, level)
	}
	return o
}

func (o observed) sum() int {
	n := 0
	for _, l := range o.levels {
		n += int(1 - l)
	}
	return n
}

func within(people []person, use func(a, b person) bool) []observed {
	var out []observed
	for i, a := range people {
		for _, b := range people[i+1:] {
			if use(a, b) {
				out = append(out, observe(a, b))
			}
		}
	}
	return out
}

func between(as, bs []person) []observed {
	by := make(map[string][]person)
	for _, b := range bs {
		by[b.values["given_name"]] = append(by[b.values["given_name"]], b)
	}
	var out []observed
	for _, a := range as {
		if a.values["given_name"] != "" {
			for _, b := range by[a.values["given_name"]] {
				out = append(out, observe(a, b))
			}
		}
	}
	return out
}

func sameGivenName(a, b person) bool {
	return a.values["given_name"] != "" && a.values["given_name"] == b.values["given_name"]
}

// Section 13.1 and 13.2; the counts of sums above 3 are published in the guide of the recordlinkage package.
func TestReference_febrlAgreementCounts(t *testing.T) {
	for _, c := range []struct {
		name             string
		pairs            []observed
		total, same      int
		agree            []int // surname, date_of_birth, suburb, state, address_1; nil is not given
		sums             []int // of 6 down to 1
		above3, above3Is int
	}{
		{"dataset 1", within(febrl(t, "dataset1.csv"), sameGivenName), 2082, 326, []int{300, 290, 226, 681, 277}, []int{142, 145, 30, 9, 376, 1380}, 317, 317},
		{"dataset 4", between(febrl(t, "dataset4a.csv"), febrl(t, "dataset4b.csv")), 77249, 3287, nil, []int{1566, 1332, 343, 146, 16427, 57435}, 3241, 3241},
	} {
		same, above3, above3Same := 0, 0, 0
		agree, sums := make([]int, 6), make([]int, 6)
		for _, o := range c.pairs {
			for j, l := range o.levels {
				agree[j] += int(1 - l)
			}
			sums[6-o.sum()]++
			if o.same {
				same++
			}
			if o.sum() > 3 {
				above3++
				if o.same {
					above3Same++
				}
			}
		}
		if len(c.pairs) != c.total || same != c.same {
			t.Errorf("%s: %d pairs, %d true; want %d, %d", c.name, len(c.pairs), same, c.total, c.same)
		}
		if c.agree != nil && !slices.Equal(agree[1:], c.agree) {
			t.Errorf("%s: agreements %v, want %v", c.name, agree[1:], c.agree)
		}
		if !slices.Equal(sums, c.sums) {
			t.Errorf("%s: sums 6..1 %v, want %v", c.name, sums, c.sums)
		}
		if above3 != c.above3 || above3Same != c.above3Is {
			t.Errorf("%s: sum > 3: %d pairs, %d true; want %d, %d", c.name, above3, above3Same, c.above3, c.above3Is)
		}
	}
}

// counts gathers the patterns of the comparisons from the one numbered first.
func counts(pairs []observed, first int) (linkage.Counts, []string) {
	n := make(map[string]float64)
	for _, o := range pairs {
		n[key(o, first)]++
	}
	var keys []string
	for k := range n {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	c := linkage.Counts{Levels: slices.Repeat([]int{2}, len(six)-first)}
	for _, k := range keys {
		p := linkage.Pattern{Pairs: n[k]}
		for i := range len(k) {
			p.Levels = append(p.Levels, int8(k[i]-'0'))
		}
		c.Patterns = append(c.Patterns, p)
	}
	return c, keys
}

func key(o observed, first int) string {
	var b strings.Builder
	for _, l := range o.levels[first:] {
		b.WriteByte('0' + byte(l))
	}
	return b.String()
}

// Section 13.3: two classes, independent comparisons, start at p .1, m .9, u .1, to 1e-12.
func TestReference_febrlEM(t *testing.T) {
	for _, c := range []struct {
		name              string
		pairs             []observed
		first             int
		prior             float64
		m, u, weights     []float64
		logLikelihood     float64
		found, known      int
		precision, recall float64
	}{
		{
			name: "dataset 1, all pairs", pairs: within(febrl(t, "dataset1.csv"), func(_, _ person) bool { return true }),
			prior: .0009982561, known: 500, found: 493, precision: 1, recall: .986, logLikelihood: -302686.55396908,
			m: []float64{.6500340973, .8276832620, .8890402610, .7051033051, .9429743452, .8683085909},
			u: []float64{.0035227843, .0039103965, .0000254485, .0008264809, .2276362598, .0004189091},
		},
		{
			name: "dataset 4, blocked", pairs: between(febrl(t, "dataset4a.csv"), febrl(t, "dataset4b.csv")), first: 1,
			prior: .0425095099, known: 3287, found: 3261, precision: 1, recall: .99209005,
			m:       []float64{.9222433256, .8917206366, .7408098928, .9369937136, .8536243026},
			u:       []float64{.0054555611, .0000236936, .0008019420, .2182119123, .0004306607},
			weights: []float64{7.40127606, 15.19980729, 9.85138976, 2.10230951, 10.95283397},
		},
	} {
		n, keys := counts(c.pairs, c.first)
		start := linkage.Parameters{Prior: .1}
		for range n.Levels {
			start.M, start.U = append(start.M, []float64{.9, .1}), append(start.U, []float64{.1, .9})
		}
		fit := linkage.EM(n, start, linkage.Estimation{MaxIterations: 10000, Tolerance: 1e-12})
		if !fit.Converged {
			t.Errorf("%s: not converged after %d iterations", c.name, fit.Iterations)
		}
		near(t, c.name+" p", fit.Prior, c.prior, 1e-6)
		for j := range c.m {
			near(t, c.name+" m", fit.M[j][0], c.m[j], 1e-6)
			near(t, c.name+" u", fit.U[j][0], c.u[j], 1e-6)
			if c.weights != nil {
				near(t, c.name+" weight", math.Log2(fit.M[j][0]/fit.U[j][0]), c.weights[j], 1e-6)
			}
		}
		if c.logLikelihood != 0 && fit.LogLikelihood < c.logLikelihood-1e-5 {
			t.Errorf("%s: log-likelihood %.8f, want %.8f", c.name, fit.LogLikelihood, c.logLikelihood)
		}
		linked := make(map[string]bool)
		for i, p := range n.Patterns {
			m, u := fit.Prior, 1-fit.Prior
			for j, l := range p.Levels {
				m *= fit.M[j][l]
				u *= fit.U[j][l]
			}
			linked[keys[i]] = m >= u
		}
		found, right := 0, 0
		for _, o := range c.pairs {
			if linked[key(o, c.first)] {
				found++
				if o.same {
					right++
				}
			}
		}
		if found != c.found {
			t.Errorf("%s: %d pairs found, want %d", c.name, found, c.found)
		}
		near(t, c.name+" precision", float64(right)/float64(found), c.precision, 1e-8)
		near(t, c.name+" recall", float64(right)/float64(c.known), c.recall, 1e-8)
	}
}

// near compares relative to the expected value, which is printed to ten places.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)+.5e-10) {
		t.Errorf("%s: %.10g, want %.10g", what, got, want)
	}
}

// people is a specification for the FEBRL files that knows nothing about them but what their columns mean.
func people(insurance bool) linkage.Spec {
	fields := []string{"given_name", "surname", "street_number", "address_1", "suburb", "postcode", "date_of_birth", "soc_sec_id"}
	var features []linkage.Feature
	for _, f := range fields {
		normal := linkage.Fold
		if f == "date_of_birth" {
			normal = linkage.Date
		}
		features = append(features, linkage.Field(fields, f, normal))
	}
	sound := func(name string, i int) linkage.Feature {
		return linkage.Feature{Name: name, From: func(v []string) string { return linkage.Cologne(linkage.Fold(v[i])) }}
	}
	features = append(features, sound("given_sound", 0), sound("surname_sound", 1), sound("suburb_sound", 4))
	spec := linkage.Spec{
		Fields: fields, Features: features,
		Comparisons: []linkage.Comparison{
			linkage.Text("given_name", "given_name"), linkage.Text("surname", "surname"), linkage.Digits("street_number", "street_number"),
			linkage.Text("address_1", "address_1"), linkage.Text("suburb", "suburb"), linkage.Digits("postcode", "postcode"),
			linkage.Day("date_of_birth", "date_of_birth"), linkage.Digits("soc_sec_id", "soc_sec_id"),
		},
		Passes: []linkage.Pass{
			{Name: "soc_sec_id", Key: []string{"soc_sec_id"}},
			{Name: "names", Key: []string{"given_sound", "surname_sound"}},
			{Name: "birth", Key: []string{"date_of_birth"}},
			{Name: "surname_postcode", Key: []string{"surname_sound", "postcode"}},
			{Name: "given_suburb", Key: []string{"given_sound", "suburb_sound"}},
			{Name: "address", Key: []string{"address_1", "street_number"}},
		},
	}
	if !insurance {
		spec.Comparisons = spec.Comparisons[:len(spec.Comparisons)-1]
		spec.Passes = spec.Passes[1:]
	}
	return spec
}

func records(people []person, fields []string) []linkage.Record {
	out := make([]linkage.Record, len(people))
	for i, p := range people {
		out[i].ID = p.id
		for _, f := range fields {
			out[i].Values = append(out[i].Values, p.values[f])
		}
	}
	return out
}

// TestReference_febrlWithoutLabels finds the duplicates of dataset 1 and links 4a to 4b, of which nothing but the true
// pairs is known afterwards; the second time without the insurance number, which nearly tells people apart by itself.
func TestReference_febrlWithoutLabels(t *testing.T) {
	for _, insurance := range []bool{true, false} {
		spec := people(insurance)
		one := records(febrl(t, "dataset1.csv"), spec.Fields)
		a, b := records(febrl(t, "dataset4a.csv"), spec.Fields), records(febrl(t, "dataset4b.csv"), spec.Fields)
		r, err := linkage.Find(context.Background(), one, spec, linkage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		judge(t, fmt.Sprintf("dataset 1, insurance number %v", insurance), r, one, 500)
		r, err = linkage.Link(context.Background(), a, b, spec, linkage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		judge(t, fmt.Sprintf("dataset 4, insurance number %v", insurance), r, slices.Concat(a, b), 5000)
	}
}

func judge(t *testing.T, name string, r *linkage.Result, all []linkage.Record, known int) {
	t.Helper()
	right := 0
	for _, p := range r.Pairs[:r.Threshold.Links] {
		if entity(all[p.A].ID) == entity(all[p.B].ID) {
			right++
		}
	}
	precision, recall := float64(right)/float64(r.Threshold.Links), float64(right)/float64(known)
	f1 := 2 * precision * recall / (precision + recall)
	t.Logf("%s: precision %.4f, recall %.4f, F1 %.4f; estimated precision %.4f, recall %.4f; %d of %d pairs compared, %d iterations",
		name, precision, recall, f1, r.Threshold.Precision, r.Threshold.Recall, r.Blocking.Compared, r.Blocking.Possible, r.Model.Iterations)
	if f1 < .97 {
		t.Errorf("%s: F1 %.4f, want at least 0.97", name, f1)
	}
	if math.Abs(r.Threshold.Precision-precision) > .02 || math.Abs(r.Threshold.Recall-recall) > .03 {
		t.Errorf("%s: estimated precision %.4f and recall %.4f, true %.4f and %.4f", name, r.Threshold.Precision, r.Threshold.Recall, precision, recall)
	}
	if e := r.Excess(); !(e.Low <= float64(known) && float64(known) <= e.High) { // each of the known is one record too many
		t.Errorf("%s: %d are too many, estimated %+v", name, known, e)
	}
	if !r.Model.Converged {
		t.Errorf("%s: not converged", name)
	}
}

// Published examples of Winkler (1990), as the jellyfish package computes them.
func TestReference_strings(t *testing.T) {
	for _, c := range []struct {
		a, b                       string
		jaro, winkler, levenshtein float64
	}{
		{"MARTHA", "MARHTA", .9444444444, .9611111111, .6666666667},
		{"DWAYNE", "DUANE", .8222222222, .84, .6666666667},
		{"DIXON", "DICKSONX", .7666666667, .8133333333, .5},
		{"JELLYFISH", "SMELLYFISH", .8962962963, .8962962963, .8},
	} {
		near(t, "Jaro "+c.a, linkage.Jaro(c.a, c.b), c.jaro, 1e-9)
		near(t, "Jaro-Winkler "+c.a, linkage.JaroWinkler(c.a, c.b), c.winkler, 1e-9)
		near(t, "Levenshtein "+c.a, linkage.Levenshtein(c.a, c.b), c.levenshtein, 1e-9)
	}
}
