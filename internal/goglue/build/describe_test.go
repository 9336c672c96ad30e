package build

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
)

// A package with more functions than types of other packages are followed for has the methods of
// its own types, and what handlers and file systems need to cross.
func TestDescribeManyFunctions(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("package p\n\nimport (\n\t\"io/fs\"\n\t\"net/http\"\n\t\"text/template\"\n)\n\n")
	for n := range maxFuncs {
		fmt.Fprintf(&text, "func F%04d() {}\n", n)
	}
	text.WriteString(`
type T struct{ u *U }

func (t *T) Inner() *U { return t.u }

type U struct{ hidden int }

func (*U) Deep() {}

func Files(f fs.FS) int                           { return 0 }
func Handle(h http.Handler) *template.Template { return nil }
`)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.go"), []byte(text.String()), 0o600))
	work := filepath.Join(t.TempDir(), "work")
	require.NoError(t, os.Mkdir(work, 0o700))
	src := find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{GoMod: []byte("go 1.24\n")}}
	encoded, err := testBuilder(t).Glue(t.Context(), src, work)
	require.NoError(t, err)
	described, err := api.DecodeAPI(encoded)
	require.NoError(t, err)
	for name, want := range map[string]string{"p.T": "Inner", "p.U": "Deep", "fs.FS": "Open", "http.Handler": "ServeHTTP", "template.Template": ""} {
		n := slices.IndexFunc(described.Types, func(typ api.Type) bool { return typ.Text == name })
		require.Positive(t, n, name)
		typ := &described.Types[n]
		if typ.Bridge != 0 {
			typ = &described.Types[typ.Bridge]
		}
		has := slices.ContainsFunc(typ.Methods, func(m api.Method) bool { return m.Name == want })
		assert.Equal(t, want != "", has, "%s has %v", name, typ.Methods)
	}
}
