package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mostAdded is what ten stubs add to a program beyond the first, in bytes, where a function of each
// is called.
const mostAdded = 300 << 10

// TestLiveStubSize compares a program that calls a function of one stub with one that calls
// functions of ten more.
func TestLiveStubSize(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it takes long to link two programs of 38 MB: set LOAD_LIVE=1")
	}
	dir := appModule(t)
	t.Setenv("LOAD_DIR", t.TempDir())
	calls := []struct{ path, call string }{
		{"path", `path.Base("a/b")`},
		{"bytes", `bytes.ToUpper(nil)`},
		{"encoding/csv", `csv.NewReader(nil)`},
		{"encoding/hex", `hex.EncodeToString(nil)`},
		{"encoding/json", `json.Valid(nil)`},
		{"net/url", `url.PathEscape("x")`},
		{"regexp", `regexp.MustCompile("x")`},
		{"sort", `sort.IsSorted(nil)`},
		{"strconv", `strconv.Itoa(1)`},
		{"strings", `strings.ToUpper("x")`},
		{"text/template", `template.New("x")`},
	}
	args := []string{"-tree", "-o", "stubs"}
	for _, c := range calls {
		args = append(args, c.path)
	}
	stderr, code := gen(t, dir, args...)
	require.Zero(t, code, stderr)
	size := func(name string, n int) int64 {
		var imports, body strings.Builder
		for _, c := range calls[:n] {
			fmt.Fprintf(&imports, "\t%q\n", "example.com/app/stubs/"+c.path)
			fmt.Fprintf(&body, "\tfmt.Println(%s)\n", c.call)
		}
		writeFile(t, filepath.Join(dir, name, "main.go"), fmt.Appendf(nil, "package main\n\nimport (\n\t\"fmt\"\n%s)\n\nfunc main() {\n%s}\n", imports.String(), body.String()))
		output, err := goIn(t, dir, "build", "-ldflags=-s -w", "-o", name+".bin", "./"+name)
		require.NoError(t, err, output)
		info, err := os.Stat(filepath.Join(dir, name+".bin"))
		require.NoError(t, err)
		return info.Size()
	}
	one, eleven := size("one", 1), size("eleven", len(calls))
	t.Logf("%d bytes with one stub, %d more with ten further ones", one, eleven-one)
	assert.LessOrEqual(t, eleven-one, int64(mostAdded))
}
