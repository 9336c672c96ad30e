//go:build unix

package importgraph_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/importgraph"
)

// TestPipe: a pipe in the place of a source file is an error, and nothing waits for its other end;
// what no scan opens does not matter.
func TestPipe(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{
		"x.go": true, "x_windows.go": true, "x_test.go": true, "x.s": true, "x.h": true, "x.syso": true, "link.go": true,
		"x": false, "x.sock": false, "_x.go": false, ".x.go": false, "x.txt": false,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a\n"), 0o600))
			file := filepath.Join(dir, name)
			if name == "link.go" {
				require.NoError(t, os.Symlink("pipe", file))
				require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
			} else {
				require.NoError(t, syscall.Mkfifo(file, 0o600))
			}
			for _, scanner := range []*importgraph.Scanner{importgraph.New(runtime.GOOS, runtime.GOARCH, runtime.Version()), importgraph.All()} {
				pkg, err := scanner.Scan(dir)
				if fails {
					assert.ErrorContains(t, err, file+": it is not a regular file")
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, []string{"a.go"}, pkg.Files)
			}
		})
	}
}
