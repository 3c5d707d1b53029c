package report

import (
	"io"
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Options say how Text writes.
type Options struct {
	Width       int  // columns, 80 where 0; kept between 60 and 120
	Colour      bool // ANSI colours; without them nothing is lost
	ASCII       bool // draw with ASCII characters
	Definitions bool // show the other definitions of ROI too
}

func (o Options) width() int {
	if o.Width <= 0 {
		return 80
	}
	return min(max(o.Width, 60), 120)
}

// text is one report being written.
type text struct {
	page
	r    *result.Result
	l    *locale.Locale
	term chart.Terminal
}

// Text writes the result for a terminal: the answer, the key figures, the curve, the lines, the scorecard where there is
// one, what the result rests on, and the notes. No line is wider than opt.Width or ends in a space. The error is w's.
func Text(w io.Writer, r *result.Result, l *locale.Locale, opt Options) error {
	width := opt.width()
	t := &text{page: page{width: width, colour: opt.Colour}, r: r, l: l,
		term: chart.Terminal{Width: width, Colour: opt.Colour, ASCII: opt.ASCII}}
	t.answer()
	t.figures()
	if opt.Definitions {
		t.definitions()
	}
	t.curve()
	t.table()
	t.scorecard()
	t.trust()
	t.notes()
	t.footer()
	_, err := io.WriteString(w, strings.Join(t.lines, "\n")+"\n")
	return err
}

func (t *text) say(key string, args diag.Args) string { return t.l.Text(key, args) }

func (t *text) answer() {
	t.prose(bold, Answer(t.r, t.l), 0)
	if limit := Limit(t.r, t.l); limit != "" {
		t.prose("", limit, 0)
	}
	t.gap()
	c := t.r.Case
	horizon := t.say("result.case.horizon", diag.Args{"horizon": t.l.Months(c.HorizonMonths)})
	if start := t.l.MonthName(c.Start, 0); start != "" {
		horizon = t.say("result.case.horizon_from", diag.Args{"horizon": t.l.Months(c.HorizonMonths), "start": start})
	}
	parts := []string{c.Name, c.Organisation, horizon}
	if t.r.Scenario != "" {
		parts = append(parts, t.say("result.case.scenario", diag.Args{"name": t.r.Scenario}))
	}
	t.prose(dim, joined(parts), 0)
}

// joined puts the parts that are not empty into one line.
func joined(parts []string) string {
	var there []string
	for _, s := range parts {
		if strings.TrimSpace(s) != "" {
			there = append(there, s)
		}
	}
	return strings.Join(there, " · ")
}

func (t *text) figures() {
	t.gap()
	rows := Figures(t.r, t.l)
	head := Figure{Label: t.say("result.figures", nil), Value: t.say("result.median", nil), Note: t.say("result.range80", nil)}
	labels, values := locale.Width(head.Label), locale.Width(head.Value)
	for _, f := range rows {
		labels, values = max(labels, locale.Width(f.Label)), max(values, locale.Width(f.Value))
	}
	labels = min(labels+3, t.width-values-3-max(16, locale.Width(head.Note)))
	at := labels + values + 3
	t.add(t.paint(bold, left(head.Label, labels)) + t.paint(dim, right(head.Value, values)+"   "+head.Note))
	for _, f := range rows {
		for i, note := range wrap(f.Note, t.width-at, t.width-at) {
			if i == 0 {
				t.add(left(cut(f.Label, labels-1, "…"), labels) + t.paint(bold, right(f.Value, values)) + "   " + note)
			} else {
				t.add(strings.Repeat(" ", at) + note)
			}
		}
	}
	t.plan()
}

// plan adds the figures of the plan in small print.
func (t *text) plan() {
	t.gap()
	parts := PlanFigures(t.r, t.l)
	for i := range parts {
		parts[i] = unbroken(parts[i])
	}
	t.prose(dim, t.say("result.plan", nil)+" "+strings.Join(parts, ", ")+".", 0)
}

// unbroken keeps a phrase on one line.
func unbroken(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

func (t *text) definitions() {
	if len(t.r.Plan.Definitions) == 0 {
		return
	}
	t.gap()
	t.prose(bold, t.say("result.definitions", nil), 0)
	var labels, values []string
	for _, d := range t.r.Plan.Definitions {
		key := "result." + d.ID
		label := d.ID
		if t.l.Has(key) {
			label = t.say(key, diag.Args{"symbol": t.l.Symbol(t.r.Case.Currency)})
		}
		value := locale.None
		switch {
		case d.Value == nil:
		case d.ID == "roi_gross_per_euro":
			value = t.l.Money(*d.Value, t.r.Case.Currency, 2)
		default:
			value = t.l.Percent(*d.Value, 0)
		}
		labels, values = append(labels, cut(label, t.width/2+4, "…")), append(values, value)
	}
	w, v := widest(labels...)+3, widest(values...)
	arrow := "←"
	if t.term.ASCII {
		arrow = "<-"
	}
	for i, d := range t.r.Plan.Definitions {
		line := "  " + left(labels[i], w) + right(values[i], v)
		if !d.Ours {
			t.add(line)
			continue
		}
		ours := arrow + " " + t.say("result.definitions.ours", nil)
		if locale.Width(line)+2+locale.Width(ours) <= t.width {
			t.add(t.paint(bold, line) + "  " + t.paint(green, ours))
		} else {
			t.add(t.paint(bold, line))
			t.add("    " + t.paint(green, ours))
		}
	}
}

func (t *text) curve() {
	r, l := t.r, t.l
	h := len(r.Timeline) - 1
	if h < 1 {
		return
	}
	f := chart.Fan{BreakEven: r.BreakEvenShare, Marker: r.Simulation.BreakEven.P50}
	largest := 0.0
	for _, m := range r.Timeline {
		b := m.Cumulative
		f.P10, f.P25, f.P50 = append(f.P10, b.P10), append(f.P25, b.P25), append(f.P50, b.P50)
		f.P75, f.P90 = append(f.P75, b.P75), append(f.P90, b.P90)
		largest = math.Max(largest, math.Max(math.Abs(b.P10), math.Abs(b.P90)))
	}
	f.Money = l.MoneyAxis(largest, r.Case.Currency)
	f.Month = func(m int) string {
		switch m {
		case 0:
			return t.say("common.start", nil)
		case h:
			return l.Month(m)
		}
		return l.Number(float64(m), 0)
	}
	if be := r.Simulation.BreakEven; be.P50 != nil {
		f.MarkerLabel = t.say("result.curve.break_even_start", nil)
		if m := Month(*be.P50); m > 0 {
			f.MarkerLabel = t.say("result.curve.break_even", diag.Args{"month": m})
		}
	}
	if p := r.Simulation.BreakEven.NotWithinHorizon; p > 0 {
		f.Tail = t.say("result.not_within", diag.Args{"p": p, "horizon": r.Case.HorizonMonths})
	}
	t.gap()
	t.add(t.paint(bold, t.say("result.curve", nil)))
	legend := "result.curve.legend_short"
	for _, s := range r.BreakEvenShare {
		if s > 0 {
			legend = "result.curve.legend"
		}
	}
	t.prose(dim, t.say(legend, diag.Args{"median": t.term.Median(), "inner": t.term.Inner(), "outer": t.term.Outer(),
		"draws": r.Draws}), 0)
	t.lines = append(t.lines, f.Terminal(t.term)...)
}

// mostNotes is how many notes are written; the JSON has all of them.
const mostNotes = 50

func (t *text) notes() {
	if len(t.r.Notes) == 0 {
		return
	}
	t.gap()
	t.add(t.paint(bold, t.say("result.notes", nil)))
	for i, n := range t.r.Notes {
		if i == mostNotes {
			t.prose(dim, t.say("result.notes.more", diag.Args{"count": len(t.r.Notes) - i}), 2)
			break
		}
		s := visible(n.Text)
		if n.At != "" {
			s += " (" + n.At + ")"
		}
		bullet := "• "
		if t.term.ASCII {
			bullet = "* "
		}
		for i, line := range wrap(s, t.width-2, t.width-2) {
			if i == 0 {
				t.add(t.paint(yellow, bullet) + line)
			} else {
				t.add("  " + line)
			}
		}
	}
}

func (t *text) footer() {
	t.gap()
	t.prose(dim, t.say("result.footer", diag.Args{"version": t.r.Version, "draws": t.r.Draws,
		"sampler": t.l.Term(t.r.Sampler), "seed": uintText(t.r.Seed)}), 0)
}
