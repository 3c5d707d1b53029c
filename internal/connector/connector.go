// Package connector brings what a CRM holds into the canonical tables: one shared layer for speaking to servers, paging,
// waiting, incremental runs and deletions, and one package below for each CRM. Start with Sync and Reader.
//
// A Reader only reads. Nothing here writes to a CRM.
package connector

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
)

// Deletions says how a record that is gone at the source becomes known.
type Deletions int

// The ways.
const (
	Unseen    Deletions = iota // it does not: a log that only grows, or a list that is read whole and small
	Delivered                  // pages hold deleted records too, marked
	Compared                   // by comparing the identifiers that are left with those that are known
)

// Object is a list that a CRM delivers.
type Object struct {
	// Name is stable: the cursor is kept under it.
	Name string
	// Tables are what its pages hold. The cursor lies with the first, which is written last.
	Tables []string
	// Prefix is what the identifiers of the first table begin with where several objects fill that table.
	Prefix    string
	Deletions Deletions
	// Optional objects may be denied or missing: that is a Gap and no error.
	Optional bool
}

// Row is a record on its way into a table. Problem is set where a value cannot be read: the row then becomes a reject.
type Row struct {
	Table   string
	Record  crm.Record
	Problem *crm.Problem
	// Cells are the row as it was delivered, where that is a row of a table: a reject keeps them.
	Cells []string
}

// Mark says that a known record is gone, or went up into another one.
type Mark struct {
	Table, ID string
	Merged    string // the identifier of the other one
	At        int64  // microseconds, 0: now
}

// Page is a part of an object's list.
type Page struct {
	Rows []Row
	// Header names the Cells of the rows, on the first page.
	Header []string
	Marks  []Mark
	// Next leads to the next page; empty after the last.
	Next string
}

// Gap is something that a source does not deliver: it is told beside the figures that need it.
type Gap struct {
	Table  string
	Reason Reason
}

// Key is the key of the message for people; it takes the name of the table.
func (g Gap) Key() string { return "connector.gap." + string(g.Reason) }

// Reason is why; its text is the message connector.gap.REASON.
type Reason string

// The reasons.
const (
	NotOffered Reason = "not_offered" // the CRM has nothing of the kind, or does not give it away
	NotRead    Reason = "not_read"    // the CRM has it, its connector does not read it
	NotMapped  Reason = "not_mapped"  // a database's mapping has no query for it
	NotAllowed Reason = "not_allowed" // the access lacks the right, or the plan of the CRM lacks the feature
	LatestOnly Reason = "latest_only" // only the latest value is known: a series grows from the first run on
	Inferred   Reason = "inferred"    // inferred from who changed something on which day
	Limited    Reason = "limited"     // the history is kept for some time only, or where someone switched it on
	Partial    Reason = "partial"     // some columns that figures need are not there
)

// Reader is what a CRM implements. It is for one goroutine. One that is an io.Closer is closed at the end of a run.
type Reader interface {
	// Open logs in and reads what pages depend on, such as stages and users. It is called before everything else and may be
	// called again. Denied where the access does not hold.
	Open(ctx context.Context) error
	// Objects are what the source delivers, those that others refer to first. Known after Open.
	Objects() []Object
	// Page reads records changed at since or later, all where since is zero, from a cursor that an earlier Page gave, "" for
	// the beginning. The same call may be repeated at any time. A page may be short or empty and have a next one. Records
	// that change while pages are read may come twice but must not be left out, so a cursor should be a place in an order of
	// identifiers, not a count. Refused where the cursor of an earlier run cannot be gone on from: the list is then read from
	// the beginning. Records carry Updated where the source has it; without it every run reads the whole list.
	Page(ctx context.Context, object string, since time.Time, cursor string) (Page, error)
	// IDs lists the identifiers that exist, in ascending order from a cursor. Only asked of objects that are Compared.
	IDs(ctx context.Context, object, cursor string) (ids []string, next string, err error)
	// Gaps are what the source does not deliver, known after the last page.
	Gaps() []Gap
}
