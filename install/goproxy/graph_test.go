package goproxy_test

import (
	"strings"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBuildList holds the cases of minimal version selection in which the go command's answer is
// not the obvious one.
func TestBuildList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, modules, want, err string }{
		{
			what: "the highest of the required versions",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
require (
	example.com/x v1.0.0
	example.com/y v1.0.0
)
-- example.com/m@v1.0.0/m.go --
package m
import (
	_ "example.com/x"
	_ "example.com/y"
)
-- example.com/x@v1.0.0/go.mod --
module example.com/x
go 1.20
require example.com/y v1.1.0
-- example.com/x@v1.0.0/x.go --
package x
import _ "example.com/y"
-- example.com/y@v1.0.0/y.go --
package y
-- example.com/y@v1.1.0/y.go --
package y
-- example.com/y@v1.9.0/y.go --
package y
`,
			want: "example.com/m@v1.0.0 example.com/x@v1.0.0 example.com/y@v1.1.0",
		},
		{
			what: "what a pruned module's requirements require does not count",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
require (
	example.com/x v1.0.0
	example.com/y v1.0.0
)
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/y"
-- example.com/x@v1.0.0/go.mod --
module example.com/x
go 1.20
require example.com/y v1.1.0
-- example.com/x@v1.0.0/x.go --
package x
-- example.com/y@v1.0.0/y.go --
package y
-- example.com/y@v1.1.0/y.go --
package y
`,
			want: "example.com/m@v1.0.0 example.com/y@v1.0.0",
		},
		{
			what: "below a module before go 1.17 everything counts",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.16
require (
	example.com/x v1.0.0
	example.com/y v1.0.0
)
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/y"
-- example.com/x@v1.0.0/go.mod --
module example.com/x
go 1.20
require example.com/y v1.1.0
-- example.com/x@v1.0.0/x.go --
package x
-- example.com/y@v1.0.0/y.go --
package y
-- example.com/y@v1.1.0/y.go --
package y
`,
			want: "example.com/m@v1.0.0 example.com/y@v1.1.0",
		},
		{
			what: "a module without go.mod gets the latest of what it imports",
			modules: `
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/y/sub"
import _ "example.com/y/more"
-- example.com/y@v1.0.0/sub/y.go --
package sub
-- example.com/y@v1.1.0/sub/y.go --
package sub
-- example.com/y@v1.1.0/more/y.go --
package more
`,
			want: "example.com/m@v1.0.0 example.com/y@v1.1.0",
		},
		{
			what: "imports of other targets, of cgo and of tests do not count",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
require example.com/y v1.0.0
-- example.com/m@v1.0.0/m.go --
package m
-- example.com/m@v1.0.0/m_windows.go --
package m
import _ "example.com/y/windows"
-- example.com/m@v1.0.0/m_tag.go --
//go:build !linux || go1.9999
package m
import _ "example.com/y/tag"
-- example.com/m@v1.0.0/m_cgo.go --
package m
import "C"
import _ "example.com/y/cgo"
-- example.com/m@v1.0.0/m_test.go --
package m
import _ "example.com/y/test"
-- example.com/y@v1.0.0/y.go --
package y
`,
			want: "example.com/m@v1.0.0",
		},
		{
			what: "replace and exclude lines of a dependency do not count",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
require example.com/y v1.0.0
replace example.com/y => ../../../etc
exclude example.com/y v1.0.0
toolchain go9.99.0
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/y"
-- example.com/y@v1.0.0/y.go --
package y
`,
			want: "example.com/m@v1.0.0 example.com/y@v1.0.0",
		},
		{
			what: "an import that leads nowhere",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/nowhere/at/all"
-- example.com/nowhere@v1.0.0/y.go --
package y
`,
			err: "package example.com/nowhere/at/all, imported by example.com/m (example.com/m@v1.0.0): module example.com/nowhere@v1.0.0 does not contain it",
		},
		{
			what: "an import that is not in the standard library",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
-- example.com/m@v1.0.0/m.go --
package m
import _ "no/such/std"
`,
			err: "package no/such/std, imported by example.com/m (example.com/m@v1.0.0): it is not in the standard library",
		},
		{
			what: "an import that two modules provide",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
require (
	example.com/y v1.0.0
	example.com/y/z v1.0.0
)
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/y/z"
-- example.com/y@v1.0.0/z/z.go --
package z
-- example.com/y/z@v1.0.0/z.go --
package z
`,
			err: "package example.com/y/z, imported by example.com/m (example.com/m@v1.0.0): several modules provide it: example.com/y/z@v1.0.0, example.com/y@v1.0.0\n\task for a version whose requirements agree, or require the right one in a local module",
		},
		{
			what: "a dependency that needs a newer go",
			modules: `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
require example.com/y v1.0.0
-- example.com/m@v1.0.0/m.go --
package m
import _ "example.com/y"
-- example.com/y@v1.0.0/go.mod --
module example.com/y
go 9.99
-- example.com/y@v1.0.0/y.go --
package y
`,
			err: "example.com/y@v1.0.0 requires go >= 9.99 (running go VERSION)\n\tinstall a newer Go from https://go.dev/dl",
		},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, test.modules)
			spec, err := bring(t, goproxy.New(config(p)), loadtest.OpenStore(t), "example.com/m")
			if err != nil {
				assert.Equal(t, test.err, strings.ReplaceAll(err.Error(), goRelease(t), "VERSION"))
				return
			}
			got := buildList(spec)
			assert.Equal(t, test.want, got)
			assert.Empty(t, test.err)
			goBuild(t, spec)
		})
	}
}

// TestOlderGo names the version that the running toolchain could use.
func TestOlderGo(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, `
-- example.com/m@v1.0.0/go.mod --
module example.com/m
go 1.20
-- example.com/m@v1.1.0/go.mod --
module example.com/m
go 9.98
-- example.com/m@v1.2.0/go.mod --
module example.com/m
go 9.99
`)
	_, err := goproxy.New(config(p)).Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/m"))
	var version *find.VersionError
	require.ErrorAs(t, err, &version)
	assert.Equal(t, "install a newer Go from https://go.dev/dl, or ask for @v1.0.0, which requires less", version.Fix)
}

// TestModCache: the user's module cache is asked before the network, and verified all the same.
func TestModCache(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	first := loadtest.OpenStore(t)
	_, err := bring(t, goproxy.New(config(p)), first, "example.com/v")
	require.NoError(t, err)
	c := config(p)
	c.ModCache = loadtest.ModuleCache(t, p, "example.com/v@v1.0.0")
	zips := p.Count(".zip")
	_, err = bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
	require.NoError(t, err)
	assert.Equal(t, zips, p.Count(".zip"), "the zip was asked for again")
	p.SetFile("/example.com/v/@v/v1.0.0.zip", loadtest.Zip(t, loadtest.ZipEntry{Name: "example.com/v@v1.0.0/evil.go", Data: []byte("package evil\n")}))
	c.ModCache = loadtest.ModuleCache(t, p, "example.com/v@v1.0.0")
	_, err = bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
	var sum *install.ChecksumError
	assert.ErrorAsf(t, err, &sum, "a damaged module cache: got %v, want a ChecksumError", err)
}
