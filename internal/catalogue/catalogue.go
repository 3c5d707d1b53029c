// Package catalogue holds the levers, cost items, AI packages, chains and criteria that a case can name, and what steps
// cost, as data: YAML embedded in the program and, where the user has one, a folder of files beside it. Start with Open. A lever
// is read when it is asked for. Formulas are text in the case language here; what they mean is the work of package model.
package catalogue

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
)

//go:embed data
var embedded embed.FS

// Text is a text in both languages.
type Text struct {
	German  string `yaml:"de" json:"de,omitempty"`
	English string `yaml:"en" json:"en,omitempty"`
}

// In returns the text in a language, "de" or "en".
func (t Text) In(lang string) string {
	if lang == "de" {
		return t.German
	}
	return t.English
}

// Factors names the three values of each factor of realisation, by the path of the case file.
var Factors = map[string]Text{
	"adoption.start":            {"Akzeptanz zu Beginn", "Adoption at the start"},
	"adoption.plateau":          {"Akzeptanz im Endstand", "Adoption in the end"},
	"adoption.months_to_90":     {"Monate bis zur Akzeptanz", "Months to adoption"},
	"data_quality.start":        {"Datenqualität zu Beginn", "Data quality at the start"},
	"data_quality.plateau":      {"Datenqualität im Endstand", "Data quality in the end"},
	"data_quality.months_to_90": {"Monate bis zur Datenqualität", "Months to data quality"},
	"process.start":             {"Prozesse zu Beginn", "Processes at the start"},
	"process.plateau":           {"Prozesse im Endstand", "Processes in the end"},
	"process.months_to_90":      {"Monate bis zu den Prozessen", "Months to the processes"},
}

// Fields names what a line may have beside its amount.
var Fields = map[string]Text{
	"escalates": {"Preissteigerung", "Price increase"},
	"risk":      {"Risiko", "Risk"},
}

// Default is the value of an input that a case may leave out; it always has a source.
type Default struct {
	Value  string `yaml:"value" json:"value,omitempty"`
	Source string `yaml:"source" json:"source,omitempty"`
	Grade  string `yaml:"grade" json:"grade,omitempty"`
}

// Input is one input of a lever, cost item or package.
type Input struct {
	Name    string   `yaml:"-" json:"name,omitempty"`
	Unit    string   `yaml:"unit" json:"unit,omitempty"`
	Chain   string   `yaml:"chain" json:"chain,omitempty"` // variable of the chain it stands for
	Or      string   `yaml:"or" json:"or,omitempty"`       // formula over other variables, of a chain's variable
	Label   Text     `yaml:"label" json:"label,omitempty"`
	Hint    Text     `yaml:"hint" json:"hint,omitempty"`
	Range   string   `yaml:"range" json:"range,omitempty"` // published range, for audits
	Default *Default `yaml:"default" json:"default,omitempty"`
}

// Inputs keeps the order of the file.
type Inputs []Input

// UnmarshalYAML reads a map and keeps its order.
func (in *Inputs) UnmarshalYAML(data []byte) error {
	var order yaml.MapSlice
	if err := yaml.Unmarshal(data, &order); err != nil {
		return err
	}
	var all map[string]Input
	if err := yaml.UnmarshalWithOptions(data, &all, yaml.Strict()); err != nil {
		return err
	}
	for _, item := range order {
		i := all[fmt.Sprint(item.Key)]
		i.Name = fmt.Sprint(item.Key)
		*in = append(*in, i)
	}
	return nil
}

// Get finds an input by name.
func (in Inputs) Get(name string) (Input, bool) {
	for _, i := range in {
		if i.Name == name {
			return i, true
		}
	}
	return Input{}, false
}

// Evidence is one published figure.
type Evidence struct {
	What       Text   `yaml:"what" json:"what,omitempty"`
	Value      string `yaml:"value" json:"value,omitempty"`
	Population Text   `yaml:"population" json:"population,omitempty"`
	Design     Text   `yaml:"design" json:"design,omitempty"`
	Grade      string `yaml:"grade" json:"grade,omitempty"` // A to D
	Source     string `yaml:"source" json:"source,omitempty"`
	Year       int    `yaml:"year" json:"year,omitempty"`
	Caveat     Text   `yaml:"caveat" json:"caveat,omitempty"`
}

// Realisation holds the exponents with which the three factors act on a lever.
type Realisation struct {
	Adoption    float64 `yaml:"adoption" json:"adoption,omitempty"`
	DataQuality float64 `yaml:"data_quality" json:"data_quality,omitempty"`
	Process     float64 `yaml:"process" json:"process,omitempty"`
}

// When is the default timing of a cost item, in months.
type When struct {
	At    *int `yaml:"at" json:"at,omitempty"`
	Every int  `yaml:"every" json:"every,omitempty"`
	From  *int `yaml:"from" json:"from,omitempty"`
	To    *int `yaml:"to" json:"to,omitempty"`
}

// Lever is a way in which a CRM brings money or time.
type Lever struct {
	ID          string      `yaml:"id" json:"id,omitempty"`
	Name        Text        `yaml:"name" json:"name,omitempty"`
	Text        Text        `yaml:"text" json:"text,omitempty"`
	Kind        string      `yaml:"kind" json:"kind,omitempty"`
	Realisation Realisation `yaml:"realisation" json:"realisation,omitempty"`
	Why         Text        `yaml:"why" json:"why,omitempty"`
	Inputs      Inputs      `yaml:"inputs" json:"inputs,omitempty"`
	Formula     string      `yaml:"formula" json:"formula,omitempty"` // money or money per time; realisation is multiplied on
	Chain       string      `yaml:"chain" json:"chain,omitempty"`     // id of the chain it acts on
	Effect      string      `yaml:"effect" json:"effect,omitempty"`   // relative change of the chain; has realised in it
	Evidence    []Evidence  `yaml:"evidence" json:"evidence,omitempty"`
	Measure     Text        `yaml:"measure" json:"measure,omitempty"`

	Example             map[string]string `yaml:"example" json:"example,omitempty"`
	ExamplePerYear      float64           `yaml:"example_per_year" json:"example_per_year,omitempty"`
	ExampleMonth12Total float64           `yaml:"example_month_12_total" json:"example_month_12_total,omitempty"`
}

// Cost is a cost item.
type Cost struct {
	ID           string            `yaml:"id" json:"id,omitempty"`
	Name         Text              `yaml:"name" json:"name,omitempty"`
	Text         Text              `yaml:"text" json:"text,omitempty"`
	Kind         string            `yaml:"kind" json:"kind,omitempty"`
	Inputs       Inputs            `yaml:"inputs" json:"inputs,omitempty"`
	Formula      string            `yaml:"formula" json:"formula,omitempty"`
	When         When              `yaml:"when" json:"when,omitempty"`
	Forgotten    Text              `yaml:"forgotten" json:"forgotten,omitempty"`
	Evidence     []Evidence        `yaml:"evidence" json:"evidence,omitempty"`
	Measure      Text              `yaml:"measure" json:"measure,omitempty"`
	Example      map[string]string `yaml:"example" json:"example,omitempty"`
	ExampleTotal float64           `yaml:"example_total" json:"example_total,omitempty"`
}

// Bundle is one lever inside a package, with the inputs that the evidence presets.
type Bundle struct {
	Lever string            `yaml:"lever" json:"lever,omitempty"`
	Set   map[string]string `yaml:"set" json:"set,omitempty"`
}

// Package is an AI package: levers together with their seat price.
type Package struct {
	ID   string `yaml:"id" json:"id,omitempty"`
	Name Text   `yaml:"name" json:"name,omitempty"`
	Text Text   `yaml:"text" json:"text,omitempty"`
	Cost struct {
		Inputs  Inputs `yaml:"inputs" json:"inputs,omitempty"`
		Formula string `yaml:"formula" json:"formula,omitempty"`
	} `yaml:"cost" json:"cost,omitempty"`
	Benefits             map[string]Bundle `yaml:"benefits" json:"benefits,omitempty"`
	Evidence             []Evidence        `yaml:"evidence" json:"evidence,omitempty"`
	NoControlledEvidence Text              `yaml:"no_controlled_evidence" json:"no_controlled_evidence,omitempty"`
	Caution              Text              `yaml:"caution" json:"caution,omitempty"`
	Measure              Text              `yaml:"measure" json:"measure,omitempty"`
}

// Chain is a product that several levers act on together.
type Chain struct {
	ID        string `yaml:"-" json:"id"`
	Name      Text   `yaml:"name" json:"name,omitempty"`
	Base      string `yaml:"base" json:"base,omitempty"` // money per time without CRM
	Variables Inputs `yaml:"variables" json:"variables,omitempty"`
}

// Catalogue answers by id. It is safe for concurrent use.
type Catalogue struct {
	mu       sync.Mutex
	folders  []fs.FS // later ones first
	levers   map[string]*Lever
	costs    map[string]*Cost
	packages map[string]*Package
	criteria map[string]*Criterion
	chains   map[string]*Chain
	steps    map[string]*Step
}

// Open returns the embedded catalogue, with the user's own folders before it: files in levers/, costs/, ai/ and criteria/
// there add to it or replace an entry of the same name.
func Open(dirs ...string) (*Catalogue, error) {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{levers: map[string]*Lever{}, costs: map[string]*Cost{}, packages: map[string]*Package{}, criteria: map[string]*Criterion{}}
	for _, d := range slices.Backward(dirs) {
		if info, err := os.Stat(d); err != nil || !info.IsDir() {
			return nil, diag.New("catalogue_folder", diag.Position{File: d}, nil)
		}
		c.folders = append(c.folders, os.DirFS(d))
	}
	c.folders = append(c.folders, data)
	return c, nil
}

// Levers lists the ids of all levers, alphabetically; Costs and Packages likewise.
func (c *Catalogue) Levers() []string { return c.list("levers") }

// Costs lists the ids of all cost items.
func (c *Catalogue) Costs() []string { return c.list("costs") }

// Packages lists the ids of all AI packages.
func (c *Catalogue) Packages() []string { return c.list("ai") }

func (c *Catalogue) list(group string) []string {
	var ids []string
	for _, f := range c.folders {
		entries, _ := fs.ReadDir(f, group)
		for _, e := range entries {
			if id, ok := strings.CutSuffix(e.Name(), ".yaml"); ok && !e.IsDir() {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// read decodes group/id.yaml from the first folder that has it.
func (c *Catalogue) read(group, id string, into any) (bool, error) {
	if strings.ContainsAny(id, `/\`) {
		return false, nil
	}
	name := path.Join(group, id+".yaml")
	for i, f := range c.folders {
		data, err := fs.ReadFile(f, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, diag.New("catalogue_read", diag.Position{File: name}, diag.Args{"detail": err.Error()})
		}
		// The embedded files are checked by a test; those of a user are checked when they are read.
		options := []yaml.DecodeOption{}
		if i < len(c.folders)-1 {
			options = append(options, yaml.Strict())
		}
		if err := yaml.UnmarshalWithOptions(data, into, options...); err != nil {
			at := diag.Position{File: name}
			detail := err.Error()
			var y yaml.Error
			if errors.As(err, &y) {
				detail = y.GetMessage()
				if t := y.GetToken(); t != nil {
					at.Line, at.Column, at.EndColumn = t.Position.Line, t.Position.Column, t.Position.Column+len([]rune(t.Value))
					if lines := strings.Split(string(data), "\n"); at.Line <= len(lines) {
						at.Source = lines[at.Line-1]
					}
				}
			}
			return false, diag.New("catalogue_read", at, diag.Args{"detail": detail})
		}
		return true, nil
	}
	return false, nil
}

// get reads and keeps one entry. check says what is missing in it.
func get[T any](c *Catalogue, kept map[string]*T, group, code, id string, check func(*T) string) (*T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := kept[id]; ok {
		return have, nil
	}
	entry := new(T)
	ok, err := c.read(group, id, entry)
	if err != nil {
		return nil, err
	}
	if !ok {
		ids := c.list(group)
		return nil, diag.New(code, diag.Position{}, diag.Args{"name": id, "nearest": quantity.Nearest(id, ids), "known": strings.Join(ids, ", ")})
	}
	if missing := check(entry); missing != "" {
		return nil, diag.New("catalogue_incomplete", diag.Position{File: path.Join(group, id+".yaml")}, diag.Args{"name": id, "missing": missing})
	}
	kept[id] = entry
	return entry, nil
}

// Lever returns a lever by id, or a diagnostic with the nearest name.
func (c *Catalogue) Lever(id string) (*Lever, error) {
	return get(c, c.levers, "levers", "unknown_lever", id, func(l *Lever) string {
		switch {
		case l.ID != id:
			return "id: " + id
		case l.Kind == "":
			return "kind"
		case l.Formula == "" && (l.Chain == "" || l.Effect == ""):
			return "formula"
		case len(l.Inputs) == 0:
			return "inputs"
		}
		return ""
	})
}

// Cost returns a cost item by id, or a diagnostic with the nearest name.
func (c *Catalogue) Cost(id string) (*Cost, error) {
	return get(c, c.costs, "costs", "unknown_item", id, func(i *Cost) string {
		switch {
		case i.ID != id:
			return "id: " + id
		case i.Formula == "":
			return "formula"
		}
		return ""
	})
}

// Package returns an AI package by id, or a diagnostic with the nearest name.
func (c *Catalogue) Package(id string) (*Package, error) {
	return get(c, c.packages, "ai", "unknown_package", id, func(p *Package) string {
		switch {
		case p.ID != id:
			return "id: " + id
		case p.Cost.Formula == "":
			return "cost.formula"
		}
		return ""
	})
}

// Chain returns a chain by id.
func (c *Catalogue) Chain(id string) (*Chain, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chains == nil {
		c.chains = map[string]*Chain{}
		for i := len(c.folders) - 1; i >= 0; i-- {
			var file struct {
				Chains map[string]*Chain `yaml:"chains" json:"chains,omitempty"`
			}
			one := &Catalogue{folders: c.folders[i:]}
			if ok, err := one.read("", "chains", &file); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
			for id, ch := range file.Chains {
				ch.ID = id
				c.chains[id] = ch
			}
		}
	}
	if ch, ok := c.chains[id]; ok {
		return ch, nil
	}
	return nil, diag.New("unknown_chain", diag.Position{}, diag.Args{"name": id})
}
