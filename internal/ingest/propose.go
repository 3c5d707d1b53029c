package ingest

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/tabular"
)

//go:embed headers.yaml
var headersText []byte

// known are the canonical columns by table and by what exports call them, the surest names first.
var known = sync.OnceValue(func() map[string][]target {
	root, found := casefile.ParseYAML("headers.yaml", headersText)
	if found.Err() != nil {
		panic(found) // embedded
	}
	all := map[string][]target{}
	for _, t := range root.Entries {
		for _, c := range t.Value.Entries {
			sure := true
			for rank, h := range c.Value.Items {
				if h.Text == "unseen" {
					sure = false
					continue
				}
				all[t.Key] = append(all[t.Key], target{key(h.Text), c.Key, rank, sure})
			}
		}
	}
	return all
})

type target struct {
	header, column string
	rank           int
	sure           bool
}

// key is a header without what exports write differently: case, spaces, signs.
func key(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Proposal is a mapping that the headers suggest.
type Proposal struct {
	Mapping *Mapping
	// Unsure are headers whose meaning was taken from a name that was never seen in such an export.
	Unsure []string
	// Unused are headers that nothing is known of.
	Unused []string
	// Labels are those of the stage column whose category only a person knows, in the order of their first row; filled by
	// Labels.
	Labels []string
}

// Propose suggests a mapping for a sheet into a table; empty chooses the table that most headers fit. Questions that columns
// leave open and the categories of stages stay open: a person answers them.
func Propose(s *tabular.Sheet, table string) Proposal {
	if table == "" {
		best := 0
		for _, t := range crm.Tables() {
			if n := len(matches(s, t.Name)); n > best {
				table, best = t.Name, n
			}
		}
		if best == 0 {
			table = "opportunity"
		}
	}
	m := &Mapping{Name: s.Name, Table: table, Fixed: map[string]string{}, Stages: map[string]string{}}
	p := Proposal{Mapping: m}
	found := matches(s, table)
	t, _ := crm.Find(table)
	for i, c := range s.Columns {
		x, ok := found[i]
		if !ok {
			p.Unused = append(p.Unused, c.Name)
			continue
		}
		to := x.column
		// A column of days fills the day, one of moments the instant.
		if day, isDay := strings.CutSuffix(to, "_at"); isDay && c.Style.Type != tabular.Instant && t.Index(day+"_day") >= 0 {
			to = day + "_day"
		}
		m.Columns = append(m.Columns, Column{Header: c.Name, To: to})
		if !x.sure {
			p.Unsure = append(p.Unsure, c.Name)
		}
	}
	// An identifier may be missing where the name is one.
	if _, needs := t.Column("name"); needs && !slices.ContainsFunc(m.Columns, func(c Column) bool { return c.To == "id" }) {
		if i := slices.IndexFunc(m.Columns, func(c Column) bool { return c.To == "name" }); i >= 0 {
			m.Columns = slices.Insert(m.Columns, i, Column{Header: m.Columns[i].Header, To: "id"})
		}
	}
	return p
}

// matches are the columns of the sheet that are known for a table, each canonical column once: the surest header has it.
func matches(s *tabular.Sheet, table string) map[int]target {
	best := map[string]int{} // by canonical column, the place in the sheet
	found := map[int]target{}
	for i, c := range s.Columns {
		for _, x := range known()[table] {
			if x.header != key(c.Header) {
				continue
			}
			if j, taken := best[x.column]; taken && found[j].rank <= x.rank {
				continue
			} else if taken {
				delete(found, j)
			}
			if _, has := found[i]; has {
				continue
			}
			best[x.column] = i
			found[i] = x
		}
	}
	return found
}
