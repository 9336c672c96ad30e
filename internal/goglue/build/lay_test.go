package build

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
)

// What is compiled of a directory are the files that were summed, as they were then, and no others.
func TestLocalCopied(t *testing.T) {
	t.Parallel()
	for _, importPath := range []string{"example.com/m", ""} {
		for what, test := range map[string]struct {
			change func(dir string) error
			fails  bool
		}{
			"nothing changes": {func(string) error { return nil }, false},
			"a file is added": {func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "b.go"), []byte("package other\n"), 0o600)
			}, false},
			"a file changes":       {func(dir string) error { return os.WriteFile(filepath.Join(dir, "a.go"), []byte("package b\n"), 0o600) }, true},
			"a file goes":          {func(dir string) error { return os.Remove(filepath.Join(dir, "a.go")) }, true},
			"the directory goes":   {os.RemoveAll, true},
			"a link takes a place": {func(dir string) error { return relink(filepath.Join(dir, "a.go")) }, true},
		} {
			t.Run(fmt.Sprintf("%q %s", importPath, what), func(t *testing.T) {
				t.Parallel()
				dir, text := t.TempDir(), []byte("package a\n")
				require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), text, 0o600))
				local := find.LocalModule{Dir: dir, Files: []find.LocalFile{{Name: "a.go", Sum: fmt.Sprintf("%x", sha256.Sum256(text))}}}
				if importPath != "" {
					local.At, local.GoMod = "places/0", []byte("module example.com/m\n")
				}
				b := build{work: t.TempDir(), src: find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{ImportPath: importPath, Local: []find.LocalModule{local}}}}
				require.NoError(t, test.change(dir))
				err := b.lay()
				if test.fails {
					assert.ErrorContains(t, err, "changed while it was compiled")
					return
				}
				require.NoError(t, err)
				at := filepath.Join(b.work, filepath.FromSlash(b.loose()))
				if importPath != "" {
					at = filepath.Join(b.work, "places", "0")
				}
				data, err := os.ReadFile(filepath.Join(at, "a.go"))
				require.NoError(t, err)
				assert.Equal(t, string(text), string(data))
				assert.NoFileExists(t, filepath.Join(at, "b.go"))
			})
		}
	}
}

// A build runs with an older toolchain than the one that was there when the package was installed,
// unless one of its modules needs the newer one.
func TestOlderToolchain(t *testing.T) {
	t.Parallel()
	tools, err := toolchain.Find()
	require.NoError(t, err)
	local := find.Source{Kind: find.KindGo, Dir: t.TempDir()}
	text := []byte("package needs\n\nfunc One() int { return 1 }\n")
	require.NoError(t, os.WriteFile(filepath.Join(local.Dir, "a.go"), text, 0o600))
	needs := func(release string) find.GoSource {
		return find.GoSource{ImportPath: "example.com/needs", Local: []find.LocalModule{{
			At: "places/0", Dir: local.Dir, GoMod: []byte("module example.com/needs\n\ngo " + release + "\n"),
			Files: []find.LocalFile{{Name: "a.go", Sum: fmt.Sprintf("%x", sha256.Sum256(text))}},
		}}}
	}
	const requiring = "\nrequire example.com/needs v0.0.0\n\nreplace example.com/needs => ./places/0\n"
	release := strings.TrimPrefix(tools.Version, "go")
	for what, test := range map[string]struct {
		goMod  string
		source find.GoSource
		fails  string
	}{
		"a newer language":         {"go 1.99\n", find.GoSource{ImportPath: "strings"}, ""},
		"a newer release":          {"go " + tools.Language() + ".99\n", find.GoSource{ImportPath: "strings"}, ""},
		"a release to come":        {"go 1.99rc1\n", find.GoSource{ImportPath: "strings"}, ""},
		"an older language":        {"go 1.21\n", find.GoSource{ImportPath: "strings"}, ""},
		"a module of an older one": {"go 1.99\n" + requiring, needs("1.21"), ""},
		"a module of the same one": {"go 1.99\n" + requiring, needs(release), ""},
		"a module needs a newer":   {"go 1.99\n" + requiring, needs("1.99"), "requires go >= 1.99"},
		"no go line at all":        {"", find.GoSource{ImportPath: "strings"}, ""},
		"with a companion":         {"go 1.99\n", find.GoSource{ImportPath: "strings", Along: []find.Companion{{Alias: "bytes", Path: "bytes"}}}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			src := local
			test.source.GoMod = []byte(test.goMod)
			src.Go = &test.source
			err := Builder{Toolchain: tools, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}.Check(t.Context(), src, t.TempDir())
			if test.fails == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.fails)
			}
		})
	}
}

// relink puts a link that leads out of its directory in the place of a file, to a file with the
// same text.
func relink(name string) error {
	outside := filepath.Join(filepath.Dir(name), "..", filepath.Base(filepath.Dir(name))+".go")
	if err := os.Rename(name, outside); err != nil {
		return err
	}
	return os.Symlink(outside, name)
}
