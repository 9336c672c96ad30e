package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/loadgo/load/store"
)

// Clocks jump: what seems to have been used in the future is kept by its age, and yet does not stay for ever.
func TestCollectFuture(t *testing.T) {
	t.Parallel()
	s := open(t)
	path := filepath.Join(s.Dir(), "obj", addArtifact(t, s, "one"))
	s.Hold()() // nobody uses it
	future := time.Now().AddDate(10, 0, 0)
	ahead := func() {
		t.Helper()
		if err := os.Chtimes(path, future, future); err != nil {
			t.Fatal(err)
		}
	}
	ahead()
	gc := reopen(t, s)
	if removed, err := gc.Collect(t.Context(), store.GC{Unused: time.Minute}); err != nil || len(removed) > 0 {
		t.Errorf("removed %+v, %v", removed, err)
	}
	// Its user says when.
	user := reopen(t, s)
	release := user.Hold()
	if a, err := user.Lookup(store.Key("one")); a == nil || err != nil {
		t.Fatal(a, err)
	}
	if info, err := os.Stat(path); err != nil || info.ModTime().After(time.Now()) {
		t.Errorf("%v, %v", info.ModTime(), err)
	}
	ahead()
	for _, all := range []store.GC{{}, {Unused: time.Hour, MaxSize: 1}} {
		if removed, err := gc.Collect(t.Context(), all); err != nil || len(removed) > 0 {
			t.Errorf("removed while it is used: %+v, %v", removed, err)
		}
	}
	release()
	if removed, err := gc.Collect(t.Context(), store.GC{}); err != nil || !slices.Equal(kinds(removed), []string{"artifact"}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
}

// What a process left that was killed while it installed or removed a module, a directory without a sum, goes.
func TestCollectOrphans(t *testing.T) {
	t.Parallel()
	s := open(t)
	addModule(t, s, "example.com/Gone", "v1.0.0", "package gone")
	kept := addModule(t, s, "example.com/kept/v2", "v2.0.0", "package kept")
	addPackage(t, s, "example.com/kept/v2", kept)
	if err := os.Remove(filepath.Join(s.ModDir(), "cache/download/example.com/Gone/@v/v1.0.0.ziphash")); err != nil {
		t.Fatal(err)
	}
	// As its path is written in a module cache.
	if err := os.Rename(filepath.Join(s.ModDir(), "example.com/Gone@v1.0.0"), filepath.Join(s.ModDir(), "example.com/!gone@v1.0.0")); err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Collect(t.Context(), store.GC{Unused: time.Hour, DryRun: true}); err != nil || len(removed) > 0 {
		t.Errorf("%+v, %v", removed, err)
	}
	if _, err := s.Collect(t.Context(), store.GC{Unused: time.Hour}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(s.ModDir(), "example.com"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "kept" {
		t.Errorf("left %v, %v", entries, err)
	}
	if !s.HasModule("example.com/kept/v2", "v2.0.0") {
		t.Error("a whole module was removed")
	}
}
