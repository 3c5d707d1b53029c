package cli_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rendite-crm/rendite/internal/cli"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

// terminal is a pair: what a person types and sees, and what the program has.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Error(err)
		return false
	}
	return state.Lflag&unix.ECHO != 0
}

func TestSourceAsksForTheSecretWithoutShowingIt(t *testing.T) {
	server := httptest.NewServer(connectortest.NewPipedrive())
	defer server.Close()
	dir := t.TempDir()
	person, program := terminal(t)
	run := func(ctx context.Context, name string) (int, string) {
		var out, errs bytes.Buffer
		code := cli.Main(ctx, []string{"source", "add", name, "--kind", "pipedrive", "--address", server.URL, "--data", filepath.Join(dir, "data.db"), "--allow-host", "127.0.0.1", "--lang", "en"},
			cli.Stdio{In: program, Out: &out, Err: &errs, Env: func(string) string { return "" }})
		return code, out.String() + errs.String()
	}
	silent := func() { // until the program asks
		for echoes(t, program) {
			runtime.Gosched()
		}
	}
	typed := make(chan error)
	go func() {
		silent()
		_, err := person.WriteString(connectortest.PipedriveToken + "\n")
		typed <- err
	}()
	code, said := run(t.Context(), "CRM")
	if code != 0 || !strings.Contains(said, "Password, token or key (not shown):") || strings.Contains(said, connectortest.PipedriveToken) {
		t.Errorf("exit code %d\n%s", code, said)
	}
	if err := <-typed; err != nil {
		t.Error(err)
	}
	if n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCINQ); err != nil || n != 0 {
		t.Errorf("the terminal shows %d characters, %v", n, err)
	}
	if !echoes(t, program) {
		t.Error("the terminal stays silent")
	}

	// Ctrl+C at the prompt ends the program, and the terminal shows again what is typed.
	ctx, cancel := context.WithCancel(t.Context())
	go func() { silent(); cancel() }()
	code, said = run(ctx, "Other")
	if code != 130 || !echoes(t, program) {
		t.Errorf("exit code %d, the terminal echoes: %v\n%s", code, echoes(t, program), said)
	}
	// The line is read to its end, so that nothing is left waiting for the terminal.
	if _, err := person.WriteString("\n"); err != nil {
		t.Error(err)
	}
}
