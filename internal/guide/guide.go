// Package guide is the guide of the workspace: short pages in German and English on what the ROI of a CRM is, how it is
// computed and how to reach it. Start with Pages, or with For where a place in the product wants the page about itself.
//
// A page is one Markdown file per language, de/SLUG.md and en/SLUG.md, and renders to safe HTML: no raw HTML, no
// scripts, no inline styles. Its title is not part of the HTML. Links between pages are relative, SLUG or SLUG#heading,
// so pages have to be served side by side. What studies say stands in sources.yaml once for both languages; a page cites
// it as [^key] and gets the list of its sources at the end.
//
// The package knows neither templates nor requests.
package guide

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed de/*.md en/*.md sources.yaml
var embedded embed.FS

// Page is one page in one language. Its slices belong to the package and are not to be changed.
type Page struct {
	Slug    string // the same in both languages
	Title   string
	Summary string // one line, plain text
	Order   int    // from 1
	// Answers are the places in the product where the page is linked, such as result.roi; a place has one page.
	Answers  []string
	HTML     template.HTML
	Headings []Heading
	Sources  []Source // in the order of their first citation

	sections []section
}

// Heading is a heading of a page. ID is the same in both languages.
type Heading struct {
	ID, Text string
}

// Source is what a page cites.
type Source struct {
	Key     string
	Text    string // who, what, when, and what speaks against it; in the language of the page
	Address string // may be empty where a publication has none
}

// book is all pages of one language, in order.
type book struct {
	pages  []Page
	bySlug map[string]int
	places map[string]int
}

var books = sync.OnceValue(func() map[string]*book {
	all := map[string]*book{}
	for _, lang := range []string{"de", "en"} {
		b, err := read(embedded, lang)
		if err != nil {
			panic(err) // embedded files are ours
		}
		all[lang] = b
	}
	return all
})

// of is the book of a language: "de" is German, anything else English.
func of(lang string) *book {
	if lang == "de" {
		return books()["de"]
	}
	return books()["en"]
}

// Pages returns all pages in their order. "de" is German, anything else English, here and in all functions of the package.
func Pages(lang string) []Page { return slices.Clone(of(lang).pages) }

// Find returns the page with a slug.
func Find(lang, slug string) (Page, bool) { return of(lang).pick(of(lang).bySlug, slug) }

// For returns the page that a place in the product links to, such as result.break_even.
func For(lang, anchor string) (Page, bool) { return of(lang).pick(of(lang).places, anchor) }

func (b *book) pick(index map[string]int, key string) (Page, bool) {
	i, ok := index[key]
	if !ok {
		return Page{}, false
	}
	return b.pages[i], true
}

func read(files fs.FS, lang string) (*book, error) {
	sources, err := readSources(files)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, lang+"/*.md")
	if err != nil {
		return nil, err
	}
	b := &book{bySlug: map[string]int{}, places: map[string]int{}}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		p, err := newPage(lang, string(text), sources)
		if err != nil {
			return nil, fmt.Errorf("guide: %s: %w", name, err)
		}
		if p.Slug+".md" != path.Base(name) {
			return nil, fmt.Errorf("guide: %s has the slug %q", name, p.Slug)
		}
		b.pages = append(b.pages, p)
	}
	slices.SortFunc(b.pages, func(x, y Page) int { return x.Order - y.Order })
	for i, p := range b.pages {
		b.bySlug[p.Slug] = i
		for _, place := range p.Answers {
			if _, taken := b.places[place]; taken {
				return nil, fmt.Errorf("guide: %s: two %s pages answer %s", p.Slug, lang, place)
			}
			b.places[place] = i
		}
	}
	return b, nil
}

type front struct {
	Slug    string   `yaml:"slug"`
	Title   string   `yaml:"title"`
	Summary string   `yaml:"summary"`
	Order   int      `yaml:"order"`
	Answers []string `yaml:"answers"`
}

func newPage(lang, text string, sources map[string]entry) (Page, error) {
	head, body, ok := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
	if !ok {
		return Page{}, errors.New("no front matter")
	}
	var f front
	if err := yaml.UnmarshalWithOptions([]byte(head), &f, yaml.Strict()); err != nil {
		return Page{}, err
	}
	if f.Slug == "" || f.Title == "" || f.Summary == "" || f.Order < 1 || len(f.Answers) == 0 {
		return Page{}, errors.New("front matter needs slug, title, summary, order and answers")
	}
	p := Page{Slug: f.Slug, Title: f.Title, Summary: f.Summary, Order: f.Order, Answers: f.Answers}
	return p, p.render(lang, body, sources)
}
