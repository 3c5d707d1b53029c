//go:build reference

// The reference test imports open CRM data, kept outside the repository (RENDITE_SHARED/refdata/crm_*), through mapping
// files alone and compares with the counts and sums of RENDITE_SHARED/refdata/EXPECTED.md, section 14:
//
//	go test -tags reference -run Reference ./internal/ingest/

package ingest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

type bench struct {
	*testing.T
	*warehouse.Warehouse
	source warehouse.Source
	dir    string
}

func newBench(t *testing.T, folder string) *bench {
	t.Helper()
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		t.Fatal("set RENDITE_SHARED to the folder of the reference data")
	}
	w, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "data.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s, err := w.AddSource(t.Context(), warehouse.Source{Name: folder, Kind: "file", Timezone: "UTC", Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, w, s, filepath.Join(shared, "refdata", folder)}
}

func (b *bench) bring(file, mapping string) warehouse.Batch {
	b.Helper()
	ctx := b.T.Context()
	m, found := ingest.Read(file+".yaml", []byte(mapping))
	if found.Err() != nil {
		b.Fatal(said(found))
	}
	path := filepath.Join(b.dir, file)
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256(text)
	f, err := tabular.OpenFile(ctx, path, tabular.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	zone, err := b.source.Zone()
	if err != nil {
		b.Fatal(err)
	}
	p, found := ingest.Fit(m, f.Sheets[0], zone, b.source.Currency)
	if found.Err() != nil {
		b.Fatal(said(found))
	}
	batch, err := p.Run(ctx, b.Warehouse, b.source, file, hex.EncodeToString(sum[:]), nil)
	if err != nil {
		b.Fatal(err)
	}
	if again, err := p.Run(ctx, b.Warehouse, b.source, file, hex.EncodeToString(sum[:]), nil); !errors.Is(err, warehouse.ErrSame) || again.ID != batch.ID {
		b.Errorf("%s a second time: %v", file, err)
	}
	if batch.Read != batch.Inserted+batch.Updated+batch.Unchanged+batch.Rejected {
		b.Errorf("%s: the counts do not add up: %+v", file, batch)
	}
	return batch
}

func said(list interface{ Error() string }) string { return list.Error() }

// is compares the only row of a query, its columns joined by spaces.
func (b *bench) is(query, want string) {
	b.Helper()
	rows, err := b.Query(context.Background(), query)
	if err != nil {
		b.Fatal(err)
	}
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintln(row...)))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		b.Fatal(err)
	}
	if got := strings.Join(lines, "; "); got != want {
		b.Errorf("%s\n got %s\nwant %s", query, got, want)
	}
}

func TestReference_mavenSalesByMapping(t *testing.T) {
	b := newBench(t, "crm_maven_sales")
	accounts := b.bring("accounts.csv", `
mapping: Maven accounts
table: account
columns: {account: [id, name], sector: industry, office_location: country, subsidiary_of: parent}
`)
	users := b.bring("sales_teams.csv", `
mapping: Maven teams
table: user
columns: {sales_agent: [id, name], regional_office: team}
`)
	deals := b.bring("sales_pipeline.csv", `
mapping: Maven pipeline
table: opportunity
columns:
  opportunity_id: id
  sales_agent: owner
  product: product
  account: account
  deal_stage: stage
  engage_date: opened_day
  close_date: closed_day
  close_value: amount
stages: {Won: won, Lost: lost, Engaging: open, Prospecting: open}
`)
	if accounts.Inserted != 85 || users.Inserted != 35 || deals.Inserted != 8800 || deals.Rejected != 0 {
		t.Errorf("inserted %d accounts, %d users, %d deals", accounts.Inserted, users.Inserted, deals.Inserted)
	}
	b.is("SELECT stage, COUNT(*) FROM crm_opportunity GROUP BY stage ORDER BY stage", "Engaging 1589; Lost 2473; Prospecting 500; Won 4238")
	b.is("SELECT SUM(account IS NULL), SUM(opened_day IS NULL), SUM(closed_day IS NULL), SUM(amount IS NULL) FROM crm_opportunity", "1425 500 2089 2089")
	b.is("SELECT SUM(amount) / 10000, COUNT(DISTINCT owner) FROM crm_opportunity WHERE category = 'won'", "10005534 30")
	b.is("SELECT ROUND(AVG(closed_day - opened_day), 6), category FROM crm_opportunity WHERE category IN ('won', 'lost') GROUP BY category ORDER BY category", "41.479175 lost; 51.781973 won")
	b.is("SELECT u.team, COUNT(*), SUM(o.category = 'won'), SUM(CASE WHEN o.category = 'won' THEN o.amount ELSE 0 END) / 10000 FROM crm_opportunity o JOIN crm_user u ON u.ext_id = o.owner WHERE o.category <> 'open' GROUP BY u.team ORDER BY u.team",
		"Central 2604 1629 3346293; East 1858 1171 3090594; West 2249 1438 3568647")
	b.is("SELECT SUM(amount) / 10000 FROM crm_opportunity WHERE category = 'won' GROUP BY closed_month ORDER BY closed_month",
		"1134672; 721932; 1025713; 1338466; 696932; 1050059; 1235264; 731980; 938943; 1131573")
}

func TestReference_olistFunnelByMapping(t *testing.T) {
	b := newBench(t, "crm_olist_funnel")
	leads := b.bring("olist_marketing_qualified_leads_dataset.csv", `
mapping: Olist leads
table: lead
columns: {mql_id: id, first_contact_date: opened_day, origin: origin}
`)
	deals := b.bring("olist_closed_deals_dataset.csv", `
mapping: Olist closed deals
table: opportunity
columns: {mql_id: [id, lead], sr_id: owner, won_date: closed_at}
fixed: {category: won}
`)
	if leads.Inserted != 8000 || deals.Inserted != 842 {
		t.Errorf("inserted %d leads, %d deals", leads.Inserted, deals.Inserted)
	}
	b.is("SELECT COUNT(*), COUNT(DISTINCT o.owner), SUM(o.closed_day < l.opened_day) FROM crm_opportunity o JOIN crm_lead l ON l.ext_id = o.lead", "842 22 1")
	b.is("SELECT COALESCE(l.origin, '-'), COUNT(o.ext_id), COUNT(*) FROM crm_lead l LEFT JOIN crm_opportunity o ON o.lead = l.ext_id GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 3", "organic_search 271 2296; paid_search 195 1586; social 75 1350")
}

func TestReference_telcoByMapping(t *testing.T) {
	b := newBench(t, "crm_ibm_telco")
	batch := b.bring("Telco-Customer-Churn.csv", `
mapping: Telco customers
table: account
columns: {customerID: [id, name], MonthlyCharges: monthly, Churn: ended}
fixed: {type: customer}
`)
	if batch.Inserted != 7043 {
		t.Errorf("inserted %d", batch.Inserted)
	}
	b.is("SELECT SUM(ended), ROUND(AVG(monthly) / 10000, 8) FROM crm_account", "1869 64.76169246")
}

func TestReference_saasSalesByMapping(t *testing.T) {
	b := newBench(t, "crm_saas_sales")
	batch := b.bring("SaaS-Sales.csv", `
mapping: SaaS orders
table: sales_document
columns:
  Row ID: id
  Order ID: number
  Order Date: {to: document_day, style: month/day/year}
  Customer ID: account
  Product: product
  Sales: net
  Quantity: quantity
  Profit: profit
fixed: {kind: order}
`)
	if batch.Inserted != 9994 {
		t.Errorf("inserted %d", batch.Inserted)
	}
	b.is("SELECT COUNT(DISTINCT number), COUNT(DISTINCT account), SUM(net), SUM(profit), SUM(quantity), COUNT(DISTINCT document_month) FROM crm_sales_document", "5009 99 22972008603 2863970217 37873 48")
}

var _ = locale.English
