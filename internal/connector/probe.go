package connector

import (
	"context"
	"io"
	"time"
)

// Needer is a Reader that cannot do without some settings. Needs names them as they are kept, and is asked before Open.
type Needer interface{ Needs() []string }

// Counter is a Reader that can say beforehand how many records the pages of an object will hold, so that a run can say how
// long it will take. Negative where it is not known.
type Counter interface {
	Count(ctx context.Context, object string, since time.Time) (int64, error)
}

// Probed is what came of asking for an object: nil where it may be read.
type Probed struct {
	Object Object
	Err    error
}

// Probe logs in and asks each object for what was changed since an instant; nothing is kept. An error is that of the log-in,
// or the end of ctx.
func Probe(ctx context.Context, r Reader, since time.Time) ([]Probed, error) {
	if err := r.Open(ctx); err != nil {
		return nil, err
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close() //nolint:errcheck // only read
	}
	var all []Probed
	for _, o := range r.Objects() {
		_, err := r.Page(ctx, o.Name, since, "")
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		all = append(all, Probed{o, err})
	}
	return all, nil
}
