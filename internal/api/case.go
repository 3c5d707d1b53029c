package api

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report/written"
	"github.com/rendite-crm/rendite/internal/store"
)

// Case is one business case.
type Case struct {
	ID           string     `json:"id" doc:"Identifier."`
	Name         string     `json:"name" doc:"What the case file calls it." example:"CRM for sales"`
	Organisation string     `json:"organisation" doc:"Identifier of the organisation it belongs to."`
	Status       string     `json:"status" enum:"draft,decided,live,ended" doc:"Where it stands in its life."`
	Head         int        `json:"head" doc:"Number of the newest revision, from 1."`
	Created      time.Time  `json:"created" doc:"When it was made."`
	Updated      time.Time  `json:"updated" doc:"When it or its text last changed."`
	Archived     *time.Time `json:"archived,omitempty" doc:"When it was put away; left out while it is in use."`
	Sealed       bool       `json:"sealed" doc:"Whether a revision was signed off as the baseline."`
}

func aCase(c store.Case, sealed bool) Case {
	return Case{ID: c.ID, Name: c.Name, Organisation: c.OrgID, Status: string(c.Status), Head: int(c.Head), Created: c.Created, Updated: c.Updated, Archived: when(c.Archived), Sealed: sealed}
}

// ListedCase is a case with its key figures.
type ListedCase struct {
	Case
	Figures *Figures `json:"figures,omitempty" doc:"Of the newest revision; left out where it does not compute."`
	Pending bool     `json:"pending,omitempty" doc:"Whether the figures are not there yet because the server has too much to do: ask again."`
}

// Figures are the key figures of a case.
type Figures struct {
	Currency   string    `json:"currency" doc:"ISO 4217." example:"EUR"`
	Horizon    int       `json:"horizon_months" doc:"How far it looks, in months." example:"36"`
	NPV        Levels    `json:"npv" doc:"Net present value, in the currency."`
	ROI        Levels    `json:"roi" doc:"Return on investment, as a fraction: 0.42 is 42 %."`
	BreakEven  BreakEven `json:"break_even_months" doc:"Month from which the cumulative net flow stays above zero."`
	Profitable float64   `json:"probability_roi_positive" doc:"Share of draws with a net present value above zero, as a fraction."`
	Grade      string    `json:"grade" doc:"How well the result is founded, from A to D." example:"C"`
}

// BreakEven is the distribution of the break-even month.
type BreakEven struct {
	Levels
	Never float64 `json:"not_within_horizon" doc:"Share of draws that do not break even within the horizon, as a fraction. A quantile that falls there is null."`
}

// OpenCase is a case with a text.
type OpenCase struct {
	Case
	Revision int    `json:"revision" doc:"Number of the revision that text is."`
	Seal     *Seal  `json:"seal,omitempty" doc:"The seal that counts; left out where there is none."`
	Text     string `json:"text,omitempty" doc:"The case file, byte for byte; left out for shared links, which read the report only."`
	Hash     string `json:"hash" doc:"SHA-256 of the text, in hexadecimal."`
}

// Made is a case that was just made. Who may write and not read learns no more.
type Made struct {
	ID           string `json:"id" doc:"Identifier of the case."`
	Organisation string `json:"organisation" doc:"Identifier of the organisation it belongs to."`
	Revision     int    `json:"revision" doc:"Number of its first revision."`
}

// Seal says that a revision was signed off.
type Seal struct {
	Number   int       `json:"number" doc:"From 1; the highest counts."`
	Revision int       `json:"revision" doc:"The revision that was signed off."`
	By       string    `json:"by" doc:"Who pressed the button; empty through a shared link." example:"Anna Müller"`
	At       time.Time `json:"at" doc:"When."`
	Hash     string    `json:"hash" doc:"SHA-256 of the text, in hexadecimal."`
	Note     string    `json:"note" doc:"Who signed it off, and what was said; empty through a shared link." example:"Bernd Schulz: approved by the board"`
}

func seal(s store.Seal) Seal {
	return Seal{int(s.Number), int(s.Revision), s.ByName, s.At, s.Hash, s.Note}
}

// InCase names a case.
type InCase struct {
	Case string `path:"case" maxLength:"100" doc:"Identifier of the case."`
}

// InRevision names a revision.
type InRevision struct {
	InCase
	Revision int `path:"revision" minimum:"1" maximum:"1000000000" doc:"Number of the revision, from 1." example:"3"`
}

// CaseFile is a case file that is sent, in JSON or as it is.
type CaseFile struct {
	Text string `json:"text" minLength:"1" doc:"The case file in YAML." example:"currency: EUR\ndiscount: 8 %/year\ncosts:\n  licences: 10 * 60 EUR/month\nbenefits:\n  saved: 1 200 EUR/month\n"`
}

func (a *API) cases() {
	const group = "Cases"
	add(a, operation{id: "list-cases", method: "GET", path: "/cases", tag: group, summary: "List cases",
		text: "A page at a time, each with the key figures of its newest revision. Where there are more, next and the header Link lead on."},
		func(ctx context.Context, q *ask, in *struct {
			Paging
			Organisation string `query:"organisation" maxLength:"100" doc:"Identifier of the organisation; mine where it is left out."`
			Search       string `query:"search" maxLength:"200" doc:"Text that the name must contain; case and accents do not matter." example:"sales"`
			Status       string `query:"status" enum:"draft,decided,live,ended" doc:"Only cases with this status."`
			Sort         string `query:"sort" enum:"updated,name" default:"updated" doc:"The last changed first, or by name."`
			Archived     bool   `query:"archived" doc:"The archived cases instead of those in use."`
		}) (*paged[ListedCase], error) {
			org, err := a.home(ctx, q, in.Organisation)
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.Cases(ctx, q.who, app.Filter{Organisation: org, Search: in.Search, Status: in.Status, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Archived: in.Archived})
			if err != nil {
				return nil, err
			}
			return page(q, list, next, listed), nil
		})
	add(a, operation{id: "create-case", method: "POST", path: "/cases", tag: group, summary: "Make a case", status: 201, once: true, file: true,
		text: "Of a case file, as application/yaml or in JSON. A file that does not compute yet is taken too; it must be YAML. The name is what the file calls it."},
		func(ctx context.Context, q *ask, in *struct {
			Organisation string `query:"organisation" maxLength:"100" doc:"Identifier of the organisation, with application/yaml; mine where it is left out."`
			Name         string `query:"name" maxLength:"200" doc:"Name, with application/yaml, where the file has none."`
			Reason       string `query:"reason" maxLength:"1000" doc:"Why, for the log, with application/yaml."`
			Body         struct {
				CaseFile
				Name         string `json:"name,omitempty" maxLength:"200" doc:"Name, where the file has none." example:"CRM for sales"`
				Organisation string `json:"organisation,omitempty" maxLength:"100" doc:"Identifier of the organisation; mine where it is left out."`
				Reason       string `json:"reason,omitempty" maxLength:"1000" doc:"Why, for the log." example:"First draft"`
			}
		}) (*created[Made], error) {
			org, err := a.home(ctx, q, or(in.Body.Organisation, in.Organisation))
			if err != nil {
				return nil, err
			}
			id, err := a.App.Create(ctx, q.who, org, []byte(in.Body.Text), or(in.Body.Name, in.Name), or(in.Body.Reason, in.Reason))
			if err != nil {
				return nil, err
			}
			return &created[Made]{Location: Prefix + "/cases/" + id, ETag: revisionTag(1), Body: Made{id, org, 1}}, nil
		})
	add(a, operation{id: "get-case", method: "GET", path: "/cases/{case}", tag: group, summary: "A case with its text",
		text: "The ETag begins with the number of the newest revision, so that it can stand in If-Match when the next one is saved."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Reading
		}) (*tagged[OpenCase], error) {
			o, err := a.App.Read(ctx, q.who, in.Case, 0)
			if err != nil {
				return nil, err
			}
			return tag(in.IfNoneMatch, caseTag(o, a.App.MayExport(q.who, o.Case)), a.opened(q, o)), nil
		})
	add(a, operation{id: "change-case", method: "PATCH", path: "/cases/{case}", tag: group, summary: "Change status, or archive", status: http.StatusNoContent,
		text: "What is left out stays as it is. The name and everything else are in the text."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Body struct {
				Status   string `json:"status,omitempty" enum:"draft,decided,live,ended" doc:"Where it stands in its life." example:"decided"`
				Archived *bool  `json:"archived,omitempty" doc:"Put away, or taken back." example:"false"`
			}
		}) (*nothing, error) {
			if in.Body.Status == "" && in.Body.Archived == nil {
				return nil, said(invalid, q.l, "nothing_to_change", nil)
			}
			if in.Body.Status != "" {
				if err := a.App.SetStatus(ctx, q.who, in.Case, in.Body.Status); err != nil {
					return nil, err
				}
			}
			if in.Body.Archived != nil {
				if err := a.App.Archive(ctx, q.who, in.Case, *in.Body.Archived); err != nil {
					return nil, err
				}
			}
			return nil, nil //nolint:nilnil // 204 has no body
		})
	add(a, operation{id: "archive-case", method: "DELETE", path: "/cases/{case}", tag: group, summary: "Archive a case", status: 204,
		text: "Nothing is lost: the case leaves the lists and takes no revisions until archived is set to false."},
		func(ctx context.Context, q *ask, in *InCase) (*nothing, error) {
			return nil, a.App.Archive(ctx, q.who, in.Case, true)
		})
	add(a, operation{id: "export-case", method: "GET", path: "/cases/{case}/case.yaml", tag: group, summary: "The case file", answer: "application/yaml", text: "As it was saved, byte for byte."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			OfRevision
			Reading
		}) (*file, error) {
			c, r, err := a.App.Export(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			f := &file{Status: http.StatusOK, ETag: revisionTag(r.Number), Type: "application/yaml", Disposition: `attachment; filename="` + app.FileName(c.Name) + `.yaml"`, Body: []byte(r.Text)}
			if in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, f.ETag) {
				f.Status, f.Body, f.Type, f.Disposition = http.StatusNotModified, nil, "", ""
			}
			return f, nil
		})
	add(a, operation{id: "get-report", method: "GET", path: "/cases/{case}/report", tag: group, summary: "The report of a case",
		answer: "application/pdf, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, text/html, text/markdown, application/json, text/csv",
		text:   "As a file: pages to print, a workbook with live formulas, one page for a browser, or data. With what changed since the sealed baseline."},
		func(ctx context.Context, q *ask, in *struct {
			OfCase
			Format string `query:"format" enum:"pdf,xlsx,html,md,json,csv" default:"pdf" doc:"The kind of file."`
		}) (*file, error) {
			o, err := a.App.Read(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			f := &file{Status: http.StatusOK, ETag: a.weak(q, o.Text, "report", in.Scenario, in.Format, app.Hash(o.SealedText), decimal(o.Head))}
			if in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, f.ETag) {
				f.Status = http.StatusNotModified
				return f, nil
			}
			if f.Body, err = a.App.Report(ctx, q.who, o, in.Scenario, in.Format, q.l); err != nil {
				return nil, err
			}
			f.Type, _ = written.Media(in.Format)
			f.Disposition = `attachment; filename="` + app.FileName(o.Case.Name) + "." + in.Format + `"`
			return f, nil
		})
	add(a, operation{id: "list-seals", method: "GET", path: "/cases/{case}/seals", tag: group, summary: "List seals", text: "Latest first; the latest counts."},
		func(ctx context.Context, q *ask, in *InCase) (*body[Page[Seal]], error) {
			list, err := a.App.Seals(ctx, q.who, in.Case)
			if err != nil {
				return nil, err
			}
			return &body[Page[Seal]]{Page[Seal]{Items: each(list, seal)}}, nil
		})
	add(a, operation{id: "seal-case", method: "POST", path: "/cases/{case}/seals", tag: group, summary: "Seal the newest revision", status: 201, once: true,
		text: "Makes it the baseline that later revisions are held against. A seal cannot be taken back."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Body struct {
				By   string `json:"by" minLength:"1" maxLength:"200" doc:"Who signed it off." example:"Bernd Schulz"`
				Note string `json:"note,omitempty" maxLength:"1000" doc:"What was said." example:"approved by the board"`
			}
		}) (*body[Seal], error) {
			s, err := a.App.Seal(ctx, q.who, in.Case, in.Body.By, in.Body.Note)
			if err != nil {
				return nil, err
			}
			return &body[Seal]{seal(s)}, nil
		})
	add(a, operation{id: "list-case-events", method: "GET", path: "/cases/{case}/events", tag: group, summary: "What happened to a case", text: "Latest first."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Paging
		}) (*paged[Event], error) {
			list, next, err := a.App.EventPage(ctx, q.who, "", in.Case, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return page(q, list, next, event), nil
		})
}

// home is the organisation meant: for a token the one it was made for.
func (a *API) home(ctx context.Context, q *ask, asked string) (string, error) {
	if asked == "" && q.who.Token != nil && q.who.Token.Organisation != "" {
		return q.who.Token.Organisation, nil
	}
	return a.App.Home(ctx, q.who, asked)
}

func listed(s app.Standing) ListedCase {
	c := ListedCase{Case: aCase(s.Case, s.Sealed), Pending: s.Pending}
	if s.Outcome != nil {
		r := s.Outcome.Result
		x := r.Simulation
		c.Figures = &Figures{Currency: r.Case.Currency, Horizon: r.Case.HorizonMonths, NPV: Levels{x.NPV.P10, x.NPV.P50, x.NPV.P90}, ROI: Levels{x.ROI.P10, x.ROI.P50, x.ROI.P90},
			BreakEven: BreakEven{Levels{x.BreakEven.P10, x.BreakEven.P50, x.BreakEven.P90}, x.BreakEven.NotWithinHorizon}, Profitable: x.ProbabilityROIPositive, Grade: r.Grade}
	}
	return c
}

func (a *API) opened(q *ask, o *app.Open) OpenCase {
	c := OpenCase{Case: aCase(o.Case, o.Seal != nil), Revision: o.Revision, Hash: app.Hash(o.Text)}
	if o.Seal != nil {
		s := seal(*o.Seal)
		c.Seal = &s
	}
	if a.App.MayExport(q.who, o.Case) {
		c.Text = string(o.Text)
	}
	return c
}

// OfRevision asks for a revision.
type OfRevision struct {
	Revision int `query:"revision" minimum:"0" maximum:"1000000000" doc:"Number of the revision; the newest where it is left out or 0." example:"3"`
}

type file struct {
	Status      int
	ETag        string `header:"ETag" doc:"For If-None-Match and If-Match."`
	Type        string `header:"Content-Type" doc:"Its media type."`
	Disposition string `header:"Content-Disposition" doc:"A name to save it under."`
	Body        []byte
}

func revisionTag(number int64) string { return `"` + strconv.FormatInt(number, 10) + `"` }

// caseTag stands for all that is shown of a case. It begins with the number of the newest revision.
func caseTag(o *app.Open, file bool) string {
	h := fnv.New64a()
	seal := int64(0)
	if o.Seal != nil {
		seal = o.Seal.Number
	}
	fmt.Fprint(h, o.Case.Name, o.Case.Status, o.Case.Archived.UnixMicro(), o.Case.Updated.UnixMicro(), seal, file)
	return fmt.Sprintf(`"%d-%x"`, o.Head, h.Sum64())
}

// base is the revision that If-Match names: the number in the tag of a revision or of a case. "*" means whichever is the
// newest, -1; what names none matches none, 0.
func base(q *ask, header string) (int, error) {
	header = strings.TrimSpace(header)
	switch header {
	case "":
		return 0, said(noPrecondition, q.l, "if_match", nil)
	case "*":
		return -1, nil
	}
	quoted, ok := strings.CutPrefix(header, `"`)
	quoted, closed := strings.CutSuffix(quoted, `"`)
	number, _, _ := strings.Cut(quoted, "-")
	n, err := strconv.Atoi(number)
	if !ok || !closed || err != nil || n < 1 {
		return 0, nil
	}
	return n, nil
}

// moved is the answer where the case is not at the revision that a change was made from.
func moved(q *ask, head int) *Problem {
	p := said(notMatched, q.l, "moved", diag.Args{"revision": strconv.Itoa(head)})
	p.Head = head
	if head > 0 {
		p.header.Set("ETag", revisionTag(int64(head)))
	}
	return p
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
