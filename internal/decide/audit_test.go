package decide_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/starter"
)

var updateAudit = flag.Bool("update-audit", false, "rewrite the golden files in testdata/audit")

var auditCatalogue, _ = catalogue.Open()

// answer runs a case with as many draws as the shares of variance need.
func answer(t *testing.T, name string, text []byte, overlays ...*casefile.Node) *calc.Answer {
	t.Helper()
	a, found, err := calc.Run(context.Background(), calc.Case{Name: name, Text: text, Catalogue: auditCatalogue, Overlays: overlays}, calc.Options{Draws: 2048, Seed: 1})
	if err != nil || a == nil {
		t.Fatal(name, err, found)
	}
	return a
}

// broken is a scenario of a file in testdata/audit, as overlays: with the scenarios in the case, each run would check all.
type broken struct {
	id       string
	overlays []*casefile.Node
}

// cases splits a file into the sound case and what breaks it. Places stay those of the file.
func cases(t *testing.T, name string, text []byte) (sound []byte, all []broken) {
	t.Helper()
	root, found := casefile.ParseYAML(name, text)
	if found.Err() != nil {
		t.Fatal(found)
	}
	for _, e := range root.Get("scenarios").Entries {
		b := broken{id: e.Key}
		rest := *e.Value
		rest.Entries = slices.DeleteFunc(slices.Clone(rest.Entries), func(e casefile.Entry) bool { return e.Key == "remove" })
		if remove := e.Value.Get("remove"); remove != nil {
			for _, item := range remove.Items {
				group, line, _ := strings.Cut(item.Text, ".")
				none := &casefile.Node{Kind: casefile.Map, Entries: []casefile.Entry{{Key: line, At: item.At, Value: &casefile.Node{At: item.At}}}}
				b.overlays = append(b.overlays, &casefile.Node{Kind: casefile.Map, Entries: []casefile.Entry{{Key: group, At: item.At, Value: none}}})
			}
		}
		b.overlays = append(b.overlays, &rest)
		all = append(all, b)
	}
	sound, _, _ = bytes.Cut(text, []byte("\nscenarios:"))
	return append(sound, '\n'), all
}

func severity(d diag.Diagnostic) string {
	return map[diag.Severity]string{diag.Error: "error", diag.Warning: "warning", diag.Hint: "hint"}[d.Severity]
}

// unsound lists what is worse than a hint.
func unsound(list diag.List) (codes []string) {
	for _, d := range list {
		if d.Severity != diag.Hint {
			codes = append(codes, d.Code)
		}
	}
	return codes
}

// Each file in testdata/audit is a sound case with scenarios that break it in one way each, named after what is found.
func TestAuditFindsEachOfItsKindsInABrokenCaseAndNothingInTheSoundOne(t *testing.T) {
	de, en := locale.New(locale.German), locale.New(locale.English)
	paths, err := filepath.Glob("testdata/audit/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		sound, all := cases(t, name, text)
		find := decide.Audit
		if base := answer(t, name, sound); name == "sealed.yaml" {
			find = func(a *calc.Answer) diag.List { return decide.Against(base, a) }
		}
		if list := find(answer(t, name, sound)); len(list) > 0 && name != "points.yaml" {
			t.Errorf("%s: the sound case is not: %v", name, list)
		}
		var out strings.Builder
		for _, b := range all {
			list := find(answer(t, name, sound, b.overlays...))
			fmt.Fprintf(&out, "== %s\n", b.id)
			for _, d := range list {
				seen[d.Code] = true
				fmt.Fprintf(&out, "%s %s %d:%d-%d\n%s\n%s\n", severity(d), d.Code, d.At.Line, d.At.Column, d.At.EndColumn, de.Diagnostic(d, false), en.Diagnostic(d, false))
			}
			out.WriteString("\n")
			if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return strings.HasPrefix("audit_"+b.id, d.Code) }) {
				t.Errorf("%s: %s is not found, only %v", name, b.id, list)
			}
		}
		if strings.Contains(out.String(), "⟦") {
			t.Errorf("%s: a message is missing", name)
		}
		golden := strings.TrimSuffix(path, ".yaml") + ".golden"
		if *updateAudit {
			if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, _ := os.ReadFile(golden)
		if d := cmp.Diff(string(want), out.String()); d != "" {
			t.Errorf("%s (-want +got; -update-audit rewrites)\n%s", golden, d)
		}
	}
	for _, key := range de.Keys() {
		if code := strings.TrimPrefix(key, "diag."); strings.HasPrefix(code, "audit_") && !strings.HasSuffix(code, ".hint") {
			if !seen[code] {
				t.Errorf("no broken case raises %s", code)
			}
			if !de.Has(key + ".hint") {
				t.Errorf("%s does not say what to do", code)
			}
		}
	}
}

// What makes a sealed case look worse is nobody's trick, and a value within half a per cent is rounding.
func TestAgainst_aCaseThatGotWorseIsNoFinding(t *testing.T) {
	text, err := os.ReadFile("testdata/audit/sealed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sound, _ := cases(t, "sealed.yaml", text)
	sealed := answer(t, "sealed.yaml", sound)
	worse := strings.NewReplacer("45 000 .. 60 000 .. 95 000", "50 000 .. 70 000 .. 99 000", "plateau: 60 .. 80 .. 92 %", "plateau: 50 .. 70 .. 90 %",
		"users * 65 EUR/month", "users * 64.9 EUR/month", "  training:", "  more: {amount: 500 EUR/month}\n  training:").Replace(string(sound))
	if list := decide.Against(sealed, answer(t, "sealed.yaml", []byte(worse))); len(list) > 0 {
		t.Error(list)
	}
	if list := decide.Against(answer(t, "sealed.yaml", []byte(worse)), sealed); len(list) != 4 {
		t.Errorf("two benefits back up, one cost down and one gone: %v", list)
	}
}

func TestAgainst_aLongerHorizonIsToldOnce(t *testing.T) {
	text, err := os.ReadFile("testdata/audit/sealed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sound, _ := cases(t, "sealed.yaml", text)
	now := strings.NewReplacer("horizon: 36", "horizon: 60", "discount: 8", "discount: 4").Replace(string(sound))
	var codes []string
	for _, d := range decide.Against(answer(t, "sealed.yaml", sound), answer(t, "sealed.yaml", []byte(now))) {
		codes = append(codes, d.Code)
	}
	if !cmp.Equal(codes, []string{"audit_sealed_horizon", "audit_sealed_discount"}) {
		t.Error(codes)
	}
}

func TestAuditIsSilentForTheExamples(t *testing.T) {
	// One example is there to show a case that does not pay, one reproduces a published worksheet without ranges.
	documented := map[string][]string{
		"lohnt-nicht.yaml":           {},
		"published-pine-valley.yaml": {"audit_no_internal_time", "audit_no_training", "audit_no_ranges", "audit_point_guess"},
	}
	paths, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no examples", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		list := decide.Audit(answer(t, name, text))
		if name == "maschinenbau.yaml" && len(list) > 0 {
			t.Errorf("the example of the README has findings: %v", list)
		}
		if got := slices.Compact(slices.Sorted(slices.Values(unsound(list)))); !cmp.Equal(got, slices.Sorted(slices.Values(documented[name]))) && len(got)+len(documented[name]) > 0 {
			t.Errorf("%s: %v", name, list)
		}
	}
}

// What is found in a new case is what its own words admit: a case that is only to save time, of which nobody has decided
// what becomes, is told so.
func TestAuditIsSilentForNewCases(t *testing.T) {
	for _, industry := range starter.Industries("en") {
		for _, goals := range [][]string{nil, {"sales", "service"}, {"retention", "marketing"}, {"service", "admin"}, {"sales", "marketing", "retention", "service", "admin"}} {
			for _, seats := range []int{4, 40, 300} {
				text, err := starter.Case(starter.Answers{Industry: industry.ID, Goals: goals, Seats: seats, Lang: "en"})
				if err != nil {
					t.Fatal(err)
				}
				a := answer(t, "new.yaml", []byte(text))
				var want []string
				if strings.Join(goals, " ") == "service admin" {
					want = []string{"audit_only_freed_time"}
				}
				if got := unsound(decide.Audit(a)); !cmp.Equal(got, want) {
					t.Errorf("%s, %v, %d seats: %v", industry.ID, goals, seats, decide.Audit(a))
				}
			}
		}
	}
}

func TestAuditOfAStudyTakesThePublishedRangesOfItsCatalogue(t *testing.T) {
	text, err := os.ReadFile("testdata/audit/midsize.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sound, _ := cases(t, "midsize.yaml", text)
	lever, err := os.ReadFile("../catalogue/data/levers/time_saved.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "levers"), 0o700); err != nil {
		t.Fatal(err)
	}
	strict := strings.Replace(string(lever), "range: 0 .. 5 h/week", "range: 0 .. 1 h/week", 1)
	if err := os.WriteFile(filepath.Join(dir, "levers", "time_saved.yaml"), []byte(strict), 0o600); err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, found, err := decide.New(context.Background(), calc.Case{Name: "midsize.yaml", Text: sound, Catalogue: cat}, calc.Options{Draws: 2048, Seed: 1})
	if err != nil || s == nil {
		t.Fatal(err, found)
	}
	if got := unsound(s.Audit()); !cmp.Equal(got, []string{"audit_outside_published"}) {
		t.Errorf("1.2 h/week beside a published 1 h/week: %v", got)
	}
	if got := decide.Audit(s.Answer); len(got) > 0 {
		t.Errorf("the embedded range is up to 5 h/week: %v", got)
	}
}
