package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rendite-crm/rendite/internal/cli"
	"github.com/rendite-crm/rendite/internal/store/storetest"
)

// tests are all tests of the package; a database that one of them started stops behind the last.
type tests struct{ *testing.M }

func (t tests) Run() int {
	defer storetest.StopPostgreSQL()
	return t.M.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){
		"rendite": func() {
			os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv}))
		},
	})
}

// TestCommands runs the scripts in testdata: the whole program, as a user starts it.
func TestCommands(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples)
			e.Setenv("LANG", "de_DE.UTF-8")
			return nil
		},
	})
}

// start runs one command line in-process.
func start(t *testing.T, env map[string]string, stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Main(context.Background(), args, cli.Stdio{In: strings.NewReader(stdin), Out: &o, Err: &e, Env: func(k string) string { return env[k] }})
	return code, o.String(), e.String()
}

func TestSameSeedSameBytesInAPipe(t *testing.T) {
	args := []string{"calc", "../../examples/maschinenbau.yaml", "--lang", "de", "--draws", "4096"}
	_, first, _ := start(t, nil, "", args...)
	_, again, _ := start(t, nil, "", args...)
	if first == "" || first != again {
		t.Error("two runs of the same case differ")
	}
	_, other, _ := start(t, nil, "", append(args, "--seed", "2")...)
	if other == first {
		t.Error("another seed gives the same text")
	}
	if strings.Contains(first, "\x1b") {
		t.Error("colour in a pipe")
	}
}

func TestCancelledRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var o, e bytes.Buffer
	code := cli.Main(ctx, []string{"calc", "../../bench/r60.yaml", "--draws", "1000000"}, cli.Stdio{In: strings.NewReader(""), Out: &o, Err: &e, Env: func(string) string { return "" }})
	if code != 130 || o.Len() > 0 {
		t.Errorf("exit code %d, output %q", code, o.String())
	}
}

func TestSetChangesTheResult(t *testing.T) {
	npv := func(args ...string) float64 {
		code, out, errs := start(t, nil, "", append([]string{"calc", "../../examples/maschinenbau.yaml", "--json"}, args...)...)
		if code != 0 {
			t.Fatal(errs)
		}
		var r struct{ Plan struct{ NPV float64 } }
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		return r.Plan.NPV
	}
	if base, more := npv(), npv("--set", "customers=5000"); more <= base {
		t.Errorf("5,000 customers instead of 1,200 take NPV from %v to %v", base, more)
	}
	if a, b := npv("--set", "benefits.legacy.amount=2000 EUR/month"), npv(); a <= b {
		t.Errorf("a dearer legacy system takes NPV from %v to %v", b, a)
	}
}

// Exit codes are a contract: 0 done, 1 the case has errors, 2 the command line has.
func TestStudiesEndWithTheCodeOfWhatIsWrong(t *testing.T) {
	const good, bad = "../../examples/maschinenbau.yaml", "../../examples/examples_test.go"
	for _, tt := range []struct {
		name string
		want int
		args []string
	}{
		{"explained", 0, []string{"explain", good, "--draws", "128"}},
		{"sought", 0, []string{"seek", good, "--draws", "128", "--month", "24"}},
		{"no case", 1, []string{"explain", bad}},
		{"no such scenario", 1, []string{"seek", good, "--month", "24", "--scenario", "nope"}},
		{"two scenarios", 2, []string{"audit", good, "--scenario", "a", "--scenario", "b"}},
		{"no file", 2, []string{"seek", "missing.yaml", "--month", "24"}},
		{"no goal", 2, []string{"seek", good}},
		{"two goals", 2, []string{"seek", good, "--month", "24", "--npv", "0"}},
		{"certainty asked for", 2, []string{"seek", good, "--month", "24", "--probability", "100"}},
		{"no draws", 2, []string{"explain", good, "--draws", "0"}},
		{"unknown flag", 2, []string{"seek", good, "--goal", "24"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := start(t, map[string]string{"LANG": "de_DE.UTF-8"}, "", tt.args...)
			if code != tt.want || (code == 0) != (errs == "") || (code == 0) == (out == "") {
				t.Errorf("exit code %d, want %d\n%s\n%s", code, tt.want, out, errs)
			}
		})
	}
}

func TestAFileFullOfMistakesDoesNotFillTheScreen(t *testing.T) {
	var text strings.Builder
	text.WriteString("currency: EUR\ndiscount: 8 %/year\nbenefits: {b: 1 EUR/month}\ncosts:\n")
	for i := range 60 {
		fmt.Fprintf(&text, "  c%d: unknown_%d * 1 EUR/month\n", i, i)
	}
	code, out, errs := start(t, nil, text.String(), "check", "-", "--lang", "en")
	if code != 1 || out != "" || strings.Count(errs, ": error: ") != 50 || !strings.Contains(errs, "10 more with --json.") || !strings.Contains(errs, "60 errors found") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	_, out, _ = start(t, nil, text.String(), "check", "-", "--lang", "en", "--json")
	if n := strings.Count(out, `"severity": "error"`); n != 60 {
		t.Errorf("%d errors as JSON", n)
	}
}
