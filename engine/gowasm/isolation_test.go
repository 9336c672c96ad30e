package gowasm_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestIsolation tries from inside a module what it was not given.
func TestIsolation(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, gowasm.Config{})
	assert.Equal(t, "full", m.(engine.Isolated).Isolation().Level)
	for _, c := range [][]any{
		{"Read", "/etc/passwd"}, {"Read", "/proc/self/environ"}, {"Write", "/tmp/x", ""},
	} {
		_, err := m.Call(t.Context(), c[0].(string), c[1:])
		assert.Error(t, err)
		assert.NotErrorIs(t, err, engine.ErrCrashed)
	}
	assert.Empty(t, call(t, m, "Environ").([]string))
	got := call(t, m, "Args")
	assert.Truef(t, reflect.DeepEqual(got, []string{"sample"}), "arguments: %v", got)
	assert.LessOrEqual(t, time.Since(call(t, m, "Now").(time.Time)).Abs(), time.Minute)
	other, _ := openMisbehaving(t, gowasm.Config{})
	a, b := call(t, m, "Random"), call(t, other, "Random")
	assert.Falsef(t, reflect.DeepEqual(a, b), "random: %v twice", a)
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	secret, readable, writable := filepath.Join(base, "secret"), filepath.Join(base, "readable"), filepath.Join(base, "writable")
	for _, dir := range []string{secret, readable, writable} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
		for _, name := range []string{"file", "sub/file"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o600))
		}
		for name, to := range map[string]string{
			"inside": "file", "up": "../secret/file", "absolute": filepath.Join(secret, "file"), "dir": "../secret", "new": "../secret/made",
		} {
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Skip("the system makes no symbolic links: ", err)
			}
		}
	}
	m, _ := openMisbehaving(t, gowasm.Config{ReadOnly: []string{readable}, ReadWrite: []string{writable}, Env: []string{"GREETING=hi"}, Memory: 512 << 20})
	got := call(t, m, "Environ")
	assert.Truef(t, reflect.DeepEqual(got, []string{"GREETING=hi", "GOMEMLIMIT=" + strconv.Itoa(512<<20/10*9)}), "environment: %v", got)
	allowed := func(symbol string, args ...any) {
		t.Helper()
		_, err := m.Call(t.Context(), symbol, args)
		assert.NoError(t, err)
	}
	refused := func(symbol string, args ...any) {
		t.Helper()
		_, err := m.Call(t.Context(), symbol, args)
		assert.Error(t, err)
		assert.NotErrorIs(t, err, engine.ErrCrashed)
	}
	for _, dir := range []string{readable, writable} {
		for _, name := range []string{"file", "sub/file", "inside"} {
			allowed("Read", filepath.Join(dir, name))
		}
		for _, name := range []string{"up", "absolute", "dir/file", "../secret/file", "dir"} {
			refused("Read", filepath.Join(dir, name))
		}
		allowed("List", dir)
		refused("Symlink", "../secret/file", filepath.Join(dir, "link"))
		refused("Write", filepath.Join(dir, "up"), "x")
		refused("Write", filepath.Join(dir, "new"), "x")
		refused("Remove", filepath.Join(dir, "dir", "file"))
		refused("Rename", filepath.Join(dir, "file"), filepath.Join(dir, "dir", "stolen"))
	}
	refused("Read", filepath.Join(secret, "file"))
	refused("List", base)
	refused("Write", filepath.Join(readable, "file"), "changed")
	refused("Remove", filepath.Join(readable, "file"))
	allowed("Write", filepath.Join(writable, "file"), "changed")
	allowed("Write", filepath.Join(writable, "sub", "more"), "new")
	allowed("Rename", filepath.Join(writable, "sub", "more"), filepath.Join(writable, "moved"))
	allowed("Remove", filepath.Join(writable, "moved"))
	text, err := os.ReadFile(filepath.Join(writable, "file"))
	assert.Equal(t, "changed", string(text))
	assert.NoError(t, err)
	entries, err := os.ReadDir(secret)
	assert.Len(t, entries, 7)
	assert.NoError(t, err)
}

func TestBadDirectories(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for dir, want := range map[string]string{
		"relative": "gowasm.Config.ReadOnly: relative is not an absolute path",
		missing:    "gowasm.Config.ReadOnly: " + missing + " is not a directory",
	} {
		e, a := compile(t, gowasm.Config{ReadOnly: []string{dir}}, misbehaving)
		_, err := e.Open(t.Context(), a, nil)
		assert.EqualError(t, err, want)
	}
}
