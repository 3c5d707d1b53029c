package pdf

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
)

func content(t testing.TB, name string, lang locale.Lang) *document.Document {
	t.Helper()
	text, _ := examples.Read(name)
	l := locale.New(lang)
	c, list, err := document.Gather(context.Background(), calc.Case{Name: name, Text: text, Version: "test"}, calc.Options{Draws: 200, Seed: 1}, l)
	if err != nil || c == nil {
		t.Fatal(name, err, list)
	}
	return document.Build(c, l)
}

func TestEveryExampleStaysWithinTheMargins(t *testing.T) {
	for _, name := range examples.Names() {
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

// hostile are texts that people do write, and some that only a test writes.
var hostile = []string{"Akzeptanz", "", " ", strings.Repeat("Donaudampfschifffahrtsgesellschaft", 12), strings.Repeat("ein Wort nach dem anderen ", 60), "📈🚀 Wachstum 👩🏽‍💻",
	"شركة الأمل للتجارة", "株式会社サンプル", "עברית ואנגלית mixed", "U\u0308ber fu\u0308nf A\u030angstrom", "a\u200b\u202eb\u2066c\u2069", "x\x00\x07\x1b[31m", "bad \xff\xfe bytes", "(\\) Tj ET %%EOF endstream",
	"<script>alert(1)</script>", "=1+1", "-12\u202f345,67\u00a0€", "a\nb\nc", strings.Repeat("i", 1500), strings.Repeat("ä\u00a0", 300)}

func hostileDocument(t *rapid.T, l *locale.Locale) *document.Document {
	text := func(name string) string {
		return rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()).Draw(t, name)
	}
	d := &document.Document{Title: text("title"), Organisation: text("organisation"), Answer: text("answer"), Limit: text("limit"), Made: text("made"), Locale: l,
		Brand: document.Brand{Name: text("brand"), Contact: text("contact"), Colour: rapid.SampledFrom([]string{"", "#ffffff", "#000000", "#ffee00"}).Draw(t, "colour")}}
	for range rapid.IntRange(0, 5).Draw(t, "facts") {
		d.Facts = append(d.Facts, [2]string{"Start", text("fact")})
	}
	for range rapid.IntRange(1, 6).Draw(t, "parts") {
		switch rapid.IntRange(0, 5).Draw(t, "part") {
		case 0:
			d.Parts = append(d.Parts, document.Heading{Level: rapid.IntRange(1, 2).Draw(t, "level"), Text: text("heading")})
		case 1:
			d.Parts = append(d.Parts, document.Paragraph{Text: text("paragraph"), Small: rapid.Bool().Draw(t, "small"), Lead: rapid.Bool().Draw(t, "lead")})
		case 2:
			d.Parts = append(d.Parts, document.List{Items: rapid.SliceOfN(rapid.SampledFrom(hostile), 0, 8).Draw(t, "items"), Small: rapid.Bool().Draw(t, "small")})
		case 3:
			d.Parts = append(d.Parts, document.Break{})
		default:
			table := document.Table{Small: rapid.Bool().Draw(t, "small")}
			for range rapid.IntRange(1, 6).Draw(t, "columns") {
				table.Columns = append(table.Columns, document.Column{Head: text("head"), Right: rapid.Bool().Draw(t, "right"), Text: rapid.Bool().Draw(t, "text")})
			}
			for range rapid.IntRange(0, 16).Draw(t, "rows") {
				r := document.Row{Strong: rapid.IntRange(0, 5).Draw(t, "strong") == 0, Note: rapid.SampledFrom([]string{"", "", hostile[4], hostile[3]}).Draw(t, "note")}
				for range table.Columns {
					r.Cells = append(r.Cells, rapid.SampledFrom(hostile).Draw(t, "cell"))
				}
				table.Rows = append(table.Rows, r)
			}
			d.Parts = append(d.Parts, table)
		}
	}
	return d
}

func TestWhateverItSaysStaysOnThePage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := hostileDocument(t, locale.New(rapid.SampledFrom(locale.Langs()).Draw(t, "language")))
		w, err := compose(d)
		if err != nil {
			t.Fatal(err)
		}
		if len(w.outside) > 0 {
			t.Fatalf("beyond the margins: %.300q", w.outside)
		}
		if err := w.f.Output(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

// large is a case with so many lines, months and scenarios, and with long names.
func large(lines, months, scenarios int) []byte {
	var b strings.Builder
	name := "Sehr lange Bezeichnung einer Kostenart, wie sie aus einer Kontenliste kommt, samt Kostenstelle und Erläuterung"
	fmt.Fprintf(&b, "case: %s\norganisation: %s\ncurrency: EUR\nhorizon: %d months\ndiscount: 8 %%/year\nassumptions:\n", strings.Repeat("Projekt ", 30), strings.Repeat("GmbH & Co. KG ", 12), months)
	for i := range 10 {
		fmt.Fprintf(&b, "  size%d: {value: 10 .. 20 .. 40, label: \"%s %d\", source: \"%s\", grade: D}\n", i, name, i, strings.Repeat("Quelle ", 40))
	}
	for i, group := range []string{"costs", "benefits"} {
		b.WriteString(group + ":\n")
		for k := range lines / 2 {
			fmt.Fprintf(&b, "  %s%d: {label: \"%s %d\", amount: size%d * %d EUR/month}\n", group, k, name, k, k%10, 3+2*i)
		}
	}
	b.WriteString("scenarios:\n")
	for k := range scenarios {
		fmt.Fprintf(&b, "  s%d: {label: \"Szenario mit langem Namen Nummer %d\", assumptions: {size1: %d}}\n", k, k, 10+k)
	}
	return []byte(b.String())
}

func TestALargeCaseStaysOnThePage(t *testing.T) {
	// Asked once: what is said in the other language is the wording of the report.
	c, list, err := document.Gather(context.Background(), calc.Case{Name: "large", Text: large(200, 120, 50), Version: "test"}, calc.Options{Draws: 128, Seed: 1}, locale.New(locale.German))
	if err != nil || c == nil {
		t.Fatal(err, list)
	}
	for _, lang := range locale.Langs() {
		w, err := compose(document.Build(c, locale.New(lang)))
		if err != nil {
			t.Fatal(err)
		}
		if len(w.outside) > 0 {
			t.Errorf("%s: %.500q", lang, w.outside)
		}
		if out := *keep; out != "" {
			if err := w.f.OutputFileAndClose(out + "-" + string(lang) + ".pdf"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

var keep = flag.String("large", "", "write the PDF of the large case to this path, to be looked at")

func BenchmarkMachineBuilder(b *testing.B) {
	d := content(b, "maschinenbau", locale.German)
	for b.Loop() {
		if err := Write(&bytes.Buffer{}, d); err != nil {
			b.Fatal(err)
		}
	}
}
