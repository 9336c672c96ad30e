package dir_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree writes files and returns their directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, data := range files {
		write(t, filepath.Join(root, name), data)
	}
	return root
}

func write(t testing.TB, path, data string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(data), 0o644))
}

// age makes a directory look unchanged for long.
func age(t testing.TB, dir string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(dir, old, old))
}

var project = map[string]string{
	"go.mod":                "module example.com/project\n\ngo 1.26\n",
	"main.go":               "package project\n",
	"rules/tax/tax.go":      "package tax\n",
	"rules/tax/tax_test.go": "package tax\n",
	"tests/a_test.go":       "package tests\n",
	"texts/README.md":       "",
	"texts/_a.go":           "package texts\n",
	"nested/go.mod":         "module example.com/other\n",
	"nested/nested.go":      "package nested\n",
	"broken/go.mod":         "module \"broken\n",
	"broken/a.go":           "package broken\n",
	"nameless/go.mod":       "go 1.26\n",
	"nameless/a.go":         "package nameless\n",
	"outside/go.mod":        "module ../outside\n",
	"outside/a.go":          "package outside\n",
	"flag/go.mod":           "module \"-toolexec=./a\"\n",
	"flag/a.go":             "package flag\n",
	"commands/go.mod":       "module cmd\n",
	"commands/a.go":         "package commands\n",
	"wild/go.mod":           "module example.com/w...d\n",
	"wild/a.go":             "package wild\n",
	"file.go":               "package project\n",
	"prices.star":           "x = 1\n",
	"rules/vat.star":        "x = 1\n",
	"rules/tax.star":        "shadowed by the folder\n",
	"texts.star":            "beside a folder that holds no module\n",
	"scripts/init.star":     "x = 1\n",
	"scripts/part.star":     "x = 1\n",
	"odd.star/README.md":    "",
}

func TestConformance(t *testing.T) {
	loadtest.TestFinder(t, func(t *testing.T) (find.Finder, loadtest.FinderCases) {
		root := tree(t, project)
		return dir.New(root), loadtest.FinderCases{
			Found:    []string{"rules/tax", "example.com/project", "example.com/project/rules/tax", "nested", "prices", "prices.star", "rules/vat", "texts", "scripts", "scripts/part.star"},
			NotFound: []string{"rules", "rules/none", "tests", "odd", "odd.star", "prices@v1", "prices.star/x", "rules/tax@v1", "example.com/projects", "example.com/project/nested", "./rules", "gh:a/b", "file.go"},
			Refused:  []string{"broken", "nameless", "outside", "flag"},
			Dirs:     []string{root},
		}
	})
}

func TestConformanceCurrent(t *testing.T) {
	root := tree(t, project)
	t.Chdir(root)
	loadtest.TestFinder(t, func(t *testing.T) (find.Finder, loadtest.FinderCases) {
		return dir.New("."), loadtest.FinderCases{
			Found:    []string{"./prices.star", "./prices", root + "/scripts", "./rules/tax.star", ".", "./rules/tax", root + "/rules/tax", "rules/tax", "./rules/../rules/tax"},
			NotFound: []string{"./rules", "./none", "../none", "./file.go", "rules", "./file.go/x"},
			Refused:  []string{"./broken"},
			Dirs:     []string{root},
		}
	})
}

func TestFind(t *testing.T) {
	root := tree(t, project)
	t.Chdir(filepath.Join(root, "rules"))
	current := dir.New(".")
	assert.Equal(t, "directory ./", current.String())
	for _, tt := range []struct{ name, dir, module, importPath string }{
		{"./tax", "rules/tax", "example.com/project", "example.com/project/rules/tax"},
		{"tax", "rules/tax", "example.com/project", "example.com/project/rules/tax"},
		{"..", ".", "example.com/project", "example.com/project"},
		{"example.com/project/rules/tax", "rules/tax", "example.com/project", "example.com/project/rules/tax"},
		{"../nested", "nested", "example.com/other", "example.com/other"},
	} {
		spec, err := current.Find(t.Context(), loadtest.Name(t, tt.name))
		if !assert.NoError(t, err, tt.name) {
			continue
		}
		abs := filepath.Join(root, tt.dir)
		assert.Equal(t, abs, spec.Name, tt.name)
		assert.Equal(t, abs, spec.Source.Dir, tt.name)
		assert.Equal(t, tt.module, spec.Module, tt.name)
		assert.Equal(t, tt.importPath, spec.Source.Go.ImportPath, tt.name)
		assert.Empty(t, spec.Version, tt.name)
		assert.Equal(t, "directory", spec.Origin, tt.name)
		assert.Empty(t, spec.Source.Hash, tt.name)
	}
}

func TestStarlark(t *testing.T) {
	root := tree(t, project)
	t.Chdir(root)
	current := dir.New(".")
	for _, tt := range []struct{ name, canonical, file string }{
		{"./prices", "prices.star", "prices.star"},
		{"prices.star", "prices.star", "prices.star"},
		{"rules/vat", "rules/vat.star", "vat.star"},
		{"rules/tax.star", "rules/tax.star", "tax.star"},
		{"texts", "texts.star", "texts.star"},
		{"scripts", "scripts", "init.star"},
		{"./scripts/part", "scripts/part.star", "part.star"},
	} {
		spec, err := current.Find(t.Context(), loadtest.Name(t, tt.name))
		if !assert.NoError(t, err, tt.name) {
			continue
		}
		path := filepath.Join(spec.Source.Dir, spec.Source.File)
		text, err := os.ReadFile(path)
		require.NoError(t, err, tt.name)
		assert.Equal(t, filepath.Join(root, tt.canonical), spec.Name, tt.name)
		assert.Equal(t, find.KindStarlark, spec.Source.Kind, tt.name)
		assert.Equal(t, tt.file, spec.Source.File, tt.name)
		assert.Equal(t, find.HashFile(path, text), spec.Source.Hash, tt.name)
		require.Nil(t, spec.Source.Go, tt.name)
		assert.Empty(t, spec.Version, tt.name)
	}
	spec, err := current.Find(t.Context(), loadtest.Name(t, "rules/tax"))
	require.NoError(t, err, "a folder comes first")
	assert.Equal(t, find.KindGo, spec.Source.Kind, "a folder comes first")
}

func TestLooseDirectory(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"rules/a.go": "package rules\n"})
	spec, err := dir.New(root).Find(t.Context(), loadtest.Name(t, "rules"))
	require.NoError(t, err)
	assert.Empty(t, spec.Module)
	assert.Empty(t, spec.Source.Go.ImportPath)
}

func TestSymlink(t *testing.T) {
	t.Parallel()
	root := tree(t, project)
	if err := os.Symlink(filepath.Join(root, "rules", "tax"), filepath.Join(root, "link")); err != nil {
		t.Skip("the system makes no symbolic links: ", err)
	}
	spec, err := dir.New(root).Find(t.Context(), loadtest.Name(t, "link"))
	require.NoError(t, err)
	// It is what the link leads to, so that policies decide about what is opened.
	real, err := filepath.EvalSymlinks(filepath.Join(root, "rules", "tax"))
	require.NoError(t, err)
	assert.Equal(t, real, spec.Source.Dir)
	assert.Equal(t, real, spec.Name)
}

func TestReasons(t *testing.T) {
	root := tree(t, project)
	write(t, filepath.Join(root, "readme/README.md"), "")
	require.NoError(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
	t.Chdir(root)
	current := dir.New(".")
	for s, want := range map[string]string{
		"./none":                     "not found: there is no directory " + root + "/none",
		"./file.go":                  "not found: " + root + "/file.go is a file",
		"./file.go/x":                "not found: there is no directory " + root + "/file.go/x",
		"./tests":                    "not found: " + root + "/tests holds only test files",
		"tests":                      "not found: " + root + "/tests holds only test files",
		"./empty":                    "not found: " + root + "/empty is empty",
		"./readme":                   "not found: " + root + "/readme holds no Go files, only README.md",
		"./odd.star":                 "not found: " + root + "/odd.star is not a file",
		"github.com/a/b":             "not found: no such directory there",
		"rules/tax@v1.0.0":           "not found: a directory has no versions",
		"gh:a/b":                     "not found: not the name of a directory",
		"example.com/project/nested": "not found: " + root + "/nested belongs to the module example.com/other",
		"./broken":                   "its go.mod is broken\n\t" + root + "/broken/go.mod:1:15: unexpected newline in string\n\tcorrect " + root + "/broken/go.mod",
		"./outside":                  "its go.mod names no module\n\tmalformed import path \"../outside\": invalid path element \"..\"\n\trun go mod edit -module=NAME " + root + "/outside/go.mod",
		"./flag":                     "its go.mod names no module\n\tmalformed import path \"-toolexec=./a\": leading dash\n\trun go mod edit -module=NAME " + root + "/flag/go.mod",
		"./commands":                 "its go.mod names no module\n\tmalformed import path \"cmd\": the go command takes it for several packages\n\trun go mod edit -module=NAME " + root + "/commands/go.mod",
		"./wild":                     "its go.mod names no module\n\tmalformed import path \"example.com/w...d\": it holds \"...\", by which the go command takes it for several packages\n\trun go mod edit -module=NAME " + root + "/wild/go.mod",
		"./nameless":                 "its go.mod has no module line\n\trun go mod edit -module=NAME " + root + "/nameless/go.mod",
	} {
		_, err := current.Find(t.Context(), loadtest.Name(t, s))
		if runtime.GOOS == "windows" {
			want = strings.ReplaceAll(want, "/", `\`)
		}
		assert.EqualError(t, err, want, s)
	}
}

// TestChanges changes directories that were searched before and looks again.
func TestChanges(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"a/a.go": "package a\n"})
	finder := dir.New(root)
	look := func(s string) bool {
		t.Helper()
		_, err := finder.Find(t.Context(), loadtest.Name(t, s))
		require.False(t, err != nil && !errors.Is(err, find.ErrNotFound), err)
		return err == nil
	}
	age(t, root)
	assert.True(t, look("a"), "wrong before any change")
	assert.False(t, look("b"), "wrong before any change")
	assert.False(t, look("example.com/b/a"), "wrong before any change")
	write(t, filepath.Join(root, "b", "b.go"), "package b\n")
	assert.True(t, look("a"), "a new directory is not seen")
	assert.True(t, look("b"), "a new directory is not seen")
	require.NoError(t, os.RemoveAll(filepath.Join(root, "b")))
	assert.False(t, look("b"), "a directory that is gone is still seen")
	write(t, filepath.Join(root, "b", "b.go"), "package b\n")
	age(t, root)
	assert.True(t, look("b"), "a directory that is back is not seen")
	write(t, filepath.Join(root, "go.mod"), "module example.com/b\n")
	assert.True(t, look("example.com/b/a"), "a new module is not seen")
	write(t, filepath.Join(root, "go.mod"), "module example.com/c\n")
	assert.False(t, look("example.com/b/a"), "a module's old path is still seen")
	require.NoError(t, os.RemoveAll(root))
	assert.False(t, look("a"), "a directory whose root is gone is still seen")
}
