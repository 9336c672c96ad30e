package guest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMatches finds a sentinel that an error of the host accepts, in a module without the package.
func TestMatches(t *testing.T) {
	t.Parallel()
	err := &hostError{host: &Host{handle: 1}, message: "open x", matches: []error{&unlinked{"io/fs.ErrNotExist", ""}}}
	assert.ErrorIs(t, err, &unlinked{"io/fs.ErrNotExist", "file does not exist"})
	assert.ErrorIs(t, err, (&unlinked{"io/fs.ErrNotExist", "file does not exist"}).able(able))
	assert.NotErrorIs(t, err, &unlinked{"io/fs.ErrExist", ""})
	assert.NotErrorIs(t, err, errors.New("file does not exist"))
}
