// Package weakset keeps values in mind until the program drops them.
package weakset

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"weak"
)

// Set is the values that the program still holds. The zero Set is empty; all methods are safe for
// concurrent use.
type Set[T any] struct {
	mu   sync.Mutex
	last int64
	all  map[int64]weak.Pointer[T]
}

// Add keeps v in mind until the program drops it.
func (c *Set[T]) Add(v *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = make(map[int64]weak.Pointer[T])
	}
	c.last++
	c.all[c.last] = weak.Make(v)
	runtime.AddCleanup(v, func(n int64) {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.all, n)
	}, c.last)
}

// Any reports whether there may be some.
func (c *Set[T]) Any() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all) > 0
}

// Held lists the values that the program still holds, oldest first.
func (c *Set[T]) Held() []*T {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*T
	for _, n := range slices.Sorted(maps.Keys(c.all)) {
		if v := c.all[n].Value(); v != nil {
			all = append(all, v)
		}
	}
	return all
}
