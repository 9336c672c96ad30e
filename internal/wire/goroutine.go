//go:build unix && (amd64 || arm64)

package wire

// Goroutine returns what the calling goroutine is known by as long as it is there.
func Goroutine() uintptr
