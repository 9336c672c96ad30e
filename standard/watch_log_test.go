package standard_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
)

// TestWatchLog: a log in the tree of a watched package does not make a version that was refused fail
// again, which the log would tell of, and so on.
func TestWatchLog(t *testing.T) {
	t.Parallel()
	outcomes := make(chan string, 100)
	l := gardenLoader(t, load.Config{Events: func(e load.Event) {
		switch e := e.(type) {
		case event.Kept:
			outcomes <- "kept " + filepath.Base(e.Name)
		case event.Reloaded:
			outcomes <- "reloaded " + filepath.Base(e.Name)
		}
	}})
	dir := t.TempDir()
	broken, other := filepath.Join(dir, "p", "p.go"), filepath.Join(dir, "other.star")
	replace(t, broken, "package p\n\nfunc N() int { return 1 }\n")
	replace(t, other, "n = 0\n")
	for _, name := range []string{filepath.Dir(broken), other} {
		_, err := l.Load(t.Context(), name)
		require.NoError(t, err)
	}
	require.NoError(t, l.Watch(t.Context()))
	for _, version := range []string{"1 +", "2 +"} { // and a second one is told of
		replace(t, broken, "package p\n\nfunc N() int { return "+version+" }\n")
		assert.Equal(t, "kept p", <-outcomes)
		for line := range 3 { // what is told of the change of other comes behind what is told of the log's
			replace(t, filepath.Join(dir, "p", "log.txt"), fmt.Sprint(version, line))
			replace(t, other, fmt.Sprintf("n = %q\n", fmt.Sprint(version, line)))
			assert.Equal(t, "reloaded other.star", <-outcomes)
		}
	}
	replace(t, broken, "package p\n\nfunc N() int { return 1 }\n") // as it runs
	replace(t, other, "n = 3\n")
	assert.Equal(t, "reloaded other.star", <-outcomes)
	replace(t, broken, "package p\n\nfunc N() int { return 2 + }\n")
	assert.Equal(t, "kept p", <-outcomes, "once more, since another was there meanwhile")
	replace(t, broken, "package p\n\nfunc N() int { return 2 }\n")
	assert.Equal(t, "reloaded p", <-outcomes)
}
