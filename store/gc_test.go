package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// addModule puts a module into the store as an installer does.
func addModule(t testing.TB, s *store.Store, path, version, text string) store.RecordModule {
	t.Helper()
	return addFiles(t, s, path, version, map[string]string{"x.go": text})
}

func addFiles(t testing.TB, s *store.Store, path, version string, files map[string]string) store.RecordModule {
	t.Helper()
	dir := filepath.Join(s.ModDir(), filepath.FromSlash(path)+"@"+version)
	meta := filepath.Join(s.ModDir(), "cache", "download", filepath.FromSlash(path), "@v")
	for _, d := range []string{dir, meta} {
		require.NoError(t, os.MkdirAll(d, 0o755))
	}
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o444))
	}
	sum, err := dirhash.HashDir(dir, path+"@"+version, dirhash.Hash1)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(meta, version+".ziphash"), []byte(sum), 0o644))
	return store.RecordModule{Path: path, Version: version, Sum: sum}
}

func addPackage(t testing.TB, s *store.Store, path string, list ...store.RecordModule) {
	t.Helper()
	r := &store.Record{Package: path, Module: path, Version: "v1.0.0", Target: "linux_amd64", Hash: "h1:" + path, BuildList: list}
	require.NoError(t, s.PutRecord(r))
}

func addArtifact(t testing.TB, s *store.Store, name string) string {
	t.Helper()
	key := store.Key(name)
	_, _, err := s.Artifact(t.Context(), key, writing(map[string]string{"a": name}))
	require.NoError(t, err)
	return key
}

// reopen is the store as another process sees it, whose predecessor has ended.
func reopen(t testing.TB, s *store.Store) *store.Store {
	t.Helper()
	fresh, err := store.Open(s.Dir())
	require.NoError(t, err)
	return fresh
}

func kinds(items []store.Item) []string {
	var list []string
	for _, item := range items {
		list = append(list, item.Kind)
	}
	slices.Sort(list)
	return list
}

// A second store on the directory stands for another living process: what it looked up stays.
func TestCollect(t *testing.T) {
	t.Parallel()
	s := open(t)
	shared := addModule(t, s, "example.com/shared", "v1.0.0", "package shared")
	own := addModule(t, s, "example.com/own", "v1.0.0", "package own")
	addPackage(t, s, "example.com/own", own, shared)
	addPackage(t, s, "example.com/shared", shared)
	gc := reopen(t, s) // s itself lives, and used nothing of this
	key := addArtifact(t, gc, "one")
	other := reopen(t, s)
	a, err := other.Lookup(key)
	require.NoError(t, err)
	require.NotNil(t, a)
	other.UseModule("example.com/shared", "v1.0.0")
	removed, err := gc.Collect(t.Context(), store.GC{Unused: time.Hour})
	require.NoError(t, err)
	assert.Empty(t, removed, "new things are removed")
	removed, err = gc.Collect(t.Context(), store.GC{DryRun: true, Keep: func(path, version string) bool { return path == "example.com/own" }})
	assert.NoError(t, err, "what a lock file holds is removed")
	assert.Zero(t, len(removed), "what a lock file holds is removed")
	removed, err = gc.Collect(t.Context(), store.GC{})
	got := kinds(removed)
	assert.NoError(t, err)
	assert.Equal(t, []string{"module", "package"}, got)
	stats, err := gc.Stats()
	assert.NoError(t, err)
	assert.Equal(t, 1, stats.Packages)
	assert.Equal(t, 1, stats.Modules)
	assert.Equal(t, 1, stats.Artifacts)
	assert.NotZero(t, stats.Size)
	a, err = other.Lookup(key)
	assert.NotNil(t, a, "an artifact that a living process uses is gone")
	assert.NoError(t, err, "an artifact that a living process uses is gone")
	assert.Equal(t, shared.Sum, gc.ModuleSum("example.com/shared", "v1.0.0"))
	assert.Empty(t, gc.ModuleSum("example.com/own", "v1.0.0"))
}

// By size, what was used least recently goes first.
func TestCollectSize(t *testing.T) {
	t.Parallel()
	maker := open(t)
	dir := maker.Dir()
	var keys []string
	func() {
		for i := range 3 {
			keys = append(keys, store.Key(fmt.Sprint(i)))
		}
	}()
	cmd := process("three", dir)
	require.NoError(t, cmd.Run())
	for i, key := range keys {
		at := time.Now().Add(time.Duration(i-10) * time.Minute)
		require.NoError(t, os.Chtimes(filepath.Join(dir, "obj", key), at, at))
	}
	stats, err := maker.Stats()
	require.NoError(t, err)
	removed, err := maker.Collect(t.Context(), store.GC{Unused: time.Hour, MaxSize: stats.Size - 1})
	require.NoError(t, err)
	require.Len(t, removed, 1)
	assert.Equal(t, keys[0], removed[0].Name)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("no longer wanted")
	cancel(cause)
	_, err = maker.Collect(ctx, store.GC{})
	assert.ErrorIs(t, err, cause)
}

// makeThree makes three artifacts, in a process that ends.
func makeThree(s *store.Store) error {
	for i := range 3 {
		name := fmt.Sprint(i)
		if _, _, err := s.Artifact(context.Background(), store.Key(name), writing(map[string]string{"a": name})); err != nil {
			return err
		}
	}
	return nil
}

// While others look things up and use them, collecting takes nothing from under them.
func TestCollectHammer(t *testing.T) {
	t.Parallel()
	s := open(t)
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Go(func() {
		gc := reopen(t, s)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_, err := gc.Collect(context.Background(), store.GC{})
			if !assert.NoError(t, err) {
				return
			}
		}
	})
	var users sync.WaitGroup
	for u := range 4 {
		users.Go(func() {
			for i := range 10 {
				user := reopen(t, s) // a new process each time
				name := fmt.Sprint(u%2, i)
				a, _, err := user.Artifact(context.Background(), store.Key(name), writing(map[string]string{"a": name}))
				if !assert.NoError(t, err) {
					return
				}
				data, err := a.ReadFile("a")
				assert.NoError(t, err)
				assert.Equal(t, name, string(data))
			}
		})
	}
	users.Wait()
	close(stop)
	collector.Wait()
}

func TestVerify(t *testing.T) {
	t.Parallel()
	s := open(t)
	good := addModule(t, s, "example.com/good", "v1.0.0", "package good")
	bad := addModule(t, s, "example.com/bad", "v1.0.0", "package bad")
	addModule(t, s, "example.com/gone", "v1.0.0", "package gone")
	addPackage(t, s, "example.com/good", good)
	addPackage(t, s, "example.com/bad", bad)
	key := addArtifact(t, s, "one")
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, len(report.Damaged))
	require.Equal(t, 3, report.Modules)
	require.Equal(t, 2, report.Records)
	require.Equal(t, 1, report.Artifacts)
	require.NotZero(t, report.Bytes)
	change := func(name string) {
		name = filepath.Join(s.Dir(), name)
		require.NoError(t, errors.Join(os.Chmod(name, 0o644), os.WriteFile(name, []byte("changed"), 0o644)))
	}
	change("mod/example.com/bad@v1.0.0/x.go")
	change("obj/" + key + "/files/a")
	change("installed/1/linux_amd64/example.com/bad/@v/v1.0.0.json")
	require.NoError(t, os.RemoveAll(filepath.Join(s.ModDir(), "example.com", "gone@v1.0.0")))
	report, err = s.Verify(t.Context())
	require.NoError(t, err)
	var got []string
	for _, d := range report.Damaged {
		if d.Kind == "module" && d.Name == "example.com/bad@v1.0.0" {
			d.Reason = "sum"
		}
		got = append(got, d.Kind+" "+d.Name+": "+d.Reason)
	}
	slices.Sort(got)
	want := []string{
		"artifact " + key + ": artifact " + key[:12] + " is damaged: a: it has 7 bytes instead of 3",
		"module example.com/bad@v1.0.0: sum",
		"module example.com/gone@v1.0.0: its files are missing",
		"record installed/1/linux_amd64/example.com/bad/@v/v1.0.0.json: it does not have the sum that it states",
	}
	assert.Equal(t, want, got)
	require.NoError(t, s.Repair(report.Damaged))
	report, err = s.Verify(t.Context())
	require.NoError(t, err)
	assert.Zero(t, len(report.Damaged))
	assert.Equal(t, 1, report.Modules)
	assert.Equal(t, 1, report.Records)
	assert.Zero(t, report.Artifacts)
}

// BenchmarkVerify compares verifying a store of modules with SHA-256 alone, on as many cores.
func BenchmarkVerify(b *testing.B) {
	s := open(b)
	const modules, files, size = 32, 32, 1 << 20 // 1 GiB, in files of 1 MiB
	text := make([]byte, size)
	for i := range modules {
		all := make(map[string]string, files)
		for j := range files {
			all[fmt.Sprintf("f%d.go", j)] = string(text)
		}
		addFiles(b, s, fmt.Sprintf("example.com/m%d", i), "v1.0.0", all)
	}
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(modules * files * size)
		for b.Loop() {
			report, err := s.Verify(b.Context())
			require.NoError(b, err)
			require.Zero(b, len(report.Damaged))
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(modules * files * size)
		for b.Loop() {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					for range modules * files / 2 {
						sum := sha256.Sum256(text)
						_, _ = io.Discard.Write(sum[:])
					}
				})
			}
			wg.Wait()
		}
	})
}

// What a store used is kept until nothing holds the store any more.
func TestHold(t *testing.T) {
	t.Parallel()
	s := open(t)
	gc := reopen(t, s)
	release, again := s.Hold(), s.Hold()
	addArtifact(t, s, "one")
	release()
	release()
	removed, err := gc.Collect(t.Context(), store.GC{})
	assert.NoError(t, err, "removed while it is held")
	assert.Zero(t, len(removed), "removed while it is held")
	again()
	removed, err = gc.Collect(t.Context(), store.GC{})
	assert.NoError(t, err)
	assert.Equal(t, []string{"artifact"}, kinds(removed))
}

// What a process used counts no more when another has taken its place among the living.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	s := open(t)
	successor, gc := reopen(t, s), reopen(t, s)
	release := s.Hold()
	for _, name := range []string{"one", "two", "three"} {
		addArtifact(t, s, name)
	}
	release()
	defer successor.Hold()()
	key := addArtifact(t, successor, "four")
	removed, err := gc.Collect(t.Context(), store.GC{})
	assert.NoError(t, err)
	assert.Len(t, removed, 3)
	a, err := successor.Lookup(key)
	assert.NotNil(t, a, "what lives is gone")
	assert.NoError(t, err, "what lives is gone")
}
