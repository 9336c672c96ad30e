//go:build !go1.26 || wasip1

package guestgoroutine

// still reports whether no other goroutine runs, or could. It is not known here.
func (g *Goroutines) still() bool { return false }
