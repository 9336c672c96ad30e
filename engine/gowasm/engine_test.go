package gowasm_test

import (
	"cmp"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
)

// testDir holds the store of all tests, so that each module is built once.
var testDir string

// keptModules names a directory that keeps what the tests build, for processes that they start and
// for another run, such as that with the race detector, which makes wazero's compiler very slow.
const keptModules = "LOAD_KEPT_MODULES"

func TestMain(m *testing.M) {
	own, err := os.MkdirTemp("", "gowasm")
	if err != nil {
		panic(err)
	}
	gowasm.CountdownDir = filepath.Join(own, "countdown")
	testDir = filepath.Join(cmp.Or(os.Getenv(keptModules), own), "gowasm")
	code := m.Run()
	_ = os.RemoveAll(own)
	os.Exit(code)
}

// openFiles opens a package made of files; events go to the context's sink.
func openFiles(ctx context.Context, t testing.TB, config gowasm.Config, files map[string]string) engine.Instance {
	t.Helper()
	e, a := compile(t, config, files)
	return open(ctx, t, e, a)
}

// openTold is openFiles with a sink for the module's events.
func openTold(t testing.TB, config gowasm.Config, files map[string]string, events event.Sink) engine.Instance {
	t.Helper()
	e, a := compile(t, config, files)
	a.Events = events
	return open(t.Context(), t, e, a)
}

func open(ctx context.Context, t testing.TB, e *gowasm.Engine, a engine.Artifact) engine.Instance {
	t.Helper()
	m, err := e.Open(ctx, a, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

// compile makes an artifact of a package named sample.
func compile(t testing.TB, config gowasm.Config, files map[string]string) (*gowasm.Engine, engine.Artifact) {
	t.Helper()
	s, err := store.Open(filepath.Join(testDir, "store"))
	require.NoError(t, err)
	return compileInto(t, s, config, files)
}

func compileInto(t testing.TB, s *store.Store, config gowasm.Config, files map[string]string) (*gowasm.Engine, engine.Artifact) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample")
	require.NoError(t, os.Mkdir(dir, 0o700))
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(files)) { // the order decides the key of what is built
		parts = append(parts, name, files[name])
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(files[name]), 0o600))
	}
	src := find.Source{Kind: find.KindGo, Dir: dir, FS: os.DirFS(dir), Hash: store.Key(parts...), Go: &find.GoSource{GoMod: []byte("go 1.26\n")}}
	e := gowasm.New(config)
	compiled, _, err := s.Artifact(t.Context(), store.Key("sample", src.Hash), func(ctx context.Context, dir string) error { return e.Compile(ctx, src, dir) })
	require.NoError(t, err)
	return e, artifact(s, &find.Spec{Name: "sample", Source: src}, compiled)
}

// artifact is what the loader hands to an engine: files of a store, which keeps what is made of
// them.
func artifact(s *store.Store, spec *find.Spec, files *store.Artifact) engine.Artifact {
	return engine.Artifact{
		Spec: spec, Files: files,
		Derive: func(ctx context.Context, key string, make func(context.Context, string) error) (*store.Artifact, error) {
			derived, _, err := s.Artifact(ctx, store.Key("derived", files.Sum(), key), make)
			return derived, err
		},
	}
}

// call calls a function and returns its only result.
func call(t *testing.T, m engine.Instance, symbol string, args ...any) any {
	t.Helper()
	out, err := m.Call(t.Context(), symbol, args)
	require.NoErrorf(t, err, "%v %v", symbol, args)
	require.Len(t, out, 1, symbol)
	return out[0]
}

// bound binds a function.
func bound[F any](t testing.TB, m engine.Instance, symbol string) F {
	t.Helper()
	v, err := m.Bind(symbol, reflect.TypeFor[F]())
	require.NoError(t, err)
	return v.Interface().(F)
}

// buildWasm builds a program of one file as a reactor.
func buildWasm(t testing.TB, source string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": source, "go.mod": "module guest\n\ngo 1.24\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	build := exec.Command("go", "build", "-buildmode=c-shared", "-o", "guest.wasm", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := build.CombinedOutput()
	require.NoErrorf(t, err, "%v\n%s", err, out)
	wasm, err := os.ReadFile(filepath.Join(dir, "guest.wasm"))
	require.NoError(t, err)
	return wasm
}

// found is a finder that finds one package, in a directory without go.mod.
type found struct{ dir string }

func (f found) Find(_ context.Context, name find.Name) (*find.Spec, error) {
	return &find.Spec{Name: name.Target, Source: find.Source{
		Kind: find.KindGo, Dir: f.dir, FS: os.DirFS(f.dir), Hash: "h1:" + f.dir, Go: &find.GoSource{GoMod: []byte("go 1.26\n")},
	}}, nil
}

func TestPackageForOtherSystems(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs a system whose package syscall has Mmap")
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"undefined": {"m.go", "package m\n\nimport \"syscall\"\n\nvar Map = syscall.Mmap\n", "sample/m.go:5:19: undefined: syscall.Mmap"},
		"excluded":  {"m_linux.go", "package m\n\nvar X = 1\n", "its build constraints exclude all Go files for wasip1/wasm"},
	} {
		dir := filepath.Join(t.TempDir(), "sample")
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600))
		spec, _ := found{dir}.Find(t.Context(), find.Name{Target: name})
		err := gowasm.New(gowasm.Config{}).Compile(t.Context(), spec.Source, t.TempDir())
		want := "it does not build for WebAssembly (wasip1), only for systems like " + runtime.GOOS + "/" + runtime.GOARCH +
			"\n\t" + strings.Replace(c.want, "sample", dir, 1) + "\n\tset Config.Engine to goprocess"
		assert.EqualError(t, err, want, name)
	}
	// What compiles nowhere is told as always.
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "m.go"), []byte("package m\n\nvar X = y\n"), 0o600))
	spec, _ := found{dir}.Find(t.Context(), find.Name{Target: "broken"})
	err := gowasm.New(gowasm.Config{}).Compile(t.Context(), spec.Source, t.TempDir())
	assert.EqualError(t, err, "it does not compile\n\t"+dir+"/m.go:3:9: undefined: y")
}
