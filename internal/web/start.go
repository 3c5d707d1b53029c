package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/starter"
)

// newPage asks the eight questions.
type newPage struct {
	frame
	Org, Name, NamePlaceholder, Organisation string
	Questions                                []question
}

type question struct {
	ID, Text, Hint, Kind, Value, Default, Reason, Wrong string
	Choices                                             []picked
}

type picked struct {
	ID, Label string
	Selected  bool
}

// answers reads what was filled in; wrong holds what could not be read, by question.
func (q *request) answers() (a starter.Answers, wrong map[string]string) {
	a = starter.Answers{Lang: string(q.l.Lang()), Name: strings.TrimSpace(q.FormValue("name")), Organisation: strings.TrimSpace(q.FormValue("organisation")), Currency: "EUR",
		Start: starter.NextStart(q.s.Now())}
	wrong = map[string]string{}
	for _, ask := range starter.Questions(a.Lang) {
		given := q.FormValue(ask.ID)
		if ask.ID == "goals" {
			given = strings.Join(q.Form["goals"], ", ")
		}
		if err := ask.Set(&a, given); err != nil {
			wrong[ask.ID] = err.Error()
		}
	}
	return a, wrong
}

func (q *request) newPage(a starter.Answers, wrong map[string]string) newPage {
	p := newPage{frame: q.frame(q.t("web.new.title", nil), "narrow"), Org: q.FormValue("org"), Name: a.Name, Organisation: a.Organisation, NamePlaceholder: q.t("web.new.name.example", nil)}
	filled := starter.Default(a)
	for _, ask := range starter.Questions(a.Lang) {
		v := question{ID: ask.ID, Text: ask.Text, Hint: ask.Hint, Kind: "text", Value: q.FormValue(ask.ID), Default: ask.Default(a), Reason: starter.Reason(a, ask.ID, a.Lang), Wrong: wrong[ask.ID]}
		if len(ask.Choices) > 0 {
			v.Kind = "one"
			if ask.ID == "goals" {
				v.Kind = "many"
			}
			for _, c := range ask.Choices {
				selected := c.ID == filled.Industry
				if v.Kind == "many" {
					selected = slices.Contains(filled.Goals, c.ID)
				}
				v.Choices = append(v.Choices, picked{c.ID, c.Label, selected})
			}
		}
		p.Questions = append(p.Questions, v)
	}
	return p
}

func (s *Site) newCase(q *request) error {
	a, _ := q.answers()
	q.page(http.StatusOK, "new", q.newPage(a, nil))
	return nil
}

// newDefaults shows the questions again with what is usual in the industry chosen.
func (s *Site) newDefaults(q *request) error {
	a, wrong := q.answers()
	if !q.PostForm.Has("touched") {
		a.Goals = nil
	}
	q.page(http.StatusOK, "new", q.newPage(a, wrong))
	return nil
}

func (s *Site) createCase(q *request) error {
	a, wrong := q.answers()
	if len(wrong) == 0 {
		text, err := starter.Case(a)
		var say starter.AnswerError
		switch {
		case errors.As(err, &say):
			wrong["industry"] = say.Error()
		case err != nil:
			return err
		default:
			id, err := s.App.Create(q.Context(), q.who, q.FormValue("org"), []byte(text), q.t("web.new.name.example", nil), q.t("web.new.reason", nil))
			if err != nil {
				return err
			}
			return q.to("/cases/"+id, "", "")
		}
	}
	q.page(http.StatusUnprocessableEntity, "new", q.newPage(a, wrong))
	return nil
}
