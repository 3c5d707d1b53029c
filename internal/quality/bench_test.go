package quality_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/quality"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// BenchmarkRun audits contacts, accounts and deals on SQLite, all fields filled; RENDITE_LARGE is the number of contacts.
func BenchmarkRun(b *testing.B) {
	n, _ := strconv.Atoi(os.Getenv("RENDITE_LARGE"))
	if n == 0 {
		n = 50_000
	}
	ctx := context.Background()
	db := open(b, filepath.Join(b.TempDir(), "data.db"))
	s, err := db.AddSource(ctx, warehouse.Source{Name: "large", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		b.Fatal(err)
	}
	fill := func(table string, n int, set func(i int, put func(string, any))) {
		t, _ := crm.Find(table)
		in, err := db.Begin(ctx, s, table, "", "")
		if err != nil {
			b.Fatal(err)
		}
		for i := range n {
			r := t.New(fmt.Sprintf("%s%08d", table[:1], i))
			r.Created, r.Updated = at(today-300+int64(i%200), i), at(today-100, i)
			set(i, func(column string, v any) { t.Set(&r, column, v) })
			if err := in.Write(ctx, r, int64(i), "", nil); err != nil {
				b.Fatal(err)
			}
		}
		if err := in.Finish(ctx); err != nil || in.Rejected > 0 {
			b.Fatal(err, in.Rejected)
		}
	}
	fill("user", 60, func(i int, put func(string, any)) {
		put("team", fmt.Sprint("Team ", i%6))
		put("active", int64(1))
	})
	user := func(i int) string { return fmt.Sprintf("u%08d", i%60) }
	fill("account", n/5, func(i int, put func(string, any)) {
		for column, v := range map[string]string{"name": fmt.Sprintf("Müller & Söhne %d GmbH", i), "owner": user(i), "country": "Deutschland", "postal_code": fmt.Sprint(10_000 + i%89_000), "city": "Köln",
			"industry": "Bau", "vat_id": germanVAT(i), "phone": fmt.Sprintf("0221 / %07d", i+1), "domain": fmt.Sprintf("firma%d.de", i)} {
			put(column, v)
		}
	})
	fill("contact", n, func(i int, put func(string, any)) {
		for column, v := range map[string]string{"account": fmt.Sprintf("a%08d", i%(n/5)), "last_name": fmt.Sprint("Schmidt", i%5000), "email": fmt.Sprintf("eva.schmidt%d@firma%d.de", i, i%(n/5)),
			"phone": fmt.Sprintf("+49 171 %07d", i%9_000_000+1), "postal_code": fmt.Sprint(10_000 + i%89_000)} {
			put(column, v)
		}
	})
	fill("opportunity", n, func(i int, put func(string, any)) {
		opened := today - 300 + int64(i%200)
		for column, v := range map[string]any{"account": fmt.Sprintf("a%08d", i%(n/5)), "contact": fmt.Sprintf("c%08d", i), "owner": user(i), "category": []string{crm.Open, crm.Won, crm.Lost}[i%3], "stage": "s1",
			"amount": int64(1000+i%5000) * 10_000, "number": fmt.Sprint(i), "opened_day": opened, "expected_close_day": today + 5, "probability": 0.4, "lead_source": "Messe"} {
			put(column, v)
		}
		if i%3 > 0 {
			put("closed_day", opened+30)
		}
	})
	b.ResetTimer()
	for range b.N {
		r, err := quality.Run(ctx, db.Warehouse, s, quality.Options{Today: &today, Found: func(quality.Finding) error { return nil }})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	}
}
