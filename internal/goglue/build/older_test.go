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
