package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/store"
)

// sqlc takes minutes to build, so the generated code is not made again here; make generate leaves the sums of what it
// was made from.
func TestGeneratedQueriesBelongToTheirSQL(t *testing.T) {
	want, err := os.ReadFile("query/sources.sum")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, folder := range []string{"query/sql", "migration"} {
		files, err := filepath.Glob(folder + "/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got.WriteString(store.Hash(string(text)) + "  " + filepath.ToSlash(file) + "\n")
		}
	}
	if got.String() != string(want) {
		t.Errorf("the SQL has changed: make generate\nhave\n%swant\n%s", got.String(), want)
	}
}
