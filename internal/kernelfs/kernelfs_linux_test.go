package kernelfs

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestUnescape: what an escape stands for is not taken for the beginning of another.
func TestUnescape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`/a\040b`: "/a b", `/a\134040`: `/a\040`, `/a\134043`: `/a\043`, `/a\134134`: `/a\134`, `/\011\012\043`: "/\t\n#", `/a\b`: `/a\b`,
	} {
		assert.Equal(t, want, Unescape(text), text)
	}
}
