package quality

import (
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Rules are what is asked of the data. Default holds those that come with the program; Read changes some of them.
type Rules struct {
	// Country of national telephone numbers where a record names none: an ISO code in lower case.
	Country string
	// StaleDays, UnansweredDays and OutdatedDays are the ages in days beyond which an open deal, a lead without a reply and
	// an account or contact count as out of date.
	StaleDays, UnansweredDays, OutdatedDays int64
	// ProbabilityGap is how far an open deal may be from the probability of its stage, 0 to 1.
	ProbabilityGap float64
	// Required in the order of the tables.
	Required []Requirement
	// Weights of the factors in the total.
	Weights map[Factor]float64
	// MendedShare is the share of the faults that gets mended: P10, P50, P90 in ascending order within (0, 1).
	MendedShare [3]float64
	// MendingMonths until 90 % of the way is done.
	MendingMonths int
	// Tolerated shares by sign.
	Tolerated map[string]float64
}

// Requirement is what must be known of the records of a group.
type Requirement struct {
	Table string
	// Group is all, a category or type of the table, from or stage.
	Group string
	// From is the probability from which open deals are meant, where Group is from.
	From float64
	// Stage is the label or identifier of the stage, where Group is stage.
	Stage string
	// Fields must all be known; of the alternatives within one, one is enough.
	Fields [][]string
}

//go:embed defaults.yaml
var defaults []byte

// Default are the rules that come with the program.
func Default() *Rules {
	r := &Rules{Weights: map[Factor]float64{}, Tolerated: map[string]float64{}}
	if found := r.read("defaults.yaml", defaults); found.Err() != nil {
		panic("quality: " + found.Error()) // a fault of ours: the file is part of the program
	}
	return r
}

// Defaults is the text of the rules that come with the program, to be changed and given to Read.
func Defaults() []byte { return slices.Clone(defaults) }

// Read reads a file of rules over the default ones.
func Read(name string, text []byte) (*Rules, diag.List) {
	r := Default()
	if found := r.read(name, text); found.Err() != nil {
		return nil, found.Sorted()
	}
	return r, nil
}

// groupColumn is the column whose choices are the groups of a table.
var groupColumn = map[string]string{"account": "type", "opportunity": "category", "ticket": "category", "activity": "type", "sales_document": "kind"}

var ruleKeys = []string{"country", "stale_days", "unanswered_days", "outdated_days", "probability_gap", "required", "weights", "mending", "tolerated"}

type ruleReader struct{ found diag.List }

func (d *ruleReader) wrong(code string, at diag.Position, args diag.Args) {
	d.found.Add(diag.New(code, at, args))
}

func (d *ruleReader) key(e casefile.Entry, known []string) {
	d.wrong("quality_key", e.At, diag.Args{"name": e.Key, "nearest": quantity.Nearest(e.Key, known), "known": known})
}

// share reads 30 % or 0.3.
func (d *ruleReader) share(n *casefile.Node) float64 {
	text, percent := strings.CutSuffix(strings.TrimSpace(n.Text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if percent {
		v /= 100
	}
	if n.Kind != casefile.Scalar || err != nil || !(v >= 0 && v <= 1) {
		d.wrong("quality_share", n.At, diag.Args{"value": n.Text})
		return 0
	}
	return v
}

func (d *ruleReader) whole(n *casefile.Node, least, most int64) int64 {
	v, err := strconv.ParseInt(strings.TrimSpace(n.Text), 10, 64)
	if n.Kind != casefile.Scalar || err != nil || v < least || v > most {
		d.wrong("quality_number", n.At, diag.Args{"value": n.Text, "least": least, "most": most})
		return least
	}
	return v
}

func (r *Rules) read(name string, text []byte) diag.List {
	root, found := casefile.ParseYAML(name, text)
	if found.Err() != nil {
		return found
	}
	d := &ruleReader{}
	if root.Kind != casefile.Map {
		d.wrong("quality_map", root.At, nil)
		return d.found
	}
	for _, e := range root.Entries {
		switch e.Key {
		case "country":
			if r.Country = Country(e.Value.Text); r.Country == "" {
				d.wrong("quality_country", e.Value.At, diag.Args{"value": e.Value.Text})
			}
		case "stale_days":
			r.StaleDays = d.whole(e.Value, 1, 3650)
		case "unanswered_days":
			r.UnansweredDays = d.whole(e.Value, 1, 3650)
		case "outdated_days":
			r.OutdatedDays = d.whole(e.Value, 1, 36500)
		case "probability_gap":
			r.ProbabilityGap = d.share(e.Value)
		case "required":
			d.required(r, e.Value)
		case "weights":
			for _, w := range e.Value.Entries {
				if !slices.Contains(factors, Factor(w.Key)) {
					d.key(w, texts(factors))
					continue
				}
				v, err := strconv.ParseFloat(w.Value.Text, 64)
				if err != nil || !(v >= 0 && v <= 1000) {
					d.wrong("quality_number", w.Value.At, diag.Args{"value": w.Value.Text, "least": 0, "most": 1000})
				}
				r.Weights[Factor(w.Key)] = v
			}
		case "mending":
			d.mending(r, e.Value)
		case "tolerated":
			for _, t := range e.Value.Entries {
				if !slices.Contains(toleratedSigns, t.Key) {
					d.key(t, toleratedSigns)
					continue
				}
				r.Tolerated[t.Key] = d.share(t.Value)
			}
		default:
			d.key(e, ruleKeys)
		}
	}
	return d.found
}

func texts(f []Factor) []string {
	var all []string
	for _, v := range f {
		all = append(all, string(v))
	}
	return all
}

func (d *ruleReader) mending(r *Rules, n *casefile.Node) {
	for _, e := range n.Entries {
		switch e.Key {
		case "share":
			if len(e.Value.Items) != 3 {
				d.wrong("quality_mended", e.Value.At, nil)
				continue
			}
			for i, item := range e.Value.Items {
				r.MendedShare[i] = d.share(item)
			}
			if s := r.MendedShare; !(0 < s[0] && s[0] < s[1] && s[1] < s[2] && s[2] < 1) {
				d.wrong("quality_mended", e.Value.At, nil)
			}
		case "months":
			r.MendingMonths = int(d.whole(e.Value, 1, 120))
		default:
			d.key(e, []string{"share", "months"})
		}
	}
}

// required replaces the groups that a file names; an empty list asks for nothing.
func (d *ruleReader) required(r *Rules, n *casefile.Node) {
	for _, table := range n.Entries {
		t, ok := crm.Find(table.Key)
		if !ok || !slices.Contains(audited, table.Key) {
			d.key(table, audited)
			continue
		}
		for _, g := range table.Value.Entries {
			q, ok := d.group(t, g)
			if !ok {
				continue
			}
			for _, f := range g.Value.Items {
				if fields := d.fields(t, f); fields != nil {
					q.Fields = append(q.Fields, fields)
				}
			}
			r.Required = slices.DeleteFunc(r.Required, func(o Requirement) bool {
				return o.Table == q.Table && o.Group == q.Group && math.Abs(o.From-q.From) < 1e-9 && o.Stage == q.Stage
			})
			if len(q.Fields) > 0 {
				r.Required = append(r.Required, q)
			}
		}
	}
}

func (d *ruleReader) group(t crm.Table, e casefile.Entry) (Requirement, bool) {
	q := Requirement{Table: t.Name, Group: e.Key}
	known := []string{"all"}
	if column, ok := t.Column(groupColumn[t.Name]); ok {
		known = append(known, column.Choices...)
	}
	if slices.Contains(known, e.Key) {
		return q, true
	}
	if t.Name == "opportunity" {
		if text, ok := strings.CutPrefix(e.Key, "from "); ok {
			q.Group = "from"
			q.From = d.share(&casefile.Node{Kind: casefile.Scalar, Text: text, At: e.At})
			return q, true
		}
		if text, ok := strings.CutPrefix(e.Key, "stage "); ok && strings.TrimSpace(text) != "" {
			q.Group, q.Stage = "stage", strings.TrimSpace(text)
			return q, true
		}
		known = append(known, "from 50 %", "stage LABEL")
	}
	d.key(e, known)
	return q, false
}

func (d *ruleReader) fields(t crm.Table, n *casefile.Node) []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	fields := strings.Split(n.Text, "|")
	for i, f := range fields {
		fields[i] = strings.TrimSpace(f)
		if t.Index(fields[i]) < 0 {
			d.wrong("quality_field", n.At, diag.Args{"name": fields[i], "table": t.Name, "nearest": quantity.Nearest(fields[i], names)})
			return nil
		}
	}
	return fields
}

// id is the requirement's part of a measure's identifier.
func (q Requirement) id() string {
	switch q.Group {
	case "from":
		return fmt.Sprintf("from_%s", strconv.FormatFloat(math.Round(q.From*1e4)/100, 'f', -1, 64))
	case "stage":
		return "stage_" + q.Stage
	}
	return q.Group
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
