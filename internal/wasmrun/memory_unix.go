//go:build (linux || darwin) && (amd64 || arm64)

package wasmrun

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// reserved is a memory whose room is reserved.
type reserved struct {
	room []byte
	size uint64 // of what can be used
}

// reserve reserves room of which the first bytes can be used.
func reserve(first, most uint64) (*reserved, error) {
	room, err := syscall.Mmap(-1, 0, int(max(first, most, 1)), syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, err
	}
	r := &reserved{room: room}
	if first > 0 && r.Reallocate(first) == nil {
		r.release()
		return nil, syscall.ENOMEM
	}
	return r, nil
}

// Reallocate implements [experimental.LinearMemory].
func (r *reserved) Reallocate(size uint64) []byte {
	if size > uint64(len(r.room)) {
		return nil
	}
	if size > r.size {
		if syscall.Mprotect(r.room[r.size:size], syscall.PROT_READ|syscall.PROT_WRITE) != nil {
			return nil
		}
		r.size = size
	}
	return r.room[:size:size]
}

// Free implements [experimental.LinearMemory]: see [Memories.Release].
func (r *reserved) Free() {}

// empty gives the pages back that were touched; on other systems than Linux they need not be zero
// then.
func (r *reserved) empty() bool {
	return runtime.GOOS == "linux" && unix.Madvise(r.room[:r.size], unix.MADV_DONTNEED) == nil
}

func (r *reserved) release() {
	_ = syscall.Munmap(r.room) // it is mapped
	r.room, r.size = nil, 0
}
