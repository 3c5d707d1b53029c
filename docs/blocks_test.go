package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/casefile"
)

// Markers, the words after the three backticks:
//
//	yaml case           a complete case; `# → npv = 4.13` in it is a figure of the plan, or a path of the JSON result
//	yaml fragment       a part of a case; complete adds the top-level keys that are missing
//	yaml error CODE     a part of a case with errors of this code and no other
//	yaml warning CODE   a part of a case with this warning among others
//	yaml given          assumptions for the formula tables that follow
//	yaml levers/x.yaml  a file of a catalogue folder, also costs/ and ai/; later cases of the page may use it
//	text                preceded by a comment `output: ARGS`, what the program prints; ARGS may name case.yaml, which is
//	                    the YAML block before it, and end in `; until: TEXT`, from where on it is cut
type block struct {
	page, info, text string
	line             int    // of the opening fence, from 1
	comment          string // content of an HTML comment in the line before
}

func (b block) name() string { return fmt.Sprintf("%s:%d", filepath.Base(b.page), b.line) }

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func blocks(t *testing.T, page string) []block {
	t.Helper()
	var all []block
	var open *block
	lines := strings.Split(read(t, page), "\n")
	for i, l := range lines {
		rest, fence := strings.CutPrefix(l, "```")
		switch {
		case open != nil && l == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += l + "\n"
		case fence:
			open = &block{page: page, info: rest, line: i + 1}
			if i > 0 {
				open.comment = comment(lines[i-1])
			}
		}
	}
	if open != nil {
		t.Fatalf("%s: the block is not closed", open.name())
	}
	return all
}

func comment(line string) string {
	if inner, ok := strings.CutPrefix(strings.TrimSpace(line), "<!--"); ok {
		return strings.TrimSpace(strings.TrimSuffix(inner, "-->"))
	}
	return ""
}

// complete adds what a part of a case lacks to be one, but for the key an error is about.
func complete(text, code string) string {
	root, _ := casefile.ParseYAML("", []byte(text))
	var added strings.Builder
	for _, key := range []struct{ name, value, about string }{
		{"currency", "EUR", "missing_currency"},
		{"discount", "8 %/year", "missing_discount"},
		{"costs", "{price: {amount: 1 000 EUR, at: 0}}", "no_costs"},
		{"benefits", "{saving: 100 EUR/month}", "no_benefits"},
	} {
		if root.Get(key.name) == nil && key.about != code {
			fmt.Fprintf(&added, "%s: %s\n", key.name, key.value)
		}
	}
	return text + added.String()
}
