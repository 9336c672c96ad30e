//go:build !unix || (!amd64 && !arm64)

package wire

// Goroutine returns 0: goroutines cannot be told apart here.
func Goroutine() uintptr { return 0 }
