package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/revision"
)

// edit is one change of a case file that somebody asks for.
type edit struct {
	label string // for the history of the draft
	apply func(*revision.Text) (*revision.Text, error)
}

// listOf returns the diagnostics of a case file in an error, nil for none.
func listOf(err error) diag.List {
	var list diag.List
	var e *app.Error
	if errors.As(err, &list) {
		return list
	}
	if errors.As(err, &e) {
		return e.Problems
	}
	return nil
}

func wrong(key string, args diag.Args) error {
	return &app.Error{Code: app.Invalid, Key: key, Args: args}
}

// edit reads the change that a form asks for.
func (q *request) edit(o *app.Open) (edit, error) {
	at := q.FormValue("path")
	in := at
	if id := q.FormValue("scenario"); id != "" && id != "base" {
		in = "scenarios." + id + "." + at
	}
	cat := q.s.App.Engine.Catalogue()
	switch op := q.FormValue("op"); op {
	case "", "range":
		return edit{at, func(t *revision.Text) (*revision.Text, error) {
			written, _ := valueAt(t, at, q.FormValue("scenario"))
			if written == "" {
				return nil, wrong("web.error.gone", diag.Args{"path": at})
			}
			next, err := revision.WithRange(written, q.FormValue("low"), q.FormValue("middle"), q.FormValue("high"))
			if err != nil {
				return nil, err
			}
			return t.Set(in, next)
		}}, nil
	case "quantity":
		if q.FormValue("remove") != "" {
			return edit{at, func(t *revision.Text) (*revision.Text, error) { return t.Remove(in) }}, nil
		}
		return edit{at, func(t *revision.Text) (*revision.Text, error) { return q.quantity(t, at, in, cat) }}, nil
	case "remove":
		return edit{at, func(t *revision.Text) (*revision.Text, error) { return t.Remove(at) }}, nil
	case "criterion":
		return edit{at, func(t *revision.Text) (*revision.Text, error) {
			if q.FormValue("remove") != "" && in != at {
				return t.Remove(in)
			}
			return q.setCriterion(t, at, in)
		}}, nil
	case "add_criterion":
		return edit{"scorecard", q.insertCriterion}, nil
	case "remove_criterion":
		return edit{at, func(t *revision.Text) (*revision.Text, error) { return removeCriterion(t, at) }}, nil
	case "line":
		return edit{at, func(t *revision.Text) (*revision.Text, error) { return q.setLine(t, at) }}, nil
	case "rename":
		return edit{at, func(t *revision.Text) (*revision.Text, error) {
			var err error
			if label := strings.TrimSpace(q.FormValue("label")); label != t.Field(at, "label") {
				if t, err = t.SetField(at, "label", label); err != nil {
					return nil, err
				}
			}
			if key := strings.TrimSpace(q.FormValue("key")); key != "" && key != at[strings.LastIndex(at, ".")+1:] {
				return t.Rename(at, key, cat)
			}
			return t, nil
		}}, nil
	case "add":
		return edit{q.FormValue("key"), func(t *revision.Text) (*revision.Text, error) { return q.add(t, cat) }}, nil
	case "add_scenario":
		label := strings.TrimSpace(q.FormValue("value"))
		return edit{label, func(t *revision.Text) (*revision.Text, error) {
			id := free(identifier(label), t.Scenarios())
			if id == "" {
				return nil, wrong("web.error.name", nil)
			}
			return t.AddScenario(id, label)
		}}, nil
	case "copy_scenario":
		return edit{at, func(t *revision.Text) (*revision.Text, error) {
			label, _ := t.Value("scenarios." + at + ".label")
			if label == "" {
				label = spoken(at)
			}
			return t.DuplicateScenario(at, free(at+"_copy", t.Scenarios()), q.t("web.scenario.copy", diag.Args{"name": label}))
		}}, nil
	case "remove_scenario":
		return edit{at, func(t *revision.Text) (*revision.Text, error) { return t.RemoveScenario(at) }}, nil
	}
	return edit{}, wrong("web.error.request", nil)
}

// quantity writes the fields of the dialog that edits one value.
func (q *request) quantity(t *revision.Text, at, in string, cat *catalogue.Catalogue) (*revision.Text, error) {
	var err error
	if written := strings.TrimSpace(q.FormValue("value")); written != "" {
		if old, _ := valueAt(t, at, q.FormValue("scenario")); old != written {
			if t, err = t.Set(in, written); err != nil {
				return nil, err
			}
		}
	}
	for _, field := range []string{"source", "grade", "note"} {
		if !q.PostForm.Has(field) {
			continue
		}
		next := strings.TrimSpace(q.FormValue(field))
		if t.Field(in, field) == next || in != at && t.Field(at, field) == next {
			continue
		}
		if t, err = t.SetField(in, field, next); err != nil {
			return nil, err
		}
	}
	if key := strings.TrimSpace(q.FormValue("key")); key != "" && key != at[strings.LastIndex(at, ".")+1:] && in == at {
		return t.Rename(at, key, cat)
	}
	return t, nil
}

// add puts a lever, a cost item, an AI package, a line of one's own or an assumption into the file.
func (q *request) add(t *revision.Text, cat *catalogue.Catalogue) (*revision.Text, error) {
	group, name := q.FormValue("group"), q.FormValue("item")
	key := identifier(q.FormValue("key"))
	if key == "" {
		key = name
	}
	if group == "assumptions" {
		if key == "" || t.Has("assumptions."+key) {
			return nil, wrong("web.error.key", diag.Args{"key": key})
		}
		return t.Insert("assumptions", key, q.FormValue("in.value"), "")
	}
	parent := group
	if group == "packages" {
		key = name
	} else {
		key = free(key, t.Keys(group))
	}
	if key == "" {
		return nil, wrong("web.error.name", nil)
	}
	var fields []string
	put := func(k, v string) {
		if v = strings.TrimSpace(v); v != "" {
			fields = append(fields, k+": "+flow(v))
		}
	}
	switch {
	case group == "benefits" && name != "":
		put("lever", name)
	case group == "costs" && name != "":
		put("item", name)
	}
	for _, in := range q.inputs(cat, group, name) {
		put(in.Name, q.FormValue("in."+in.Name))
	}
	return t.Insert(parent, key, "{"+strings.Join(fields, ", ")+"}", "")
}

// flow quotes a text where a flow map needs it.
func flow(s string) string {
	if s == "~" || s == "null" || strings.ContainsAny(s, ",{}[]:#&*!|>'\"%@`") && !strings.HasPrefix(s, "[") {
		return strconv.Quote(s)
	}
	return s
}

// identifier makes a name that formulas can use out of what a person typed.
func identifier(s string) string {
	s = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(strings.TrimSpace(s)))
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_") && (unicode.IsSpace(r) || unicode.IsPunct(r)):
			b.WriteByte('_')
		}
	}
	return strings.Trim(b.String(), "_")
}

// free is a name that is not taken: the name itself, or with a number behind it.
func free(name string, taken []string) string {
	if name == "" || !slices.Contains(taken, name) {
		return name
	}
	for n := 2; ; n++ {
		if s := name + "_" + strconv.Itoa(n); !slices.Contains(taken, s) {
			return s
		}
	}
}

// spoken is an identifier as a person would say it: with_ai is "with ai".
func spoken(id string) string { return upper(strings.ReplaceAll(id, "_", " ")) }

// change takes an edit into the draft and answers with the parts of the page that show it.
func (s *Site) change(q *request) error {
	e, err := q.edit(nil)
	if err != nil {
		return err
	}
	o, err := s.App.Change(q.Context(), q.who, q.PathValue("id"), e.label, q.t("web.file_name", nil), e.apply)
	if err != nil {
		return err
	}
	return q.shown(o)
}

// tab is the page of the case that a fragment is asked from.
func (q *request) tab() string {
	u, err := url.Parse(q.Request.Header.Get("HX-Current-URL"))
	if err != nil || path.Base(u.Path) == q.PathValue("id") {
		return ""
	}
	return path.Base(u.Path)
}

// shown answers with what changed on the page that the edit came from.
func (q *request) shown(o *app.Open) error {
	d, err := q.deskOf(o, 0)
	if err != nil {
		return err
	}
	q.ResponseWriter.Header().Set("HX-Trigger", "why")
	switch tab := q.tab(); tab {
	case "":
		p := q.casePage(d, "", "")
		p.OOB = true
		q.sidebar(&p, d)
		if d.answer != nil {
			p.Curve = q.curve(d)
		}
		return q.parts("case", p, "headline", "curve", "utility", "inputs", "draftbar")
	case "costs", "benefits":
		p := q.lines(d, tab == "benefits")
		p.OOB = true
		return q.parts("lines", p, "headline", "lines", "inputs", "draftbar")
	case "assumptions":
		p := q.assumptionsPage(d)
		p.OOB = true
		return q.parts("assumptions", p, "headline", "assumptions", "draftbar")
	case "scorecard":
		p := q.scorecardPage(d)
		p.OOB = true
		return q.parts("scorecard", p, "scorecard", "draftbar")
	}
	q.ResponseWriter.Header().Set("HX-Refresh", "true")
	return nil
}

func (s *Site) undo(q *request) error {
	return q.moved(s.App.Undo(q.Context(), q.who, q.PathValue("id")))
}
func (s *Site) redo(q *request) error {
	return q.moved(s.App.Redo(q.Context(), q.who, q.PathValue("id")))
}

func (q *request) moved(o *app.Open, err error) error {
	if err != nil {
		return err
	}
	return q.shown(o)
}

func (s *Site) discard(q *request) error {
	if _, err := s.App.Discard(q.Context(), q.who, q.PathValue("id")); err != nil {
		return err
	}
	return q.to("/cases/"+q.PathValue("id"), "discarded", "")
}

// editDialog is the dialog of one value.
type editDialog struct {
	place
	Title, Hint, Post, Preview, Path, Page, Complete, Key string
	IsRange, CanRename, CanRemove                         bool
	Low, Middle, High, Unit, Value, Source, Note          string
	Grades                                                []choice
	editPreview
}

type editPreview struct {
	Density  template.HTML
	Problems []problem
	Effect   string
}

func (s *Site) editDialog(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	if d.text == nil {
		return unreadable(d)
	}
	at := q.FormValue("path")
	written, in := valueAt(d.text, at, d.place.Scenario)
	if written == "" {
		return &app.Error{Code: app.NotFound, Key: "web.error.gone", Args: diag.Args{"path": at}}
	}
	e := editDialog{place: d.place, Title: at, Post: d.place.Base + "/edit" + d.place.query(), Preview: d.place.Base + "/preview" + d.place.query(),
		Path: at, Complete: d.place.Base + "/complete" + d.place.query(), Value: written, Source: d.text.Field(in, "source"), Note: d.text.Field(in, "note")}
	e.Grades = q.grades(d.text.Field(in, "grade"))
	if !strings.Contains(at, ".") && d.place.Scenario == "" {
		e.CanRename, e.CanRemove, e.Key = true, true, at
	}
	e.CanRemove = e.CanRemove || d.place.Scenario != "" && in != at
	if d.answer != nil {
		if m, ok := d.answer.Model.Quantity(at); ok {
			e.Title, e.Density = d.answer.Label(m), density(m, q.l)
			if m.Line != nil && !strings.HasPrefix(at, "adoption") {
				e.Hint = q.leverHint(m.Line, at)
			}
		}
	}
	r := revision.ParseRange(written)
	if e.IsRange = r.Kind == "range"; e.IsRange {
		e.Low, e.Middle, e.High, e.Unit = q.typed(r.Low), q.typed(r.Middle), q.typed(r.High), r.Unit
	}
	return q.parts("fragments", e, "edit")
}

// unreadable is why a case that is no YAML cannot be edited value by value.
func unreadable(d *desk) error {
	return &app.Error{Code: app.Invalid, Key: "web.error.case", Problems: d.problem}
}

// typed writes a decimal text of the file as the person would.
func (q *request) typed(s string) string {
	if s == "" {
		return ""
	}
	return revision.Localised(q.l, s)
}

// preview says what a value that is being typed would do; nothing is kept.
func (s *Site) preview(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	e, err := q.edit(d.Open)
	if err != nil {
		return err
	}
	if d.text == nil {
		return unreadable(d)
	}
	var v editPreview
	next, err := e.apply(d.text)
	if list := listOf(err); list != nil {
		v.Problems = problemsOf(errorsOf(list), q.l)
		return q.parts("fragments", v, "editpreview")
	}
	if err != nil {
		return err
	}
	// With all draws, as the answer that it is held against: figures that a change does not touch then stay as they are.
	a, err := s.App.Engine.Answer(q.Context(), next.Bytes(), d.place.Scenario, 0, q.l)
	if list := listOf(err); list != nil {
		v.Problems = problemsOf(errorsOf(list), q.l)
		return q.parts("fragments", v, "editpreview")
	}
	if err != nil {
		return err
	}
	if m, ok := a.Model.Quantity(q.FormValue("path")); ok {
		v.Density = density(m, q.l)
	}
	if d.answer != nil {
		v.Effect = q.effect(report.Figures(d.answer.Result, q.l), report.Figures(a.Result, q.l))
		if q.FormValue("op") == "criterion" { // points change no money
			v.Effect = utilityEffect(d.answer.Scorecard, a.Scorecard, q.l)
		}
	}
	return q.parts("fragments", v, "editpreview")
}

// effect tells the difference of two results in a line: the figures that read differently.
func (q *request) effect(before, after []report.Figure) string {
	var parts []string
	for i, f := range after {
		if f.Value != before[i].Value && f.ID != "chance" {
			parts = append(parts, f.Label+": "+before[i].Value+" → "+f.Value)
		}
	}
	return strings.Join(parts, " · ")
}

// complete lists the names and functions that begin as what was typed.
func (s *Site) complete(q *request) error {
	o, err := s.App.Open(q.Context(), q.who, q.PathValue("id"), 0)
	if err != nil {
		return err
	}
	type offer struct {
		Word string `json:"word"`
		Text string `json:"text"`
	}
	found := []offer{}
	word := strings.ToLower(q.FormValue("word"))
	add := func(w, text string) {
		if len(found) < 12 && strings.HasPrefix(strings.ToLower(w), word) && !slices.ContainsFunc(found, func(o offer) bool { return o.Word == w }) {
			found = append(found, offer{w, text})
		}
	}
	if t, err := revision.Open("", o.Text); err == nil {
		for _, k := range t.Keys("assumptions") {
			v, _ := t.Value(k)
			add(k, revision.Localised(q.l, v))
		}
	}
	for _, b := range []string{"adoption", "data_quality", "process", "realised", "month", "horizon"} {
		add(b, q.t("web.builtin."+b, nil))
	}
	for _, f := range formula.Functions {
		add(f.Name+"(", f.Example)
	}
	cat := s.App.Engine.Catalogue()
	lang := string(q.l.Lang())
	for _, id := range cat.Levers() {
		if lever, err := cat.Lever(id); err == nil {
			add(id, lever.Name.In(lang))
		}
	}
	for _, id := range cat.Costs() {
		if c, err := cat.Cost(id); err == nil {
			add(id, c.Name.In(lang))
		}
	}
	q.ResponseWriter.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(q.ResponseWriter).Encode(found)
}

// addDialog lists what can be added.
type addDialog struct {
	Title, Query, Href, OwnHref string
	Items                       []addable
}

type addable struct{ Name, Kind, Text, Href string }

// addForm asks for the inputs of what is added.
type addForm struct {
	Title, Hint, Post, Group, Item, Page, Key, Complete string
	AskKey                                              bool
	Inputs                                              []addInput
}

type addInput struct {
	Name, Label, Unit, Hint, Value, Placeholder, Evidence string
	Required                                              bool
}

func (s *Site) addDialog(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	group := q.FormValue("group")
	if group == "scorecard" {
		if d.text == nil {
			return unreadable(d)
		}
		return q.addCriterion(d)
	}
	here := func(more ...string) string { return d.place.Base + "/add" + d.place.query(more...) }
	cat, lang := s.App.Engine.Catalogue(), string(q.l.Lang())
	name := q.FormValue("item")
	if group == "assumptions" || q.Form.Has("item") {
		f := addForm{Post: d.place.Base + "/edit" + d.place.query(), Group: group, Item: name, Complete: d.place.Base + "/complete" + d.place.query(), AskKey: group != "packages", Key: name}
		f.Title, f.Hint = q.t("web.add."+group, nil), q.t("web.add.own.hint", nil)
		f.Inputs = q.inputs(cat, group, name)
		switch {
		case name == "":
		case group == "benefits":
			if lever, err := cat.Lever(name); err == nil {
				f.Title, f.Hint = lever.Name.In(lang), lever.Text.In(lang)
			}
		case group == "costs":
			if c, err := cat.Cost(name); err == nil {
				f.Title, f.Hint = c.Name.In(lang), c.Text.In(lang)
			}
		case group == "packages":
			if p, err := cat.Package(name); err == nil {
				f.Title, f.Hint = p.Name.In(lang), p.Text.In(lang)
			}
		}
		return q.parts("fragments", f, "additem")
	}
	v := addDialog{Title: q.t("web.add."+group, nil), Query: q.FormValue("q"), Href: here("group", group), OwnHref: here("group", group, "item", "")}
	offer := func(group, id, name, kind, text string) {
		if find(v.Query, name, text, id) {
			v.Items = append(v.Items, addable{name, kind, text, here("group", group, "item", id)})
		}
	}
	if group == "benefits" {
		for _, id := range cat.Levers() {
			if lever, err := cat.Lever(id); err == nil {
				offer("benefits", id, lever.Name.In(lang), q.t("web.kind."+lever.Kind, nil), lever.Text.In(lang))
			}
		}
		for _, id := range cat.Packages() {
			if p, err := cat.Package(id); err == nil {
				offer("packages", id, p.Name.In(lang), q.t("web.kind.package", nil), p.Text.In(lang))
			}
		}
	} else {
		for _, id := range cat.Costs() {
			if c, err := cat.Cost(id); err == nil {
				offer("costs", id, c.Name.In(lang), q.t("web.kind."+c.Kind, nil), c.Text.In(lang))
			}
		}
	}
	return q.parts("fragments", v, "add")
}

// find reports whether every word of a query begins a word in one of the texts.
func find(query string, texts ...string) bool {
	all := " " + strings.ToLower(strings.Join(texts, " "))
	for _, w := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(all, " "+w) && !(len(w) > 3 && strings.Contains(all, w)) {
			return false
		}
	}
	return true
}

// leverInputs are the inputs of a lever, those of its chain behind its own: another line of the chain may have told them.
func leverInputs(cat *catalogue.Catalogue, name string) catalogue.Inputs {
	lever, err := cat.Lever(name)
	if err != nil {
		return nil
	}
	list := slices.Clone(lever.Inputs)
	if chain, err := cat.Chain(lever.Chain); lever.Chain != "" && err == nil {
		for _, v := range chain.Variables {
			if !slices.ContainsFunc(list, func(in catalogue.Input) bool { return in.Name == v.Name || in.Chain == v.Name }) {
				v.Or = v.Name // told elsewhere, perhaps
				list = append(list, v)
			}
		}
	}
	return list
}

// inputs are the fields that an addition asks for.
func (q *request) inputs(cat *catalogue.Catalogue, group, name string) []addInput {
	lang := string(q.l.Lang())
	if name == "" {
		fields := map[string][]string{"assumptions": {"value"}, "costs": {"amount", "at", "from", "to", "escalates"}, "benefits": {"amount", "from", "to", "kind"}}[group]
		var all []addInput
		for _, f := range fields {
			all = append(all, addInput{Name: f, Label: q.t("web.own."+f, nil), Hint: q.t("web.own."+f+".hint", nil), Placeholder: q.t("web.own."+f+".example", nil), Required: f == "value" || f == "amount"})
		}
		return all
	}
	var list catalogue.Inputs
	switch group {
	case "benefits":
		list = leverInputs(cat, name)
	case "costs":
		if c, err := cat.Cost(name); err == nil {
			list = c.Inputs
		}
	case "packages":
		if p, err := cat.Package(name); err == nil {
			list = slices.Clone(p.Cost.Inputs)
			for _, b := range p.Benefits {
				for _, in := range leverInputs(cat, b.Lever) {
					if _, preset := b.Set[in.Name]; preset {
						in.Default = &catalogue.Default{}
					}
					if _, have := list.Get(in.Name); !have {
						list = append(list, in)
					}
				}
			}
		}
	}
	var all []addInput
	for _, in := range list {
		i := addInput{Name: in.Name, Label: in.Label.In(lang), Unit: in.Unit, Hint: in.Hint.In(lang), Required: in.Default == nil && in.Or == ""}
		if in.Default != nil {
			i.Placeholder, i.Evidence = in.Default.Value, in.Default.Source
		}
		if in.Range != "" {
			i.Evidence = q.t("web.add.published", diag.Args{"range": revision.Localised(q.l, in.Range)})
		}
		all = append(all, i)
	}
	return all
}

func (s *Site) renameDialog(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	if d.text == nil {
		return unreadable(d)
	}
	at := q.FormValue("path")
	if !d.text.Has(at) {
		return &app.Error{Code: app.NotFound, Key: "web.error.gone", Args: diag.Args{"path": at}}
	}
	return q.parts("fragments", struct{ Title, Post, Path, Page, Label, Key string }{q.t("web.rename", nil), d.place.Base + "/edit" + d.place.query(), at, "",
		d.text.Field(at, "label"), at[strings.LastIndex(at, ".")+1:]}, "rename")
}

// filePage is the case as text.
type filePage struct {
	casePage
	Text, Seen, Fine, Conflict string
	Problems                   []problem
}

func (s *Site) file(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	q.page(http.StatusOK, "file", q.filePage(d, string(d.Open.Text), ""))
	return nil
}

func (q *request) filePage(d *desk, text, conflict string) filePage {
	p := filePage{casePage: q.casePage(d, "file", ""), Text: text, Seen: app.Hash(d.Open.Text), Conflict: conflict}
	p.Problems, p.Fine = q.checked([]byte(text))
	return p
}

func (q *request) checked(text []byte) ([]problem, string) {
	list := q.s.App.Engine.Check(text, q.l)
	return problemsOf(list, q.l), q.t("web.file.fine", nil)
}

// check says what is wrong with a text that is being typed.
func (s *Site) check(q *request) error {
	if _, err := s.App.Open(q.Context(), q.who, q.PathValue("id"), 0); err != nil {
		return err
	}
	v := filePage{}
	v.Problems, v.Fine = q.checked([]byte(lines(q.FormValue("text"))))
	return q.parts("file", v, "check")
}

// lines undoes the line ends that browsers send.
func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// takeFile takes the whole text into the draft, also where it does not compute yet.
func (s *Site) takeFile(q *request) error {
	o, err := s.App.SetText(q.Context(), q.who, q.PathValue("id"), []byte(lines(q.FormValue("text"))), q.FormValue("seen"))
	if code, _ := app.CodeOf(err); code == app.Conflict {
		d, derr := q.openDesk(-1)
		if derr != nil {
			return derr
		}
		q.page(http.StatusConflict, "file", q.filePage(d, q.FormValue("text"), q.t("web.file.conflict", nil)))
		return nil
	}
	if err != nil {
		return err
	}
	if s.App.Engine.Check(o.Text, q.l).Err() != nil {
		return q.to("/cases/"+o.Case.ID+"/file", "taken_broken", "")
	}
	return q.to("/cases/"+o.Case.ID, "taken", "")
}

// lineDialog edits one cost or benefit as it is written: its fields one by one.
type lineDialog struct {
	Title, Hint, Post, Path, Complete string
	Fields                            []addInput
}

func (s *Site) lineDialog(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	if d.text == nil {
		return unreadable(d)
	}
	at := q.FormValue("path")
	if !d.text.Has(at) {
		return &app.Error{Code: app.NotFound, Key: "web.error.gone", Args: diag.Args{"path": at}}
	}
	group, id, _ := strings.Cut(at, ".")
	v := lineDialog{Title: spoken(id), Post: d.place.Base + "/edit" + d.place.query(), Path: at, Complete: d.place.Base + "/complete" + d.place.query(), Hint: q.t("web.line.hint", nil)}
	if label := d.text.Field(at, "label"); label != "" {
		v.Title = label
	}
	known := map[string]addInput{}
	cat, lang := s.App.Engine.Catalogue(), string(q.l.Lang())
	for _, item := range []string{"lever", "item", "package"} {
		if name, ok := d.text.Value(at + "." + item); ok {
			if d.text.Field(at, "label") == "" {
				v.Title = cmp.Or(catalogueName(cat, item, name, lang), v.Title)
			}
			g := map[string]string{"lever": "benefits", "item": "costs", "package": "packages"}[item]
			for _, in := range q.inputs(cat, g, name) {
				known[in.Name] = in
			}
		}
	}
	for _, in := range q.inputs(cat, group, "") {
		if _, have := known[in.Name]; !have {
			known[in.Name] = in
		}
	}
	seen := map[string]bool{}
	for _, k := range d.text.Keys(at) {
		seen[k] = true
		in, ok := known[k]
		if !ok {
			in = addInput{Name: k, Label: q.fieldName(k)}
		}
		in.Value, _ = d.text.Value(at + "." + k)
		if in.Value == "" {
			in.Value, _ = d.text.Source(at + "." + k)
		}
		in.Required = false
		v.Fields = append(v.Fields, in)
	}
	for _, k := range []string{"from", "to", "at", "escalates"} {
		if in, ok := known[k]; ok && !seen[k] && (group == "costs" || k == "from" || k == "to") {
			in.Required = false
			v.Fields = append(v.Fields, in)
		}
	}
	return q.parts("fragments", v, "line")
}

// fieldName is what people call a key of a line.
func (q *request) fieldName(key string) string {
	if name := "web.field." + key; q.l.Has(name) {
		return q.t(name, nil)
	}
	return spoken(key)
}

// catalogueName is what the catalogue calls a lever, an item or a package; empty where it knows none of that name.
func catalogueName(cat *catalogue.Catalogue, key, name, lang string) string {
	switch key {
	case "lever":
		if lever, err := cat.Lever(name); err == nil {
			return lever.Name.In(lang)
		}
	case "item":
		if c, err := cat.Cost(name); err == nil {
			return c.Name.In(lang)
		}
	case "package":
		if p, err := cat.Package(name); err == nil {
			return p.Name.In(lang)
		}
	}
	return ""
}

// setLine writes the fields of a line that were changed.
func (q *request) setLine(t *revision.Text, at string) (*revision.Text, error) {
	var err error
	for name, values := range q.PostForm {
		field, ok := strings.CutPrefix(name, "in.")
		if !ok {
			continue
		}
		path, next := at+"."+field, strings.TrimSpace(values[0])
		old, have := t.Value(path)
		if !have {
			old, have = t.Source(path)
		}
		switch {
		case next == old:
			continue
		case next == "" && have:
			t, err = t.Remove(path)
		case next == "":
			continue
		case have:
			t, err = t.Set(path, next)
		default:
			t, err = t.Insert(at, field, next, "")
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}
