package catalogue_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

func open(t *testing.T, dirs ...string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entry is one entry of the catalogue with what all kinds have in common.
type entry struct {
	path     string // data/levers/churn.yaml
	id       string
	value    any // *Lever, *Cost, *Package or *Criterion
	inputs   catalogue.Inputs
	evidence []catalogue.Evidence
}

// entries reads the whole embedded catalogue through its own interface.
func entries(t *testing.T) []entry {
	t.Helper()
	c := open(t)
	var all []entry
	for _, id := range c.Levers() {
		l, err := c.Lever(id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{"data/levers/" + id + ".yaml", l.ID, l, l.Inputs, l.Evidence})
	}
	for _, id := range c.Costs() {
		i, err := c.Cost(id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{"data/costs/" + id + ".yaml", i.ID, i, i.Inputs, i.Evidence})
	}
	for _, id := range c.Packages() {
		p, err := c.Package(id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{"data/ai/" + id + ".yaml", p.ID, p, p.Cost.Inputs, p.Evidence})
	}
	for _, id := range c.Criteria() {
		k, err := c.Criterion(id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{"data/criteria/" + id + ".yaml", k.ID, k, nil, nil})
	}
	return all
}

func TestCatalogueIsComplete(t *testing.T) {
	c := open(t)
	for name, test := range map[string]struct{ have, want []string }{
		"levers": {c.Levers(), []string{"churn", "data_errors", "days_sales_outstanding", "deal_value", "lead_conversion", "legacy_retired",
			"marketing_efficiency", "onboarding", "repeat_purchase", "reporting_admin", "sales_cycle", "service_handling", "ticket_deflection", "time_saved", "win_rate"}},
		"cost items": {c.Costs(), []string{"administration", "change_management", "customising", "data_migration", "exit_cost", "implementation_partner", "integration",
			"internal_project_time", "learning_dip", "licences", "parallel_run", "price_escalation", "support", "training", "unused_seats"}},
		"packages": {c.Packages(), []string{"call_summaries", "churn_prediction", "lead_scoring", "meeting_mail_assistant", "reply_drafting"}},
		"criteria": {c.Criteria(), []string{"compliance", "customer_satisfaction", "employee_satisfaction", "information_quality", "responsiveness"}},
	} {
		for _, id := range test.want {
			if !slices.Contains(test.have, id) {
				t.Errorf("%s: %s is missing", name, id)
			}
		}
		if !slices.IsSorted(test.have) {
			t.Errorf("%s are not in alphabetical order: %v", name, test.have)
		}
	}
}

// The embedded files hold no key that the program does not read.
func TestFilesHoldNothingUnknown(t *testing.T) {
	for _, e := range entries(t) {
		data, err := os.ReadFile(e.path)
		if err != nil {
			t.Fatal(err)
		}
		into := reflect.New(reflect.TypeOf(e.value).Elem()).Interface()
		if err := yaml.UnmarshalWithOptions(data, into, yaml.Strict()); err != nil {
			t.Errorf("%s: %v", e.path, err)
		}
		if want := strings.TrimSuffix(filepath.Base(e.path), ".yaml"); e.id != want {
			t.Errorf("%s has the id %q", e.path, e.id)
		}
	}
	data, err := os.ReadFile("data/chains.yaml")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := os.ReadFile("data/steps.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Steps map[string]*catalogue.Step `yaml:"steps"`
	}
	if err := yaml.UnmarshalWithOptions(steps, &all, yaml.Strict()); err != nil {
		t.Error(err)
	}
	var chains struct {
		Chains map[string]*catalogue.Chain `yaml:"chains"`
	}
	if err := yaml.UnmarshalWithOptions(data, &chains, yaml.Strict()); err != nil {
		t.Error(err)
	}
}

// Every text is there in both languages, or in none; what a reader needs is there.
func TestEveryTextHasBothLanguages(t *testing.T) {
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		case reflect.Struct:
			if text, ok := v.Interface().(catalogue.Text); ok {
				if (text.German == "") != (text.English == "") {
					t.Errorf("%s: de %q, en %q", path, text.German, text.English)
				}
				for _, s := range []string{text.German, text.English} {
					if s != strings.TrimSpace(s) || strings.Contains(s, "  ") {
						t.Errorf("%s: stray blanks in %q", path, s)
					}
				}
				return
			}
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(fmt.Sprintf("%s[%v]", path, k), v.MapIndex(k))
			}
		}
	}
	required := func(path, what string, text catalogue.Text) {
		if text.German == "" || text.English == "" {
			t.Errorf("%s: %s is missing", path, what)
		}
	}
	for _, e := range entries(t) {
		walk(e.path, reflect.ValueOf(e.value))
		for _, in := range e.inputs {
			required(e.path, "label of "+in.Name, in.Label)
			required(e.path, "hint of "+in.Name, in.Hint)
		}
		switch v := e.value.(type) {
		case *catalogue.Lever:
			required(e.path, "name", v.Name)
			required(e.path, "text", v.Text)
			required(e.path, "why", v.Why)
			required(e.path, "measure", v.Measure)
		case *catalogue.Cost:
			required(e.path, "name", v.Name)
			required(e.path, "text", v.Text)
		case *catalogue.Package:
			required(e.path, "name", v.Name)
			required(e.path, "text", v.Text)
			required(e.path, "caution", v.Caution)
		case *catalogue.Criterion:
			required(e.path, "name", v.Name)
			required(e.path, "text", v.Text)
			required(e.path, "measure", v.Measure)
		}
	}
	for _, id := range []string{"sales", "customers"} {
		chain, err := open(t).Chain(id)
		if err != nil {
			t.Fatal(err)
		}
		walk("chain "+id, reflect.ValueOf(chain))
		required("chain "+id, "name", chain.Name)
		for _, in := range chain.Variables {
			required("chain "+id, "label of "+in.Name, in.Label)
			required("chain "+id, "hint of "+in.Name, in.Hint)
		}
	}
}

// The steps whose cost a case can be told; each says plainly where its hours come from.
func TestStepsSayWhereTheirHoursComeFrom(t *testing.T) {
	c := open(t)
	for _, kind := range []string{"adoption", "data_quality", "process", "seats", "price"} {
		s, err := c.Step(kind)
		if err != nil || s == nil {
			t.Fatal(kind, err)
		}
		if s.Kind != kind || s.Grade != "D" || s.Name.German == "" || s.Name.English == "" {
			t.Errorf("%+v", s)
		}
		if !strings.HasPrefix(s.Source.German, "Unsere Annahme") || !strings.HasPrefix(s.Source.English, "Our assumption") {
			t.Errorf("%s has grade %s and does not say that it is an assumption", kind, s.Grade)
		}
		if last := s.Costs[len(s.Costs)-1]; last.Per == "record" {
			t.Errorf("%s costs nothing where the number of records is not known", kind)
		}
	}
	if s, err := c.Step("effect"); s != nil || err != nil {
		t.Error("nobody knows what a tenth more effect costs", s, err)
	}
}

func TestAFolderReplacesTheCostOfAStep(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "steps.yaml", `steps:
  adoption: {name: {de: Lotsen, en: Champions}, costs: [{per: case, hours: {low: 10, mid: 20, high: 30}}], source: {de: Angebot, en: Quote}, grade: B}
`)
	c := open(t, dir)
	if s, err := c.Step("adoption"); err != nil || s.Name.English != "Champions" || s.Costs[0].Hours.Mid != 20 {
		t.Error(s, err)
	}
	if s, err := c.Step("process"); err != nil || s == nil {
		t.Error("what the folder does not name is lost", err)
	}
	for _, wrong := range []string{"{}", "{costs: [{per: user, hours: {low: 1, mid: 2, high: 3}}]}", "{source: {de: a, en: b}, costs: [{per: table, hours: {low: 1, mid: 2, high: 3}}]}",
		"{source: {de: a, en: b}, costs: [{per: user, hours: {low: 3, mid: 2, high: 1}}]}"} {
		write(t, dir, "steps.yaml", "steps: {adoption: "+wrong+"}\n")
		if _, err := open(t, dir).Step("adoption"); code(err) != "catalogue_incomplete" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// Every figure says where it comes from and how good it is.
func TestEveryEvidenceHasGradeAndSource(t *testing.T) {
	for _, e := range entries(t) {
		_, cost := e.value.(*catalogue.Cost)
		_, criterion := e.value.(*catalogue.Criterion) // has no figures
		if len(e.evidence) == 0 && !cost && !criterion {
			t.Errorf("%s has no evidence", e.path)
		}
		for i, ev := range e.evidence {
			if !slices.Contains([]string{"A", "B", "C", "D"}, ev.Grade) {
				t.Errorf("%s: evidence %d has the grade %q", e.path, i+1, ev.Grade)
			}
			if !strings.HasPrefix(ev.Source, "http://") && !strings.HasPrefix(ev.Source, "https://") {
				t.Errorf("%s: evidence %d has the source %q", e.path, i+1, ev.Source)
			}
			if ev.Value == "" {
				t.Errorf("%s: evidence %d has no value", e.path, i+1)
			}
			if ev.Year != 0 && (ev.Year < 1990 || ev.Year > 2030) {
				t.Errorf("%s: evidence %d is of the year %d", e.path, i+1, ev.Year)
			}
			for what, text := range map[string]catalogue.Text{"what": ev.What, "population": ev.Population, "design": ev.Design} {
				if text.German == "" || text.English == "" {
					t.Errorf("%s: evidence %d does not say %s in both languages", e.path, i+1, what)
				}
			}
		}
	}
}

// Units can be read, ranges are in the unit of their input, and a value that the catalogue presets has a source.
func TestInputsAreSound(t *testing.T) {
	c := open(t)
	for _, e := range entries(t) {
		chain := ""
		if l, ok := e.value.(*catalogue.Lever); ok {
			chain = l.Chain
		}
		for _, in := range e.inputs {
			unit := in.Unit
			if in.Chain != "" {
				ch, err := c.Chain(chain)
				if err != nil {
					t.Fatalf("%s: %v", e.path, err)
				}
				v, ok := ch.Variables.Get(in.Chain)
				if !ok {
					t.Errorf("%s: %s stands for %q, which the chain %s does not have", e.path, in.Name, in.Chain, chain)
				}
				unit = v.Unit
			}
			u, unknown, ok := quantity.Parse(unit)
			if !ok {
				t.Errorf("%s: unit %q of %s: %q is no unit", e.path, unit, in.Name, unknown)
			}
			if in.Range != "" {
				x, err := formula.Parse(in.Range)
				r, isRange := x.(*formula.Range)
				if err != nil || !isRange || r.Unit.Dim != u.Dim || r.Unit.Percent != u.Percent {
					t.Errorf("%s: range %q of %s is not in %q", e.path, in.Range, in.Name, unit)
				}
			}
			if d := in.Default; d != nil && (d.Source == "" || !slices.Contains([]string{"A", "B", "C", "D"}, d.Grade)) {
				t.Errorf("%s: the default of %s has the source %q and the grade %q", e.path, in.Name, d.Source, d.Grade)
			}
		}
	}
}

// flows compiles a case and gives the flows of its lines in the plan.
func flows(t *testing.T, cat *catalogue.Catalogue, text string) (map[string][]float64, diag.List) {
	t.Helper()
	f, list := casefile.Read("case.yaml", []byte(text), "")
	if list.Err() != nil {
		t.Fatalf("%v\n%s", list, text)
	}
	m, list := model.Build(f, cat)
	if list.Err() != nil {
		t.Fatalf("%v\n%s", list, text)
	}
	g, err := m.Compile()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float64{}
	for i, v := range g.Evaluate(g.Medians()) {
		all[g.Lines[i].ID] = v
	}
	return all, list
}

const head = "case: Example\ncurrency: EUR\ndiscount: 0\nhorizon: 48\n"

// line writes a line with the values of an example.
func line(first string, example map[string]string) string {
	parts := []string{first}
	for name, value := range example {
		parts = append(parts, fmt.Sprintf("%s: '%s'", name, value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// near is equality to six significant digits.
func near(a, b float64) bool { return math.Abs(a-b) <= 5e-6*math.Abs(b) }

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

// Every lever's example runs through the case language and brings what the catalogue says, all factors being 1: in a year,
// or in the first twelve months where the months differ.
func TestExamplesOfLevers(t *testing.T) {
	c := open(t)
	for _, id := range c.Levers() {
		l, err := c.Lever(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range l.Inputs {
			if _, ok := l.Example[in.Name]; !ok {
				t.Errorf("%s: the example says nothing of %s", id, in.Name)
			}
		}
		all, _ := flows(t, c, head+"costs: {fee: 1 EUR/month}\nbenefits:\n  x: "+line("lever: "+id, l.Example)+"\n")
		flow := all["x"]
		switch {
		case l.ExamplePerYear != 0 && l.ExampleMonth12Total == 0:
			for year := range 4 {
				if got := sum(flow[12*year+1 : 12*year+13]); !near(got, l.ExamplePerYear) {
					t.Errorf("%s brings %.8g in year %d, the catalogue says %v", id, got, year+1, l.ExamplePerYear)
				}
			}
		case l.ExampleMonth12Total != 0 && l.ExamplePerYear == 0:
			if got := sum(flow[:13]); !near(got, l.ExampleMonth12Total) {
				t.Errorf("%s brings %.10g in the first twelve months, the catalogue says %v", id, got, l.ExampleMonth12Total)
			}
		default:
			t.Errorf("%s: an example has one result, per year or after twelve months", id)
		}
		if flow[0] != 0 {
			t.Errorf("%s brings %v in month 0", id, flow[0])
		}
	}
}

// Every cost item's example costs what the catalogue says in the first month in which it costs anything, and that is the
// month the catalogue's timing says.
func TestExamplesOfCosts(t *testing.T) {
	c := open(t)
	for _, id := range c.Costs() {
		item, err := c.Cost(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range item.Inputs {
			if _, ok := item.Example[in.Name]; !ok {
				t.Errorf("%s: the example says nothing of %s", id, in.Name)
			}
		}
		all, _ := flows(t, c, head+"benefits: {gain: 1 EUR/month}\ncosts:\n  x: "+line("item: "+id, item.Example)+"\n")
		flow := all["x"]
		first := slices.IndexFunc(flow, func(v float64) bool { return v != 0 })
		last := len(flow) - 1 - slices.IndexFunc(reversed(flow), func(v float64) bool { return v != 0 })
		if first < 0 {
			t.Errorf("%s costs nothing", id)
			continue
		}
		if !near(flow[first], item.ExampleTotal) {
			t.Errorf("%s costs %.8g in month %d, the catalogue says %v", id, flow[first], first, item.ExampleTotal)
		}
		var from, to int
		switch w := item.When; {
		case w.At != nil && w.Every > 0:
			from, to = *w.At, *w.At+(48-*w.At)/w.Every*w.Every
		case w.At != nil:
			from, to = *w.At, *w.At
		default:
			from, to = *w.From, 48
			if w.To != nil {
				to = *w.To
			}
		}
		if first != from || last != to {
			t.Errorf("%s costs from month %d to %d, its timing says %d to %d", id, first, last, from, to)
		}
	}
}

func reversed(v []float64) []float64 {
	r := slices.Clone(v)
	slices.Reverse(r)
	return r
}

// packageInputs are values for what a package and its levers ask for beside the examples of the levers.
var packageInputs = map[string]string{"seats": "10", "price": "30 EUR/month", "offers": "20 /month", "offer_cost": "50 EUR"}

// Every package becomes one cost and a benefit for each of its levers, and says so where its effect is preset or unproven.
func TestPackagesRun(t *testing.T) {
	c := open(t)
	for _, id := range c.Packages() {
		p, err := c.Package(id)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Benefits) == 0 {
			t.Errorf("%s has no lever", id)
		}
		given := map[string]string{}
		for _, in := range p.Cost.Inputs {
			given[in.Name] = packageInputs[in.Name]
		}
		presets := 0
		for key, b := range p.Benefits {
			l, err := c.Lever(b.Lever)
			if err != nil {
				t.Fatalf("%s.%s: %v", id, key, err)
			}
			for name, value := range b.Set {
				presets++
				if _, ok := l.Inputs.Get(name); !ok {
					t.Errorf("%s sets %s, which %s does not have", id, name, b.Lever)
				}
				if _, err := formula.Parse(value); err != nil {
					t.Errorf("%s sets %s to %q: %v", id, name, value, err)
				}
			}
			for name, value := range l.Example {
				if _, preset := b.Set[name]; !preset {
					given[name] = value
				}
			}
		}
		all, list := flows(t, c, head+"costs: {fee: 1 EUR/month}\nbenefits: {gain: 1 EUR/month}\npackages:\n  x: "+line("package: "+id, given)+"\n")
		cost := 300.0 // 10 seats at 30
		if _, offers := given["offers"]; offers {
			cost += 20 * 50
		}
		if got := all["x"][1]; !near(got, cost) {
			t.Errorf("%s costs %v a month, want %v", id, got, cost)
		}
		for key := range p.Benefits {
			if flow := all["x_"+key]; len(flow) == 0 || !(sum(flow) > 0) {
				t.Errorf("%s: the benefit x_%s brings nothing", id, key)
			}
		}
		count := map[string]int{}
		for _, d := range list {
			count[d.Code]++
		}
		if count["default_used"] != presets {
			t.Errorf("%s presets %d values and says so %d times", id, presets, count["default_used"])
		}
		if unproven := p.NoControlledEvidence != (catalogue.Text{}); (count["no_controlled_evidence"] == 1) != unproven {
			t.Errorf("%s: unproven %v, told %d times", id, unproven, count["no_controlled_evidence"])
		}
	}
}

// Where the seats do nothing a package with a preset takes its value: the middle of 1.3 .. 2 h a week.
func TestPresetOfAPackageIsTaken(t *testing.T) {
	const text = head + "costs: {fee: 1 EUR/month}\nbenefits: {gain: 1 EUR/month}\npackages:\n  mail: {package: meeting_mail_assistant, seats: 1, price: 30 EUR/month, users: 168, wage: 1 EUR/h, converts: 100 %%%s}\n"
	all, _ := flows(t, open(t), fmt.Sprintf(text, ""))
	// The median of a .. b is √(ab) for a positive quantity. 168 users · 1 h/week are one hour an hour: 730.485 h a month.
	if got, want := all["mail_mail"][5], math.Sqrt(1.3*2)*730.485; !near(got, want) {
		t.Errorf("the preset brings %v a month, want %v", got, want)
	}
	all, _ = flows(t, open(t), fmt.Sprintf(text, ", hours: 1 h/week"))
	if got := all["mail_mail"][5]; !near(got, 730.485) {
		t.Errorf("the file's own value brings %v a month, want 730.485", got)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const ownLever = `id: %s
name: {de: Eigener Hebel, en: Lever of our own}
kind: cash
inputs:
  boxes: {unit: /month, label: {de: Kisten, en: Boxes}}
formula: boxes * (%s)
`

// A folder of the user adds entries and replaces those of the same name; of two folders the later one counts.
func TestFoldersAddAndReplace(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	write(t, one, "levers/boxes.yaml", fmt.Sprintf(ownLever, "boxes", "3 money"))
	write(t, one, "levers/time_saved.yaml", fmt.Sprintf(ownLever, "time_saved", "5 money"))
	write(t, two, "levers/boxes.yaml", fmt.Sprintf(ownLever, "boxes", "7 money"))
	write(t, one, "costs/rent.yaml", "id: rent\nname: {de: Miete, en: Rent}\nkind: cash\ninputs:\n  rooms: {unit: \"\", label: {de: Räume, en: Rooms}}\nformula: rooms * (100 money/month)\nwhen: {from: 1}\n")
	write(t, one, "ai/helper.yaml", "id: helper\nname: {de: Helfer, en: Helper}\ncost:\n  inputs:\n    seats: {unit: \"\", label: {de: Plätze, en: Seats}}\n  formula: seats * (2 money/month)\nbenefits:\n  boxes: {lever: boxes, set: {boxes: 4 /month}}\n")
	write(t, one, "chains.yaml", "chains:\n  rooms:\n    name: {de: Zimmer, en: Rooms}\n    base: nights * rate\n    variables:\n      nights: {unit: /month, label: {de: Nächte, en: Nights}}\n      rate: {unit: money, label: {de: Preis, en: Rate}}\n")
	write(t, one, "levers/occupancy.yaml", "id: occupancy\nname: {de: Belegung, en: Occupancy}\nkind: margin\nchain: rooms\nrealisation: {adoption: 1}\ninputs:\n  nights: {chain: nights, label: {de: Nächte, en: Nights}}\n  rate: {chain: rate, label: {de: Preis, en: Rate}}\n  uplift: {unit: \"%\", label: {de: Plus, en: Plus}}\neffect: uplift * realised\n")

	c := open(t, one, two)
	for _, id := range []string{"boxes", "occupancy", "win_rate"} {
		if n := len(slices.DeleteFunc(c.Levers(), func(s string) bool { return s != id })); n != 1 {
			t.Errorf("%s is listed %d times", id, n)
		}
	}
	all, _ := flows(t, c, head+`costs:
  fee: {item: rent, rooms: 2}
benefits:
  boxes: {lever: boxes, boxes: 10 /month}
  time: {lever: time_saved, boxes: 10 /month}
  beds: {lever: occupancy, nights: 100 /month, rate: 80 EUR, uplift: 10 %}
  deals: {lever: win_rate, deals: 10 /month, rate: 10 %, value: 100 EUR, margin: 50 %, uplift: 10 %}
packages:
  helper: {seats: 3}
`)
	for id, want := range map[string]float64{"fee": 200, "boxes": 70, "time": 50, "beds": 800, "deals": 5, "helper": 6, "helper_boxes": 28} {
		if got := all[id]; len(got) == 0 || !near(got[5], want) {
			t.Errorf("%s is %v in month 5, want %v", id, got, want)
		}
	}
	if l, err := open(t).Lever("time_saved"); err != nil || l.Formula != "users * hours * wage * converts" {
		t.Errorf("without the folder time_saved is %v, %v", l, err)
	}
}

// code is the code of an error of the catalogue.
func code(err error) string {
	var d diag.Diagnostic
	if errors.As(err, &d) {
		return d.Code
	}
	return fmt.Sprint(err)
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	c := open(t)
	if _, err := catalogue.Open(filepath.Join(t.TempDir(), "nowhere")); code(err) != "catalogue_folder" {
		t.Errorf("a folder that is not there: %v", err)
	}
	_, err := c.Lever("win_rat")
	var d diag.Diagnostic
	if !errors.As(err, &d) || d.Code != "unknown_lever" || d.Args["nearest"] != "win_rate" {
		t.Errorf("win_rat: %v", err)
	}
	if _, err := c.Cost("licence"); code(err) != "unknown_item" {
		t.Errorf("licence: %v", err)
	}
	if _, err := c.Package("reply"); code(err) != "unknown_package" {
		t.Errorf("reply: %v", err)
	}
	if _, err := c.Chain("service"); code(err) != "unknown_chain" {
		t.Errorf("service: %v", err)
	}
	for _, id := range []string{"../levers/win_rate", "..", "", "win_rate.yaml", `..\win_rate`} {
		if _, err := c.Lever(id); code(err) != "unknown_lever" {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// A criterion overlaps with levers that exist, and with words as the audit looks for them.
func TestOverlapsOfCriteriaAreKnown(t *testing.T) {
	c := open(t)
	levers := c.Levers()
	for _, id := range c.Criteria() {
		k, err := c.Criterion(id)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.Overlaps.Levers)+len(k.Overlaps.Words) == 0 {
			t.Errorf("%s overlaps with nothing", id)
		}
		for _, l := range k.Overlaps.Levers {
			if !slices.Contains(levers, l) {
				t.Errorf("%s: there is no lever %s", id, l)
			}
		}
		for _, w := range k.Overlaps.Words {
			if w != strings.ToLower(w) || strings.ContainsAny(w, "-0123456789") {
				t.Errorf("%s: %q cannot be found among the words of a name", id, w)
			}
		}
	}
}
