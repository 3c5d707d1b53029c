package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/written"
	"github.com/rendite-crm/rendite/internal/store"
)

// revisionsTold is how many revisions a report lists.
const revisionsTold = 50

// Report writes the report of an open case in a format of package written: any scenario, and what changed since the sealed
// baseline where there is one. An unknown format is a NotFound, what the format cannot hold an Invalid.
func (a *App) Report(ctx context.Context, who Actor, o *Open, scenario, format string, l *locale.Locale) ([]byte, error) {
	if _, ok := written.Media(format); !ok {
		return nil, &Error{Code: NotFound, Key: "web.error.not_found"}
	}
	var revisions []document.Revision
	if auth.Allowed(who.Actor, auth.CaseExport, auth.Facts{Organisation: o.Case.OrgID, Case: o.Case.ID}) == nil {
		list, _, err := a.store.Revisions(ctx, o.Case.ID, store.Page{Limit: revisionsTold})
		if err != nil {
			return nil, known(err)
		}
		for _, r := range list {
			revisions = append(revisions, document.Revision{When: l.Moment(r.At.Local()), Who: r.AuthorName, What: r.Reason})
		}
	}
	return a.Engine.Report(ctx, o.Text, o.SealedText, revisions, scenario, format, l)
}

// Report writes the report of a case text; sealed is the baseline, nil for none.
func (e *Engine) Report(ctx context.Context, text, sealed []byte, revisions []document.Revision, scenario, format string, l *locale.Locale) ([]byte, error) {
	var out bytes.Buffer
	err := e.compute(ctx, func(ctx context.Context) error {
		options := calc.Options{Scenario: scenario, Seed: calc.DefaultSeed}
		c, list, err := document.Gather(ctx, e.Case(text, l), options, l)
		if err != nil {
			return err
		}
		if c == nil {
			return problems(list)
		}
		c.Revisions = revisions
		if sealed != nil && !bytes.Equal(sealed, text) {
			// A baseline that does not compute any more, or lacks the scenario, is no reason to refuse the report.
			if _, err := c.Against(ctx, e.Case(sealed, l), text, options, l); err != nil {
				return err
			}
		}
		return written.Write(&out, format, c, l)
	})
	var list diag.List
	if errors.As(err, &list) {
		return nil, problems(list)
	}
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// FileName is what a file of a case is called, without its ending.
func FileName(name string) string {
	name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(name))
	return cmp.Or(strings.Trim(notInNames.ReplaceAllString(name, "-"), "-"), "case")
}
