package guide

import (
	"io/fs"

	"github.com/goccy/go-yaml"
)

// entry is one source in sources.yaml.
type entry struct {
	Text struct {
		German  string `yaml:"de"`
		English string `yaml:"en"`
	} `yaml:"text"`
	Address string `yaml:"address"`
	// Figures are the numbers it supports, with a dot and without thousands marks. Tests hold every number of a page
	// that cites it against them.
	Figures []string `yaml:"figures"`
}

func (e entry) in(lang string) string {
	if lang == "de" {
		return e.Text.German
	}
	return e.Text.English
}

func readSources(files fs.FS) (map[string]entry, error) {
	text, err := fs.ReadFile(files, "sources.yaml")
	if err != nil {
		return nil, err
	}
	var all map[string]entry
	return all, yaml.UnmarshalWithOptions(text, &all, yaml.Strict())
}
