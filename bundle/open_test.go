package bundle

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
)

// large writes a bundle of 500 modules, as packages of this size have them, with a bill of
// materials, and returns its path.
func large(tb testing.TB) string {
	tb.Helper()
	made := table{Platform: platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}}
	blobs := map[string][]byte{}
	for i := range 500 {
		name := fmt.Sprintf("example.com/team/module%03d", i)
		m := module{Asked: name, Form: find.FormPath, Engine: "goprocess", Release: "go1.26.8", Key: digestOf([]byte(name))[len(shaPrefix):], Asks: []string{"network"}}
		m.Spec = spec{Name: name, Module: name, Version: "v1.2.3", Kind: find.KindGo, By: "goproxy", Hash: "h1:" + m.Key, ImportPath: name}
		for j := range 5 {
			part := fmt.Sprintf("example.com/parts/part%03d", (i*7+j*31)%200)
			m.Spec.BuildList = append(m.Spec.BuildList, find.ModuleVersion{Path: part, Version: "v1.0.0", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="})
		}
		m.Files = []file{put(blobs, "api", bytes.Repeat([]byte(name), 50)), put(blobs, "module", bytes.Repeat([]byte(name), 2000))}
		made.Modules = append(made.Modules, m)
	}
	bill := bytes.Repeat([]byte(" "), 1<<20)
	put(blobs, "", bill)
	path := filepath.Join(tb.TempDir(), "modules.tar")
	f, err := os.Create(path)
	require.NoError(tb, err)
	require.NoError(tb, newLayout([]byte("the lock"), bill, made).Write(f, func(w io.Writer, b Blob) error {
		_, err := w.Write(blobs[b.Digest])
		return err
	}))
	require.NoError(tb, f.Close())
	return path
}

// BenchmarkOpen opens a bundle of 500 modules.
func BenchmarkOpen(b *testing.B) {
	path := large(b)
	for b.Loop() {
		opened, err := Open(path)
		require.NoError(b, err)
		require.NoError(b, opened.Close())
	}
}

// TestOpenKeeps: an open bundle of 500 modules keeps less than a mebibyte of memory.
func TestOpenKeeps(t *testing.T) {
	path := large(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	opened, err := Open(path)
	require.NoError(t, err)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d bytes", kept)
	assert.Less(t, kept, int64(1<<20))
	assert.Len(t, slices.Collect(opened.Names(t.Context())), 500)
	require.NoError(t, opened.Close())
}
