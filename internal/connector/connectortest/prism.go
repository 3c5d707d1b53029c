//go:build reference

package connectortest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Prism serves descriptions of a vendor, files in RENDITE_SHARED/specs, with Stoplight's mock server and gives their
// addresses. It checks every question against the description and answers with its examples; it keeps no state. .ci/prism
// keeps the server in bin/prism.
func Prism(t *testing.T, clean bool, specs ...string) []string {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	shared, err := filepath.Abs(cmp.Or(os.Getenv("RENDITE_SHARED"), filepath.Join(root, "..", "shared")))
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(root, "bin", "prism")
	if out, err := exec.Command(filepath.Join(root, ".ci", "prism"), place).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var waits []func() string
	cleaned := map[string]string{}
	for _, spec := range specs {
		file := filepath.Join(shared, "specs", spec)
		if clean {
			if cleaned[filepath.Dir(file)] == "" { // all of a folder: they may refer to one another
				dir := t.TempDir()
				all, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.json"))
				if out, err := exec.Command("node", append([]string{filepath.Join(shared, "prism", "clean.mjs"), dir}, all...)...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				cleaned[filepath.Dir(file)] = dir
			}
			file = filepath.Join(cleaned[filepath.Dir(file)], filepath.Base(spec))
		}
		waits = append(waits, start(t, place, file))
	}
	var addresses []string
	for _, wait := range waits {
		addresses = append(addresses, wait())
	}
	return addresses
}

// start starts a server; the function it gives waits for it and gives its address.
func start(t *testing.T, place, file string) func() string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = listener.Close()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(filepath.Join(place, "node_modules", ".bin", "prism"), "mock", "-h", "127.0.0.1", "-p", port, file)
	server.Stdout, server.Stderr = log, log
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // prism starts another process
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL); _ = server.Wait() })
	return func() string {
		t.Helper()
		for range 480 {
			if c, err := net.Dial("tcp", address); err == nil {
				_ = c.Close()
				return "http://" + address
			}
			time.Sleep(250 * time.Millisecond)
		}
		b, _ := os.ReadFile(log.Name())
		t.Fatalf("prism does not serve %s: %s", file, b)
		return ""
	}
}

// Forward sends a question on to another server and returns its answer, which may be changed before it is given.
func Forward(r *http.Request, address, path string) (status int, body []byte, err error) {
	q, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, address+path, r.Body)
	if err != nil {
		return 0, nil, err
	}
	q.Header, q.ContentLength, q.URL.RawQuery = r.Header.Clone(), r.ContentLength, r.URL.RawQuery
	q.Header.Del("Accept-Encoding")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(a.Body)
	return a.StatusCode, body, errors.Join(err, a.Body.Close())
}

// Refusals collects the questions that do not keep to the description, by place.
func Refusals(path string, status int, body []byte) string {
	if status < 400 {
		return ""
	}
	return path + ": " + strconv.Itoa(status) + " " + strings.TrimSpace(string(body[:min(len(body), 600)]))
}
