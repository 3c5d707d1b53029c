package report

import (
	"fmt"
	"io"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Audit writes the findings of an audit, worst first, each with its place, why and what to do.
func Audit(w io.Writer, found diag.List, l *locale.Locale, opt Options) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, l.Text("explain.audit.none", nil))
		return err
	}
	if _, err := fmt.Fprintln(w, l.Text("explain.audit.found", diag.Args{"count": len(found)})); err != nil {
		return err
	}
	for _, severity := range []diag.Severity{diag.Error, diag.Warning, diag.Hint} {
		for _, d := range found {
			if d.Severity != severity {
				continue
			}
			if _, err := fmt.Fprintf(w, "\n%s\n", l.Diagnostic(d, opt.Colour)); err != nil {
				return err
			}
		}
	}
	return nil
}
