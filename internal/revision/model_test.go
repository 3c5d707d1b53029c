package revision_test

import (
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/model"
)

func TestACaseStillStandsUnderOtherNames(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range examples(t) {
		if strings.HasPrefix(name, "crlf-") {
			continue
		}
		for _, key := range open(t, string(text)).Keys("assumptions") {
			n, err := open(t, string(text)).Rename(key, "renamed_"+key, cat)
			if err != nil {
				t.Fatalf("%s %s: %v", name, key, err)
			}
			f, found := casefile.Read(name, n.Bytes(), "")
			if found.Err() != nil {
				t.Fatalf("%s %s: %v", name, key, found)
			}
			if _, found := model.Build(f, cat); found.Err() != nil {
				t.Errorf("%s %s: %v", name, key, found.Err())
			}
		}
	}
}
