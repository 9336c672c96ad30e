//go:build race

package wire

// racing says that the race detector watches.
const racing = true
