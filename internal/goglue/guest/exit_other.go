//go:build !wasip1

package guest

import "runtime"

// exit ends the goroutine, as the host's function has ended its own.
func exit() { runtime.Goexit() }

// unwound reports whether a panic stands for the end of the goroutine.
func unwound(any) bool { return false }
