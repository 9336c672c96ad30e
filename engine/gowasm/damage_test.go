package gowasm_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/store"
)

// TestDamagedMachineCode damages the machine code that the store keeps: wazero never sees it, and
// the loader
// makes it again.
func TestDamagedMachineCode(t *testing.T) {
	t.Parallel()
	tiny := t.TempDir()
	if err := os.WriteFile(filepath.Join(tiny, "tiny.go"), []byte("package tiny\n\nfunc Answer() int { return 42 }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // what the store keeps is read-only
		_ = filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
	})
	var e events
	answer := func() {
		t.Helper()
		l, err := load.New(load.Config{Path: find.Path{found{tiny}}, Engines: []engine.Engine{gowasm.New(gowasm.Config{})}, Store: s, Events: e.sink})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close(t.Context())
		m, err := l.Load(t.Context(), "tiny")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := m.Call(t.Context(), "Answer"); err != nil || out[0] != 42 {
			t.Errorf("Answer: %v %v", out, err)
		}
	}
	answer()
	file := machineCode(t, s)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(whole)
	forged[len(forged)/2] ^= 1
	bomb := bytes.Clone(whole)
	header := bytes.Index(bomb, []byte("WAZEVO")) + 6
	copy(bomb[header+1+int(bomb[header]):], "\xff\xff\xff\xff") // the number of functions
	for name, damage := range map[string]func() error{
		"truncated": func() error { return os.WriteFile(file, whole[:len(whole)/2], 0o600) },
		"empty":     func() error { return os.WriteFile(file, nil, 0o600) },
		"forged":    func() error { return os.WriteFile(file, forged, 0o600) },
		"bomb":      func() error { return os.WriteFile(file, bomb, 0o600) },
		"missing":   func() error { return os.Remove(file) },
	} {
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		e.list = nil
		answer()
		if !e.has(func(ev event.Event) bool {
			evicted, ok := ev.(event.Evicted)
			return ok && strings.Contains(evicted.Reason, filepath.Base(file))
		}) {
			t.Errorf("%s: not evicted: %v", name, e.list)
		}
		if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, whole) {
			t.Errorf("%s: made again: %d bytes of %d, %v", name, len(again), len(whole), err)
		}
	}
}

// TestDamagedWasm: the wasm is verified before wazero reads it.
func TestDamagedWasm(t *testing.T) {
	t.Parallel()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	engine, a := compileInto(t, s, gowasm.Config{}, map[string]string{"m.go": "package m\n\nfunc Answer() int { return 42 }\n"})
	if err := engine.Prepare(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.Dir(), "obj", a.Files.Key(), "files", "program")
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wasm[len(wasm)/2] ^= 1
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged *store.DamagedError
	if _, err := engine.Open(t.Context(), a, nil); !errors.As(err, &damaged) {
		t.Errorf("got %v", err)
	}
}

// machineCode returns the one file of machine code in the store.
func machineCode(t *testing.T, s *store.Store) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir(), "obj", "*", "files", "wazero-*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("machine code: %v, %v", files, err)
	}
	return files[0]
}
