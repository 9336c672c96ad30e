package lockfile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/loadgo/load/lockfile"
	"github.com/stretchr/testify/require"
)

// A test binary that starts with this variable set writes the lock file that it names, until it is
// killed.
const writerEnv = "LOCKFILE_TEST_WRITE"

func TestMain(m *testing.M) {
	path := os.Getenv(writerEnv)
	if path == "" {
		os.Exit(m.Run())
	}
	for i := 0; ; i++ {
		var f lockfile.File
		for j := range 1 + i%50 {
			e := entry()
			e.Name = fmt.Sprintf("example.com/m%d", j)
			if err := f.Set(e); err != nil {
				panic(err)
			}
		}
		if err := f.Write(path); err != nil {
			panic(err)
		}
	}
}

// However a writer ends, the lock file is a whole one.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	for range 10 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerEnv+"="+path)
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			_, err := os.Stat(path)
			return err == nil
		}, time.Minute, time.Millisecond, "the writer does not write")
		time.Sleep(rand.N(10 * time.Millisecond))
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		f, err := lockfile.Read(path)
		require.NoError(t, err)
		require.NotZero(t, f.Len())
	}
}
