package workspace

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
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
				b := Workspace{Work: t.TempDir(), Src: find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{ImportPath: importPath, Local: []find.LocalModule{local}}}}
				require.NoError(t, test.change(dir))
				err := b.Lay()
				if test.fails {
					assert.ErrorContains(t, err, "changed while it was compiled")
					return
				}
				require.NoError(t, err)
				at := filepath.Join(b.Work, filepath.FromSlash(b.loose()))
				if importPath != "" {
					at = filepath.Join(b.Work, "places", "0")
				}
				data, err := os.ReadFile(filepath.Join(at, "a.go"))
				require.NoError(t, err)
				assert.Equal(t, string(text), string(data))
				assert.NoFileExists(t, filepath.Join(at, "b.go"))
			})
		}
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
