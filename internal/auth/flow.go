package auth

import (
	"context"
	"sync"
	"time"
)

// Flow is a log-in at a provider that has begun and not come back.
type Flow struct {
	// Hash is that of the secret in the browser's cookie.
	Hash string
	// State ties the provider's answer to the log-in, Nonce the ID token, Verifier the code (PKCE).
	State, Nonce, Verifier Secret
	// ReturnTo is a path of ours.
	ReturnTo string
	Expires  time.Time
}

// FlowStore keeps log-ins while people are at the provider.
type FlowStore interface {
	PutFlow(ctx context.Context, f Flow) error
	// TakeFlow answers a log-in and removes it, in one step: of two requests with the same cookie one gets it.
	TakeFlow(ctx context.Context, hash string) (f Flow, found bool, err error)
}

// MemoryFlows keeps log-ins in the memory of one process; a restart loses those under way, and people click again. It is
// safe for use by several goroutines.
type MemoryFlows struct {
	most  int
	mu    sync.Mutex
	flows map[string]Flow
	order []string // as begun; may name flows that are gone
}

// NewMemoryFlows makes one for so many log-ins; beyond them the oldest is forgotten.
func NewMemoryFlows(most int) *MemoryFlows {
	return &MemoryFlows{most: max(most, 1), flows: map[string]Flow{}}
}

// PutFlow keeps a log-in.
func (m *MemoryFlows) PutFlow(_ context.Context, f Flow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flows[f.Hash] = f
	m.order = append(m.order, f.Hash)
	for len(m.order) > m.most {
		delete(m.flows, m.order[0])
		m.order = m.order[1:]
	}
	return nil
}

// TakeFlow answers a log-in once.
func (m *MemoryFlows) TakeFlow(_ context.Context, hash string) (Flow, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.flows[hash]
	delete(m.flows, hash)
	return f, ok, nil
}
