package duplicates

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// undecided marks the rows of pairs that are in no group.
const undecided = "?"

// WriteCSV writes the groups, then the pairs in doubt, a row for each record: its group, its identifier, the record to keep,
// a column for the decision, the probability and the reason, and the record's values. Nothing is left out.
func (x *Outcome) WriteCSV(w io.Writer, l *locale.Locale) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if l.Lang() == locale.German {
		out.Comma = ';' // as a German spreadsheet opens it
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // or it takes UTF-8 for Windows-1252
		return err
	}
	var row []string
	for _, c := range []string{"group", "id", "keep", "decision", "probability", "why"} {
		row = append(row, l.Text("duplicates.column."+c, nil))
	}
	for _, f := range x.fields {
		row = append(row, l.Text("duplicates.field."+f, nil))
	}
	if err := out.Write(row); err != nil {
		return err
	}
	write := func(group string, keep Member, m Member) error {
		row = append(row[:0], group, ingest.Guarded(m.ID), ingest.Guarded(keep.ID), "", "", "")
		if y := m.Why; y != nil {
			row[4] = y.Chance(l)
			if row[5] = y.Sentence(l); y.With != keep.ID {
				row[5] = l.Text("duplicates.through", diag.Args{"id": y.With, "text": row[5]})
			}
			row[5] = ingest.Guarded(row[5])
		}
		for _, f := range x.fields {
			row = append(row, ingest.Guarded(m.Values[f]))
		}
		return out.Write(row)
	}
	for k := range x.Groups {
		g := x.Group(k)
		for _, m := range g.Members {
			if err := write(strconv.Itoa(g.Number), g.Members[0], m); err != nil {
				return err
			}
		}
	}
	for k := range x.Review {
		pair := x.Doubt(k)
		for _, m := range pair {
			if err := write(undecided, pair[0], m); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// WriteJSON writes the figures, the groups and the pairs in doubt as one object, a group at a time.
func (x *Outcome) WriteJSON(w io.Writer) error {
	head, err := json.Marshal(x.Summary)
	if err != nil {
		return err
	}
	put := func(text string) {
		if err == nil {
			_, err = io.WriteString(w, text)
		}
	}
	list := func(name string, n int, of func(k int) any) {
		put(`,"` + name + `":[`)
		for k := range n {
			var item []byte
			if err == nil {
				item, err = json.Marshal(of(k))
			}
			if k > 0 {
				put(",")
			}
			put("\n" + string(item))
		}
		put("]")
	}
	put(strings.TrimSuffix(string(head), "}"))
	list("group_list", x.Groups, func(k int) any { return x.Group(k) })
	list("review_list", x.Review, func(k int) any { return x.Doubt(k) })
	put("}\n")
	return err
}

// Taken is how many decisions a file brought. Open are rows without one; of Unknown, one record is not in the table.
type Taken struct {
	Same, Different, Withdrawn, Open, Unknown int
}

// decision is what a row says.
type decision struct {
	warehouse.Decision
	withdrawn bool
	at        diag.Position
}

// Decide reads a file that WriteCSV wrote and people filled in, and keeps what they decided: of each row, whether the record
// is the same as the one in the column to keep. Nothing is kept where a row cannot be understood or contradicts another; the
// list says which.
func Decide(ctx context.Context, w *warehouse.Warehouse, s warehouse.Source, table, path string) (Taken, diag.List, error) {
	var taken Taken
	file, err := tabular.OpenFile(ctx, path, tabular.Options{})
	if err != nil {
		return taken, nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	rows, open, found, err := decisions(ctx, path, file)
	if err != nil || found.Err() != nil {
		return taken, found, err
	}
	taken.Open = open
	var ids []string
	for _, d := range rows {
		ids = append(ids, d.A, d.B)
	}
	there, err := w.Has(ctx, s.ID, table, ids)
	if err != nil {
		return taken, nil, err
	}
	var kept, withdrawn []warehouse.Decision
	for _, d := range rows {
		switch missing := !there[d.A] || !there[d.B]; {
		case d.withdrawn:
			taken.Withdrawn++
			withdrawn = append(withdrawn, d.Decision)
			continue
		case missing && there[d.A]:
			taken.Unknown++
			found.Add(diag.Warn("decision_unknown", d.at, diag.Args{"id": d.B}))
			continue
		case missing:
			taken.Unknown++
			found.Add(diag.Warn("decision_unknown", d.at, diag.Args{"id": d.A}))
			continue
		case d.Same:
			taken.Same++
		default:
			taken.Different++
		}
		kept = append(kept, d.Decision)
	}
	before, err := w.Decisions(ctx, s.ID, table)
	if err != nil {
		return taken, nil, err
	}
	if d := contradiction(path, before, kept, withdrawn, rows); d != nil {
		found.Add(*d)
		return Taken{}, found, nil
	}
	return taken, found, w.Decide(ctx, s.ID, table, kept, withdrawn)
}

// contradiction says where decisions, taken together, would make records the same and different.
func contradiction(path string, before, kept, withdrawn []warehouse.Decision, rows []decision) *diag.Diagnostic {
	all := make(map[[2]string]bool)
	for _, d := range before {
		all[[2]string{d.A, d.B}] = d.Same
	}
	for _, d := range withdrawn {
		delete(all, [2]string{d.A, d.B})
	}
	for _, d := range kept {
		all[[2]string{d.A, d.B}] = d.Same
	}
	var list []linkage.Settled
	for pair, same := range all {
		list = append(list, linkage.Settled{A: pair[0], B: pair[1], Same: same})
	}
	slices.SortFunc(list, func(x, y linkage.Settled) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	bad, ok := linkage.Contradiction(list)
	if !ok {
		return nil
	}
	at := diag.Position{File: path}
	for _, d := range rows {
		if d.A == bad.A && d.B == bad.B {
			at = d.at
		}
	}
	d := diag.New("decision_contradiction", at, diag.Args{"one": bad.A, "other": bad.B})
	return &d
}

// decisions are the rows of a file in which something is decided, and how many there are in which nothing is.
func decisions(ctx context.Context, path string, file *tabular.File) (rows []decision, open int, found diag.List, err error) {
	names, answers := vocabulary()
	var sheet *tabular.Sheet
	at := map[string]int{}
	for _, sheet = range file.Sheets {
		clear(at)
		for i, c := range sheet.Columns {
			if role, ok := names[strings.ToLower(strings.TrimSpace(c.Name))]; ok {
				at[role] = i
			}
		}
		if len(at) == 3 {
			break
		}
	}
	if len(at) != 3 {
		found.Add(diag.New("decision_columns", diag.Position{File: path}, nil))
		return nil, 0, found, nil
	}
	seen := make(map[[2]string]decision)
	for row, err := range sheet.All(ctx) {
		if err != nil {
			return nil, 0, found, err
		}
		place := diag.Position{File: path, Line: row.Line, Column: at["decision"] + 1}
		cell := func(role string) tabular.Cell {
			if i := at[role]; i < len(row.Cells) {
				return row.Cells[i]
			}
			return tabular.Cell{}
		}
		if row.Problem != nil {
			found.Add(*row.Problem)
			continue
		}
		said := strings.ToLower(strings.TrimSpace(cell("decision").Text))
		if said == "" {
			if cell("id").Text != cell("keep").Text {
				open++
			}
			continue
		}
		answer, ok := answers[said]
		if !ok {
			found.Add(diag.New("decision_word", place, diag.Args{"value": cell("decision").Text}))
			continue
		}
		id, err := tabular.ParseID(cell("id"))
		keep, err2 := tabular.ParseID(cell("keep"))
		id, keep = ingest.Unguarded(id), ingest.Unguarded(keep)
		switch {
		case err != nil || err2 != nil:
			found.Add(diag.New("decision_id", place, diag.Args{"id": cell("id").Text, "keep": cell("keep").Text}))
			continue
		case id == keep:
			found.Add(diag.New("decision_self", place, diag.Args{"id": id}))
			continue
		}
		d := decision{at: place, withdrawn: answer == saysOpen}
		d.A, d.B = warehouse.Pair(id, keep)
		d.Same = answer == saysSame
		pair := [2]string{d.A, d.B}
		if other, ok := seen[pair]; ok {
			if other.Same != d.Same || other.withdrawn != d.withdrawn {
				found.Add(diag.New("decision_twice", place, diag.Args{"one": d.A, "other": d.B, "line": strconv.Itoa(other.at.Line)}))
			}
			continue
		}
		seen[pair] = d
		rows = append(rows, d)
	}
	return rows, open, found, nil
}

type answer int

const (
	saysSame answer = iota
	saysDifferent
	saysOpen
)

// vocabulary are the names of the columns and the words of decisions in every language, since a file may have been written in
// another than the one spoken now.
func vocabulary() (names map[string]string, answers map[string]answer) {
	names, answers = make(map[string]string), make(map[string]answer)
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		for _, role := range []string{"id", "keep", "decision"} {
			names[strings.ToLower(l.Text("duplicates.column."+role, nil))] = role
		}
		for key, a := range map[string]answer{"duplicates.answer.same": saysSame, "duplicates.answer.different": saysDifferent, "duplicates.answer.open": saysOpen} {
			word := strings.ToLower(l.Text(key, nil))
			answers[word] = a
			if a != saysOpen {
				answers[word[:1]] = a // j, y, n
			}
		}
	}
	return names, answers
}
