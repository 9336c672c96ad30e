package workspace

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPattern: a directory of a module may have a name that the go command takes for several
// packages, which are not compiled then.
func TestPattern(t *testing.T) {
	t.Parallel()
	_, err := new(Workspace).ListDeps(t.Context(), "fmt", "example.com/m/a...b")
	assert.EqualError(t, err, "it cannot be compiled by its name\n\tmalformed import path \"example.com/m/a...b\": it holds \"...\", by which the go command takes it for several packages")
}
