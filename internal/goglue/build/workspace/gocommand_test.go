//go:build unix

package workspace

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
)

// withCommand is a workspace whose go command is a shell script.
func withCommand(t *testing.T, script string) *Workspace {
	t.Helper()
	b := &Workspace{Work: t.TempDir(), Src: find.Source{Go: &find.GoSource{}}}
	b.BuildCache = t.TempDir()
	b.Toolchain = toolchain.Toolchain{Root: t.TempDir()}
	b.Toolchain.GoCommand = filepath.Join(b.Toolchain.Root, "go")
	require.NoError(t, os.WriteFile(b.Toolchain.GoCommand, []byte("#!/bin/sh\n"+script), 0o755))
	require.NoError(t, os.MkdirAll(b.temp(), 0o700))
	return b
}

// TestGoCommandLeaves: what the go command leaves behind, with its output in hand, does not make it
// fail.
func TestGoCommandLeaves(t *testing.T) {
	t.Parallel()
	b := withCommand(t, "sleep 5 &\necho done\necho note >&2\n")
	out, err := b.GoCommand(t.Context(), "list")
	require.NoError(t, err)
	assert.Equal(t, "done\n", string(out))

	b = withCommand(t, "sleep 5 &\necho x.go:1: no >&2\nexit 1\n")
	_, err = b.GoCommand(t.Context(), "build")
	var failed *engine.CompileError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "x.go:1: no", failed.Output)
}

// TestSystemRefuses: what the system refuses to the compilers is an error of the system. What a
// message about the source says is an error of the source.
func TestSystemRefuses(t *testing.T) {
	t.Parallel()
	for said, fix := range map[string]string{
		"write $WORK/b001/_pkg_.a: no space left on device":                             "load gc",
		"open /cache/x: disk quota exceeded":                                            "load gc",
		"$GOROOT/pkg/tool/linux_amd64/link: mapping output file failed: file too large": "ulimit -f",
		"open /x/y.go: too many open files":                                             "ulimit -n",
		"fork/exec /go/compile: cannot allocate memory":                                 "ulimit -v",
		"fork/exec /go/compile: resource temporarily unavailable":                       "ulimit -u",
		"example.com/p: /go/pkg/tool/compile: signal: killed":                           "container",
	} {
		_, err := withCommand(t, "echo '# example.com/p' >&2\necho '"+said+"' >&2\nexit 1\n").GoCommand(t.Context(), "build")
		var system *engine.ToolchainError
		require.ErrorAs(t, err, &system, said)
		assert.Contains(t, system.Reason, said)
		assert.Contains(t, system.Fix, fix)
	}
	for _, said := range []string{"x.go:3:1: undefined: file too large", "x.go:3: // no space left on device", "dir/x.s:1: signal: killed", "x.go:1:1: file too large to embed"} {
		_, err := withCommand(t, "echo '"+said+"' >&2\nexit 1\n").GoCommand(t.Context(), "build")
		var failed *engine.CompileError
		require.ErrorAs(t, err, &failed, said)
	}
}

// TestGoCommandShare: the go command and its compilers keep to a share of the processors.
func TestGoCommandShare(t *testing.T) {
	t.Parallel()
	for share, want := range map[int]string{0: "none\n", 1: "1\n", 3: "3\n"} {
		b := withCommand(t, "echo ${GOMAXPROCS-none}\n")
		b.Processors = share
		out, err := b.GoCommand(t.Context(), "build")
		require.NoError(t, err)
		assert.Equal(t, want, string(out))
	}
}

// TestGoCommandCancelled: a cancellation ends the command and what it started, and is the error.
func TestGoCommandCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	pipe := filepath.Join(t.TempDir(), "started")
	b := withCommand(t, "sleep 600 &\n: > "+pipe+"\nwait\n")
	go func() {
		for {
			if _, err := os.Stat(pipe); err == nil {
				cancel(assert.AnError)
				return
			}
		}
	}()
	_, err := b.GoCommand(ctx, "build")
	assert.Equal(t, assert.AnError, err)
}

// TestBuildCache: an unusable build cache is not reported as an error of the package.
func TestBuildCache(t *testing.T) {
	t.Parallel()
	const fix = "\n\tset GOCACHE (or BuildCache of the engine's Config) to a directory that you can write to"
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for cache, want := range map[string]string{
		"off":         "the go command's build cache is turned off (GOCACHE=off), and compiling needs one",
		"rel":         "the go command's build cache rel is not an absolute path",
		file:          "the go command's build cache cannot be used: mkdir " + file + ": not a directory",
		file + "/sub": "the go command's build cache cannot be used: mkdir " + file + ": not a directory",
	} {
		b := withCommand(t, "exit 0\n")
		b.BuildCache = cache
		_, err := b.GoCommand(t.Context(), "build")
		var unusable *engine.ToolchainError
		require.ErrorAs(t, err, &unusable, cache)
		assert.Equal(t, want+fix, err.Error())
	}
}
