package web_test

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/locale"
)

// deals is an export with all that a mapping has to settle: dates that can be read in two ways, stages, a choice, names that
// must not become markup.
func deals() string {
	var b strings.Builder
	b.WriteString("Opportunity ID;Opportunity Name;Stage;Amount;Created Date;Close Date;Type;<b>Note</b>\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%d;Order <i>%d</i>;%s;1.%03d,50;%02d/%02d/2025;%02d/%02d/2025;%s;=1+1\n", i, i, []string{"Won", "Lost <s>", "Open"}[i%3], i, 1+i%9, 1+i%6, 1+i%9, 2+i%6, []string{"Neu", "Bestand"}[i%2])
	}
	return b.String()
}

// dataBase is where the data of the workspace's organisation are.
func (w *workspace) dataBase() string {
	w.t.Helper()
	orgs, err := w.app.Organisations(w.t.Context(), w.who)
	if err != nil {
		w.t.Fatal(err)
	}
	return "/organisations/" + orgs[0].ID + "/data"
}

// send uploads a file by the form and returns where the browser is sent.
func (w *workspace) send(path, name, text string, fields url.Values) *http.Response {
	w.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := form.WriteField(k, v[0]); err != nil {
			w.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err != nil || form.Close() != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), "POST", "http://example.com"+path, &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Accept-Language", "en")
	rec := httptest.NewRecorder()
	w.site.ServeHTTP(rec, r)
	return rec.Result()
}

func (w *workspace) uploaded(text string) string {
	w.t.Helper()
	r := w.send(w.dataBase()+"/uploads", `C:\exports\deals.csv`, text, url.Values{"source": {"Salesforce"}, "timezone": {"Europe/Berlin"}, "currency": {"EUR"}})
	if r.StatusCode != 303 || !strings.Contains(r.Header.Get("Location"), "/data/uploads/") {
		w.t.Fatalf("status %d: %s", r.StatusCode, body(w.t, r))
	}
	return r.Header.Get("Location")
}

// settled is the form as somebody fills it in who answers all that is asked.
func settled() url.Values {
	return url.Values{"table": {"opportunity"}, "header": {"1"}, "encoding": {"utf-8"}, "delimiter": {";"},
		"to.0": {"Key"}, "to.1": {"name"}, "to.2": {"Stage"}, "to.3": {"Amount"}, "style.3": {"decimal comma"}, "to.4": {"Opened on"}, "style.4": {"day/month/year"}, "to.5": {"closed_day"}, "style.5": {"day/month/year"}, "to.6": {"Type"}, "to.7": {""},
		"label.6.0": {"Neu"}, "value.6.0": {"new"}, "label.6.1": {"Bestand"}, "value.6.1": {"existing"},
		"stagelabel.0": {"Won"}, "stage.0": {"won"}, "stagelabel.1": {"Lost <s>"}, "stage.1": {"lost"}, "stagelabel.2": {"Open"}, "stage.2": {"open"}, "keep": {"Salesforce, deals"}}
}

// imported waits for the import of an upload and returns its page.
func (w *workspace) imported(upload string) string {
	w.t.Helper()
	for {
		r := w.do(locale.English, "GET", upload, nil, false)
		if to := r.Header.Get("Location"); strings.Contains(to, "/imports/") {
			return to
		}
		if r.StatusCode != 200 {
			w.t.Fatalf("status %d", r.StatusCode)
		}
		time.Sleep(5 * time.Millisecond) // the import is another goroutine's
	}
}

// dataPages fills the data of the organisation and lists the pages about them.
func (w *workspace) dataPages(org string) []page {
	w.t.Helper()
	base := w.dataBase()
	w.check(page{path: base, status: 200})
	w.check(page{path: base + "/figures", status: 200})
	open := w.uploaded(deals())
	done := w.uploaded(deals())
	form := settled()
	form.Del("stage.2") // a third of the rows is not taken
	if r := w.do(locale.English, "POST", done+"/start", form, false); r.StatusCode != 303 {
		w.t.Fatalf("status %d: %s", r.StatusCode, body(w.t, r))
	}
	result := w.imported(done)
	return []page{
		{path: "/data", status: 303}, {path: "/data?org=" + org, status: 303}, {path: base, status: 200}, {path: open, status: 200}, {path: open + "/mapping.yaml", status: 200}, {path: base + "/uploads/none", status: 404},
		{path: result, status: 200}, {path: result + "?line=20", status: 200}, {path: result + "/rejects.csv", status: 200}, {path: base + "/imports/99", status: 404}, {path: base + "/imports/x/rejects.csv", status: 404},
		{path: base + "/mapping.yaml?name=Salesforce%2C+deals", status: 200}, {path: base + "/mapping.yaml?name=none", status: 404},
		{path: base + "/figures", status: 200}, {path: base + "/figures?first=2025-02&last=2025-05", status: 200}, {path: base + "/figures?first=2025-13", status: 422}, {path: base + "/figures?source=99", status: 404}, {path: base + "/figures?first=2025-05&last=2025-02", status: 422},
		{path: base + "/figures/win_rate", status: 200}, {path: base + "/figures/won_value", status: 200}, {path: base + "/figures/cycle_time", status: 200}, {path: base + "/figures/lead_response", status: 200}, {path: base + "/figures/nothing", status: 404},
		{path: "/organisations/none/data", status: 404}, {path: "/organisations/none/data/figures", status: 404},
	}
}

// Somebody answers what the file leaves open; the page shows at the cells what would be taken, and nothing of the file
// becomes markup.
func TestMappingIsSettledOnThePage(t *testing.T) {
	w := newWorkspace(t)
	upload := w.uploaded(deals())
	text := body(t, w.do(locale.English, "GET", upload, nil, false))
	for _, want := range []string{"can be read in several ways", "Missing: “Outcome”", "disabled", "Order &lt;i&gt;0&lt;/i&gt;", "Lost &lt;s&gt;", "&lt;b&gt;Note&lt;/b&gt;"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, bad := range []string{"<i>0</i>", "<b>Note", "Lost <s>"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q became markup", bad)
		}
	}
	form := settled()
	form.Set("to.7", "Amont")
	text = body(t, w.do(locale.English, "POST", upload, form, true))
	valid(t, text, false)
	if !strings.Contains(text, "There is no “Amont” here. Is “Amount” meant?") || !strings.Contains(text, "disabled") {
		t.Errorf("a column that is none: %s", text)
	}
	text = body(t, w.do(locale.English, "POST", upload, settled(), true))
	for _, want := range []string{"Ready to import", "€1,000.50", "1 January 2025", "Won (won)", "new business"} {
		if !strings.Contains(text, want) {
			t.Errorf("the fragment does not have %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "disabled") {
		t.Error("what is ready cannot be begun")
	}
	// The mapping goes out as a file and comes in again.
	file := body(t, w.do(locale.English, "GET", upload+"/mapping.yaml", nil, false))
	if !strings.Contains(file, "style: \"day/month/year\"") || !strings.Contains(file, "Lost <s>") {
		t.Error(file)
	}
	other := w.uploaded(deals())
	if r := w.send(other+"/mapping", "m.yaml", file, nil); r.StatusCode != 303 {
		t.Fatalf("status %d: %s", r.StatusCode, body(t, r))
	}
	if text = body(t, w.do(locale.English, "GET", other, nil, false)); !strings.Contains(text, "Ready to import") {
		t.Error("the mapping file does not fit")
	}
	// Another table begins anew; what cannot be is refused.
	text = body(t, w.do(locale.English, "POST", upload, url.Values{"table": {"account"}}, true))
	if !strings.Contains(text, `<option value="account" selected>`) {
		t.Error("the table is not changed")
	}
	for name, f := range map[string]url.Values{"no table": {"table": {"nothing"}}, "no line": {"table": {"account"}, "header": {"x"}}} {
		if r := w.do(locale.English, "POST", upload, f, true); r.StatusCode != 422 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	if r := w.do(locale.English, "POST", upload+"/start", url.Values{"table": {"account"}}, false); r.StatusCode != 303 || r.Header.Get("Location") != upload {
		t.Errorf("what does not fit: %d", r.StatusCode)
	}
	if r := w.do(locale.English, "POST", upload+"/drop", url.Values{}, false); r.StatusCode != 303 {
		t.Errorf("status %d", r.StatusCode)
	}
}

func TestImportSaysWhatBecameOfEachRow(t *testing.T) {
	w := newWorkspace(t)
	upload := w.uploaded(deals())
	form := settled()
	form.Del("stage.2")
	w.do(locale.English, "POST", upload+"/start", form, false)
	result := w.imported(upload)
	text := html.UnescapeString(body(t, w.do(locale.English, "GET", result, nil, false)))
	for _, want := range []string{"40 rows read = 27 new + 0 changed + 0 unchanged + 13 not taken.", "It is not settled whether the stage “Open” is open, won, lost or cancelled.", result + "/rejects.csv", "Order <i>2</i>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	r := w.do(locale.English, "GET", result+"/rejects.csv", nil, false)
	csv := body(t, r)
	if strings.Count(csv, "\r\n") != 14 || !strings.Contains(csv, "'=1+1") || !strings.Contains(r.Header.Get("Content-Disposition"), `"deals_not_taken.csv"`) {
		t.Errorf("%s\n%s", r.Header.Get("Content-Disposition"), csv)
	}
	// Mended they come back with the mapping of the import.
	back := w.send(w.dataBase()+"/uploads", "rest.csv", strings.ReplaceAll(csv, ",Open,", ",Won,"), url.Values{"like": {result[strings.LastIndex(result, "/")+1:]}})
	mended := back.Header.Get("Location")
	if text = body(t, w.do(locale.English, "GET", mended, nil, false)); !strings.Contains(text, "Ready to import") {
		t.Fatal("the mended rows do not fit the mapping of their import")
	}
	w.do(locale.English, "POST", mended+"/start", url.Values{}, false)
	if text = body(t, w.do(locale.English, "GET", w.imported(mended), nil, false)); !strings.Contains(text, "13 rows read = 13 new") {
		t.Error("the mended rows were not taken")
	}
	if r := w.do(locale.English, "POST", result+"/take-back", url.Values{}, false); r.StatusCode != 303 {
		t.Errorf("status %d", r.StatusCode)
	}
	text = body(t, w.do(locale.English, "GET", w.dataBase(), nil, false))
	if !strings.Contains(text, "taken back") {
		t.Error("the list does not say that the import has been taken back")
	}
	if r := w.do(locale.English, "POST", result+"/take-back", url.Values{}, false); r.StatusCode != 409 {
		t.Errorf("a second time: %d", r.StatusCode)
	}
}

func TestUploadThatIsNone(t *testing.T) {
	w := newWorkspace(t)
	base := w.dataBase()
	for name, r := range map[string]*http.Response{
		"no form": w.do(locale.English, "POST", base+"/uploads", url.Values{"source": {"x"}}, false),
		"empty":   w.send(base+"/uploads", "x.csv", "", url.Values{"source": {"x"}, "timezone": {"UTC"}, "currency": {"EUR"}}),
		"a PDF":   w.send(base+"/uploads", "x.csv", "%PDF-1.4", url.Values{"source": {"x"}, "timezone": {"UTC"}, "currency": {"EUR"}}),
		"no zone": w.send(base+"/uploads", "x.csv", deals(), url.Values{"source": {"x"}, "timezone": {"Mars"}, "currency": {"EUR"}}),
	} {
		if text := body(t, r); r.StatusCode != 422 {
			t.Errorf("%s: %d", name, r.StatusCode)
		} else {
			valid(t, text, true)
		}
	}
}
