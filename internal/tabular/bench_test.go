package tabular_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/tabular"
)

// million writes a CSV of n opportunities as Salesforce exports them, the same for the same n.
func million(b *testing.B, n int) (path string, size int64) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "million.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	var buf bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	stages := []string{"Gewonnen", "Verloren", "Angebot", "Qualifiziert"}
	buf.WriteString("Opportunity-ID;Opportunity-Name;Account-Name;Phase;Betrag;Wahrscheinlichkeit (%);Erstelldatum;Schlusstermin;Zuletzt geändert am;Notiz\r\n")
	for i := range n {
		fmt.Fprintf(&buf, "006%012d;\"Anfrage %d; Lager\";Müller & Söhne %d GmbH;%s;%d.%03d,%02d;%d;%02d.%02d.2024;%02d.%02d.2025;%02d.%02d.2025, %02d:%02d;\"sagt \"\"ja\"\"\"\r\n",
			i, i, r.IntN(30000), stages[r.IntN(4)], 1+r.IntN(900), r.IntN(1000), r.IntN(100), r.IntN(101), 1+r.IntN(28), 1+r.IntN(12), 1+r.IntN(28), 1+r.IntN(12),
			1+r.IntN(28), 1+r.IntN(12), r.IntN(24), r.IntN(60))
		if buf.Len() > 1<<20 || i == n-1 {
			size += int64(buf.Len())
			if _, err := buf.WriteTo(f); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path, size
}

// rate reports rows per second and the most memory that was held at any of some moments.
func rate(b *testing.B, rows int, most uint64) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(most)/(1<<20), "MiB-held")
}

func held(most *uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	*most = max(*most, m.HeapAlloc)
}

const benchRows = 1_000_000

func BenchmarkOpenMillionRows(b *testing.B) {
	path, size := million(b, benchRows)
	b.SetBytes(size)
	var most uint64
	for b.Loop() {
		f, err := tabular.OpenFile(context.Background(), path, tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		held(&most)
		if len(f.Sheets[0].Questions()) > 0 || f.Sheets[0].Columns[4].Style.Type != tabular.Decimal {
			b.Fatal(f.Sheets[0].Columns)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, benchRows, most)
}

func BenchmarkReadMillionRows(b *testing.B) { read(b, false) }

func BenchmarkParseMillionRows(b *testing.B) { read(b, true) }

func read(b *testing.B, parse bool) {
	path, size := million(b, benchRows)
	f, err := tabular.OpenFile(context.Background(), path, tabular.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := f.Sheets[0]
	loc := berlin(b)
	b.SetBytes(size)
	b.ResetTimer()
	var most uint64
	for b.Loop() {
		n := 0
		for row, err := range s.All(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n%100_000 == 0 {
				held(&most)
			}
			if !parse {
				continue
			}
			c := row.Cells
			_, err1 := tabular.ParseID(c[0])
			_, err2 := tabular.ParseDecimal(c[4], s.Columns[4].Style)
			_, err3 := tabular.ParsePercent(c[5], s.Columns[5].Style)
			_, err4 := tabular.ParseDay(c[6], s.Columns[6].Style, nil)
			_, err5 := tabular.ParseDay(c[7], s.Columns[7].Style, nil)
			_, err6 := tabular.ParseInstant(c[8], s.Columns[8].Style, loc)
			if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
				b.Fatal(row.Line, err)
			}
		}
		if n != benchRows {
			b.Fatal(n)
		}
	}
	rate(b, benchRows, most)
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkReadSheet(b *testing.B) {
	const n = 100_000
	var rows strings.Builder
	for i := range n {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d" t="s"><v>1</v></c><c r="B%d"><v>%d.5</v></c><c r="C%d" s="1"><v>%d</v></c><c r="D%d" t="s"><v>0</v></c></row>`, i+1, i+1, i+1, i, i+1, 45000+i%700, i+1)
	}
	f, err := openBytes(pack(b, rows.String()), tabular.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var most uint64
	for b.Loop() {
		got := 0
		for _, err := range f.Sheets[0].All(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			if got++; got%20_000 == 0 {
				held(&most)
			}
		}
		if got != n {
			b.Fatal(got)
		}
	}
	rate(b, n, most)
}

// encoding/csv on the same file, for comparison.
func BenchmarkStandardLibraryMillionRows(b *testing.B) {
	path, size := million(b, benchRows)
	b.SetBytes(size)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		r := csv.NewReader(f)
		r.Comma, r.ReuseRecord = ';', true
		for {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, benchRows, 0)
}
