package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/kind"
	"github.com/rendite-crm/rendite/internal/connector/sqldb"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// sourceFlags are what the commands around sources share.
type sourceFlags struct {
	data, kind, address, settings, mapping, zone, currency, live, variable string
	allowed                                                                []string
	json, yes, secret, emptied                                             bool
}

const (
	fileKind  = "file"
	sqlKind   = "sql"
	mostInput = 64 << 10 // bytes of a secret
)

// sourceCommand looks after the CRMs that are read.
func (p *program) sourceCommand() *cobra.Command {
	var f sourceFlags
	c := &cobra.Command{Use: "source", Short: p.t("source.command"), Long: p.t("source.command.long"), Example: p.t("source.command.example"), Args: p.noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.PersistentFlags().StringVar(&f.data, "data", cmp.Or(p.Env("RENDITE_DATA"), warehouse.DefaultFile), p.t("cli.flag.data"))
	c.PersistentFlags().StringSliceVar(&f.allowed, "allow-host", hosts(p.Env("RENDITE_ALLOW_HOSTS")), p.t("source.flag.allow_host"))
	one := func(use string, run func(*cobra.Command, sourceFlags, string) error) *cobra.Command {
		name, _, _ := strings.Cut(use, " ")
		return &cobra.Command{Use: use, Short: p.t("source." + name), Long: p.t("source." + name + ".long"), Args: p.oneSource,
			RunE: func(c *cobra.Command, args []string) error { return run(c, f, args[0]) }}
	}
	none := func(name string, run func(sourceFlags) error) *cobra.Command {
		return &cobra.Command{Use: name, Short: p.t("source." + name), Long: p.t("source." + name + ".long"), Args: p.noArgs, RunE: func(*cobra.Command, []string) error { return run(f) }}
	}
	add := one("add NAME", p.addSource)
	change := one("change NAME", p.changeSource)
	list, kinds := none("list", p.listSources), none("kinds", p.listKinds)
	sync, check := one("sync NAME", p.syncSource), one("check NAME", p.checkSource)
	remove := one("remove NAME", p.removeSource)
	add.Flags().StringVar(&f.kind, "kind", "", p.l.Text("source.flag.kind", diag.Args{"known": kind.Names()}))
	for _, c := range []*cobra.Command{add, change} {
		c.Flags().StringVar(&f.address, "address", "", p.t("source.flag.address"))
		c.Flags().StringVar(&f.settings, "settings", "", p.t("source.flag.settings"))
		c.Flags().StringVar(&f.mapping, "mapping", "", p.t("source.flag.mapping"))
		c.Flags().StringVar(&f.variable, "secret-env", "", p.t("source.flag.secret_env"))
		c.Flags().StringVar(&f.zone, "timezone", zoneOf(p.l), p.t("cli.flag.timezone"))
		c.Flags().StringVar(&f.currency, "currency", "EUR", p.t("cli.flag.currency"))
		c.Flags().StringVar(&f.live, "go-live", "", p.t("source.flag.go_live"))
	}
	for _, name := range []string{"timezone", "currency"} {
		change.Flags().Lookup(name).DefValue = "" // what is not given stays
	}
	change.Flags().BoolVar(&f.secret, "new-secret", false, p.t("source.flag.new_secret"))
	for _, c := range []*cobra.Command{list, kinds, sync, check} {
		c.Flags().BoolVar(&f.json, "json", false, p.t("cli.flag.json"))
	}
	sync.Flags().BoolVar(&f.emptied, "emptied", false, p.t("source.flag.emptied"))
	remove.Flags().BoolVar(&f.yes, "yes", false, p.t("source.flag.yes"))
	add.Example, sync.Example = p.t("source.add.example"), p.t("source.sync.example")
	c.AddCommand(add, change, list, kinds, check, sync, remove)
	return c
}

func hosts(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// oneSource demands exactly one name.
func (p *program) oneSource(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return p.refuse("source.one", diag.Args{"command": c.CommandPath()})
	}
	return nil
}

// refuse tells a mistake of the command line.
func (p *program) refuse(key string, args diag.Args) error {
	fmt.Fprintln(p.Err, p.l.Text(key, args))
	return exit(exitUsage)
}

func (p *program) tell(key string, args diag.Args) { fmt.Fprintln(p.Out, p.l.Text(key, args)) }

// table is what a canonical table holds, in words.
func (p *program) table(name string) string {
	if key := "source.table." + name; p.l.Has(key) {
		return p.t(key)
	}
	return name
}

func (p *program) words(tables []string) []string {
	var words []string
	for _, t := range tables {
		words = append(words, p.table(t))
	}
	return words
}

// warehouse opens the data.
func (p *program) warehouse(address string) (*warehouse.Warehouse, error) {
	w, err := warehouse.Open(p.ctx, address, nil)
	if err != nil {
		p.fail("cli.cannot_read", diag.Args{"file": dataName(address), "detail": p.hidden(err, address)})
		return nil, exit(exitUsage)
	}
	return w, nil
}

// named opens the data and finds a source. The caller closes the data.
func (p *program) named(f sourceFlags, name string) (*warehouse.Warehouse, warehouse.Source, error) {
	w, err := p.warehouse(f.data)
	if err != nil {
		return nil, warehouse.Source{}, err
	}
	s, err := w.SourceByName(p.ctx, "", name)
	if errors.Is(err, warehouse.ErrNotFound) {
		var names []string
		list, e := w.Sources(p.ctx, "")
		for _, s := range list {
			names = append(names, s.Name)
		}
		err = errors.Join(p.refuse("source.unknown", diag.Args{"name": name, "nearest": quantity.Nearest(name, names)}), e)
	}
	if err != nil {
		return nil, s, errors.Join(err, w.Close())
	}
	return w, s, nil
}

// keyring opens the keys; where a secret is there already they must be there too, since a new key would open nothing.
func (p *program) keyring(data string, create bool) (*connector.Keyring, error) {
	file := connector.DefaultKeyFile
	if !strings.Contains(data, "://") {
		file = filepath.Join(filepath.Dir(data), file)
	}
	text := p.Env(connector.KeyVariable)
	if text == "" && !create {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return nil, p.refuse("source.no_key", diag.Args{"file": file})
		}
	}
	k, err := connector.OpenKeyring(file, text)
	place := file
	if text != "" {
		place = connector.KeyVariable
	}
	switch {
	case errors.Is(err, connector.ErrKey):
		return nil, p.refuse("source.bad_key", diag.Args{"place": place})
	case errors.Is(err, connector.ErrKeyExposed):
		return nil, p.refuse("source.exposed_key", diag.Args{"file": file})
	case err != nil:
		return nil, p.refuse("cli.failed", diag.Args{"detail": err.Error()})
	}
	return k, nil
}

// askSecret reads a secret from an environment variable, a prompt without echo, or standard input; never from an argument,
// which every process of the machine may read.
func (p *program) askSecret(f sourceFlags) (auth.Secret, error) {
	text := ""
	if f.variable != "" {
		if text = p.Env(f.variable); text == "" {
			return auth.Secret{}, p.refuse("source.secret_env", diag.Args{"name": f.variable})
		}
	} else if in, ok := p.In.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(p.Err, p.t("source.secret_prompt")+" ")
		b, err := p.silently(int(in.Fd()))
		fmt.Fprintln(p.Err)
		if err != nil {
			return auth.Secret{}, err
		}
		text = string(b)
	} else {
		b, err := io.ReadAll(io.LimitReader(p.In, mostInput+1))
		if err != nil {
			return auth.Secret{}, err
		}
		text = string(b)
	}
	text = strings.TrimRight(text, "\r\n")
	switch {
	case text == "":
		return auth.Secret{}, p.refuse("source.secret_empty", nil)
	case len(text) > mostInput || strings.ContainsFunc(text, unicode.IsControl):
		return auth.Secret{}, p.refuse("source.secret_form", nil)
	}
	return auth.SecretOf(text), nil
}

// silently reads a line without echo. Ctrl+C ends it, and the terminal echoes again.
func (p *program) silently(terminal int) ([]byte, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		b, err := term.ReadPassword(terminal)
		read <- line{b, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-p.ctx.Done():
		return nil, errors.Join(p.ctx.Err(), term.Restore(terminal, before))
	}
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// describe puts what the flags say into a source and gives its settings, checked without asking any server.
func (p *program) describe(c *cobra.Command, f sourceFlags, s *warehouse.Source, set connector.Settings) (connector.Settings, error) {
	if f.settings != "" {
		text, err := os.ReadFile(f.settings)
		if err != nil {
			return set, p.refuse("cli.cannot_read", diag.Args{"file": f.settings, "detail": err.Error()})
		}
		var found diag.List
		if set, found = connector.ReadSettings(f.settings, text); found.Err() != nil {
			return set, p.problems(found)
		}
	}
	fresh := s.ID == 0
	set.Address = cmp.Or(f.address, set.Address)
	if f.mapping != "" {
		text, err := os.ReadFile(f.mapping)
		if err != nil {
			return set, p.refuse("cli.cannot_read", diag.Args{"file": f.mapping, "detail": err.Error()})
		}
		if s.Kind != sqlKind {
			return set, p.refuse("source.no_mapping", diag.Args{"kind": s.Kind})
		}
		if _, found := sqldb.Check(f.mapping, text, set.Address); found.Err() != nil {
			return set, p.problems(found)
		}
		set.Mapping = string(text)
	}
	if fresh || c.Flags().Changed("timezone") {
		s.Timezone = f.zone
	}
	if fresh || c.Flags().Changed("currency") {
		s.Currency = f.currency
	}
	if _, err := s.Zone(); err != nil {
		return set, p.refuse("cli.import.zone", diag.Args{"value": s.Timezone})
	}
	if !currencyCode.MatchString(s.Currency) {
		return set, p.refuse("source.currency", diag.Args{"value": s.Currency})
	}
	if f.live != "" {
		at, err := time.Parse(time.DateOnly, f.live)
		if err != nil {
			return set, p.refuse("source.go_live", diag.Args{"value": f.live})
		}
		day := crm.DayOf(at)
		s.GoLive = &day
	}
	about, err := kind.Describe(s.Kind)
	if err != nil {
		return set, p.refuse("source.no_kind", diag.Args{"name": s.Kind, "nearest": quantity.Nearest(s.Kind, kind.Names()), "known": kind.Names()})
	}
	if missing := set.Missing(about.Needs); len(missing) > 0 {
		return set, p.refuse("source.needed", diag.Args{"kind": s.Kind, "names": missing})
	}
	zone, err := s.Zone()
	if err != nil {
		return set, err
	}
	_, err = kind.New(s.Kind, connector.Access{Settings: set, Zone: zone, Currency: s.Currency, HTTP: p.limits(f, s.Kind, set)})
	if err != nil {
		return set, p.broken(err)
	}
	return set, nil
}

// limits are those of a client. Who names a database here is its operator: it lies in the own network as a rule, and naming it
// is the permission.
func (p *program) limits(f sourceFlags, kind string, set connector.Settings) connector.ClientOptions {
	o := connector.ClientOptions{Allowed: f.allowed}
	if host := sqldb.Host(set.Address); kind == sqlKind && host != "" {
		o.Allowed = append(slices.Clone(o.Allowed), host)
	}
	return o
}

func (p *program) addSource(c *cobra.Command, f sourceFlags, name string) error {
	if f.kind == "" {
		return p.refuse("source.which_kind", diag.Args{"known": kind.Names()})
	}
	s := warehouse.Source{Name: strings.TrimSpace(name), Kind: f.kind}
	if s.Name == "" || strings.ContainsFunc(s.Name, unicode.IsControl) {
		return p.refuse("source.name", nil)
	}
	set, err := p.describe(c, f, &s, connector.Settings{})
	if err != nil {
		return err
	}
	w, err := p.warehouse(f.data)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	switch _, err := w.SourceByName(p.ctx, "", s.Name); {
	case err == nil:
		return p.refuse("source.taken", diag.Args{"name": s.Name})
	case !errors.Is(err, warehouse.ErrNotFound):
		return err
	}
	if err := p.seal(f, &s, set); err != nil {
		return err
	}
	if s, err = w.AddSource(p.ctx, s); err != nil {
		return p.broken(err)
	}
	p.tell("source.added", diag.Args{"name": s.Name, "kind": s.Kind})
	if p.Env(connector.KeyVariable) == "" {
		p.tell("source.keep_key", diag.Args{"file": connector.DefaultKeyFile})
	}
	return nil
}

// seal asks for the secret and puts it into a source.
func (p *program) seal(f sourceFlags, s *warehouse.Source, set connector.Settings) error {
	k, err := p.keyring(f.data, true)
	if err != nil {
		return err
	}
	secret, err := p.askSecret(f)
	if err != nil {
		return err
	}
	return connector.Store(s, set, secret, k)
}

func (p *program) changeSource(c *cobra.Command, f sourceFlags, name string) error {
	w, s, err := p.named(f, name)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	if s.Kind == fileKind {
		return p.refuse("source.file", diag.Args{"name": s.Name})
	}
	zone := s.Timezone
	set, err := connector.SettingsOf(s)
	if err != nil {
		return p.broken(err)
	}
	if set, err = p.describe(c, f, &s, set); err != nil {
		return err
	}
	kept := false
	if !f.secret && f.variable == "" {
		if kept, err = connector.Keep(&s, set); err != nil {
			return p.broken(err)
		}
		if !kept {
			fmt.Fprintln(p.Err, p.t("source.secret_again"))
		}
	}
	if !kept {
		if err := p.seal(f, &s, set); err != nil {
			return err
		}
	}
	if err := w.UpdateSource(p.ctx, s); err != nil {
		return p.broken(err)
	}
	p.tell("source.changed", diag.Args{"name": s.Name})
	if zone != s.Timezone {
		if have, err := w.Counts(p.ctx, s.ID); err != nil || len(have) > 0 {
			p.tell("source.zone_changed", diag.Args{"name": s.Name})
			return err
		}
	}
	return nil
}

// broken tells a failure of a source in words; others pass.
func (p *program) broken(err error) error {
	var e *connector.Error
	switch {
	case errors.Is(err, warehouse.ErrWriting):
		fmt.Fprintln(p.Err, p.t("source.writing"))
	case errors.As(err, &e):
		fmt.Fprintln(p.Err, p.reason(e))
	default:
		return err
	}
	return exit(exitCase)
}

// reason is a failure in words, with what was asked for.
func (p *program) reason(e *connector.Error) string {
	text := p.l.Text(e.Key(), e.Args())
	if !e.Until.IsZero() {
		text += " " + p.l.Text("source.until", diag.Args{"when": p.l.Moment(e.Until.Local())})
	}
	if e.Place != "" && !strings.Contains(text, e.Place) {
		status := ""
		if e.Status != 0 {
			status = fmt.Sprint(e.Status)
		}
		text += " " + p.l.Text("source.place", diag.Args{"place": e.Place, "status": status})
	}
	var list diag.List
	errors.As(e.Cause, &list)
	for _, d := range list {
		text += "\n  " + strings.TrimSpace(d.At.String()+": "+p.l.Message(d)+" "+p.l.Hint(d))
	}
	return text
}

// listed is a source as --json writes it.
type listed struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Address  string   `json:"address,omitempty"`
	Timezone string   `json:"timezone"`
	Currency string   `json:"currency"`
	GoLive   string   `json:"go_live,omitempty"`
	Last     string   `json:"last_import,omitempty"`
	State    string   `json:"last_state,omitempty"`
	Rows     rowCount `json:"rows"`
}

type rowCount map[string]int64

func (r rowCount) sum() (n int64) {
	for _, k := range r {
		n += k
	}
	return n
}

func (p *program) listSources(f sourceFlags) error {
	w, err := p.warehouse(f.data)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	sources, err := w.Sources(p.ctx, "")
	if err != nil {
		return err
	}
	all := []listed{}
	for _, s := range sources {
		set, err := connector.SettingsOf(s)
		if err != nil {
			return p.broken(err)
		}
		one := listed{Name: s.Name, Kind: s.Kind, Address: set.Address, Timezone: s.Timezone, Currency: s.Currency}
		if s.GoLive != nil {
			one.GoLive = time.Unix(*s.GoLive*86400, 0).UTC().Format(time.DateOnly)
		}
		if one.Rows, err = w.Counts(p.ctx, s.ID); err != nil {
			return err
		}
		batches, err := w.Batches(p.ctx, s.ID)
		if err != nil {
			return err
		}
		args := diag.Args{"name": s.Name, "kind": p.kindName(s.Kind), "address": one.Address, "zone": s.Timezone, "currency": s.Currency, "rows": one.Rows.sum(), "live": "", "last": ""}
		if len(batches) > 0 {
			one.Last, one.State = batches[0].Started.Format(time.RFC3339), string(batches[0].State)
			args["last"], args["state"] = p.l.Moment(batches[0].Started.Local()), p.t("cli.import.state."+string(batches[0].State))
		}
		if s.GoLive != nil {
			args["live"] = p.l.Date(time.Unix(*s.GoLive*86400, 0).UTC())
		}
		all = append(all, one)
		if !f.json {
			p.tell("source.row", args)
		}
	}
	if f.json {
		return writeJSON(p.Out, map[string]any{"sources": all})
	}
	if len(all) == 0 {
		p.tell("source.none", nil)
	}
	return nil
}

func (p *program) kindName(name string) string {
	if name == fileKind {
		return p.t("source.kind_file")
	}
	return name
}

// gap is a gap as --json writes it.
type gap struct {
	Table  string `json:"table"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

func (p *program) gaps(list []connector.Gap) []gap {
	all := []gap{}
	for _, g := range list {
		all = append(all, gap{g.Table, string(g.Reason), p.l.Text(g.Key(), diag.Args{"table": p.table(g.Table)})})
	}
	return all
}

func (p *program) showGaps(gaps []gap) {
	if len(gaps) == 0 {
		return
	}
	p.tell("source.gaps", nil)
	for _, g := range gaps {
		fmt.Fprintln(p.Out, "  "+g.Text)
	}
}

func (p *program) listKinds(f sourceFlags) error {
	type described struct {
		Name   string   `json:"name"`
		Needs  []string `json:"needs"`
		Tables []string `json:"tables"`
		Gaps   []gap    `json:"gaps"`
	}
	all := []described{}
	for i, name := range kind.Names() {
		about, err := kind.Describe(name)
		if err != nil {
			return err
		}
		gaps := p.gaps(about.Gaps)
		all = append(all, described{name, append([]string{}, about.Needs...), append([]string{}, about.Tables...), gaps})
		if f.json {
			continue
		}
		if i > 0 {
			fmt.Fprintln(p.Out)
		}
		fmt.Fprintln(p.Out, name)
		if key := "source.needs." + name; p.l.Has(key) {
			fmt.Fprintln(p.Out, "  "+p.t(key))
		} else if len(about.Needs) > 0 {
			fmt.Fprintln(p.Out, "  "+p.l.Text("source.needs_settings", diag.Args{"names": p.l.And(about.Needs)}))
		} else {
			fmt.Fprintln(p.Out, "  "+p.t("source.needs_secret"))
		}
		if len(about.Tables) > 0 {
			fmt.Fprintln(p.Out, "  "+p.l.Text("source.delivers", diag.Args{"tables": p.l.And(p.words(about.Tables))}))
		}
		for _, g := range gaps {
			fmt.Fprintln(p.Out, "  – "+g.Text)
		}
	}
	if f.json {
		return writeJSON(p.Out, map[string]any{"kinds": all})
	}
	return nil
}

// reader opens the access to a source.
func (p *program) reader(f sourceFlags, s warehouse.Source) (connector.Reader, error) {
	if s.Kind == fileKind {
		return nil, p.refuse("source.file", diag.Args{"name": s.Name})
	}
	k, err := p.keyring(f.data, false)
	if err != nil {
		return nil, err
	}
	set, err := connector.SettingsOf(s)
	if err != nil {
		return nil, p.broken(err)
	}
	access, err := connector.AccessOf(s, k, p.limits(f, s.Kind, set))
	if err != nil {
		return nil, p.broken(err)
	}
	r, err := kind.New(s.Kind, access)
	if err != nil {
		return nil, p.broken(err)
	}
	return r, nil
}

func (p *program) checkSource(_ *cobra.Command, f sourceFlags, name string) error {
	w, s, err := p.named(f, name)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	r, err := p.reader(f, s)
	if err != nil {
		return err
	}
	type object struct {
		Object   string   `json:"object"`
		Tables   []string `json:"tables"`
		Readable bool     `json:"readable"`
		Needed   bool     `json:"needed"`
		Error    *failure `json:"error,omitempty"`
	}
	answer := struct {
		Source  string   `json:"source"`
		Kind    string   `json:"kind"`
		LogIn   bool     `json:"log_in"`
		Error   *failure `json:"error,omitempty"`
		Objects []object `json:"objects"`
		Gaps    []gap    `json:"gaps"`
	}{Source: s.Name, Kind: s.Kind, Objects: []object{}, Gaps: []gap{}}
	probed, err := connector.Probe(p.ctx, r, time.Now())
	var e *connector.Error
	switch {
	case errors.As(err, &e) && f.json:
		answer.Error = p.failure(e)
		return errors.Join(exit(exitCase), writeJSON(p.Out, answer))
	case err != nil:
		return p.broken(err)
	}
	answer.LogIn = true
	if !f.json {
		p.tell("source.logged_in", diag.Args{"name": s.Name, "kind": s.Kind})
	}
	lacking := false
	for _, o := range probed {
		one := object{Object: o.Object.Name, Tables: o.Object.Tables, Readable: o.Err == nil, Needed: !o.Object.Optional}
		args := diag.Args{"object": o.Object.Name, "tables": p.l.And(p.words(o.Object.Tables))}
		switch {
		case o.Err == nil && !f.json:
			fmt.Fprintln(p.Out, "  "+p.l.Text("source.readable", args))
		case errors.As(o.Err, &e):
			one.Error = p.failure(e)
			args["text"] = one.Error.Text
			if !f.json {
				fmt.Fprintln(p.Out, "  "+p.l.Text("source.unreadable", args))
			}
		case o.Err != nil:
			return o.Err
		}
		lacking = lacking || o.Err != nil && !o.Object.Optional
		answer.Objects = append(answer.Objects, one)
	}
	answer.Gaps = p.gaps(r.Gaps())
	if f.json {
		err = writeJSON(p.Out, answer)
	} else {
		p.showGaps(answer.Gaps)
	}
	if lacking && err == nil {
		return exit(exitCase)
	}
	return err
}

// failure is an error of a source as --json writes it.
type failure struct {
	Code  string `json:"code"`
	Place string `json:"place,omitempty"`
	Text  string `json:"text"`
	Until string `json:"until,omitempty"`
}

func (p *program) failure(e *connector.Error) *failure {
	out := &failure{Code: string(e.Code), Place: e.Place, Text: p.reason(e)}
	if !e.Until.IsZero() {
		out.Until = e.Until.UTC().Format(time.RFC3339)
	}
	return out
}

func (p *program) removeSource(_ *cobra.Command, f sourceFlags, name string) error {
	w, s, err := p.named(f, name)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	have, err := w.Counts(p.ctx, s.ID)
	if err != nil {
		return err
	}
	batches, err := w.Batches(p.ctx, s.ID)
	if err != nil {
		return err
	}
	p.tell("source.goes", diag.Args{"name": s.Name, "count": int64(len(batches))})
	for _, t := range crm.Tables() {
		if n := have[t.Name]; n > 0 {
			fmt.Fprintln(p.Out, "  "+p.l.Text("source.goes_table", diag.Args{"table": p.table(t.Name), "rows": n}))
		}
	}
	if !f.yes {
		fmt.Fprint(p.Err, p.t("source.sure")+" ")
		var answer string
		_, err := fmt.Fscanln(p.In, &answer)
		if err != nil && answer == "" || !slices.Contains(strings.Fields(p.t("source.yes")), strings.ToLower(answer)) {
			fmt.Fprintln(p.Err, p.t("source.stays"))
			return exit(exitUsage)
		}
	}
	if err := w.RemoveSource(p.ctx, s.ID); err != nil {
		return p.broken(err)
	}
	p.tell("source.removed", diag.Args{"name": s.Name})
	return nil
}

// synced is a run as --json writes it.
type synced struct {
	Source  string         `json:"source"`
	Kind    string         `json:"kind"`
	State   string         `json:"state"` // done, stopped, failed
	Error   *failure       `json:"error,omitempty"`
	Tables  []*syncedTable `json:"tables"`
	Gaps    []gap          `json:"gaps"`
	Rejects []int64        `json:"imports_with_rejects"`
}

// syncedTable counts a table's rows: Read = Inserted + Updated + Unchanged + Rejected.
type syncedTable struct {
	Table     string `json:"table"`
	Read      int64  `json:"read"`
	Inserted  int64  `json:"inserted"`
	Updated   int64  `json:"updated"`
	Unchanged int64  `json:"unchanged"`
	Rejected  int64  `json:"rejected"`
	Deleted   int64  `json:"deleted"` // of Updated
}

// sum adds up a run by table.
func (p *program) sum(s warehouse.Source, report connector.Report) *synced {
	all := &synced{Source: s.Name, Kind: s.Kind, State: "done", Tables: []*syncedTable{}, Gaps: p.gaps(report.Gaps), Rejects: []int64{}}
	for _, o := range report.Objects {
		for i, b := range o.Batches {
			k := slices.IndexFunc(all.Tables, func(t *syncedTable) bool { return t.Table == b.Table })
			if k < 0 {
				k = len(all.Tables)
				all.Tables = append(all.Tables, &syncedTable{Table: b.Table})
			}
			t := all.Tables[k]
			t.Read, t.Inserted, t.Updated, t.Unchanged, t.Rejected = t.Read+b.Read, t.Inserted+b.Inserted, t.Updated+b.Updated, t.Unchanged+b.Unchanged, t.Rejected+b.Rejected
			if i == 0 {
				t.Deleted += int64(o.Deleted)
			}
			if b.Rejected > 0 {
				all.Rejects = append(all.Rejects, b.ID)
			}
		}
	}
	return all
}

func (p *program) syncSource(_ *cobra.Command, f sourceFlags, name string) error {
	w, s, err := p.named(f, name)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	r, err := p.reader(f, s)
	if err != nil {
		return err
	}
	watch, clear := p.watch()
	report, err := connector.Sync(p.ctx, r, s, w, connector.Options{Emptied: f.emptied, Progress: watch})
	clear()
	all := p.sum(s, report)
	var e *connector.Error
	var end error
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		all.State, end = "stopped", exit(exitStopped)
	case errors.As(err, &e):
		all.State, end = "failed", exit(exitCase)
		all.Error = p.failure(e)
	default:
		return p.broken(err)
	}
	if f.json {
		return errors.Join(end, writeJSON(p.Out, all))
	}
	for _, t := range all.Tables {
		args := diag.Args{"table": p.table(t.Table), "read": t.Read, "inserted": t.Inserted, "updated": t.Updated, "unchanged": t.Unchanged, "rejected": t.Rejected, "deleted": ""}
		if t.Deleted > 0 {
			args["deleted"] = t.Deleted
		}
		p.tell("source.counts", args)
	}
	for _, id := range all.Rejects {
		p.tell("source.rejects", diag.Args{"batch": id, "name": s.Name})
	}
	switch all.State {
	case "done":
		p.showGaps(all.Gaps)
		p.tell("source.done", diag.Args{"name": s.Name})
	case "stopped":
		fmt.Fprintln(p.Err, p.l.Text("source.stopped", diag.Args{"name": s.Name}))
	case "failed":
		fmt.Fprintln(p.Err, all.Error.Text)
	}
	return end
}

// watch shows how far a run is, on a terminal alone; clear takes the line away.
func (p *program) watch() (show func(connector.Step), clear func()) {
	out, ok := p.Err.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return nil, func() {}
	}
	var started, shown time.Time
	return func(s connector.Step) {
		now := time.Now()
		if started.IsZero() { // the log-in does not count
			started = now
		}
		if now.Sub(shown) > 100*time.Millisecond {
			shown = now
			fmt.Fprint(out, "\r\x1b[K"+p.step(s, now.Sub(started)))
		}
	}, func() { fmt.Fprint(out, "\r\x1b[K") }
}

// step says how far a run is, and how long it will take where that is known.
func (p *program) step(s connector.Step, elapsed time.Duration) string {
	args := diag.Args{"object": s.Object, "number": s.Number, "objects": s.Objects, "rows": s.Rows}
	key := "source.step"
	if s.Total >= s.Rows {
		key, args["total"] = "source.step_of", s.Total
	}
	text := p.l.Text(key, args)
	if s.Left < 0 || s.Done == 0 || elapsed < 5*time.Second {
		return text
	}
	left := time.Duration(float64(elapsed) / float64(s.Done) * float64(s.Left))
	if left < 90*time.Second {
		return text + " · " + p.l.Text("source.seconds_left", diag.Args{"count": int64(left/(5*time.Second)+1) * 5})
	}
	return text + " · " + p.l.Text("source.minutes_left", diag.Args{"count": int64((left + time.Minute - 1) / time.Minute)})
}
