package docs_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/api"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/server"
)

const apiPage = "api.md"

// described is the API's own description.
func described(t *testing.T) map[string]any {
	t.Helper()
	e, err := app.NewEngine(nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	api.New(api.Options{App: app.New(nil, e, nil), Version: "test"}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/openapi.json", nil))
	var tree map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestAPI_theOperationsAreThoseOfTheCode(t *testing.T) {
	order := []string{"get", "post", "put", "patch", "delete"}
	tree := described(t)
	paths := tree["paths"].(map[string]any)
	var want []string
	for path, item := range paths {
		for method, op := range item.(map[string]any) {
			want = append(want, fmt.Sprintf("%s %d | `%s %s` | %s |", path, slices.Index(order, method), strings.ToUpper(method), path, op.(map[string]any)["summary"]))
		}
	}
	slices.Sort(want)
	for i, row := range want {
		_, cells, _ := strings.Cut(row, " | ")
		want[i] = "| " + cells
	}
	got := rows(t, apiPage, "table: operations")
	if slices.Equal(got, want) {
		return
	}
	if !*update {
		t.Fatalf("table of operations (-page +code); go test ./docs -update\n%s", cmp.Diff(got, want))
	}
	if err := os.WriteFile(apiPage, []byte(strings.Replace(read(t, apiPage), strings.Join(got, "\n"), strings.Join(want, "\n"), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAPI_theProblemsAreThoseOfTheCode(t *testing.T) {
	var want []string
	schemas := described(t)["components"].(map[string]any)["schemas"].(map[string]any)
	for _, k := range schemas["Problem"].(map[string]any)["properties"].(map[string]any)["code"].(map[string]any)["enum"].([]any) {
		want = append(want, k.(string))
	}
	sameNames(t, apiPage, "problems", named(t, apiPage, "problems"), want)
}

// shell runs commands one after the other, so that a variable set by one is there for the next.
type shell struct {
	in  io.Writer
	out *bufio.Reader
}

const done = "--- done ---"

func (s shell) run(t *testing.T, commands string) string {
	t.Helper()
	if _, err := io.WriteString(s.in, commands+"\nprintf '\\n%s\\n' '"+done+"'\n"); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			t.Fatalf("the shell has ended: %v\n%s", err, &b)
		}
		if strings.TrimSpace(line) == done {
			return strings.ReplaceAll(b.String(), "\r\n", "\n")
		}
		b.WriteString(line)
	}
}

func TestAPI_everyCommandAnswersAsPrinted(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here", tool)
		}
	}
	dir := t.TempDir()
	all := blocks(t, apiPage)
	i := slices.IndexFunc(all, func(b block) bool { return b.info == "yaml case" })
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(all[i].text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s, err := server.Open(ctx, server.Config{Listen: "127.0.0.1:0", Database: filepath.Join(dir, "rendite.db"), Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	c := exec.CommandContext(ctx, "sh")
	c.Dir = dir
	c.Env = append(os.Environ(), "RENDITE="+strings.TrimSuffix(s.URL(), "/"), "no_proxy=*")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	session := shell{in, bufio.NewReader(out)}
	ran := 0
	for i, b := range all {
		if b.info != "sh" {
			continue
		}
		if i+1 == len(all) || all[i+1].info != "http" {
			t.Fatalf("%s: what is the answer?", b.name())
		}
		ran++
		answers(t, all[i+1], session.run(t, b.text))
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if ran < 10 {
		t.Errorf("only %d commands found", ran)
	}
}

// answers compares what was answered with what a page prints of it: each header line must be there, of the JSON each
// field; numbers to the decimals that are printed; "…" stands for anything.
func answers(t *testing.T, b block, got string) {
	t.Helper()
	cut := func(s string) (head, body string) {
		if i := strings.Index("\n"+s, "\n{"); i >= 0 {
			return s[:i], s[i:]
		}
		return s, ""
	}
	wantHead, wantBody := cut(b.text)
	head, body := cut(got)
	for line := range strings.Lines(wantHead) {
		line = strings.TrimSpace(line)
		pattern := "(?m)^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".+") + "$"
		if !regexp.MustCompile(pattern).MatchString(head) {
			t.Errorf("%s: no line %q in\n%s", b.name(), line, got)
		}
	}
	if wantBody == "" {
		return
	}
	var want, have any
	d := json.NewDecoder(strings.NewReader(wantBody))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		t.Fatalf("%s: %v", b.name(), err)
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&have); err != nil {
		t.Errorf("%s: %v in\n%s", b.name(), err, got)
		return
	}
	if wrong := within("", want, have); wrong != "" {
		t.Errorf("%s: %s in\n%s", b.name(), wrong, got[:min(len(got), 3000)])
	}
}

// within says where have lacks something of want; empty where it has all of it.
func within(at string, want, have any) string {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return at + " is no object"
		}
		for k, v := range w {
			if h[k] == nil && v != nil {
				return at + "." + k + " is missing"
			}
			if wrong := within(at+"."+k, v, h[k]); wrong != "" {
				return wrong
			}
		}
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) < len(w) {
			return at + " is too short"
		}
		for i, v := range w {
			if wrong := within(fmt.Sprintf("%s[%d]", at, i), v, h[i]); wrong != "" {
				return wrong
			}
		}
	case json.Number: // as many decimals as are printed
		_, decimals, _ := strings.Cut(w.String(), ".")
		if h, ok := have.(float64); !ok || strconv.FormatFloat(h, 'f', len(decimals), 64) != w.String() {
			return fmt.Sprintf("%s is %v, the page has %v", at, have, want)
		}
	default:
		if want != "…" && want != have {
			return fmt.Sprintf("%s is %v, the page has %v", at, have, want)
		}
	}
	return ""
}
