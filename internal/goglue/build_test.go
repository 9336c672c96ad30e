package goglue

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
)

// testBuilder returns a builder for this machine.
func testBuilder(t *testing.T) Builder {
	t.Helper()
	tc, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	return Builder{Toolchain: tc, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
}

// buildAPI builds a package into dir and returns its description.
func buildAPI(t *testing.T, b Builder, src find.Source, dir string) *API {
	t.Helper()
	if err := b.Build(t.Context(), src, dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, APIFile))
	if err != nil {
		t.Fatal(err)
	}
	api, err := DecodeAPI(data)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestBuildStandardPackages(t *testing.T) {
	t.Parallel()
	b := testBuilder(t)
	for _, path := range []string{"time", "net/http", "go/ast", "math/big", "context", "reflect"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			src := find.Source{Kind: find.KindGo, Dir: filepath.Join(b.Toolchain.Root, "src", path), Go: &find.GoSource{ImportPath: path, GoMod: []byte("go 1.26\n")}}
			api := buildAPI(t, b, src, dir)
			if info, err := os.Stat(filepath.Join(dir, ProgramFile)); err != nil || info.Mode()&0o100 == 0 {
				t.Errorf("the program: %v, %v", info, err)
			}
			if len(api.Symbols) < 10 || len(api.Funcs) < 10 {
				t.Errorf("%d symbols, %d functions", len(api.Symbols), len(api.Funcs))
			}
			if _, err := os.Stat(filepath.Join(dir, "work")); !os.IsNotExist(err) {
				t.Errorf("the build's own files are still there: %v", err)
			}
		})
	}
}

func TestBuildLooseErrorPath(t *testing.T) {
	t.Parallel()
	loose := t.TempDir()
	file := filepath.Join(loose, "a.go")
	if err := os.WriteFile(file, []byte("package a\n\nfunc A() int { return \"x\" }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := find.Source{Kind: find.KindGo, Dir: loose, FS: os.DirFS(loose), Go: &find.GoSource{GoMod: []byte("go 1.26\n")}}
	err := testBuilder(t).Build(t.Context(), src, t.TempDir())
	want := "it does not compile\n\t" + file + `:3:23: cannot use "x" (untyped string constant) as int value in return statement`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
