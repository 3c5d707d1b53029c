package connector_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Every code and every reason has its words in both languages, and there are no words for what does not exist.
func TestEveryCodeAndReasonHasAMessage(t *testing.T) {
	want := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			kind, ok := v.Type.(*ast.Ident)
			if !ok || kind.Name != "Code" && kind.Name != "Reason" || len(v.Values) == 0 {
				return true
			}
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			key := (&connector.Error{Code: connector.Code(text)}).Key()
			if kind.Name == "Reason" {
				key = connector.Gap{Reason: connector.Reason(text)}.Key()
			}
			want[key] = true
			return true
		})
	}
	if len(want) < 15 {
		t.Fatalf("only %d codes and reasons found", len(want))
	}
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		for key := range want {
			if !l.Has(key) {
				t.Errorf("%s: no message %s", lang, key)
			}
		}
		for _, key := range l.Keys() {
			if len(key) > 10 && key[:10] == "connector." && !want[key] {
				t.Errorf("%s: %s is said by nothing", lang, key)
			}
		}
	}
}
