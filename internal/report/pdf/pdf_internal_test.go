package pdf

import (
	"bytes"
	"context"
	"testing"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
)

func content(t testing.TB, name string, lang locale.Lang) *document.Document {
	t.Helper()
	text, _ := examples.Read(name)
	l := locale.New(lang)
	c, list, err := document.Gather(context.Background(), calc.Case{Name: name, Text: text, Version: "test"}, calc.Options{Draws: 1000, Seed: 1}, l)
	if err != nil || c == nil {
		t.Fatal(name, err, list)
	}
	return document.Build(c, l)
}

func TestEveryExampleStaysWithinTheMargins(t *testing.T) {
	for _, name := range []string{"maschinenbau", "dienstleister", "handwerk"} {
		for _, lang := range locale.Langs() {
			w, err := compose(content(t, name, lang))
			if err != nil {
				t.Fatal(err)
			}
			if len(w.outside) > 0 {
				t.Errorf("%s %s: beyond the margins: %q", name, lang, w.outside)
			}
			if n := w.f.PageCount(); n < 5 {
				t.Errorf("%s %s: %d pages", name, lang, n)
			}
		}
	}
}

func TestTheSameDocumentGivesTheSameBytes(t *testing.T) {
	d := content(t, "maschinenbau", locale.German)
	var a, b bytes.Buffer
	if err := Write(&a, d); err != nil {
		t.Fatal(err)
	}
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two writes differ")
	}
}

func BenchmarkMachineBuilder(b *testing.B) {
	d := content(b, "maschinenbau", locale.German)
	for b.Loop() {
		if err := Write(&bytes.Buffer{}, d); err != nil {
			b.Fatal(err)
		}
	}
}
