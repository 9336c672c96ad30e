package wasm_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// build compiles a folder of testdata for wasip1, by the Go toolchain, and returns the file.
func build(t *testing.T, folder string, flags ...string) string {
	t.Helper()
	place, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	file := filepath.Join(place, filepath.Base(folder)+".wasm")
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", file, ".")...)
	cmd.Dir, cmd.Env = filepath.Join("testdata", folder), append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return file
}

// TestGoPlugin: a plugin that Go's compiler made, which has a garbage collector, goroutines and
// maps.
func TestGoPlugin(t *testing.T) {
	t.Parallel()
	m, err := newWorld(t, wasm.Config{}).Load(t.Context(), build(t, "samples/go", "-buildmode=c-shared"))
	require.NoError(t, err)
	count, err := load.Func[func(context.Context, string) (map[string]int, error)](m, "count_words")
	require.NoError(t, err)
	for range 3 {
		words, err := count(t.Context(), "a rose is a rose")
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"a": 2, "rose": 2, "is": 1}, words)
	}
	_, err = count(t.Context(), "")
	var failed *wasm.PluginError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "there are no words", failed.Message)
	countsVowels(t, m)
	_, err = m.Call(t.Context(), "crash")
	assert.ErrorContains(t, err, "assignment to entry in nil map")
	words, err := count(t.Context(), "again")
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"again": 1}, words)
}

// TestGrants: a command sees the files and variables that a policy grants, and no others.
func TestGrants(t *testing.T) {
	t.Parallel()
	file := build(t, "gocommand")
	files, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	secret := filepath.Join(t.TempDir(), "secret")
	for _, name := range []string{secret, filepath.Join(files, "a")} {
		require.NoError(t, os.WriteFile(name, []byte("here"), 0o600))
	}
	require.NoError(t, os.Symlink(secret, filepath.Join(files, "link")))
	open := func(grants policy.Grants) *load.Module {
		s, err := store.Open(filepath.Join(t.TempDir(), "store"))
		require.NoError(t, err)
		l, err := load.New(load.Config{
			Path: find.Path{dir.New(".")}, Engines: []engine.Engine{wasm.New(wasm.Config{})}, Store: s,
			Policies: []*policy.Policy{{Grants: []policy.Grant{{Pattern: file, Grants: grants}}}},
		})
		require.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, l.Close(context.Background()))
			_ = filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
		})
		m, err := l.Load(t.Context(), file)
		require.NoError(t, err)
		return m
	}
	with := open(policy.Grants{ReadOnly: []string{files}, Env: []string{"GREETING=hi"}})
	without := open(policy.Grants{})
	run := func(m *load.Module, args ...any) (any, error) {
		out, err := m.Call(t.Context(), "main", args...)
		if err != nil {
			return nil, err
		}
		return out[0], nil
	}
	got, err := run(with, "read", filepath.Join(files, "a"))
	require.NoError(t, err)
	assert.Equal(t, "here", got)
	got, err = run(with, "env", "GREETING")
	require.NoError(t, err)
	assert.Equal(t, "hi", got)
	got, err = run(without, "env", "GREETING")
	require.NoError(t, err)
	assert.Empty(t, got)
	for _, test := range []struct {
		m    *load.Module
		args []any
	}{
		{without, []any{"read", filepath.Join(files, "a")}},
		{with, []any{"read", secret}},
		{with, []any{"read", filepath.Join(files, "link")}},
		{with, []any{"write", filepath.Join(files, "a")}},
		{with, []any{"write", filepath.Join(files, "new")}},
	} {
		_, err := run(test.m, test.args...)
		var exit *wasm.ExitError
		require.ErrorAs(t, err, &exit, test.args)
		assert.EqualValues(t, 1, exit.Code)
	}
	text, err := os.ReadFile(filepath.Join(files, "a"))
	require.NoError(t, err)
	assert.Equal(t, "here", string(text))
}

// TestDamagedCode damages the machine code that the store keeps: it is made again, and wazero never
// sees it.
func TestDamagedCode(t *testing.T) {
	t.Parallel()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
	})
	answer := func() {
		t.Helper()
		l, err := load.New(load.Config{Path: find.Path{dir.New(".")}, Engines: []engine.Engine{wasm.New(wasm.Config{})}, Store: s})
		require.NoError(t, err)
		defer l.Close(context.Background())
		m, err := l.Load(t.Context(), "./testdata/numbers.wasm")
		require.NoError(t, err)
		out, err := m.Call(t.Context(), "add", 40, 2)
		require.NoError(t, err)
		assert.Equal(t, []any{int32(42)}, out)
	}
	answer()
	kept, err := filepath.Glob(filepath.Join(s.Dir(), "obj", "*", "files", "wazero-*", "*"))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	whole, err := os.ReadFile(kept[0])
	require.NoError(t, err)
	forged := append([]byte{}, whole...)
	forged[len(forged)/2] ^= 1
	for _, damaged := range [][]byte{whole[:len(whole)/2], nil, forged} {
		require.NoError(t, os.Chmod(kept[0], 0o600))
		require.NoError(t, os.WriteFile(kept[0], damaged, 0o600))
		answer()
		again, err := os.ReadFile(kept[0])
		require.NoError(t, err)
		assert.Equal(t, whole, again, "it was made again")
	}
}

// TestKernelKept: the machine code of the kernel is kept beside that of the plugin, and nothing is
// compiled when it is loaded again.
func TestKernelKept(t *testing.T) {
	t.Parallel()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
	})
	a, err := filepath.Abs("testdata")
	require.NoError(t, err)
	for name, files := range map[string]int{"plugin.wasm": 2, "numbers.wasm": 1} {
		l, err := load.New(load.Config{Path: find.Path{dir.New(".")}, Engines: []engine.Engine{wasm.New(wasm.Config{})}, Store: s})
		require.NoError(t, err)
		before, err := filepath.Glob(filepath.Join(s.Dir(), "obj", "*", "files", "wazero-*", "*"))
		require.NoError(t, err)
		_, err = l.Load(t.Context(), filepath.Join(a, name))
		require.NoError(t, err)
		after, err := filepath.Glob(filepath.Join(s.Dir(), "obj", "*", "files", "wazero-*", "*"))
		require.NoError(t, err)
		assert.Len(t, after, len(before)+files, name)
		require.NoError(t, l.Close(t.Context()))
	}
}
