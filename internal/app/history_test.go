package app_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/store"
)

// values are three assumptions of a case whose costs name something unknown, so that no step waits for a computation.
type values [3]int

func (v values) text() string {
	return fmt.Sprintf("case: Spiel\nassumptions:\n  a: %d\n  b: %d # von Hand\n  c: %d\ncosts:\n  x: nobody * 1 EUR/month\n", v[0], v[1], v[2])
}

func path(i int) string { return "assumptions." + string(rune('a'+i)) }

// drafted is what somebody's draft should be: steps with a cursor on a base.
type drafted struct {
	steps  []values
	cursor int
	base   int
}

// history is what the case should be: all that was acknowledged.
type history struct {
	saved   []values // by revision, from 1 on at index 0
	authors []string
	reasons []string
	drafts  map[string]*drafted
}

func (h *history) head() int { return len(h.saved) }

// now is the text that somebody sees and the revision that it was made from.
func (h *history) now(who string) (text values, base int) {
	if d := h.drafts[who]; d != nil {
		return d.steps[d.cursor], d.base
	}
	return h.saved[h.head()-1], h.head()
}

func (h *history) push(who string, v values) {
	now, base := h.now(who)
	if v == now {
		return
	}
	d := h.drafts[who]
	if d == nil {
		d = &drafted{steps: []values{now}, base: base}
		h.drafts[who] = d
	}
	d.steps = append(d.steps[:d.cursor+1], v)
	d.cursor++
}

func (h *history) save(who, reason string, v values) {
	h.saved, h.authors, h.reasons = append(h.saved, v), append(h.authors, who), append(h.reasons, reason)
}

// Whatever two people edit, undo, redo, drop, save, merge and restore, in whatever order: each sees their own steps on
// the revision they started from, every save that was acknowledged is there byte for byte, and a merge keeps what only
// one of them changed.
func TestHistory_losesNoSaveThatWasAcknowledged(t *testing.T) {
	w := newWorld(t)
	who := map[string]app.Actor{"editor": w.as("editor"), "anna": w.as("anna")}
	rapid.Check(t, func(rt *rapid.T) {
		id, err := w.Create(w.ctx, who["anna"], w.org, []byte(values{}.text()), "", "r1")
		must(rt, err)
		h := &history{drafts: map[string]*drafted{}}
		h.save("anna", "r1", values{})

		person := rapid.SampledFrom([]string{"editor", "anna"})
		number := rapid.IntRange(0, 3)
		reason := func() string { return fmt.Sprint("r", h.head()+1) }
		acknowledged := func(rt *rapid.T, n int, err error) {
			must(rt, err)
			if n != h.head() {
				rt.Fatalf("revision %d, want %d", n, h.head())
			}
		}
		// conflicts says whether an error tells of the newest revision.
		conflicts := func(rt *rapid.T, err error) {
			var e *app.Error
			if !errors.As(err, &e) || e.Code != app.Conflict || e.Head != h.head() {
				rt.Fatalf("error %v, want a conflict with revision %d", err, h.head())
			}
		}
		code := func(rt *rapid.T, err error, want app.Code) {
			if got, _ := app.CodeOf(err); got != want {
				rt.Fatalf("error %v, want %s", err, want)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"change": func(rt *rapid.T) {
				p, i, n := person.Draw(rt, "who"), rapid.IntRange(0, 2).Draw(rt, "which"), number.Draw(rt, "value")
				_, err := w.Change(w.ctx, who[p], id, "", "", func(t *revision.Text) (*revision.Text, error) { return t.Set(path(i), fmt.Sprint(n)) })
				must(rt, err)
				v, _ := h.now(p)
				v[i] = n
				h.push(p, v)
			},
			"text": func(rt *rapid.T) {
				p, v := person.Draw(rt, "who"), values{number.Draw(rt, "a"), number.Draw(rt, "b"), number.Draw(rt, "c")}
				seen := values{number.Draw(rt, "seen"), 0, 0} // mostly another text than the draft's
				now, _ := h.now(p)
				if rapid.Bool().Draw(rt, "fresh") {
					seen = now
				}
				_, err := w.SetText(w.ctx, who[p], id, []byte(v.text()), app.Hash([]byte(seen.text())))
				if seen != now {
					conflicts(rt, err)
					return
				}
				must(rt, err)
				h.push(p, v)
			},
			"undo": func(rt *rapid.T) {
				p := person.Draw(rt, "who")
				_, err := w.Undo(w.ctx, who[p], id)
				switch d := h.drafts[p]; {
				case d == nil:
					code(rt, err, app.NotFound)
				case d.cursor == 0:
					code(rt, err, app.Conflict)
				default:
					must(rt, err)
					d.cursor--
				}
			},
			"redo": func(rt *rapid.T) {
				p := person.Draw(rt, "who")
				_, err := w.Redo(w.ctx, who[p], id)
				switch d := h.drafts[p]; {
				case d == nil:
					code(rt, err, app.NotFound)
				case d.cursor == len(d.steps)-1:
					code(rt, err, app.Conflict)
				default:
					must(rt, err)
					d.cursor++
				}
			},
			"discard": func(rt *rapid.T) {
				p := person.Draw(rt, "who")
				_, err := w.Discard(w.ctx, who[p], id)
				must(rt, err)
				delete(h.drafts, p)
			},
			"save": func(rt *rapid.T) {
				p, why := person.Draw(rt, "who"), reason()
				n, err := w.Save(w.ctx, who[p], id, why)
				text, base := h.now(p)
				switch {
				case h.drafts[p] == nil:
					code(rt, err, app.NotFound)
				case base != h.head():
					conflicts(rt, err)
				default:
					h.save(p, why, text)
					delete(h.drafts, p)
					acknowledged(rt, n, err)
				}
			},
			"save a text": func(rt *rapid.T) { // as programs do, past the drafts
				p, why, v := person.Draw(rt, "who"), reason(), values{number.Draw(rt, "a"), number.Draw(rt, "b"), 0}
				base := max(1, h.head()-rapid.IntRange(0, 1).Draw(rt, "behind"))
				n, err := w.SaveText(w.ctx, who[p], id, []byte(v.text()), base, why)
				if base != h.head() {
					conflicts(rt, err)
					return
				}
				h.save(p, why, v)
				acknowledged(rt, n, err)
			},
			"restore": func(rt *rapid.T) {
				p, why, old := person.Draw(rt, "who"), reason(), rapid.IntRange(1, h.head()).Draw(rt, "revision")
				n, err := w.Restore(w.ctx, who[p], id, old, why)
				h.save(p, why, h.saved[old-1])
				acknowledged(rt, n, err)
			},
			"merge": func(rt *rapid.T) {
				p, why := person.Draw(rt, "who"), reason()
				ours, on := h.now(p)
				base, theirs := h.saved[on-1], h.saved[h.head()-1]
				m, err := w.Merging(w.ctx, who[p], id)
				must(rt, err)
				if (m == nil) != (on == h.head()) || m != nil && (m.Head != h.head() || m.Author != who[h.authors[h.head()-1]].Name) {
					rt.Fatalf("%+v, on %d of %d", m, on, h.head())
				}
				merged, choices, open := ours, map[string]revision.Choice{}, false
				var want []string
				for i := range ours {
					switch {
					case ours[i] == base[i]:
						merged[i] = theirs[i]
					case theirs[i] != base[i] && theirs[i] != ours[i]:
						want = append(want, path(i))
						take := rapid.SampledFrom([]string{"ours", "theirs", "base", "value", ""}).Draw(rt, path(i))
						switch take {
						case "theirs":
							merged[i] = theirs[i]
						case "base":
							merged[i] = base[i]
						case "value":
							merged[i] = 9
						case "":
							open = true
							continue
						}
						choices[path(i)] = revision.Choice{Take: take, Value: "9"}
					}
				}
				if m != nil {
					var got []string
					for _, c := range m.Conflicts {
						got = append(got, c.Path)
					}
					if !slices.Equal(got, want) {
						rt.Fatalf("conflicts %v, want %v", got, want)
					}
				}
				head := h.head() - rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(rt, "behind")
				n, err := w.Merge(w.ctx, who[p], id, head, choices, why)
				switch {
				case head != h.head() || open:
					conflicts(rt, err)
				case h.drafts[p] == nil:
					code(rt, err, app.NotFound)
				default:
					h.save(p, why, merged)
					delete(h.drafts, p)
					acknowledged(rt, n, err)
				}
			},
			"": func(rt *rapid.T) {
				for p := range who {
					o, err := w.Open(w.ctx, who[p], id, 0)
					must(rt, err)
					text, base := h.now(p)
					if string(o.Text) != text.text() || o.Revision != base || o.Head != h.head() || string(o.Saved) != h.saved[base-1].text() {
						rt.Fatalf("%s sees revision %d of %d\n%swant %d of %d\n%s", p, o.Revision, o.Head, o.Text, base, h.head(), text.text())
					}
					d := h.drafts[p]
					undo, redo := d != nil && d.cursor > 0, d != nil && d.cursor < len(d.steps)-1
					if o.CanUndo != undo || o.CanRedo != redo || o.Dirty != (undo || redo || text != h.saved[base-1]) {
						rt.Fatalf("%s: undo %t, redo %t, changed %t; draft %+v", p, o.CanUndo, o.CanRedo, o.Dirty, d)
					}
				}
			},
		})

		// All that was acknowledged is there, and saved again in the same order it makes the same history.
		again, err := w.Create(w.ctx, who["anna"], w.org, []byte(h.saved[0].text()), "", "r1")
		must(rt, err)
		list := revisions(rt, w, id)
		if len(list) != h.head() {
			rt.Fatalf("%d revisions, %d were acknowledged", len(list), h.head())
		}
		for i, r := range list {
			if r.Text != h.saved[i].text() || r.AuthorName != who[h.authors[i]].Name || r.Reason != h.reasons[i] || r.Number != int64(i+1) || r.Base != int64(i) {
				rt.Fatalf("revision %+v, want %s by %s", r, h.reasons[i], h.authors[i])
			}
			if i > 0 {
				n, err := w.SaveText(w.ctx, who[h.authors[i]], again, []byte(r.Text), i, r.Reason)
				must(rt, err)
				if n != i+1 {
					rt.Fatalf("replayed as revision %d, want %d", n, i+1)
				}
			}
		}
		for i, r := range revisions(rt, w, again) {
			if r.Hash != list[i].Hash || r.Reason != list[i].Reason || r.AuthorID != list[i].AuthorID {
				rt.Fatalf("replayed %+v, was %+v", r, list[i])
			}
		}
	})
}

// revisions are all of a case with their texts, oldest first.
func revisions(rt *rapid.T, w *world, id string) (all []store.Revision) {
	who, err := w.Actor(w.ctx, w.ids["viewer"])
	must(rt, err)
	for cursor := ""; ; {
		list, next, err := w.Revisions(w.ctx, who, id, cursor)
		must(rt, err)
		all = append(all, list...)
		if cursor = next; next == "" {
			slices.Reverse(all)
			return all
		}
	}
}

func must(rt *rapid.T, err error) {
	rt.Helper()
	if err != nil {
		rt.Fatal(err)
	}
}

// Two who save at the same time, each merging where the other was faster: every save is there under the number it was
// acknowledged with, and in the end so is the last value of both.
func TestHistory_ofTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.create(values{}.text())
	const rounds = 25
	type ack struct{ number, value int }
	var acks [2][]ack
	var wait sync.WaitGroup
	for i, name := range []string{"editor", "anna"} {
		who := w.as(name)
		wait.Go(func() {
			for round := 1; round <= rounds; round++ {
				_, err := w.Change(w.ctx, who, id, "", "", func(t *revision.Text) (*revision.Text, error) { return t.Set(path(i), fmt.Sprint(round)) })
				if err != nil {
					w.Errorf("%s, round %d: %v", name, round, err)
					return
				}
				n, err := w.Save(w.ctx, who, id, "")
				for tries := 0; err != nil && tries < 1000; tries++ {
					var e *app.Error
					if !errors.As(err, &e) || e.Code != app.Conflict {
						w.Errorf("%s, round %d: %v", name, round, err)
						return
					}
					n, err = w.Merge(w.ctx, who, id, e.Head, nil, "")
				}
				if err != nil {
					w.Errorf("%s, round %d: %v", name, round, err)
					return
				}
				acks[i] = append(acks[i], ack{n, round})
			}
		})
	}
	wait.Wait()
	numbers := map[int]bool{1: true}
	for i, list := range acks {
		for _, a := range list {
			if got := w.at([]byte(w.stored(id, a.number).Text), path(i)); got != fmt.Sprint(a.value) || numbers[a.number] {
				w.Errorf("revision %d holds %s, want %d", a.number, got, a.value)
			}
			numbers[a.number] = true
		}
	}
	o := w.open("viewer", id, 0)
	if o.Head != 1+2*rounds || len(numbers) != o.Head || string(o.Text) != (values{rounds, rounds, 0}).text() {
		w.Errorf("%d revisions, %d acknowledged, the last:\n%s", o.Head, len(numbers), o.Text)
	}
}
