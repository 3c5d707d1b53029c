package store

import (
	"context"
	"strconv"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Seal fixes a revision as the baseline: who, when, and the hash of its text. A case may be sealed again; the latest seal
// (the highest Number, from 1) counts.
type Seal struct {
	CaseID   string
	Number   int64
	Revision int64
	ByID     string
	ByName   string
	At       time.Time
	Hash     string
	Note     string
}

func seal(r query.Seal) Seal {
	return Seal{CaseID: r.CaseID, Number: r.Number, Revision: r.Revision, ByID: r.ByID, ByName: r.ByName, At: moment(r.At), Hash: r.Hash, Note: r.Note}
}

// SealCase seals a revision, 0 for the latest. ErrNotFound.
func (s *Store) SealCase(ctx context.Context, actor Actor, caseID string, number int64, note string) (Seal, error) {
	var made Seal
	err := s.changeCase(ctx, "sealing the case", caseID, func(q *query.Queries, c Case) error {
		if number == 0 {
			number = c.Head
		}
		r, err := q.Revision(ctx, query.RevisionParams{CaseID: caseID, Number: number})
		if err != nil {
			return err
		}
		last, err := q.LastSealNumber(ctx, caseID)
		if err != nil {
			return err
		}
		made = Seal{CaseID: caseID, Number: last + 1, Revision: number, ByID: actor.UserID, ByName: clean(actor.UserName), At: s.now(),
			Hash: r.Hash, Note: clean(note)}
		if err := q.InsertSeal(ctx, query.InsertSealParams{CaseID: caseID, Number: made.Number, Revision: number, ByID: made.ByID,
			ByName: made.ByName, At: micros(made.At), Hash: made.Hash, Note: made.Note}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, CaseSealed, c.OrgID, caseID, map[string]string{"revision": strconv.FormatInt(number, 10), "note": note})
	})
	if err != nil {
		return Seal{}, err
	}
	return made, nil
}

// Seal is the seal that counts. ErrNotFound where the case was never sealed.
func (s *Store) Seal(ctx context.Context, caseID string) (Seal, error) {
	r, err := s.read().LatestSeal(ctx, caseID)
	return seal(r), wrap("reading the seal", err)
}

// Seals lists all of a case, latest first.
func (s *Store) Seals(ctx context.Context, caseID string) ([]Seal, error) {
	rows, err := s.read().SealsOfCase(ctx, caseID)
	return each(rows, seal), wrap("listing seals", err)
}

// Outcome keeps the key figures of a revision in a scenario, "" for the case itself, so that the portfolio need not
// compute. Version is the program's that computed them; JSON is theirs, the store does not look into it.
type Outcome struct {
	CaseID   string
	Revision int64
	Scenario string
	Version  string
	At       time.Time
	JSON     string
}

// KeepOutcome takes all but At and replaces what was kept for the same revision and scenario. ErrNotFound where there is
// no such revision; ErrText.
func (s *Store) KeepOutcome(ctx context.Context, o Outcome) error {
	if err := exact(o.JSON); err != nil {
		return err
	}
	return s.write(ctx, "keeping key figures", func(q *query.Queries) error {
		return q.UpsertOutcome(ctx, query.UpsertOutcomeParams{CaseID: o.CaseID, Revision: o.Revision, Scenario: clean(o.Scenario),
			Version: clean(o.Version), At: micros(s.now()), JSON: o.JSON})
	})
}

// Outcome finds the key figures of a revision. ErrNotFound.
func (s *Store) Outcome(ctx context.Context, caseID string, number int64, scenario string) (Outcome, error) {
	r, err := s.read().Outcome(ctx, query.OutcomeParams{CaseID: caseID, Revision: number, Scenario: clean(scenario)})
	return Outcome{CaseID: r.CaseID, Revision: r.Revision, Scenario: r.Scenario, Version: r.Version, At: moment(r.At), JSON: r.JSON},
		wrap("reading key figures", err)
}

// Standing is a case with its latest key figures, one per scenario. An outcome's Revision below the case's Head is that
// of an earlier text; Outcomes is empty where none was kept yet.
type Standing struct {
	Case     Case
	Outcomes []Outcome
}

// Portfolio lists an organisation's cases in use with their latest key figures, by name, in one query.
func (s *Store) Portfolio(ctx context.Context, orgID string) ([]Standing, error) {
	rows, err := s.read().Portfolio(ctx, orgID)
	if err != nil {
		return nil, wrap("reading the portfolio", err)
	}
	var all []Standing
	for _, r := range rows {
		if len(all) == 0 || all[len(all)-1].Case.ID != r.ID {
			all = append(all, Standing{Case: Case{ID: r.ID, OrgID: r.OrgID, Name: r.Name, Status: Status(r.Status), Head: r.Head,
				Created: moment(r.Created), Updated: moment(r.Updated), Archived: moment(r.Archived)}})
		}
		if r.Revision > 0 {
			last := &all[len(all)-1]
			last.Outcomes = append(last.Outcomes, Outcome{CaseID: r.ID, Revision: r.Revision, Scenario: r.Scenario, Version: r.Version,
				At: moment(r.At), JSON: r.JSON})
		}
	}
	return all, nil
}
