// Package examples holds the example cases: the workspace offers them, and the tests beside them run them.
package examples

import (
	"embed"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the examples, the one that everything is explained with first.
func Names() []string {
	names := []string{"maschinenbau"}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		if n := strings.TrimSuffix(e.Name(), ".yaml"); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// Read returns the text of an example; ok is false where there is none of that name.
func Read(name string) (text []byte, ok bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	text, err := files.ReadFile(name + ".yaml")
	return text, err == nil
}
