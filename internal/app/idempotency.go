package app

import (
	"context"
	"errors"
	"time"

	"github.com/rendite-crm/rendite/internal/store"
)

// Request is a request that its sender may repeat without it being carried out twice. Hash stands for all of it that
// matters: body, and what the sender was allowed to do.
type Request struct {
	Key, Method, Path, Hash string
}

// Kept is the answer to a request, as it was given the first time.
type Kept struct {
	Status int
	Body   []byte
}

// BeginOnce claims the actor's key for a request. It returns the answer where there is one; without, the caller carries
// the request out and calls FinishOnce or DropOnce. The same key with another request is Invalid; a request that still
// runs is a Conflict with RetryAfter.
func (a *App) BeginOnce(ctx context.Context, who Actor, r Request) (*Kept, error) {
	answer, fresh, err := a.store.BeginIdempotent(ctx, store.Idempotency{Key: r.Key, UserID: who.User, Method: r.Method, Path: r.Path, RequestHash: r.Hash})
	switch {
	case errors.Is(err, store.ErrKeyReused):
		return nil, &Error{Code: Invalid, Key: "api.error.idempotency_key_reused"}
	case errors.Is(err, store.ErrInProgress):
		return nil, &Error{Code: Conflict, Key: "api.error.idempotency_running", RetryAfter: time.Second}
	case err != nil:
		return nil, known(err)
	case fresh:
		return nil, nil //nolint:nilnil // no answer yet is no failure
	}
	return &Kept{Status: answer.Status, Body: answer.Body}, nil
}

// FinishOnce keeps the answer to a request.
func (a *App) FinishOnce(ctx context.Context, who Actor, key string, k Kept) error {
	return known(a.store.FinishIdempotent(ctx, who.User, key, k.Status, k.Body))
}

// DropOnce gives the key back where nothing was done, so that the request can be sent again.
func (a *App) DropOnce(ctx context.Context, who Actor, key string) error {
	return known(a.store.DropIdempotent(ctx, who.User, key))
}
