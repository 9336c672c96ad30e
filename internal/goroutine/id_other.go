//go:build !unix || (!amd64 && !arm64)

package goroutine

// ID returns the number of the calling goroutine, which no other one ever has.
func ID() uint64 { return parsed() }
