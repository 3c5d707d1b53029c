package store

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// backupFormat is the version of the layout of a backup, apart from the schema of what is in it.
const backupFormat = 1

// tables lists what a backup holds, each after those it refers to, with the columns that put its rows in a fixed order.
var tables = []struct{ name, key string }{
	{"meta", "key"}, {"organisations", "id"}, {"users", "id"}, {"identities", "issuer, subject"}, {"members", "org_id, user_id"},
	{"invitations", "hash"}, {"sessions", "hash"}, {"resets", "hash"}, {"tokens", "id"}, {"idempotency", "user_id, key"},
	{"cases", "id"}, {"revisions", "case_id, number"}, {"seals", "case_id, number"}, {"outcomes", "case_id, scenario, revision"},
	{"shares", "id"}, {"drafts", "case_id, user_id"}, {"draft_steps", "case_id, user_id, n"}, {"comments", "id"},
	{"mentions", "comment_id, user_id"}, {"events", "id"},
}

// since is the schema a table came with; those not named were there from the first.
var since = map[string]int64{"tokens": 2, "idempotency": 2}

// Manifest says what is in a backup: manifest.json in the archive.
type Manifest struct {
	Format  int            `json:"format"`
	Schema  int64          `json:"schema"`
	From    Kind           `json:"from"`
	Created time.Time      `json:"created"`
	Tables  []TableSummary `json:"tables"`
}

// TableSummary is one table of a backup: its rows, and the SHA-256 of its lines in hexadecimal.
type TableSummary struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// DamagedError says why a backup cannot be restored: Part is the file in the archive, "" for the archive itself, Reason
// one of "unreadable", "unknown format", "missing", "checksum" and "rows".
type DamagedError struct{ Part, Reason string }

func (e *DamagedError) Error() string {
	return strings.TrimSpace("backup damaged: " + e.Part + " " + e.Reason)
}

// CopyFile writes the SQLite database as it is now into a new file, while others go on reading and writing. ErrExists
// where the file is there already, ErrNotSQLite with PostgreSQL, whose own pg_dump does that.
func (s *Store) CopyFile(ctx context.Context, path string) error {
	if s.kind != SQLite {
		return ErrNotSQLite
	}
	if _, err := os.Lstat(path); err == nil {
		return ErrExists
	}
	// A connection of its own: the writer must not wait, and the readers may not write, not even into another file.
	db, err := sql.Open("sqlite", dsn(s.path, ""))
	if err != nil {
		return wrap("copying the database", err)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", path)
	if err == nil {
		err = settle(path)
	}
	return wrap("copying the database", errors.Join(err, db.Close()))
}

// settle makes sure that a new file is on disk and nobody else's to read.
func settle(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// Backup writes everything as it is at one moment, while others go on working: a zip archive with a file of JSON lines
// for each table and a manifest. It holds password hashes and is as secret as the database. Restore reads it into either
// kind of database.
func (s *Store) Backup(ctx context.Context, w io.Writer) (Manifest, error) {
	m, err := s.backup(ctx, w)
	return m, wrap("writing the backup", err)
}

func (s *Store) backup(ctx context.Context, w io.Writer) (m Manifest, err error) {
	options := &sql.TxOptions{ReadOnly: true}
	if s.kind == PostgreSQL {
		options.Isolation = sql.LevelRepeatableRead // one snapshot for all tables; SQLite's transactions are that anyway
	}
	tx, err := s.reader.BeginTx(ctx, options)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	m = Manifest{Format: backupFormat, Schema: s.migrated.To, From: s.kind, Created: s.now()}
	z := zip.NewWriter(w)
	for _, t := range tables {
		if since[t.name] > m.Schema {
			continue
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: t.name + ".jsonl", Method: zip.Deflate, Modified: m.Created})
		if err != nil {
			return m, err
		}
		sum := sha256.New()
		rows, err := dump(ctx, tx, t.name, t.key, io.MultiWriter(f, sum))
		if err != nil {
			return m, err
		}
		m.Tables = append(m.Tables, TableSummary{Name: t.name, Rows: rows, SHA256: hexSum(sum)})
	}
	f, err := z.CreateHeader(&zip.FileHeader{Name: "manifest.json", Method: zip.Deflate, Modified: m.Created})
	if err != nil {
		return m, err
	}
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	return m, errors.Join(e.Encode(m), z.Close())
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// binary is how bytes stand in a line, which has texts, whole numbers, true, false and null beside them.
type binary struct {
	Base64 []byte `json:"base64"`
}

func dump(ctx context.Context, tx *sql.Tx, table, key string, w io.Writer) (n int64, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY "+key)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return 0, err
	}
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		line := make(map[string]any, len(columns))
		for i, c := range columns {
			line[c.Name()] = portable(values[i], c.DatabaseTypeName())
		}
		if err := e.Encode(line); err != nil {
			return n, err
		}
	}
	return n, errors.Join(rows.Err(), b.Flush())
}

// Restore reads a backup of size bytes into the database at address, which Open would accept, and brings its schema up
// to date. All rows come in one transaction or none does, and the transaction counts them before it ends. ErrNotEmpty
// where the database holds data, ErrMigrated where its schema is newer than the backup's; *DamagedError, *NewerError and
// the errors of Open.
func Restore(ctx context.Context, address string, backup io.ReaderAt, size int64, options ...Option) (m Manifest, err error) {
	z, err := zip.NewReader(backup, size)
	if err != nil {
		return m, &DamagedError{Reason: "unreadable"}
	}
	if m, err = manifest(z); err != nil {
		return m, err
	}
	s, err := connect(ctx, address, options)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := s.provider()
	if err != nil {
		return m, wrap("reading the schema", err)
	}
	have, known, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return m, wrap("reading the schema", err)
	case m.Schema > known || have > known:
		return m, &NewerError{Schema: max(m.Schema, have), Known: known}
	case have > m.Schema:
		return m, ErrMigrated
	}
	if _, err := p.UpTo(ctx, m.Schema); err != nil {
		return m, wrap("making the schema", err)
	}
	if err := s.fill(ctx, z, m); err != nil {
		return m, wrap("restoring", err)
	}
	_, err = p.Up(ctx)
	return m, wrap("changing the schema", err)
}

// manifest reads manifest.json and checks that it names each table of its schema once.
func manifest(z *zip.Reader) (m Manifest, err error) {
	f, err := z.Open("manifest.json")
	if err != nil {
		return m, &DamagedError{Part: "manifest.json", Reason: "missing"}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := json.NewDecoder(f).Decode(&m); err != nil {
		return m, &DamagedError{Part: "manifest.json", Reason: "unreadable"}
	}
	if m.Format != backupFormat || m.Schema < 1 {
		return m, &DamagedError{Part: "manifest.json", Reason: "unknown format"}
	}
	for _, t := range tables {
		n := 0
		for _, have := range m.Tables {
			if have.Name == t.name {
				n++
			}
		}
		if n != 1 && since[t.name] <= m.Schema {
			return m, &DamagedError{Part: t.name + ".jsonl", Reason: "missing"}
		}
	}
	return m, nil
}

func (s *Store) fill(ctx context.Context, z *zip.Reader, m Manifest) (err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	for _, t := range tables {
		i := slices.IndexFunc(m.Tables, func(h TableSummary) bool { return h.Name == t.name })
		if i < 0 {
			continue // came with a later schema
		}
		if n, err := count(ctx, tx, t.name); err != nil {
			return err
		} else if n > 0 {
			return ErrNotEmpty
		}
		if err := load(ctx, tx, z, m.Tables[i]); err != nil {
			return err
		}
		if n, err := count(ctx, tx, t.name); err != nil {
			return err
		} else if n != m.Tables[i].Rows {
			return &DamagedError{Part: t.name + ".jsonl", Reason: "rows"}
		}
	}
	return tx.Commit()
}

func count(ctx context.Context, tx *sql.Tx, table string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	return n, err
}

func load(ctx context.Context, tx *sql.Tx, z *zip.Reader, want TableSummary) (err error) {
	part := want.Name + ".jsonl"
	f, err := z.Open(part)
	if err != nil {
		return &DamagedError{Part: part, Reason: "missing"}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	columns, err := columnsOf(ctx, tx, want.Name)
	if err != nil {
		return err
	}
	places := make([]string, len(columns))
	for i := range columns {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+want.Name+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(places, ", ")+")")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	sum := sha256.New()
	r := io.TeeReader(f, sum)
	d := json.NewDecoder(r)
	d.UseNumber()
	for {
		var line map[string]any
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return &DamagedError{Part: part, Reason: "unreadable"}
		}
		values, ok := arrange(line, columns)
		if !ok {
			return &DamagedError{Part: part, Reason: "unreadable"}
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	if hexSum(sum) != want.SHA256 {
		return &DamagedError{Part: part, Reason: "checksum"}
	}
	return nil
}

// portable is a value as both databases have it: SQLite keeps truth as a number and reads empty bytes as none.
func portable(v any, kind string) any {
	switch kind {
	case "BOOLEAN", "BOOL":
		if n, ok := v.(int64); ok {
			return n != 0
		}
	case "BYTEA":
		raw, _ := v.([]byte)
		return binary{append([]byte{}, raw...)}
	}
	return v
}

func columnsOf(ctx context.Context, tx *sql.Tx, table string) (columns []string, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" WHERE 1 = 0")
	if err != nil {
		return nil, err
	}
	columns, err = rows.Columns()
	return columns, errors.Join(err, rows.Err(), rows.Close())
}

// arrange puts a line's values in the order of the columns, if it has exactly those.
func arrange(line map[string]any, columns []string) ([]any, bool) {
	values := make([]any, len(columns))
	for i, c := range columns {
		v, ok := line[c]
		if !ok {
			return nil, false
		}
		switch v := v.(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, false
			}
			values[i] = n
		case map[string]any:
			text, err := json.Marshal(v)
			var raw binary
			if err != nil || json.Unmarshal(text, &raw) != nil {
				return nil, false
			}
			if raw.Base64 == nil {
				raw.Base64 = []byte{}
			}
			values[i] = raw.Base64
		case string, bool, nil:
			values[i] = v
		default:
			return nil, false
		}
	}
	return values, len(line) == len(columns)
}
