package web

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/guide"
)

type guidePage struct {
	frame
	Query, Heading string
	Pages          []guideLink
	Hits           []hit
	Body           template.HTML
	Next           *guide.Page
}

type guideLink struct {
	Slug, Title, Summary string
	Current              bool
}

type hit struct {
	Slug, Anchor, Title string
	Snippet             template.HTML
}

func (s *Site) guide(q *request) error {
	lang, slug := string(q.l.Lang()), q.PathValue("slug")
	p := guidePage{frame: q.frame(q.t("web.nav.guide", nil), "middle"), Query: q.FormValue("q")}
	pages := guide.Pages(lang)
	for i, g := range pages {
		p.Pages = append(p.Pages, guideLink{g.Slug, g.Title, g.Summary, g.Slug == slug})
		if g.Slug == slug {
			p.Heading, p.Title, p.Body = g.Title, g.Title+" · Rendite", g.HTML
			if i+1 < len(pages) {
				p.Next = &pages[i+1]
			}
		}
	}
	if slug != "" && p.Body == "" {
		return &app.Error{Code: app.NotFound, Key: "web.error.not_found"}
	}
	if p.Query != "" {
		p.Hits = hits(guide.Search(lang, p.Query))
	}
	q.page(http.StatusOK, "guide", p)
	return nil
}

// hits are the results of a search with the match set off.
func hits(found []guide.Hit) []hit {
	var all []hit
	for _, h := range found {
		v := hit{Slug: h.Page.Slug, Anchor: h.Heading.ID, Title: h.Page.Title}
		if h.Heading.Text != "" {
			v.Title += " – " + h.Heading.Text
		}
		var snippet strings.Builder
		for _, part := range h.Snippet {
			text := template.HTMLEscapeString(part.Text)
			if part.Marked {
				text = "<mark>" + text + "</mark>"
			}
			snippet.WriteString(text)
		}
		v.Snippet = template.HTML(snippet.String()) // escaped part by part
		all = append(all, v)
	}
	return all
}
