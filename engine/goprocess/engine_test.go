package goprocess_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/store"
)

// openStd opens a package of the standard library.
func openStd(t testing.TB, config goprocess.Config, path string) load.Instance {
	t.Helper()
	tc, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	src := load.Source{Kind: load.KindGo, Dir: filepath.Join(tc.Root, "src", path), Go: &load.GoSource{ImportPath: path, GoMod: []byte("go 1.26\n")}}
	return open(t, config, path, src)
}

// openFiles opens a package made of files.
func openFiles(t testing.TB, config goprocess.Config, files map[string]string) (load.Instance, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src := load.Source{Kind: load.KindGo, Dir: dir, FS: os.DirFS(dir), Go: &load.GoSource{GoMod: []byte("go 1.26\n")}}
	return tryOpen(t.Context(), t, config, "sample", src)
}

func open(t testing.TB, config goprocess.Config, name string, src load.Source) load.Instance {
	t.Helper()
	instance, err := tryOpen(t.Context(), t, config, name, src)
	if err != nil {
		t.Fatal(err)
	}
	return instance
}

func tryOpen(ctx context.Context, t testing.TB, config goprocess.Config, name string, src load.Source) (load.Instance, error) {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	e := goprocess.New(config)
	a, _, err := s.Artifact(ctx, store.Key(name), func(ctx context.Context, dir string) error { return e.Compile(ctx, src, dir) })
	if err != nil {
		return nil, err
	}
	instance, err := e.Open(ctx, load.Artifact{Spec: &load.Spec{Name: name, Source: src}, Files: a, WorkDir: s.EmptyDir()}, nil)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { instance.Close(context.Background()) })
	return instance, nil
}

// call calls a function and returns its only result.
func call(t *testing.T, m load.Instance, symbol string, args ...any) any {
	t.Helper()
	out, err := m.Call(t.Context(), symbol, args)
	if err != nil {
		t.Fatalf("%s%v: %v", symbol, args, err)
	}
	if len(out) != 1 {
		t.Fatalf("%s returned %v", symbol, out)
	}
	return out[0]
}

func TestStandardLibrary(t *testing.T) {
	t.Parallel()
	m := openStd(t, goprocess.Config{}, "strings")
	if got := call(t, m, "ToUpper", "abc"); got != "ABC" {
		t.Errorf("ToUpper: %v", got)
	}
	if got := call(t, m, "Split", "a,b", ","); !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("Split: %#v", got)
	}
	r := call(t, m, "NewReplacer", "a", "o").(*load.Object)
	if r.TypeName() != "*strings.Replacer" {
		t.Errorf("type: %s", r.TypeName())
	}
	out, err := r.Call(t.Context(), "Replace", "banana")
	if err != nil || out[0] != "bonono" {
		t.Errorf("Replace: %v, %v", out, err)
	}
	r.Close()
	if _, err := r.Call(t.Context(), "Replace", "x"); err == nil || err.Error() != "the object was released" {
		t.Errorf("after Close: %v", err)
	}
}
