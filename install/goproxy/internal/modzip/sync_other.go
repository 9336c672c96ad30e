//go:build !linux

package modzip

import "context"

// Sync does nothing where a file system cannot be synced as a whole: file by file takes longer
// than the rest of an install.
func Sync(context.Context, string) error { return nil }
