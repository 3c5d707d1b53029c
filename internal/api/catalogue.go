package api

import (
	"context"
)

type inCatalogue struct {
	Name string `path:"name" maxLength:"200" doc:"Name of the entry, as case files have it." example:"time_saved"`
}

func (a *API) catalogue() {
	c := a.App.Engine.Catalogue()
	entries(a, "levers", "lever", "A lever is a way in which a CRM brings money or time.", c.Levers, c.Lever)
	entries(a, "costs", "cost", "A cost item, with what people tend to forget.", c.Costs, c.Cost)
	entries(a, "packages", "package", "An AI package is a set of levers with the price of a seat.", c.Packages, c.Package)
	entries(a, "criteria", "criterion", "A criterion of the scorecard is value that nobody should turn into money; it is given points.", c.Criteria, c.Criterion)
}

// entries registers the two operations of one kind of entry.
func entries[T any](a *API, plural, singular, text string, list func() []string, find func(string) (*T, error)) {
	const group = "Catalogue"
	add(a, operation{id: "list-" + plural, method: "GET", path: "/catalogue/" + plural, tag: group, summary: "List " + plural, text: text + " Texts are in German and in English."},
		func(_ context.Context, q *ask, _ *struct{}) (*body[Page[*T]], error) {
			if err := a.App.MayCompute(q.who); err != nil {
				return nil, err
			}
			p := Page[*T]{Items: []*T{}}
			for _, id := range list() {
				v, err := find(id)
				if err != nil {
					return nil, err
				}
				p.Items = append(p.Items, v)
			}
			return &body[Page[*T]]{p}, nil
		})
	add(a, operation{id: "get-" + singular, method: "GET", path: "/catalogue/" + plural + "/{name}", tag: group, summary: "One of the " + plural, text: text},
		func(_ context.Context, q *ask, in *inCatalogue) (*body[*T], error) {
			if err := a.App.MayCompute(q.who); err != nil {
				return nil, err
			}
			v, err := find(in.Name)
			if err != nil {
				return nil, err
			}
			return &body[*T]{v}, nil
		})
}
