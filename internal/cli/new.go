package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/starter"
)

// newCommand asks at most eight questions and writes a case file. Each question is a flag too.
func (p *program) newCommand() *cobra.Command {
	lang := string(p.l.Lang())
	questions := starter.Questions(lang)
	given := map[string]*string{}
	var out, name, organisation, currency string
	var yes, force bool
	c := &cobra.Command{Use: "new", Short: p.t("cli.new"), Long: p.t("cli.new.long"), Example: p.t("cli.new.example"), Args: p.noArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := os.Stat(out); err == nil && out != "-" && !force {
				p.fail("cli.new.exists", diag.Args{"file": out})
				return exit(exitUsage)
			}
			a := starter.Answers{Lang: lang, Name: name, Organisation: organisation, Currency: currency, Start: starter.NextStart(time.Now())}
			ask := !yes && terminal(p.In)
			in := bufio.NewReader(p.In)
			for _, q := range questions {
				if v := *given[q.ID]; v != "" {
					if err := q.Set(&a, v); err != nil {
						fmt.Fprintf(p.Err, "--%s: %s\n", q.ID, err)
						return exit(exitUsage)
					}
					continue
				}
				if ask {
					if err := p.ask(in, q, &a); err != nil {
						return err
					}
				}
			}
			text, err := starter.Case(a)
			var wrong starter.AnswerError
			if errors.As(err, &wrong) {
				fmt.Fprintln(p.Err, wrong.Error())
				return exit(exitUsage)
			}
			if err != nil {
				return err
			}
			if out == "-" {
				_, err = io.WriteString(p.Out, text)
				return err
			}
			if err := os.WriteFile(out, []byte(text), 0o644); err != nil {
				p.fail("cli.new.cannot_write", diag.Args{"file": out, "detail": err.Error()})
				return exit(exitUsage)
			}
			fmt.Fprintln(p.Out, p.l.Text("cli.new.written", diag.Args{"file": out}))
			return nil
		}}
	for _, q := range questions {
		given[q.ID] = c.Flags().String(q.ID, "", q.Text)
	}
	file := "case.yaml"
	if lang == "de" {
		file = "fall.yaml"
	}
	c.Flags().StringVarP(&out, "out", "o", file, p.t("cli.flag.out"))
	c.Flags().StringVar(&name, "name", "", p.t("cli.flag.name"))
	c.Flags().StringVar(&organisation, "organisation", "", p.t("cli.flag.organisation"))
	c.Flags().StringVar(&currency, "currency", "EUR", p.t("cli.flag.currency"))
	c.Flags().BoolVarP(&yes, "yes", "y", false, p.t("cli.flag.yes"))
	c.Flags().BoolVar(&force, "force", false, p.t("cli.flag.force"))
	return c
}

// terminal reports whether a person can answer.
func terminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask puts one question until it is answered; an empty line takes the default.
func (p *program) ask(in *bufio.Reader, q starter.Question, a *starter.Answers) error {
	fmt.Fprintln(p.Out)
	fmt.Fprintln(p.Out, q.Text)
	if q.Hint != "" {
		fmt.Fprintln(p.Out, "  "+q.Hint)
	}
	for i, choice := range q.Choices {
		fmt.Fprintf(p.Out, "  %d  %s\n", i+1, choice.Label)
	}
	for {
		fmt.Fprintf(p.Out, "[%s] > ", q.Default(*a))
		line, err := in.ReadString('\n')
		if err != nil && !(errors.Is(err, io.EOF) && line != "") {
			if errors.Is(err, io.EOF) {
				return nil // nobody there any more: the defaults hold
			}
			return err
		}
		if err := q.Set(a, line); err != nil {
			fmt.Fprintln(p.Out, p.l.Text("cli.new.again", diag.Args{"text": err.Error()}))
			continue
		}
		return nil
	}
}
