package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

// Content is everything a report tells of a case, in the user's language.
type Content struct {
	Answer      *calc.Answer
	Explanation *decide.Explanation
	Audit       diag.List
	Comparison  *result.Comparison // nil where the case has no scenarios
	Sum         string             // SHA-256 of the case file
	Brand       Brand

	Models    map[string]*model.Model // of the case ("base") and its scenarios, where there is a comparison
	Sealed    *Sealed                 // nil where no sealed state is known
	Revisions []Revision              // the newest first
}

// Gather runs a case with o.Draws (calc.DefaultDraws where 0), so that a report shows the figures of `rendite calc`. The list
// holds errors (then Content is nil) and warnings; the error is that of ctx.
func Gather(ctx context.Context, c calc.Case, o calc.Options, l *locale.Locale) (*Content, diag.List, error) {
	if o.Draws == 0 {
		o.Draws = calc.DefaultDraws
	}
	o.Lang = string(l.Lang())
	s, list, err := decide.New(ctx, c, o)
	if err != nil || s == nil {
		return nil, list, err
	}
	x, err := s.Explain(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(c.Text)
	content := &Content{Answer: s.Answer, Explanation: x, Audit: s.Audit(), Sum: hex.EncodeToString(sum[:])}
	report.TranslateNotes(s.Result, l)
	report.Translate(x, s.Result, l)
	s.Result.Timing = result.Timing{} // the same case gives the same bytes
	if len(s.Model.File.Scenarios) > 0 {
		cmp, list, err := calc.Compare(ctx, c, nil, o)
		if err != nil {
			return nil, nil, err
		}
		if cmp == nil {
			return nil, list, nil
		}
		for i := range cmp.Scenarios {
			report.TranslateNotes(&cmp.Scenarios[i], l)
			cmp.Scenarios[i].Timing = result.Timing{}
		}
		content.Comparison = cmp
		content.Models = Models(c, cmp)
	}
	return content, list, nil
}
