// Package e2e drives the workspace in a real browser: headless Chromium against the server, started in this process on a
// free port with an empty database. Start with start and open; everything a test says is what a person does and sees.
package e2e

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/server"
)

// Limits of what a test waits for. Nothing takes that long; a busy machine may.
const (
	patience   = time.Minute
	mostShift  = 0.02
	missingWeb = "the browser tests need Chromium: apt-get install chromium (Debian's package chromium; make test installs it where it may)"
)

var screenshots = flag.String("screenshots", "", "write a picture of every page into this folder")

//go:embed help.js
var help string

// chrome is the one browser of the package; turns lets two tests use it at a time.
var (
	chrome     context.Context
	chromeFail string
	turns      = make(chan struct{}, 2)
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *screenshots != "" {
		if err := os.MkdirAll(*screenshots, 0o755); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	code := run(m)
	if code == 0 && whole() {
		code = asked.complete()
	}
	os.Exit(code)
}

// whole reports whether all tests of the package have run.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}

// routes are those that a browser has asked for and that were answered.
type routes struct {
	mu   sync.Mutex
	seen map[string]bool
}

var asked = routes{seen: map[string]bool{}}

func (r *routes) note(route string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[route] = true
}

// complete says which routes of the pages no test has asked for, and returns the exit code of the run.
func (r *routes) complete() int {
	source, err := os.ReadFile("../internal/web/routes.go")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	code := 0
	found := regexp.MustCompile(`m\.HandleFunc\("([A-Z]+ /[^"]*)"`).FindAllSubmatch(source, -1)
	if len(found) < 60 {
		fmt.Printf("FAIL: routes.go has %d routes\n", len(found))
		code = 1
	}
	for _, f := range found {
		if !r.seen[string(f[1])] {
			fmt.Printf("FAIL: no browser test does what %s is for\n", f[1])
			code = 1
		}
	}
	return code
}

func run(m *testing.M) int {
	path, err := exec.LookPath("chromium")
	if err != nil {
		chromeFail = missingWeb
		return m.Run()
	}
	profile, err := os.MkdirTemp("", "rendite-e2e-")
	if err != nil {
		chromeFail = err.Error()
		return m.Run()
	}
	defer os.RemoveAll(profile)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		chromeFail = "Chromium does not start: " + err.Error()
	}
	chrome = ctx
	return m.Run()
}

// workspace is a running server with its own database.
type workspace struct {
	t      testing.TB
	server *server.Server
	url    string
	links  chan string // password reset links told to the administrator
	person string      // who works here where nobody signs in
	firm   string
	others []string // sites beside ours that a window may go to
}

type errorsOnly struct {
	slog.Handler
	t testing.TB
}

func (h errorsOnly) Enabled(context.Context, slog.Level) bool { return true }
func (h errorsOnly) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "request" {
		route, ok := "", false
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "route":
				route = a.Value.String()
			case "status":
				ok = a.Value.Int64() < 400
			}
			return true
		})
		if ok {
			asked.note(route)
		}
	}
	if r.Level < slog.LevelError {
		return nil
	}
	var b bytes.Buffer
	err := slog.NewTextHandler(&b, nil).Handle(ctx, r)
	h.t.Errorf("the server logged an error: %s", b.String())
	return err
}

// start runs a workspace until the test ends; accounts asks everybody to sign in.
func start(t testing.TB, accounts bool) *workspace {
	t.Helper()
	turn(t)
	return startBeside(t, accounts)
}

// turn waits until the test may use the browser.
func turn(t testing.TB) {
	t.Helper()
	if chromeFail != "" {
		t.Fatal(chromeFail)
	}
	turns <- struct{}{}
	t.Cleanup(func() { <-turns })
}

// startBeside starts one more workspace in a test that has its turn; change sets more of its configuration.
func startBeside(t testing.TB, accounts bool, change ...func(*server.Config)) *workspace {
	t.Helper()
	w := &workspace{t: t, links: make(chan string, 1)}
	ctx, stop := context.WithCancel(context.Background())
	config := server.Config{Listen: "127.0.0.1:0", Database: filepath.Join(t.TempDir(), "e2e.db"), Accounts: accounts, Person: "Anna Beispiel", Firm: "Muster AG",
		Version: "e2e", Log: slog.New(errorsOnly{slog.NewTextHandler(io.Discard, nil), t}),
		Administrator: func(_ context.Context, _, link string) { w.links <- link }}
	for _, c := range change {
		c(&config)
	}
	s, err := server.Open(ctx, config)
	if err != nil {
		stop()
		t.Fatal(err)
	}
	w.person, w.firm = config.Person, config.Firm
	w.server, w.url = s, strings.TrimSuffix(s.URL(), "/")
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

// example puts an example case into the workspace and returns where it is.
func (w *workspace) example(name string) string {
	w.t.Helper()
	text, ok := examples.Read(name)
	if !ok {
		w.t.Fatalf("no example %s", name)
	}
	return w.put(text)
}

func (w *workspace) put(text []byte) string {
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
	id, err := w.server.App.Create(ctx, who, org, text, "case", "")
	if err != nil {
		w.t.Fatal(err)
	}
	return "/cases/" + id
}

// tab is a browser window of somebody: with its own cookies, watched for everything that must not happen.
type tab struct {
	t      testing.TB
	w      *workspace
	ctx    context.Context
	locale *locale.Locale
	folder string // of downloads

	mu       sync.Mutex
	allowed  map[int64]bool // statuses that the test provokes
	wrong    []string
	shifts   map[string]float64
	shifted  map[string][]string
	asked    []string // what confirmation dialogs said
	answer   bool
	bytes    map[string]float64 // over the wire, by address
	requests map[network.RequestID]string
}

// open opens a window that speaks a language, 1440 px wide.
func (w *workspace) open(lang locale.Lang) *tab {
	w.t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	p := &tab{t: w.t, w: w, ctx: ctx, locale: locale.New(lang), folder: w.t.TempDir(), allowed: map[int64]bool{}, shifts: map[string]float64{}, shifted: map[string][]string{}, answer: true,
		bytes: map[string]float64{}, requests: map[network.RequestID]string{}}
	w.t.Cleanup(func() {
		p.close()
		cancel()
	})
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		w.t.Fatal(err)
	}
	call(p, runtime.AddBinding, runtime.AddBindingParams{Name: "e2eShift"})
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, page.Enable, page.EnableParams{})
	call(p, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: string(lang)})
	call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": string(lang)}})
	call(p, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: p.folder, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID})
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: help})
	p.size(1440, 900)
	return p
}

// watch notes what must not happen.
func (p *tab) watch(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	bad := func(format string, args ...any) { p.wrong = append(p.wrong, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var parts []string
			for _, a := range e.Args {
				parts = append(parts, string(a.Value)+a.Description)
			}
			said := strings.Join(parts, " ")
			for status := range p.allowed {
				if strings.Contains(said, fmt.Sprintf("Response Status Error Code %d", status)) {
					return // htmx tells what the test provoked
				}
			}
			bad("the console says: %s", said)
		}
	case *runtime.EventExceptionThrown:
		said := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			said += " " + x.Description
		}
		if strings.Contains(said, "Transition was") {
			return // the browser's own fading from page to page gave way to a next page
		}
		bad("the script failed: %s", said)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning || strings.Contains(e.Entry.Text, "Content Security Policy") {
			for status := range p.allowed {
				if strings.Contains(e.Entry.Text, fmt.Sprintf("status of %d", status)) {
					return
				}
			}
			bad("the browser reports: %s (%s)", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.requests[e.RequestID] = e.Request.URL
		if u := e.Request.URL; !strings.HasPrefix(u, p.w.url) && !slices.ContainsFunc(p.w.others, func(o string) bool { return strings.HasPrefix(u, o) }) && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:") {
			bad("the page asked %s", u)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			bad("a request failed: %s %s %s", p.requests[e.RequestID], e.ErrorText, e.BlockedReason)
		}
	case *network.EventLoadingFinished:
		p.bytes[p.requests[e.RequestID]] += e.EncodedDataLength
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 && !p.allowed[e.Response.Status] {
			bad("%s answered %d", e.Response.URL, e.Response.Status)
		}
	case *runtime.EventBindingCalled:
		var s struct {
			Value float64
			At    string
			Nodes []string
		}
		if e.Name == "e2eShift" && json.Unmarshal([]byte(e.Payload), &s) == nil {
			p.shifts[s.At] += s.Value
			p.shifted[s.At] = append(p.shifted[s.At], fmt.Sprintf("%.3f %s", s.Value, strings.Join(s.Nodes, " ")))
		}
	case *page.EventJavascriptDialogOpening:
		p.asked = append(p.asked, e.Message)
		answer := p.answer
		go func() {
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: answer})
		}()
	}
}

// close says what went wrong meanwhile.
func (p *tab) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.wrong {
		p.t.Error(s)
	}
	for at, sum := range p.shifts {
		if sum >= mostShift {
			p.t.Errorf("%s: the page jumped by %.3f: %s", at, sum, strings.Join(p.shifted[at], "; "))
		}
	}
	if p.t.Failed() {
		ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
		defer cancel()
		if shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
			_ = os.WriteFile(filepath.Join(p.t.ArtifactDir(), "window.png"), shot, 0o600)
		}
	}
}

// allow says that the test provokes answers with these statuses.
func (p *tab) allow(statuses ...int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range statuses {
		p.allowed[s] = true
	}
}

// call sends a command to the window.
func call[P, R any](p *tab, c cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, c, params)
	if err != nil {
		p.t.Fatalf("%s: %v", c.Method, err)
	}
	return r
}

func (p *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// text is a message of the program in the window's language.
func (p *tab) text(key string, args ...any) string {
	a := diag.Args{}
	for i := 0; i+1 < len(args); i += 2 {
		a[args[i].(string)] = args[i+1]
	}
	if !p.locale.Has(key) {
		p.t.Fatalf("no message %q", key)
	}
	return p.locale.Text(key, a)
}

// eval runs an expression in the page and reads what it gives.
func (p *tab) eval(expression string, into any) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	yes := true
	v, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, AwaitPromise: &yes, ReturnByValue: &yes})
	if err != nil {
		return err
	}
	if e := v.ExceptionDetails; e != nil {
		text := e.Text
		if e.Exception != nil {
			text, _, _ = strings.Cut(e.Exception.Description, "\n")
		}
		return errors.New(text)
	}
	if into == nil || len(v.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(v.Result.Value, into)
}

func (p *tab) get(expression string, into any) {
	p.t.Helper()
	if err := p.eval(expression, into); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

func js(args ...string) string {
	var b []string
	for _, a := range args {
		s, _ := json.Marshal(a)
		b = append(b, string(s))
	}
	return strings.Join(b, ", ")
}

// until waits until an expression is true. It asks again with every frame the page draws, and starts anew on the next
// page where one comes between.
func (p *tab) until(what, expression string) {
	p.t.Helper()
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		var ok bool
		last = p.eval(`new Promise((done) => {
			const end = performance.now() + 2000;
			const ask = () => {
				let ok = false;
				try { ok = !!window.e2e && !!(`+expression+`); } catch (e) { window.e2eWhy = e.message; }
				if (ok || performance.now() > end) done(ok); else setTimeout(ask, 15);
			};
			ask();
		})`, &ok)
		if ok {
			return
		}
	}
	var why, shown string
	_ = p.eval(`window.e2eWhy ?? ""`, &why)
	_ = p.eval(`location.pathname + ": " + e2e.said("").slice(0, 1500)`, &shown)
	p.mu.Lock()
	wrong := strings.Join(p.wrong, "\n")
	p.mu.Unlock()
	p.t.Fatalf("waited in vain: %s (%v) %s\n%s\n%s", what, last, why, shown, wrong)
}

// goTo opens a page and waits until it is complete and at rest.
func (p *tab) goTo(path string) {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.w.url + path
	}
	if r := call(p, page.Navigate, page.NavigateParams{URL: path}); r.ErrorText != "" && r.ErrorText != "net::ERR_ABORTED" {
		p.t.Fatalf("%s: %s", path, r.ErrorText)
	}
	p.until("complete: "+path, `e2e.quiet()`)
}

// settled waits until the page asks for nothing.
func (p *tab) settled() { p.t.Helper(); p.until("the page at rest", `e2e.quiet()`) }

// Controls are named by role and name: button, link, field, select, slider, check, heading, option; any CSS selector
// stands for itself. within narrows to a part of the page. Where a dialog is open, only what is in it can be found.

func (p *tab) at(role, name, within string) (x, y float64) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s “%s” to click", role, name), `e2e.quiet() && (window.e2eAt = e2e.point(e2e.one(`+js(role, name, within)+`)))`)
	var at struct{ X, Y float64 }
	p.get(`window.e2eAt`, &at)
	return at.X, at.Y
}

// click presses a control with the pointer, where a person would.
func (p *tab) click(role, name string) { p.t.Helper(); p.clickIn("", role, name) }

func (p *tab) clickIn(within, role, name string) {
	p.t.Helper()
	x, y := p.at(role, name, within)
	p.do("click "+name, chromedp.MouseClickXY(x, y))
}

// fill types into a field in place of what is there.
func (p *tab) fill(name, value string) { p.t.Helper(); p.fillIn("", "field", name, value) }

func (p *tab) fillIn(within, role, name, value string) {
	p.t.Helper()
	p.clickIn(within, role, name)
	p.get(`e2e.one(`+js(role, name, within)+`).select()`, nil)
	if value == "" {
		p.press(kb.Delete)
		return
	}
	call(p, input.InsertText, input.InsertTextParams{Text: value})
}

// choose takes an entry of a select.
func (p *tab) choose(name, entry string) { p.t.Helper(); p.chooseIn("", name, entry) }

func (p *tab) chooseIn(within, name, entry string) {
	p.t.Helper()
	p.until("select "+name, `e2e.quiet() && e2e.one(`+js("select", name, within)+`)`)
	p.get(`(() => { const s = e2e.one(`+js("select", name, within)+`), o = [...s.options].find((o) => e2e.text(o.textContent).startsWith(`+js(entry)+`));
		if (!o) throw new Error("no entry; there: " + [...s.options].map((o) => o.textContent).join(" | "));
		s.value = o.value; for (const e of ["input", "change"]) s.dispatchEvent(new Event(e, { bubbles: true })); })()`, nil)
}

// press presses keys, as in kb.
func (p *tab) press(keys string, mods ...chromedp.Modifier) {
	p.t.Helper()
	if keys == kb.Enter { // one event with its text: a page that takes the key then also keeps the form from being sent
		k := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, Text: "\r"}
		call(p, input.DispatchKeyEvent, k)
		k.Type, k.Text = input.DispatchKeyEventTypeKeyUp, ""
		call(p, input.DispatchKeyEvent, k)
		return
	}
	p.do("press a key", chromedp.KeyEvent(keys, chromedp.KeyModifiers(mods...)))
}

// see waits until a text is shown, anywhere or in a part of the page.
func (p *tab) see(text string) { p.t.Helper(); p.seeIn("", text) }

func (p *tab) seeIn(within, text string) {
	p.t.Helper()
	p.until("to see “"+text+"”", `e2e.said(`+js(within)+`).toLowerCase().includes(e2e.text(`+js(text)+`).toLowerCase())`)
}

// gone waits until a text is shown no more.
func (p *tab) gone(within, text string) {
	p.t.Helper()
	p.until("no more “"+text+"”", `e2e.quiet() && !e2e.said(`+js(within)+`).toLowerCase().includes(e2e.text(`+js(text)+`).toLowerCase())`)
}

// said is the text of a part of the page.
func (p *tab) said(within string) string {
	p.t.Helper()
	var s string
	p.get(`e2e.said(`+js(within)+`)`, &s)
	return s
}

// changed waits until a part of the page reads differently.
func (p *tab) changed(within, before string) string {
	p.t.Helper()
	p.until(within+" to change", `e2e.quiet() && e2e.said(`+js(within)+`) !== `+js(before))
	return p.said(within)
}

// dialog waits for the dialog with this heading.
func (p *tab) dialog(title string) {
	p.t.Helper()
	p.until("the dialog “"+title+"”", `e2e.quiet() && document.querySelector("dialog[open]") && e2e.text(document.querySelector("dialog[open] h2").innerText).startsWith(`+js(title)+`)`)
}

// closed waits until no dialog is open.
func (p *tab) closed() {
	p.t.Helper()
	p.until("the dialog to close", `e2e.quiet() && !document.querySelector("dialog[open]")`)
}

// size sets the width of the window.
func (p *tab) size(width, height int64) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// path is where the window is.
func (p *tab) path() string {
	var s string
	p.get(`location.pathname`, &s)
	return s
}
