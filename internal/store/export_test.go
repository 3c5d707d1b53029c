package store

import (
	"context"
	"database/sql"
)

// OpenAt opens a database with the schema of an earlier version, as the program of that time left it.
func OpenAt(ctx context.Context, address string, schema int64) (*Store, error) {
	s, err := connect(ctx, address, nil)
	if err != nil {
		return nil, err
	}
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	s.migrated = Migrated{To: schema}
	_, err = p.UpTo(ctx, schema)
	return s, err
}

// DB is the connection that writes.
func (s *Store) DB() *sql.DB { return s.writer }

// TableNames are the tables a backup holds at a schema.
func TableNames(schema int64) []string {
	var names []string
	for _, t := range tables {
		if since[t.name] <= schema {
			names = append(names, t.name)
		}
	}
	return names
}
