package gowasm_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
)

// TestIsolation tries from inside a module what it was not given.
func TestIsolation(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, gowasm.Config{})
	if level := m.(engine.Isolated).Isolation().Level; level != "full" {
		t.Errorf("level %s", level)
	}
	for _, c := range [][]any{
		{"Read", "/etc/passwd"}, {"Read", "/proc/self/environ"}, {"Write", "/tmp/x", ""},
	} {
		if out, err := m.Call(t.Context(), c[0].(string), c[1:]); err == nil || errors.Is(err, engine.ErrCrashed) {
			t.Errorf("%v: %v %v", c, out, err)
		}
	}
	if got := call(t, m, "Environ"); len(got.([]string)) != 0 {
		t.Errorf("environment: %v", got)
	}
	if got := call(t, m, "Args"); !reflect.DeepEqual(got, []string{"sample"}) {
		t.Errorf("arguments: %v", got)
	}
	if now := call(t, m, "Now").(time.Time); time.Since(now).Abs() > time.Minute {
		t.Errorf("time: %v", now)
	}
	other, _ := openMisbehaving(t, gowasm.Config{})
	if a, b := call(t, m, "Random"), call(t, other, "Random"); reflect.DeepEqual(a, b) {
		t.Errorf("random: %v twice", a)
	}
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	secret, readable, writable := filepath.Join(base, "secret"), filepath.Join(base, "readable"), filepath.Join(base, "writable")
	for _, dir := range []string{secret, readable, writable} {
		if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"file", "sub/file"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o600); err != nil {
				t.Fatal(err)
			}
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
	if got := call(t, m, "Environ"); !reflect.DeepEqual(got, []string{"GREETING=hi", "GOMEMLIMIT=" + strconv.Itoa(512<<20/10*9)}) {
		t.Errorf("environment: %v", got)
	}
	allowed := func(symbol string, args ...any) {
		t.Helper()
		if _, err := m.Call(t.Context(), symbol, args); err != nil {
			t.Errorf("%s%v: %v", symbol, args, err)
		}
	}
	refused := func(symbol string, args ...any) {
		t.Helper()
		if out, err := m.Call(t.Context(), symbol, args); err == nil || errors.Is(err, engine.ErrCrashed) {
			t.Errorf("%s%v: %v, %v", symbol, args, out, err)
		}
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
	if text, err := os.ReadFile(filepath.Join(writable, "file")); string(text) != "changed" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := os.ReadDir(secret); len(entries) != 7 || err != nil {
		t.Errorf("the secret directory: %v, %v", entries, err)
	}
}

func TestBadDirectories(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for dir, want := range map[string]string{
		"relative": "gowasm.Config.ReadOnly: relative is not an absolute path",
		missing:    "gowasm.Config.ReadOnly: " + missing + " is not a directory",
	} {
		e, a := compile(t, gowasm.Config{ReadOnly: []string{dir}}, misbehaving)
		if _, err := e.Open(t.Context(), a, nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
