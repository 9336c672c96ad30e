package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBuildAliasOfInternalType: a type of an internal package that the API names by an alias is
// spelled by it everywhere.
func TestBuildAliasOfInternalType(t *testing.T) {
	t.Parallel()
	module := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":              "module example.com/m\n\ngo 1.24\n",
		"internal/enc/enc.go": "package enc\n\ntype Option struct{ N int }\n\nfunc (o Option) String() string { return \"\" }\n",
		"m.go": `package m

import "example.com/m/internal/enc"

type Option = enc.Option

type OptionFunc func(*enc.Option)

func With(f func(*enc.Option, ...enc.Option) map[string]enc.Option) int { return 0 }
func Make(c <-chan enc.Option) func(interface{ Set(enc.Option) }) enc.Option { return nil }
func Options(o []struct{ O *enc.Option "k:\"v\"" }, f ...OptionFunc) {}
`,
	} {
		file := filepath.Join(module, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	src := find.Source{Kind: find.KindGo, Dir: module, Go: &find.GoSource{
		ImportPath: "example.com/m",
		GoMod:      []byte("go 1.24\n\nrequire example.com/m v0.0.0\n\nreplace example.com/m => " + module + "\n"),
	}}
	for _, s := range buildAPI(t, testBuilder(t), src, t.TempDir()).Symbols {
		assert.Empty(t, s.Limit, s.Name)
	}
}
