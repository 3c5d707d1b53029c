package casefile

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

var (
	topKeys = []string{"case", "organisation", "currency", "start", "horizon", "discount", "timing", "note", "finance_rate", "reinvest_rate",
		"tax", "assumptions", "adoption", "data_quality", "process", "rollout", "costs", "benefits", "packages", "scorecard", "correlate", "scenarios"}
	quantityKeys = []string{"value", "source", "grade", "note", "label"}
	curveKeys    = []string{"start", "plateau", "months_to_90", "use", "note", "source", "grade"}
	lineKeys     = []string{"label", "note", "kind", "lever", "item", "package", "amount", "initial", "yearly", "at", "every", "from", "to",
		"escalates", "risk", "chain", "capital", "use", "source", "grade"}
	criterionKeys = []string{"label", "weight", "today", "expected", "why", "source", "grade"}
	startForm     = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])$`)
)

// withoutUseInPackage are the keys of a line that an AI package has no use for: its catalogue entry fixes cost and levers.
var withoutUseInPackage = []string{"amount", "initial", "yearly", "at", "every", "kind", "capital"}

// forms shows how a part of the file is written, for messages.
var forms = map[string]string{
	"assumptions": "users: 40", "tax": "{rate: 30 %, depreciation: 36 months}", "costs": "licences: {amount: users * 65 EUR/month}",
	"benefits": "time: {lever: time_saved, hours: 1.5 h/week, wage: 52 EUR/h, converts: 50 %}", "packages": "reply_drafting: {seats: 20, price: 30 EUR/month}",
	"adoption": "{start: 15 %, plateau: 80 %, months_to_90: 8}", "data_quality": "{start: 70 %, plateau: 92 %, months_to_90: 6}",
	"process": "{start: 60 %, plateau: 85 %, months_to_90: 9}", "scenarios": "cautious: {assumptions: {users: 30}}", "rollout": "{at: 0, share: 40 %}",
	"scorecard": "responsiveness: {weight: 10, today: 4, expected: 7}",
}

// Keys lists the keys of a part of the file: "top", "quantity", "curve", "line" or "criterion". The JSON Schema is checked against it.
func Keys(part string) []string {
	return slices.Clone(map[string][]string{"top": topKeys, "quantity": quantityKeys, "curve": curveKeys, "line": lineKeys, "criterion": criterionKeys}[part])
}

type decoder struct {
	file  string
	found diag.List
	start string          // month 0, for messages about months
	meant map[string]bool // keys that a mistyped key probably stands for: they are not missing
}

func (d *decoder) add(code string, at diag.Position, args diag.Args) {
	d.found.Add(diag.New(code, at, args))
}

func (d *decoder) unknownKey(e Entry, where string, known []string) {
	nearest := NearestKey(e.Key, known)
	if d.meant == nil {
		d.meant = map[string]bool{}
	}
	d.meant[nearest] = true
	d.add("unknown_key", e.At, diag.Args{"name": e.Key, "where": where, "nearest": nearest, "known": known})
}

func (d *decoder) decode(root *Node) *File {
	f := &File{Name: d.file, Horizon: 36, Discount: math.NaN(), FinanceRate: math.NaN(), ReinvestRate: math.NaN(), Curves: map[string]*Curve{}}
	start := diag.Position{File: d.file, Line: 1, Column: 1, EndColumn: 2}
	if n := root.Get("start"); n != nil && startForm.MatchString(n.Text) {
		d.start = n.Text
	}
	for _, e := range root.Entries {
		v := e.Value
		if v.Kind == Null {
			continue
		}
		switch e.Key {
		case "case":
			f.Case = d.text(v)
		case "organisation":
			f.Organisation = d.text(v)
		case "note":
			d.text(v)
		case "currency":
			f.Currency = d.text(v)
			if f.Currency != "" && !quantity.IsCurrency(f.Currency) {
				nearest := formula.NearestUnit(f.Currency)
				if !quantity.IsCurrency(nearest) {
					nearest = quantity.Nearest(strings.ToUpper(f.Currency), quantity.Currencies())
				}
				d.add("unknown_currency", v.At, diag.Args{"name": f.Currency, "nearest": nearest})
			}
		case "start":
			if f.Start = d.text(v); f.Start != "" && !startForm.MatchString(f.Start) {
				d.add("start_form", v.At, diag.Args{"text": f.Start, "instead": yearMonth(f.Start)})
			}
		case "horizon":
			f.Horizon = d.months(v, "horizon", 1, MaxHorizon)
			if x, ok := formulaNumber(v); ok && x.Unit.Text == "" && x.Value == float64(f.Horizon) && f.Horizon <= 10 {
				d.found.Add(diag.Warn("horizon_short", v.At, diag.Args{"months": f.Horizon}))
			}
		case "discount":
			f.Discount = d.rate(v, "discount")
		case "finance_rate":
			f.FinanceRate = d.rate(v, e.Key)
		case "reinvest_rate":
			f.ReinvestRate = d.rate(v, e.Key)
		case "timing":
			f.Yearly = d.oneOf(v, "timing", []string{"monthly", "yearly"}) == "yearly"
		case "tax":
			f.Tax = d.tax(v)
		case "assumptions":
			for _, a := range d.entries(v, "assumptions") {
				d.name(a)
				if q := d.quantity(a.Value, a.Key); q != nil {
					f.Assumptions = append(f.Assumptions, Named{Name: a.Key, At: a.At, Quantity: *q})
				}
			}
		case "adoption", "data_quality", "process":
			f.Curves[e.Key] = d.curve(v, e.Key)
		case "rollout":
			f.Rollout = d.rollout(v)
		case "costs":
			f.Costs = d.lines(v, "costs")
		case "benefits":
			f.Benefits = d.lines(v, "benefits")
		case "packages":
			f.Packages = d.lines(v, "packages")
		case "scorecard":
			f.Scorecard = d.scorecard(e)
		case "correlate":
			f.Correlate = d.correlate(v)
		case "scenarios":
		default:
			if _, err := formula.Parse(v.Text); v.Kind == Scalar && err == nil && NearestKey(e.Key, topKeys) == "" {
				d.add("assumption_outside", e.At, diag.Args{"name": e.Key})
				continue
			}
			d.unknownKey(e, "case", topKeys)
		}
	}
	if f.Currency == "" && !d.meant["currency"] {
		d.add("missing_currency", start, nil)
	}
	if math.IsNaN(f.Discount) {
		f.Discount = 0
		if n := root.Get("discount"); (n == nil || n.Kind == Null) && !d.meant["discount"] {
			d.add("missing_discount", start, nil)
		}
	}
	if math.IsNaN(f.FinanceRate) {
		f.FinanceRate = f.Discount
	}
	if math.IsNaN(f.ReinvestRate) {
		f.ReinvestRate = f.Discount
	}
	empty := func(key string) bool { // a part that is wrong has been reported
		n := root.Get(key)
		return (n == nil || n.Kind == Null || n.Kind == Map && len(n.Entries) == 0) && !d.meant[key]
	}
	if empty("packages") && empty("costs") {
		d.add("no_costs", keyAt(root, "costs", start), nil)
	}
	if empty("packages") && empty("benefits") {
		d.add("no_benefits", keyAt(root, "benefits", start), nil)
	}
	if n := len(f.Costs) + len(f.Benefits) + len(f.Packages); n > MaxLines {
		d.add("too_many_lines", start, diag.Args{"lines": n, "limit": MaxLines})
	}
	d.horizonChecks(f)
	return f
}

// horizonChecks refuses months outside the horizon: money there would silently vanish.
func (d *decoder) horizonChecks(f *File) {
	for _, group := range [][]*Line{f.Costs, f.Benefits, f.Packages} {
		for _, l := range group {
			last, key := l.From, "from"
			for _, m := range l.Months {
				if m > last {
					last, key = m, "at"
				}
			}
			if last > f.Horizon {
				d.found.Add(diag.Warn("after_horizon", l.Place(key), diag.Args{"line": l.ID, "month": last, "horizon": f.Horizon}))
			}
			if l.From >= 0 && l.To >= 0 && l.From > l.To {
				d.add("from_after_to", l.Place("from"), diag.Args{"from": l.From, "to": l.To})
			}
		}
	}
}

func (d *decoder) text(n *Node) string {
	if n.Kind != Scalar {
		d.add("text_expected", n.At, nil)
		return ""
	}
	return strings.TrimSpace(n.Text)
}

func (d *decoder) oneOf(n *Node, key string, known []string) string {
	t := d.text(n)
	if t != "" && !slices.Contains(known, t) {
		nearest := ""
		if meant := words[strings.ToLower(t)]; slices.Contains(known, meant) {
			nearest = meant
		}
		for _, k := range known {
			if strings.EqualFold(k, t) {
				nearest = k
			}
		}
		if nearest == "" && len([]rune(t)) > 1 {
			nearest = quantity.Nearest(t, known)
		}
		d.add("unknown_word", n.At, diag.Args{"name": t, "where": key, "known": known, "nearest": nearest})
		return ""
	}
	return t
}

func (d *decoder) entries(n *Node, where string) []Entry {
	if n.Kind != Map {
		example := forms[where]
		if group, _, ok := strings.Cut(where, "."); ok {
			example = map[string]string{"costs": "{amount: users * 65 EUR/month}", "benefits": "{amount: 900 EUR/month}", "packages": "{seats: 20, price: 30 EUR/month}",
				"scenarios": "{assumptions: {users: 30}}", "scorecard": "{weight: 10, today: 4, expected: 7}"}[group]
		}
		d.add("map_expected", n.At, diag.Args{"where": where, "example": example})
		return nil
	}
	return n.Entries
}

// name refuses keys that a formula could not use.
func (d *decoder) name(e Entry) {
	_, function := formula.Lookup(e.Key)
	switch {
	case quantity.IsName(e.Key):
		d.add("name_is_unit", e.At, diag.Args{"name": e.Key})
	case function || slices.Contains(CurveNames, e.Key) || e.Key == "month" || e.Key == "horizon" || e.Key == "realised":
		d.add("name_taken", e.At, diag.Args{"name": e.Key})
	default:
		d.nameForm(e)
	}
}

// nameForm refuses keys that are no name at all.
func (d *decoder) nameForm(e Entry) {
	for i, r := range e.Key {
		if !(unicode.IsLetter(r) || r == '_' || i > 0 && (unicode.IsDigit(r) || unicode.IsMark(r))) {
			d.add("name_form", e.At, diag.Args{"name": e.Key, "instead": nameOf(e.Key)})
			return
		}
	}
	if e.Key == "" {
		d.add("name_form", e.At, diag.Args{"name": e.Key, "instead": ""})
	}
}

func (d *decoder) tax(n *Node) *Tax {
	t := &Tax{At: n.At, DepreciationMonths: 36}
	if n.Kind == Map && n.Get("rate") == nil {
		d.add("value_missing", n.At, diag.Args{"name": "tax", "key": "rate", "example": "rate: 30 %"})
	}
	for _, e := range d.entries(n, "tax") {
		switch e.Key {
		case "rate":
			t.Rate = d.share(e.Value, "tax.rate")
		case "depreciation":
			t.DepreciationMonths = d.months(e.Value, "tax.depreciation", 1, MaxHorizon)
		default:
			d.unknownKey(e, "tax", []string{"rate", "depreciation"})
		}
	}
	return t
}

func (d *decoder) curve(n *Node, name string) *Curve {
	c := &Curve{At: n.At, Use: "linear"}
	source, grade := "", ""
	for _, e := range d.entries(n, name) {
		switch e.Key {
		case "start":
			c.Start = d.quantity(e.Value, name+".start")
		case "plateau":
			c.Plateau = d.quantity(e.Value, name+".plateau")
		case "months_to_90":
			c.MonthsTo90 = d.quantity(e.Value, name+".months_to_90")
		case "use":
			if name != "adoption" {
				d.unknownKey(e, name, curveKeys)
				continue
			}
			c.Use, c.Peak = d.use(e.Value)
		case "note":
			d.text(e.Value)
		case "source":
			source = d.text(e.Value)
		case "grade":
			grade = d.oneOf(e.Value, "grade", []string{"A", "B", "C", "D"})
		default:
			d.unknownKey(e, name, curveKeys)
		}
	}
	for _, q := range []*Quantity{c.Start, c.Plateau, c.MonthsTo90} {
		if q != nil && q.Source == "" {
			q.Source = source
		}
		if q != nil && q.Grade == "" {
			q.Grade = grade
		}
	}
	if c.Plateau == nil && n.Kind == Map && n.Get("plateau") == nil {
		d.add("curve_plateau", n.At, diag.Args{"name": name})
	}
	return c
}

// use reads linear, saturating or "peak at 80 %".
func (d *decoder) use(n *Node) (string, float64) {
	t := d.text(n)
	if rest, ok := strings.CutPrefix(t, "peak at "); ok {
		number := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "%"))
		v, err := strconv.ParseFloat(number, 64)
		if strings.HasSuffix(strings.TrimSpace(rest), "%") {
			v /= 100
		}
		if err != nil || !(v >= 0.1 && v <= 1) {
			d.add("peak_range", n.At, nil)
			return "linear", 0
		}
		return "peak", v
	}
	if t = d.oneOf(n, "use", []string{"linear", "saturating", "peak at 80 %"}); t == "" {
		t = "linear"
	}
	return t, 1
}

func (d *decoder) rollout(n *Node) []Wave {
	if n.Kind != List {
		d.add("list_expected", n.At, diag.Args{"where": "rollout", "example": "[{at: 0, share: 40 %}, {at: 6, share: 60 %}]"})
		return nil
	}
	var waves []Wave
	sum := 0.0
	for _, item := range n.Items {
		w := Wave{At: item.At}
		if item.Kind == Map && item.Get("share") == nil {
			d.add("value_missing", item.At, diag.Args{"name": "rollout", "key": "share", "example": "share: 40 %"})
		}
		for _, e := range d.entries(item, "rollout") {
			switch e.Key {
			case "at":
				w.Month = d.months(e.Value, "rollout.at", 0, MaxHorizon)
			case "share":
				w.Share = d.share(e.Value, "rollout.share")
			case "label", "note":
				d.text(e.Value)
			default:
				d.unknownKey(e, "rollout", []string{"at", "share", "label"})
			}
		}
		sum += w.Share
		waves = append(waves, w)
	}
	if sum > 1+1e-9 {
		d.add("rollout_sum", n.At, diag.Args{"sum": sum * 100})
	}
	return waves
}
