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
)

// tree writes files and returns their directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		write(t, filepath.Join(root, name), data)
	}
	return root
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// age makes a directory look unchanged for long.
func age(t testing.TB, dir string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(dir, old, old); err != nil {
		t.Fatal(err)
	}
}

func name(t testing.TB, s string) find.Name {
	t.Helper()
	n, err := find.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
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
			Refused:  []string{"broken", "nameless"},
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
	if got := current.String(); got != "directory ./" {
		t.Errorf("it is called %q", got)
	}
	for _, tt := range []struct{ name, dir, module, importPath string }{
		{"./tax", "rules/tax", "example.com/project", "example.com/project/rules/tax"},
		{"tax", "rules/tax", "example.com/project", "example.com/project/rules/tax"},
		{"..", ".", "example.com/project", "example.com/project"},
		{"example.com/project/rules/tax", "rules/tax", "example.com/project", "example.com/project/rules/tax"},
		{"../nested", "nested", "example.com/other", "example.com/other"},
	} {
		spec, err := current.Find(t.Context(), name(t, tt.name))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		abs := filepath.Join(root, tt.dir)
		if spec.Name != abs || spec.Source.Dir != abs || spec.Module != tt.module || spec.Source.Go.ImportPath != tt.importPath ||
			spec.Version != "" || spec.Origin != "directory" || spec.Source.Hash != "" {
			t.Errorf("%s: got %+v", tt.name, spec)
		}
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
		spec, err := current.Find(t.Context(), name(t, tt.name))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		path := filepath.Join(spec.Source.Dir, spec.Source.File)
		text, err := os.ReadFile(path)
		if err != nil || spec.Name != filepath.Join(root, tt.canonical) || spec.Source.Kind != find.KindStarlark || spec.Source.File != tt.file ||
			spec.Source.Hash != find.HashFile(path, text) || spec.Source.Go != nil || spec.Version != "" {
			t.Errorf("%s: got %+v, %v", tt.name, spec, err)
		}
	}
	if spec, err := current.Find(t.Context(), name(t, "rules/tax")); err != nil || spec.Source.Kind != find.KindGo {
		t.Errorf("a folder comes first: %+v, %v", spec, err)
	}
}

func TestLooseDirectory(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"rules/a.go": "package rules\n"})
	spec, err := dir.New(root).Find(t.Context(), name(t, "rules"))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Module != "" || spec.Source.Go.ImportPath != "" {
		t.Errorf("got %+v", spec)
	}
}

func TestSymlink(t *testing.T) {
	t.Parallel()
	root := tree(t, project)
	if err := os.Symlink(filepath.Join(root, "rules", "tax"), filepath.Join(root, "link")); err != nil {
		t.Skip("the system makes no symbolic links: ", err)
	}
	spec, err := dir.New(root).Find(t.Context(), name(t, "link"))
	if err != nil {
		t.Fatal(err)
	}
	// It is what the link leads to, so that policies decide about what is opened.
	real, err := filepath.EvalSymlinks(filepath.Join(root, "rules", "tax"))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Source.Dir != real || spec.Name != real {
		t.Errorf("got %+v", spec)
	}
}

func TestReasons(t *testing.T) {
	root := tree(t, project)
	write(t, filepath.Join(root, "readme/README.md"), "")
	if err := os.Mkdir(filepath.Join(root, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
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
		"./nameless":                 "its go.mod has no module line\n\trun go mod edit -module=NAME " + root + "/nameless/go.mod",
	} {
		_, err := current.Find(t.Context(), name(t, s))
		if runtime.GOOS == "windows" {
			want = strings.ReplaceAll(want, "/", `\`)
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %v", s, err, want)
		}
	}
}

// TestChanges changes directories that were searched before and looks again.
func TestChanges(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"a/a.go": "package a\n"})
	finder := dir.New(root)
	look := func(s string) bool {
		t.Helper()
		_, err := finder.Find(t.Context(), name(t, s))
		if err != nil && !errors.Is(err, find.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	age(t, root)
	if !look("a") || look("b") || look("example.com/b/a") {
		t.Error("wrong before any change")
	}
	write(t, filepath.Join(root, "b", "b.go"), "package b\n")
	if !look("a") || !look("b") {
		t.Error("a new directory is not seen")
	}
	if err := os.RemoveAll(filepath.Join(root, "b")); err != nil {
		t.Fatal(err)
	}
	if look("b") {
		t.Error("a directory that is gone is still seen")
	}
	write(t, filepath.Join(root, "b", "b.go"), "package b\n")
	age(t, root)
	if !look("b") {
		t.Error("a directory that is back is not seen")
	}
	write(t, filepath.Join(root, "go.mod"), "module example.com/b\n")
	if !look("example.com/b/a") {
		t.Error("a new module is not seen")
	}
	write(t, filepath.Join(root, "go.mod"), "module example.com/c\n")
	if look("example.com/b/a") {
		t.Error("a module's old path is still seen")
	}
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	if look("a") {
		t.Error("a directory whose root is gone is still seen")
	}
}
