package revision_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/revision"
)

// edit is one edit of a table test.
type edit func(*revision.Text) (*revision.Text, error)

func set(path, value string) edit {
	return func(t *revision.Text) (*revision.Text, error) { return t.Set(path, value) }
}

func field(path, name, text string) edit {
	return func(t *revision.Text) (*revision.Text, error) { return t.SetField(path, name, text) }
}

func insert(parent, key, value, after string) edit {
	return func(t *revision.Text) (*revision.Text, error) { return t.Insert(parent, key, value, after) }
}

func remove(path string) edit {
	return func(t *revision.Text) (*revision.Text, error) { return t.Remove(path) }
}

func rename(path, key string) edit {
	return func(t *revision.Text) (*revision.Text, error) { return t.Rename(path, key, nil) }
}

func move(path, after string) edit {
	return func(t *revision.Text) (*revision.Text, error) { return t.Move(path, after) }
}

func code(err error) string {
	var list diag.List
	if !errors.As(err, &list) || len(list) == 0 {
		return ""
	}
	return list[0].Code
}

func open(t testing.TB, text string) *revision.Text {
	t.Helper()
	o, err := revision.Open("case.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return o
}

func example(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEditsWriteExactlyWhatIsMeant(t *testing.T) {
	for _, tt := range []struct {
		name, before string
		edit         edit
		after        string
	}{
		{"a scalar keeps its comment", "assumptions:\n  users: 40   # alle\n  wage: 50\n", set("users", "45"), "assumptions:\n  users: 45   # alle\n  wage: 50\n"},
		{"the value of a quantity alone", "assumptions:\n  users: {value: 40, source: ERP, grade: A}\n", set("assumptions.users", "30 .. 40"), "assumptions:\n  users: {value: 30 .. 40, source: ERP, grade: A}\n"},
		{"a quantity in block style", "assumptions:\n  users:\n    source: ERP\n    value: 40 # n\n", set("users", "45"), "assumptions:\n  users:\n    source: ERP\n    value: 45 # n\n"},
		{"a formula with commas needs quotes inside brackets", "assumptions: {a: 1, b: 2}\n", set("a", "if(b > 1, 2, 3)"), "assumptions: {a: \"if(b > 1, 2, 3)\", b: 2}\n"},
		{"and none outside", "assumptions:\n  a: \"1\"\n", set("a", "if(b > 1, 2, 3)"), "assumptions:\n  a: if(b > 1, 2, 3)\n"},
		{"quotes given are kept", "assumptions:\n  a: 1\n", set("a", "'2'"), "assumptions:\n  a: '2'\n"},
		{"CRLF", "assumptions:\r\n  users: 40 # x\r\n  b: 1\r\n", set("users", "45"), "assumptions:\r\n  users: 45 # x\r\n  b: 1\r\n"},
		{"a byte order mark", "\ufeffhorizon: 36\n", set("horizon", "24 months"), "\ufeffhorizon: 24 months\n"},
		{"a tab in a comment", "horizon: 36\t#\tx\n", set("horizon", "24"), "horizon: 24\t#\tx\n"},
		{"no line end at the end", "horizon: 36", set("horizon", "24"), "horizon: 24"},
		{"a text over several lines", "note: eins\n  zwei\n  drei\nhorizon: 36\n", set("note", "vier"), "note: vier\nhorizon: 36\n"},
		{"a folded text", "note: >\n  eins\n  zwei\n\nhorizon: 36\n", set("note", "drei"), "note: drei\n\nhorizon: 36\n"},
		{"a map over several lines", "adoption: {start: 15 %,  # a\n  plateau: 80 %,\n  months_to_90: 8}\n", set("adoption.plateau", "70 .. 80 %"), "adoption: {start: 15 %,  # a\n  plateau: 70 .. 80 %,\n  months_to_90: 8}\n"},
		{"a list item", "costs:\n  x: {initial: 1, yearly: [10, 20]}\n", set("costs.x.year_2", "25"), "costs:\n  x: {initial: 1, yearly: [10, 25]}\n"},
		{"a list", "costs:\n  x: {amount: 1, at: [1, 13]}\n", set("costs.x.at", "[1, 25]"), "costs:\n  x: {amount: 1, at: [1, 25]}\n"},
		{"a bare line", "costs:\n  x: 65 EUR/month\n", set("costs.x.amount", "70 EUR/month"), "costs:\n  x: 70 EUR/month\n"},
		{"a bare line gets its map", "costs:\n  x: 65 EUR/month\n", set("costs.x.escalates", "3 %/year"), "costs:\n  x: {amount: 65 EUR/month, escalates: 3 %/year}\n"},
		{"a default made explicit", "benefits:\n  t: {lever: time_saved}\n", set("benefits.t.converts", "50 %"), "benefits:\n  t: {lever: time_saved, converts: 50 %}\n"},
		{"a scenario, value there", "scenarios:\n  ai: {assumptions: {users: 30}}\n", set("scenarios.ai.users", "35"), "scenarios:\n  ai: {assumptions: {users: 35}}\n"},
		{"a scenario, section there", "scenarios:\n  ai: {assumptions: {users: 30}}\n", set("scenarios.ai.wage", "50 EUR/h"), "scenarios:\n  ai: {assumptions: {users: 30, wage: 50 EUR/h}}\n"},
		{"a scenario, section missing", "scenarios:\n  ai: {label: KI}\n", set("scenarios.ai.adoption.plateau", "60 %"), "scenarios:\n  ai: {label: KI, adoption: {plateau: 60 %}}\n"},
		{"a scenario in block style", "scenarios:\n  ai:\n    label: KI\n", set("scenarios.ai.users", "30"), "scenarios:\n  ai:\n    label: KI\n    assumptions:\n      users: 30\n"},
		{"a scenario in block style, a line", "scenarios:\n  ai:\n    label: KI\n", set("scenarios.ai.costs.x.amount", "3 EUR"), "scenarios:\n  ai:\n    label: KI\n    costs:\n      x: {amount: 3 EUR}\n"},
		{"an empty scenario", "scenarios:\n  ai: {}\n", set("scenarios.ai.users", "30"), "scenarios:\n  ai: {assumptions: {users: 30}}\n"},

		{"points of a criterion", "scorecard:\n  compliance: {weight: 20, today: 6, expected: 8}  # 2026\n", set("scorecard.compliance.expected", "6 .. 8"), "scorecard:\n  compliance: {weight: 20, today: 6, expected: 6 .. 8}  # 2026\n"},
		{"a reason for them", "scorecard:\n  compliance: {weight: 20, today: 6, expected: 8}\n", func(t *revision.Text) (*revision.Text, error) {
			return t.SetText("scorecard.compliance.why", "Fristen, Nachweise")
		},
			"scorecard:\n  compliance: {weight: 20, today: 6, expected: 8, why: \"Fristen, Nachweise\"}\n"},
		{"points in a scenario", "scenarios:\n  ai: {label: KI}\n", set("scenarios.ai.scorecard.compliance.expected", "9"), "scenarios:\n  ai: {label: KI, scorecard: {compliance: {expected: 9}}}\n"},
		{"the first criterion of a case", "case: x\n\nbenefits:\n  t: 5 EUR/month\n\ncorrelate: []\n", insert("scorecard", "compliance", "{weight: 20, today: 6, expected: 8}", ""),
			"case: x\n\nbenefits:\n  t: 5 EUR/month\n\nscorecard:\n  compliance: {weight: 20, today: 6, expected: 8}\n\ncorrelate: []\n"},
		{"a criterion and its scenarios renamed", "scorecard:\n  pride: {label: Pride, weight: 1, today: 1, expected: 2}\nscenarios:\n  ai: {scorecard: {pride: {expected: 3}}, remove: [scorecard.pride]}\n", rename("scorecard.pride", "joy"),
			"scorecard:\n  joy: {label: Pride, weight: 1, today: 1, expected: 2}\nscenarios:\n  ai: {scorecard: {joy: {expected: 3}}, remove: [scorecard.joy]}\n"},

		{"a field of a bare value", "assumptions:\n  users: 40   # alle\n", field("users", "grade", "B"), "assumptions:\n  users: {value: 40, grade: B}   # alle\n"},
		{"a field of a formula", "assumptions:\n  a: max(b, 1)\n", field("a", "source", "ERP, März"), "assumptions:\n  a: {value: \"max(b, 1)\", source: \"ERP, März\"}\n"},
		{"a field that is there", "assumptions:\n  a: {value: 1, source: x}\n", field("a", "source", "y: z"), "assumptions:\n  a: {value: 1, source: \"y: z\"}\n"},
		{"a field that goes", "assumptions:\n  a: {value: 1, source: x, grade: A}\n", field("a", "source", ""), "assumptions:\n  a: {value: 1, grade: A}\n"},
		{"quotes in prose are its own", "assumptions:\n  a: {value: 1}\n", field("a", "note", `"so" sagt er`), "assumptions:\n  a: {value: 1, note: '\"so\" sagt er'}\n"},
		{"a field in block style", "adoption:\n  plateau: 80 %\n", field("adoption", "source", "Schätzung"), "adoption:\n  plateau: 80 %\n  source: Schätzung\n"},
		{"a bare line's amount", "costs:\n  x: 5 EUR/month\n", field("costs.x.amount", "grade", "A"), "costs:\n  x: {amount: {value: 5 EUR/month, grade: A}}\n"},
		{"a bare line", "costs:\n  x: 5 EUR/month\n", field("costs.x", "label", "Miete"), "costs:\n  x: {amount: 5 EUR/month, label: Miete}\n"},

		{"behind a neighbour, before its comment", "assumptions:\n  a: 1 # eins\n  # zwei\n  b: 2\n", insert("assumptions", "c", "3", "a"), "assumptions:\n  a: 1 # eins\n  c: 3\n  # zwei\n  b: 2\n"},
		{"at the end", "assumptions:\n    a: 1\n\ncosts: {x: 1}\n", insert("assumptions", "c", "3", ""), "assumptions:\n    a: 1\n    c: 3\n\ncosts: {x: 1}\n"},
		{"values in a column", "costs:\n  licences:  {amount: 1}\n  dip:       {amount: 2}\n", insert("costs", "ai", "{amount: 3 EUR, at: 0}", "licences"), "costs:\n  licences:  {amount: 1}\n  ai:        {amount: 3 EUR, at: 0}\n  dip:       {amount: 2}\n"},
		{"a missing section in its place", "case: x\n\nassumptions:\n  a: 1\n\nbenefits:\n  t: 5 EUR/month\n", insert("costs", "x", "1 EUR/month", ""), "case: x\n\nassumptions:\n  a: 1\n\ncosts:\n  x: 1 EUR/month\n\nbenefits:\n  t: 5 EUR/month\n"},
		{"a top-level key in its place", "case: x\ncurrency: EUR\n\nassumptions:\n  a: 1\n", insert("", "horizon", "36 months", ""), "case: x\ncurrency: EUR\nhorizon: 36 months\n\nassumptions:\n  a: 1\n"},
		{"an empty file", "", insert("assumptions", "a", "1", ""), "assumptions:\n  a: 1\n"},
		{"a file of comments", "# nur das", insert("", "case", "Fall", ""), "# nur das\ncase: Fall\n"},
		{"an empty section", "assumptions:  # leer\ncosts: {x: 1}\n", insert("assumptions", "a", "1", ""), "assumptions:  # leer\n  a: 1\ncosts: {x: 1}\n"},
		{"CRLF stays CRLF", "assumptions:\r\n  a: 1\r\n", insert("assumptions", "b", "2", ""), "assumptions:\r\n  a: 1\r\n  b: 2\r\n"},
		{"no line end at the end stays so", "assumptions:\n  a: 1", insert("assumptions", "b", "2", ""), "assumptions:\n  a: 1\n  b: 2"},
		{"a map with a line for each key", "costs: {\n  a: 1,\n  b: 2\n}\n", insert("costs", "c", "3", ""), "costs: {\n  a: 1,\n  b: 2,\n  c: 3\n}\n"},

		{"with its comments", "assumptions:\n  # eins\n  a: 1 # x\n  # zwei\n  b: 2\n", remove("a"), "assumptions:\n  # zwei\n  b: 2\n"},
		{"not the heading of a group", "assumptions:\n  # Erlöse\n  a: 1\n  b: 2\n", remove("a"), "assumptions:\n  # Erlöse\n  b: 2\n"},
		{"not a drawn heading", "assumptions:\n  x: 0\n  # --- Erlöse ---\n  a: 1\n", remove("a"), "assumptions:\n  x: 0\n  # --- Erlöse ---\n"},
		{"the last of a section", "assumptions:\n  a: 1\ncosts: {x: 1}\n", remove("a"), "assumptions: {}\ncosts: {x: 1}\n"},
		{"the last of a file without line end", "assumptions:\n  a: 1\n  b: 2", remove("b"), "assumptions:\n  a: 1"},
		{"first in brackets", "costs: {a: 1, b: 2, c: 3}\n", remove("costs.a"), "costs: {b: 2, c: 3}\n"},
		{"last in brackets", "costs: {a: 1, b: 2, c: 3}\n", remove("costs.c"), "costs: {a: 1, b: 2}\n"},
		{"only one in brackets", "costs: {a: 1}\n", remove("costs.a"), "costs: {}\n"},
		{"a line in brackets", "costs: {\n  a: 1, # a\n  b: 2, # b\n  c: 3 # c\n}\n", remove("costs.b"), "costs: {\n  a: 1, # a\n  c: 3 # c\n}\n"},
		{"a section with one of its gaps", "case: x\n\n# Kosten\ncosts:\n  a: 1\n\nbenefits:\n  b: 2\n", remove("costs"), "case: x\n\nbenefits:\n  b: 2\n"},
		{"the last change of a scenario's section", "scenarios:\n  ai: {label: KI, assumptions: {users: 3}}\n", remove("scenarios.ai.users"), "scenarios:\n  ai: {label: KI}\n"},
		{"an item", "rollout:\n  - {at: 0, share: 40 %} # a\n  - {at: 6, share: 60 %} # b\n", remove("rollout.0"), "rollout:\n  - {at: 6, share: 60 %} # b\n"},

		{"an assumption with all that speaks of it", "assumptions:\n  users: 40 # users\n  n: {value: users * 2, source: users}\ncosts:\n  l: {amount: users * 65 EUR/month + adoption.users_x, note: users}\nbenefits:\n  t: {lever: x, users: users}\ncorrelate: [[users, adoption.plateau, 0.4]]\nscenarios:\n  s: {assumptions: {users: 30}, remove: [users, costs.users]}\n",
			rename("users", "seats"), "assumptions:\n  seats: 40 # users\n  n: {value: seats * 2, source: users}\ncosts:\n  l: {amount: seats * 65 EUR/month + adoption.users_x, note: users}\nbenefits:\n  t: {lever: x, users: seats}\ncorrelate: [[seats, adoption.plateau, 0.4]]\nscenarios:\n  s: {assumptions: {seats: 30}, remove: [seats, costs.users]}\n"},
		{"a line with its paths", "costs:\n  l: {amount: 5 EUR}\n  m: {amount: costs.l.amount * 2}\nscenarios:\n  s: {costs: {l: {amount: 6 EUR}}}\n", rename("costs.l", "licences"), "costs:\n  licences: {amount: 5 EUR}\n  m: {amount: costs.licences.amount * 2}\nscenarios:\n  s: {costs: {licences: {amount: 6 EUR}}}\n"},
		{"in a quoted formula", "assumptions:\n  a: 1\n  b: \"if(a > 1, a, 2)\"\n", rename("a", "größe"), "assumptions:\n  größe: 1\n  b: \"if(größe > 1, größe, 2)\"\n"},

		{"down", "assumptions:\n  # eins\n  a: 1\n  # zwei\n  b: 2\n  # drei\n  c: 3\n", move("a", "b"), "assumptions:\n  # zwei\n  b: 2\n  # eins\n  a: 1\n  # drei\n  c: 3\n"},
		{"to the front", "assumptions:\n  a: 1\n  b: 2\n  c: 3 # c\n", move("c", ""), "assumptions:\n  c: 3 # c\n  a: 1\n  b: 2\n"},
		{"within brackets", "costs: {a: 1, b: 2, c: 3}\n", move("costs.a", "c"), "costs: {b: 2, c: 3, a: 1}\n"},
		{"to the end of a file without line end", "assumptions:\n  a: 1\n  b: 2", move("a", "b"), "assumptions:\n  b: 2\n  a: 1"},

		{"a new scenario", "costs: {x: 1}\n", func(o *revision.Text) (*revision.Text, error) { return o.AddScenario("ai", "Mit KI") }, "costs: {x: 1}\n\nscenarios:\n  ai: {label: Mit KI}\n"},
		{"a copy of a scenario", "scenarios:\n  ai:\n    label: KI\n    assumptions: {users: 3} # x\n  b: {}\n", func(o *revision.Text) (*revision.Text, error) { return o.DuplicateScenario("ai", "ai2", "KI 2") },
			"scenarios:\n  ai:\n    label: KI\n    assumptions: {users: 3} # x\n  ai2:\n    label: KI 2\n    assumptions: {users: 3} # x\n  b: {}\n"},
		{"a renamed scenario", "scenarios: {ai: {label: KI}}\n", func(o *revision.Text) (*revision.Text, error) { return o.RenameScenario("ai", "ki") }, "scenarios: {ki: {label: KI}}\n"},
		{"a removed scenario", "scenarios:\n  ai: {label: KI}\n  # b\n  b: {}\n", func(o *revision.Text) (*revision.Text, error) { return o.RemoveScenario("b") }, "scenarios:\n  ai: {label: KI}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := open(t, tt.before)
			n, err := tt.edit(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(n.Bytes()); got != tt.after {
				t.Errorf("got\n%q\nwant\n%q", got, tt.after)
			}
			if string(o.Bytes()) != tt.before {
				t.Error("the text it came from has changed")
			}
		})
	}
}

func TestEditsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name, before string
		edit         edit
		code         string
	}{
		{"an unknown assumption", "assumptions:\n  users: 40\n", set("usres", "1"), "edit_unknown_path"},
		{"an unknown scenario", "scenarios: {a: {}}\n", set("scenarios.b.users", "1"), "edit_unknown_path"},
		{"a map for a value", "costs:\n  x: {amount: 1}\n", set("costs.x", "5"), "edit_not_value"},
		{"an empty value", "horizon: 36\n", set("horizon", " "), "edit_value"},
		{"a broken map", "horizon: 36\n", set("horizon", "{a: [}"), "edit_value"},
		{"two lines", "horizon: 36\n", set("horizon", "3\nx: 4"), "edit_value"},
		{"a key that is there", "assumptions:\n  a: 1\n", insert("assumptions", "a", "2", ""), "edit_exists"},
		{"a name that is taken", "assumptions:\n  a: 1\n  b: 2\n", rename("a", "b"), "edit_exists"},
		{"no name", "assumptions:\n  a: 1\n", rename("a", ""), "edit_key"},
		{"a grade of a month", "costs:\n  x: {amount: 1, from: 2}\n", field("costs.x.from", "grade", "A"), "edit_no_field"},
		{"a grade of the currency", "currency: EUR\n", field("currency", "grade", "A"), "edit_no_field"},
		{"nothing", "a: 1\n", set("", "1"), "edit_unknown_path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tt.edit(open(t, tt.before)); code(err) != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
	for text, want := range map[string]string{"a: &x 1\nb: *x\n": "yaml_feature", "a: [": "yaml_bracket", "- a\n": "file_not_map"} {
		if _, err := revision.Open("", []byte(text)); code(err) != want {
			t.Errorf("%q opens with %v, want %s", text, err, want)
		}
	}
}

func TestARenamedAssumptionStillServesTheLinesThatTookItByName(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, "assumptions:\n  wage: 52 EUR/h\nbenefits:\n  time: {lever: time_saved, hours: 1 h/week, converts: 50 %}\n")
	n, err := o.Rename("wage", "hourly", cat)
	if err != nil {
		t.Fatal(err)
	}
	want := "assumptions:\n  hourly: 52 EUR/h\nbenefits:\n  time: {lever: time_saved, hours: 1 h/week, converts: 50 %, wage: hourly}\n"
	if got := string(n.Bytes()); got != want {
		t.Errorf("got %q", got)
	}
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	o := open(t, "assumptions:\n  a: {value: \"1 .. 2\", source: 'x, y'}\ncosts:\n  l: 5 EUR\n  m:\n    amount: 1\n    at: 0\nscenarios: {s: {}}\n")
	for path, want := range map[string]string{"a": "1 .. 2", "assumptions.a": "1 .. 2", "costs.l.amount": "5 EUR", "costs.m": "{amount: 1, at: 0}"} {
		if got, ok := o.Value(path); got != want || !ok {
			t.Errorf("%s is %q", path, got)
		}
	}
	if got, _ := o.Source("a"); got != `"1 .. 2"` {
		t.Errorf("source %q", got)
	}
	if got := o.Field("a", "source"); got != "x, y" {
		t.Errorf("field %q", got)
	}
	if got := strings.Join(o.Keys("costs.m"), " ") + strings.Join(o.Scenarios(), " "); got != "amount ats" {
		t.Errorf("keys %q", got)
	}
	if o.Has("b") || !o.Has("costs.l") {
		t.Error("Has")
	}
}
