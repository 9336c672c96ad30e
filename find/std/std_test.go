package std_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/std"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/loadtest"
)

// goroot makes a small GOROOT.
func goroot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range []string{
		"strings/strings.go", "encoding/json/json.go", "unsafe/unsafe.go", "builtin/builtin.go", "runtime/cgo/cgo.go", "cmd/go/main.go",
		"internal/abi/abi.go", "net/http/internal/x.go", "vendor/golang.org/x/y/y.go", "go/build/testdata/a.go", "tests/a_test.go",
	} {
		path := filepath.Join(root, "src", filepath.FromSlash(file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func in(root string) *std.Finder {
	return std.New(func() (string, string, error) { return root, "go1.26.8", nil })
}

func parse(t *testing.T, s string) find.Name {
	t.Helper()
	name, err := find.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestConformance(t *testing.T) {
	t.Parallel()
	loadtest.TestFinder(t, func(t *testing.T) (find.Finder, loadtest.FinderCases) {
		root := goroot(t)
		return in(root), loadtest.FinderCases{
			Found:    []string{"strings", "encoding/json"},
			NotFound: []string{"encoding", "rules/tax", "tests", "strings/strings.go", "strings@v1.2.3", "example.com/strings", "./strings", "cmd/none", "internal/none"},
			Refused:  []string{"unsafe", "builtin", "runtime/cgo", "C", "cmd/go", "internal/abi", "net/http/internal", "go/build/testdata"},
			Dirs:     []string{root},
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := goroot(t)
	spec, err := in(root).Find(t.Context(), parse(t, "encoding/json"))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Name != "encoding/json" || spec.Version != "go1.26.8" || spec.Module != "" || spec.Origin != "standard library" ||
		spec.Source.Dir != filepath.Join(root, "src", "encoding", "json") || spec.Source.Hash != "go:go1.26.8/encoding/json" ||
		spec.Source.Go.ImportPath != "encoding/json" || string(spec.Source.Go.GoMod) != "go 1.26\n" {
		t.Errorf("got %+v, %+v", spec, spec.Source.Go)
	}
	if _, err := fs.Stat(spec.Source.FS, "json.go"); err != nil {
		t.Error(err)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	finder := in(goroot(t))
	for s, want := range map[string]string{
		"unsafe":        "it is part of the compiler and has no functions to call",
		"builtin":       "it documents the language and cannot be imported",
		"runtime/cgo":   "it is the support of cgo, and modules are built with CGO_ENABLED=0",
		"C":             "it is the name by which cgo is used, not a package",
		"cmd/go":        "it is part of a command of the Go distribution, not a package",
		"internal/abi":  "it is internal to the standard library",
		"encoding":      "not found: no such package",
		"example.com/a": "not found: standard packages have no dot in their first element",
		"strings@v1":    "not found: its packages have the version of the Go toolchain and no other",
		"./strings":     "not found: not an import path",
	} {
		var refused *engine.CompileError
		_, err := finder.Find(t.Context(), parse(t, s))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", s, err, want)
		}
		if !errors.Is(err, find.ErrNotFound) && !errors.As(err, &refused) {
			t.Errorf("%s: %T is no CompileError", s, err)
		}
	}
}

func TestWithoutToolchain(t *testing.T) {
	t.Parallel()
	finder := std.New(func() (string, string, error) { return "", "", &engine.ToolchainError{Reason: "no Go"} })
	spec, err := finder.Find(t.Context(), parse(t, "encoding/json"))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Version != runtime.Version() || spec.Source.Dir != "" || spec.Source.Hash != "go:"+runtime.Version()+"/encoding/json" {
		t.Errorf("got %+v", spec)
	}
	for _, s := range []string{"rules/tax", "json", "internal/abi", "unsafe", "runtime/cgo"} {
		if _, err := finder.Find(t.Context(), parse(t, s)); !errors.Is(err, find.ErrNotFound) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// TestListIsWhole compares toolchain.Packages with the toolchain that runs the test, which may be
// older than the list.
func TestListIsWhole(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "std").Output()
	require.NoError(t, err)
	finder := std.New(nil)
	found := make(map[string]bool)
	for path := range strings.FieldsSeq(string(out)) {
		if _, err := finder.Find(t.Context(), parse(t, path)); err == nil {
			found[path] = true
			assert.True(t, toolchain.Listed(path), path)
		}
	}
	require.True(t, found["strings"])
	for path := range finder.Names(t.Context()) {
		_, err := finder.Find(t.Context(), parse(t, path))
		assert.NoError(t, err, path)
		delete(found, path)
	}
	assert.Empty(t, found)
}

// TestCompanions: with standard companions a package is complete; any other is left to an
// installer.
func TestCompanions(t *testing.T) {
	t.Parallel()
	finder := in(goroot(t))
	for _, tt := range []struct {
		along []find.Companion
		hash  string
		err   string
	}{
		{[]find.Companion{{Alias: "j", Path: "encoding/json"}}, "go:go1.26.8/strings", ""},
		{[]find.Companion{{Path: "encoding/json"}, {Path: "example.com/a", Query: "v1"}}, "", ""},
		{[]find.Companion{{Path: "encoding/json", Query: "v1.0.0"}}, "", "companion encoding/json has the version of the Go toolchain and no other"},
		{[]find.Companion{{Path: "internal/abi"}}, "", "companion internal/abi: it is internal to the standard library"},
	} {
		name := parse(t, "strings")
		name.Along = tt.along
		spec, err := finder.Find(t.Context(), name)
		if err != nil || tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%v: %v, want %s", tt.along, err, tt.err)
			}
			continue
		}
		if spec.Source.Hash != tt.hash || len(spec.Source.Go.Along) != len(tt.along) || spec.Source.Go.Along[0].Version != "go1.26.8" || spec.Source.Go.Along[0].Alias != tt.along[0].Alias {
			t.Errorf("%v: hash %q, along %+v", tt.along, spec.Source.Hash, spec.Source.Go.Along)
		}
	}
}
