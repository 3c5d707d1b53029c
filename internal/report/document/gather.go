package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/revision"
)

// Content is everything a report tells of a case, in the user's language.
type Content struct {
	Answer      *calc.Answer
	Explanation *decide.Explanation
	Audit       diag.List
	Comparison  *result.Comparison // nil where the case has no scenarios
	Sealed      *Sealed            // nil where no baseline is named
	Sum         string             // SHA-256 of the case file
	// Set are the assumptions that --set changes and Sampler the sampler where it is not the usual one: without them nobody
	// could make the report again.
	Set     []string
	Sampler string
	Brand   Brand

	Models    map[string]*model.Model // of the case ("base") and its scenarios, where there is a comparison
	Revisions []Revision              // saved states, the newest first, where known

	cat *catalogue.Catalogue
}

// Sealed is the baseline that was sealed before go-live, and what has changed since.
type Sealed struct {
	Result  *result.Result
	Sum     string   // SHA-256 of its file
	Changes []string // in words, one for each
}

// Gather runs a case with o.Draws (calc.DefaultDraws where 0), so that a report shows the figures of `rendite calc`. The list
// holds errors (then Content is nil) and warnings; the error is that of ctx.
func Gather(ctx context.Context, c calc.Case, o calc.Options, l *locale.Locale) (*Content, diag.List, error) {
	if o.Draws == 0 {
		o.Draws = calc.DefaultDraws
	}
	o.Lang = string(l.Lang())
	if c.Catalogue == nil {
		var err error
		if c.Catalogue, err = catalogue.Open(); err != nil {
			return nil, diag.List{diag.New("catalogue_read", diag.Position{}, diag.Args{"detail": err.Error()})}, nil
		}
	}
	s, list, err := decide.New(ctx, c, o)
	if err != nil || s == nil {
		return nil, list, err
	}
	var cmp *result.Comparison
	var wrong diag.List
	var failed error
	var beside sync.WaitGroup
	if len(s.Model.File.Scenarios) > 0 {
		beside.Go(func() { cmp, wrong, failed = s.Reading.Compare(ctx, nil, o, s.Answer) })
	}
	x, err := s.Explain(ctx, nil)
	beside.Wait()
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, err
	}
	if wrong.Err() != nil {
		return nil, wrong, nil
	}
	content := &Content{Answer: s.Answer, Explanation: x, Audit: s.Audit(), Sum: sum(c.Text), cat: c.Catalogue}
	if o.Pseudo {
		content.Sampler = "pseudo"
	}
	report.TranslateNotes(s.Result, l)
	report.Translate(x, s.Result, l)
	s.Result.Timing = result.Timing{} // the same case gives the same bytes
	if cmp != nil {
		for i := range cmp.Scenarios {
			report.TranslateNotes(&cmp.Scenarios[i], l)
			cmp.Scenarios[i].Timing = result.Timing{}
		}
		content.Comparison, content.Models = cmp, Models(s.Reading, cmp)
	}
	return content, list, nil
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// Against adds what changed since the sealed baseline: its figures under the same options, the changes of the file now in
// words, and what the audit finds that makes the case look better than it. The list holds the errors of the baseline; the
// error is that of ctx.
func (c *Content) Against(ctx context.Context, sealed calc.Case, now []byte, o calc.Options, l *locale.Locale) (diag.List, error) {
	if o.Draws == 0 {
		o.Draws = calc.DefaultDraws
	}
	o.Lang = string(l.Lang())
	a, list, err := calc.Run(ctx, sealed, o)
	if err != nil || a == nil {
		return list, err
	}
	words, err := revision.Words(l, c.cat, sealed.Text, now)
	if err != nil {
		return nil, err
	}
	report.TranslateNotes(a.Result, l)
	a.Timing = result.Timing{}
	c.Sealed = &Sealed{Result: a.Result, Sum: sum(sealed.Text), Changes: words}
	c.Audit = append(c.Audit, decide.Against(a, c.Answer)...).Sorted()
	return nil, nil
}
