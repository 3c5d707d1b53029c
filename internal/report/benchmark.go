package report

import (
	"strconv"

	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
)

// positions sets the case beside published figures, each with where it comes from and its caveat.
func (x *explained) positions(all []decide.Position) {
	if len(all) == 0 {
		return
	}
	x.heading(x.say("explain.benchmarks", nil), x.say("explain.benchmarks.note", nil))
	for _, p := range all {
		published := x.figure(p.Low, p)
		if p.High != p.Low {
			published = x.l.Range(published, x.figure(p.High, p))
		}
		own := x.say("explain.benchmarks.beyond", diag.Args{"horizon": x.r.Case.HorizonMonths})
		if p.Case != nil {
			own = x.figure(*p.Case, p)
		}
		x.add("  " + cut(p.What.In(string(x.l.Lang())), x.width-2, "…"))
		source := p.Origin
		if p.Year > 0 {
			source += " " + strconv.Itoa(p.Year)
		}
		x.indent(x.say("explain.benchmarks.line", diag.Args{"published": published, "source": source, "own": own, "stand": x.say("explain.stand."+p.Stand, nil)}), "")
		if c := p.Caveat.In(string(x.l.Lang())); c != "" {
			x.indent(c, dim)
		}
	}
}

// indent writes a wrapped text four columns in.
func (x *explained) indent(text, code string) {
	for _, line := range wrap(text, x.width-4, x.width-4) {
		x.add("    " + x.paint(code, line))
	}
}

// figure is a published figure in its unit.
func (x *explained) figure(v float64, p decide.Position) string {
	switch {
	case p.Unit == "share", p.Figure == "roi":
		return x.l.Percent(v, 0)
	case p.Unit == "months":
		return x.l.Months(Month(v))
	}
	return x.l.Number(v, 2)
}
