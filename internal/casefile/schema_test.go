package casefile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rendite-crm/rendite/internal/casefile"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(casefile.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("case.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("case.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value is a YAML text as an editor hands it to the validator.
func value(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	buf, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(buf))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSchemaAcceptsTheExamples(t *testing.T) {
	s := schema(t)
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 7 {
		t.Fatal(files, err)
	}
	for _, f := range append(files, "../../bench/r60.yaml") {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value(t, text)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestSchemaRefusesWhatAnEditorCanSee(t *testing.T) {
	s := schema(t)
	for name, text := range map[string]string{
		"a misspelt key":            "currency: EUR\ndiscount: 8 %\ncost: {a: 1 EUR}",
		"no currency":               "discount: 8 %",
		"a grade that is none":      "currency: EUR\ndiscount: 8 %\nassumptions: {users: {value: 4, grade: E}}",
		"a start that is no month":  "currency: EUR\ndiscount: 8 %\nstart: April",
		"a kind that is none":       "currency: EUR\ndiscount: 8 %\nbenefits: {a: {amount: 1 EUR, kind: revenue}}",
		"a curve without a plateau": "currency: EUR\ndiscount: 8 %\nadoption: {start: 10 %}",
		"a timing that is none":     "currency: EUR\ndiscount: 8 %\ntiming: quarterly",
		"a key inside a value":      "currency: EUR\ndiscount: 8 %\nassumptions: {users: {value: 4, sorce: ERP}}",
		"points above ten":          "currency: EUR\ndiscount: 8 %\nscorecard: {compliance: {weight: 10, today: 4, expected: 11}}",
		"a criterion of no weight":  "currency: EUR\ndiscount: 8 %\nscorecard: {compliance: {today: 4, expected: 7}}",
		"a key of no criterion":     "currency: EUR\ndiscount: 8 %\nscorecard: {compliance: {weight: 10, today: 4, expected: 7, note: x}}",
		"a scenario in a scenario":  "currency: EUR\ndiscount: 8 %\nscenarios: {a: {scenarios: {}}}",
	} {
		if err := s.Validate(value(t, []byte(text))); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// The schema and the decoder must know the same keys.
func TestSchemaKnowsTheKeysOfTheDecoder(t *testing.T) {
	var doc struct {
		Properties map[string]json.RawMessage
		Defs       map[string]struct {
			AnyOf      []struct{ Properties map[string]json.RawMessage }
			Properties map[string]json.RawMessage
		} `json:"$defs"`
	}
	if err := json.Unmarshal(casefile.Schema, &doc); err != nil {
		t.Fatal(err)
	}
	sorted := func(m map[string]json.RawMessage, more ...string) []string {
		var keys []string
		for k := range m {
			keys = append(keys, k)
		}
		keys = append(keys, more...)
		slices.Sort(keys)
		return slices.Compact(keys)
	}
	want := func(part string) []string {
		k := casefile.Keys(part)
		slices.Sort(k)
		return k
	}
	if diff := cmp.Diff(want("top"), sorted(doc.Properties)); diff != "" {
		t.Errorf("top level (-decoder +schema):\n%s", diff)
	}
	if diff := cmp.Diff(want("quantity"), sorted(doc.Defs["quantity"].AnyOf[1].Properties)); diff != "" {
		t.Errorf("value (-decoder +schema):\n%s", diff)
	}
	if diff := cmp.Diff(want("criterion"), sorted(doc.Defs["criterion"].Properties)); diff != "" {
		t.Errorf("criterion (-decoder +schema):\n%s", diff)
	}
	lines := map[string]json.RawMessage{}
	for _, d := range []string{"cost", "benefit", "package"} {
		for k, v := range doc.Defs[d].AnyOf[1].Properties {
			lines[k] = v
		}
	}
	if diff := cmp.Diff(want("line"), sorted(lines)); diff != "" {
		t.Errorf("line (-decoder +schema):\n%s", diff)
	}
	var top struct {
		Adoption struct{ Properties map[string]json.RawMessage } `json:"adoption"`
	}
	properties, err := json.Marshal(doc.Properties)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(properties, &top); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want("curve"), sorted(top.Adoption.Properties)); diff != "" {
		t.Errorf("curve (-decoder +schema):\n%s", diff)
	}
}
