package report

import (
	"io"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Entry is one row of the list of levers, cost items or packages.
type Entry struct{ ID, Name, Note string }

// List writes groups of catalogue entries, each under its heading.
func List(w io.Writer, headings []string, groups [][]Entry, l *locale.Locale, opt Options) error {
	p := &page{width: opt.width(), colour: opt.Colour}
	for i, entries := range groups {
		p.gap()
		p.add(p.paint(bold, headings[i]))
		id, name := 0, 0
		for _, e := range entries {
			id, name = max(id, locale.Width(e.ID)), max(name, locale.Width(e.Name))
		}
		for _, e := range entries {
			line := "  " + left(e.ID, id+2)
			if e.Note == "" || locale.Width(line)+name+2+locale.Width(e.Note) <= p.width {
				p.add(line + left(e.Name, name+2) + p.paint(dim, e.Note))
				continue
			}
			p.add(line + cut(e.Name, p.width-id-4, "…"))
			p.add(left("", id+4) + p.paint(dim, cut(e.Note, p.width-id-4, "…")))
		}
	}
	p.gap()
	p.prose("", l.Text("catalogue.more", nil), 0)
	_, err := io.WriteString(w, strings.Join(p.lines, "\n")+"\n")
	return err
}

// sheet writes one catalogue entry.
type sheet struct {
	page
	l    *locale.Locale
	lang string
}

func newSheet(l *locale.Locale, opt Options) *sheet {
	return &sheet{page: page{width: opt.width(), colour: opt.Colour}, l: l, lang: string(l.Lang())}
}

func (s *sheet) heading(key string) {
	s.gap()
	s.add(s.paint(bold, s.l.Text(key, nil)))
}

func (s *sheet) inputs(in catalogue.Inputs, currency string) {
	if len(in) == 0 {
		return
	}
	s.heading("catalogue.inputs")
	for _, i := range in {
		unit := strings.ReplaceAll(i.Unit, "money", currency)
		head := i.Name + "  " + i.Label.In(s.lang)
		if unit != "" {
			head += "  [" + unit + "]"
		}
		if i.Chain != "" {
			head += "  " + s.l.Text("catalogue.chain_variable", diag.Args{"name": i.Chain})
		}
		s.add("  " + cut(head, s.width-2, "…"))
		if hint := i.Hint.In(s.lang); hint != "" {
			s.indented(hint, 4)
		}
		if i.Range != "" {
			s.indented(s.l.Text("catalogue.range", diag.Args{"range": i.Range}), 4)
		}
		if i.Default != nil {
			s.indented(s.l.Text("catalogue.default", diag.Args{"value": i.Default.Value, "grade": i.Default.Grade, "source": i.Default.Source}), 4)
		}
	}
}

func (s *sheet) indented(text string, by int) {
	for _, line := range wrap(text, s.width-by, s.width-by) {
		s.add(strings.Repeat(" ", by) + line)
	}
}

func (s *sheet) evidence(list []catalogue.Evidence, none catalogue.Text) {
	s.heading("catalogue.evidence")
	if text := none.In(s.lang); text != "" {
		s.indented(text, 2)
	}
	if len(list) == 0 && none.In(s.lang) == "" {
		s.indented(s.l.Text("catalogue.no_evidence", nil), 2)
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b catalogue.Evidence) int { return strings.Compare(a.Grade, b.Grade) })
	for _, e := range sorted {
		for i, line := range wrap(e.What.In(s.lang)+": "+e.Value, s.width-5, s.width-5) {
			s.add(left(map[bool]string{true: "  " + e.Grade}[i == 0], 5) + line)
		}
		detail := e.Design.In(s.lang)
		if pop := e.Population.In(s.lang); pop != "" {
			detail += "; " + pop
		}
		s.indented(detail, 5)
		if c := e.Caveat.In(s.lang); c != "" {
			s.indented(c, 5)
		}
		s.add("     " + s.paint(dim, e.Source))
	}
}

func (s *sheet) write(w io.Writer) error {
	_, err := io.WriteString(w, strings.Join(s.lines, "\n")+"\n")
	return err
}

func (s *sheet) text(heading, text string) {
	if text == "" {
		return
	}
	s.heading(heading)
	s.indented(text, 2)
}

// Lever writes one lever.
func Lever(w io.Writer, v *catalogue.Lever, l *locale.Locale, opt Options) error {
	s := newSheet(l, opt)
	s.add(s.paint(bold, v.Name.In(s.lang)) + "  " + s.paint(dim, v.ID+" · "+l.Text("result.kind."+v.Kind, nil)))
	s.prose("", v.Text.In(s.lang), 0)
	s.heading("catalogue.formula")
	if v.Chain != "" {
		s.indented(l.Text("catalogue.effect", diag.Args{"chain": v.Chain, "formula": v.Effect}), 2)
	} else {
		s.indented(v.Formula, 2)
	}
	s.heading("catalogue.realisation")
	s.indented(l.Text("catalogue.exponents", diag.Args{"adoption": v.Realisation.Adoption, "data_quality": v.Realisation.DataQuality, "process": v.Realisation.Process}), 2)
	s.indented(v.Why.In(s.lang), 2)
	s.inputs(v.Inputs, "EUR")
	s.text("catalogue.measure", v.Measure.In(s.lang))
	s.evidence(v.Evidence, catalogue.Text{})
	return s.write(w)
}

// Cost writes one cost item.
func Cost(w io.Writer, v *catalogue.Cost, l *locale.Locale, opt Options) error {
	s := newSheet(l, opt)
	s.add(s.paint(bold, v.Name.In(s.lang)) + "  " + s.paint(dim, v.ID+" · "+l.Text("result.kind."+v.Kind, nil)))
	s.prose("", v.Text.In(s.lang), 0)
	s.heading("catalogue.formula")
	s.indented(v.Formula, 2)
	s.inputs(v.Inputs, "EUR")
	s.text("catalogue.forgotten", v.Forgotten.In(s.lang))
	s.text("catalogue.measure", v.Measure.In(s.lang))
	s.evidence(v.Evidence, catalogue.Text{})
	return s.write(w)
}

// Package writes one AI package.
func Package(w io.Writer, v *catalogue.Package, l *locale.Locale, opt Options) error {
	s := newSheet(l, opt)
	s.add(s.paint(bold, v.Name.In(s.lang)) + "  " + s.paint(dim, v.ID))
	s.prose("", v.Text.In(s.lang), 0)
	s.heading("catalogue.cost")
	s.indented(v.Cost.Formula, 2)
	s.inputs(v.Cost.Inputs, "EUR")
	s.heading("catalogue.levers")
	var keys []string
	for k := range v.Benefits {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b := v.Benefits[k]
		line := b.Lever
		var names []string
		for name := range b.Set {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			line += "  " + name + " = " + b.Set[name]
		}
		s.indented(line, 2)
	}
	s.text("catalogue.caution", v.Caution.In(s.lang))
	s.text("catalogue.measure", v.Measure.In(s.lang))
	s.evidence(v.Evidence, v.NoControlledEvidence)
	return s.write(w)
}

// Criterion writes one criterion of the scorecard.
func Criterion(w io.Writer, v *catalogue.Criterion, l *locale.Locale, opt Options) error {
	s := newSheet(l, opt)
	s.add(s.paint(bold, v.Name.In(s.lang)) + "  " + s.paint(dim, v.ID))
	s.prose("", v.Text.In(s.lang), 0)
	s.heading("catalogue.scale")
	for _, a := range v.Scale {
		for i, line := range wrap(a.Text.In(s.lang), s.width-6, s.width-6) {
			points := ""
			if i == 0 {
				points = right(Points(a.Points, l), 4)
			}
			s.add(left(points, 6) + line)
		}
	}
	s.text("catalogue.measure", v.Measure.In(s.lang))
	return s.write(w)
}
