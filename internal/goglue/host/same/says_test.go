package same

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
)

// odd is an error of a type whose values can be compared, or not.
type odd struct{ of any }

func (odd) Error() string { return "odd" }

// TestSays: what an error wraps may be anything of the host's, and comparing it ends nothing.
func TestSays(t *testing.T) {
	t.Parallel()
	wraps := func(all ...error) *engine.ModuleError { return &engine.ModuleError{Message: "m", Wrapped: all} }
	one := errors.New("one")
	assert.True(t, says(wraps(one), wraps(one)))
	assert.True(t, says(wraps(odd{1}), wraps(odd{1})))
	assert.False(t, says(wraps(one), wraps(errors.New("one"))))
	assert.False(t, says(wraps(odd{[]int{1}}), wraps(odd{[]int{1}})))
	assert.False(t, says(wraps(nil), wraps(one)))
}
