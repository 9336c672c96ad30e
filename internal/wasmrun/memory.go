package wasmrun

import (
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental"
)

// Memories makes the linear memories of the instances of a module: each has its room in the address
// space reserved from the beginning, and grows where it is. wazero's own are copied as a whole when
// they grow, which nothing interrupts, the host's garbage collector included; and they are cleared
// as a whole, where here only those pages exist that the module touches. Where no room can be
// reserved they are the same as wazero's. It implements [experimental.MemoryAllocator].
type Memories struct {
	mu       sync.Mutex
	reserved []*reserved
}

// maxReserved is how many memories of the program are reserved: a system knows a limited number of
// them, and Go's own are among these.
const maxReserved = 10_000

// reservations counts them.
var reservations atomic.Int32

// Allocate implements [experimental.MemoryAllocator].
func (m *Memories) Allocate(first, most uint64) experimental.LinearMemory {
	if r := m.reserve(first, most); r != nil {
		return r
	}
	return new(copied)
}

// reserve returns nil where there is no room.
func (m *Memories) reserve(first, most uint64) *reserved {
	if reservations.Add(1) > maxReserved {
		reservations.Add(-1)
		return nil
	}
	r, err := reserve(first, most)
	if err != nil {
		reservations.Add(-1)
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reserved = append(m.reserved, r)
	return r
}

// Empty makes the memories zero without taking room for that, and reports whether it could.
func (m *Memories) Empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.reserved {
		if !r.empty() {
			return false
		}
	}
	return len(m.reserved) > 0
}

// Release gives the memories back. Nothing may use the instances any more: wazero still refers to a
// memory once its instance is closed.
func (m *Memories) Release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.reserved {
		r.release()
		reservations.Add(-1)
	}
	m.reserved = nil
}

// copied is a memory that is copied when it grows.
type copied struct{ data []byte }

// Reallocate implements [experimental.LinearMemory].
func (c *copied) Reallocate(size uint64) []byte {
	if c.data == nil {
		c.data = make([]byte, size)
	}
	if grown := int(size) - len(c.data); grown > 0 {
		c.data = append(c.data, make([]byte, grown)...)
	}
	return c.data[:size]
}

// Free implements [experimental.LinearMemory].
func (c *copied) Free() {}
