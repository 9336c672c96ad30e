//go:build !unix

package regular

// nonblock is nothing: pipes do not lie in directories here.
const nonblock = 0
