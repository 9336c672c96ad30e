package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestManyLive: however many use a store, each tells what it uses, by a file of its own, and there are
// not many more files than users.
func TestManyLive(t *testing.T) {
	t.Parallel()
	const n = 300
	root := t.TempDir()
	places := map[string]bool{}
	var release []func()
	for i := range n {
		s, err := Open(root)
		require.NoError(t, err)
		release = append(release, s.Hold())
		s.use([]string{fmt.Sprint("thing", i)}, []string{""})
		require.NotNil(t, s.live.file)
		places[s.live.file.Name()] = true
	}
	assert.Len(t, places, n)
	s, err := Open(root)
	require.NoError(t, err)
	used, err := s.inUse()
	require.NoError(t, err)
	assert.Len(t, used, n)
	files, err := os.ReadDir(filepath.Join(root, "live"))
	require.NoError(t, err)
	assert.Less(t, len(files), 4*n)
	for _, r := range release {
		r()
	}
	used, err = s.inUse()
	require.NoError(t, err)
	assert.Empty(t, used)
	s.use([]string{"thing"}, []string{""})
	assert.Equal(t, "0", filepath.Base(s.live.file.Name()))
}
