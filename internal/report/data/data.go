// Package data writes a report for programs: JSON with everything, CSV with the months. Start with JSON or CSV.
package data

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/result"
)

// JSON writes the answer, the explanation, the audit, the comparison and what changed since the sealed baseline as one object;
// the error is w's.
func JSON(w io.Writer, c *document.Content, l *locale.Locale) error {
	audit := []result.Note{}
	for _, d := range c.Audit {
		audit = append(audit, result.Note{Code: d.Code, Text: strings.TrimSpace(l.Message(d) + " " + l.Hint(d)), At: d.At.String(),
			Severity: map[diag.Severity]string{diag.Error: "error", diag.Warning: "warning", diag.Hint: "hint"}[d.Severity]})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	all := map[string]any{"calc": c.Answer.Result, "explain": c.Explanation, "audit": audit, "compare": c.Comparison, "file_sha256": c.Sum}
	if s := c.Sealed; s != nil {
		all["sealed"] = map[string]any{"calc": s.Result, "changes": s.Changes, "file_sha256": s.Sum}
	}
	return e.Encode(all)
}

// CSV writes the months of the plan with the simulation's quantiles, as a spreadsheet of the language reads it: German with
// semicolons and decimal commas. The error is w's.
func CSV(w io.Writer, c *document.Content, l *locale.Locale) error {
	out := csv.NewWriter(w)
	number := func(v float64) string {
		s := strings.NewReplacer(".", "", ",", ".").Replace(l.Number(v, 2))
		if l.Lang() != locale.German {
			s = strings.ReplaceAll(l.Number(v, 2), ",", "")
		}
		return strings.ReplaceAll(s, "−", "-")
	}
	if l.Lang() == locale.German {
		out.Comma = ';'
		english := number
		number = func(v float64) string { return strings.ReplaceAll(english(v), ".", ",") }
	}
	r := c.Answer.Result
	var head []string
	for _, k := range []string{"month", "date", "benefits", "costs", "net"} {
		head = append(head, safe(l.Text("document.csv."+k, nil)))
	}
	for _, q := range []string{"P10", "P25", "P50", "P75", "P90"} {
		head = append(head, safe(l.Text("document.csv.cumulative", diag.Args{"quantile": q})))
	}
	_ = out.Write(head)
	for _, m := range r.Timeline {
		q := m.Cumulative
		row := []string{l.Number(float64(m.Month), 0), safe(l.MonthName(r.Case.Start, m.Month))}
		for _, v := range []float64{m.Benefits, m.Costs, m.Net, q.P10, q.P25, q.P50, q.P75, q.P90} {
			row = append(row, number(v))
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// safe keeps a spreadsheet from taking a text for a formula.
func safe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
