// Package budget counts memory that several users share.
package budget

import (
	"context"
	"sync"
)

// Budget is a number of bytes that are taken and given back. It is safe for concurrent use.
type Budget struct {
	max  int
	turn chan struct{} // has space for one: who put something in may wait for bytes

	mu    sync.Mutex
	used  int
	given uint64        // how often bytes were given back
	freed chan struct{} // is closed when bytes are given back; nil where nobody waits
}

// New returns a budget of so many bytes.
func New(max int) *Budget { return &Budget{max: max, turn: make(chan struct{}, 1)} }

// Max is the number of bytes that can be taken.
func (b *Budget) Max() int { return b.max }

// Take takes n bytes where so many are left, and reports whether it did.
func (b *Budget) Take(n int) bool { return b.TakeSome(n, n, b.max) > 0 }

// TakeAlone takes n bytes, even more than there are, where none are taken, and reports whether it
// did.
func (b *Budget) TakeAlone(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used > 0 {
		return false
	}
	b.used = n
	return true
}

// Wait takes n bytes when so many are left or, where n is more than there are, when none are taken.
// Those who wait get them in turn. The error is the context's cause.
func (b *Budget) Wait(ctx context.Context, n int) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.turn }()
	for {
		_, again := b.Freed()
		if b.Take(n) || b.TakeAlone(n) {
			return nil
		}
		select {
		case <-again:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Add takes n bytes even where they are not left.
func (b *Budget) Add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
}

// Full reports whether more bytes are taken than there are.
func (b *Budget) Full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used > b.max
}

// TakeSome takes least bytes or, as far as they are left, up to most, and returns how many it took:
// 0 where least more would make more than limit.
func (b *Budget) TakeSome(least, most, limit int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if least > limit-b.used {
		return 0
	}
	n := min(most, b.max-b.used)
	b.used += n
	return n
}

// Give gives n bytes back.
func (b *Budget) Give(n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.given++
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// Freed returns how often bytes were given back so far, and a channel that is closed when that
// happens again.
func (b *Budget) Freed() (given uint64, again <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.given, b.freed
}
