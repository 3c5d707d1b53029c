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
		"tax", "assumptions", "adoption", "data_quality", "process", "rollout", "costs", "benefits", "packages", "correlate", "scenarios"}
	quantityKeys = []string{"value", "source", "grade", "note", "label"}
	curveKeys    = []string{"start", "plateau", "months_to_90", "use", "note", "source", "grade"}
	lineKeys     = []string{"label", "note", "kind", "lever", "item", "package", "amount", "initial", "yearly", "at", "every", "from", "to",
		"escalates", "risk", "chain", "capital", "use", "source", "grade"}
	startForm = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])$`)
)

// Keys lists the keys of a part of the file: "top", "quantity", "curve" or "line". The JSON Schema is checked against it.
func Keys(part string) []string {
	return slices.Clone(map[string][]string{"top": topKeys, "quantity": quantityKeys, "curve": curveKeys, "line": lineKeys}[part])
}

type decoder struct {
	file  string
	found diag.List
}

func (d *decoder) add(code string, at diag.Position, args diag.Args) {
	d.found.Add(diag.New(code, at, args))
}

func (d *decoder) unknownKey(e Entry, where string, known []string) {
	d.add("unknown_key", e.At, diag.Args{"name": e.Key, "where": where, "nearest": quantity.Nearest(e.Key, known)})
}

func (d *decoder) decode(root *Node) *File {
	f := &File{Name: d.file, Horizon: 36, Discount: math.NaN(), FinanceRate: math.NaN(), ReinvestRate: math.NaN(), Curves: map[string]*Curve{}}
	start := diag.Position{File: d.file, Line: 1, Column: 1, EndColumn: 2}
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
				d.add("unknown_currency", v.At, diag.Args{"name": f.Currency, "nearest": quantity.Nearest(strings.ToUpper(f.Currency), quantity.Currencies())})
			}
		case "start":
			if f.Start = d.text(v); f.Start != "" && !startForm.MatchString(f.Start) {
				d.add("start_form", v.At, diag.Args{"text": f.Start})
			}
		case "horizon":
			f.Horizon = d.months(v, "horizon", 1, MaxHorizon)
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
		case "correlate":
			f.Correlate = d.correlate(v)
		case "scenarios":
		default:
			d.unknownKey(e, "case", topKeys)
		}
	}
	if f.Currency == "" {
		d.add("missing_currency", start, nil)
	}
	if math.IsNaN(f.Discount) {
		f.Discount = 0
		if root.Get("discount") == nil {
			d.add("missing_discount", start, nil)
		}
	}
	if math.IsNaN(f.FinanceRate) {
		f.FinanceRate = f.Discount
	}
	if math.IsNaN(f.ReinvestRate) {
		f.ReinvestRate = f.Discount
	}
	if len(f.Costs) == 0 && len(f.Packages) == 0 {
		d.add("no_costs", start, nil)
	}
	if len(f.Benefits) == 0 && len(f.Packages) == 0 {
		d.add("no_benefits", start, nil)
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
			last := l.From
			for _, m := range l.Months {
				last = max(last, m)
			}
			if last > f.Horizon {
				d.found.Add(diag.Warn("after_horizon", l.At, diag.Args{"line": l.ID, "month": last, "horizon": f.Horizon}))
			}
			if l.From >= 0 && l.To >= 0 && l.From > l.To {
				d.add("from_after_to", l.At, diag.Args{"from": l.From, "to": l.To})
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
		d.add("unknown_word", n.At, diag.Args{"name": t, "where": key, "known": strings.Join(known, ", "), "nearest": quantity.Nearest(t, known)})
		return ""
	}
	return t
}

func (d *decoder) entries(n *Node, where string) []Entry {
	if n.Kind != Map {
		d.add("map_expected", n.At, diag.Args{"where": where})
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
		for i, r := range e.Key {
			if !(unicode.IsLetter(r) || r == '_' || i > 0 && (unicode.IsDigit(r) || unicode.IsMark(r))) {
				d.add("name_form", e.At, diag.Args{"name": e.Key})
				return
			}
		}
		if e.Key == "" {
			d.add("name_form", e.At, diag.Args{"name": e.Key})
		}
	}
}

// Formula parses the text of a scalar and reports what is wrong in the file's coordinates.
func (d *decoder) formula(n *Node) formula.Expr {
	if n.Kind != Scalar {
		d.add("value_expected", n.At, nil)
		return nil
	}
	e, err := formula.Parse(n.Text)
	if err != nil {
		d.add(err.Code, n.Inside(err.Span), diag.Args(err.Args))
		return nil
	}
	formula.Walk(e, func(x formula.Expr) {
		if number, ok := x.(*formula.Number); ok && number.LooksLikeThousands() {
			d.found.Add(diag.Warn("dot_thousands", n.Inside(number.Span), diag.Args{"text": number.Text, "thousands": strings.Replace(number.Text, ".", " ", 1)}))
		}
	})
	return e
}

// quantity reads a scalar or {value, source, grade, note, label}.
func (d *decoder) quantity(n *Node, where string) *Quantity {
	switch n.Kind {
	case Scalar:
		if e := d.formula(n); e != nil {
			return &Quantity{Expr: e, Node: n}
		}
		return nil
	case Map:
		q := &Quantity{}
		for _, e := range n.Entries {
			if e.Value.Kind == Null {
				continue
			}
			switch e.Key {
			case "value":
				q.Node = e.Value
				q.Expr = d.formula(e.Value)
			case "source":
				q.Source = d.text(e.Value)
			case "grade":
				q.Grade = d.oneOf(e.Value, "grade", []string{"A", "B", "C", "D"})
			case "note":
				q.Note = d.text(e.Value)
			case "label":
				q.Label = d.text(e.Value)
			default:
				d.unknownKey(e, where, quantityKeys)
			}
		}
		if q.Node == nil {
			d.add("value_missing", n.At, diag.Args{"name": where})
		}
		if q.Expr == nil {
			return nil
		}
		return q
	}
	d.add("value_expected", n.At, nil)
	return nil
}

// constant evaluates a plain number with a unit; formulas with names are refused.
func (d *decoder) constant(n *Node, what string) (*formula.Number, bool) {
	e := d.formula(n)
	if e == nil {
		return nil, false
	}
	if neg, ok := e.(*formula.Neg); ok {
		if x, ok := neg.X.(*formula.Number); ok {
			return &formula.Number{Span: neg.Span, Value: -x.Value, Text: "-" + x.Text, Unit: x.Unit}, true
		}
	}
	x, ok := e.(*formula.Number)
	if !ok {
		d.add("constant_expected", n.Inside(e.Place()), diag.Args{"what": what})
		return nil, false
	}
	return x, true
}

// months reads 36, 36 months or 3 years as a whole number of months between low and high.
func (d *decoder) months(n *Node, what string, low, high int) int {
	x, ok := d.constant(n, what)
	if !ok {
		return low
	}
	v := x.Canonical()
	if x.Unit.Dim != quantity.Time && x.Unit.Text != "" {
		d.add("months_expected", n.Inside(x.Span), diag.Args{"what": what, "unit": x.Unit.Text})
		return low
	}
	if r := math.Round(v); math.Abs(v-r) > 1e-6 {
		d.add("months_whole", n.Inside(x.Span), diag.Args{"what": what, "value": v})
		return low
	} else if v = r; v < float64(low) || v > float64(high) {
		d.add("months_range", n.Inside(x.Span), diag.Args{"what": what, "value": v, "low": low, "high": high})
		return low
	}
	return int(v)
}

// rate reads an effective yearly rate: 8 %/year, 8 % or 0.08.
func (d *decoder) rate(n *Node, what string) float64 {
	x, ok := d.constant(n, what)
	if !ok {
		return 0
	}
	v := x.Value
	if x.Unit.Percent {
		v /= 100
	}
	switch x.Unit.Text {
	case "", "%", "%/year", "/year":
	default:
		d.add("rate_per_year", n.Inside(x.Span), diag.Args{"what": what, "unit": x.Unit.Text})
		return 0
	}
	if v <= -1 || v > 1 {
		d.add("rate_range", n.Inside(x.Span), diag.Args{"what": what})
		return 0
	}
	return v
}

// share reads 30 % or 0.3 between 0 and 1.
func (d *decoder) share(n *Node, what string) float64 {
	x, ok := d.constant(n, what)
	if !ok {
		return 0
	}
	v := x.Canonical()
	if x.Unit.Dim != quantity.Plain || v < 0 || v > 1 {
		d.add("share_range", n.Inside(x.Span), diag.Args{"what": what})
		return 0
	}
	return v
}

func (d *decoder) tax(n *Node) *Tax {
	t := &Tax{At: n.At, DepreciationMonths: 36}
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

func (d *decoder) lines(n *Node, group string) []*Line {
	var lines []*Line
	for _, e := range d.entries(n, group) {
		if e.Value.Kind == Null {
			d.add("line_empty", e.At, diag.Args{"line": e.Key})
			continue
		}
		d.name(e)
		lines = append(lines, d.line(e, group))
	}
	return lines
}

func (d *decoder) line(e Entry, group string) *Line {
	l := &Line{ID: e.Key, At: e.At, From: -1, To: -1}
	if e.Value.Kind == Scalar {
		l.Amount = d.quantity(e.Value, e.Key)
		return l
	}
	where := group + "." + e.Key
	hasAmount := false
	for _, k := range d.entries(e.Value, where) {
		v := k.Value
		if v.Kind == Null {
			continue
		}
		switch k.Key {
		case "label":
			l.Label = d.text(v)
		case "note":
			l.Note = d.text(v)
		case "source":
			l.Source = d.text(v)
		case "grade":
			l.Grade = d.oneOf(v, "grade", []string{"A", "B", "C", "D"})
		case "kind":
			kinds := BenefitKinds
			if group == "costs" {
				kinds = CostKinds
			}
			if v.Text == "revenue" {
				d.add("revenue_is_not_profit", v.At, nil)
				continue
			}
			l.Kind = d.oneOf(v, "kind", kinds)
		case "lever", "item", "package":
			want := map[string]string{"benefits": "lever", "costs": "item", "packages": "package"}[group]
			if k.Key != want {
				d.unknownKey(k, where, append(slices.Clone(lineKeys), want))
				continue
			}
			l.LeverAt = v.At
			if l.Lever = d.text(v); group == "costs" {
				l.Lever, l.Item = "", l.Lever
			}
		case "amount":
			hasAmount = true
			l.Amount = d.quantity(v, where+".amount")
		case "initial":
			l.Initial = d.quantity(v, where+".initial")
		case "yearly":
			if v.Kind != List {
				d.add("list_expected", v.At, diag.Args{"where": where + ".yearly", "example": "[10 000, 12 000, 12 000]"})
				continue
			}
			l.Yearly = []*Quantity{}
			for _, y := range v.Items {
				if q := d.quantity(y, where+".yearly"); q != nil {
					l.Yearly = append(l.Yearly, q)
				}
			}
		case "at":
			items := []*Node{v}
			if v.Kind == List {
				items = v.Items
			}
			for _, m := range items {
				l.Months = append(l.Months, d.months(m, where+".at", 0, MaxHorizon))
			}
		case "every":
			l.Every = d.months(v, where+".every", 1, MaxHorizon)
		case "from":
			l.From = d.months(v, where+".from", 0, MaxHorizon)
		case "to":
			l.To = d.months(v, where+".to", 0, MaxHorizon)
		case "escalates":
			l.Escalates = d.quantity(v, where+".escalates")
		case "risk":
			l.Risk = d.quantity(v, where+".risk")
		case "chain":
			l.Chain = d.text(v)
		case "capital":
			l.Capital = d.oneOf(v, "capital", []string{"true", "false"}) == "true"
		case "use":
			l.Use, l.Peak = d.use(v)
		default:
			if q := d.quantity(v, where+"."+k.Key); q != nil {
				l.Inputs = append(l.Inputs, Named{Name: k.Key, At: k.At, Quantity: *q})
			}
		}
	}
	fromCatalogue := l.Lever != "" || l.Item != ""
	table := l.Initial != nil || l.Yearly != nil
	ways := 0
	for _, is := range []bool{fromCatalogue, hasAmount, table} {
		if is {
			ways++
		}
	}
	named := e.Value.Get("lever") != nil || e.Value.Get("item") != nil || e.Value.Get("package") != nil
	tabled := e.Value.Get("initial") != nil || e.Value.Get("yearly") != nil
	switch {
	case ways == 0 && !named && !tabled:
		d.add("line_without_amount", e.At, diag.Args{"line": e.Key, "group": group})
	case ways > 1:
		d.add("line_two_amounts", e.At, diag.Args{"line": e.Key})
	case hasAmount || table:
		for _, in := range l.Inputs {
			d.add("unknown_key", in.At, diag.Args{"name": in.Name, "where": where, "nearest": quantity.Nearest(in.Name, lineKeys)})
		}
	}
	if l.Every > 0 && len(l.Months) > 1 {
		d.add("every_one_start", e.At, diag.Args{"line": e.Key})
	}
	for _, q := range append([]*Quantity{l.Amount, l.Initial}, l.Yearly...) {
		if q != nil && q.Source == "" {
			q.Source = l.Source
		}
		if q != nil && q.Grade == "" {
			q.Grade = l.Grade
		}
	}
	for i := range l.Inputs {
		if l.Inputs[i].Source == "" && l.Inputs[i].Grade == "" {
			l.Inputs[i].Source, l.Inputs[i].Grade = l.Source, l.Grade
		}
	}
	return l
}

func (d *decoder) correlate(n *Node) []Correlation {
	const example = "[[hours_saved, adoption.plateau, 0.4]]"
	if n.Kind != List {
		d.add("list_expected", n.At, diag.Args{"where": "correlate", "example": example})
		return nil
	}
	var all []Correlation
	for _, item := range n.Items {
		if item.Kind != List || len(item.Items) != 3 || item.Items[0].Kind != Scalar || item.Items[1].Kind != Scalar {
			d.add("list_expected", item.At, diag.Args{"where": "correlate", "example": example})
			continue
		}
		x, ok := d.constant(item.Items[2], "correlate")
		if !ok {
			continue
		}
		rho := x.Canonical()
		if x.Unit.Dim != quantity.Plain || !(rho > -1 && rho < 1) {
			d.add("correlation_range", item.Items[2].At, nil)
			continue
		}
		all = append(all, Correlation{A: item.Items[0].Text, B: item.Items[1].Text, Rho: rho, At: item.At, AtA: item.Items[0].At, AtB: item.Items[1].At})
	}
	return all
}

func (d *decoder) scenarios(n *Node) []Scenario {
	if n == nil || n.Kind == Null {
		return nil
	}
	var all []Scenario
	known := append(slices.Clone(topKeys), "label", "remove")
	for _, e := range d.entries(n, "scenarios") {
		s := Scenario{ID: e.Key, At: e.At, Node: e.Value}
		if e.Key == "base" {
			d.add("name_taken", e.At, diag.Args{"name": "base"})
		}
		if e.Value.Kind != Map {
			d.add("map_expected", e.Value.At, diag.Args{"where": "scenarios." + e.Key})
			continue
		}
		for _, k := range e.Value.Entries {
			if !slices.Contains(known, k.Key) || k.Key == "scenarios" {
				d.unknownKey(k, "scenarios."+e.Key, known)
			}
		}
		if l := e.Value.Get("label"); l != nil {
			s.Label = d.text(l)
		}
		all = append(all, s)
	}
	return all
}
