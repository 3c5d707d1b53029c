package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/server"
)

// BenchmarkLive is one move of a slider in the machine builder, from the request to the parts of the page that follow it,
// with another value each time. make load is the same with 200 connections.
func BenchmarkLive(b *testing.B) {
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	s, err := server.Open(ctx, server.Config{Listen: "127.0.0.1:0", Database: filepath.Join(b.TempDir(), "rendite.db"), Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			b.Error(err)
		}
	})
	base := strings.TrimSuffix(s.URL(), "/")
	text, ok := examples.Read("maschinenbau")
	if !ok {
		b.Fatal("no example")
	}
	var made struct{ ID string }
	if err := json.Unmarshal(post(b, base+"/api/v1/cases", "application/yaml", text), &made); err != nil || made.ID == "" {
		b.Fatal("no case", err)
	}
	address := base + "/cases/" + made.ID
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		post(b, address+"/live", "application/x-www-form-urlencoded", fmt.Appendf(nil, "path=hours_saved&low=0.5&middle=%.5f&high=3", 1.2+float64(n*7919%60000)/1e5))
	}
}

func post(tb testing.TB, address, kind string, body []byte) []byte {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("HX-Request", "true")
	page, _, _ := strings.Cut(address, "/live")
	r.Header.Set("HX-Current-URL", page)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Body.Close() //nolint:errcheck // only read
	got, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode >= http.StatusBadRequest {
		tb.Fatal(w.StatusCode, err, string(got))
	}
	return got
}
