package html_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	report "github.com/rendite-crm/rendite/internal/report/html"
)

func build(t *testing.T, name string, lang locale.Lang, brand document.Brand) *document.Document {
	t.Helper()
	text, ok := examples.Read(name)
	if !ok {
		t.Fatal("no example " + name)
	}
	l := locale.New(lang)
	c, list, err := document.Gather(context.Background(), calc.Case{Name: name, Text: text, Version: "test"}, calc.Options{Draws: 500, Seed: 1}, l)
	if err != nil || c == nil {
		t.Fatal(name, err, list)
	}
	c.Brand = brand
	return document.Build(c, l)
}

func write(t *testing.T, d *document.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// walk calls f with every element.
func walk(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := range n.ChildNodes() {
		walk(c, f)
	}
}

func attribute(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(content(c))
	}
	return b.String()
}

// loads lists what a page fetches from elsewhere.
func loads(page *html.Node) (all []string) {
	walk(page, func(n *html.Node) {
		for _, key := range []string{"src", "href", "xlink:href", "srcset", "action", "poster", "data", "background", "formaction", "ping"} {
			if v, ok := attribute(n, key); ok && !strings.HasPrefix(v, "data:") && !strings.HasPrefix(v, "#") {
				all = append(all, n.Data+" "+key+" "+v)
			}
		}
		v, _ := attribute(n, "style")
		if n.Data == "style" {
			v = content(n)
		}
		for _, m := range regexp.MustCompile(`url\(([^)]{0,40})|@import`).FindAllStringSubmatch(v, -1) {
			if !strings.HasPrefix(m[1], "data:") {
				all = append(all, "style "+m[0])
			}
		}
		if n.Data == "script" && regexp.MustCompile(`fetch\(|import[ (]|XMLHttp|WebSocket|sendBeacon|https?:`).MatchString(content(n)) {
			all = append(all, "script")
		}
	})
	return all
}

func TestAReportIsOneFileThatNeedsNothingElse(t *testing.T) {
	for _, name := range examples.Names() {
		for _, lang := range locale.Langs() {
			d := build(t, name, lang, document.Brand{})
			b := write(t, d)
			if len(b) > 500_000 {
				t.Errorf("%s %s: %d bytes", name, lang, len(b))
			}
			page, err := html.Parse(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range loads(page) {
				t.Errorf("%s loads %s", name, s)
			}
			ids, heads := map[string]bool{}, []string{}
			walk(page, func(n *html.Node) {
				if id, ok := attribute(n, "id"); ok {
					if ids[id] {
						t.Errorf("%s: two elements are %s", name, id)
					}
					ids[id] = true
				}
				switch n.Data {
				case "html":
					if v, _ := attribute(n, "lang"); v != string(lang) {
						t.Errorf("the language is %q", v)
					}
				case "title":
					if got := content(n); n.Parent.Data == "head" && got != d.Title {
						t.Errorf("the title is %q", got)
					}
				case "h2", "h3":
					heads = append(heads, content(n))
				case "svg":
					if by, _ := attribute(n, "aria-labelledby"); by == "" {
						t.Errorf("%s: a picture without words", name)
					}
					if n.Parent.Data != "figure" || !strings.Contains(content(n.Parent), content(n.FirstChild)) {
						t.Errorf("%s: a picture outside a figure", name)
					}
				case "th":
					if v, _ := attribute(n, "scope"); v != "col" {
						t.Errorf("%s: a head without scope", name)
					}
				}
			})
			var want []string
			charts := 0
			for _, p := range d.Parts {
				switch p := p.(type) {
				case document.Heading:
					want = append(want, p.Text)
				case document.Charts:
					charts += len(p.Charts)
				case document.Figures:
					for _, f := range p.Figures {
						if !bytes.Contains(b, []byte("<b>"+f.Value)) && !bytes.Contains(b, []byte(">"+f.Value+"</b>")) {
							t.Errorf("%s: %s %s is not shown", name, f.ID, f.Value)
						}
					}
				}
			}
			if strings.Join(heads, "|") != strings.Join(want, "|") {
				t.Errorf("%s: headings %q, want %q", name, heads, want)
			}
			if got := bytes.Count(b, []byte(`<svg class="ch"`)); got != charts || charts < 3 {
				t.Errorf("%s: %d pictures, want %d", name, got, charts)
			}
			if !bytes.Equal(b, write(t, d)) {
				t.Errorf("%s: two writes differ", name)
			}
		}
	}
}

func TestALogoStaysWithinTheLimit(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 900, 280)) // the worst there is to compress
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.Uint32())
	}
	folder := t.TempDir()
	var file bytes.Buffer
	if err := png.Encode(&file, noise); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"logo.png": file.Bytes(), "brand.yaml": []byte("name: \"Muster & Töchter\"\nlogo: logo.png\ncolour: \"#ffee00\"\ncontact: info@muster.example\n")} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	brand, err := document.ReadBrand(filepath.Join(folder, "brand.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	b := write(t, build(t, "enterprise", locale.German, brand))
	if len(b) > 500_000 {
		t.Errorf("%d bytes with a logo of %d", len(b), len(brand.Logo))
	}
	for _, want := range []string{`alt="Muster &amp; Töchter"`, "info@muster.example", "--accent:" + brand.Ink(document.LightPaper), "--accent:" + brand.Ink(document.DarkPaper)} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("%s is missing", want)
		}
	}
	page, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	walk(page, func(n *html.Node) {
		if n.Data != "img" {
			return
		}
		if src, _ := attribute(n, "src"); !strings.HasPrefix(src, "data:image/png;base64,") {
			t.Errorf("the logo is %.40s", src)
		}
	})
}

func TestNamesAreTextOnly(t *testing.T) {
	hostile := `</style></script><script>alert(1)</script><img src="http://example.org/x" onerror=alert(1)>"'& \u202e`
	d := &document.Document{Title: hostile, Organisation: hostile, Answer: hostile, Limit: hostile, Facts: [][2]string{{hostile, hostile}}, Made: hostile, Locale: locale.New(locale.German),
		Brand: document.Brand{Name: hostile, Contact: hostile}, Parts: []document.Part{document.Heading{Level: 1, Text: hostile}, document.Paragraph{Text: hostile},
			document.List{Items: []string{hostile}}, document.Table{Columns: []document.Column{{Head: hostile}}, Rows: []document.Row{{Cells: []string{hostile + "\n" + hostile}, Note: hostile}}}}}
	page, err := html.Parse(bytes.NewReader(write(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range loads(page) {
		t.Error("loads", s)
	}
	scripts := 0
	walk(page, func(n *html.Node) {
		if n.Data == "script" {
			scripts++
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s has %s", n.Data, a.Key)
			}
		}
	})
	if scripts != 1 {
		t.Errorf("%d scripts", scripts)
	}
}
