package importgraph_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/importgraph"
)

// TestTooMuch: what is read of a package to learn what it imports is bounded, wherever it stands;
// what follows the imports is not read.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	const bound, all = 4 << 20, 16 << 20
	imports := bytes.NewBufferString("package a\nimport (\n")
	for i := 0; imports.Len() < bound; i++ {
		fmt.Fprintf(imports, "\"p%d\"\n", i)
	}
	imports.WriteString(")\n")
	comment := append(append([]byte("/*"), bytes.Repeat([]byte("x"), bound)...), "*/package a\n"...)
	embeds := append([]byte("package a\nimport _ \"embed\"\n"), bytes.Repeat([]byte("var _ int\n"), bound/10)...)
	many := bytes.Repeat([]byte("// a licence\n"), all/13/8)
	for name, files := range map[string]map[string][]byte{
		"imports": {"a.go": imports.Bytes()}, "a comment": {"a.go": comment}, "assembly": {"a.s": comment}, "embed": {"a.go": embeds},
		"several files": {"a.go": many, "b.go": many, "c.go": many, "d.go": many, "e.go": many, "f.go": many, "g.go": many, "h.go": many, "i.go": many},
		"code":          {"a.go": append([]byte("package a\nfunc f() {}\n"), comment[:bound]...)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
			}
			for _, scanner := range []*importgraph.Scanner{importgraph.New(runtime.GOOS, runtime.GOARCH, runtime.Version()), importgraph.All()} {
				pkg, err := scanner.Scan(dir)
				if name == "code" {
					require.NoError(t, err)
					assert.Equal(t, []string{"a.go"}, pkg.Files)
					continue
				}
				require.ErrorIs(t, err, importgraph.ErrTooMuch)
				assert.ErrorContains(t, err, "read "+dir)
			}
		})
	}
}
