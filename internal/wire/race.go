//go:build race

package wire

// racing says that the race detector watches, which must not see comparisons.
const racing = true
