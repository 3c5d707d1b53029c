package warehouse

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	driver "modernc.org/sqlite"
)

// ErrWriting is a write that waited for another one in vain: an import of this program that was neither paused nor aborted, or
// one of another program.
var ErrWriting = errors.New("warehouse: another import is writing")

// patience is how long a writer waits for one that does nothing. One that works may take as long as it needs.
var patience = 10 * time.Second

// turn lets the writers of a file in one after the other. SQLite does too, but there the one that waits asks again and again
// and gives up after a time, however well the other gets on.
type turn struct {
	taken chan struct{} // holds a value while someone writes
	done  atomic.Int64  // what writers have done so far
}

var turns sync.Map // path → *turn, for all warehouses of this process

func turnOf(path string) *turn {
	t, _ := turns.LoadOrStore(path, &turn{taken: make(chan struct{}, 1)})
	return t.(*turn)
}

// whole is the one name of a file that has several.
func whole(path string) string {
	if p, err := filepath.Abs(path); err == nil {
		path = p
	}
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	return path
}

// take waits for the turn; give ends it. nil is a server that lets several write. ErrWriting.
func (t *turn) take(ctx context.Context) (give func(), err error) {
	if t == nil {
		return func() {}, nil
	}
	give = sync.OnceFunc(func() { t.done.Add(1); <-t.taken })
	select {
	case t.taken <- struct{}{}:
		return give, nil
	default:
	}
	for {
		before := t.done.Load()
		wait := time.NewTimer(patience)
		select {
		case t.taken <- struct{}{}:
			wait.Stop()
			return give, nil
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		case <-wait.C:
			if t.done.Load() == before {
				return nil, ErrWriting
			}
		}
	}
}

// busy tells SQLite's own refusal, which comes where another program writes.
func busy(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff == 5 { // SQLITE_BUSY
		return errors.Join(ErrWriting, err)
	}
	return err
}

// goes says that the writer goes on.
func (t *turn) goes() {
	if t != nil {
		t.done.Add(1)
	}
}
