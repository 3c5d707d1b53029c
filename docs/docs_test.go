// Package docs_test keeps the documentation true: every block of YAML in it is read and run, every formula in a table is
// evaluated, every printed output is made again and compared, every list is compared with the code, every link must lead
// somewhere. How a block is marked decides what happens to it; blocks_test.go lists the markers. Rewrite outputs with
//
//	go test ./docs -update
package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/cli"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
)

var update = flag.Bool("update", false, "rewrite the outputs printed in the documents")

// documents are all pages, relative to this folder.
var documents = []string{"../README.md", "../CONTRIBUTING.md", "language.md", "method.md", "json.md", "map.md", "dependencies.md", "api.md", "duplicates.md"}

// folder is a catalogue folder made of a page's blocks.
type folder struct{ dir string }

func (f *folder) add(t *testing.T, b block, name string) {
	t.Helper()
	if f.dir == "" {
		f.dir = t.TempDir()
	}
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
		t.Fatal(err)
	}
	cat := f.open(t)
	group, id, _ := strings.Cut(strings.TrimSuffix(name, ".yaml"), "/")
	var err error
	switch group {
	case "levers":
		_, err = cat.Lever(id)
	case "costs":
		_, err = cat.Cost(id)
	case "ai":
		_, err = cat.Package(id)
	default:
		err = fmt.Errorf("%s is no folder of a catalogue", group)
	}
	if err != nil {
		t.Errorf("%s: %v", b.name(), err)
	}
}

func (f *folder) open(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	var dirs []string
	if f.dir != "" {
		dirs = append(dirs, f.dir)
	}
	cat, err := catalogue.Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func TestDocs_everyYAMLBlockDoesWhatItsMarkerSays(t *testing.T) {
	seen := 0
	for _, page := range documents {
		var own folder
		for _, b := range blocks(t, page) {
			marker, ok := strings.CutPrefix(b.info, "yaml")
			if !ok {
				continue
			}
			seen++
			marker = strings.TrimSpace(marker)
			what, code, _ := strings.Cut(marker, " ")
			switch {
			case what == "case" || what == "fragment":
				t.Run(b.name(), func(t *testing.T) { runs(t, b, own.open(t), what == "case") })
			case what == "error" || what == "warning":
				t.Run(b.name(), func(t *testing.T) { complains(t, b, own.open(t), code, what == "error") })
			case what == "given":
			case strings.HasSuffix(what, ".yaml"):
				own.add(t, b, what)
			default:
				t.Errorf("%s: a block of YAML needs a marker", b.name())
			}
		}
	}
	if seen < 35 {
		t.Errorf("only %d blocks of YAML found", seen)
	}
}

// harmless are the warnings that an example may bring: it leaves out what it is not about.
var harmless = []string{"no_adoption", "default_used", "no_controlled_evidence", "irr_none", "irr_several", "mirr_none",
	"break_even_never", "break_even_discounted_never", "first_crossing", "after_tax"}

// runs computes a block in every scenario and compares the figures it states.
func runs(t *testing.T, b block, cat *catalogue.Catalogue, whole bool) {
	text := b.text
	if !whole {
		text = complete(text, "")
	}
	c := calc.Case{Name: "case.yaml", Text: []byte(text), Catalogue: cat}
	m, list := calc.Check(c, "")
	if m == nil {
		t.Fatalf("%v", list)
	}
	ids := []string{""}
	for _, s := range m.File.Scenarios {
		ids = append(ids, s.ID)
	}
	for i, id := range ids {
		a, list, err := calc.Run(context.Background(), c, calc.Options{Scenario: id, Seed: calc.DefaultSeed, Definitions: true, Lang: "en"})
		if err != nil || a == nil {
			t.Fatalf("scenario %q: %v %v", id, list, err)
		}
		if i == 0 {
			figures(t, b, a)
		}
		for _, d := range a.Diagnostics {
			if !slices.Contains(harmless, d.Code) {
				t.Errorf("scenario %q brings the warning %v", id, d)
			}
		}
	}
}

var figure = regexp.MustCompile(`# → ([\w.\[\]]+) = (\S+)`)

// figures compares `# → npv = 4.13` with the result, rounded to the digits given.
func figures(t *testing.T, b block, a *calc.Answer) {
	t.Helper()
	data, err := json.Marshal(a.Result)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	for _, m := range figure.FindAllStringSubmatch(b.text, -1) {
		path, want := m[1], m[2]
		if plan, ok := tree["plan"].(map[string]any); ok {
			if _, known := plan[path]; known {
				path = "plan." + path
			}
		}
		got, ok := find(tree, strings.Split(path, "."))
		if !ok {
			t.Errorf("the result has no %s", path)
			continue
		}
		if s := shown(got, want); s != want {
			t.Errorf("%s = %s, the page says %s", path, s, want)
		}
	}
}

func find(tree any, path []string) (any, bool) {
	for _, key := range path {
		switch node := tree.(type) {
		case map[string]any:
			next, ok := node[key]
			if !ok {
				return nil, false
			}
			tree = next
		case []any: // an index, or the id of an element
			i, err := strconv.Atoi(key)
			if err != nil {
				i = slices.IndexFunc(node, func(e any) bool { m, ok := e.(map[string]any); return ok && m["id"] == key })
			}
			if i < 0 || i >= len(node) {
				return nil, false
			}
			tree = node[i]
		default:
			return nil, false
		}
	}
	return tree, true
}

// shown writes v with as many decimals as like has.
func shown(v any, like string) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		_, decimals, _ := strings.Cut(like, ".")
		s := strconv.FormatFloat(v, 'f', len(decimals), 64)
		if strings.Trim(s, "-0.") == "" {
			s = strings.TrimPrefix(s, "-")
		}
		return s
	}
	return fmt.Sprint(v)
}

// complains demands a diagnostic; errors of another code must not come with it.
func complains(t *testing.T, b block, cat *catalogue.Catalogue, code string, isError bool) {
	c := calc.Case{Name: "case.yaml", Text: []byte(complete(b.text, code)), Catalogue: cat}
	_, list := calc.Check(c, "")
	if list.Err() == nil {
		a, more, err := calc.Run(context.Background(), c, calc.Options{Seed: calc.DefaultSeed})
		if err != nil {
			t.Fatal(err)
		}
		list = more
		if a != nil {
			list = a.Diagnostics
		}
	}
	found := false
	for _, d := range list {
		if d.Code == code && (d.Severity == diag.Error) == isError {
			found = true
		} else if d.Severity == diag.Error {
			t.Errorf("also has the error %v", d)
		}
	}
	if !found {
		t.Errorf("lacks %s; it has %v", code, list)
	}
}

var (
	row      = regexp.MustCompile("^\\| *`([^`]+)` *\\|")
	inMonth  = regexp.MustCompile("^`([^`]+)`(?: in month (\\d+))?$")
	backtick = regexp.MustCompile("`([^`]+)`")
)

// cells are those of a row of a table.
func cells(line string) []string {
	var c []string
	for _, s := range strings.Split(strings.Trim(line, "|"), "|") {
		c = append(c, strings.TrimSpace(s))
	}
	return c
}

func TestDocs_everyFormulaInATableHasItsValue(t *testing.T) {
	seen := 0
	for _, page := range documents {
		given := map[int]string{}
		for _, b := range blocks(t, page) {
			if b.info == "yaml given" {
				given[b.line] = b.text
			}
		}
		assumptions, kind := "", ""
		for i, l := range strings.Split(read(t, page), "\n") {
			if text, ok := given[i+1]; ok {
				assumptions = text
			}
			switch {
			case strings.HasPrefix(l, "| formula | value |"):
				kind = "formula"
			case strings.HasPrefix(l, "| written | P10 | P50 | P90 | mean |"):
				kind = "distribution"
			case !strings.HasPrefix(l, "|"):
				kind = ""
			case kind != "" && row.MatchString(l):
				seen++
				t.Run(fmt.Sprintf("%s:%d", filepath.Base(page), i+1), func(t *testing.T) {
					if kind == "formula" {
						hasValue(t, assumptions, cells(l))
					} else {
						hasQuantiles(t, cells(l))
					}
				})
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d formulas found", seen)
	}
}

// hasValue compares a formula with the value beside it, in the unit of that value and to its digits.
func hasValue(t *testing.T, assumptions string, c []string) {
	expr := strings.Trim(c[0], "`")
	m := inMonth.FindStringSubmatch(c[1])
	if m == nil {
		t.Fatalf("no value in %q", c[1])
	}
	value, err := formula.Parse(m[1])
	if err != nil {
		t.Fatalf("%s: %v", m[1], err.Code)
	}
	if neg, ok := value.(*formula.Neg); ok {
		value = neg.X
	}
	number, ok := value.(*formula.Number)
	if !ok {
		t.Fatalf("%s is no number", m[1])
	}
	_, decimals, rounded := strings.Cut(number.Text, ".")
	tolerance := 1e-9 * math.Max(1, math.Abs(number.Value))
	if rounded {
		tolerance = 0.5000001 * math.Pow10(-len(decimals))
	}
	text := fmt.Sprintf("start: 2026-04\nassumptions:\n%s  left_side: %q\n  right_side: %q\n"+
		"benefits: {difference: {from: 0, amount: \"(left_side - right_side) / (1 %s) * 1 EUR/month\"}}\n", indent(assumptions), expr, m[1], number.Unit.Text)
	model, list := calc.Check(calc.Case{Name: "case.yaml", Text: []byte(complete(text, ""))}, "")
	if model == nil {
		t.Fatalf("%v", list)
	}
	g, problem := model.Compile()
	if problem != nil {
		t.Fatal(problem)
	}
	flows := g.Evaluate(g.Medians())
	last := flows[len(flows)-1]
	for month, d := range last {
		if m[2] != "" && m[2] != strconv.Itoa(month) {
			continue
		}
		if !(math.Abs(d) <= tolerance) {
			t.Errorf("%s is off %s by %v in month %d", expr, m[1], d, month)
			return
		}
	}
}

// hasQuantiles compares a range or a named distribution with its percentiles and mean.
func hasQuantiles(t *testing.T, c []string) {
	expr := strings.Trim(c[0], "`")
	text := fmt.Sprintf("assumptions:\n  x: %q\nbenefits: {b: {amount: (x - x) * 1 EUR/month / x}}\n", expr)
	model, list := calc.Check(calc.Case{Name: "case.yaml", Text: []byte(complete(text, ""))}, "")
	if model == nil {
		t.Fatalf("%v", list)
	}
	q, _ := model.Quantity("x")
	if q.Dist == nil {
		t.Fatalf("%s is no distribution", expr)
	}
	got := []float64{q.Dist.Quantile(0.1), q.Dist.Quantile(0.5), q.Dist.Quantile(0.9), q.Dist.Mean()}
	for i, v := range got {
		want := strings.Trim(c[i+1], "`")
		number, problem := formula.Parse(strings.TrimPrefix(want, "-"))
		if problem != nil {
			t.Fatalf("%s: %s", want, problem.Code)
		}
		n, ok := number.(*formula.Number)
		if !ok {
			t.Fatalf("%s is no number", want)
		}
		v = v * q.Factor / n.Unit.Scale
		if s := shown(v, n.Text); s != strings.TrimSpace(strings.TrimSuffix(strings.ReplaceAll(want, " ", ""), strings.ReplaceAll(n.Unit.Text, " ", ""))) {
			t.Errorf("%s: column %d is %s, the page says %s", expr, i+2, s, want)
		}
	}
}

func indent(s string) string {
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimRight(s, "\n"), "\n") {
		if l != "" {
			b.WriteString("  " + l + "\n")
		}
	}
	return b.String()
}

func TestDocs_everyPrintedOutputIsWhatTheProgramPrints(t *testing.T) {
	cli.Version = "dev"
	seen := 0
	for _, page := range documents {
		yaml := ""
		for _, b := range blocks(t, page) {
			if strings.HasPrefix(b.info, "yaml") {
				yaml = b.text
			}
			args, ok := strings.CutPrefix(b.comment, "output:")
			if !ok {
				if b.info == "text" {
					t.Errorf("%s: a block of text needs a comment that says what prints it", b.name())
				}
				continue
			}
			seen++
			args, until, cut := strings.Cut(args, "; until:")
			got := program(t, strings.Fields(args), yaml)
			if cut {
				head, _, found := strings.Cut(got, strings.TrimSpace(until))
				if !found {
					t.Errorf("%s: the output has no %q", b.name(), until)
				}
				got = strings.TrimRight(head, "\n") + "\n"
			}
			if got == b.text {
				continue
			}
			if !*update {
				t.Errorf("%s: the program prints something else (-page +program); go test ./docs -update\n%s", b.name(), cmp.Diff(b.text, got))
				continue
			}
			old := read(t, page)
			fence := "```" + b.info + "\n"
			changed := strings.Replace(old, fence+b.text+"```", fence+got+"```", 1)
			if err := os.WriteFile(page, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if seen == 0 {
		t.Error("no printed output found")
	}
}

// program runs the command line in the repository's root, or beside case.yaml.
func program(t *testing.T, args []string, yaml string) string {
	t.Helper()
	dir := ".."
	if slices.Contains(args, "case.yaml") {
		dir = t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Chdir(here); err != nil {
			t.Fatal(err)
		}
	}()
	var out, problems bytes.Buffer
	env := func(name string) string {
		if name == "LANG" {
			return "en_GB.UTF-8"
		}
		return ""
	}
	cli.Main(context.Background(), args, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &problems, Env: env})
	return out.String() + problems.String()
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	mark    = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func TestDocs_everyLinkLeadsSomewhere(t *testing.T) {
	for _, page := range documents {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(t, path), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, m[1])
			}
		}
	}
}

// anchors are the names that the forge gives to headings.
func anchors(t *testing.T, page string) []string {
	t.Helper()
	var all []string
	for _, h := range heading.FindAllStringSubmatch(read(t, page), -1) {
		all = append(all, strings.ReplaceAll(mark.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return all
}
