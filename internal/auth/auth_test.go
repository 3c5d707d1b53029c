package auth_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil))) // the provider of the tests talks
	os.Exit(m.Run())
}

var (
	noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	home = netip.MustParseAddr("203.0.113.7")
)

// code is the code of the first diagnostic in an error; "" for none.
func code(err error) string {
	var d diag.Diagnostic
	if errors.As(err, &d) {
		return d.Code
	}
	if err != nil {
		return "error without a code: " + err.Error()
	}
	return ""
}

func wants(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("got %q, want %q (%v)", got, want, err)
	}
}

func TestEveryCodeHasATextInBothLanguagesAndAStatus(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(auth_[a-z_]+)"`).FindAllStringSubmatch(string(src), -1) {
			n++
			for _, lang := range locale.Langs() {
				if !locale.New(lang).Has("diag." + m[1]) {
					t.Errorf("%s: %q has no text in %s", f.Name(), m[1], lang)
				}
			}
			if s := auth.Status(diag.New(m[1], diag.Position{}, nil)); s < 400 || s == 500 {
				t.Errorf("%q has the status %d", m[1], s)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d codes found", n)
	}
}

func TestTheStatusOfAnError(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{errors.New("disk full"), 500},
		{diag.New("unknown_name", diag.Position{}, nil), 500},
		{diag.New("auth_not_found", diag.Position{}, nil), 404},
		{&auth.TooMany{Wait: time.Second}, 429},
		{diag.List{diag.New("auth_email", diag.Position{}, nil)}, 422},
	} {
		if got := auth.Status(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestTooManySaysWhenToComeBack(t *testing.T) {
	for _, tt := range []struct {
		wait                time.Duration
		header, german, eng string
	}{
		{300 * time.Millisecond, "1", "Zu viele Versuche. In 1 Sekunde geht es weiter.", "Too many attempts. Try again in 1 second."},
		{8 * time.Second, "8", "Zu viele Versuche. In 8 Sekunden geht es weiter.", "Too many attempts. Try again in 8 seconds."},
		{14*time.Minute + time.Second, "841", "Zu viele Versuche. In 15 Minuten geht es weiter.", "Too many attempts. Try again in 15 minutes."},
	} {
		err := error(&auth.TooMany{Wait: tt.wait})
		h := http.Header{}
		auth.SetRetryAfter(h, err)
		var d diag.Diagnostic
		if !errors.As(err, &d) {
			t.Fatal("no diagnostic")
		}
		if h.Get("Retry-After") != tt.header || locale.New(locale.German).Message(d) != tt.german || locale.New(locale.English).Message(d) != tt.eng {
			t.Errorf("%v: %q, %q, %q", tt.wait, h.Get("Retry-After"), locale.New(locale.German).Message(d), locale.New(locale.English).Message(d))
		}
	}
	h := http.Header{}
	auth.SetRetryAfter(h, errors.New("disk full"))
	if len(h) != 0 {
		t.Errorf("%v", h)
	}
}

func TestAnAddressHasOneForm(t *testing.T) {
	for in, want := range map[string]string{
		" Anna.Muster@Firma.DE ":               "anna.muster@firma.de",
		"jo\u0308rg@example.org":               "jörg@example.org",
		"o'neill+crm@example.com":              "o'neill+crm@example.com",
		"anna":                                 "",
		"@firma.de":                            "",
		"anna@":                                "",
		"a@b@c.de":                             "",
		"anna@firma.de\r\nBcc: x":              "",
		"Anna <anna@firma.de>":                 "",
		"anna@.firma.de":                       "",
		"a, b@firma.de":                        "",
		strings.Repeat("a", 255) + "@firma.de": "",
	} {
		got, err := auth.Email(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
