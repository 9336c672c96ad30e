// Package crowdtest keeps tests apart that make more than a thousand processes: two of them at once
// take what a container lets all its processes have, and then whatever else runs there fails, too.
package crowdtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

// Alone waits until no other test of this machine, in whatever process, holds this, and holds it
// until the test has ended.
func Alone(t testing.TB) {
	t.Helper()
	lock := flock.New(filepath.Join(os.TempDir(), "load-crowd-test.lock"))
	taken, err := lock.TryLockContext(t.Context(), 50*time.Millisecond)
	require.NoError(t, err)
	require.True(t, taken)
	t.Cleanup(func() { require.NoError(t, lock.Unlock()) })
}
