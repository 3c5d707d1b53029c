package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/server"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// serveCommand runs the workspace.
func (p *program) serveCommand() *cobra.Command {
	var c server.Config
	var demo, verbose bool
	var proxies []string
	var folder, issuer, client, domains string
	var upload int64
	cmd := &cobra.Command{Use: "serve", Short: p.t("cli.serve"), Long: p.t("cli.serve.long"), Args: p.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			c.Log = slog.New(slog.NewTextHandler(p.Err, &slog.HandlerOptions{Level: level}))
			if upload < 1 || upload > 1<<20 {
				p.fail("cli.serve.upload_limit", diag.Args{"value": upload})
				return exit(exitUsage)
			}
			c.Uploads.File = upload << 20
			c.Version, c.Person, c.Firm = version(), p.person(), p.t("web.local.organisation")
			for _, s := range proxies {
				prefix, err := netip.ParsePrefix(s)
				if err != nil {
					p.fail("cli.serve.proxy", diag.Args{"value": s})
					return exit(exitUsage)
				}
				c.Proxies = append(c.Proxies, prefix)
			}
			if issuer != "" {
				if c.BaseURL == "" || client == "" {
					p.fail("cli.serve.oidc", nil)
					return exit(exitUsage)
				}
				c.OIDC = &auth.OIDCConfig{Issuer: issuer, ClientID: client, ClientSecret: auth.SecretOf(p.Env("RENDITE_OIDC_SECRET"))}
				if domains != "" {
					c.OIDC.AllowedDomains, c.OIDC.CreateUsers = strings.Split(domains, ","), true
				}
			}
			if folder != "" {
				cat, err := catalogue.Open(folder)
				if err != nil {
					p.fail("cli.failed", diag.Args{"detail": err.Error()})
					return exit(exitUsage)
				}
				c.Catalogue = cat
			}
			if p.Env("GOGC") == "" {
				// Every move of a slider makes a megabyte of garbage beside some 40 MB that stay: collecting half as often costs
				// memory that a server has and gives back a tenth of its time.
				debug.SetGCPercent(200)
			}
			if demo && c.Accounts {
				p.fail("cli.serve.demo_auth", nil)
				return exit(exitUsage)
			}
			s, err := server.Open(cmd.Context(), c)
			if err != nil {
				return p.notServing(err, c)
			}
			first := ""
			if demo {
				if first, err = p.demo(cmd.Context(), s, c); err != nil {
					return err
				}
			}
			fmt.Fprintln(p.Out, p.l.Text("cli.serve.at", diag.Args{"url": s.URL()}))
			if first != "" {
				fmt.Fprintln(p.Out, p.l.Text("cli.serve.example", diag.Args{"url": strings.TrimSuffix(s.URL(), "/") + "/cases/" + first}))
			}
			if setup := s.Setup(); setup != "" {
				fmt.Fprintln(p.Out, p.l.Text("cli.serve.setup", diag.Args{"url": setup}))
			}
			return s.Serve(cmd.Context())
		}}
	f := cmd.Flags()
	f.StringVar(&c.Listen, "listen", "127.0.0.1:8080", p.t("cli.flag.listen"))
	f.StringVar(&c.Database, "database", p.Env("RENDITE_DATABASE"), p.t("cli.flag.database"))
	f.StringVar(&c.Data, "data", p.Env("RENDITE_DATA"), p.t("cli.flag.serve_data"))
	f.Int64Var(&upload, "upload-limit", app.DefaultDataLimits().File>>20, p.t("cli.flag.upload_limit"))
	f.BoolVar(&c.Accounts, "auth", false, p.t("cli.flag.auth"))
	f.StringVar(&c.BaseURL, "base-url", "", p.t("cli.flag.base_url"))
	f.StringSliceVar(&proxies, "trust-proxy", nil, p.t("cli.flag.proxy"))
	f.StringVar(&issuer, "oidc-issuer", "", p.t("cli.flag.oidc_issuer"))
	f.StringVar(&client, "oidc-client", "", p.t("cli.flag.oidc_client"))
	f.StringVar(&domains, "oidc-domains", "", p.t("cli.flag.oidc_domains"))
	f.StringVar(&c.OIDCName, "oidc-name", "OpenID Connect", p.t("cli.flag.oidc_name"))
	f.StringVar(&folder, "catalogue", "", p.t("cli.flag.catalogue"))
	f.BoolVar(&demo, "demo", false, p.t("cli.flag.demo"))
	f.BoolVarP(&verbose, "verbose", "v", false, p.t("cli.flag.verbose"))
	return cmd
}

// person is what the system calls whoever runs the program.
func (p *program) person() string {
	u, err := user.Current()
	if err != nil {
		return p.t("web.local.name")
	}
	return cmp.Or(u.Name, u.Username, p.t("web.local.name"))
}

// notServing says why the workspace cannot start.
func (p *program) notServing(err error, c server.Config) error {
	var unreachable *store.UnreachableError
	var data *server.DataError
	switch {
	case errors.As(err, &data):
		p.fail("cli.cannot_read", diag.Args{"file": dataName(cmp.Or(c.Data, warehouse.DefaultFile)), "detail": p.hidden(data.Cause, cmp.Or(c.Data, c.Database))})
	case errors.Is(err, server.ErrNeedsAccounts):
		p.fail("cli.serve.needs_accounts", diag.Args{"listen": c.Listen})
	case errors.As(err, &unreachable):
		p.fail("cli.serve.unreachable", diag.Args{"place": unreachable.Place, "detail": unreachable.Cause})
	case strings.Contains(err.Error(), "address already in use"):
		p.fail("cli.serve.in_use", diag.Args{"listen": c.Listen})
	default:
		p.fail("cli.failed", diag.Args{"detail": err.Error()})
	}
	return exit(exitUsage)
}

// demo fills an empty workspace with the examples and returns the first of them; "" where there are cases already.
func (p *program) demo(ctx context.Context, s *server.Server, c server.Config) (first string, err error) {
	who, err := s.App.Local(ctx, c.Person, c.Firm)
	if err != nil {
		return "", err
	}
	org, err := s.App.Home(ctx, who, "")
	if err != nil {
		return "", err
	}
	list, _, err := s.App.Cases(ctx, who, app.Filter{Organisation: org})
	if err != nil || len(list) > 0 {
		return "", err
	}
	for _, name := range examples.Names() {
		text, _ := examples.Read(name)
		id, err := s.App.Create(ctx, who, org, text, name, p.t("web.example.reason"))
		if err != nil {
			return "", err
		}
		first = cmp.Or(first, id)
	}
	return first, nil
}

// backupCommand writes everything into one file while the workspace runs.
func (p *program) backupCommand() *cobra.Command {
	var database string
	var force bool
	c := &cobra.Command{Use: "backup FILE", Short: p.t("cli.backup"), Long: p.t("cli.backup.long"), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if _, err := os.Stat(args[0]); err == nil && !force {
				p.fail("cli.new.exists", diag.Args{"file": args[0]})
				return exit(exitUsage)
			}
			db, err := p.open(cmd.Context(), database)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			// Beside its place first: a backup that breaks off must not stand where a good one did.
			part, err := os.CreateTemp(filepath.Dir(args[0]), ".rendite-backup-*")
			if err != nil {
				p.fail("cli.new.cannot_write", diag.Args{"file": args[0], "detail": err.Error()})
				return exit(exitUsage)
			}
			defer os.Remove(part.Name()) //nolint:errcheck // gone already where all went well
			m, err := db.Backup(cmd.Context(), part)
			if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
				return err
			}
			if err := os.Rename(part.Name(), args[0]); err != nil {
				return err
			}
			rows := int64(0)
			for _, t := range m.Tables {
				rows += t.Rows
			}
			fmt.Fprintln(p.Out, p.l.Text("cli.backup.done", diag.Args{"file": args[0], "count": rows}))
			return nil
		}}
	c.Flags().StringVar(&database, "database", p.Env("RENDITE_DATABASE"), p.t("cli.flag.database"))
	c.Flags().BoolVar(&force, "force", false, p.t("cli.flag.force"))
	return c
}

// restoreCommand fills an empty database from a backup, of the same or of the other kind.
func (p *program) restoreCommand() *cobra.Command {
	var database string
	c := &cobra.Command{Use: "restore FILE", Short: p.t("cli.restore"), Long: p.t("cli.restore.long"), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				p.fail("cli.cannot_read", diag.Args{"file": args[0], "detail": err.Error()})
				return exit(exitUsage)
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return err
			}
			m, err := store.Restore(cmd.Context(), database, f, info.Size())
			if errors.Is(err, store.ErrNotEmpty) {
				p.fail("cli.restore.not_empty", nil)
				return exit(exitUsage)
			}
			if err != nil {
				p.fail("cli.failed", diag.Args{"detail": err.Error()})
				return exit(exitUsage)
			}
			fmt.Fprintln(p.Out, p.l.Text("cli.restore.done", diag.Args{"made": p.l.Moment(m.Created.Local())}))
			return nil
		}}
	c.Flags().StringVar(&database, "database", p.Env("RENDITE_DATABASE"), p.t("cli.flag.database"))
	return c
}

func (p *program) open(ctx context.Context, database string) (*store.Store, error) {
	db, err := store.Open(ctx, database)
	if err != nil {
		return nil, p.notServing(err, server.Config{})
	}
	return db, nil
}

// adminCommand looks after the people of an installation.
func (p *program) adminCommand() *cobra.Command {
	var database, base string
	c := &cobra.Command{Use: "admin", Short: p.t("cli.admin"), Long: p.t("cli.admin.long")}
	c.PersistentFlags().StringVar(&database, "database", p.Env("RENDITE_DATABASE"), p.t("cli.flag.database"))
	with := func(f func(ctx context.Context, db *store.Store, email string) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) (err error) {
			db, err := p.open(cmd.Context(), database)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			email := ""
			if len(args) > 0 {
				email = args[0]
			}
			err = f(cmd.Context(), db, email)
			switch {
			case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrEmail):
				p.fail("cli.admin.nobody", diag.Args{"email": email})
				return exit(exitUsage)
			case errors.Is(err, store.ErrLastOwner):
				p.fail("cli.admin.last_owner", diag.Args{"email": email})
				return exit(exitUsage)
			}
			return err
		}
	}
	operator := store.Actor{UserName: "rendite admin"}
	c.AddCommand(
		&cobra.Command{Use: "users", Short: p.t("cli.admin.users"), Args: p.noArgs, RunE: with(func(ctx context.Context, db *store.Store, _ string) error {
			list, err := db.Users(ctx)
			for _, u := range list {
				state := ""
				if u.Admin {
					state = "  " + p.t("cli.admin.is_admin")
				}
				if !u.Disabled.IsZero() {
					state += "  " + p.t("cli.admin.is_disabled")
				}
				fmt.Fprintf(p.Out, "%s  %s%s\n", u.Email, u.Name, state)
			}
			return err
		})},
		p.adminReset(with, &base),
		p.adminChange("disable", with, operator),
		p.adminChange("enable", with, operator),
		p.adminChange("promote", with, operator),
		p.adminChange("demote", with, operator),
	)
	return c
}

type withUser func(func(ctx context.Context, db *store.Store, email string) error) func(*cobra.Command, []string) error

func (p *program) adminReset(with withUser, base *string) *cobra.Command {
	c := &cobra.Command{Use: "reset EMAIL", Short: p.t("cli.admin.reset"), Args: cobra.ExactArgs(1), RunE: with(func(ctx context.Context, db *store.Store, email string) error {
		u, err := db.UserByEmail(ctx, email)
		if err != nil {
			return err
		}
		secret, err := db.CreateReset(ctx, u.ID, time.Now().Add(auth.ResetLifetime))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Out, strings.TrimSuffix(*base, "/")+"/reset?secret="+secret)
		return err
	})}
	c.Flags().StringVar(base, "base-url", "http://127.0.0.1:8080", p.t("cli.flag.base_url"))
	return c
}

func (p *program) adminChange(name string, with withUser, operator store.Actor) *cobra.Command {
	return &cobra.Command{Use: name + " EMAIL", Short: p.t("cli.admin." + name), Args: cobra.ExactArgs(1), RunE: with(func(ctx context.Context, db *store.Store, email string) error {
		u, err := db.UserByEmail(ctx, email)
		if err != nil {
			return err
		}
		switch name {
		case "disable":
			u.Disabled = time.Now()
		case "enable":
			u.Disabled = time.Time{}
		case "promote":
			u.Admin = true
		case "demote":
			u.Admin = false
		}
		if err := db.UpdateUser(ctx, operator, u); err != nil {
			return err
		}
		if name == "disable" {
			_, err = db.EndSessions(ctx, u.ID, "")
		}
		return errors.Join(err, say(p.Out, p.l.Text("cli.admin.done", diag.Args{"email": u.Email})))
	})}
}

func say(w io.Writer, text string) error {
	_, err := fmt.Fprintln(w, text)
	return err
}
