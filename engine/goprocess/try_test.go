//go:build linux

package goprocess_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
)

// TestTry: what is said ahead of a load is what the load gets, with its grants and limits.
func TestTry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, a, err := compile(t, goprocess.Config{}, map[string]string{"m.go": "package m\n\nfunc One() int { return 1 }\n"})
	require.NoError(t, err)
	for name, change := range map[string]func(*engine.Artifact){
		"plain":   func(*engine.Artifact) {},
		"granted": func(a *engine.Artifact) { a.Grants = engine.Grants{ReadOnly: []string{dir}, Network: true} },
		"limited": func(a *engine.Artifact) { a.Limits.Memory = 64 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := a
			change(&a)
			m := open(t.Context(), t, e, a)
			a.Files = nil
			assert.Equal(t, m.(engine.Isolated).Isolation(), e.Try(a))
		})
	}
	for name, c := range map[string]struct {
		change func(*engine.Artifact)
		why    string
	}{
		"too little memory": {func(a *engine.Artifact) { a.Limits.Memory = 1 << 20 }, "less than a module"},
		"no such grant":     {func(a *engine.Artifact) { a.Grants.ReadOnly = []string{dir + "/gone"} }, dir + "/gone"},
		"noexec store":      {func(a *engine.Artifact) { a.WorkDir = noexecDir(t) }, "mounted noexec"},
		"no store":          {func(a *engine.Artifact) { a.WorkDir = dir + "/gone" }, dir + "/gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := a
			c.change(&a)
			i := e.Try(a)
			assert.Equal(t, "none", i.Level)
			assert.Contains(t, i.Measures[0].Why, c.why)
			if name != "noexec store" { // its program would be there, too
				_, err := e.Open(t.Context(), a, nil)
				assert.Error(t, err)
			}
		})
	}
}

// noexecDir returns a place from which nothing can be started, which every system has.
func noexecDir(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 5 && strings.Contains(","+fields[5]+",", ",noexec,") {
			return fields[4]
		}
	}
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("noexec", dir, "tmpfs", syscall.MS_NOEXEC, ""), "no file system is mounted noexec, and none can be mounted")
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir
}
