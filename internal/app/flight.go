package app

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights compute once for all who ask for the same thing at the same time. Whoever leaves does not take the others along;
// when the last has left, the computation is cancelled.
type flights struct {
	mu      sync.Mutex
	running map[string]*flight
}

type flight struct {
	done   chan struct{}
	cancel context.CancelFunc
	asking int // guarded by flights.mu
	value  any
	err    error
}

// do returns what compute returns, or the error of ctx. compute runs in a goroutine of its own; a panic there is an error.
func (f *flights) do(ctx context.Context, key string, compute func(context.Context) (any, error)) (any, error) {
	c := f.join(ctx, key, compute)
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.asking--; c.asking == 0 {
		c.cancel()
		f.forget(key, c) // who comes now starts anew
	}
	return nil, ctx.Err()
}

func (f *flights) join(ctx context.Context, key string, compute func(context.Context) (any, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.running[key]; ok {
		c.asking++
		return c
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &flight{done: make(chan struct{}), cancel: cancel, asking: 1}
	if f.running == nil {
		f.running = map[string]*flight{}
	}
	f.running[key] = c
	go func() {
		defer func() {
			if v := recover(); v != nil {
				c.value, c.err = nil, fmt.Errorf("app: panic while computing: %v\n%s", v, debug.Stack())
			}
			f.mu.Lock()
			f.forget(key, c)
			f.mu.Unlock()
			cancel()
			close(c.done)
		}()
		c.value, c.err = compute(own)
	}()
	return c
}

// forget takes a flight out of the table, where it has not been replaced; f.mu is held.
func (f *flights) forget(key string, c *flight) {
	if f.running[key] == c {
		delete(f.running, key)
	}
}
