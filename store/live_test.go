package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestManyLive: however many use a store, each tells what it uses, by a file of its own, and there
// are not many more files than users.
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

// TestUses: what is looked for alone is found where it is found among all, for the asking process
// and for others, and not by a part of its name or behind the last line.
func TestUses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	own, err := Open(root)
	require.NoError(t, err)
	other, err := Open(root)
	require.NoError(t, err)
	t.Cleanup(own.Hold())
	release := other.Hold()
	own.use([]string{"own"}, []string{""})
	other.use([]string{"first", "second", "third"}, []string{"", "", ""})
	release()
	release = other.Hold()
	other.use([]string{"last"}, []string{""}) // before what was left in the file
	for _, thing := range []string{"own", "last", "la", "ast", "first", "second", "third", "end", ""} {
		all, err := own.inUse()
		require.NoError(t, err)
		used, err := own.uses(thing)
		require.NoError(t, err)
		assert.Equal(t, all[thing], used, thing)
		assert.Equal(t, thing == "own" || thing == "last", used, thing)
	}
	release()
	used, err := own.uses("last")
	require.NoError(t, err)
	assert.False(t, used, "its process has ended")
}
