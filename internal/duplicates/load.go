package duplicates

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// selects read the records in the order of the fields of specOf. A contact has the name and the domain of its account.
var selects = map[string]string{
	Accounts: "SELECT r.ext_id, r.name, r.street, r.postal_code, r.city, r.country, r.domain, r.vat_id, r.phone FROM crm_account r",
	Contacts: "SELECT r.ext_id, r.first_name, r.last_name, r.email, r.phone, a.name, a.domain FROM crm_contact r LEFT JOIN crm_account a ON a.source = r.source AND a.ext_id = r.account",
}

const there = " WHERE r.source = $1 AND r.deleted_at IS NULL AND r.merged_into IS NULL"

// specOf is how a table is compared.
func specOf(o Options) (linkage.Spec, error) {
	var spec linkage.Spec
	switch o.Table {
	case Accounts:
		spec = linkage.Accounts()
	case Contacts:
		spec = contacts()
	default:
		return spec, fmt.Errorf("%w: %s", ErrTable, o.Table)
	}
	for _, c := range o.Columns {
		if !slices.Contains(spec.Fields, c) {
			return spec, fmt.Errorf("%w: %s", ErrColumn, c)
		}
	}
	spec.Least = o.Threshold
	return spec, nil
}

// contacts is linkage's comparison of people with one thing more that a CRM knows: the domain of the account, for those whose
// own address is private or missing.
func contacts() linkage.Spec {
	spec := linkage.Contacts()
	spec.Fields = append(slices.Clone(spec.Fields), "domain")
	account := linkage.Field(spec.Fields, "domain", linkage.Domain)
	account.Name = "account_domain"
	for i, f := range spec.Features {
		if f.Name == "employer_domain" {
			own := f
			own.Name = "own_domain"
			f.After, f.From = []string{own.Name, account.Name}, func(v []string) string { return cmp.Or(v[0], v[1]) }
			spec.Features = slices.Concat(spec.Features[:i], []linkage.Feature{own, account, f}, spec.Features[i+1:])
			break
		}
	}
	return spec
}

// Columns are what the records of a table are compared by; of a contact, account and domain are the name and the domain of
// its account.
func Columns(table string) []string {
	spec, err := specOf(Options{Table: table})
	if err != nil {
		return nil
	}
	return spec.Fields
}

// read is how many records are read between two reports of progress.
const read = 1_000

// load reads the records. Columns that are not asked for are left empty, which says nothing.
func load(ctx context.Context, w *warehouse.Warehouse, s warehouse.Source, o Options, fields []string) (records []linkage.Record, err error) {
	var n int64
	if err := count(ctx, w, "SELECT COUNT(*) FROM crm_"+o.Table+" r"+there, &n, s.ID); err != nil {
		return nil, err
	}
	rows, err := w.Query(ctx, selects[o.Table]+there, s.ID)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	records = make([]linkage.Record, 0, n)
	var slab []string                 // values of many records in one piece
	shared := make(map[string]string) // names of accounts, of which there are few
	var id string
	cells := make([]sql.NullString, len(fields))
	into := []any{&id}
	wanted := make([]bool, len(fields))
	for k := range cells {
		into = append(into, &cells[k])
		wanted[k] = o.Columns == nil || slices.Contains(o.Columns, fields[k])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if len(slab) < len(fields) {
			slab = make([]string, len(fields)*1024)
		}
		values := slab[:len(fields):len(fields)]
		slab = slab[len(fields):]
		for k, c := range cells {
			switch {
			case !wanted[k]:
			case o.Table == Contacts && (fields[k] == "account" || fields[k] == "domain"):
				v, ok := shared[c.String]
				if !ok {
					v = c.String
					shared[v] = v
				}
				values[k] = v
			default:
				values[k] = c.String
			}
		}
		records = append(records, linkage.Record{ID: id, Values: values})
		if o.Progress != nil && len(records)%read == 0 {
			o.Progress(Reading, int64(len(records)), max(n, int64(len(records))))
		}
	}
	return records, rows.Err()
}

func count(ctx context.Context, w *warehouse.Warehouse, query string, into *int64, args ...any) (err error) {
	rows, err := w.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan(into)
	}
	return errors.Join(err, rows.Err())
}
