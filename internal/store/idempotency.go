package store

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// IdempotencyLease is how long a request that never finished blocks its key. After that, it is taken to have died with
// the process.
const IdempotencyLease = 2 * time.Minute

// Idempotency is a request of the API and its answer, so that the same request sent twice is carried out once. Status is
// the HTTP status, 0 while the request runs.
type Idempotency struct {
	Key         string
	UserID      string
	Method      string
	Path        string
	RequestHash string
	Status      int
	Body        []byte
	At          time.Time
}

// BeginIdempotent claims a key. fresh is true where the caller must carry out the request and then call
// FinishIdempotent or DropIdempotent; false with the earlier answer where it was carried out before. ErrInProgress
// while another one works on it, ErrKeyReused where method, path or request hash differ, ErrNotFound for an unknown user.
func (s *Store) BeginIdempotent(ctx context.Context, i Idempotency) (answer Idempotency, fresh bool, err error) {
	i.Key, i.Path, i.Status, i.Body, i.At = clean(i.Key), clean(i.Path), 0, nil, s.now()
	err = s.write(ctx, "claiming the idempotency key", func(q *query.Queries) error {
		fresh = false
		n, err := q.InsertIdempotency(ctx, query.InsertIdempotencyParams{UserID: i.UserID, Key: i.Key, Method: i.Method, Path: i.Path,
			RequestHash: i.RequestHash, Body: []byte{}, At: micros(i.At)})
		if err != nil {
			return err
		}
		if n == 1 {
			answer, fresh = i, true
			return nil
		}
		r, err := q.Idempotency(ctx, query.IdempotencyParams{UserID: i.UserID, Key: i.Key})
		if err != nil {
			return err
		}
		answer = Idempotency{Key: r.Key, UserID: r.UserID, Method: r.Method, Path: r.Path, RequestHash: r.RequestHash,
			Status: int(r.Status), Body: r.Body, At: moment(r.At)}
		if r.Method != i.Method || r.Path != i.Path || r.RequestHash != i.RequestHash {
			return ErrKeyReused
		}
		if r.Status != 0 {
			return nil
		}
		n, err = q.TakeIdempotency(ctx, query.TakeIdempotencyParams{UserID: i.UserID, Key: i.Key, At: micros(i.At),
			Before: micros(i.At.Add(-IdempotencyLease))})
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrInProgress
		}
		answer, fresh = i, true
		return nil
	})
	if err != nil {
		return Idempotency{}, false, err
	}
	return answer, fresh, nil
}

// FinishIdempotent keeps the answer to a claimed key. ErrNotFound where it was not claimed or has an answer.
func (s *Store) FinishIdempotent(ctx context.Context, userID, key string, status int, body []byte) error {
	if body == nil {
		body = []byte{}
	}
	return s.write(ctx, "keeping the answer", func(q *query.Queries) error {
		return one(q.FinishIdempotency(ctx, query.FinishIdempotencyParams{UserID: userID, Key: clean(key), Status: int64(status), Body: body}))
	})
}

// DropIdempotent gives a claimed key back, where the request failed in a way that trying again may mend. ErrNotFound.
func (s *Store) DropIdempotent(ctx context.Context, userID, key string) error {
	return s.write(ctx, "giving the key back", func(q *query.Queries) error {
		return one(q.DeleteIdempotency(ctx, query.DeleteIdempotencyParams{UserID: userID, Key: clean(key)}))
	})
}
