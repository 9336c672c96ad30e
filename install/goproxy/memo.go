package goproxy

import "sync"

// memo computes a value once for each key, however many goroutines ask; the others wait. It belongs
// to one request, so that the context that one of them brings is the context of all.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	cells map[K]func() (V, error)
}

func (m *memo[K, V]) do(key K, compute func() (V, error)) (V, error) {
	m.mu.Lock()
	cell, ok := m.cells[key]
	if !ok {
		if m.cells == nil {
			m.cells = make(map[K]func() (V, error))
		}
		cell = sync.OnceValues(compute)
		m.cells[key] = cell
	}
	m.mu.Unlock()
	return cell()
}
