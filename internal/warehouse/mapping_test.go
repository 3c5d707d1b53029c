package warehouse_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMappings_areKeptByOwnerAndName(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		for _, m := range []warehouse.Mapping{{Owner: "a", Name: "Deals", Table: "opportunity", Text: "old"}, {Owner: "a", Name: "Accounts", Table: "account", Text: "x"}, {Owner: "b", Name: "Deals", Table: "lead", Text: "theirs"},
			{Owner: "a", Name: "Deals", Table: "opportunity", Text: "new"}} {
			w.ok(w.KeepMapping(ctx, m))
		}
		if err := w.KeepMapping(ctx, warehouse.Mapping{Owner: "a"}); !errors.Is(err, warehouse.ErrName) {
			w.Errorf("without a name: %v", err)
		}
		list, err := w.Mappings(ctx, "a")
		w.ok(err)
		var got []string
		for _, m := range list {
			got = append(got, m.Name+" "+m.Table+" "+m.Text)
		}
		if d := cmp.Diff([]string{"Accounts account x", "Deals opportunity new"}, got); d != "" {
			w.Errorf("(-want +got):\n%s", d)
		}
		w.ok(w.RemoveMapping(ctx, "a", "Deals"))
		if err := w.RemoveMapping(ctx, "a", "Deals"); !errors.Is(err, warehouse.ErrNotFound) {
			w.Errorf("a second time: %v", err)
		}
		if list, err = w.Mappings(ctx, "b"); err != nil || len(list) != 1 {
			w.Errorf("%v, %v", list, err)
		}
	})
}

func TestMappingOf_isThatOfTheImport(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		b := w.bring("a", deal("1", "won", 1))
		if _, err := w.MappingOf(ctx, b.ID); !errors.Is(err, warehouse.ErrNotFound) {
			w.Errorf("before: %v", err)
		}
		w.ok(w.NoteMapping(ctx, b.ID, "one"))
		w.ok(w.NoteMapping(ctx, b.ID, "two"))
		if text, err := w.MappingOf(ctx, b.ID); err != nil || text != "two" {
			w.Errorf("%q, %v", text, err)
		}
		s, err := w.Source(ctx, w.source.ID)
		if w.ok(err); s.Name != "CRM" {
			w.Errorf("%+v", s)
		}
		w.ok(w.RemoveSource(ctx, w.source.ID))
		if _, err := w.MappingOf(ctx, b.ID); !errors.Is(err, warehouse.ErrNotFound) {
			w.Errorf("after the source has gone: %v", err)
		}
		if _, err := w.Source(ctx, w.source.ID); !errors.Is(err, warehouse.ErrNotFound) {
			w.Errorf("the source: %v", err)
		}
	})
}

func TestRejects_comeInPartsAndInOrder(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		i, err := w.Begin(ctx, w.source, "opportunity", "x.csv", "h")
		w.ok(err)
		for line := int64(7); line > 0; line-- {
			for _, column := range []string{"stage", "amount"} {
				w.ok(i.Reject(ctx, warehouse.Reject{Line: line, Column: column, Code: "kind", Cells: []string{"a"}}))
			}
		}
		w.ok(i.Finish(ctx))
		var all, parts []string
		for r, err := range w.EachReject(ctx, i.ID) {
			w.ok(err)
			all = append(all, fmt.Sprint(r.Line, r.Column))
		}
		line, column := int64(0), ""
		for {
			list, err := w.RejectsAfter(ctx, i.ID, line, column, 3)
			w.ok(err)
			if len(list) == 0 {
				break
			}
			for _, r := range list {
				parts = append(parts, fmt.Sprint(r.Line, r.Column))
				line, column = r.Line, r.Column
			}
		}
		if len(all) != 14 || strings.Join(all, " ") != strings.Join(parts, " ") || all[0] != "1amount" {
			w.Errorf("%v\n%v", all, parts)
		}
	})
}
