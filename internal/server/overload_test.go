package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rendite-crm/rendite/examples"
)

// slow is a legal case whose quick run takes a hundred times as long as asking for it.
func slow() []byte {
	var b strings.Builder
	b.WriteString("case: Slow\ncurrency: EUR\nhorizon: 600 months\ndiscount: 8 %/year\nassumptions:\n")
	for i := range 120 {
		fmt.Fprintf(&b, "  a%d: %d .. %d .. %d EUR/month\n", i, 100+i, 160+i, 250+i)
	}
	b.WriteString("costs:\n  project: {amount: 10 000 .. 20 000 .. 50 000 EUR, at: 0}\nbenefits:\n")
	for i := range 120 {
		fmt.Fprintf(&b, "  b%d: a%d * (1 + month / 1000) ^ 2\n", i, i)
	}
	return []byte(b.String())
}

// More people than the queue holds ask at once: those beyond it are told when to come again, in pages and in the API; when
// the others go away nothing of theirs is left, and the next one is answered.
func TestOverload_isAnsweredAndPasses(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // as long as the queue of two cores
	base := start(t, false)
	ids := map[string]string{}
	example, _ := examples.Read("maschinenbau")
	for name, text := range map[string][]byte{"slow": slow(), "usual": example} {
		var made struct{ ID string }
		if err := json.Unmarshal(post(t, base+"/api/v1/cases", "application/yaml", text), &made); err != nil {
			t.Fatal(err)
		}
		ids[name] = made.ID
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var refused, answered atomic.Int64
	full := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 420 {
		wg.Go(func() {
			r := request(ctx, t, http.MethodPost, base+"/cases/"+ids["slow"]+"/live", "application/x-www-form-urlencoded", fmt.Appendf(nil, "path=a1&low=101&middle=%.4f&high=251", 150+float64(i)/100))
			page, _, _ := strings.Cut(r.URL.String(), "/live")
			r.Header.Set("HX-Current-URL", page)
			w, err := http.DefaultClient.Do(r)
			if err != nil {
				return // has gone away
			}
			body, _ := io.ReadAll(w.Body)
			_ = w.Body.Close()
			switch {
			case w.StatusCode == http.StatusOK:
				answered.Add(1)
			case w.StatusCode != http.StatusServiceUnavailable || w.Header.Get("Retry-After") == "" || len(body) == 0:
				t.Errorf("status %d, Retry-After %q: %s", w.StatusCode, w.Header.Get("Retry-After"), body)
			case refused.Add(1) == 1:
				close(full)
			}
		})
	}
	all := make(chan struct{})
	go func() { wg.Wait(); close(all) }()
	select {
	case <-full:
	case <-all:
		t.Fatal("nobody was refused")
	}
	w, body := sent(t, request(t.Context(), t, http.MethodGet, base+"/api/v1/cases/"+ids["slow"]+"/result?draws=150000", "", nil))
	if w.StatusCode != http.StatusServiceUnavailable && w.StatusCode != http.StatusOK || w.StatusCode == http.StatusServiceUnavailable && w.Header.Get("Retry-After") == "" {
		t.Errorf("the API: status %d, Retry-After %q: %s", w.StatusCode, w.Header.Get("Retry-After"), body)
	}
	leave()
	wg.Wait()
	if w, body := sent(t, request(t.Context(), t, http.MethodGet, base+"/cases/"+ids["usual"], "", nil)); w.StatusCode != http.StatusOK {
		t.Errorf("afterwards: status %d: %s", w.StatusCode, body)
	}
	t.Logf("%d refused, %d answered", refused.Load(), answered.Load())
}

func request(ctx context.Context, t *testing.T, method, address, kind string, body []byte) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(string(body)))
	if err != nil {
		t.Error(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

func sent(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(w.Body)
	_ = w.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return w, string(body)
}
