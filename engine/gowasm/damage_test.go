package gowasm_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDamaged damages the machine code that the store keeps, and what is kept of the wasm beside
// it: wazero never sees either, and the loader makes the machine code again.
func TestDamaged(t *testing.T) {
	t.Parallel()
	tiny := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(tiny, "tiny.go"), []byte("package tiny\n\nfunc Answer() int { return 42 }\n"), 0o600))
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	t.Cleanup(func() { // what the store keeps is read-only
		_ = filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
	})
	var e loadtest.Events
	answer := func() {
		t.Helper()
		l, err := load.New(load.Config{Path: find.Path{found{tiny}}, Engines: []engine.Engine{gowasm.New(gowasm.Config{})}, Store: s, Events: e.Sink})
		require.NoError(t, err)
		defer l.Close(t.Context())
		m, err := l.Load(t.Context(), "tiny")
		require.NoError(t, err)
		out, err := m.Call(t.Context(), "Answer")
		if assert.NoError(t, err) {
			assert.Equal(t, []any{42}, out)
		}
	}
	answer()
	file, program := machineCode(t, s)
	key := filepath.Base(filepath.Dir(filepath.Dir(program)))
	compiled, err := s.Lookup(key)
	require.NoError(t, err)
	a := artifact(s, &find.Spec{Name: "tiny"}, compiled)
	open := func() error {
		m, err := gowasm.New(gowasm.Config{}).Open(t.Context(), a, nil)
		if err == nil {
			err = m.Close(t.Context())
		}
		return err
	}
	require.NoError(t, open())
	require.Empty(t, loadtest.EventsOf[event.Evicted](&e))

	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	bomb := bytes.Clone(whole)
	header := bytes.Index(bomb, []byte("WAZEVO")) + 6
	copy(bomb[header+1+int(bomb[header]):], "\xff\xff\xff\xff") // the number of functions
	shape := filepath.Join(filepath.Dir(filepath.Dir(file)), "skeletons", "program")
	wasm, err := os.ReadFile(shape)
	require.NoError(t, err)
	for name, damage := range map[string]struct {
		file        string
		whole, with []byte
	}{
		"truncated": {file, whole, whole[:len(whole)/2]},
		"empty":     {file, whole, nil},
		"forged":    {file, whole, forged(whole)},
		"bomb":      {file, whole, bomb},
		"skeleton":  {shape, wasm, forged(wasm)},
	} {
		put(t, damage.file, damage.with)
		var damaged *store.DamagedError
		require.ErrorAs(t, open(), &damaged, name)
		require.ErrorContains(t, damaged, filepath.Base(damage.file), name)
		put(t, damage.file, damage.whole)
	}
	require.NoError(t, open())

	for name, damage := range map[string]func(){
		"forged":  func() { put(t, file, forged(whole)) },
		"missing": func() { require.NoError(t, os.Remove(file)) },
	} {
		damage()
		e = loadtest.Events{}
		answer()
		if evicted := loadtest.EventsOf[event.Evicted](&e); assert.Len(t, evicted, 1, name) {
			assert.Contains(t, evicted[0].Reason, filepath.Base(file), name)
		}
		again, err := os.ReadFile(file)
		require.NoError(t, err, name)
		assert.True(t, bytes.Equal(again, whole), "%s: made again: %d bytes of %d", name, len(again), len(whole))
	}
}

// forged returns the data with a bit changed.
func forged(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)/2] ^= 1
	return data
}

// put writes what a read-only file of the store holds.
func put(t *testing.T, file string, data []byte) {
	t.Helper()
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.WriteFile(file, data, 0o600))
}

// machineCode returns the one file of machine code in the store, and the one of the wasm.
func machineCode(t *testing.T, s *store.Store) (code, wasm string) {
	t.Helper()
	var found []string
	for _, pattern := range []string{"wazero-*/*", "program"} {
		files, err := filepath.Glob(filepath.Join(s.Dir(), "obj", "*", "files", pattern))
		require.NoError(t, err)
		require.Len(t, files, 1, pattern)
		found = append(found, files[0])
	}
	return found[0], found[1]
}
