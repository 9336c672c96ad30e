//go:build !wasip1

package guestgoroutine

// parallel says that goroutines run at the same time.
const parallel = true
