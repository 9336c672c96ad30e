package goprocess_test

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
)

// testDir holds the store of all tests, so that each module is built once.
var testDir string

func TestMain(m *testing.M) {
	own, err := os.MkdirTemp("", "goprocess")
	if err != nil {
		panic(err)
	}
	// It keeps what the tests build for another run, such as that with the race detector.
	testDir = filepath.Join(cmp.Or(os.Getenv("LOAD_KEPT_MODULES"), own), "goprocess")
	code := m.Run()
	_ = os.RemoveAll(own)
	os.Exit(code)
}

// openStd opens a package of the standard library.
func openStd(t testing.TB, config goprocess.Config, path string) engine.Instance {
	t.Helper()
	tc, err := toolchain.Find()
	require.NoError(t, err)
	e, a, err := compileSource(t, config, path, find.Source{
		Kind: find.KindGo, Dir: filepath.Join(tc.Root, "src", path), Hash: path,
		Go: &find.GoSource{ImportPath: path, GoMod: []byte("go 1.26\n")},
	})
	require.NoError(t, err)
	return open(t.Context(), t, e, a)
}

// openFiles opens a package made of files; events go to the context's sink.
func openFiles(ctx context.Context, t testing.TB, config goprocess.Config, files map[string]string) engine.Instance {
	t.Helper()
	e, a, err := compile(t, config, files)
	require.NoError(t, err)
	return open(ctx, t, e, a)
}

// openTold is openFiles with a sink for the module's events.
func openTold(t testing.TB, config goprocess.Config, files map[string]string, events event.Sink) engine.Instance {
	t.Helper()
	e, a, err := compile(t, config, files)
	require.NoError(t, err)
	a.Events = events
	return open(t.Context(), t, e, a)
}

func open(ctx context.Context, t testing.TB, e *goprocess.Engine, a engine.Artifact) engine.Instance {
	t.Helper()
	m, err := e.Open(ctx, a, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

// compile makes an artifact of a package named sample.
func compile(t testing.TB, config goprocess.Config, files map[string]string) (*goprocess.Engine, engine.Artifact, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample")
	require.NoError(t, os.Mkdir(dir, 0o700))
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(files)) { // the order decides the key of what is built
		parts = append(parts, name, files[name])
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(files[name]), 0o600))
	}
	return compileSource(t, config, "sample", find.Source{
		Kind: find.KindGo, Dir: dir, FS: os.DirFS(dir), Hash: store.Key(parts...), Go: &find.GoSource{GoMod: []byte("go 1.26\n")},
	})
}

func compileSource(t testing.TB, config goprocess.Config, name string, src find.Source) (*goprocess.Engine, engine.Artifact, error) {
	t.Helper()
	s, err := store.Open(filepath.Join(testDir, "store"))
	require.NoError(t, err)
	e := goprocess.New(config)
	files, _, err := s.Artifact(t.Context(), store.Key(name, src.Hash), func(ctx context.Context, dir string) error { return e.Compile(ctx, src, dir) })
	return e, engine.Artifact{Spec: &find.Spec{Name: name, Source: src}, Files: files, WorkDir: s.EmptyDir()}, err
}

// call calls a function and returns its only result.
func call(t *testing.T, m engine.Instance, symbol string, args ...any) any {
	t.Helper()
	out, err := m.Call(t.Context(), symbol, args)
	require.NoErrorf(t, err, "%v %v", symbol, args)
	require.Len(t, out, 1, symbol)
	return out[0]
}

func TestStandardLibrary(t *testing.T) {
	t.Parallel()
	m := openStd(t, goprocess.Config{}, "strings")
	assert.Equal(t, "ABC", call(t, m, "ToUpper", "abc"))
	got := call(t, m, "Split", "a,b", ",")
	assert.Truef(t, reflect.DeepEqual(got, []string{"a", "b"}), "Split: %#v", got)
	r := call(t, m, "NewReplacer", "a", "o").(*engine.Object)
	assert.Equal(t, "*strings.Replacer", r.TypeName())
	out, err := r.Call(t.Context(), "Replace", "banana")
	require.NoError(t, err)
	assert.Equal(t, "bonono", out[0])
	r.Close()
	_, err = r.Call(t.Context(), "Replace", "x")
	assert.EqualError(t, err, "the object was released")
}
