//go:build reference

// The reference test looks every address of sources.yaml up in the evidence kept outside the repository (RENDITE_SHARED):
//
//	go test -tags reference ./internal/guide/

package guide

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// laterFound are addresses looked up for the guide, on prices by usage, agents, EU rules and the works council.
var laterFound = []string{"outsourceaccelerator", "upperedge", "futureprep", "powerquant", "complianceforge", "betriebsrat.com"}

func TestReference_sourcesStandInTheEvidenceLibraryTheResearchOrTheCatalogue(t *testing.T) {
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	var known strings.Builder
	files, err := filepath.Glob(filepath.Join("..", "catalogue", "data", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(shared, "published", "evidence-library.json"), filepath.Join(shared, "research", "peers.md"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatalf("no evidence in %s (set RENDITE_SHARED): %v", shared, err)
		}
		known.Write(text)
	}
	sources, err := readSources(embedded)
	if err != nil {
		t.Fatal(err)
	}
	for key, e := range sources {
		later := slices.ContainsFunc(laterFound, func(s string) bool { return strings.Contains(e.Address, s) })
		if !later && !strings.Contains(known.String(), e.Address) {
			t.Errorf("%s: %s is not among the evidence", key, e.Address)
		}
	}
}
