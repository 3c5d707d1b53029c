package web

import (
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// dataPage is what all pages about the data of an organisation's CRM have. A section more is a line of sections, a route,
// a handler and a template.
type dataPage struct {
	frame
	Org, Name, Base      string
	CanImport, CanRemove bool
	Tabs, Others         []link
}

// sections are the parts of those pages, with who may see them.
var sections = []struct {
	id, path string
	needs    auth.Operation
}{
	{"imports", "", auth.DataImport},
	{"figures", "/figures", auth.DataRead},
}

// dataBase is where the pages about the data of an organisation are.
func dataBase(org string) string { return "/organisations/" + org + "/data" }

// dataHome leads to the data of the organisation that somebody means: to the first section that is open to them.
func (s *Site) dataHome(q *request) error {
	org, err := s.App.Home(q.Context(), q.who, q.FormValue("org"))
	if err != nil {
		return err
	}
	return q.to(q.firstSection(org), "", "")
}

func (q *request) firstSection(org string) string {
	for _, s := range sections {
		if auth.Allowed(q.who.Actor, s.needs, auth.Facts{Organisation: org}) == nil {
			return dataBase(org) + s.path
		}
	}
	return dataBase(org)
}

// dataPage begins a page of a section; the operations themselves ask who may.
func (q *request) dataPage(section, title, width string, trail ...crumb) (dataPage, error) {
	org := q.PathValue("id")
	all, err := q.s.App.Organisations(q.Context(), q.who)
	if err != nil {
		return dataPage{}, err
	}
	may := func(op auth.Operation) bool {
		return auth.Allowed(q.who.Actor, op, auth.Facts{Organisation: org}) == nil
	}
	p := dataPage{Org: org, Base: dataBase(org), CanImport: may(auth.DataImport), CanRemove: may(auth.DataRemove)}
	for _, o := range all {
		if o.ID == org {
			p.Name = o.Name
		}
		if len(all) > 1 {
			p.Others = append(p.Others, link{Href: q.firstSection(o.ID), Label: o.Name, Current: o.ID == org})
		}
	}
	for _, s := range sections {
		if may(s.needs) {
			p.Tabs = append(p.Tabs, link{Href: p.Base + s.path, Label: q.t("data.tab."+s.id, nil), Current: s.id == section})
		}
	}
	p.frame = q.frame(title, width)
	p.Crumbs = []crumb{{"/?org=" + url.QueryEscape(org), p.Name}}
	if len(trail) == 0 {
		p.Crumbs = append(p.Crumbs, crumb{"", q.t("data.title", nil)})
	} else {
		p.Crumbs = append(append(p.Crumbs, crumb{q.firstSection(org), q.t("data.title", nil)}), trail...)
	}
	return p, nil
}

type importsPage struct {
	dataPage
	Limit, TooBig              string
	Most                       int64
	Source, Timezone, Currency string
	Names, Zones               []string
	Uploads                    []uploadRow
	Imports                    []importRow
	Mappings                   []mappingRow
	Sources                    []sourceRow
}

type uploadRow struct {
	Href, File, Text string
	State            tag
}

type importRow struct {
	Href, File, When, Table, Source, Read, Inserted, Updated, Unchanged, Rejected string
	Resume                                                                        string
	State                                                                         tag
}

type mappingRow struct{ Name, Text, File string }

type sourceRow struct {
	ID         int64
	Name, Text string
}

const importsShown = 50

// dataImports is the page of imports.
func (s *Site) dataImports(q *request) error {
	org := q.PathValue("id")
	uploads, err := s.App.Uploads(q.Context(), q.who, org)
	if err != nil {
		return err
	}
	p := importsPage{Limit: q.size(s.App.DataLimits().File), Most: s.App.DataLimits().File, Timezone: q.zone(), Currency: "EUR", Zones: []string{"Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "UTC"}}
	if p.dataPage, err = q.dataPage("imports", q.t("data.title", nil), "middle"); err != nil {
		return err
	}
	p.TooBig = q.t("data.error.upload_big", diag.Args{"size": int(p.Most >> 20)})
	for _, u := range uploads {
		p.Uploads = append(p.Uploads, uploadRow{p.Base + "/uploads/" + u.ID, u.File, q.t("data.upload.row", diag.Args{"size": q.size(u.Size), "by": u.By, "when": q.when(u.Created)}), q.uploadState(u)})
	}
	list, err := s.App.Imports(q.Context(), q.who, org, importsShown)
	if err != nil {
		return err
	}
	for _, b := range list {
		p.Imports = append(p.Imports, q.importRow(p.Base, b))
	}
	mappings, err := s.App.Mappings(q.Context(), q.who, org)
	if err != nil {
		return err
	}
	for _, m := range mappings {
		p.Mappings = append(p.Mappings, mappingRow{m.Name, q.t("data.mapping.row", diag.Args{"table": q.table(m.Table), "when": q.when(m.Updated)}), p.Base + "/mapping.yaml?name=" + url.QueryEscape(m.Name)})
	}
	sources, err := s.App.Sources(q.Context(), q.who, org)
	if err != nil {
		return err
	}
	for _, x := range sources {
		p.Names = append(p.Names, x.Name)
		p.Sources = append(p.Sources, sourceRow{x.ID, x.Name, q.t("data.source.row", diag.Args{"zone": x.Timezone, "currency": x.Currency, "when": q.when(x.Created)})})
	}
	if p.Source = "CRM"; len(p.Names) > 0 {
		p.Source = p.Names[0]
	}
	q.page(http.StatusOK, "data", p)
	return nil
}

// zone is the time zone of most who speak a language here; others say theirs.
func (q *request) zone() string {
	if q.l.Lang() == locale.German {
		return "Europe/Berlin"
	}
	return "UTC"
}

// size writes a number of bytes.
func (q *request) size(n int64) string {
	switch {
	case n >= 1<<30:
		return q.l.Number(float64(n)/(1<<30), digitsOf(float64(n)/(1<<30), 1)) + "\u00a0GB"
	case n >= 1<<20:
		return q.l.Number(float64(n)/(1<<20), digitsOf(float64(n)/(1<<20), 1)) + "\u00a0MB"
	}
	return q.l.Number(float64(max(1, (n+1023)/1024)), 0) + "\u00a0KB"
}

func (q *request) count(n int64) string { return q.l.Number(float64(n), 0) }

// table is a canonical table in words.
func (q *request) table(name string) string { return q.word("crm.table.", name) }

// column is a canonical column in words.
func (q *request) column(name string) string { return q.word("crm.column.", name) }

func (q *request) word(prefix, name string) string {
	if q.l.Has(prefix + name) {
		return q.t(prefix+name, nil)
	}
	return name
}

func (q *request) uploadState(u app.Upload) tag {
	class := map[app.UploadState]string{app.UploadFailed: "bad", app.UploadStopped: "note", app.UploadDone: "good"}[u.State]
	return tag{Text: q.t("data.upload.state."+string(u.State), nil), Class: class}
}

func (q *request) importRow(base string, b app.Import) importRow {
	r := importRow{Href: base + "/imports/" + strconv.FormatInt(b.ID, 10), File: b.File, When: q.when(b.Started), Table: q.table(b.Table), Source: b.SourceName,
		Read: q.count(b.Read), Inserted: q.count(b.Inserted), Updated: q.count(b.Updated), Unchanged: q.count(b.Unchanged), Rejected: q.count(b.Rejected)}
	r.State = tag{Text: q.t("data.import.state."+string(b.State), nil), Class: map[warehouse.State]string{warehouse.Done: "good", warehouse.Running: "note"}[b.State]}
	if b.Upload != "" {
		r.Resume = base + "/uploads/" + b.Upload
	}
	return r
}

// addUpload takes a file. The form is read as it comes: fields first, then the file, which may be larger than memory.
func (s *Site) addUpload(q *request) error {
	broken := &app.Error{Code: app.Invalid, Key: "web.error.request"}
	if err := auth.Allowed(q.who.Actor, auth.DataImport, auth.Facts{Organisation: q.PathValue("id")}); err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(q.Request.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return broken
	}
	form, err := q.MultipartReader()
	if err != nil {
		return broken
	}
	n := app.NewUpload{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return &app.Error{Code: app.Invalid, Key: "data.error.no_file"}
		}
		if err != nil {
			return broken
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return &app.Error{Code: app.Invalid, Key: "data.error.no_file"}
			}
			n.File = part.FileName()
			u, err := s.App.AddUpload(q.Context(), q.who, q.PathValue("id"), n, part)
			var tooBig *http.MaxBytesError
			if errors.As(err, &tooBig) {
				return &app.Error{Code: app.Limit, Key: "data.error.upload_big", Args: diag.Args{"size": int(s.App.DataLimits().File >> 20)}}
			}
			if err != nil {
				return err
			}
			return q.to(dataBase(q.PathValue("id"))+"/uploads/"+u.ID, "", "")
		}
		value, err := io.ReadAll(io.LimitReader(part, 1000))
		if err != nil {
			return broken
		}
		switch text := strings.TrimSpace(string(value)); part.FormName() {
		case "source":
			n.Source = text
		case "timezone":
			n.Timezone = text
		case "currency":
			n.Currency = text
		case "like":
			n.Like, _ = strconv.ParseInt(text, 10, 64)
		}
	}
}

type importPage struct {
	dataPage
	importRow
	Heading, Sum      string
	ID                int64
	Figures           []figureView
	Rejects           []rejectRow
	More              string
	CanTakeBack, Mend bool
	Broken            bool // it stopped, and its file is gone
}

type figureView struct{ Label, Value, Note string }

type rejectRow struct{ Line, Place, Column, Value, Reason, Cells string }

const rejectsShown = 50

// dataImport is what became of an import.
func (s *Site) dataImport(q *request) error {
	org := q.PathValue("id")
	id, _ := strconv.ParseInt(q.PathValue("import"), 10, 64)
	b, err := s.App.ImportOf(q.Context(), q.who, org, id)
	if err != nil {
		return err
	}
	line, _ := strconv.ParseInt(q.FormValue("line"), 10, 64)
	rejects, err := s.App.Rejects(q.Context(), q.who, org, id, line, q.FormValue("column"), rejectsShown+1)
	if err != nil {
		return err
	}
	p := importPage{ID: id, Heading: b.File}
	if p.dataPage, err = q.dataPage("imports", b.File, "middle", crumb{"", b.File}); err != nil {
		return err
	}
	p.importRow = q.importRow(p.Base, b)
	p.CanTakeBack = p.CanRemove && b.State != warehouse.TakenBack
	p.Mend = b.Rejected > 0 && b.State == warehouse.Done
	p.Broken = b.State == warehouse.Running && b.Upload == ""
	p.Figures = []figureView{{q.t("data.count.read", nil), p.Read, ""}, {q.t("data.count.inserted", nil), p.Inserted, ""}, {q.t("data.count.updated", nil), p.Updated, ""},
		{q.t("data.count.unchanged", nil), p.Unchanged, ""}, {q.t("data.count.rejected", nil), p.Rejected, ""}}
	p.Sum = q.t("data.import.sum", diag.Args{"read": p.Read, "inserted": p.Inserted, "updated": p.Updated, "unchanged": p.Unchanged, "rejected": p.Rejected})
	if len(rejects) > rejectsShown {
		rejects = rejects[:rejectsShown]
		last := rejects[rejectsShown-1]
		p.More = p.Href + "?" + url.Values{"line": {strconv.FormatInt(last.Line, 10)}, "column": {last.Column}}.Encode()
	}
	for _, r := range rejects {
		p.Rejects = append(p.Rejects, rejectRow{strconv.FormatInt(r.Line, 10), r.Place, q.column(r.Column), short(r.Value, 60), q.reason(r), short(strings.Join(r.Cells, " · "), 160)})
	}
	q.page(http.StatusOK, "import", p)
	return nil
}

// reason says why a row or a cell was not taken, with the column in words.
func (q *request) reason(r warehouse.Reject) string {
	r.Column, r.Value = q.column(r.Column), short(r.Value, 60)
	if key := "data.reason." + r.Code; q.l.Has(key) { // the other one names what a mapping file has
		return q.t(key, diag.Args{"value": r.Value})
	}
	return ingest.Reason(r, q.l)
}

func short(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// rejectsFile sends the rows that were not taken as CSV.
func (s *Site) rejectsFile(q *request) error {
	id, _ := strconv.ParseInt(q.PathValue("import"), 10, 64)
	return s.App.WriteRejects(q.Context(), q.who, q.PathValue("id"), id, q.ResponseWriter, q.l, func(b app.Import) {
		h := q.ResponseWriter.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		name, _, _ := strings.Cut(b.File, ".")
		h.Set("Content-Disposition", `attachment; filename="`+cmp.Or(identifier(name), "import")+"_"+q.t("data.rejects.file", nil)+`.csv"`)
	})
}

func (s *Site) takeBack(q *request) error {
	id, _ := strconv.ParseInt(q.PathValue("import"), 10, 64)
	if err := s.App.TakeBack(q.Context(), q.who, q.PathValue("id"), id); err != nil {
		return err
	}
	return q.to(dataBase(q.PathValue("id")), "taken_back", "")
}

func (s *Site) removeSource(q *request) error {
	id, _ := strconv.ParseInt(q.FormValue("source"), 10, 64)
	if err := s.App.RemoveSource(q.Context(), q.who, q.PathValue("id"), id); err != nil {
		return err
	}
	return q.to(dataBase(q.PathValue("id")), "removed", "")
}

// mappingFile sends a mapping that the organisation keeps as the file of the command line.
func (s *Site) mappingFile(q *request) error {
	m, err := s.App.MappingOf(q.Context(), q.who, q.PathValue("id"), q.FormValue("name"))
	if err != nil {
		return err
	}
	return q.yaml(m.Name, []byte(m.Text))
}

func (q *request) yaml(name string, text []byte) error {
	h := q.ResponseWriter.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+cmp.Or(identifier(name), "mapping")+`.mapping.yaml"`)
	_, err := q.ResponseWriter.Write(text)
	return err
}

func (s *Site) removeMapping(q *request) error {
	if err := s.App.RemoveMapping(q.Context(), q.who, q.PathValue("id"), q.FormValue("name")); err != nil {
		return err
	}
	return q.to(dataBase(q.PathValue("id")), "removed", "")
}

// value is a cell's value in words.
func (q *request) value(c ingest.Taken, zone *time.Location) string {
	switch v := c.Value.(type) {
	case nil:
		return ""
	case string:
		if c.Kind == crm.Choice {
			return q.word("crm.choice.", v)
		}
		return v
	case float64:
		return q.l.Percent(v, digitsOf(v*100, 2))
	case int64:
		switch c.Kind {
		case crm.Instant:
			return q.l.Moment(time.UnixMicro(v).In(zone))
		case crm.Day:
			return q.l.Date(crm.DayTime(v))
		case crm.Money:
			if c.Currency == "" {
				return q.l.Number(float64(v)/10_000, digitsOf(float64(v)/10_000, 2))
			}
			return q.l.Money(float64(v)/10_000, c.Currency, 2)
		case crm.Flag:
			return q.t(map[bool]string{true: "data.yes", false: "data.no"}[v != 0], nil)
		default:
			return q.count(v)
		}
	}
	return ""
}

// digitsOf is how many digits after the separator a number needs, at most so many.
func digitsOf(v float64, most int) int {
	s := strconv.FormatFloat(v, 'f', most, 64)
	return len(strings.TrimRight(s[strings.IndexByte(s, '.')+1:], "0"))
}

// targets are the columns of a table that a file may fill, as choices: the word and the name.
func (q *request) targets(table string) []choice {
	t, ok := crm.Find(table)
	if !ok {
		return nil
	}
	var all []choice
	add := func(name string) { all = append(all, choice{Value: q.column(name), Text: name}) }
	for _, c := range ingest.Common[:1] {
		add(c)
	}
	for _, c := range t.Columns {
		if c.Kind != crm.Month {
			add(c.Name)
		}
	}
	for _, c := range ingest.Common[1:] {
		add(c)
	}
	return all
}

// target is the column that somebody means by its word or its name; what is neither stays as it is, and is told to be none.
func target(text string, targets []choice) string {
	for _, c := range targets {
		if strings.EqualFold(text, c.Value) || strings.EqualFold(text, c.Text) {
			return c.Text
		}
	}
	return text
}
