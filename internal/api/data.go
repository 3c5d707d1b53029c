package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Source is a CRM, or files of one.
type Source struct {
	ID       int64     `json:"id" doc:"Number of the source." example:"1"`
	Name     string    `json:"name" doc:"What it is called." example:"Tryton"`
	Kind     string    `json:"kind" doc:"file, or the connector's kind." example:"file"`
	Timezone string    `json:"timezone" doc:"Time zone of the business: days are derived in it." example:"Europe/Berlin"`
	Currency string    `json:"currency" doc:"ISO 4217." example:"EUR"`
	Created  time.Time `json:"created" doc:"When it was made."`
}

// Upload is a file on its way.
type Upload struct {
	ID       string    `json:"id" doc:"Identifier." example:"HVG6XTB5Y3QWQ6ZJY4KDR2RV5N"`
	File     string    `json:"file" doc:"Name of the file." example:"deals.csv"`
	Size     int64     `json:"size" doc:"Its bytes." example:"48213"`
	By       string    `json:"by" doc:"Who uploaded it." example:"Anna Müller"`
	Created  time.Time `json:"created" doc:"When it was uploaded."`
	Source   string    `json:"source" doc:"Name of the source that it goes into." example:"Tryton"`
	Timezone string    `json:"timezone" doc:"Time zone of the source." example:"Europe/Berlin"`
	Currency string    `json:"currency" doc:"Currency of amounts that name none, ISO 4217." example:"EUR"`
	State    string    `json:"state" enum:"open,queued,running,stopped,failed,done" doc:"open: the mapping is being settled. stopped: it was cancelled, or the program ended, and can be resumed. done: its file is gone." example:"open"`
	Mapping  string    `json:"mapping" doc:"What its columns are, as the YAML of rendite import." example:"mapping: Deals\ntable: opportunity\ncolumns:\n  ID: id\n"`
	Done     int64     `json:"done" doc:"How much of total has been read."`
	Total    int64     `json:"total" doc:"Size in what the file counts."`
	Rows     int64     `json:"rows" doc:"Rows read so far."`
	Import   int64     `json:"import,omitempty" doc:"Number of the import once it has ended or stopped." example:"3"`
	Same     bool      `json:"same" doc:"Whether the file had been imported before with this mapping; nothing has changed then."`
	Failure  string    `json:"failure,omitempty" doc:"Why it failed, in the language of Accept-Language."`
}

// Proposal is an upload whose mapping is being settled.
type Proposal struct {
	Upload
	Fits     bool           `json:"fits" doc:"Whether the import can begin."`
	Problems []Mistake      `json:"problems" doc:"Why not: what is missing, and what a column leaves open."`
	Columns  []UploadColumn `json:"columns" doc:"The columns of the file."`
	Preview  []UploadRow    `json:"preview" doc:"The first rows as they would be taken."`
}

// UploadColumn is a column of an uploaded file.
type UploadColumn struct {
	Name   string        `json:"name" doc:"Its name, as mappings have it." example:"Betrag"`
	To     []string      `json:"to" doc:"The canonical columns that it fills; none is left out."`
	Unsure bool          `json:"unsure" doc:"Whether its meaning was taken from a name that was never seen in such an export."`
	Styles []string      `json:"styles" doc:"Answers to how it is written, for style in a mapping."`
	Labels []ColumnLabel `json:"labels" doc:"Its different texts, where the mapping says what they mean."`
}

// ColumnLabel is a text of a column.
type ColumnLabel struct {
	Text string `json:"text" doc:"The text." example:"Gewonnen"`
	Rows int    `json:"rows" doc:"In how many of the first rows it stands." example:"120"`
}

// UploadRow is a row of a preview.
type UploadRow struct {
	Line  int          `json:"line" doc:"Line of the file, from 1." example:"2"`
	Cells []UploadCell `json:"cells" doc:"Its cells, by the columns of the mapping."`
}

// UploadCell is a cell as it would be taken.
type UploadCell struct {
	To   string `json:"to" doc:"The canonical column." example:"amount"`
	Text string `json:"text" doc:"What the file has." example:"1.200,50"`
	// Value is written for programs.
	Value   string `json:"value,omitempty" doc:"What would be taken: a day as 2025-04-03, a moment in UTC, an amount with a decimal point; left out where nothing would." example:"1200.50"`
	Problem string `json:"problem,omitempty" doc:"Why it cannot be taken, in the language of Accept-Language."`
}

// Import is one import into one table. read = inserted + updated + unchanged + rejected.
type Import struct {
	ID        int64      `json:"id" doc:"Number of the import." example:"3"`
	Source    string     `json:"source" doc:"Name of the source." example:"Tryton"`
	Table     string     `json:"table" doc:"The canonical table." example:"opportunity"`
	File      string     `json:"file" doc:"Name of the file." example:"deals.csv"`
	State     string     `json:"state" enum:"running,done,taken_back" doc:"running: or broken off; then it can be resumed." example:"done"`
	Started   time.Time  `json:"started" doc:"When it began."`
	Finished  *time.Time `json:"finished,omitempty" doc:"When it ended; left out before."`
	Read      int64      `json:"read" doc:"Rows read: the sum of the four below." example:"200"`
	Inserted  int64      `json:"inserted" doc:"New records." example:"150"`
	Updated   int64      `json:"updated" doc:"Changed records." example:"30"`
	Unchanged int64      `json:"unchanged" doc:"Records that were there alike." example:"19"`
	Rejected  int64      `json:"rejected" doc:"Rows that were not taken." example:"1"`
	Upload    string     `json:"upload,omitempty" doc:"The upload that it is made from, where that is still there."`
}

// Rejected is a row that was not taken.
type Rejected struct {
	Line   int64    `json:"line" doc:"Line of the file, from 1." example:"5"`
	Place  string   `json:"place" doc:"Sheet, or name of the file." example:"deals"`
	Column string   `json:"column" doc:"The canonical column that is wrong; empty for the row as a whole." example:"amount"`
	Code   string   `json:"code" doc:"What is wrong, for programs." example:"cell_money"`
	Reason string   `json:"reason" doc:"What is wrong, in the language of Accept-Language." example:"“much” is no amount as the column writes them."`
	Value  string   `json:"value" doc:"What stands there." example:"much"`
	Cells  []string `json:"cells" doc:"The row as the file has it."`
}

// KeptMapping is a mapping that an organisation keeps.
type KeptMapping struct {
	Name    string    `json:"name" doc:"Its name." example:"Salesforce, deals"`
	Table   string    `json:"table" doc:"The canonical table." example:"opportunity"`
	Text    string    `json:"text" doc:"The mapping as the YAML of rendite import." example:"mapping: Deals\ntable: opportunity\ncolumns:\n  ID: id\n"`
	Updated time.Time `json:"updated" doc:"When it was kept."`
}

// KeyFigures are key figures of a source.
type KeyFigures struct {
	Source int64       `json:"source" doc:"Number of the source." example:"1"`
	First  string      `json:"first,omitempty" doc:"First month, YYYY-MM; left out where there are no data." example:"2025-01"`
	Last   string      `json:"last,omitempty" doc:"Last month, YYYY-MM; left out where there are no data." example:"2026-10"`
	From   string      `json:"data_from,omitempty" doc:"First month of the data, YYYY-MM." example:"2024-03"`
	Until  string      `json:"data_until,omitempty" doc:"Day up to which the data reach, on which open deals are as old as they are." example:"2026-10-31"`
	Series []KeyFigure `json:"series" doc:"The key figures asked for."`
}

// KeyFigure is a key figure by team and month.
type KeyFigure struct {
	ID      string       `json:"id" doc:"Which one." example:"win_rate"`
	Name    string       `json:"name" doc:"Its name, in the language of Accept-Language." example:"Win rate"`
	Text    string       `json:"text" doc:"What it says, how it is computed and what biases it."`
	Unit    string       `json:"unit" doc:"number, share (1 is 100 %), money and money/day in the currency of the source, days, minutes." example:"share"`
	Derived bool         `json:"derived" doc:"Whether there are no log-ins and changes stand for them."`
	SQL     string       `json:"sql" doc:"The text that has counted it."`
	Teams   []FigureTeam `json:"teams" doc:"All teams together first; teams of fewer than five persons are merged."`
}

// FigureTeam are the months of a team.
type FigureTeam struct {
	Team   string        `json:"team" doc:"Name of the team; empty for all together, * for the merged ones." example:""`
	Months []FigureMonth `json:"months" doc:"Month by month."`
}

// FigureMonth is a value.
type FigureMonth struct {
	Month       string   `json:"month" doc:"YYYY-MM." example:"2026-04"`
	Value       *float64 `json:"value" doc:"The value; null where nothing can be said." example:"0.42"`
	Low         *float64 `json:"low" doc:"Lower end of the 95 % interval; null where none is known." example:"0.31"`
	High        *float64 `json:"high" doc:"Upper end of the 95 % interval; null where none is known." example:"0.54"`
	Records     int64    `json:"records" doc:"Number of records." example:"64"`
	Numerator   float64  `json:"numerator" doc:"What was counted or added up; 0 for medians." example:"27"`
	Denominator float64  `json:"denominator" doc:"What it is divided by; 0 where it is not." example:"64"`
	Reason      string   `json:"reason,omitempty" enum:"none,few,history,immature,waiting,no_interval,undefined" doc:"Why the value or its interval is missing."`
}

// InUpload names an upload.
type InUpload struct {
	InOrganisation
	Upload string `path:"upload" maxLength:"100" doc:"Identifier of the upload."`
}

// InImport names an import.
type InImport struct {
	InOrganisation
	Import int64 `path:"import" minimum:"1" doc:"Number of the import." example:"3"`
}

// InMapping names a mapping.
type InMapping struct {
	InOrganisation
	Mapping string `path:"mapping" maxLength:"400" doc:"Its name." example:"Salesforce, deals"`
}

const exampleMapping = `mapping: Deals
table: opportunity
columns:
  Opportunity ID: id
  Stage: stage
  Amount: {to: amount, style: decimal point}
  Close Date: {to: closed_day, style: month/day/year}
stages: {Closed Won: won, Closed Lost: lost}
`

// uploaded are the media types of an upload.
var uploaded = []string{"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/octet-stream"}

func (a *API) data() {
	a.uploads()
	a.imports()
	const tag = "CRM data"
	add(a, operation{id: "list-sources", method: "GET", path: "/organisations/{organisation}/data/sources", tag: tag, summary: "List sources", text: "The CRMs and files that there are data of, by name."},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Page[Source]], error) {
			list, err := a.App.Sources(ctx, q.who, in.Organisation)
			if err != nil {
				return nil, err
			}
			return &body[Page[Source]]{Page[Source]{Items: each(list, func(s warehouse.Source) Source {
				return Source{s.ID, s.Name, s.Kind, s.Timezone, s.Currency, s.Created}
			})}}, nil
		})
	add(a, operation{id: "remove-source", method: "DELETE", path: "/organisations/{organisation}/data/sources/{source}", tag: tag, summary: "Remove a source with all its data", status: 204, errors: []kind{conflict},
		text: "For owners. This cannot be undone. It is a conflict while an import is running."},
		func(ctx context.Context, q *ask, in *struct {
			InOrganisation
			Source int64 `path:"source" minimum:"1" doc:"Number of the source." example:"1"`
		}) (*nothing, error) {
			return nil, a.App.RemoveSource(ctx, q.who, in.Organisation, in.Source)
		})
	add(a, operation{id: "list-mappings", method: "GET", path: "/organisations/{organisation}/data/mappings", tag: tag, summary: "List mappings", text: "Those that the organisation keeps, by name. One that fits the columns of a new upload is proposed for it."},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Page[KeptMapping]], error) {
			list, err := a.App.Mappings(ctx, q.who, in.Organisation)
			if err != nil {
				return nil, err
			}
			return &body[Page[KeptMapping]]{Page[KeptMapping]{Items: each(list, mapping)}}, nil
		})
	add(a, operation{id: "get-mapping", method: "GET", path: "/organisations/{organisation}/data/mappings/{mapping}", tag: tag, summary: "A mapping"},
		func(ctx context.Context, q *ask, in *InMapping) (*body[KeptMapping], error) {
			m, err := a.App.MappingOf(ctx, q.who, in.Organisation, in.Mapping)
			return &body[KeptMapping]{mapping(m)}, err
		})
	add(a, operation{id: "remove-mapping", method: "DELETE", path: "/organisations/{organisation}/data/mappings/{mapping}", tag: tag, summary: "Forget a mapping", status: 204, errors: []kind{conflict}},
		func(ctx context.Context, q *ask, in *InMapping) (*nothing, error) {
			return nil, a.App.RemoveMapping(ctx, q.who, in.Organisation, in.Mapping)
		})
	add(a, operation{id: "get-key-figures", method: "GET", path: "/organisations/{organisation}/data/figures", tag: tag, summary: "Key figures by month and team",
		text: "Each with its 95 % interval and the SQL text that has counted it. No figure is of a person: teams of fewer than five are merged."},
		a.keyFigures)
}

func mapping(m warehouse.Mapping) KeptMapping {
	return KeptMapping{m.Name, m.Table, m.Text, m.Updated}
}

// source and months of key figures.
type figuresAsked struct {
	InOrganisation
	Source   int64    `query:"source" required:"true" minimum:"1" doc:"Number of the source." example:"1"`
	First    string   `query:"first" maxLength:"7" pattern:"^[0-9]{4}-(0[1-9]|1[0-2])$" doc:"First month, YYYY-MM; two years before the last where it is left out." example:"2025-01"`
	Last     string   `query:"last" maxLength:"7" pattern:"^[0-9]{4}-(0[1-9]|1[0-2])$" doc:"Last month, YYYY-MM; the last of the data where it is left out." example:"2026-10"`
	Figure   []string `query:"figure" maxItems:"100" doc:"Which ones, with commas between; all where it is left out." example:"win_rate"`
	Together bool     `query:"together" doc:"Take all months as one."`
}

func (a *API) keyFigures(ctx context.Context, q *ask, in *figuresAsked) (*body[KeyFigures], error) {
	month := func(s string) int64 {
		at, err := time.Parse("2006-01", s)
		if err != nil {
			return 0 // left out; anything else the pattern has refused
		}
		return crm.MonthOf(at)
	}
	f, err := a.App.Figures(ctx, q.who, in.Organisation, app.Asked{Source: in.Source, First: month(in.First), Last: month(in.Last), Figures: in.Figure, Together: in.Together})
	if err != nil {
		return nil, err
	}
	k := KeyFigures{Source: f.Source.ID, Series: []KeyFigure{}}
	if f.To == 0 {
		return &body[KeyFigures]{k}, nil
	}
	k.First, k.Last, k.From, k.Until = crm.MonthText(f.First), crm.MonthText(f.Last), crm.MonthText(f.From), crm.DayTime(f.Today).Format(time.DateOnly)
	for _, s := range f.Series {
		figure, _ := kpi.Find(s.Figure)
		v := KeyFigure{ID: s.Figure, Name: q.l.Text("kpi."+s.Figure, nil), Text: q.l.Text("kpi."+s.Figure+".text", nil), Unit: string(figure.Unit), Derived: s.Derived, SQL: strings.TrimSpace(figure.Query(f.Dialect).Text), Teams: []FigureTeam{}}
		for i, team := range s.Teams {
			t := FigureTeam{Team: team}
			for j, p := range s.Points[i] {
				t.Months = append(t.Months, FigureMonth{crm.MonthText(s.Months[j]), p.Value, p.Low, p.High, p.N, p.Numerator, p.Denominator, string(p.Reason)})
			}
			v.Teams = append(v.Teams, t)
		}
		k.Series = append(k.Series, v)
	}
	return &body[KeyFigures]{k}, nil
}

func (a *API) uploads() {
	const tag = "CRM data"
	add(a, operation{id: "create-upload", method: "POST", path: "/organisations/{organisation}/data/uploads", tag: tag, summary: "Upload a file of a CRM", status: 201, media: uploaded,
		text: "The body is the file itself, CSV or XLSX, as large as the installation allows (`--upload-limit`, 2 GB by default). It is not imported before its mapping fits and the import is begun. A mapping is proposed: one that the organisation keeps where it fits, else by the names of the columns. What a CSV is written in is found out from its bytes, not from the media type."},
		func(ctx context.Context, q *ask, in *struct {
			InOrganisation
			File     string `query:"file" maxLength:"400" doc:"Name of the file." example:"deals.csv"`
			Source   string `query:"source" maxLength:"120" default:"CRM" doc:"Name of the source; made where it is new." example:"Tryton"`
			Timezone string `query:"timezone" maxLength:"60" default:"UTC" doc:"Time zone of a new source." example:"Europe/Berlin"`
			Currency string `query:"currency" maxLength:"3" default:"EUR" doc:"Currency of a new source, ISO 4217." example:"EUR"`
			Like     int64  `query:"like" minimum:"0" doc:"Number of an import whose mapping and source hold for this file too: its rejects, mended." example:"3"`
		}) (*created[Proposal], error) {
			u, err := a.App.AddUpload(ctx, q.who, in.Organisation, app.NewUpload{File: in.File, Source: in.Source, Timezone: in.Timezone, Currency: in.Currency, Like: in.Like}, q.r.Body)
			var tooBig *http.MaxBytesError
			if errors.As(err, &tooBig) {
				return nil, &app.Error{Code: app.Limit, Key: "data.error.upload_big", Args: diag.Args{"size": int(a.App.DataLimits().File >> 20)}}
			}
			if err != nil {
				return nil, err
			}
			p, err := a.proposal(ctx, q, u)
			if err != nil {
				return nil, err
			}
			return &created[Proposal]{Location: Prefix + "/organisations/" + in.Organisation + "/data/uploads/" + u.ID, Body: *p}, nil
		})
	add(a, operation{id: "list-uploads", method: "GET", path: "/organisations/{organisation}/data/uploads", tag: tag, summary: "List uploads", text: "Files that are not yet imported, latest first. One that nobody touches for a day is deleted."},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Page[Upload]], error) {
			list, err := a.App.Uploads(ctx, q.who, in.Organisation)
			if err != nil {
				return nil, err
			}
			return &body[Page[Upload]]{Page[Upload]{Items: each(list, func(u app.Upload) Upload { return upload(q, u) })}}, nil
		})
	add(a, operation{id: "get-upload", method: "GET", path: "/organisations/{organisation}/data/uploads/{upload}", tag: tag, summary: "An upload: its mapping, or how far its import is",
		text: "Ask again every second or two while it is queued or running; import names the import once it is done."},
		func(ctx context.Context, q *ask, in *InUpload) (*body[Proposal], error) {
			u, err := a.App.UploadOf(ctx, q.who, in.Organisation, in.Upload)
			if err != nil {
				return nil, err
			}
			p, err := a.proposal(ctx, q, u)
			if err != nil {
				return nil, err
			}
			return &body[Proposal]{*p}, nil
		})
	add(a, operation{id: "put-upload-mapping", method: "PUT", path: "/organisations/{organisation}/data/uploads/{upload}/mapping", tag: tag, summary: "Say what the columns of an upload are", file: true, sent: exampleMapping, errors: []kind{conflict},
		text: "The answer says whether it fits the file, and shows the first rows as they would be taken."},
		func(ctx context.Context, q *ask, in *struct {
			InUpload
			Body struct {
				Text string `json:"text" maxLength:"1000000" doc:"The mapping, as the YAML of rendite import." example:"mapping: Deals\ntable: opportunity\ncolumns:\n  ID: id\n"`
			}
		}) (*body[Proposal], error) {
			prepared, err := a.App.UseMapping(ctx, q.who, in.Organisation, in.Upload, "mapping.yaml", []byte(in.Body.Text))
			if err != nil {
				return nil, err
			}
			return &body[Proposal]{proposed(q, prepared)}, nil
		})
	add(a, operation{id: "start-import", method: "POST", path: "/organisations/{organisation}/data/uploads/{upload}/start", tag: tag, summary: "Begin or resume an import", status: 202, once: true, errors: []kind{conflict},
		text: "It runs by itself; imports run one after the other. The same file with the same mapping a second time changes nothing."},
		func(ctx context.Context, q *ask, in *struct {
			InUpload
			Keep string `query:"keep" maxLength:"120" doc:"Name under which the organisation keeps the mapping; not where it is left out." example:"Salesforce, deals"`
		}) (*body[Upload], error) {
			if err := a.App.StartImport(ctx, q.who, in.Organisation, in.Upload, in.Keep); err != nil {
				return nil, err
			}
			u, err := a.App.UploadOf(ctx, q.who, in.Organisation, in.Upload)
			return &body[Upload]{upload(q, u)}, err
		})
	add(a, operation{id: "stop-import", method: "POST", path: "/organisations/{organisation}/data/uploads/{upload}/stop", tag: tag, summary: "Stop an import", status: 204, errors: []kind{conflict},
		text: "What has been read stays; starting it again goes on there."},
		func(ctx context.Context, q *ask, in *InUpload) (*nothing, error) {
			return nil, a.App.StopImport(ctx, q.who, in.Organisation, in.Upload)
		})
	add(a, operation{id: "remove-upload", method: "DELETE", path: "/organisations/{organisation}/data/uploads/{upload}", tag: tag, summary: "Delete an upload", status: 204, errors: []kind{conflict},
		text: "What was imported of it stays."},
		func(ctx context.Context, q *ask, in *InUpload) (*nothing, error) {
			return nil, a.App.DropUpload(ctx, q.who, in.Organisation, in.Upload)
		})
}

// proposal is an upload with what its mapping lacks, as long as that can be changed.
func (a *API) proposal(ctx context.Context, q *ask, u app.Upload) (*Proposal, error) {
	if u.State != app.UploadOpen && u.State != app.UploadFailed {
		return &Proposal{Upload: upload(q, u), Problems: []Mistake{}, Columns: []UploadColumn{}, Preview: []UploadRow{}, Fits: true}, nil
	}
	prepared, err := a.App.Prepare(ctx, q.who, u.Organisation, u.ID, nil)
	if err != nil {
		return nil, err
	}
	p := proposed(q, prepared)
	return &p, nil
}

func upload(q *ask, u app.Upload) Upload {
	v := Upload{ID: u.ID, File: u.File, Size: u.Size, By: u.By, Created: u.Created, Source: u.Source, Timezone: u.Timezone, Currency: u.Currency, State: string(u.State), Mapping: string(u.Mapping.YAML()),
		Done: u.Done, Total: u.Total, Rows: u.Rows, Import: u.Batch, Same: u.Same}
	if u.Err != nil {
		v.Failure = problem(u.Err, q.l).Detail
	}
	return v
}

func proposed(q *ask, u *app.Prepared) Proposal {
	p := Proposal{Upload: upload(q, u.Upload), Fits: u.Fits, Problems: mistakes(u.Problems, q.l), Columns: []UploadColumn{}, Preview: []UploadRow{}}
	if p.Problems == nil {
		p.Problems = []Mistake{}
	}
	t, _ := crm.Find(u.Mapping.Table)
	for i := range u.Table.Columns {
		c := &u.Table.Columns[i]
		v := UploadColumn{Name: c.Name, To: []string{}, Styles: []string{}, Labels: []ColumnLabel{}}
		for _, name := range u.Unsure {
			v.Unsure = v.Unsure || name == c.Name
		}
		for _, m := range u.Mapping.Columns {
			if m.Header == c.Name {
				v.To = append(v.To, m.To)
				v.Styles = append(v.Styles, ingest.StylesFor(ingest.KindOf(t, m.To), c)...)
			}
		}
		for _, l := range u.Labels[c.Name] {
			v.Labels = append(v.Labels, ColumnLabel{l.Text, l.Rows})
		}
		p.Columns = append(p.Columns, v)
	}
	for _, r := range u.Preview {
		row := UploadRow{Line: r.Line, Cells: []UploadCell{}}
		for _, c := range r.Cells {
			cell := UploadCell{To: c.To, Text: c.Text, Value: plain(c)}
			switch c.Code {
			case "":
			case ingest.Unsettled:
				cell.Problem = q.l.Text("data.map.unsettled", nil)
			default:
				cell.Value, cell.Problem = "", ingest.Reason(warehouse.Reject{Column: c.To, Code: c.Code, Value: c.Text}, q.l)
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Preview = append(p.Preview, row)
	}
	return p
}

// plain is a value for programs.
func plain(c ingest.Taken) string {
	switch v := c.Value.(type) {
	case nil:
		return ""
	case int64:
		switch c.Kind {
		case crm.Instant:
			return time.UnixMicro(v).UTC().Format(time.RFC3339)
		case crm.Day:
			return crm.DayTime(v).Format(time.DateOnly)
		case crm.Money:
			return crm.FormatMoney(v)
		}
	}
	return fmt.Sprint(c.Value)
}

func (a *API) imports() {
	const tag = "CRM data"
	add(a, operation{id: "list-imports", method: "GET", path: "/organisations/{organisation}/data/imports", tag: tag, summary: "List imports", text: "The latest first, at most 500."},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Page[Import]], error) {
			list, err := a.App.Imports(ctx, q.who, in.Organisation, 500)
			if err != nil {
				return nil, err
			}
			return &body[Page[Import]]{Page[Import]{Items: each(list, imported)}}, nil
		})
	add(a, operation{id: "get-import", method: "GET", path: "/organisations/{organisation}/data/imports/{import}", tag: tag, summary: "An import", text: "The counts add up: read is the sum of inserted, updated, unchanged and rejected."},
		func(ctx context.Context, q *ask, in *InImport) (*body[Import], error) {
			b, err := a.App.ImportOf(ctx, q.who, in.Organisation, in.Import)
			return &body[Import]{imported(b)}, err
		})
	add(a, operation{id: "list-rejects", method: "GET", path: "/organisations/{organisation}/data/imports/{import}/rejects", tag: tag, summary: "Rows that were not taken"},
		func(ctx context.Context, q *ask, in *struct {
			InImport
			Paging
		}) (*paged[Rejected], error) {
			line, column := int64(0), ""
			if in.Cursor != "" {
				text, rest, _ := strings.Cut(in.Cursor, ".")
				n, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return nil, &app.Error{Code: app.Invalid, Key: "web.error.request"}
				}
				line, column = n, rest
			}
			list, err := a.App.Rejects(ctx, q.who, in.Organisation, in.Import, line, column, in.Limit+1)
			if err != nil {
				return nil, err
			}
			next := ""
			if len(list) > in.Limit {
				list = list[:in.Limit]
				next = strconv.FormatInt(list[in.Limit-1].Line, 10) + "." + list[in.Limit-1].Column
			}
			return page(q, list, next, func(r warehouse.Reject) Rejected {
				cells := r.Cells
				if cells == nil {
					cells = []string{}
				}
				return Rejected{r.Line, r.Place, r.Column, r.Code, ingest.Reason(r, q.l), r.Value, cells}
			}), nil
		})
	add(a, operation{id: "get-rejects-file", method: "GET", path: "/organisations/{organisation}/data/imports/{import}/rejects.csv", tag: tag, summary: "Rows that were not taken, as CSV", answer: "text/csv",
		text: "The columns of the file, and line, column and reason beside them. Mended, it is uploaded with `like`."},
		func(ctx context.Context, q *ask, in *InImport) (*huma.StreamResponse, error) {
			if _, err := a.App.ImportOf(ctx, q.who, in.Organisation, in.Import); err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(h huma.Context) {
				_, w := humago.Unwrap(h)
				err := a.App.WriteRejects(ctx, q.who, in.Organisation, in.Import, w, q.l, func(app.Import) {
					w.Header().Set("Content-Type", "text/csv; charset=utf-8")
					w.Header().Set("Content-Disposition", `attachment; filename="rejects.csv"`)
				})
				if err != nil && ctx.Err() == nil && !errors.Is(err, io.ErrClosedPipe) {
					a.Log.Warn("rejects broke off", "error", err)
				}
			}}, nil
		})
	add(a, operation{id: "take-back-import", method: "POST", path: "/organisations/{organisation}/data/imports/{import}/take-back", tag: tag, summary: "Take an import back", status: 204, once: true, errors: []kind{conflict},
		text: "For owners. What it brought goes, what it changed is as before. It is a conflict where a later import changed some of it, or one is running."},
		func(ctx context.Context, q *ask, in *InImport) (*nothing, error) {
			return nil, a.App.TakeBack(ctx, q.who, in.Organisation, in.Import)
		})
}

func imported(b app.Import) Import {
	return Import{ID: b.ID, Source: b.SourceName, Table: b.Table, File: b.File, State: string(b.State), Started: b.Started, Finished: when(b.Finished), Read: b.Read, Inserted: b.Inserted, Updated: b.Updated,
		Unchanged: b.Unchanged, Rejected: b.Rejected, Upload: b.Upload}
}
