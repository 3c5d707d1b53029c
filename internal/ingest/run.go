package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Progress is told of an import under way: done of size, in whatever the file counts, and the rows so far.
type Progress func(done, size, rows int64)

// Plan is a mapping held against a sheet: every column is found and can be read.
type Plan struct {
	sheet *tabular.Sheet
	table crm.Table
	m     *Mapping
	cells []cell
	fixed []any // by the table's columns
	zone  *time.Location
	home  string
	stage int // where the stage and its category go, -1 for nowhere
	kind  int
	money []pair // amounts and where their currency goes
	// changed are the columns of a change's values, whose kind is another in every row.
	changed []cell
}

// cell is a column of the file and where it goes.
type cell struct {
	at     int // in the row
	to     int // in the table's columns, -1 and below for those of Common
	name   string
	kind   crm.Kind
	style  tabular.Style
	values map[string]string
	column crm.Column
	of     int  // in the mapping's columns
	open   bool // how it is read is not settled
}

type pair struct{ amount, currency int }

// Fit holds a mapping against a sheet. The list has what does not fit: columns that the sheet lacks, questions that the
// mapping does not answer. zone and currency are those of the source.
func Fit(m *Mapping, s *tabular.Sheet, zone *time.Location, currency string) (*Plan, diag.List) {
	p, found := fit(m, s, zone, currency)
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	return p, found
}

// fit is Fit that also returns what fits where not everything does; nil for an unknown table.
func fit(m *Mapping, s *tabular.Sheet, zone *time.Location, currency string) (*Plan, diag.List) {
	t, ok := crm.Find(m.Table)
	if !ok {
		return nil, diag.List{diag.New("mapping_table", diag.Position{}, diag.Args{"name": m.Table, "nearest": quantity.Nearest(m.Table, TableNames())})}
	}
	p := &Plan{sheet: s, table: t, m: m, zone: zone, home: currency, fixed: make([]any, len(t.Columns)), stage: -1, kind: -1}
	if m.Currency != "" {
		p.home = m.Currency
	}
	var found diag.List
	var changes []int
	var headers []string
	for _, c := range s.Columns {
		headers = append(headers, c.Name)
	}
	for of, c := range m.Columns {
		at := slices.Index(headers, c.Header)
		if at < 0 {
			found.Add(diag.New("mapping_header", c.At, diag.Args{"name": c.Header, "nearest": quantity.Nearest(c.Header, headers)}))
			continue
		}
		x := cell{at: at, name: c.To, to: t.Index(c.To), style: s.Columns[at].Style, values: folded(c.Values), of: of}
		if x.to >= 0 {
			x.column = t.Columns[x.to]
			x.kind = x.column.Kind
		} else {
			x.kind = KindOf(t, c.To)
		}
		if t.Name == "opportunity_change" && (c.To == "old_value" || c.To == "new_value") {
			x.style = forced[c.Style] // of the amounts or days in it; what else stands there is text
			changes = append(changes, len(p.cells))
		}
		if d := x.settle(&s.Columns[at], c); d != nil {
			found.Add(*d)
			x.open = true
		}
		p.cells = append(p.cells, x)
	}
	for _, k := range changes {
		p.changed = append(p.changed, p.cells[k])
	}
	// The identifier first: it names the record even where another cell cannot be read.
	slices.SortStableFunc(p.cells, func(a, b cell) int { return cmp.Compare(order(a.name), order(b.name)) })
	for name, text := range m.Fixed {
		if i := t.Index(name); i >= 0 {
			v, d := constant(t.Columns[i], text)
			if d != nil {
				found.Add(*d)
			}
			p.fixed[i] = v
		}
	}
	if len(m.Stages) > 0 {
		p.stage, p.kind = t.Index("stage"), t.Index("category")
	}
	for i, c := range t.Columns {
		if c.Kind == crm.Money && t.Index("currency") >= 0 && c.Name != "home_amount" && slices.ContainsFunc(p.cells, func(x cell) bool { return x.to == i }) {
			p.money = append(p.money, pair{i, t.Index("currency")})
		}
	}
	return p, found
}

func order(name string) int {
	if name == "id" {
		return 0
	}
	return 1
}

// settle decides how the column is read.
func (x *cell) settle(c *tabular.Column, m Column) *diag.Diagnostic {
	asText := x.kind == crm.Text || x.kind == crm.Ref || x.kind == crm.Choice || x.kind == crm.Currency
	question := c.Question
	if x.kind == crm.Share {
		var style tabular.Style
		if style, question = c.AsPercent(); question == nil {
			x.style = style
		}
	}
	if m.Style != "" && !asText {
		readings := []tabular.Style{x.style}
		if question != nil {
			readings = nil
			for _, r := range question.Readings {
				readings = append(readings, r.Style)
			}
		}
		i := slices.IndexFunc(readings, styles[m.Style])
		if made, ok := forced[m.Style]; i < 0 && ok && fits(x.kind, made.Type) {
			x.style = made // some cells are not written so, and become rejects
			return nil
		}
		if i < 0 {
			var names []string
			for _, s := range readings {
				names = append(names, StyleName(s))
			}
			d := diag.New("mapping_reading", m.At, diag.Args{"header": m.Header, "style": m.Style, "known": names})
			return &d
		}
		x.style = readings[i]
		return nil
	}
	if question != nil && !asText {
		var names []string
		for _, r := range question.Readings {
			names = append(names, StyleName(r.Style))
		}
		d := diag.New("mapping_open", m.At, diag.Args{"header": m.Header, "known": names})
		return &d
	}
	if !asText && !fits(x.kind, x.style.Type) && len(m.Values) == 0 {
		var names []string
		for _, name := range Styles() {
			if s, ok := forced[name]; ok && fits(x.kind, s.Type) {
				names = append(names, name)
			}
		}
		d := diag.New("mapping_unread", m.At, diag.Args{"header": m.Header, "to": m.To, "known": names})
		return &d
	}
	return nil
}

// forced are the styles that a mapping may demand although some cells are written otherwise.
var forced = map[string]tabular.Style{
	"day/month/year": {Type: tabular.Day, Order: tabular.DayMonthYear}, "month/day/year": {Type: tabular.Day, Order: tabular.MonthDayYear}, "year/month/day": {Type: tabular.Day, Order: tabular.YearMonthDay},
	"decimal comma": {Type: tabular.Decimal, Decimal: ',', Grouped: true}, "decimal point": {Type: tabular.Decimal, Decimal: '.', Grouped: true},
	"0 to 1": {Type: tabular.Percent, Scale: 1}, "0 to 100": {Type: tabular.Percent, Scale: 100},
	"seconds": {Type: tabular.EpochSeconds}, "milliseconds": {Type: tabular.EpochMillis},
}

// fits reports whether cells of a type can become values of a kind.
func fits(k crm.Kind, t tabular.Type) bool {
	number := t == tabular.Integer || t == tabular.Decimal || t == tabular.Money || t == tabular.Percent
	moment := t == tabular.Instant || t == tabular.EpochSeconds || t == tabular.EpochMillis || t == tabular.ExcelSerial
	switch {
	case t == tabular.Empty:
		return true
	case k == crm.Day:
		return t == tabular.Day || moment
	case k == crm.Instant:
		return moment || t == tabular.Day
	case k == crm.Flag:
		return t == tabular.Bool || t == tabular.Integer
	case k == crm.Money, k == crm.Share, k == crm.Count:
		return number
	}
	return true
}

func folded(values map[string]string) map[string]string {
	if values == nil {
		return nil
	}
	all := map[string]string{}
	for k, v := range values {
		all[fold(k)] = v
	}
	return all
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// constant is a fixed value of the mapping.
func constant(c crm.Column, text string) (any, *diag.Diagnostic) {
	switch c.Kind {
	case crm.Text, crm.Ref, crm.Choice, crm.Currency:
		return text, nil
	case crm.Flag, crm.Count:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
	case crm.Day:
		if at, err := time.Parse(time.DateOnly, text); err == nil {
			return crm.DayOf(at), nil
		}
	}
	d := diag.New("mapping_fixed", diag.Position{}, diag.Args{"name": c.Name, "value": text})
	return nil, &d
}

// wrongCell is why a cell cannot be taken.
type wrongCell struct {
	column, code, value string
}

func (w *wrongCell) Error() string { return w.code }

// ProblemOf is why Record could not take a row, nil where err is of another kind.
func ProblemOf(err error) *crm.Problem {
	var w *wrongCell
	if !errors.As(err, &w) {
		return nil
	}
	return &crm.Problem{Column: w.column, Code: w.code, Value: w.value}
}

// Record is a row as a record of the table; the error names the column.
func (p *Plan) Record(row tabular.Row) (crm.Record, error) {
	r := p.begin()
	for i := range p.cells {
		x := &p.cells[i]
		if x.at >= len(row.Cells) {
			continue
		}
		v, currency, err := p.read(x, row.Cells[x.at])
		if err != nil {
			return r, err
		}
		p.put(&r, x, v, currency)
	}
	return r, p.finish(&r)
}

// begin is a record with the values that all rows have.
func (p *Plan) begin() crm.Record {
	r := p.table.New("")
	copy(r.Values, p.fixed)
	return r
}

// read is a cell as a value, nil where it is missing; the error is a *wrongCell.
func (p *Plan) read(x *cell, c tabular.Cell) (any, string, error) {
	if !p.sheet.Typed {
		c.Text = Unguarded(c.Text)
	}
	v, currency, err := p.value(x, c)
	if err != nil {
		why := "cell_" + string(x.kind)
		var refused *wrongCell
		if errors.As(err, &refused) {
			why = refused.code
		}
		return nil, "", &wrongCell{x.name, why, c.Text}
	}
	return v, currency, nil
}

// put puts a value where it belongs.
func (p *Plan) put(r *crm.Record, x *cell, v any, currency string) {
	if v == nil {
		return
	}
	if x.to >= 0 {
		r.Values[x.to] = v
		if currency != "" {
			for _, m := range p.money {
				if m.amount == x.to && r.Values[m.currency] == nil {
					r.Values[m.currency] = currency
				}
			}
		}
		return
	}
	switch x.name {
	case "id":
		r.ID, _ = v.(string)
	case "merged":
		r.Merged, _ = v.(string)
	case "created":
		r.Created, _ = v.(int64)
	case "updated":
		r.Updated, _ = v.(int64)
	case "deleted":
		r.Deleted, _ = v.(int64)
	}
}

// finish fills in what follows from the cells together; the error is a *wrongCell.
func (p *Plan) finish(r *crm.Record) error {
	for _, m := range p.money {
		if r.Values[m.amount] != nil && r.Values[m.currency] == nil && p.home != "" {
			r.Values[m.currency] = p.home
		}
	}
	if p.stage >= 0 {
		label, _ := r.Values[p.stage].(string)
		category, ok := p.m.Stages[label]
		if !ok {
			return &wrongCell{"stage", "stage", label}
		}
		r.Values[p.kind] = category
	}
	if len(p.changed) > 0 {
		return p.change(r)
	}
	return nil
}

// change writes the values of a change of an amount, a day or a probability as package crm keeps them.
func (p *Plan) change(r *crm.Record) error {
	field, _ := r.Values[p.table.Index("field")].(string)
	kind := crm.KindOfChange(field)
	if kind == crm.Text {
		return nil
	}
	for _, x := range p.changed {
		text, _ := r.Values[x.to].(string)
		if text == "" {
			continue
		}
		of := x
		of.kind, of.values = kind, nil
		if of.style.Type == tabular.Empty || !fits(kind, of.style.Type) {
			of.style = written(kind, text)
		}
		v, _, err := p.value(&of, tabular.Cell{Text: text})
		if err != nil || of.style.Type == tabular.Empty {
			return &wrongCell{x.name, "cell_" + string(kind), text}
		}
		switch v := v.(type) {
		case int64:
			r.Values[x.to] = strconv.FormatInt(v, 10)
		case float64:
			r.Values[x.to] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return nil
}

var (
	isoDay    = regexp.MustCompile(`^\d{4}-\d\d?-\d\d?`)
	dottedDay = regexp.MustCompile(`^\d\d?\.\d\d?\.\d{4}`)
	// One point or comma before three digits may be either.
	eitherWay = regexp.MustCompile(`^[^.,]*[.,]\d{3}[^\d.,]*$`)
)

// written is the style of a value that stands alone, Empty where it may be read in two ways.
func written(kind crm.Kind, text string) tabular.Style {
	if kind == crm.Day {
		switch {
		case isoDay.MatchString(text):
			return tabular.Style{Type: tabular.Day, Order: tabular.YearMonthDay}
		case dottedDay.MatchString(text):
			return tabular.Style{Type: tabular.Day, Order: tabular.DayMonthYear}
		}
		return tabular.Style{}
	}
	s := tabular.Style{Type: tabular.Decimal, Decimal: '.', Grouped: true}
	if kind == crm.Share {
		s.Type, s.Scale = tabular.Percent, 100
		if n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64); err == nil && n <= 1 && strings.ContainsAny(text, ".,") {
			s.Scale = 1
		}
	} else if eitherWay.MatchString(text) {
		return tabular.Style{}
	}
	commas, points := strings.Count(text, ","), strings.Count(text, ".")
	if points > 1 || commas == 1 && strings.IndexByte(text, ',') > strings.IndexByte(text, '.') {
		s.Decimal = ','
	}
	return s
}

// value reads a cell; nil where it is missing.
func (p *Plan) value(x *cell, c tabular.Cell) (v any, currency string, err error) {
	if x.values != nil {
		to, ok := x.values[fold(c.Text)]
		switch {
		case !ok && c.Missing():
			return nil, "", nil
		case !ok:
			return nil, "", &wrongCell{code: "value"}
		case x.kind == crm.Flag || x.kind == crm.Count:
			n, err := strconv.ParseInt(to, 10, 64)
			return n, "", err
		}
		return to, "", nil
	}
	switch x.kind {
	case crm.Text:
		if c.Kind == tabular.KindError || c.Kind == tabular.KindNull || c.Text == "" && !p.sheet.Typed {
			return nil, "", nil
		}
		return strings.TrimSpace(c.Text), "", nil
	case crm.Choice, crm.Currency:
		if c.Missing() {
			return nil, "", nil
		}
		return strings.TrimSpace(c.Text), "", nil
	case crm.Ref:
		if c.Missing() {
			return nil, "", nil
		}
		v, err = tabular.ParseID(c)
	case crm.Instant:
		var m tabular.Moment
		if m, err = tabular.ParseInstant(c, x.style, p.zone); err == nil {
			v = m.At.UnixMicro()
		}
	case crm.Day:
		var d tabular.Date
		if d, err = tabular.ParseDay(c, x.style, p.zone); err == nil {
			v = crm.DayOf(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC))
		}
	case crm.Money:
		v, currency, err = moneyOf(c, x.style)
	case crm.Share:
		var n int64
		if n, err = tabular.ParsePercent(c, x.style); err == nil {
			v = float64(n) / 10_000
		}
	case crm.Flag:
		var yes bool
		if yes, err = tabular.ParseBool(c, x.style); err == nil {
			v = flag(yes)
		}
	case crm.Count:
		var n int64
		if n, err = tabular.ParseDecimal(c, x.style); err == nil {
			v = n / 10_000
		}
	default:
		err = fmt.Errorf("ingest: a mapping fills no %s", x.kind)
	}
	if errors.Is(err, tabular.ErrMissing) {
		return nil, "", nil
	}
	return v, currency, err
}

func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func moneyOf(c tabular.Cell, s tabular.Style) (any, string, error) {
	n, currency, err := tabular.ParseMoney(c, s)
	if err != nil {
		return nil, "", err
	}
	return n, currency, nil
}

// Run reads the sheet into the warehouse. hash is the SHA-256 of the file: the same file has no effect a second time
// (warehouse.ErrSame), and one that was broken off goes on where it was. Where ctx ends, what was read stays and can be
// resumed or taken back.
func (p *Plan) Run(ctx context.Context, w *warehouse.Warehouse, s warehouse.Source, file, hash string, progress Progress) (warehouse.Batch, error) {
	i, err := w.Begin(ctx, s, p.table.Name, file, hash)
	if err != nil {
		if i != nil {
			return i.Batch, err
		}
		return warehouse.Batch{}, err
	}
	defer func() {
		if v := recover(); v != nil { // a fault of ours must not hold the database for ever
			_ = i.Abort()
			panic(v)
		}
	}()
	names := make([]string, len(p.sheet.Columns))
	for k, c := range p.sheet.Columns {
		names[k] = c.Name
	}
	if err := i.Header(ctx, names); err != nil {
		return i.Batch, err
	}
	skip, _ := strconv.ParseInt(i.Cursor, 10, 64)
	// The end of ctx ends the reading; what has been read is written.
	writing := context.WithoutCancel(ctx)
	gone := make(chan struct{})
	defer close(gone)
	stop := func(err error) (warehouse.Batch, error) {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return i.Batch, errors.Join(err, i.Pause(writing))
		}
		return i.Batch, errors.Join(err, i.Abort())
	}
	for part := range p.ahead(ctx, i, skip, gone) {
		for k := range part.rows {
			if err := part.rows[k].write(writing, i, p.sheet.Name); err != nil {
				return stop(err)
			}
			if err := i.Reached(writing, strconv.FormatInt(part.rows[k].line, 10)); err != nil {
				return stop(err)
			}
			if progress != nil && i.Read%1000 == 0 {
				progress(part.done, p.sheet.Size, i.Read)
			}
		}
		if part.err != nil {
			return stop(part.err)
		}
	}
	if err := i.Finish(writing); err != nil {
		return stop(err)
	}
	return i.Batch, nil
}

// taken is a row that was read: a record, or why it is none.
type taken struct {
	line   int64
	record warehouse.Checked
	reject *warehouse.Reject
	cells  []string // of what may become a reject
}

func (t *taken) write(ctx context.Context, i *warehouse.Import, place string) error {
	if t.reject != nil {
		return i.Reject(ctx, *t.reject)
	}
	return i.WriteChecked(ctx, t.record, t.line, place, t.cells)
}

// part is some rows in their order; err is why there are no more.
type part struct {
	rows []taken
	done int64 // of the file, after them
	err  error
}

const (
	partRows  = 256
	partsKept = 4 // read ahead of the writing
)

// ahead reads the rows beside the writing, which is the slower of the two: parsing, checking and hashing take as long
// again. It ends with ctx, after which what it has read is still to be taken, or when the writer is gone.
func (p *Plan) ahead(ctx context.Context, i *warehouse.Import, skip int64, gone <-chan struct{}) <-chan part {
	parts := make(chan part, partsKept)
	go func() {
		defer close(parts)
		defer func() {
			if v := recover(); v != nil { // a fault of ours must not end the program
				select {
				case parts <- part{err: fmt.Errorf("ingest: %v", v)}:
				case <-gone:
				}
			}
		}()
		rows := p.sheet.Rows(ctx)
		defer rows.Close() //nolint:errcheck // only read
		now := part{rows: make([]taken, 0, partRows)}
		send := func(err error) bool {
			now.done, now.err = rows.Done(), err
			select {
			case parts <- now:
			case <-gone:
				return false
			}
			now = part{rows: make([]taken, 0, partRows)}
			return err == nil
		}
		for rows.Next() {
			row := rows.Row()
			if int64(row.Line) <= skip {
				continue
			}
			if err := ctx.Err(); err != nil {
				send(err)
				return
			}
			t, err := p.take(i, row)
			if err != nil {
				send(err)
				return
			}
			if now.rows = append(now.rows, t); len(now.rows) == partRows && !send(nil) {
				return
			}
		}
		send(rows.Err())
	}()
	return parts
}

func (p *Plan) take(i *warehouse.Import, row tabular.Row) (taken, error) {
	t := taken{line: int64(row.Line)}
	reject := func(r warehouse.Reject) (taken, error) {
		r.Line, r.Place, r.Cells = t.line, p.sheet.Name, texts(row)
		t.reject = &r
		return t, nil
	}
	if row.Problem != nil {
		return reject(warehouse.Reject{Code: row.Problem.Code})
	}
	r, err := p.Record(row)
	var w *wrongCell
	if errors.As(err, &w) {
		return reject(warehouse.Reject{Column: w.column, Code: w.code, Value: w.value})
	}
	if err != nil {
		return t, err
	}
	if t.record = i.Check(r); t.record.Problem != nil {
		t.cells = texts(row)
	}
	return t, nil
}

// texts are the cells as they were delivered.
func texts(row tabular.Row) []string {
	cells := make([]string, len(row.Cells))
	for k, c := range row.Cells {
		cells[k] = c.Text
	}
	return cells
}
