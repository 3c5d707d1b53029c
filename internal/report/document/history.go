package document

import (
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
)

// Models are the models of the alternatives of a comparison by id.
func Models(r *calc.Reading, compared *result.Comparison) map[string]*model.Model {
	all := map[string]*model.Model{}
	for _, id := range compared.IDs {
		if m := r.Model(id); m != nil {
			all[id] = m
		}
	}
	return all
}

// Revision is one saved state of a case.
type Revision struct{ When, Who, What string }
