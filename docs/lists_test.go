package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/sim"
)

// rows are the rows of the table after the comment `list: NAME` or `table: NAME` of a page, its heading left out.
func rows(t *testing.T, page, what string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, page), "<!-- "+what+" -->\n")
	if !ok {
		t.Fatalf("%s has no table marked %q", page, what)
	}
	var all []string
	for _, l := range strings.Split(rest, "\n") {
		if !strings.HasPrefix(l, "|") {
			break
		}
		all = append(all, l)
	}
	if len(all) < 3 {
		t.Fatalf("%s: the table %q is empty", page, what)
	}
	return all[2:]
}

// named are the words in backticks in the first cell of each row.
func named(t *testing.T, page, what string) []string {
	t.Helper()
	var all []string
	for _, r := range rows(t, page, "list: "+what) {
		for _, m := range backtick.FindAllStringSubmatch(cells(r)[0], -1) {
			all = append(all, m[1])
		}
	}
	return all
}

func sameNames(t *testing.T, page, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s, %s (-code +page):\n%s", page, what, diff)
	}
}

func TestLanguage_theListsAreThoseOfTheCode(t *testing.T) {
	const page = "language.md"
	for _, part := range []string{"top", "quantity", "curve", "line", "criterion"} {
		want := casefile.Keys(part)
		sameNames(t, page, part+" keys", named(t, page, part+" keys"), want)
	}
	var functions, pageFunctions []string
	for _, f := range formula.Functions {
		functions = append(functions, f.Name)
	}
	for _, f := range named(t, page, "functions") {
		name, _, _ := strings.Cut(f, "(")
		pageFunctions = append(pageFunctions, name)
	}
	sameNames(t, page, "functions", pageFunctions, functions)

	var units []string
	for _, r := range rows(t, page, "list: units") {
		c := cells(r)
		for _, m := range backtick.FindAllStringSubmatch(c[0]+c[1], -1) {
			if !quantity.IsCurrency(m[1]) {
				units = append(units, m[1])
			}
		}
	}
	sameNames(t, page, "units", units, quantity.Names())

	for _, name := range named(t, page, "names") {
		if found := named(t, page, "names"); len(found) != 5 {
			t.Errorf("%d names", len(found))
		}
		text := "assumptions: {" + name + ": 1}\n"
		if _, list := casefile.Read("case.yaml", []byte(complete(text, "")), ""); list.Err() == nil || !slices.Contains([]string{"name_taken", "name_is_unit"}, list[0].Code) {
			t.Errorf("an assumption may be called %s: %v", name, list)
		}
	}
}

var warned = regexp.MustCompile(`(?:Warn|warn|note)\("([a-z_]+)"`)

func TestLanguage_theWarningsItTellsOfExist(t *testing.T) {
	codes := map[string]bool{}
	for _, folder := range packages(t) {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			for _, m := range warned.FindAllStringSubmatch(read(t, f), -1) {
				codes[m[1]] = true
			}
		}
	}
	for _, code := range named(t, "language.md", "warnings") {
		if !codes[code] {
			t.Errorf("language.md tells of the warning %s, which the code does not know", code)
		}
	}
}

// factor writes an exponent.
func factor(x float64) string {
	switch x {
	case 0:
		return "–"
	case 0.5:
		return "½"
	}
	return fmt.Sprint(x)
}

func inputs(in catalogue.Inputs) string {
	var names []string
	for _, i := range in {
		names = append(names, "`"+i.Name+"`")
	}
	return strings.Join(names, ", ")
}

func TestLanguage_theTablesAreThoseOfTheCatalogue(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]string{}
	for _, id := range cat.Levers() {
		l, err := cat.Lever(id)
		if err != nil {
			t.Fatal(err)
		}
		kind := l.Kind
		if l.Chain != "" {
			kind += " (" + l.Chain + ")"
		}
		tables["levers"] = append(tables["levers"], fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s |", id, kind,
			factor(l.Realisation.Adoption), factor(l.Realisation.DataQuality), factor(l.Realisation.Process), inputs(l.Inputs)))
	}
	for _, id := range cat.Costs() {
		c, err := cat.Cost(id)
		if err != nil {
			t.Fatal(err)
		}
		var when []string
		if c.When.At != nil {
			when = append(when, fmt.Sprintf("at %d", *c.When.At))
		}
		if c.When.Every > 0 {
			when = append(when, fmt.Sprintf("every %d", c.When.Every))
		}
		if c.When.From != nil {
			when = append(when, fmt.Sprintf("from %d", *c.When.From))
		}
		if c.When.To != nil {
			when = append(when, fmt.Sprintf("to %d", *c.When.To))
		}
		tables["items"] = append(tables["items"], fmt.Sprintf("| `%s` | %s | %s | %s |", id, c.Kind, strings.Join(when, ", "), inputs(c.Inputs)))
	}
	for _, id := range cat.Packages() {
		p, err := cat.Package(id)
		if err != nil {
			t.Fatal(err)
		}
		var levers, presets []string
		for _, b := range p.Benefits {
			levers = append(levers, "`"+b.Lever+"`")
			for name, value := range b.Set {
				presets = append(presets, fmt.Sprintf("`%s: %s`", name, value))
			}
		}
		slices.Sort(levers)
		slices.Sort(presets)
		if len(presets) == 0 {
			presets = []string{"none"}
		}
		tables["packages"] = append(tables["packages"], fmt.Sprintf("| `%s` | %s | %s | %s |", id, strings.Join(levers, ", "), strings.Join(presets, "; "), inputs(p.Cost.Inputs)))
	}
	for _, id := range cat.Criteria() {
		c, err := cat.Criterion(id)
		if err != nil {
			t.Fatal(err)
		}
		row := "| `" + id + "` |"
		for _, a := range c.Scale {
			row += " " + a.Text.English + " |"
		}
		tables["criteria"] = append(tables["criteria"], row)
	}
	for name, want := range tables {
		got := rows(t, "language.md", "table: "+name)
		if slices.Equal(got, want) {
			continue
		}
		if !*update {
			t.Errorf("table of %s (-catalogue +page); go test ./docs -update\n%s", name, cmp.Diff(want, got))
			continue
		}
		changed := strings.Replace(read(t, "language.md"), strings.Join(got, "\n"), strings.Join(want, "\n"), 1)
		if err := os.WriteFile("language.md", []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// packages are the folders of the module with Go files, as go list has them.
func packages(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != ".." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "bin") {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != ".." {
			return fs.SkipDir // a module of its own
		}
		if _, err := build.ImportDir(path, 0); err == nil {
			rel, err := filepath.Rel("..", path)
			if err != nil {
				return err
			}
			all = append(all, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMap_listsEveryPackageOnce(t *testing.T) {
	sameNames(t, "map.md", "packages", named(t, "map.md", "packages"), packages(t))
}

func TestMap_theFilesItNamesExist(t *testing.T) {
	for _, m := range backtick.FindAllStringSubmatch(read(t, "map.md"), -1) {
		path, _, _ := strings.Cut(m[1], "#")
		if !strings.Contains(path, "/") || strings.ContainsAny(path, " <…*{") {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(path))); err != nil {
			t.Errorf("map.md names %s, which does not exist", path)
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^\s*(?:require )?(\S+\.\S+) (v\d\S*)`)

func TestDependencies_areTheModulesThatAreImported(t *testing.T) {
	versions := map[string]string{}
	for _, m := range requirement.FindAllStringSubmatch(read(t, "../go.mod"), -1) {
		versions[m[1]] = m[2]
	}
	direct := map[string]string{}
	for _, folder := range packages(t) {
		p, err := build.ImportDir(filepath.Join("..", folder), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			for module, version := range versions {
				if i == module || strings.HasPrefix(i, module+"/") {
					direct[module] = version
				}
			}
		}
	}
	page := map[string]string{}
	for _, r := range rows(t, "dependencies.md", "list: dependencies") {
		c := cells(r)
		page[strings.Trim(c[0], "`")] = c[1]
	}
	if diff := cmp.Diff(direct, page); diff != "" {
		t.Errorf("dependencies.md (-code +page):\n%s", diff)
	}
}

func TestLanguage_theLimitsAreThoseOfTheCode(t *testing.T) {
	page := read(t, "language.md")
	_, table, _ := strings.Cut(page, "## Limits")
	for what, n := range map[string]int{"| file | 1 MiB": casefile.MaxNodes, "| formula": formula.MaxLength, "| lines": casefile.MaxLines, "| horizon": casefile.MaxHorizon,
		"| scenarios": casefile.MaxScenarios, "| criteria": casefile.MaxCriteria, "| one draw": calc.MaxCells, "| draws": sim.MaxDraws} {
		grouped := ""
		for i, r := range strconv.Itoa(n) {
			if i > 0 && (len(strconv.Itoa(n))-i)%3 == 0 {
				grouped += " "
			}
			grouped += string(r)
		}
		_, row, ok := strings.Cut(table, what)
		if row, _, _ = strings.Cut(row, "\n"); !ok || !strings.Contains(row, " "+grouped) {
			t.Errorf("language.md does not say that %s is at most %s", strings.Trim(what, "| "), grouped)
		}
	}
}

func TestReadme_isShort(t *testing.T) {
	if n := strings.Count(read(t, "../README.md"), "\n"); n > 150 {
		t.Errorf("README.md has %d lines, want at most 150", n)
	}
}

// jsonCase has everything in it that can appear in a result.
const jsonCase = `case: Example
organisation: Sample
currency: EUR
start: 2026-04
horizon: 12
discount: 8 %/year
assumptions:
  uses: {value: 1 .. 2 .. 3 h/week, grade: C, source: log}
costs:
  licences: 10 * 65 EUR/month
  exit: {amount: 5 000 EUR, at: 48}
benefits:
  time: {lever: time_saved, users: 10, hours: uses, wage: 50 EUR/h, converts: 50 %}
scorecard:
  responsiveness: {weight: 60, today: 4, expected: 6 .. 8, why: one history, source: sample, grade: B}
  daylight: {label: Work that can be shown, weight: 40, today: 5, expected: 5.5}
scenarios:
  more: {label: More, assumptions: {uses: 2 .. 3 .. 4 h/week}}
`

// studyCase has everything that can appear in an explanation or a goal: correlated assumptions, failures, a step whose
// cost is known.
const studyCase = `currency: EUR
horizon: 36
discount: 8 %/year
assumptions:
  users: 12
  wage: 45 .. 52 .. 60 EUR/h
  saved: 0.5 .. 1.5 .. 3 h/week
adoption: {start: 15 %, plateau: 60 .. 80 .. 92 %, months_to_90: 6 .. 8 .. 12}
costs:
  licences: users * 45 EUR/month
  set_up: {amount: 6 000 .. 8 000 .. 14 000 EUR, at: 0}
benefits:
  time: {lever: time_saved, users: users, hours: saved, wage: wage, converts: 30 .. 50 .. 70 %}
correlate: [[saved, adoption.plateau, 0.5]]
`

func TestJSON_everyFieldIsOnThePageAndNoOther(t *testing.T) {
	const broken = "currency: EUR\ndiscount: 8 %\ncosts: {a: usres * 1 EUR}\nbenefits: {b: 1 EUR}\n"
	for what, commands := range map[string][][2]string{
		"calc":    {{"calc case.yaml --json --definitions --scenario more --lang en", jsonCase}},
		"compare": {{"compare case.yaml --json --lang en", jsonCase}, {"compare case.yaml --json --lang en --scenario nothing --scenario base", jsonCase}},
		"check":   {{"check case.yaml --json --lang en", jsonCase}, {"check case.yaml --json --lang en", broken}},
		"explain": {{"explain case.yaml --json --lang en --draws 1024", studyCase}},
		"seek": {{"seek case.yaml --json --lang en --draws 1024 --month 22 --probability 50", studyCase},
			{"seek case.yaml --json --lang en --draws 1024 --npv 1000000000", studyCase}},
		"audit":  {{"audit case.yaml --json --lang en --draws 1024", studyCase}},
		"levers": {{"levers --json --lang en", ""}},
	} {
		found := map[string]bool{}
		for _, c := range commands {
			var tree any
			printed := program(t, strings.Fields(c[0]), c[1])
			d := json.NewDecoder(bytes.NewReader([]byte(printed)))
			if err := d.Decode(&tree); err != nil {
				t.Fatalf("%s: %v\n%s", c[0], err, printed)
			}
			paths("", tree, found)
		}
		var page []string
		for _, r := range rows(t, "json.md", "json: "+what) {
			for _, m := range backtick.FindAllStringSubmatch(cells(r)[0], -1) {
				page = append(page, m[1])
			}
		}
		used := map[string]bool{}
		for path := range found {
			i := slices.IndexFunc(page, func(p string) bool {
				stem, wild := strings.CutSuffix(p, ".*")
				return p == path || wild && strings.HasPrefix(path, stem+".") || wild && strings.HasPrefix(path, stem+"[]")
			})
			if i < 0 {
				t.Errorf("%s: json.md does not tell of %s", what, path)
				continue
			}
			used[page[i]] = true
		}
		for _, p := range page {
			if !used[p] {
				t.Errorf("%s: json.md tells of %s, which does not appear", what, p)
			}
		}
	}
}

// paths collects the paths of all leaves.
func paths(at string, tree any, found map[string]bool) {
	switch node := tree.(type) {
	case map[string]any:
		if len(node) == 0 {
			found[at] = true
		}
		for k, v := range node {
			paths(strings.TrimPrefix(at+"."+k, "."), v, found)
		}
	case []any:
		for _, v := range node {
			paths(at+"[]", v, found)
		}
	default:
		found[at] = true
	}
}
