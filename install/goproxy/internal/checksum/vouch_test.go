package checksum_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
)

// TestVouched: who vouches for a sum stands behind a lock file and a go.sum file, and promises
// nothing: an age is asked all the same.
func TestVouched(t *testing.T) {
	t.Parallel()
	m := module.Version{Path: "example.com/a", Version: "v1.0.0"}
	var s checksum.Sums
	s.Vouch([]byte("example.com/a v1.0.0 h1:vouched\nbroken line of more words\n"))
	known, err := s.Kept(m, "h1:vouched")
	require.NoError(t, err)
	assert.True(t, known)
	assert.False(t, s.Promises(m))
	known, err = s.Kept(m, "h1:other")
	require.NoError(t, err)
	assert.False(t, known, "the database is asked")
	s.Lock([]find.ModuleVersion{{Path: m.Path, Version: m.Version, Sum: "h1:locked"}})
	_, err = s.Kept(m, "h1:vouched")
	var wrong *install.ChecksumError
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, "the lock file", wrong.By)
}
