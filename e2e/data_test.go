package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/locale"
)

// export is one of a CRM that asks two questions: how its days are written, and what its stages mean. One amount is none.
func export(n int) string {
	var b strings.Builder
	b.WriteString("Opportunity-ID;Opportunity-Name;Phase;Betrag;Erstelldatum;Schlusstermin;Opportunity-Inhaber\n")
	for i := range n {
		amount := fmt.Sprintf("%d.200,50", 1+i%9)
		if i == 3 {
			amount = "viel"
		}
		fmt.Fprintf(&b, "006%05d;Auftrag %d;%s;%s;%02d/%02d/2025;%02d/%02d/2025;u%d\n", i, i, []string{"Gewonnen", "Verloren", "Gewonnen", "Verloren", "Verloren", "Angebot", "Gewonnen"}[i/6*5%7], amount, 1+i%9, 1+i%6, 1+i%9, 2+i%6, i%12)
	}
	return b.String()
}

// attach puts a file into the field of a form.
func (p *tab) attach(within, name, text string) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.do("choose a file", chromedp.SetUploadFiles(chromedp.CSS(within+" input[type=file]"), []string{path}))
}

// settle answers what the page asks of export.
func (p *tab) settle() {
	p.t.Helper()
	for _, label := range [][2]string{{"Gewonnen", "won"}, {"Verloren", "lost"}, {"Angebot", "open"}} {
		p.chooseIn("#stages", p.text("data.map.means", "label", label[0]), p.text("crm.choice."+label[1]))
		p.settled()
	}
	for _, column := range []string{"Erstelldatum", "Schlusstermin"} {
		p.chooseIn("#columns", p.text("data.map.style", "header", column), p.text("data.style.day_month_year"))
		p.settled()
	}
	p.until("the mapping to fit", `e2e.quiet() && !document.querySelector("#start .primary").disabled`)
}

func (w *workspace) org() string {
	w.t.Helper()
	ctx := context.Background()
	who, err := w.server.App.Local(ctx, w.person, w.firm)
	if err != nil {
		w.t.Fatal(err)
	}
	org, err := w.server.App.Home(ctx, who, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return org
}

// An export goes from the file to key figures and back, as a person does it.
func TestExportBecomesKeyFigures(t *testing.T) {
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			w := start(t, false)
			p := w.open(lang)
			p.goTo("/")
			p.click("header summary", "")
			p.clickIn("header", "link", p.text("data.title"))
			p.seeIn("h1", p.text("data.imports"))
			p.see(p.text("data.imports.none"))
			p.attach("form[data-upload]", "deals.csv", export(200))
			p.click("button", p.text("data.upload.go"))
			p.seeIn("h1", "deals.csv")
			upload := p.path()
			p.seeIn("#start", p.text("data.map.open"))
			p.seeIn("#columns", p.text("data.problem.mapping_open", "header", "Erstelldatum"))
			p.settle()
			// What cannot be taken is marked at its cell, the rest is as it will be.
			p.seeIn("#preview .bad", "viel")
			p.seeIn("#preview", p.locale.Money(1200.5, "EUR", 2))
			// A column is given another meaning with the keyboard, and back.
			p.fillIn("#column-6", "field", p.text("data.map.to", "header", "Opportunity-Inhaber"), "")
			p.press(kb.Tab)
			p.until("the column to be left out", `e2e.quiet() && document.querySelector("#column-6 input").value === "" && !e2e.said("#preview thead").includes(e2e.text(`+js(p.text("crm.column.owner"))+`))`)
			p.fillIn("#column-6", "field", p.text("data.map.to", "header", "Opportunity-Inhaber"), "gibtsnicht")
			p.press(kb.Tab)
			p.seeIn("#column-6", p.text("data.problem.target", "value", "gibtsnicht", "nearest", ""))
			p.fillIn("#column-6", "field", p.text("data.map.to", "header", "Opportunity-Inhaber"), p.text("crm.column.owner"))
			p.press(kb.Tab)
			p.until("the column to be back", `e2e.quiet() && !document.querySelector("#start .primary").disabled`)
			p.get(`fetch(`+js(upload+"/mapping.yaml")+`).then((r) => r.ok)`, nil)
			p.fillIn("#start", "field", p.text("data.map.keep"), "Salesforce")
			p.clickIn("#start", "button", p.text("data.map.start"))
			p.until("the result", `location.pathname.includes("/imports/") && e2e.quiet()`)
			result := p.path()
			p.see(p.text("data.import.sum", "read", "200", "inserted", "199", "updated", "0", "unchanged", "0", "rejected", "1"))
			p.seeIn("main table", "viel")
			var csv string
			p.get(`fetch(`+js(result+"/rejects.csv")+`).then((r) => r.text())`, &csv)
			if !strings.Contains(csv, "viel") {
				t.Errorf("the rejects: %s", csv)
			}
			// Mended, the row comes in with the mapping of its import.
			p.attach(`form[enctype]`, "rest.csv", strings.Replace(csv, "viel", `"99,00"`, 1))
			p.click("button", p.text("data.upload.go"))
			p.seeIn("h1", "rest.csv")
			p.clickIn("#start", "button", p.text("data.map.start"))
			p.until("the second result", `location.pathname.includes("/imports/") && location.pathname !== `+js(result)+` && e2e.quiet()`)
			p.see(p.text("data.import.sum", "read", "1", "inserted", "1", "updated", "0", "unchanged", "0", "rejected", "0"))

			// Key figures of what is there now.
			p.click("link", p.text("data.tab.figures"))
			p.seeIn("h1", p.text("data.figures"))
			p.see(p.text("kpi.team.why", "count", 5))
			p.clickIn("main", "link", p.text("kpi.win_rate"))
			p.seeIn("h1", p.text("kpi.win_rate"))
			p.until("the picture", `document.querySelector("#figure-picture svg, #figure-narrow-picture svg")`)
			p.clickIn("main", "summary", p.text("data.sql"))
			p.seeIn("main pre", "SELECT")
			p.fillIn("main", "field", p.text("data.from"), "2025-04")
			p.press(kb.Enter)
			p.until("fewer months", `e2e.quiet() && location.search.includes("first=2025-04") && document.querySelectorAll("main tbody tr").length === 4`)

			// The mapping that was kept goes as a file and fits the next export by itself.
			p.click("link", p.text("data.tab.imports"))
			p.seeIn("main", "Salesforce")
			p.get(`fetch(document.querySelector("a[href*='mapping.yaml?name=']").href).then((r) => r.text()).then((t) => { window.e2eYAML = t; })`, nil)
			var yaml string
			if p.get(`window.e2eYAML`, &yaml); !strings.Contains(yaml, "table: opportunity") {
				t.Errorf("the mapping: %s", yaml)
			}
			p.attach("form[data-upload]", "next.csv", export(210))
			p.click("button", p.text("data.upload.go"))
			p.seeIn("h1", "next.csv")
			p.until("the mapping to fit", `e2e.quiet() && !document.querySelector("#start .primary").disabled`)
			p.attach(`form[action$="/mapping"]`, "m.yaml", yaml)
			p.click("button", p.text("web.import.go"))
			p.see(p.text("web.flash.mapping_taken"))
			p.click("button", p.text("data.upload.drop"))
			p.see(p.text("web.flash.removed"))

			// And back.
			p.goTo(result)
			p.click("button", p.text("data.take_back"))
			p.see(p.text("web.flash.taken_back"))
			p.seeIn("main table", p.text("data.import.state.taken_back"))
			p.clickIn(`form[action$="/mapping/remove"]`, "button", "")
			p.see(p.text("web.flash.removed"))
			p.clickIn(`form[action$="/source/remove"]`, "button", "")
			p.see(p.text("web.flash.removed"))
			p.see(p.text("data.imports.none"))
		})
	}
}

// An import goes on while nobody looks, is stopped, and goes on where it was.
func TestImportIsStoppedAndGoesOn(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	const rows = 300_000
	ctx := context.Background()
	who, err := w.server.App.Local(ctx, w.person, w.firm)
	if err != nil {
		t.Fatal(err)
	}
	u, err := w.server.App.AddUpload(ctx, who, w.org(), app.NewUpload{File: "large.csv", Source: "CRM", Timezone: "Europe/Berlin", Currency: "EUR"}, strings.NewReader(export(rows)))
	if err != nil {
		t.Fatal(err)
	}
	path := "/organisations/" + w.org() + "/data/uploads/" + u.ID
	p.goTo(path)
	p.settle()
	p.clickIn("#start", "button", p.text("data.map.start"))
	p.until("the progress", `document.querySelector("#progress progress")?.value > 0 || location.pathname.includes("/imports/")`)
	p.click("button", p.text("data.progress.stop"))
	p.until("it to stop", `e2e.quiet() && document.querySelector('#progress form[action$="/start"]')`)
	p.see(p.text("data.upload.state.stopped"))
	p.goTo("/organisations/" + w.org() + "/data")
	p.seeIn("main", p.text("data.upload.state.stopped"))
	p.clickIn("main .list", "link", "large.csv")
	p.click("button", p.text("data.progress.resume"))
	p.goTo("/") // nobody looks
	p.goTo(path)
	p.until("the result", `location.pathname.includes("/imports/") && e2e.quiet()`)
	p.see(p.text("data.import.sum", "read", p.locale.Number(rows, 0), "inserted", p.locale.Number(rows-1, 0), "updated", "0", "unchanged", "0", "rejected", "1"))
}

// dataStory fills the data of a workspace with what its pages have to show, and lists the views.
func dataStory(w *workspace) []view {
	ctx := context.Background()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	a, org := w.server.App, w.org()
	who, err := a.Local(ctx, w.person, w.firm)
	must(err)
	base := "/organisations/" + org + "/data"
	upload := func(name, text string) string {
		u, err := a.AddUpload(ctx, who, org, app.NewUpload{File: name, Source: "Salesforce", Timezone: "Europe/Berlin", Currency: "EUR"}, strings.NewReader(text))
		must(err)
		return u.ID
	}
	bring := func(name, text, mapping string) string {
		id := upload(name, text)
		p, err := a.UseMapping(ctx, who, org, id, "m.yaml", []byte(mapping))
		must(err)
		if !p.Fits {
			w.t.Fatal(p.Problems)
		}
		must(a.StartImport(ctx, who, org, id, p.Mapping.Name))
		for {
			u, err := a.UploadOf(ctx, who, org, id)
			must(err)
			if u.State == app.UploadDone {
				return fmt.Sprintf("%s/imports/%d", base, u.Batch)
			}
			if u.State != app.UploadQueued && u.State != app.UploadRunning {
				w.t.Fatalf("%+v", u)
			}
			time.Sleep(5 * time.Millisecond) // the import is another goroutine's
		}
	}
	var users strings.Builder
	users.WriteString("Kennung;Name;Team\n")
	for i := range 12 {
		fmt.Fprintf(&users, "u%d;Person %d;%s\n", i, i, []string{"Nord", "Süd"}[i%2])
	}
	bring("benutzer.csv", users.String(), "mapping: Benutzer\ntable: user\ncolumns: {Kennung: id, Name: name, Team: team}\n")
	result := bring("verkaufschancen-2025.csv", export(1200), `mapping: Salesforce, Verkaufschancen
table: opportunity
columns:
  Opportunity-ID: id
  Opportunity-Name: name
  Phase: stage
  Betrag: {to: amount, style: decimal comma}
  Erstelldatum: {to: opened_day, style: day/month/year}
  Schlusstermin: {to: closed_day, style: day/month/year}
  Opportunity-Inhaber: owner
stages: {Gewonnen: won, Verloren: lost}
`)
	open := upload("opportunities.csv", strings.ReplaceAll(export(60), "Opportunity-Inhaber", "Betreuer laut Außendienst"))
	return []view{
		{name: "data-imports", path: base},
		{name: "data-mapping", path: base + "/uploads/" + open},
		{name: "data-import", path: result},
		{name: "data-figures", path: base + "/figures"},
		{name: "data-figure", path: base + "/figures/win_rate"},
		{name: "data-figure-team", path: base + "/figures/won_value?team=Nord", open: func(p *tab) { p.click("summary", p.text("data.sql")) }},
	}
}

// The pages about data as TestEveryPageIsFreeOfBarriers looks at the others.
func TestDataPagesAreFreeOfBarriers(t *testing.T) {
	axe, err := os.ReadFile("../bin/axe.min.js")
	if err != nil {
		t.Fatal("axe-core is not there: make axe")
	}
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			empty := start(t, false)
			p := empty.open(lang)
			p.examine(string(axe), view{name: "data-first", path: "/organisations/" + empty.org() + "/data"})
			p.examine(string(axe), view{name: "data-figures-first", path: "/organisations/" + empty.org() + "/data/figures"})
			w := startBeside(t, false)
			p = w.open(lang)
			for _, v := range dataStory(w) {
				p.examine(string(axe), v)
			}
		})
	}
}
