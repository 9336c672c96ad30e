package stubgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAlong: packages of the same name, and of names that Go has not, can be loaded with another
// one.
func TestAlong(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"b=example.com/b@v1.0.0", "pgo=example.com/model/go", "b2=example.com/c/b/v2", "p3d=example.com/3d", "a_b=example.com/a-b"},
		Along([]string{"example.com/a", "example.com/b@v1.0.0", "example.com/model/go", "example.com/c/b/v2", "example.com/3d", "example.com/a-b"}))
}
