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
		require.NoError(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)))
	}
	return root
}

func in(root string) *std.Finder {
	return std.New(func() (string, string, error) { return root, "go1.26.8", nil })
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
	spec, err := in(root).Find(t.Context(), loadtest.Name(t, "encoding/json"))
	require.NoError(t, err)
	assert.Equal(t, "encoding/json", spec.Name)
	assert.Equal(t, "go1.26.8", spec.Version)
	assert.Empty(t, spec.Module)
	assert.Equal(t, "standard library", spec.Origin)
	assert.Equal(t, filepath.Join(root, "src", "encoding", "json"), spec.Source.Dir)
	assert.Equal(t, "go:go1.26.8/encoding/json", spec.Source.Hash)
	assert.Equal(t, "encoding/json", spec.Source.Go.ImportPath)
	assert.Equal(t, "go 1.26\n", string(spec.Source.Go.GoMod))
	_, err = fs.Stat(spec.Source.FS, "json.go")
	assert.NoError(t, err)
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
		_, err := finder.Find(t.Context(), loadtest.Name(t, s))
		assert.EqualError(t, err, want, s)
		assert.Falsef(t, !errors.Is(err, find.ErrNotFound) && !errors.As(err, &refused), "%s: %T is no CompileError", s, err)
	}
}

func TestWithoutToolchain(t *testing.T) {
	t.Parallel()
	finder := std.New(func() (string, string, error) { return "", "", &engine.ToolchainError{Reason: "no Go"} })
	spec, err := finder.Find(t.Context(), loadtest.Name(t, "encoding/json"))
	require.NoError(t, err)
	assert.Equal(t, runtime.Version(), spec.Version)
	assert.Empty(t, spec.Source.Dir)
	assert.Equal(t, "go:"+runtime.Version()+"/encoding/json", spec.Source.Hash)
	for _, s := range []string{"rules/tax", "json", "internal/abi", "unsafe", "runtime/cgo"} {
		_, err := finder.Find(t.Context(), loadtest.Name(t, s))
		assert.ErrorIs(t, err, find.ErrNotFound)
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
		if _, err := finder.Find(t.Context(), loadtest.Name(t, path)); err == nil {
			found[path] = true
			assert.True(t, toolchain.Listed(path), path)
		}
	}
	require.True(t, found["strings"])
	for path := range finder.Names(t.Context()) {
		_, err := finder.Find(t.Context(), loadtest.Name(t, path))
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
		name := loadtest.Name(t, "strings")
		name.Along = tt.along
		spec, err := finder.Find(t.Context(), name)
		if err != nil || tt.err != "" {
			assert.EqualErrorf(t, err, tt.err, "%v", tt.along)
			continue
		}
		assert.Equal(t, tt.hash, spec.Source.Hash)
		require.Len(t, spec.Source.Go.Along, len(tt.along))
		assert.Equal(t, "go1.26.8", spec.Source.Go.Along[0].Version)
		assert.Equal(t, tt.along[0].Alias, spec.Source.Go.Along[0].Alias)
	}
}
