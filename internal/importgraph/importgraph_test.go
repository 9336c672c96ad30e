package importgraph_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/loadgo/load/internal/importgraph"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const files = `
-- a.go --
package a

import (
	_ "embed"
	"strings"
	_ "unsafe"
)

//go:embed text/*.txt
var t string
-- a_linux.go --
package a

import _ "example.com/linux"
-- a_windows.go --
package a

import _ "example.com/windows"
-- new.go --
//go:build go1.25

package a

import _ "example.com/new"
-- newer.go --
//go:build go1.26

package a

import _ "example.com/newer"
-- ignored.go --
//go:build ignore

package main

import _ "example.com/ignored"
-- cgo.go --
package a

import "C"
import _ "example.com/cgo"
-- a_test.go --
package a

import _ "example.com/test"
-- a_amd64.s --
-- a_arm64.s --
`

func TestScan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644))
	}
	for _, test := range []struct {
		goos, goarch, version string
		imports, files        []string
	}{
		{
			"linux", "amd64", "go1.25.3",
			[]string{"embed", "example.com/linux", "example.com/new", "strings"},
			[]string{"a.go", "a_amd64.s", "a_linux.go", "new.go"},
		},
		{
			"windows", "arm64", "go1.26",
			[]string{"embed", "example.com/new", "example.com/newer", "example.com/windows", "strings"},
			[]string{"a.go", "a_arm64.s", "a_windows.go", "new.go", "newer.go"},
		},
	} {
		pkg, err := importgraph.New(test.goos, test.goarch, test.version).Scan(dir)
		require.NoError(t, err)
		assert.Equalf(t, "a", pkg.Name, "%v %v %v", test.goos, test.goarch, test.version)
		assert.Equalf(t, test.imports, pkg.Imports, "%v %v %v", test.goos, test.goarch, test.version)
		assert.Equalf(t, test.files, pkg.Files, "%v %v %v", test.goos, test.goarch, test.version)
		assert.Equalf(t, []string{"text/*.txt"}, pkg.Embeds, "%v %v %v", test.goos, test.goarch, test.version)
	}
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"p/a.txt": {}, "p/.hidden": {}, "p/dir/b.txt": {}, "p/dir/_c.txt": {}, "p/dir/.git/d": {}, "q.txt": {},
		"p/link": {Mode: os.ModeSymlink, Data: []byte("../q.txt")},
	}
	for pattern, want := range map[string][]string{
		"a.txt":    {"p/a.txt"},
		"*":        {"p/.hidden", "p/a.txt", "p/dir/b.txt"},
		"dir":      {"p/dir/b.txt"},
		"all:dir":  {"p/dir/.git/d", "p/dir/_c.txt", "p/dir/b.txt"},
		".hidden":  {"p/.hidden"},
		"nothing*": {},
		"link":     {},
	} {
		got, err := importgraph.Embedded(t.Context(), fsys, "p", []string{pattern})
		require.NoError(t, err)
		assert.Equal(t, want, got, pattern)
	}
}

// TestEmbeddedByMany: what many patterns name is gone through once, hidden files by those alone that
// ask for them; the end of the context ends it.
func TestEmbeddedByMany(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"p/dir/.hidden": {}}
	for i := range 5000 {
		fsys[fmt.Sprintf("p/dir/f%d", i)] = &fstest.MapFile{}
	}
	var patterns []string
	for i := range 300 {
		patterns = append(patterns, fmt.Sprintf("di[r%d]", i))
	}
	got, err := importgraph.Embedded(t.Context(), fsys, "p", patterns)
	require.NoError(t, err)
	assert.Len(t, got, 5000)
	got, err = importgraph.Embedded(t.Context(), fsys, "p", append(patterns, "all:dir"))
	require.NoError(t, err)
	assert.Len(t, got, 5001)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(assert.AnError)
	_, err = importgraph.Embedded(ctx, fsys, "p", patterns)
	assert.Equal(t, assert.AnError, err)
}
