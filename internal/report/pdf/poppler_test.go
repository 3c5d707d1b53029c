package pdf_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/pdf"
	"github.com/rendite-crm/rendite/internal/result"
)

// run runs a program of poppler.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatal("poppler reads the PDF: apt-get install poppler-utils (make test installs it where it may)")
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(name, err)
	}
	return string(out)
}

// built keeps the reports, which take longer to compute than to write.
var built = map[string]*document.Document{}

func build(t *testing.T, name string, lang locale.Lang) *document.Document {
	t.Helper()
	if d := built[name+string(lang)]; d != nil {
		return d
	}
	text, ok := examples.Read(name)
	if !ok {
		t.Fatal("no example " + name)
	}
	l := locale.New(lang)
	c, list, err := document.Gather(context.Background(), calc.Case{Name: name, Text: text, Version: "test"}, calc.Options{Draws: 400, Seed: 1}, l)
	if err != nil || c == nil {
		t.Fatal(name, err, list)
	}
	d := document.Build(c, l)
	built[name+string(lang)] = d
	return d
}

// write writes a report to a file.
func write(t *testing.T, d *document.Document) (path string, bytesOf []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := pdf.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, b.Bytes()
}

// each calls f with the report of every example in both languages.
func each(t *testing.T, f func(t *testing.T, name string, d *document.Document)) {
	for _, name := range examples.Names() {
		for _, lang := range locale.Langs() {
			t.Run(name+"-"+string(lang), func(t *testing.T) { f(t, name, build(t, name, lang)) })
		}
	}
}

func TestPopplerReadsEveryExample(t *testing.T) {
	each(t, func(t *testing.T, _ string, d *document.Document) {
		path, file := write(t, d)
		again, err := bytesOf(d)
		if err != nil || !bytes.Equal(file, again) {
			t.Error("two writes differ", err)
		}
		info := run(t, "pdfinfo", path)
		field := func(name string) string {
			m := regexp.MustCompile(`(?m)^` + name + `:\s+(.*)$`).FindStringSubmatch(info)
			if m == nil {
				return ""
			}
			return m[1]
		}
		if got := field("Title"); got != d.Title {
			t.Errorf("title %q", got)
		}
		if n, err := strconv.Atoi(field("Pages")); err != nil || n < 5 || n > 9 {
			t.Errorf("%d pages", n)
		}
		if got := field("Page size"); !strings.Contains(got, "A4") {
			t.Errorf("size %q", got)
		}
		if want := "/Lang (" + string(d.Locale.Lang()) + ")"; !bytes.Contains(file, []byte(want)) {
			t.Errorf("no %s in the catalog", want)
		}
		fonts := strings.Split(strings.TrimSpace(run(t, "pdffonts", path)), "\n")[2:]
		if len(fonts) != 2 {
			t.Errorf("%d fonts", len(fonts))
		}
		for _, line := range fonts { // name type encoding emb sub uni object: embedded, and every sign has its meaning
			if f := strings.Fields(line); len(f) < 6 || f[len(f)-5] != "yes" || f[len(f)-3] != "yes" {
				t.Errorf("font %s", line)
			}
		}
		text := words(run(t, "pdftotext", "-raw", path, "-"))
		at := 0
		var heads []string
		for _, p := range d.Parts {
			h, ok := p.(document.Heading)
			if !ok {
				continue
			}
			heads = append(heads, h.Text)
			i := strings.Index(text[at:], words(h.Text))
			if i < 0 {
				t.Errorf("%q is not read where it should be", h.Text)
				continue
			}
			at += i
		}
		if !strings.Contains(text, words(d.Answer)) || !strings.Contains(text, words(d.Made)) {
			t.Errorf("the answer or the line to make it again is not in the text")
		}
		got := bookmarks(file)
		if want := append([]string{d.Title}, heads...); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("bookmarks\n%q, want\n%q", got, want)
		}
	})
}

func bytesOf(d *document.Document) ([]byte, error) {
	var b bytes.Buffer
	err := pdf.Write(&b, d)
	return b.Bytes(), err
}

// words is a text with single spaces: lines and pages are broken anywhere.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// bookmarks are the titles of the outline, which are written in UTF-16.
func bookmarks(file []byte) (all []string) {
	for _, m := range regexp.MustCompile(`(?s)<</Title \((.*?)\)\n/Parent`).FindAllSubmatch(file, -1) {
		raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAll(m[1], []byte("$1"))
		var units []uint16
		for i := 2; i+1 < len(raw); i += 2 {
			units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		if !bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
			units = utf16.Encode([]rune("not UTF-16: " + string(raw)))
		}
		all = append(all, string(utf16.Decode(units)))
	}
	return all
}

func TestTextKeepsUmlautsEuroAndSpacesThatDoNotBreak(t *testing.T) {
	path, file := write(t, build(t, "maschinenbau", locale.German))
	text := run(t, "pdftotext", "-enc", "UTF-8", path, "-")
	for _, want := range []string{"CRM-Einführung", "Güte", "Läufe", "T€", " €", "−", "→", "„", "“"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	// pdftotext writes every space as a plain one; the file itself keeps them apart.
	inside := streams(t, file)
	for _, want := range []string{"\u00a0€", "\u00a0%", "\u00a0T€", "36\u00a0Monaten"} {
		if !strings.Contains(inside, want) {
			t.Errorf("%q is not in the file", want)
		}
	}
	// No number stands at the end of a line with its unit at the start of the next.
	if m := regexp.MustCompile(`\d\n(€|T€|Mio\.|%|h/)`).FindString(text); m != "" {
		t.Errorf("a number is torn from its unit: %q", m)
	}
	_, file = write(t, build(t, "enterprise", locale.English))
	inside = streams(t, file)
	for _, want := range []string{"−€", "month\u00a049", "60\u00a0months", "“Use in the long run”"} {
		if !strings.Contains(inside, want) {
			t.Errorf("%q is not in the file", want)
		}
	}
}

// streams are the texts of the pages' contents, where every character is written as its code in UTF-16.
func streams(t *testing.T, file []byte) string {
	t.Helper()
	var all strings.Builder
	for _, m := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(file, -1) {
		r, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // not a compressed one
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range regexp.MustCompile(`(?s)\((.*?[^\\])\) Tj`).FindAllSubmatch(content, -1) {
			raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAll(s[1], []byte("$1"))
			var units []uint16
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			all.WriteString(string(utf16.Decode(units)) + "\n")
		}
	}
	return all.String()
}

// word is a word with its place on the page as poppler sees it, in points from the upper left.
type word struct {
	X0   float64 `xml:"xMin,attr"`
	Y0   float64 `xml:"yMin,attr"`
	X1   float64 `xml:"xMax,attr"`
	Y1   float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

// pages are the words of every page.
func pages(t *testing.T, path string) (all [][]word) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(run(t, "pdftotext", "-bbox", path, "-")))
	d.Strict = false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		switch {
		case ok && e.Name.Local == "page":
			all = append(all, nil)
		case ok && e.Name.Local == "word":
			var w word
			if err := d.DecodeElement(&w, &e); err != nil {
				t.Fatal(err)
			}
			all[len(all)-1] = append(all[len(all)-1], w)
		}
	}
}

// faults are the words that leave the page's margins or lie on each other.
func faults(t *testing.T, path string) (list []string) {
	t.Helper()
	for n, page := range pages(t, path) {
		for i, a := range page {
			if a.X0 < 50 || a.X1 > 545.3 || a.Y0 < 20 || a.Y1 > 822 {
				list = append(list, fmt.Sprintf("page %d: %q is outside: %.0f to %.0f, %.0f to %.0f", n+1, a.Text, a.X0, a.X1, a.Y0, a.Y1))
			}
			for _, b := range page[:i] {
				// Boxes reach as far as the font's ascent, so lines close to each other share some of it.
				x, y := min(a.X1, b.X1)-max(a.X0, b.X0), min(a.Y1, b.Y1)-max(a.Y0, b.Y0)
				if x > 1 && y > 0.5*min(a.Y1-a.Y0, b.Y1-b.Y0) {
					list = append(list, fmt.Sprintf("page %d: %q and %q lie on each other at %.0f, %.0f", n+1, b.Text, a.Text, a.X0, a.Y0))
				}
			}
		}
	}
	return list
}

func TestNoTextIsCutOrLiesOnAnother(t *testing.T) {
	each(t, func(t *testing.T, _ string, d *document.Document) {
		path, _ := write(t, d)
		for _, f := range faults(t, path) {
			t.Error(f)
		}
		// The last line of a page is no heading.
		heads := map[string]bool{}
		for _, p := range d.Parts {
			if h, ok := p.(document.Heading); ok {
				heads[words(h.Text)] = true
			}
		}
		for n, page := range rawPages(t, path)[1:] { // the cover has neither head nor number
			lines := strings.Split(strings.TrimSpace(page), "\n")
			body := lines[:len(lines)-1] // the page number comes last, before it the head and the brand
			for len(body) > 0 && strings.HasSuffix(d.Organisation+" · "+d.Title+" Rendite", body[len(body)-1]) {
				body = body[:len(body)-1]
			}
			if len(body) > 0 && heads[words(body[len(body)-1])] {
				t.Errorf("page %d ends with the heading %q", n+2, body[len(body)-1])
			}
		}
	})
}

// rawPages are the texts of the pages in the order in which they are written.
func rawPages(t *testing.T, path string) []string {
	t.Helper()
	all := strings.Split(run(t, "pdftotext", "-raw", path, "-"), "\f")
	if len(all) < 4 {
		t.Fatalf("%d pages", len(all))
	}
	return all[:len(all)-1] // each ends with a form feed
}

func TestTheSummaryIsOnePage(t *testing.T) {
	each(t, func(t *testing.T, name string, d *document.Document) {
		path, _ := write(t, d)
		all := rawPages(t, path)
		text, first := words(all[2]), words(all[1])
		if !strings.HasPrefix(text, d.Locale.Text("document.investment", nil)) {
			t.Errorf("page 3 begins with %.60q", text)
		}
		for _, key := range []string{"document.summary", "document.drivers", "document.first"} {
			if key == "document.drivers" && name == "published-pine-valley" { // nothing is uncertain there
				continue
			}
			if !strings.Contains(first, d.Locale.Text(key, nil)) {
				t.Errorf("%s is not on page 2", key)
			}
		}
	})
}

func TestFiguresOfATableStandBelowEachOther(t *testing.T) {
	path, _ := write(t, build(t, "maschinenbau", locale.German))
	// Numbers of the same length are equally wide: 0, 1 and 8 take the same room.
	widths := map[string]float64{}
	for _, page := range pages(t, path) {
		for _, w := range page {
			if regexp.MustCompile(`^\d{2}$`).MatchString(w.Text) && w.Y1-w.Y0 > 9.5 && w.Y1-w.Y0 < 10 {
				widths[w.Text] = w.X1 - w.X0
			}
		}
	}
	least, most := 100.0, 0.0
	for _, v := range widths {
		least, most = min(least, v), max(most, v)
	}
	if len(widths) < 5 || most-least > 0.05 {
		t.Errorf("two figures take %.2f to %.2f pt: %v", least, most, widths)
	}
}

// TestEveryKindOfChartIsDrawn puts every kind of picture on paper, beside another and alone.
func TestEveryKindOfChartIsDrawn(t *testing.T) {
	for _, lang := range locale.Langs() {
		text, _ := examples.Read("maschinenbau")
		l := locale.New(lang)
		c, list, err := document.Gather(context.Background(), calc.Case{Name: "maschinenbau", Text: text, Version: "test"}, calc.Options{Draws: 200, Seed: 1}, l)
		if err != nil || c == nil {
			t.Fatal(err, list)
		}
		r, bars := c.Answer.Result, c.Explanation.Tornado
		k := chart.KPI{Name: "Abschlussquote", Unit: "%", Start: "2026-04", GoLive: 12}
		heat := chart.Heat{Title: "Akzeptanz je Team", Rows: []string{"Vertriebsinnendienst Nord und West", "Service"}, Start: "2026-04", Unit: "%", Values: make([][]float64, 2)}
		for m := range 24 {
			v := 22 + 0.3*float64(m)
			k.Values, k.Expected = append(k.Values, v), append(k.Expected, result.Band{P10: 20, P25: 21, P50: 22, P75: 23, P90: 24})
			heat.Values[0], heat.Values[1] = append(heat.Values[0], 3*v), append(heat.Values[1], 100-3*v)
		}
		all := []chart.Chart{
			chart.Cumulative{Result: r, Other: r, OtherLabel: "Versiegelt", Measured: []chart.Reading{{Month: 1, Value: -9e4}}}, chart.Flows{Result: r}, chart.Waterfall{Result: r},
			chart.Waterfall{Result: r, ByLine: true}, chart.Tornado{Result: r, Bars: bars}, chart.Tornado{Result: r, Bars: bars, In: chart.InMoney},
			chart.Distribution{Values: c.Answer.Outcome.NPV, Currency: "EUR"}, k, heat,
			chart.Funnel{Title: "Vom Lead zum Auftrag", Stages: []chart.Stage{{Label: "Leads aus allen Quellen, auch den alten", Count: 1840}, {Label: "Angebot", Count: 412}, {Label: "Gewonnen", Count: 97}}},
		}
		d := &document.Document{Title: "Bilder", Answer: "Bilder", Locale: l, Parts: []document.Part{document.Charts{Charts: all}}}
		for _, x := range all {
			d.Parts = append(d.Parts, document.Charts{Charts: []chart.Chart{x}})
		}
		path, file := write(t, d)
		for _, f := range faults(t, path) {
			t.Error(lang, f)
		}
		inside := streams(t, file)
		for _, x := range all {
			s := x.Scene(l, chart.Size{W: 650})
			for _, label := range s.Texts() {
				if !strings.Contains(inside, label.Text) {
					t.Errorf("%s %T: %q is not on paper", lang, x, label.Text)
				}
			}
		}
	}
}
