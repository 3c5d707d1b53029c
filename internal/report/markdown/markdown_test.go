package markdown_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/markdown"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func write(t *testing.T, d *document.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportsAreAsTheyWere(t *testing.T) {
	for _, name := range []string{"maschinenbau", "ki-service"} {
		text, _ := examples.Read(name)
		for _, lang := range locale.Langs() {
			l := locale.New(lang)
			c, list, err := document.Gather(context.Background(), calc.Case{Name: name, Text: text, Version: "test"}, calc.Options{Draws: 1000, Seed: 1}, l)
			if err != nil || c == nil {
				t.Fatal(err, list)
			}
			c.Sum = "…" // a comment in the example is no change of its report
			got := write(t, document.Build(c, l))
			path := filepath.Join("testdata", name+"."+string(lang)+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != got {
				t.Errorf("%s differs (make golden rewrites it; read the diff):\n%s", path, cmp.Diff(string(want), got))
			}
		}
	}
}

func TestNamesAreTextOnly(t *testing.T) {
	hostile := "a | b <img src=x onerror=alert(1)> *x* _y_ `z` [link](http://example.org)\n# head"
	d := &document.Document{Title: hostile, Answer: hostile, Limit: hostile, Facts: [][2]string{{"Start", hostile}}, Locale: locale.New(locale.German), Parts: []document.Part{
		document.Heading{Level: 1, Text: hostile}, document.Paragraph{Text: hostile}, document.List{Items: []string{hostile}},
		document.Table{Columns: []document.Column{{Head: hostile}, {Head: "b", Right: true}}, Rows: []document.Row{{Cells: []string{hostile, "1"}, Note: hostile}}}}}
	got := write(t, d)
	for _, bad := range []string{"<img", "\n# head", "[link", "*x", "_y", "`z"} {
		if strings.Contains(strings.NewReplacer(`\[`, "", `\*`, "", `\_`, "", "\\`", "").Replace(got), bad) {
			t.Errorf("%q is in\n%s", bad, got)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 3 {
			t.Errorf("a row of other than two cells: %s", line)
		}
	}
}
