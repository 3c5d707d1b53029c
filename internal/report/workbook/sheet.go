package workbook

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// cell is a value or a formula. look is KIND:FORMAT, see style.
type cell struct {
	look, formula string
	value         any
	busy, done    bool // while values are computed
}

// sheet is one sheet in memory. A monthly one has months in row `head` from column `first`.
type sheet struct {
	key, name string
	rows      [][]*cell
	monthly   bool
	widths    []float64 // of the first columns; 0 is the usual width
	freeze    int       // rows that stay in sight; 0 for none
	portrait  bool
	charts    []picture
}

// picture is a chart at a cell.
type picture struct {
	at    string
	chart *excelize.Chart
}

func (s *sheet) add(cells ...*cell) int { s.rows = append(s.rows, cells); return len(s.rows) }

// width is that of a column, in characters.
func (s *sheet) width(i int) float64 {
	if i <= len(s.widths) && s.widths[i-1] > 0 {
		return s.widths[i-1]
	}
	return 11
}

func (s *sheet) wide() int {
	n := 1
	for _, r := range s.rows {
		n = max(n, len(r))
	}
	return n
}

func column(n int) string {
	s, err := excelize.ColumnNumberToName(n)
	if err != nil {
		panic("workbook: " + err.Error()) // 600 months are far from the last column
	}
	return s
}

// mostText is what a cell holds, in UTF-16 units.
const mostText = 32767

// clean drops what an XML file cannot hold and cuts what a cell cannot. The cell is stored as a string, so that no text
// becomes a formula.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
	if len(s) <= mostText {
		return s
	}
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n >= mostText {
			return s[:i] + "…"
		}
	}
	return s
}

func (b *builder) f(look, formula string) *cell { return &cell{look: look, formula: formula} }

func (b *builder) v(look string, v any) *cell {
	if s, ok := v.(string); ok {
		v = clean(s)
	}
	return &cell{look: look, value: v}
}

// style makes a style once. KIND says how a cell looks, FORMAT how its number is written.
func (b *builder) style(look string) int {
	if id, ok := b.styles[look]; ok {
		return id
	}
	kind, format, _ := strings.Cut(look, ":")
	s := &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 10, Color: hex(chart.Black)}, Alignment: &excelize.Alignment{Vertical: "center"}}
	if format != "" {
		code := b.numberFormat(format)
		s.CustomNumFmt = &code
		s.Alignment.Horizontal = "right"
	}
	line := func(side string, ink string, style int) {
		s.Border = append(s.Border, excelize.Border{Type: side, Color: ink, Style: style})
	}
	fill := func(ink string) { s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{ink}} }
	switch kind {
	case "title":
		s.Font.Size, s.Font.Bold, s.Font.Color = 18, true, b.accent
	case "lead":
		s.Font.Size, s.Font.Bold = 12, true
	case "note":
		s.Font.Color = hex(chart.Grey)
		s.Alignment.Horizontal, s.Alignment.Indent = "left", 1
	case "plainnote":
		s.Font.Color = hex(chart.Grey)
	case "head", "headright":
		s.Font.Bold = true
		if kind == "headright" {
			s.Alignment.Horizontal = "right"
		}
		s.Alignment.WrapText = true
		fill("F3F2EE")
		line("bottom", b.accent, 2)
	case "section":
		s.Font.Bold, s.Font.Size, s.Font.Color = true, 11, b.accent
		line("bottom", hex(chart.Hair), 1)
	case "total":
		s.Font.Bold = true
		line("top", hex(chart.Grey), 1)
	case "strong":
		s.Font.Bold = true
	case "big":
		s.Font.Bold, s.Font.Size = true, 14
	case "in":
		s.Font.Color = hex(chart.Blue)
		fill("FFF8E1")
		line("bottom", hex(chart.MarkMid), 1)
	case "wrap", "wrapnote":
		s.Alignment.WrapText, s.Alignment.Vertical = true, "top"
		if kind == "wrapnote" {
			s.Font.Color, s.Alignment.Horizontal, s.Alignment.Indent = hex(chart.Grey), "left", 1
		}
	case "value": // of the simulation: does not follow the assumptions
		s.Font.Color = hex(chart.Grey)
		s.Font.Italic = true
	}
	id, err := b.book.NewStyle(s)
	if err != nil {
		panic("workbook: " + err.Error()) // our own styles
	}
	b.styles[look] = id
	return id
}

func hex(i chart.Ink) string { return strings.ToUpper(strings.TrimPrefix(i.Hex(chart.Light), "#")) }

// numberFormat is a format code with the language of the report, so that months and, where the program lets a file say
// so, decimal marks are those of the report.
func (b *builder) numberFormat(format string) string {
	lang, percent := "[$-409]", "%"
	if b.l.Lang() == locale.German {
		lang, percent = "[$-407]", `\ %`
	}
	name, digits := strings.TrimRight(format, "0123456789"), 0
	if len(name) < len(format) {
		digits = int(format[len(format)-1] - '0')
	}
	decimals := ""
	if digits > 0 {
		decimals = "." + strings.Repeat("0", digits)
	}
	switch name {
	case "percent":
		return lang + "0" + decimals + percent
	case "money":
		symbol := strings.NewReplacer("]", "", "[", "", "-", "").Replace(b.l.Symbol(b.m.File.Currency))
		if b.l.Lang() == locale.German {
			return lang + "#,##0" + decimals + `\ [$` + symbol + "-407]"
		}
		return "[$" + symbol + "-409]#,##0" + decimals + ";-[$" + symbol + "-409]#,##0" + decimals
	case "date":
		return lang + `mmm\ yyyy`
	case "whole":
		return "0"
	}
	return lang + "#,##0" + decimals
}

// write puts a sheet into the book.
func (b *builder) write(s *sheet) error {
	landscape, paper := "landscape", 9 // A4
	if s.portrait {
		landscape = "portrait"
	}
	fit, wide, high := true, 1, 0
	if s == b.charts || s == b.summary {
		high = 1
	}
	if s.monthly {
		wide = (s.wide() + 17) / 18
	}
	grid := s.monthly || s == b.inputs
	tab := b.accent
	if s == b.inputs || s == b.timing {
		tab = hex(chart.Mark)
	} else if s != b.summary && s != b.figures {
		tab = hex(chart.GainMid)
	}
	if err := b.book.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit, TabColorRGB: &tab}); err != nil {
		return err
	}
	if err := b.book.SetPageLayout(s.name, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &paper, FitToWidth: &wide, FitToHeight: &high}); err != nil {
		return err
	}
	if err := b.book.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: &grid}); err != nil {
		return err
	}
	edge := 0.5
	if err := b.book.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{Left: &edge, Right: &edge, Top: &edge, Bottom: &edge}); err != nil {
		return err
	}
	if err := b.book.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: "&L" + b.footer() + "&C" + s.name + "&R&P / &N"}); err != nil {
		return err
	}
	for i := 1; len(s.charts) > 0 && i <= 16; i++ { // charts are laid out on the widths that columns have by then
		if err := b.book.SetColWidth(s.name, column(i), column(i), s.width(i)); err != nil {
			return err
		}
	}
	for _, p := range s.charts {
		if err := b.book.AddChart(s.name, p.at, p.chart); err != nil {
			return err
		}
	}
	if s == b.summary && b.c.Brand.Logo != nil {
		scale := min(1, 160/float64(max(b.c.Brand.LogoW, 1)), 48/float64(max(b.c.Brand.LogoH, 1)))
		kind := "." + b.c.Brand.LogoType
		if err := b.book.AddPictureFromBytes(s.name, "F1", &excelize.Picture{Extension: kind, File: b.c.Brand.Logo, Format: &excelize.GraphicOptions{ScaleX: scale, ScaleY: scale}}); err != nil {
			return err
		}
	}
	w, err := b.book.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	columns := s.wide()
	if len(s.charts) > 0 {
		columns = max(columns, 16)
	}
	for i := 1; i <= columns; i++ {
		if err := w.SetColWidth(i, i, s.width(i)); err != nil {
			return err
		}
	}
	if s.freeze > 0 {
		p := &excelize.Panes{Freeze: true, YSplit: s.freeze, TopLeftCell: fmt.Sprintf("A%d", s.freeze+1), ActivePane: "bottomLeft"}
		if s.monthly || s == b.inputs {
			p.XSplit, p.TopLeftCell, p.ActivePane = 1, fmt.Sprintf("B%d", s.freeze+1), "bottomRight"
		}
		if err := w.SetPanes(p); err != nil {
			return err
		}
	}
	values := make([]any, 0, 16)
	for n, cells := range s.rows {
		values = values[:0]
		for i, c := range cells {
			if c == nil {
				values = append(values, nil)
				continue
			}
			v := c.value
			switch v.(type) {
			case fault, blank, bool:
				v = nil
			}
			values = append(values, excelize.Cell{StyleID: b.style(s.lookAt(n, i)), Formula: c.formula, Value: v})
		}
		var opts []excelize.RowOpts
		if len(cells) > 0 && cells[0] != nil && strings.HasPrefix(cells[0].look, "title") {
			opts = append(opts, excelize.RowOpts{Height: 28})
		}
		if h := s.height(cells); h > 0 {
			opts = append(opts, excelize.RowOpts{Height: h})
		}
		if err := w.SetRow(fmt.Sprintf("A%d", n+1), values, opts...); err != nil {
			return err
		}
	}
	return w.Flush()
}

// lookAt is the look of a cell; a heading stands to the right above numbers, a remark alone in its row to the left.
func (s *sheet) lookAt(n, i int) string {
	look := s.rows[n][i].look
	switch {
	case look == "note" && i == 0:
		return "plainnote"
	case look != "head":
		return look
	}
	for _, cells := range s.rows[n+1:] {
		if i >= len(cells) || cells[i] == nil {
			continue
		}
		if strings.Contains(cells[i].look, ":") {
			return "headright"
		}
		if cells[i].look == "head" {
			break
		}
	}
	return look
}

// height is the room for wrapped text in points, 0 for one line: spreadsheets that only show a file do not measure it.
func (s *sheet) height(cells []*cell) float64 {
	most := 1
	for i, c := range cells {
		if c == nil || !strings.HasPrefix(c.look, "wrap") && !strings.HasPrefix(c.look, "head") {
			continue
		}
		width := s.width(i + 1)
		text, ok := c.value.(string)
		if !ok {
			continue
		}
		lines := 0
		for _, part := range strings.Split(text, "\n") {
			lines += 1 + int(float64(len([]rune(part)))/(width*1.15))
		}
		most = max(most, lines)
	}
	if most == 1 {
		return 0
	}
	return min(409, float64(most)*13.5+2)
}

func (b *builder) footer() string {
	name := []rune(b.m.File.Case)
	if len(name) > 80 {
		name = append(name[:79], '…')
	}
	return strings.ReplaceAll(clean(string(name)), "&", "&&")
}

// printing sets what is printed, and the rows and columns that come again on every page.
func (b *builder) printing(s *sheet) error {
	last := len(s.rows)
	right := s.wide()
	for _, p := range s.charts {
		c, r, err := excelize.CellNameToCoordinates(p.at)
		if err != nil {
			return err
		}
		last, right = max(last, r+int(p.chart.Dimension.Height)/20+1), max(right, s.reach(c, float64(p.chart.Dimension.Width)))
	}
	quoted := "'" + s.name + "'"
	err := b.book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("%s!$A$1:$%s$%d", quoted, column(right), max(last, 1)), Scope: s.name})
	if err != nil || s.freeze == 0 {
		return err
	}
	again := fmt.Sprintf("%s!$%d:$%d", quoted, s.freeze, s.freeze)
	if s.monthly {
		again = fmt.Sprintf("%s!$A:$A,%s!$%d:$%d", quoted, quoted, head, s.freeze)
	}
	return b.book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: again, Scope: s.name})
}

// reach is the column in which something ends that is so many pixels wide.
func (s *sheet) reach(from int, pixels float64) int {
	for pixels > 0 {
		pixels -= 7*s.width(from) + 5
		from++
	}
	return from - 1
}

func (b *builder) define(name string, s *sheet, r1, c1, r2, c2 int) {
	ref := fmt.Sprintf("%s!$%s$%d", s.name, column(c1), r1)
	if r1 != r2 || c1 != c2 {
		ref += fmt.Sprintf(":$%s$%d", column(c2), r2)
	}
	if err := b.book.SetDefinedName(&excelize.DefinedName{Name: name, RefersTo: ref}); err != nil {
		b.problems.Add(diag.New("workbook_name", diag.Position{}, diag.Args{"name": name, "detail": err.Error()}))
	}
	b.defined[strings.ToLower(name)] = area{s, r1, c1, r2, c2}
}
