//go:build !unix

package system

// fileLimit returns 0: the system sets no such limit.
func fileLimit() uint64 { return 0 }
