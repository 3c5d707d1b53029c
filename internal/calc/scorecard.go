package calc

import (
	"cmp"

	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
)

// scorecard weighs the points of a case: the utility value (Nutzwert) of Zangemeister 1976, as WiBe 5.0 sets it beside the
// money. Weights count relative to their sum. It is nil where the case has no criteria.
func scorecard(criteria []*model.Criterion, lang string) *result.Scorecard {
	if len(criteria) == 0 {
		return nil
	}
	s := &result.Scorecard{}
	sum := 0.0
	for _, c := range criteria {
		sum += c.Weight
	}
	for _, c := range criteria {
		k := result.Criterion{ID: c.ID, Label: c.ID, Weight: c.Weight, Share: c.Weight / sum, Today: c.Today,
			Expected: c.Expected, ExpectedLow: c.Low, ExpectedHigh: c.High, Why: c.Why, Source: c.Source, Grade: c.Grade}
		if def := c.Def; def != nil {
			k.Label, k.Text = def.Name.In(lang), def.Text.In(lang)
			for _, a := range def.Scale {
				k.Scale = append(k.Scale, result.Anchor{Points: a.Points, Text: a.Text.In(lang)})
			}
		}
		k.Label = cmp.Or(c.Label, k.Label, c.ID)
		s.Criteria = append(s.Criteria, k)
		s.Today += 10 * k.Share * k.Today
		s.Expected += 10 * k.Share * k.Expected
		s.ExpectedLow += 10 * k.Share * k.ExpectedLow
		s.ExpectedHigh += 10 * k.Share * k.ExpectedHigh
	}
	s.Gain = s.Expected - s.Today
	return s
}

// unchanged is the scorecard of doing nothing: every criterion stays where it is today.
func unchanged(s *result.Scorecard) *result.Scorecard {
	if s == nil {
		return nil
	}
	for i := range s.Criteria {
		k := &s.Criteria[i]
		k.Expected, k.ExpectedLow, k.ExpectedHigh, k.Why = k.Today, k.Today, k.Today, ""
	}
	s.Expected, s.ExpectedLow, s.ExpectedHigh, s.Gain = s.Today, s.Today, s.Today, 0
	return s
}
