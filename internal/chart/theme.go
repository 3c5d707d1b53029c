package chart

import (
	_ "embed" // the script
	"fmt"
	"strings"

	"github.com/rendite-crm/rendite/internal/font"
)

// Ink is a colour by what it means. In SVG it is the custom property --ch-NAME, so that one picture serves both themes.
type Ink uint8

// The inks.
const (
	NoInk Ink = iota
	Paper
	Black // of text and axes
	Grey  // of labels
	Hair  // of grid lines
	Gain
	GainBar
	GainMid
	GainPale
	Cost
	CostBar
	CostPale
	Mark
	MarkMid
	MarkPale
	Blue
	BluePale
	Night // text on a colour of middle strength, dark in both themes
	inks
)

// inkNames are in the order of the inks. The hues keep apart for the common forms of colour blindness: bluish green
// against reddish brown, of different lightness, and nowhere does hue alone carry a meaning.
var inkNames = [inks]struct{ name, light, dark string }{
	Paper:    {"paper", "#ffffff", "#181a1b"},
	Black:    {"ink", "#1d1f21", "#ecebe7"},
	Grey:     {"soft", "#5d6165", "#a8acaf"},
	Hair:     {"hair", "#ebe8e1", "#2e3234"},
	Gain:     {"gain", "#0b6e4f", "#5ccaa3"},
	GainBar:  {"gain-bar", "#4c9a7d", "#3f9b7b"},
	GainMid:  {"gain-mid", "#a6d0bf", "#276350"},
	GainPale: {"gain-pale", "#d6eae1", "#1c3d33"},
	Cost:     {"cost", "#a8481f", "#eda17d"},
	CostBar:  {"cost-bar", "#cb7c54", "#bf7048"},
	CostPale: {"cost-pale", "#f3dfd3", "#46291c"},
	Mark:     {"mark", "#d9a400", "#e5b62f"},
	MarkMid:  {"mark-mid", "#e8cf7c", "#8a7230"},
	MarkPale: {"mark-pale", "#f2e8c9", "#4a4123"},
	Blue:     {"blue", "#2457d6", "#8fb0ff"},
	BluePale: {"blue-pale", "#dbe4fb", "#233056"},
	Night:    {"night", "#111314", "#111314"},
}

// Theme is light or dark.
type Theme uint8

// The themes.
const (
	Light Theme = iota
	Dark
)

// Hex is the colour of an ink in a theme as #rrggbb, empty for NoInk.
func (i Ink) Hex(t Theme) string {
	if t == Dark {
		return inkNames[i].dark
	}
	return inkNames[i].light
}

func (i Ink) css() string {
	if i == NoInk {
		return "none"
	}
	return "var(--ch-" + inkNames[i].name + ")"
}

// Role is what a shape is in its picture; it decides how the shape looks. In SVG it is a class.
type Role uint8

// The roles.
const (
	Grid Role = iota
	Zero
	Median
	Band50
	Band80
	Other
	Measured
	Marker
	Drop
	Month        // a month of the break-even distribution
	MonthLikely  // one within the 80 % range
	MonthMedian  // the one with the median
	BarGood      // benefits, earlier, more
	BarBad       // costs, later, less
	BarGoodPale  // the part of a good bar that both ends share
	BarBadPale   // the part of a bad bar that both ends share
	BarTotal     // a total of a waterfall
	Net          // the line of the net flow
	NetDot       // its points
	Link         // from bar to bar of a waterfall
	Cumulated    // the line of a cumulative distribution
	Quantile     // a vertical line at a quantile
	Expected     // the counterfactual
	ExpectedBand // its band
	Area         // below a small density
	Edge         // the line above it
	Track        // what a bar runs on
	Handle       // a point on a density
	Heat1        // cells of a heat map, pale to strong
	Heat2
	Heat3
	Heat4
	HeatNone
	PaperArea // hides what is below a text
	Legend    // text in a legend
	Tick      // text at an axis
	Small     // second line at an axis
	Label     // name of a row
	Value     // a number at its bar
	Note      // a remark in the picture
	Good      // a number on the good side
	Bad       // a number on the bad side
	OnMiddle  // text on a colour of middle strength
	Invert    // text on a strong colour
	Heading   // title of a file
	roles
)

// Style is how a role looks. Widths are px; a font size of 0 is no text.
type Style struct {
	Class        string
	Fill, Stroke Ink
	Width        float64   // of the stroke
	Dash         []float64 // lengths of strokes and gaps
	Size         float64   // of the font
	Weight       font.Weight
	Halo         bool // an outline of paper keeps the text apart from what is below it
}

var styles = [roles]Style{
	Grid:         {Class: "c-grid", Stroke: Hair, Width: 1},
	Zero:         {Class: "c-zero", Stroke: Black, Width: 1},
	Median:       {Class: "c-median", Stroke: Gain, Width: 2.5},
	Band50:       {Class: "c-b50", Fill: GainMid},
	Band80:       {Class: "c-b80", Fill: GainPale},
	Other:        {Class: "c-other", Stroke: Blue, Width: 2, Dash: []float64{6, 4}},
	Measured:     {Class: "c-measured", Fill: Paper, Stroke: Black, Width: 1.75},
	Marker:       {Class: "c-marker", Fill: Mark, Stroke: Paper, Width: 2},
	Drop:         {Class: "c-drop", Stroke: Mark, Width: 1.25, Dash: []float64{3, 3}},
	Month:        {Class: "c-m", Fill: MarkPale},
	MonthLikely:  {Class: "c-ml", Fill: MarkMid},
	MonthMedian:  {Class: "c-mm", Fill: Mark},
	BarGood:      {Class: "c-good", Fill: GainBar},
	BarBad:       {Class: "c-bad", Fill: CostBar},
	BarGoodPale:  {Class: "c-goodp", Fill: GainPale},
	BarBadPale:   {Class: "c-badp", Fill: CostPale},
	BarTotal:     {Class: "c-total", Fill: Gain},
	Net:          {Class: "c-net", Stroke: Black, Width: 1.75},
	NetDot:       {Class: "c-dot", Fill: Black, Stroke: Paper, Width: 1.5},
	Link:         {Class: "c-link", Stroke: Grey, Width: 1, Dash: []float64{2, 2}},
	Cumulated:    {Class: "c-cdf", Stroke: Black, Width: 1.75},
	Quantile:     {Class: "c-q", Stroke: Grey, Width: 1, Dash: []float64{3, 3}},
	Expected:     {Class: "c-exp", Stroke: Blue, Width: 2, Dash: []float64{6, 4}},
	ExpectedBand: {Class: "c-expb", Fill: BluePale},
	Area:         {Class: "c-area", Fill: GainPale},
	Edge:         {Class: "c-edge", Stroke: GainBar, Width: 1.25},
	Track:        {Class: "c-track", Fill: Hair},
	Handle:       {Class: "c-handle", Fill: Paper, Stroke: Gain, Width: 1.75},
	Heat1:        {Class: "c-h1", Fill: GainPale},
	Heat2:        {Class: "c-h2", Fill: GainMid},
	Heat3:        {Class: "c-h3", Fill: GainBar},
	Heat4:        {Class: "c-h4", Fill: Gain},
	HeatNone:     {Class: "c-h0", Fill: Hair},
	PaperArea:    {Class: "c-paper", Fill: Paper},
	Legend:       {Class: "c-legend", Fill: Grey, Size: 12, Weight: font.Regular},
	Tick:         {Class: "c-tick", Fill: Grey, Size: 12, Weight: font.Regular},
	Small:        {Class: "c-small", Fill: Grey, Size: 11, Weight: font.Regular},
	Label:        {Class: "c-label", Fill: Black, Size: 12.5, Weight: font.Regular},
	Value:        {Class: "c-value", Fill: Black, Size: 12, Weight: font.SemiBold},
	Note:         {Class: "c-note", Fill: Black, Size: 12, Weight: font.SemiBold, Halo: true},
	Heading:      {Class: "c-heading", Fill: Black, Size: 15, Weight: font.SemiBold},
	Good:         {Class: "c-tgood", Fill: Gain, Size: 12, Weight: font.SemiBold},
	Bad:          {Class: "c-tbad", Fill: Cost, Size: 12, Weight: font.SemiBold},
	OnMiddle:     {Class: "c-onmid", Fill: Night, Size: 12, Weight: font.SemiBold},
	Invert:       {Class: "c-inv", Fill: Paper, Size: 12, Weight: font.SemiBold},
}

// Style is how the role looks; beyond the roles there are it is empty.
func (r Role) Style() Style {
	if r >= roles {
		return Style{}
	}
	return styles[r]
}

// width is how wide a text of the role is.
func (r Role) width(s string) float64 { return font.Width(s, styles[r].Weight, styles[r].Size) }

// CSS is the style sheet of all charts, for a page that holds them inline. The page's own theme counts where it sets
// data-theme="light" or "dark" on the root element, otherwise that of the system; paper is light.
func CSS() string {
	var b strings.Builder
	b.WriteString(":root{" + variables(Light) + "}\n")
	b.WriteString("@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){" + variables(Dark) + "}}\n")
	b.WriteString(":root[data-theme=dark]{" + variables(Dark) + "}\n")
	b.WriteString(".ch{display:block;width:100%;height:auto;overflow:visible}\n")
	b.WriteString(rules(func(Role) bool { return true }))
	return b.String()
}

//go:embed hover.js
var hover string

// Script is what a page with such charts runs, so that they answer the pointer. It sets styles through the CSSOM only and
// declares names of its own: a module, or inside a function.
func Script() string { return hover }

func variables(t Theme) string {
	var v []string
	for i := NoInk + 1; i < inks; i++ {
		v = append(v, "--ch-"+inkNames[i].name+":"+i.Hex(t))
	}
	return strings.Join(v, ";")
}

// rules are the classes of the roles that are used.
func rules(used func(Role) bool) string {
	var b strings.Builder
	b.WriteString(`.ch text{font-family:Inter,system-ui,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}` + "\n")
	for r := range roles {
		s := styles[r]
		if !used(r) {
			continue
		}
		fmt.Fprintf(&b, ".ch .%s{fill:%s", s.Class, s.Fill.css())
		switch {
		case s.Halo:
			b.WriteString(";stroke:" + Paper.css() + ";stroke-width:3px;stroke-linejoin:round;paint-order:stroke")
		case s.Stroke != NoInk:
			b.WriteString(";stroke:" + s.Stroke.css() + ";stroke-width:" + px(s.Width))
			if s.Size == 0 {
				b.WriteString(";stroke-linejoin:round")
			}
		}
		if len(s.Dash) > 0 {
			d := make([]string, len(s.Dash))
			for i, v := range s.Dash {
				d[i] = px(v)
			}
			b.WriteString(";stroke-dasharray:" + strings.Join(d, " "))
		}
		if s.Size > 0 {
			fmt.Fprintf(&b, ";font-size:%spx;font-weight:%d", px(s.Size), s.Weight)
		}
		b.WriteString("}\n")
	}
	return b.String()
}
