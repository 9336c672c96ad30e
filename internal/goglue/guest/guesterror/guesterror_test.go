package guesterror

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMatches finds a sentinel that an error of the host accepts, in a module without the package.
func TestMatches(t *testing.T) {
	t.Parallel()
	err := &Plain{Host: &Plain{}, Message: "open x", Matches: []error{&Unlinked{"io/fs.ErrNotExist", ""}}}
	assert.ErrorIs(t, err, &Unlinked{"io/fs.ErrNotExist", "file does not exist"})
	assert.ErrorIs(t, err, (&Unlinked{"io/fs.ErrNotExist", "file does not exist"}).Able(able))
	assert.NotErrorIs(t, err, &Unlinked{"io/fs.ErrExist", ""})
	assert.NotErrorIs(t, err, errors.New("file does not exist"))
}
