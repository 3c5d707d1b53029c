// Package arch holds no code, only the test that keeps the layers of the program in order.
package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rendite-crm/rendite/"

// layers lists the packages from the bottom up: a package may import only what stands before it.
var layers = []string{
	// vocabulary
	"internal/diag", "internal/quantity", "internal/formula", "internal/locale",
	// numbers
	"internal/dist", "internal/draw", "internal/finance", "internal/plan", "internal/sim", "internal/explain",
	// records of a CRM
	"internal/linkage", "internal/linkage/linkagetest",
	// CRM files → rows and cells
	"internal/tabular",
	// case file → model → result
	"internal/casefile", "internal/catalogue", "internal/revision", "internal/model", "internal/result", "internal/calc", "internal/decide", "internal/starter",
	// showing
	"internal/font", "internal/chart", "internal/report", "internal/report/document", "internal/report/pdf", "internal/report/html", "internal/report/markdown", "internal/report/data", "internal/report/workbook", "internal/report/written", "internal/guide",
	// keeping
	"internal/store/query", "internal/store", "internal/store/storetest",
	// what a CRM holds
	"internal/crm", "internal/warehouse", "internal/ingest", "internal/kpi", "internal/quality", "internal/duplicates",
	// people
	"internal/auth", "internal/auth/authtest",
	// what CRMs deliver
	"internal/connector", "internal/connector/connectortest", "internal/connector/dynamics", "internal/connector/hubspot", "internal/connector/odoo", "internal/connector/pipedrive", "internal/connector/salesforce", "internal/connector/sqldb", "internal/connector/tryton", "internal/connector/zoho", "internal/connector/kind",
	// operations, and the pages over them
	"internal/app", "internal/web", "internal/api", "internal/server",
	// surfaces
	"internal/cli", "cmd/rendite", "bench",
}

// importers says which packages may import a third-party module; everything else is its own business.
var importers = map[string][]string{
	"github.com/goccy/go-yaml":            {"internal/casefile", "internal/catalogue", "internal/guide", "internal/report/document"},
	"codeberg.org/go-pdf/fpdf":            {"internal/report/pdf"},
	"github.com/xuri/excelize/v2":         {"internal/report/workbook"},
	"github.com/yuin/goldmark":            {"internal/guide"},
	"gonum.org/v1/gonum":                  {"internal/dist", "internal/draw", "internal/explain"},
	"golang.org/x/sys":                    {"internal/sim"},
	"github.com/nicksnyder/go-i18n/v2":    {"internal/locale"},
	"github.com/bojanz/currency":          {"internal/locale"},
	"golang.org/x/text":                   {"internal/locale", "internal/store", "internal/auth", "internal/report/pdf", "internal/linkage", "internal/tabular", "internal/connector", "internal/connector/sqldb"},
	"golang.org/x/image":                  {"internal/font", "internal/report/document"},
	"golang.org/x/crypto":                 {"internal/auth"},
	"golang.org/x/oauth2":                 {"internal/auth"},
	"github.com/coreos/go-oidc/v3":        {"internal/auth"},
	"github.com/zitadel/oidc/v3":          {"internal/auth/authtest"},
	"golang.org/x/term":                   {"internal/chart", "internal/cli"},
	"github.com/hashicorp/golang-lru/v2":  {"internal/app"},
	"github.com/klauspost/compress":       {"internal/server"},
	"github.com/prometheus/client_golang": {"internal/server"},
	"github.com/spf13/cobra":              {"internal/cli"},
	"github.com/spf13/pflag":              {"internal/cli"},
	"github.com/schollz/progressbar/v3":   {"internal/cli"},
	"modernc.org/sqlite":                  {"internal/store", "internal/warehouse"},
	"github.com/jackc/pgx/v5":             {"internal/store", "internal/store/storetest", "internal/warehouse", "internal/connector/sqldb"},
	"github.com/go-sql-driver/mysql":      {"internal/connector/sqldb", "internal/connector/connectortest"},
	"github.com/microsoft/go-mssqldb":     {"internal/connector/sqldb"},
	"github.com/pressly/goose/v3":         {"internal/store"},
	"github.com/danielgtaylor/huma/v2":    {"internal/api"},
}

// numeric packages know neither files nor clocks nor contexts.
var numeric = []string{"internal/dist", "internal/draw", "internal/finance", "internal/plan"}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

func TestImportsGoOneWay(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		if slices.Contains([]string{"internal/arch", "docs", "examples", "e2e"}, p.ImportPath) || strings.Contains(p.ImportPath, "/gen") {
			continue // tests and generators
		}
		own := slices.Index(layers, p.ImportPath)
		if own < 0 {
			t.Errorf("%s has no place in the layers", p.ImportPath)
			continue
		}
		seen++
		for _, i := range p.Imports {
			if name, ok := strings.CutPrefix(i, module); ok && slices.Index(layers, name) >= own {
				t.Errorf("%s imports %s, which stands above it", p.ImportPath, name)
			}
			for m, allowed := range importers {
				if (i == m || strings.HasPrefix(i, m+"/")) && !slices.Contains(allowed, p.ImportPath) {
					t.Errorf("%s imports %s, which belongs to %s", p.ImportPath, i, strings.Join(allowed, ", "))
				}
			}
			first, _, _ := strings.Cut(i, "/")
			if strings.Contains(first, ".") && !strings.HasPrefix(i, module) {
				known := false
				for m := range importers {
					known = known || i == m || strings.HasPrefix(i, m+"/")
				}
				if !known {
					t.Errorf("%s imports %s, a dependency nobody has named", p.ImportPath, i)
				}
			}
			if slices.Contains(numeric, p.ImportPath) && slices.Contains([]string{"os", "io", "time", "context", "net/http"}, i) {
				t.Errorf("%s imports %s, but numbers know no world", p.ImportPath, i)
			}
		}
	}
	if seen != len(layers) {
		t.Errorf("%d of %d layers exist", seen, len(layers))
	}
}
