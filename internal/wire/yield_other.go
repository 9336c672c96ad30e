//go:build !linux

package wire

// yield does nothing where threads cannot be told to wait for their turn.
func yield() {}
