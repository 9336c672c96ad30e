//go:build !linux

// Package kernelfs knows the file systems whose files are the kernel's, which it does on Linux.
package kernelfs

// Refuse returns why a file or directory of this path cannot be granted, or nil.
func Refuse(string) error { return nil }

// Has reports whether a device is that of such a file system.
func Has(uint64) bool { return false }
