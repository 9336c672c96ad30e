//go:build !linux

package store

// holder returns 0: the system does not tell who holds the lock of a file.
func holder(string) int { return 0 }
