package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

// Findings are what a controller would object to.
type Findings struct {
	Findings []result.Note `json:"findings" doc:"The most severe first."`
}

// OfScenario asks for a scenario.
type OfScenario struct {
	Scenario string `query:"scenario" maxLength:"200" doc:"A scenario of the case file; the case itself where it is left out." example:"cautious"`
}

// OfCase asks what a case says in a revision and a scenario.
type OfCase struct {
	InCase
	OfRevision
	OfScenario
	Reading
}

func (a *API) answers() {
	const group = "Results"
	add(a, operation{id: "calculate", method: "POST", path: "/calculate", tag: group, summary: "Compute a case file without Saving it", file: true,
		text: "The answer is that of `rendite calc --json`. A file with mistakes is answered with 422 and each mistake with its line. Nothing is kept."},
		func(ctx context.Context, q *ask, in *struct {
			OfScenario
			Draws int `query:"draws" minimum:"100" maximum:"200000" default:"10000" doc:"How many draws, with application/yaml."`
			Body  struct {
				CaseFile
				Scenario string `json:"scenario,omitempty" maxLength:"200" doc:"A scenario of the case file; the case itself where it is left out." example:"cautious"`
				Draws    int    `json:"draws,omitempty" minimum:"100" maximum:"200000" doc:"How many draws; 10 000 where it is left out." example:"10000"`
			}
		}) (*body[*result.Result], error) {
			if err := a.App.MayCompute(q.who); err != nil {
				return nil, err
			}
			draws := in.Draws
			if in.Body.Draws > 0 {
				draws = in.Body.Draws
			}
			x, err := a.App.Engine.Answer(ctx, []byte(in.Body.Text), or(in.Body.Scenario, in.Scenario), draws, q.l)
			if err != nil {
				return nil, err
			}
			return &body[*result.Result]{x.Result}, nil
		})
	add(a, operation{id: "get-result", method: "GET", path: "/cases/{case}/result", tag: group, summary: "The result of a case",
		text: "The answer is that of `rendite calc --json`: the figures of the plan, the simulation's ranges, month by month and line by line."},
		func(ctx context.Context, q *ask, in *struct {
			OfCase
			Draws int `query:"draws" minimum:"100" maximum:"200000" default:"10000" doc:"How many draws."`
		}) (*tagged[*result.Result], error) {
			o, err := a.App.Read(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			etag := a.weak(q, o.Text, "result", in.Scenario, decimal(in.Draws))
			if in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, etag) {
				return &tagged[*result.Result]{Status: http.StatusNotModified, ETag: etag}, nil
			}
			x, err := a.App.Engine.Answer(ctx, o.Text, in.Scenario, in.Draws, q.l)
			if err != nil {
				return nil, err
			}
			return &tagged[*result.Result]{Status: http.StatusOK, ETag: etag, Body: x.Result}, nil
		})
	add(a, operation{id: "explain", method: "GET", path: "/cases/{case}/explanation", tag: group, summary: "Why it is so, and what next",
		text: "The answer is that of `rendite explain --json`: what moves the result, what is worth finding out, when it fails, what each step would gain."},
		func(ctx context.Context, q *ask, in *OfCase) (*tagged[*decide.Explanation], error) {
			o, err := a.App.Read(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			etag := a.weak(q, o.Text, "explanation", in.Scenario)
			if in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, etag) {
				return &tagged[*decide.Explanation]{Status: http.StatusNotModified, ETag: etag}, nil
			}
			x, err := a.App.Engine.Explain(ctx, o.Text, in.Scenario, q.l)
			if err != nil {
				return nil, err
			}
			return &tagged[*decide.Explanation]{Status: http.StatusOK, ETag: etag, Body: x}, nil
		})
	add(a, operation{id: "seek", method: "GET", path: "/cases/{case}/goal", tag: group, summary: "What must hold for a target",
		text: "The answer is that of `rendite seek --json`. Either break_even_month or npv is asked for."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			OfRevision
			OfScenario
			Month       float64 `query:"break_even_month" minimum:"0" maximum:"1200" doc:"Break even by this month." example:"18"`
			NPV         string  `query:"npv" maxLength:"40" pattern:"^-?[0-9]+([.][0-9]+)?$" doc:"Reach this net present value, in the currency of the case." example:"100000"`
			Probability float64 `query:"probability" exclusiveMinimum:"0" exclusiveMaximum:"1" default:"0.8" doc:"With which probability, as a fraction."`
		}) (*body[*decide.Goal], error) {
			t := decide.Target{Probability: in.Probability}
			if (in.Month > 0) == (in.NPV != "") {
				return nil, said(invalid, q.l, "one_target", nil)
			}
			if in.Month > 0 {
				t.BreakEvenMonth = &in.Month
			} else {
				v, err := strconv.ParseFloat(in.NPV, 64)
				if err != nil {
					return nil, said(invalid, q.l, "one_target", nil)
				}
				t.NPV = &v
			}
			o, err := a.App.Read(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			g, err := a.App.Engine.Seek(ctx, o.Text, in.Scenario, t, q.l)
			if err != nil {
				return nil, err
			}
			return &body[*decide.Goal]{g}, nil
		})
	add(a, operation{id: "audit", method: "GET", path: "/cases/{case}/audit", tag: group, summary: "What a controller would object to", text: "What was changed after sealing comes first."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			OfRevision
			OfScenario
		}) (*body[Findings], error) {
			o, err := a.App.Read(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			list, err := a.App.Audit(ctx, o, in.Scenario, q.l)
			if err != nil {
				return nil, err
			}
			return &body[Findings]{Findings{notes(q, list)}}, nil
		})
	add(a, operation{id: "compare", method: "GET", path: "/cases/{case}/comparison", tag: group, summary: "All scenarios of a case side by side",
		text: "The answer is that of `rendite compare --json`: each scenario less the case itself, draw by draw, on the same random numbers."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			OfRevision
		}) (*body[*result.Comparison], error) {
			o, err := a.App.Read(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			c, err := a.App.Engine.Compare(ctx, o.Text, q.l)
			if err != nil {
				return nil, err
			}
			for i := range c.Scenarios {
				report.TranslateNotes(&c.Scenarios[i], q.l)
			}
			return &body[*result.Comparison]{c}, nil
		})
}

func notes(q *ask, list diag.List) []result.Note {
	return each(list, func(d diag.Diagnostic) result.Note {
		n := result.Note{Code: d.Code, Text: q.l.Message(d), At: d.At.String(), Severity: severity(d.Severity)}
		if h := q.l.Hint(d); h != "" {
			n.Text += " " + h
		}
		return n
	})
}

// weak is the tag of what is computed: two answers to the same question differ in nothing but how long they took.
func (a *API) weak(q *ask, text []byte, parts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%q\x00", a.Version, q.l.Lang(), parts)
	h.Write(text)
	return `W/"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

func decimal(n int) string { return strconv.Itoa(n) }
