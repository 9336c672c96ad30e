package values

import "syscall"

func MapMemory(n int) (err error) {
	mapped, err = syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	return err
}

// UnmapMemory takes the memory away, and leaves its addresses to nobody else.
func UnmapMemory() error { return syscall.Mprotect(mapped, syscall.PROT_NONE) }
