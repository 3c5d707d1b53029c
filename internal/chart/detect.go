package chart

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ColourFor reports whether to colour what is written to w: only a terminal is coloured, and none that is dumb or whose
// user has set NO_COLOR (no-color.org). env is os.Getenv.
func ColourFor(w io.Writer, env func(string) string) bool {
	f, ok := w.(*os.File)
	return ok && env("NO_COLOR") == "" && env("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// ASCIIFor reports whether the environment asks for a character set other than UTF-8. An environment that says nothing
// is taken to have UTF-8.
func ASCIIFor(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		v := strings.ToLower(env(name))
		if v == "" {
			continue
		}
		_, charset, ok := strings.Cut(v, ".")
		if !ok {
			return v == "c" || v == "posix"
		}
		charset, _, _ = strings.Cut(charset, "@")
		return charset != "utf-8" && charset != "utf8"
	}
	return false
}
