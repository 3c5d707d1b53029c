// Package cli holds the commands of the program. Start with Main. A command reads flags, calls package calc and writes
// what package report makes of the answer; it computes nothing itself.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
)

// Version is set when a release is built; otherwise the version control stamp of the build serves.
var Version = ""

// Exit codes of the program.
const (
	exitOK       = 0
	exitCase     = 1 // the case has errors
	exitUsage    = 2 // the command line is not understood
	exitInternal = 3 // our fault
	exitStopped  = 130
)

// Stdio is what the program talks to.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string
}

// program carries what all commands share.
type program struct {
	Stdio
	ctx        context.Context
	l          *locale.Locale
	lang       string
	catalogues []string
}

// exit is an error that has been reported already and only sets the exit code.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Main runs one command line and returns the exit code.
func Main(ctx context.Context, args []string, io Stdio) int {
	p := &program{Stdio: io, ctx: ctx}
	p.language(args)
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Err, p.l.Text("cli.stopped", nil))
		return exitStopped
	}
	return p.usage(err)
}

// language is settled before cobra reads the flags, because the help text is in it.
func (p *program) language(args []string) {
	p.l = locale.New(locale.Detect(p.Env))
	for i, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if name != "--lang" {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if lang, err := locale.Parse(value); err == nil {
			p.l = locale.New(lang)
		}
	}
}

// usage reports an error of the command line in the user's language.
func (p *program) usage(err error) int {
	var missing *pflag.NotExistError
	var value *pflag.InvalidValueError
	var needs *pflag.ValueRequiredError
	var d diag.Diagnostic
	switch {
	case errors.As(err, &d):
		fmt.Fprintln(p.Err, p.l.Diagnostic(d, chart.ColourFor(p.Err, p.Env)))
	case errors.As(err, &missing):
		p.fail("cli.unknown_flag", diag.Args{"name": missing.GetSpecifiedName()})
	case errors.As(err, &value):
		p.fail("cli.flag_value", diag.Args{"name": value.GetFlag().Name, "value": value.GetValue()})
	case errors.As(err, &needs):
		p.fail("cli.flag_needs_value", diag.Args{"name": needs.GetSpecifiedName()})
	default:
		if name, ok := strings.CutPrefix(err.Error(), "unknown command "); ok {
			name, _, _ = strings.Cut(strings.TrimPrefix(name, `"`), `"`)
			p.fail("cli.unknown_command", diag.Args{"name": name})
			break
		}
		fmt.Fprintln(p.Err, p.l.Text("cli.internal", diag.Args{"detail": err.Error()}))
		return exitInternal
	}
	return exitUsage
}

func (p *program) fail(key string, args diag.Args) {
	fmt.Fprintln(p.Err, p.l.Text(key, args))
	fmt.Fprintln(p.Err, p.l.Text("cli.see_help", nil))
}

func (p *program) t(key string) string { return p.l.Text(key, nil) }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "rendite", Short: p.t("cli.root"), Long: p.t("cli.root.long"),
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetIn(p.In)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&p.lang, "lang", string(p.l.Lang()), p.t("cli.flag.lang"))
	root.PersistentFlags().StringArrayVar(&p.catalogues, "catalogue", nil, p.t("cli.flag.catalogue"))
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		_, err := locale.Parse(p.lang)
		return err
	}
	root.SetUsageTemplate(p.template(root.UsageTemplate()))
	root.AddCommand(p.calcCommand(), p.checkCommand(), p.compareCommand(), p.explainCommand(), p.seekCommand(), p.auditCommand(), p.reportCommand(), p.newCommand(), p.leversCommand(), p.schemaCommand(), p.importCommand(), p.sourceCommand(), p.qualityCommand(), p.serveCommand(), p.backupCommand(), p.restoreCommand(), p.adminCommand(), p.versionCommand())
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: p.t("cli.help"), RunE: func(c *cobra.Command, args []string) error {
		if found, _, err := c.Root().Find(args); err == nil {
			return found.Help()
		}
		return c.Root().Help()
	}})
	root.InitDefaultHelpFlag()
	p.helpFlags(root)
	return root
}

// helpFlags puts the flag that cobra adds to a command, and to those below it, into the user's language.
func (p *program) helpFlags(c *cobra.Command) {
	c.InitDefaultHelpFlag()
	c.Flags().Lookup("help").Usage = p.t("cli.flag.help")
	for _, below := range c.Commands() {
		p.helpFlags(below)
	}
}

// template puts the headings of cobra's usage text into the user's language.
func (p *program) template(s string) string {
	for english, key := range map[string]string{
		"Usage:": "cli.heading.usage", "Available Commands:": "cli.heading.commands", "Global Flags:": "cli.heading.global", "\nFlags:": "cli.heading.flags",
		"Examples:": "cli.heading.examples", "Additional Commands:": "cli.heading.more",
	} {
		text := p.t(key)
		if strings.HasPrefix(english, "\n") {
			text = "\n" + text
		}
		s = strings.ReplaceAll(s, english, text)
	}
	return strings.ReplaceAll(s, `Use "{{.CommandPath}} [command] --help" for more information about a command.`, p.l.Text("cli.heading.help", diag.Args{"command": "{{.CommandPath}}"}))
}

// version says what is running.
func version() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			return v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return "dev"
}

// caseFlags are the flags of every command that computes a case.
type caseFlags struct {
	scenario []string
	set      []string
	draws    int
	seed     uint64
	sampler  string
	json     bool
	width    int
}

func (p *program) flags(c *cobra.Command, f *caseFlags) {
	c.Flags().StringArrayVar(&f.scenario, "scenario", nil, p.t("cli.flag.scenario"))
	c.Flags().StringArrayVar(&f.set, "set", nil, p.t("cli.flag.set"))
	c.Flags().BoolVar(&f.json, "json", false, p.t("cli.flag.json"))
}

func (p *program) simulationFlags(c *cobra.Command, f *caseFlags) {
	p.flags(c, f)
	c.Flags().IntVar(&f.draws, "draws", calc.DefaultDraws, p.t("cli.flag.draws"))
	c.Flags().Uint64Var(&f.seed, "seed", calc.DefaultSeed, p.t("cli.flag.seed"))
	c.Flags().StringVar(&f.sampler, "sampler", "sobol", p.t("cli.flag.sampler"))
	c.Flags().IntVar(&f.width, "width", 0, p.t("cli.flag.width"))
}

// read reads a case file, "-" for standard input.
func (p *program) read(name string, f caseFlags) (calc.Case, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(io.LimitReader(p.In, casefile.MaxBytes+1))
	} else {
		var file *os.File
		if file, err = os.Open(name); err == nil {
			defer file.Close()
			// One byte more than allowed shows a file that is too big without reading all of it.
			text, err = io.ReadAll(io.LimitReader(file, casefile.MaxBytes+1))
		}
	}
	if err != nil {
		reason := "cli.cannot_read"
		if errors.Is(err, os.ErrNotExist) {
			reason = "cli.no_such_file"
		}
		fmt.Fprintln(p.Err, p.l.Text(reason, diag.Args{"file": name}))
		return calc.Case{}, exit(exitUsage)
	}
	c := calc.Case{Name: name, Text: text, Version: version()}
	if c.Catalogue, err = catalogue.Open(p.catalogues...); err != nil {
		return c, err
	}
	for _, s := range f.set {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			p.fail("cli.set_form", diag.Args{"text": s})
			return c, exit(exitUsage)
		}
		node, list := casefile.Set(path, value)
		if list.Err() != nil {
			return c, p.problems(list)
		}
		c.Overlays = append(c.Overlays, node)
	}
	return c, nil
}

// options checks the flags of a simulation.
func (p *program) options(f caseFlags) (calc.Options, error) {
	o := calc.Options{Draws: f.draws, Seed: f.seed, Lang: string(p.l.Lang())}
	if f.draws <= 0 {
		p.fail("cli.flag_value", diag.Args{"name": "draws", "value": fmt.Sprint(f.draws)})
		return o, exit(exitUsage)
	}
	switch f.sampler {
	case "sobol":
	case "pseudo":
		o.Pseudo = true
	default:
		p.fail("cli.sampler", diag.Args{"value": f.sampler})
		return o, exit(exitUsage)
	}
	return o, nil
}

// mostProblems is how many errors, and how many warnings, are printed; --json has all of them.
const mostProblems = 50

// problems prints errors and warnings to standard error and gives the exit code.
func (p *program) problems(list diag.List) error {
	colour := chart.ColourFor(p.Err, p.Env)
	wrong, shown, hidden := 0, map[bool]int{}, 0
	for _, d := range list {
		isError := d.Severity == diag.Error
		if isError {
			wrong++
		}
		if shown[isError] == mostProblems {
			hidden++
			continue
		}
		shown[isError]++
		fmt.Fprintln(p.Err, p.l.Diagnostic(d, colour))
	}
	if hidden > 0 {
		fmt.Fprintln(p.Err, p.l.Text("cli.more_problems", diag.Args{"count": hidden}))
	}
	if wrong == 0 {
		return nil
	}
	fmt.Fprintln(p.Err, p.l.Text("cli.errors", diag.Args{"count": wrong}))
	return exit(exitCase)
}

// progress shows a bar on a terminal once a run has taken a second.
func (p *program) progress(total int) func(done int) {
	file, ok := p.Err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	started := time.Now()
	var bar *progressbar.ProgressBar
	return func(done int) {
		if bar == nil {
			if time.Since(started) < time.Second || done >= total {
				return
			}
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(file), progressbar.OptionClearOnFinish(),
				progressbar.OptionSetDescription(p.t("cli.simulating")), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true))
		}
		_ = bar.Set(done)
	}
}

// width is the number of columns: as asked for, as the terminal has, else 80.
func (p *program) width(asked int) int {
	if asked > 0 {
		return asked
	}
	if file, ok := p.Out.(*os.File); ok {
		if w, _, err := term.GetSize(int(file.Fd())); err == nil {
			return w
		}
	}
	return 80
}

func (p *program) reportOptions(f caseFlags) report.Options {
	return report.Options{Width: p.width(f.width), Colour: chart.ColourFor(p.Out, p.Env), ASCII: chart.ASCIIFor(p.Env)}
}
