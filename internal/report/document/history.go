package document

import (
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
)

// Models are the models of the alternatives of a comparison by id.
func Models(c calc.Case, compared *result.Comparison) map[string]*model.Model {
	all := map[string]*model.Model{}
	for _, id := range compared.IDs {
		if m, _ := calc.Check(c, id); m != nil {
			all[id] = m
		}
	}
	return all
}

// Sealed is what has changed since the sealed state of a case, and what that does to its plan.
type Sealed struct {
	Changes  []string // one sentence each, in the user's language
	Findings diag.List
}

// Revision is one saved state of a case.
type Revision struct{ When, Who, What string }
