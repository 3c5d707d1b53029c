package tabular

import (
	"hash/maphash"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Question is what a column leaves open. Nothing is assumed until Sheet.Answer.
type Question struct {
	// Ask is the question in words.
	Ask    diag.Diagnostic
	Column string
	// Readings are the possible answers.
	Readings []Reading
	// Rows of the sample, of Sampled with something in them, mean something else under each reading.
	Rows, Sampled int
	// Likely is the reading that other columns of the sheet suggest, -1 where they do not.
	Likely int
}

// Reading is one possible answer.
type Reading struct {
	Style Style
	// Examples are cells of the column and what they would mean.
	Examples []Example
	// Unreadable is how many cells of the sample this reading cannot read.
	Unreadable int
}

// Example is a cell and its meaning: a day as 2024-04-03, a number with a decimal point, a share as 75%.
type Example struct {
	Line    int
	Text    string
	Meaning string
}

// place is a cell of the sample.
type place struct {
	line int
	text string
}

// kept is the place for longer: its text no longer holds the memory of the row it came from.
func (p place) kept() place {
	const most = 100 // no number or date is longer
	if len(p.text) > most {
		p.text = shown(p.text)
	}
	p.text = strings.Clone(p.text)
	return p
}

// examples are how many cells a question shows.
const examples = 5

// stats is what the sample shows of one column. Cells are looked at once and not kept.
type stats struct {
	filled, empty, errors, nothing int
	typed                          int // cells of a workbook that are numbers
	first                          string
	from1904                       bool // of the workbook

	// numbers
	numbers, percents          int
	comma, point               int // readable with this decimal separator only
	differ                     int // readable with both, and not the same
	brokenComma, brokenPoint   int // with decimals, if that is the separator
	groupComma, groupPoint     int // with groups of three, if that is the decimal separator
	withCurrency               int
	scientific, damaged, zeros int // 1,2E+17; of those, ids that Excel has rounded; leading zeros
	integers, longest          int
	currencies                 map[string]int
	open                       []place // of differ
	above1, fractions          int     // of whole and broken numbers: greater than 1, between 0 and 1
	serials, seconds, millis   int
	compact                    int // 20241231
	four, five                 int // digits, as postcodes have
	serialPlace, damagedPlace  place
	numberPlace, datePlace     place
	other                      place // the first that is neither number nor date

	// dates
	dates, timed, midnight, zoned int
	dmy, mdy, ymd, either         int // slashed or dashed: only as one order, as either, ISO or pointed
	openDates                     []place
	monthNames                    int
	monthPlace                    place

	bools    [len(words)][2]int // how often each word of each pair
	typeBool int

	texts, idLike, formulas int
	formulaPlace            place
	distinct                map[uint64]struct{} // hashes of the cells, up to most of them
	most                    int
}

// monthDamage is what Excel makes of part numbers such as 1-1 and 3/24.
var monthDamage = regexp.MustCompile(`(?i)^(\d{1,2}[.\-]? ?(jan|feb|mär|mrz|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)\.?|(jan|feb|mär|mrz|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)\.?[ \-]\d{2})$`)

// idShape is a key as systems make them: at least six letters and digits, dashes allowed, with a digit among them.
var idShape = regexp.MustCompile(`^[A-Za-z0-9_\-:.{}]*[0-9][A-Za-z0-9_\-:.{}]*$`)

var seed = maphash.MakeSeed()

// see takes in one cell.
func (s *stats) see(c Cell, line int) {
	text := strings.TrimSpace(c.Text)
	switch {
	case text == "":
		s.empty++
		return
	case c.Kind == KindError:
		s.errors++
		return
	case c.Kind == KindText && nothing[strings.ToLower(text)]:
		s.nothing++
		return
	}
	s.filled++
	at := place{line, text}
	if s.filled == 1 {
		s.first = strings.Clone(shown(text))
	}
	if s.distinct == nil {
		s.distinct = map[uint64]struct{}{}
	}
	if len(s.distinct) < s.most {
		s.distinct[maphash.String(seed, text)] = struct{}{}
	}
	if c.Kind == KindBool {
		s.typeBool++
		return
	}
	if c.Kind != KindNumber {
		if len(text) <= len("falsch") {
			lower := strings.ToLower(text)
			for i, w := range words {
				for j := range w {
					if lower == w[j] {
						s.bools[i][j]++
					}
				}
			}
		}
	} else if text == "0" || text == "1" {
		s.bools[len(words)-1]['1'-text[0]]++
	}
	if d, ok := scanDate(text); ok {
		s.date(d, at)
		return
	}
	if n, ok := scanNumber(text); ok && s.number(n, c, at) {
		return
	}
	s.texts++
	if s.other.text == "" {
		s.other = at.kept()
	}
	if monthDamage.MatchString(text) {
		if s.monthNames++; s.monthNames == 1 {
			s.monthPlace = at.kept()
		}
	}
	if len(text) >= 6 && len(text) <= 80 && idShape.MatchString(text) {
		s.idLike++
	}
	if text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' {
		if s.formulas++; s.formulas == 1 {
			s.formulaPlace = at.kept()
		}
	}
}

func (s *stats) date(d date, at place) {
	if s.dates++; s.dates == 1 {
		s.datePlace = at.kept()
	}
	if d.timed {
		s.timed++
		if d.clock == 0 {
			s.midnight++
		}
	}
	if d.zoned {
		s.zoned++
	}
	if !d.open() {
		if d.yearFirst {
			s.ymd++
		} else {
			s.dmy++
		}
		return
	}
	switch dm, md := d.valid(DayMonthYear), d.valid(MonthDayYear); {
	case dm && md:
		if d.first != d.second { // 03/03 is the same day both ways
			s.either++
			if len(s.openDates) < examples {
				s.openDates = append(s.openDates, at.kept())
			}
		}
	case dm:
		s.dmy++
	default:
		s.mdy++
	}
}

func (s *stats) number(n number, c Cell, at place) bool {
	comma, asComma := n.read(',')
	point, asPoint := n.read('.')
	if c.Kind == KindNumber { // has a decimal point by its nature and says nothing of the texts around it
		if !asPoint {
			return false
		}
		comma, asComma = point, true
		s.typed++
	}
	if !asComma && !asPoint {
		return false
	}
	if s.numbers++; s.numbers == 1 {
		s.numberPlace = at.kept()
	}
	r := point
	switch {
	case asComma && asPoint && comma.e4 != point.e4:
		s.differ++
		if len(s.open) < examples {
			s.open = append(s.open, at.kept())
		}
	case asComma && !asPoint:
		r = comma
		s.comma++
	case asPoint && !asComma:
		s.point++
	}
	if asComma && comma.decimals > 0 {
		s.brokenComma++
	}
	if asPoint && point.decimals > 0 {
		s.brokenPoint++
	}
	if asComma && comma.grouped {
		s.groupComma++
	}
	if asPoint && point.grouped {
		s.groupPoint++
	}
	if n.percent {
		s.percents++
	}
	if n.scientific {
		s.scientific++
		if damagedID(at.text) || c.Kind == KindNumber && strings.Contains(at.text, "e+") {
			if s.damaged++; s.damaged == 1 {
				s.damagedPlace = at.kept()
			}
		}
	}
	if n.currency != "" {
		if s.currencies == nil {
			s.currencies = map[string]int{}
		}
		s.currencies[n.currency]++
		s.withCurrency++
	}
	switch {
	case r.e4 > 10_000 || r.e4 < -10_000:
		s.above1++
	case r.e4%10_000 != 0:
		s.fractions++
	}
	width := len(n.core)
	if plain := strings.Trim(n.core, "0123456789") == ""; plain && !n.negative {
		s.integers++
		s.longest = max(s.longest, width)
		if width > 1 && n.core[0] == '0' {
			s.zeros++
		}
		switch width {
		case 4:
			s.four++
		case 5:
			s.five++
		case 8:
			d := date{first: int(r.e4 / 1e8), second: int(r.e4 / 1e6 % 100), third: int(r.e4 / 1e4 % 100), yearFirst: true}
			if d.first >= 1900 && d.first < 2200 && d.valid(YearMonthDay) {
				s.compact++
			}
		case 10:
			if r.e4 >= 631152000*1e4 && r.e4 < 2524608000*1e4 { // 1990 to 2050
				s.seconds++
			}
		case 13:
			if r.e4 >= 631152000*1e7 && r.e4 < 2524608000*1e7 {
				s.millis++
			}
		}
	}
	// 25569 is 1970-01-01, 54789 is 2050-01-01; with a time of day it has decimals.
	if r.e4 >= 25569*1e4 && r.e4 < 54789*1e4 && !r.grouped && !n.percent && n.currency == "" {
		if s.serials++; s.serials == 1 {
			s.serialPlace = at.kept()
		}
	}
	return true
}

// Words of headers, in English and German, that say what a column of numbers is. They never decide between two readings
// of the same cell, only what a whole number stands for.
var (
	idHeader       = regexp.MustCompile(`(?i)(^|[^\pL])(id|ids|nr|no|number|nummer|key|schlüssel|code|plz|zip|iban|bic|sku|vat|ust)([^\pL]|$)|nummer$|[a-z]ID$|-id$|postleitzahl|postal|postcode|zipcode`)
	postcodeHeader = regexp.MustCompile(`(?i)(^|[^\pL])(plz|zip)([^\pL]|$)|postleitzahl|postal|postcode|zipcode`)
	phoneHeader    = regexp.MustCompile(`(?i)(^|[^\pL])(tel|telefon|phone|mobil|mobile|handy|fax)([^\pL]|$)|telefon|phone|telefax|mobilnummer`)
	dateHeader     = regexp.MustCompile(`(?i)(^|[^\pL])(date|datum|day|tag|time|zeit|created|modified|updated|closed|erstellt|geändert|abgeschlossen|termin|timestamp|zeitstempel|on|am|at|seit|since|bis|until)([^\pL]|$)|datum$|termin$|_at$|_date$|_on$|date$|zeitpunkt`)
	percentHeader  = regexp.MustCompile(`(?i)%|prozent|percent|probability|wahrscheinlichkeit`)
)

// settle decides how the column is read, or asks. Up to one cell in fifty may not fit; each is refused when it is read.
func (c *Column) settle(sheet *Sheet, said *notes) {
	s := c.stats
	c.Filled, c.Missing = s.filled, s.empty+s.errors+s.nothing
	if s.errors > 0 {
		said.add(diag.Diagnostic{Severity: diag.Warning, Code: "table_errors", Args: diag.Args{"count": s.errors}}, 0, c.Name)
	}
	style, q := c.decide()
	switch {
	case q != nil:
		q.Column, q.Likely = c.Name, -1
		c.Question, c.Style = q, Style{Type: Text, Example: s.first}
	default:
		c.Style = style
	}
	c.remark(said)
}

// fits reports whether n cells are enough of the column's to make it theirs.
func (s *stats) fits(n int) bool { return n > 0 && (s.filled-n)*50 <= s.filled }

func (c *Column) decide() (Style, *Question) {
	s := c.stats
	text := Style{Type: Text, Example: s.first}
	isID := idHeader.MatchString(c.Header) || phoneHeader.MatchString(c.Header)
	isDate := dateHeader.MatchString(c.Header) && !isID
	switch {
	case s.filled == 0:
		return Style{Type: Empty}, nil
	case s.fits(s.dates), s.dates > 0 && s.dates >= s.serials && s.fits(s.dates+s.serials):
		return c.dates()
	}
	for i, w := range words {
		yes, no := s.bools[i][0], s.bools[i][1]
		if yes+no > 0 && yes+no+s.typeBool == s.filled {
			// One letter alone, or a column of ones, may be anything.
			if len(w[0]) == 1 && (yes == 0 || no == 0) || w[0] == "1" && (percentHeader.MatchString(c.Header) || isID) {
				continue
			}
			return Style{Type: Bool, True: w[0], False: w[1], Example: s.first}, nil
		}
	}
	switch {
	case s.typeBool == s.filled:
		return Style{Type: Bool, True: "true", False: "false", Example: s.first}, nil
	case !s.fits(s.numbers):
		if s.fits(s.idLike+s.integers) && len(s.distinct)*10 >= min(s.filled, s.most)*9 && s.filled > 1 || isID && s.dates == 0 {
			text.Type = Identifier
		}
		return text, nil
	case s.zeros > 0 && s.integers == s.numbers, s.damaged > 0 && s.damaged+s.integers >= s.numbers, isID, s.longest > 15:
		text.Type = Identifier
		return text, nil
	case isDate && s.fits(s.compact) && s.integers == s.numbers:
		return Style{Type: Day, Order: YearMonthDay, Example: s.first}, nil
	case isDate && s.fits(s.seconds) && s.integers == s.numbers:
		return Style{Type: EpochSeconds, Zoned: true, Example: s.first}, nil
	case isDate && s.fits(s.millis) && s.integers == s.numbers:
		return Style{Type: EpochMillis, Zoned: true, Example: s.first}, nil
	case isDate && s.fits(s.serials) && s.percents == 0:
		return Style{Type: ExcelSerial, From1904: s.from1904, Example: s.first}, nil
	}
	return c.numbers()
}

// numbers settles the decimal separator, or asks, and then what the numbers are.
func (c *Column) numbers() (Style, *Question) {
	s := c.stats
	style := Style{Example: s.first}
	// One cell in fifty may be written otherwise; more of them are a mix that nobody but the user can sort out.
	asComma, asPoint := s.fits(s.numbers-s.point), s.fits(s.numbers-s.comma)
	switch {
	case s.differ == 0 && s.comma == 0 && s.point == 0:
		if s.brokenPoint > 0 { // of a workbook's numbers
			style.Decimal = '.'
		}
	case s.comma > 0 && (s.point == 0 || asComma && !asPoint):
		style.Decimal = ','
	case s.point > 0 && (s.comma == 0 || asPoint && !asComma):
		style.Decimal = '.'
	default:
		return style, c.askNumber()
	}
	style = c.kindOfNumber(style.Decimal)
	switch header := percentHeader.MatchString(c.Header); {
	case style.Type == Percent && s.percents < s.numbers, style.Type != Percent && style.Type != Money && header:
		return c.percent(style)
	}
	return style, nil
}

// kindOfNumber is what the column's numbers are once their decimal separator is known.
func (c *Column) kindOfNumber(decimal byte) Style {
	s := c.stats
	style := Style{Type: Integer, Decimal: decimal, Grouped: s.groupComma > 0, Example: s.first}
	broken := s.brokenComma
	if decimal == '.' {
		broken, style.Grouped = s.brokenPoint, s.groupPoint > 0
	}
	switch {
	case s.percents > 0:
		style.Type, style.Scale = Percent, 100
	case s.withCurrency > 0:
		style.Type = Money
		if len(s.currencies) == 1 && s.withCurrency == s.numbers {
			for code := range s.currencies {
				style.Currency = code
			}
		}
	case broken > 0:
		style.Type = Decimal
	}
	return style
}

// askNumber is the question of 1.234: a thousand or a little more than one.
func (c *Column) askNumber() *Question {
	s := c.stats
	q := &Question{Rows: s.differ, Sampled: s.filled}
	q.Ask = diag.Diagnostic{Severity: diag.Warning, Code: "table_ask_number", Args: diag.Args{"column": c.Name, "count": s.differ, "rows": s.filled}}
	if s.differ == 0 {
		q.Rows = s.comma + s.point
		q.Ask = diag.Diagnostic{Severity: diag.Warning, Code: "table_ask_number_mixed", Args: diag.Args{"column": c.Name, "comma": s.comma, "point": s.point}}
	}
	shownCells := s.open
	if len(shownCells) == 0 {
		shownCells = []place{s.numberPlace}
	}
	for _, sep := range []byte{',', '.'} {
		r := Reading{Style: c.kindOfNumber(sep), Unreadable: s.filled - s.numbers + s.point}
		if sep == '.' {
			r.Unreadable = s.filled - s.numbers + s.comma
		}
		for _, p := range shownCells {
			n, _ := scanNumber(p.text)
			if v, ok := n.read(sep); ok {
				r.Examples = append(r.Examples, Example{p.line, shown(p.text), decimalText(v.e4)})
			}
		}
		if len(r.Examples) > 0 {
			r.Style.Example = r.Examples[0].Text
		}
		q.Readings = append(q.Readings, r)
	}
	return q
}

// decimalText writes a number in 1/10,000 with a decimal point.
func decimalText(e4 int64) string {
	sign := ""
	u := uint64(e4)
	if e4 < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u/10_000, 10)
	if rest := u % 10_000; rest > 0 {
		f := strconv.FormatUint(rest+10_000, 10)[1:]
		s += "." + strings.TrimRight(f, "0")
	}
	return sign + s
}

// percent settles whether 0.5 is one half or half a per cent, or asks.
func (c *Column) percent(style Style) (Style, *Question) {
	s := c.stats
	style.Type = Percent
	switch {
	case s.percents > 0 && s.percents < s.numbers: // with a sign here, without one there
	case s.above1 > 0:
		style.Scale = 100
		return style, nil
	case s.fractions > 0 && !strings.Contains(c.Header, "%"):
		style.Scale = 1
		return style, nil
	}
	q := &Question{Rows: s.filled, Sampled: s.filled}
	q.Ask = diag.Diagnostic{Severity: diag.Warning, Code: "table_ask_percent", Args: diag.Args{"column": c.Name, "example": s.first}}
	for _, scale := range []int{1, 100} {
		r := Reading{Style: style, Unreadable: s.filled - s.numbers}
		r.Style.Scale = scale
		if v, err := ParsePercent(Cell{Text: s.numberPlace.text}, r.Style); err == nil {
			r.Examples = []Example{{s.numberPlace.line, shown(s.numberPlace.text), decimalText(v*100) + "%"}}
		}
		q.Readings = append(q.Readings, r)
	}
	return style, q
}

// AsPercent is the column read as shares, for a column of numbers whose header does not say that it holds any: its style,
// or the question where the scale is open.
func (c *Column) AsPercent() (Style, *Question) {
	if c.Question != nil || c.Style.Type == Percent {
		return c.Style, c.Question
	}
	style := c.Style
	style.Example = c.stats.first
	style, q := c.percent(style)
	if q != nil {
		q.Column, q.Likely = c.Name, -1
	}
	return style, q
}

// dates settles the order of day and month, or asks.
func (c *Column) dates() (Style, *Question) {
	s := c.stats
	style := Style{Type: Day, Order: YearMonthDay, Zoned: s.zoned > 0, Example: s.datePlace.text}
	// Midnight everywhere is a day that was written with a time because the system has no other form.
	if s.timed*2 > s.dates && s.midnight < s.timed {
		style.Type = Instant
	}
	stray := s.filled - s.dates // numbers among the dates, and what is neither
	switch {
	case s.mdy > 0 && s.dmy == 0, s.mdy > 0 && s.fits(s.dates-s.dmy):
		style.Order = MonthDayYear
	case s.dmy > 0 && s.mdy == 0, s.dmy > 0 && s.fits(s.dates-s.mdy):
		style.Order = DayMonthYear
	case s.either == 0 && s.mdy == 0 && s.dmy == 0:
		if s.ymd == 0 {
			style.Order = DayMonthYear // 03/03 and its like only: the same both ways
		}
	default:
		q := &Question{Rows: s.either + min(s.dmy, s.mdy), Sampled: s.filled}
		q.Ask = diag.Diagnostic{Severity: diag.Warning, Code: "table_ask_date", Args: diag.Args{"column": c.Name, "count": s.either, "rows": s.filled}}
		if s.dmy > 0 && s.mdy > 0 {
			q.Ask = diag.Diagnostic{Severity: diag.Warning, Code: "table_ask_date_mixed", Args: diag.Args{"column": c.Name, "dmy": s.dmy, "mdy": s.mdy}}
		}
		for _, o := range []Order{DayMonthYear, MonthDayYear} {
			r := Reading{Style: style, Unreadable: stray + s.mdy}
			if r.Style.Order = o; o == MonthDayYear {
				r.Unreadable = stray + s.dmy
			}
			for _, p := range s.openDates {
				d, _ := scanDate(p.text)
				r.Examples = append(r.Examples, Example{p.line, shown(p.text), d.day(o).String()})
			}
			q.Readings = append(q.Readings, r)
		}
		return style, q
	}
	if s.serials > 0 {
		q := &Question{Rows: s.serials, Sampled: s.filled}
		q.Ask = diag.Diagnostic{Severity: diag.Warning, Code: "table_ask_serial", Args: diag.Args{"column": c.Name, "count": s.serials, "example": s.serialPlace.text}}
		for _, serials := range []bool{true, false} {
			r := Reading{Style: style, Unreadable: stray}
			if r.Style.Serials = serials; serials {
				r.Style.From1904 = s.from1904
				r.Unreadable -= s.serials
				if _, day, err := serial(Cell{}, s.serialPlace.text, s.from1904); err == nil {
					r.Examples = []Example{{s.serialPlace.line, s.serialPlace.text, day.String()}}
				}
			}
			q.Readings = append(q.Readings, r)
		}
		return style, q
	}
	return style, nil
}

// unread is how many cells of the sample the style of a column of numbers refuses.
func (s *stats) unread(style Style) int {
	n := s.filled - s.numbers
	switch style.Decimal {
	case ',':
		n += s.point
	case '.':
		n += s.comma
	}
	return n
}

// remark notes what is striking about a settled column: damage by Excel above all.
func (c *Column) remark(said *notes) {
	s := c.stats
	warning := func(code string, p place, args diag.Args) {
		said.add(diag.Diagnostic{Severity: diag.Warning, Code: code, Args: args}, p.line, c.Name)
	}
	if s.damaged > 0 {
		warning("table_id_scientific", s.damagedPlace, diag.Args{"count": s.damaged, "text": s.damagedPlace.text})
	}
	if s.monthNames > 0 && s.dates == 0 {
		warning("table_month_damage", s.monthPlace, diag.Args{"count": s.monthNames, "text": s.monthPlace.text})
	}
	if postcodeHeader.MatchString(c.Header) && s.zeros == 0 && s.four > 0 && s.five > s.four {
		warning("table_zeros_postcode", place{}, diag.Args{"count": s.four, "share": float64(s.four) / float64(s.four+s.five)})
	}
	if phoneHeader.MatchString(c.Header) && s.zeros == 0 && s.integers >= 3 && s.fits(s.integers+s.scientific) {
		warning("table_zeros_phone", place{}, diag.Args{"count": s.integers})
	}
	if s.formulas > 0 {
		said.add(hint("table_formula_text", diag.Args{"count": s.formulas, "text": shown(s.formulaPlace.text)}), s.formulaPlace.line, c.Name)
	}
	if c.Style.Type == ExcelSerial {
		if _, day, err := serial(Cell{}, s.first, s.from1904); err == nil {
			warning("table_serials", place{}, diag.Args{"text": s.first, "day": day.String()})
		}
	}
	if numeric := c.Style.Type >= Integer && c.Style.Type <= Percent && c.Question == nil; numeric && s.unread(c.Style) > 0 {
		p := s.other
		if p.text == "" {
			p = s.datePlace
		}
		warning("table_cells_unreadable", p, diag.Args{"count": s.unread(c.Style), "text": shown(p.text)})
	}
	if dated := c.Style.Type == Day || c.Style.Type == Instant; dated && c.Question == nil && s.dates > 0 && s.dates < s.filled {
		p := s.other
		if p.text == "" {
			p = s.numberPlace
		}
		warning("table_cells_unreadable", p, diag.Args{"count": s.filled - s.dates, "text": shown(p.text)})
	}
	if c.Style.Type == Money && c.Style.Currency == "" {
		warning("table_currencies", place{}, diag.Args{"codes": strings.Join(slices.Sorted(maps.Keys(s.currencies)), ", "), "without": s.numbers - s.withCurrency})
	}
	if s.nothing > 0 && c.Style.Type >= Integer {
		said.add(hint("table_nothing", diag.Args{"count": s.nothing}), 0, c.Name)
	}
}

// suggest says which reading the other columns of the sheet speak for: whoever writes 1,5 in one column means 1.234 as a
// thousand in another. It is shown beside the question and answers nothing.
func (s *Sheet) suggest() {
	var decimal = map[byte]int{}
	var order = map[Order]int{}
	for _, c := range s.Columns {
		if c.Question != nil {
			continue
		}
		if c.stats.typed == 0 && c.Style.Decimal != 0 {
			decimal[c.Style.Decimal]++
		}
		if (c.Style.Type == Day || c.Style.Type == Instant) && c.stats.ymd == 0 {
			order[c.Style.Order]++
		}
	}
	for _, q := range s.Questions() {
		for i, r := range q.Readings {
			var mine, others int
			switch q.Ask.Code {
			case "table_ask_number", "table_ask_number_mixed":
				mine = decimal[r.Style.Decimal]
				others = decimal[','] + decimal['.'] - mine
			case "table_ask_date", "table_ask_date_mixed":
				mine = order[r.Style.Order]
				others = order[DayMonthYear] + order[MonthDayYear] - mine
			}
			if mine > 0 && others == 0 {
				q.Likely = i
			}
		}
	}
}
