package casefile

import (
	"slices"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

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
	l := &Line{ID: e.Key, At: e.At, From: -1, To: -1, places: map[string]diag.Position{}}
	if e.Value.Kind == Scalar {
		l.Amount = d.quantity(e.Value, e.Key)
		return l
	}
	where := group + "." + e.Key
	mistyped := false // a key that says the money is there, under another name
	keys := slices.Clone(lineKeys)
	want := map[string]string{"benefits": "lever", "costs": "item", "packages": "package"}[group]
	keys = slices.DeleteFunc(keys, func(k string) bool {
		return k != want && (k == "lever" || k == "item" || k == "package") || group == "packages" && slices.Contains(withoutUseInPackage, k)
	})
	for _, k := range d.entries(e.Value, where) {
		v := k.Value
		if v.Kind == Null {
			continue
		}
		l.places[k.Key] = v.At
		if group == "packages" && slices.Contains(withoutUseInPackage, k.Key) {
			d.add("key_without_effect", k.At, diag.Args{"name": k.Key, "line": e.Key, "reason": "package"})
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
			if k.Key != want {
				d.add("unknown_key", k.At, diag.Args{"name": k.Key, "where": where, "nearest": want, "known": keys})
				mistyped = true
				continue
			}
			l.LeverAt = v.At
			if l.Lever = d.text(v); group == "costs" {
				l.Lever, l.Item = "", l.Lever
			}
		case "amount":
			l.Amount = d.quantity(v, where+".amount")
		case "initial":
			l.Initial = d.quantity(v, where+".initial")
		case "yearly":
			if v.Kind != List || len(v.Items) == 0 {
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
			for i, m := range items {
				l.Months = append(l.Months, d.months(m, where+".at", 0, MaxHorizon))
				if l.Months[i] >= slices.Max(l.Months) {
					l.places["at"] = m.At // the place of the last month
				}
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
			// A mistyped key with a text behind it is no formula that fails.
			if _, err := formula.Parse(v.Text); v.Kind == Scalar && err != nil {
				if near := NearestKey(k.Key, keys); near != "" {
					d.unknownKey(k, where, keys)
					mistyped = mistyped || saysMoney(near, want)
					continue
				}
			}
			if q := d.quantity(v, where+"."+k.Key); q != nil {
				l.Inputs = append(l.Inputs, Named{Name: k.Key, At: k.At, Quantity: *q})
			}
		}
	}
	d.ways(l, e, group, want, keys, mistyped)
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

// saysMoney reports whether a key of a line says how much money it is.
func saysMoney(key, want string) bool {
	return key == want || key == "amount" || key == "initial" || key == "yearly"
}

// ways demands exactly one way in which the line says its money, and refuses keys that this way does not read.
func (d *decoder) ways(l *Line, e Entry, group, want string, keys []string, mistyped bool) {
	where := group + "." + e.Key
	has := func(key string) bool { n := e.Value.Get(key); return n != nil && n.Kind != Null }
	var ways []string
	for _, w := range [][]string{{want}, {"amount"}, {"initial", "yearly"}} {
		if i := slices.IndexFunc(w, has); i >= 0 {
			ways = append(ways, w[i])
		}
	}
	without := func(reason string, names ...string) {
		for _, k := range e.Value.Entries {
			if slices.Contains(names, k.Key) && k.Value.Kind != Null {
				d.add("key_without_effect", k.At, diag.Args{"name": k.Key, "line": e.Key, "reason": reason})
			}
		}
	}
	switch {
	case group == "packages":
		return // the line's own name may be the package's
	case len(ways) > 1:
		second := ways[0]
		for _, k := range e.Value.Entries {
			if slices.Contains(ways, k.Key) {
				second = k.Key // the last in the file's order
			}
		}
		first := ways[0]
		if first == second {
			first = ways[1]
		}
		d.add("line_two_amounts", keyAt(e.Value, second, e.At), diag.Args{"line": e.Key, "first": first, "second": second})
		return
	case len(ways) == 1 && ways[0] == want:
		if has("every") {
			without("every", "from")
		} else if has("at") {
			without("at", "from", "to")
		}
		return
	}
	for _, in := range l.Inputs {
		near := NearestKey(in.Name, keys)
		if len(ways) == 1 || near != "" {
			d.add("unknown_key", in.At, diag.Args{"name": in.Name, "where": where, "nearest": near, "known": keys})
			mistyped = mistyped || saysMoney(near, want)
		}
	}
	switch {
	case len(ways) == 0:
		if !mistyped && e.Value.Kind == Map {
			d.add("line_without_amount", e.At, diag.Args{"line": e.Key, "group": group})
		}
	case ways[0] == "amount" && has("every"):
		without("every", "from")
	case ways[0] == "amount" && has("at"):
		without("at", "from", "to")
	case ways[0] != "amount":
		without("table", "at", "every", "from", "to")
	}
	if len(ways) == 1 {
		without("no_lever", "use", "chain")
	}
	if l.Every > 0 && len(l.Months) > 1 {
		d.add("every_one_start", keyAt(e.Value, "every", e.At), diag.Args{"line": e.Key})
	}
}

func (d *decoder) correlate(n *Node) []Correlation {
	const example = "[[hours_saved, adoption.plateau, 0.4]]"
	if n.Kind != List {
		d.add("list_expected", n.At, diag.Args{"where": "correlate", "example": example})
		return nil
	}
	if len(n.Items) == 3 && n.Items[0].Kind == Scalar && n.Items[1].Kind == Scalar { // one pair without its own bracket
		d.add("list_expected", n.At, diag.Args{"where": "correlate", "example": "[[" + n.Items[0].Text + ", " + n.Items[1].Text + ", 0.4]]"})
		return nil
	}
	var all []Correlation
	for _, item := range n.Items {
		if item.Kind == List && len(item.Items) == 4 {
			if a, b := item.Items[2], item.Items[3]; a.At.EndColumn+1 == b.At.Column && a.At.Line == b.At.Line && a.Kind == Scalar && b.Kind == Scalar {
				code, instead, thousands := formula.Rewrite(a.Text + "," + b.Text)
				at := a.At
				at.EndColumn = b.At.EndColumn
				d.add(code, at, diag.Args{"instead": instead, "thousands": thousands})
				continue
			}
		}
		if item.Kind != List || len(item.Items) != 3 || item.Items[0].Kind != Scalar || item.Items[1].Kind != Scalar {
			d.add("list_expected", item.At, diag.Args{"where": "correlate", "example": example})
			continue
		}
		x, ok := d.constant(item.Items[2], "correlate", "0.4")
		if !ok {
			continue
		}
		rho := x.Canonical()
		if x.Unit.Dim != quantity.Plain || !(rho > -1 && rho < 1) {
			d.add("correlation_range", item.Items[2].At, diag.Args{"text": item.Items[2].Text})
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
	if n.Kind == Map && len(n.Entries) > MaxScenarios {
		d.add("too_many_scenarios", n.Entries[MaxScenarios].At, diag.Args{"scenarios": len(n.Entries), "limit": MaxScenarios})
		return nil
	}
	known := append(slices.DeleteFunc(slices.Clone(topKeys), func(k string) bool { return k == "scenarios" }), "label", "remove")
	for _, e := range d.entries(n, "scenarios") {
		s := Scenario{ID: e.Key, At: e.At, Node: e.Value}
		if e.Key == "base" || e.Key == "nothing" { // the case itself and doing nothing, see calc.Compare
			d.add("name_taken", e.At, diag.Args{"name": e.Key})
		}
		if e.Value.Kind != Map {
			d.add("map_expected", e.Value.At, diag.Args{"where": "scenarios." + e.Key, "example": "{assumptions: {users: 30}}"})
			continue
		}
		for _, k := range e.Value.Entries {
			if !slices.Contains(known, k.Key) {
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
