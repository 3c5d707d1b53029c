package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/tabular"
)

// uploadPage is a file on its way: its mapping while it is settled, its progress while it is imported.
type uploadPage struct {
	dataPage
	Href, File, Lead string
	State            tag
	// Editing shows the mapping, Moving the progress.
	Editing, Moving, Stopped bool
	Wrong                    []problem

	Keep                 string
	Unread               string // why the file cannot be read any more
	Tables, Sheets       []choice
	Encodings            []choice
	Delimiters           []choice
	HeaderLine, Currency string
	CSV                  bool
	Notes                []string
	Targets              []choice
	Columns              []columnRow
	Stages               []labelRow
	Fixed                []fixedRow
	Open                 []problem
	Ready                string // what the button brings, empty where it cannot be pressed
	Head                 []string
	Rows                 []previewRow
	Progress             *progressView
}

type columnRow struct {
	Index                int
	Name, Samples, To    string
	Note, Problem        string
	Unsure               bool
	Styles               []choice
	Ask                  bool // its style is a question
	Values               []labelRow
	ValuesText, StyleTip string
}

type labelRow struct {
	Index         int
	Text, Rows    string
	Name          string // of the field
	Choices       []choice
	Label, Holder string
}

type fixedRow struct {
	Name, Label, Value string
	Choices            []choice
}

type previewRow struct {
	Line, Problem string
	Cells         []previewCell
}

// previewCell has Open where its column is still to be settled.
type previewCell struct{ Value, Raw, Problem, Open string }

type progressView struct {
	Href, Text, Rest string
	Done, Total      string // numbers for the bar
	Waits            bool
}

// upload is the page of an upload. While it is imported, the page asks for its progress alone.
func (s *Site) upload(q *request) error {
	u, err := s.App.UploadOf(q.Context(), q.who, q.PathValue("id"), q.PathValue("upload"))
	if err != nil {
		return err
	}
	if u.State == app.UploadDone {
		key := "import_done"
		if u.Same {
			key = "import_same"
		}
		return q.to(dataBase(u.Organisation)+"/imports/"+strconv.FormatInt(u.Batch, 10), key, "")
	}
	p, err := q.uploadPage(u)
	if err != nil {
		return err
	}
	if q.fragment() && p.Moving {
		return q.parts("upload", p, "progress")
	}
	if q.fragment() { // it has ended meanwhile
		return q.to(p.Href, "", "")
	}
	if p.Editing {
		prepared, err := s.App.Prepare(q.Context(), q.who, u.Organisation, u.ID, nil)
		switch code, _ := app.CodeOf(err); {
		case code == app.Invalid:
			_, text, list := q.explain(err)
			p.Unread, p.Open = text, problemsOf(list, q.l)
		case err != nil:
			return err
		default:
			q.prepared(&p, prepared)
		}
	}
	q.page(http.StatusOK, "upload", p)
	return nil
}

func (q *request) uploadPage(u app.Upload) (uploadPage, error) {
	p := uploadPage{File: u.File, State: q.uploadState(u), Stopped: u.State == app.UploadStopped}
	p.Moving = u.State == app.UploadQueued || u.State == app.UploadRunning
	p.Editing = u.State == app.UploadOpen || u.State == app.UploadFailed
	p.Lead = q.t("data.upload.row", diag.Args{"size": q.size(u.Size), "by": u.By, "when": q.when(u.Created)})
	var err error
	if p.dataPage, err = q.dataPage("imports", u.File, "middle", crumb{"", u.File}); err != nil {
		return p, err
	}
	p.Href = p.Base + "/uploads/" + u.ID
	if u.State == app.UploadFailed && u.Err != nil {
		_, text, list := q.explain(u.Err)
		p.Wrong = append([]problem{{Class: "error", Text: text}}, problemsOf(list, q.l)...)
	}
	if p.Moving || p.Stopped {
		p.Progress = q.progress(u, p.Href)
	}
	return p, nil
}

// progress is how far an import is, and how long it will still take at the speed so far.
func (q *request) progress(u app.Upload, href string) *progressView {
	v := &progressView{Href: href, Done: strconv.FormatInt(u.Done, 10), Total: strconv.FormatInt(max(u.Total, 1), 10), Waits: u.State == app.UploadQueued}
	switch {
	case v.Waits:
		v.Text = q.t("data.progress.waits", nil)
	case u.State == app.UploadStopped:
		v.Text = q.t("data.progress.stopped", diag.Args{"rows": q.count(u.Rows)})
	default:
		v.Text = q.t("data.progress.rows", diag.Args{"rows": q.count(u.Rows)})
		took := q.s.Now().Sub(u.Started)
		if u.Done > 0 && u.Total > u.Done && took > 2*time.Second {
			rest := time.Duration(float64(took) * float64(u.Total-u.Done) / float64(u.Done))
			switch {
			case rest < time.Minute:
				v.Rest = q.t("data.progress.seconds", diag.Args{"count": int(rest.Seconds()) + 1})
			default:
				v.Rest = q.t("data.progress.minutes", diag.Args{"count": int(rest.Minutes() + 0.5)})
			}
		}
	}
	return v
}

var encodings = []string{"utf-8", "windows-1252", "utf-16le", "utf-16be"}

// delimiters by their names; the characters themselves say little.
var delimiters = []struct{ value, name string }{{";", "semicolon"}, {",", "comma"}, {"\t", "tab"}, {"|", "bar"}}

// prepared fills in what the mapping of an upload looks like.
func (q *request) prepared(p *uploadPage, u *app.Prepared) {
	m, s := u.Mapping, u.Table
	zone, err := time.LoadLocation(u.Timezone)
	if err != nil {
		zone = time.UTC
	}
	t, _ := crm.Find(m.Table)
	p.Keep = m.Name
	p.CSV, p.Currency = s.Delimiter != 0, u.Currency
	for _, name := range ingest.TableNames() {
		p.Tables = append(p.Tables, choice{name, q.table(name), name == m.Table})
	}
	if len(u.Sheets) > 1 {
		for _, name := range u.Sheets {
			p.Sheets = append(p.Sheets, choice{name, name, name == s.Name})
		}
	}
	for _, e := range encodings {
		p.Encodings = append(p.Encodings, choice{e, strings.ToUpper(e[:1]) + e[1:], e == s.Encoding})
	}
	for _, d := range delimiters {
		p.Delimiters = append(p.Delimiters, choice{d.value, q.t("data.delimiter."+d.name, nil), s.Delimiter == d.value[0]})
	}
	if s.HeaderLine > 0 {
		p.HeaderLine = strconv.Itoa(s.HeaderLine)
	}
	for _, n := range s.Notes {
		p.Notes = append(p.Notes, q.l.Message(n))
	}
	p.Targets = q.targets(m.Table)
	samples := map[string][]string{}
	for _, row := range u.Samples {
		for i, text := range row {
			if i < len(s.Columns) && text != "" && len(samples[s.Columns[i].Name]) < 3 && !slices.Contains(samples[s.Columns[i].Name], text) {
				samples[s.Columns[i].Name] = append(samples[s.Columns[i].Name], text)
			}
		}
	}
	for i := range s.Columns {
		c := &s.Columns[i]
		r := columnRow{Index: i, Name: c.Name, Unsure: slices.Contains(u.Unsure, c.Name)}
		for k, text := range samples[c.Name] {
			if k > 0 {
				r.Samples += " · "
			}
			r.Samples += short(text, 40)
		}
		var to []string
		for _, x := range m.Columns {
			if x.Header != c.Name {
				continue
			}
			to = append(to, q.column(x.To))
			if ingest.KindOf(t, x.To) == "" {
				r.Problem = q.unknown(x.To, p.Targets)
				continue
			}
			if column, ok := t.Column(x.To); ok {
				q.values(&r, x, column, u.Labels[x.Header])
			}
			q.styles(&r, x, ingest.KindOf(t, x.To), c)
		}
		r.To = strings.Join(to, ", ")
		p.Columns = append(p.Columns, r)
		for _, x := range m.Columns {
			if x.Header == c.Name && x.To == "stage" && t.Index("category") >= 0 {
				q.stages(p, m, u.Labels[x.Header])
			}
		}
	}
	q.fixed(p, m, t)
	for _, d := range u.Problems {
		if d.Severity != diag.Error {
			continue
		}
		if d.Code == "mapping_target" {
			continue // said at the column
		}
		p.Open = append(p.Open, q.problem(d))
	}
	if u.Fits && u.State != app.UploadRunning {
		p.Ready = q.t("data.map.start", nil)
	}
	for _, x := range m.Columns {
		p.Head = append(p.Head, q.column(x.To))
	}
	for _, r := range u.Preview {
		p.Rows = append(p.Rows, q.previewRow(r, m, zone))
	}
}

// problem says what a mapping lacks, in the words of the page.
func (q *request) problem(d diag.Diagnostic) problem {
	args := diag.Args{"stages": d.Args["name"] == "category"}
	for k, v := range d.Args {
		args[k] = v
	}
	if name, ok := args["name"].(string); ok && (d.Code == "mapping_needed" || d.Code == "mapping_twice") {
		args["name"] = "“" + q.column(name) + "”"
		if q.l.Lang() == "de" {
			args["name"] = "„" + q.column(name) + "“"
		}
	}
	if table, ok := args["table"].(string); ok {
		args["table"] = q.table(table)
	}
	if to, ok := args["to"].(string); ok {
		args["to"] = q.column(to)
	}
	p := problem{Class: "error", Text: q.l.Message(d)}
	if key := "data.problem." + d.Code; q.l.Has(key) {
		p.Text = q.t(key, args)
	}
	return p
}

// unknown says that no column is called so.
func (q *request) unknown(text string, targets []choice) string {
	var words []string
	for _, c := range targets {
		words = append(words, c.Value)
	}
	return q.t("data.problem.target", diag.Args{"value": short(text, 60), "nearest": quantity.Nearest(text, words)})
}

// styles are the ways to read a column.
func (q *request) styles(r *columnRow, x ingest.Column, kind crm.Kind, c *tabular.Column) {
	names := ingest.StylesFor(kind, c)
	if len(names) == 0 || len(x.Values) > 0 {
		return
	}
	question := c.Question
	style := c.Style
	if kind == crm.Share {
		style, question = c.AsPercent()
	}
	first := choice{Value: "", Text: q.t("data.style.assumed", diag.Args{"style": q.style(ingest.StyleName(style))}), Selected: x.Style == ""}
	if question != nil {
		first.Text = q.t("data.style.choose", nil)
		r.Ask = x.Style == ""
		if r.Ask {
			r.Problem = q.t("data.problem.mapping_open", diag.Args{"header": c.Name})
		}
	}
	r.Styles = []choice{first}
	for _, name := range names {
		text := q.style(name)
		if question != nil {
			for _, reading := range question.Readings {
				if ingest.StyleName(reading.Style) == name && len(reading.Examples) > 0 {
					text += " (" + reading.Examples[0].Text + " → " + reading.Examples[0].Meaning + ")"
				}
			}
		}
		r.Styles = append(r.Styles, choice{name, text, x.Style == name})
	}
}

func (q *request) style(name string) string {
	key := "data.style." + strings.NewReplacer(" ", "_", "/", "_").Replace(name)
	if name == "" || !q.l.Has(key) {
		return q.t("data.style.other", nil)
	}
	return q.t(key, nil)
}

// values asks what the texts of a column mean that has choices.
func (q *request) values(r *columnRow, x ingest.Column, c crm.Column, labels []ingest.Label) {
	var choices []string
	prefix := "crm.choice."
	switch c.Kind {
	case crm.Choice:
		choices = c.Choices
	case crm.Flag:
		choices, prefix = []string{"1", "0"}, "data.flag."
	default:
		return
	}
	r.ValuesText = q.t("data.map.values", diag.Args{"header": x.Header})
	for k, l := range labels {
		row := labelRow{Index: k, Text: l.Text, Rows: q.t("data.map.rows", diag.Args{"count": l.Rows}), Name: "value." + strconv.Itoa(r.Index) + "." + strconv.Itoa(k), Holder: "label." + strconv.Itoa(r.Index) + "." + strconv.Itoa(k)}
		row.Label = q.t("data.map.means", diag.Args{"label": l.Text})
		now := x.Values[l.Text]
		if now == "" && len(x.Values) == 0 && slices.Contains(choices, strings.ToLower(l.Text)) {
			now = strings.ToLower(l.Text)
		}
		row.Choices = []choice{{"", q.t("data.map.unassigned", nil), now == ""}}
		for _, v := range choices {
			row.Choices = append(row.Choices, choice{v, q.word(prefix, v), v == now})
		}
		r.Values = append(r.Values, row)
	}
}

// stages asks which stage is won and which lost: nobody guesses that.
func (q *request) stages(p *uploadPage, m *ingest.Mapping, labels []ingest.Label) {
	for k, l := range labels {
		row := labelRow{Index: k, Text: l.Text, Rows: q.t("data.map.rows", diag.Args{"count": l.Rows}), Name: "stage." + strconv.Itoa(k), Holder: "stagelabel." + strconv.Itoa(k)}
		row.Label = q.t("data.map.means", diag.Args{"label": l.Text})
		row.Choices = []choice{{"", q.t("data.map.unassigned", nil), m.Stages[l.Text] == ""}}
		for _, v := range []string{crm.Open, crm.Won, crm.Lost, crm.Void} {
			row.Choices = append(row.Choices, choice{v, q.word("crm.choice.", v), m.Stages[l.Text] == v})
		}
		p.Stages = append(p.Stages, row)
	}
}

// fixed asks for what no column of the file says and every record needs.
func (q *request) fixed(p *uploadPage, m *ingest.Mapping, t crm.Table) {
	for _, c := range t.Columns {
		value, have := m.Fixed[c.Name]
		filled := slices.ContainsFunc(m.Columns, func(x ingest.Column) bool {
			return x.To == c.Name || c.Name == "category" && x.To == "stage"
		})
		if c.Kind != crm.Choice || !have && (!c.Needed || filled) {
			continue
		}
		f := fixedRow{Name: "fixed." + c.Name, Label: q.column(c.Name), Value: value, Choices: []choice{{"", q.t("data.map.unassigned", nil), value == ""}}}
		for _, v := range c.Choices {
			f.Choices = append(f.Choices, choice{v, q.word("crm.choice.", v), v == value})
		}
		p.Fixed = append(p.Fixed, f)
	}
}

func (q *request) previewRow(r ingest.Previewed, m *ingest.Mapping, zone *time.Location) previewRow {
	row := previewRow{Line: strconv.Itoa(r.Line)}
	if r.Problem.Code != "" {
		row.Problem = q.reason(r.Problem)
	}
	for i, c := range r.Cells {
		cell := previewCell{Value: short(q.value(c, zone), 60), Raw: short(c.Text, 60)}
		switch {
		case c.Code == ingest.Unsettled:
			cell.Value, cell.Open = "", q.t("data.map.unsettled", nil)
		case c.Code != "":
			reject := r.Problem
			reject.Column, reject.Code, reject.Value = m.Columns[i].To, c.Code, c.Text
			cell.Value, cell.Problem = "", q.reason(reject)
		case c.To == "stage" && r.Category != "":
			cell.Value += " (" + q.word("crm.choice.", r.Category) + ")"
		}
		if cell.Raw == cell.Value {
			cell.Raw = ""
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// mapUpload takes the form of the mapping.
func (s *Site) mapUpload(q *request) error {
	prepared, err := s.App.Prepare(q.Context(), q.who, q.PathValue("id"), q.PathValue("upload"), q.mapping)
	if err != nil {
		return err
	}
	p, err := q.uploadPage(prepared.Upload)
	if err != nil {
		return err
	}
	q.prepared(&p, prepared)
	if q.fragment() {
		return q.parts("upload", p, "mapping")
	}
	return q.to(p.Href, "", "")
}

// mapping puts the fields of the form into an upload. Where the file is to be read in another way, or goes into another
// table, the columns of the form are those of before, and left alone.
func (q *request) mapping(u *app.Upload, s *tabular.Sheet) error {
	reading := u.Reading
	if q.PostForm.Has("encoding") && q.FormValue("encoding") != s.Encoding {
		reading.Encoding = q.FormValue("encoding")
	}
	if d := q.PostForm.Get("delimiter"); d != "" && d[0] != s.Delimiter {
		reading.Delimiter = d
	}
	if q.PostForm.Has("header") {
		line, err := strconv.Atoi(strings.TrimSpace(q.FormValue("header")))
		switch {
		case strings.TrimSpace(q.FormValue("header")) == "":
			line = -1
		case err != nil || line < 1:
			return &app.Error{Code: app.Invalid, Key: "data.error.header_line"}
		}
		if line != s.HeaderLine && (line > 0 || s.HeaderLine > 0) {
			reading.HeaderLine = line
		}
	}
	if name := q.FormValue("sheet"); name != "" && name != s.Name {
		u.Sheet = name
		return nil
	}
	if reading != u.Reading {
		u.Reading = reading
		return nil
	}
	if table := q.FormValue("table"); table != "" && table != u.Mapping.Table {
		if _, ok := crm.Find(table); !ok {
			return &app.Error{Code: app.Invalid, Key: "web.error.request"}
		}
		u.Mapping.Table = table
		return nil
	}
	u.Mapping.Columns = q.columns(u.Mapping, s)
	u.Mapping.Stages, u.Mapping.Fixed = map[string]string{}, map[string]string{}
	for k := 0; q.PostForm.Has("stagelabel." + strconv.Itoa(k)); k++ {
		if v := q.FormValue("stage." + strconv.Itoa(k)); v != "" && slices.ContainsFunc(u.Mapping.Columns, func(c ingest.Column) bool { return c.To == "stage" }) {
			u.Mapping.Stages[q.FormValue("stagelabel."+strconv.Itoa(k))] = v
		}
	}
	for name := range q.PostForm {
		if to, ok := strings.CutPrefix(name, "fixed."); ok && q.FormValue(name) != "" {
			u.Mapping.Fixed[to] = q.FormValue(name)
		}
	}
	return nil
}

// columns are the columns of the form.
func (q *request) columns(m *ingest.Mapping, s *tabular.Sheet) (list []ingest.Column) {
	targets := q.targets(m.Table)
	t, _ := crm.Find(m.Table)
	for i := range s.Columns {
		n := strconv.Itoa(i)
		for part := range strings.SplitSeq(q.FormValue("to."+n), ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			c := ingest.Column{Header: s.Columns[i].Name, To: target(part, targets)}
			kind := ingest.KindOf(t, c.To)
			if style := q.FormValue("style." + n); slices.Contains(ingest.StylesFor(kind, &s.Columns[i]), style) {
				c.Style = style
			}
			if kind == crm.Choice || kind == crm.Flag {
				for k := 0; q.PostForm.Has("label." + n + "." + strconv.Itoa(k)); k++ {
					if v := q.FormValue("value." + n + "." + strconv.Itoa(k)); v != "" {
						if c.Values == nil {
							c.Values = map[string]string{}
						}
						c.Values[q.FormValue("label."+n+"."+strconv.Itoa(k))] = v
					}
				}
			}
			list = append(list, c)
		}
	}
	return list
}

// startImport takes the form as it stands and begins.
func (s *Site) startImport(q *request) error {
	org, id := q.PathValue("id"), q.PathValue("upload")
	if q.PostForm.Has("table") {
		if _, err := s.App.Prepare(q.Context(), q.who, org, id, q.mapping); err != nil {
			return err
		}
	}
	err := s.App.StartImport(q.Context(), q.who, org, id, q.FormValue("keep"))
	var e *app.Error
	if errors.As(err, &e) && e.Key == "data.error.mapping" {
		return q.to(dataBase(org)+"/uploads/"+id, "mapping_open", "") // which says what is open
	}
	if err != nil {
		return err
	}
	return q.to(dataBase(org)+"/uploads/"+id, "", "")
}

func (s *Site) stopImport(q *request) error {
	if err := s.App.StopImport(q.Context(), q.who, q.PathValue("id"), q.PathValue("upload")); err != nil {
		return err
	}
	return q.to(dataBase(q.PathValue("id"))+"/uploads/"+q.PathValue("upload"), "", "")
}

func (s *Site) dropUpload(q *request) error {
	if err := s.App.DropUpload(q.Context(), q.who, q.PathValue("id"), q.PathValue("upload")); err != nil {
		return err
	}
	return q.to(dataBase(q.PathValue("id")), "removed", "")
}

// uploadMapping sends the mapping of an upload as the file of the command line.
func (s *Site) uploadMapping(q *request) error {
	u, err := s.App.UploadOf(q.Context(), q.who, q.PathValue("id"), q.PathValue("upload"))
	if err != nil {
		return err
	}
	text, err := s.App.MappingFile(q.Context(), q.who, u.Organisation, u.ID)
	if err != nil {
		return err
	}
	return q.yaml(u.Mapping.Name, text)
}

// takeMapping takes a mapping file for an upload.
func (s *Site) takeMapping(q *request) error {
	file, head, err := q.FormFile("file")
	if err != nil {
		return wrong("data.error.no_file", nil)
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	if _, err := s.App.UseMapping(q.Context(), q.who, q.PathValue("id"), q.PathValue("upload"), head.Filename, text); err != nil {
		return err
	}
	return q.to(dataBase(q.PathValue("id"))+"/uploads/"+q.PathValue("upload"), "mapping_taken", "")
}
