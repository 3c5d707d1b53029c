package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestFlights_whoLeavesDoesNotTakeTheOthersAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		runs := 0
		compute := func(ctx context.Context) (any, error) {
			runs++
			select {
			case <-time.After(time.Minute):
				return "done", nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		first, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := f.do(first, "k", compute); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if v, err := f.do(t.Context(), "k", compute); v != "done" || err != nil {
				t.Errorf("who stayed got %v, %v", v, err)
			}
		})
		synctest.Wait()
		leave()
		wg.Wait()
		if runs != 1 {
			t.Errorf("computed %d times", runs)
		}
	})
}

func TestFlights_theLastToLeaveCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		cancelled := 0
		compute := func(ctx context.Context) (any, error) {
			<-ctx.Done()
			cancelled++
			return nil, ctx.Err()
		}
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = f.do(ctx, "k", compute) })
		}
		synctest.Wait()
		leave()
		wg.Wait()
		// Who comes right after them does not get their cancelled computation.
		if v, err := f.do(t.Context(), "k", func(context.Context) (any, error) { return 1, nil }); v != 1 || err != nil {
			t.Errorf("who came later got %v, %v", v, err)
		}
		synctest.Wait()
		if cancelled != 1 || len(f.running) != 0 {
			t.Errorf("cancelled %d times, %d left behind", cancelled, len(f.running))
		}
	})
}

func TestFlights_aPanicIsAnError(t *testing.T) {
	var f flights
	_, err := f.do(t.Context(), "k", func(context.Context) (any, error) { panic("broken") })
	if err == nil || !strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
	if v, err := f.do(t.Context(), "k", func(context.Context) (any, error) { return 2, nil }); v != 2 || err != nil {
		t.Errorf("afterwards %v, %v", v, err)
	}
}

// narrow is an engine with one core.
func narrow(t *testing.T) *Engine {
	t.Helper()
	e, err := NewEngine(nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	e.slots = make(chan struct{}, 1)
	return e
}

func TestCompute_aFullQueueSaysSoAndRecovers(t *testing.T) {
	e := narrow(t)
	synctest.Test(t, func(t *testing.T) {
		e.slots = make(chan struct{}, 1) // of this bubble
		release := make(chan struct{})
		hold := func(context.Context) error { <-release; return nil }
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := e.compute(t.Context(), hold); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range queueLength - 1 {
			wg.Go(func() {
				if err := e.compute(ctx, hold); !errors.Is(err, context.Canceled) {
					t.Errorf("who left the queue got %v", err)
				}
			})
		}
		synctest.Wait()
		var full *Error
		if err := e.compute(t.Context(), hold); !errors.As(err, &full) || full.Code != Unavailable || full.Key != "web.error.busy" || full.RetryAfter <= 0 {
			t.Errorf("a full queue says %v", full)
		}
		leave()
		synctest.Wait()
		if e.Waiting() != 1 {
			t.Errorf("%d wait after they have left", e.Waiting())
		}
		close(release)
		wg.Wait()
		if err := e.compute(t.Context(), func(context.Context) error { return nil }); err != nil || e.Waiting() != 0 || e.Refused() != 1 {
			t.Errorf("afterwards %v, %d waiting, %d refused", err, e.Waiting(), e.Refused())
		}
	})
}

func TestCompute_takesNoLongerThanPeopleWait(t *testing.T) {
	e := narrow(t)
	synctest.Test(t, func(t *testing.T) {
		e.slots = make(chan struct{}, 1)
		forever := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		var wg sync.WaitGroup
		wg.Go(func() {
			var tooLong *Error
			if err := e.compute(t.Context(), forever); !errors.As(err, &tooLong) || tooLong.Code != Unavailable || tooLong.Key != "web.error.too_long" {
				t.Errorf("a case without end says %v", err)
			}
		})
		wg.Wait()
		// A core that does not come free in time is no fault of the case.
		e.slots <- struct{}{}
		var busy *Error
		if err := e.compute(t.Context(), forever); !errors.As(err, &busy) || busy.Key != "web.error.busy" {
			t.Errorf("no core in time says %v", err)
		}
		<-e.slots
		// Somebody's own deadline stays theirs.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.compute(ctx, forever); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a deadline of one's own says %v", err)
		}
	})
}
