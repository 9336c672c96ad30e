package goproxy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
)

// reachable are modules of which some need what cannot be had.
const reachable = `
-- example.com/x@v1.0.0/go.mod --
module example.com/x

go 1.20

require example.com/y v1.0.0
-- example.com/x@v1.0.0/x.go --
package x

import _ "example.com/y"
-- example.com/x@v1.0.0/alone/a.go --
package alone
-- example.com/y@v1.0.0/go.mod --
module example.com/y

go 1.20
-- example.com/y@v1.0.0/y.go --
package y
-- example.com/y@v1.1.0/go.mod --
module example.com/y

go 1.20
-- example.com/y@v1.1.0/y.go --
package y
-- example.com/broken@v1.0.0/go.mod --
module example.com/broken

go 1.20

require (
	example.com/absent v1.0.0
	example.com/y v1.1.0
)
-- example.com/broken@v1.0.0/b.go --
package broken

import _ "example.com/y"
-- example.com/broken@v1.0.0/alone/b.go --
package alone
-- example.com/ancient@v1.0.0/go.mod --
module example.com/ancient

go 1.16

require example.com/absent v1.0.0
-- example.com/ancient@v1.0.0/a.go --
package ancient
`

// TestLazy compares, for local modules, what is built and whether anything is, with the go command:
// of go.mod files only those count that the imports need.
func TestLazy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, files string
		fails       bool
	}{
		{"an unused requirement cannot be had", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire example.com/absent v1.0.0\n-- m.go --\npackage m\n", false},
		{
			"a tool cannot be had",
			"-- go.mod --\nmodule m\n\ngo 1.24\n\ntool example.com/absent/cmd/x\n\nrequire example.com/absent v1.0.0 // indirect\n\nrequire (\n\texample.com/x v1.0.0\n\texample.com/y v1.0.0 // indirect\n)\n-- m.go --\npackage m\n\nimport _ \"example.com/x\"\n",
			false,
		},
		{"an unused requirement has a broken version", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire example.com/y v1.7.0\n-- m.go --\npackage m\n\nimport _ \"strings\"\n", false},
		{"what a requirement requires cannot be had", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire example.com/broken v1.0.0\n-- m.go --\npackage m\n\nimport _ \"example.com/broken/alone\"\n", false},
		{"an old requirement needs what cannot be had", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire example.com/ancient v1.0.0\n-- m.go --\npackage m\n\nimport _ \"example.com/ancient\"\n", false},
		{"a requirement lists a higher version of another", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire (\n\texample.com/broken v1.0.0\n\texample.com/y v1.1.0\n)\n-- m.go --\npackage m\n\nimport _ \"example.com/broken\"\n", false},
		{"a replaced directory is not there", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire example.com/z v1.0.0\n\nreplace example.com/z => ./z\n-- m.go --\npackage m\n", false},
		{"a package of the module beside one", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire (\n\texample.com/absent v1.0.0\n\texample.com/x v1.0.0\n)\n-- m.go --\npackage m\n\nimport _ \"m/in\"\n-- in/in.go --\npackage in\n\nimport _ \"example.com/x/alone\"\n", false},
		{"go 1.17", "-- go.mod --\nmodule m\n\ngo 1.17\n\nrequire example.com/absent v1.0.0\n-- m.go --\npackage m\n", false},
		{"before go 1.17 all is read", "-- go.mod --\nmodule m\n\ngo 1.16\n\nrequire example.com/absent v1.0.0\n-- m.go --\npackage m\n", true},
		{"what is imported cannot be had", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire example.com/absent v1.0.0\n-- m.go --\npackage m\n\nimport _ \"example.com/absent\"\n", true},
		{"an import leads beyond the requirements", "-- go.mod --\nmodule m\n\ngo 1.24\n\nrequire (\n\texample.com/absent v1.0.0\n\texample.com/x v1.0.0\n)\n-- m.go --\npackage m\n\nimport _ \"example.com/x\"\n", true},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, reachable)
			dir := loadtest.TempDir(t)
			for _, f := range txtar.Parse([]byte(test.files)).Files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, f.Name)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644))
			}
			in, s := goproxy.New(config(p)), loadtest.OpenStore(t)
			spec, err := in.Complete(t.Context(), &install.Session{Store: s}, &find.Spec{
				Name: dir, Module: "m",
				Source: find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{ImportPath: "m"}},
			})
			theirs, goErr := goModules(t, p, dir)
			if test.fails {
				assert.Error(t, err)
				assert.Error(t, goErr)
				return
			}
			require.NoError(t, goErr)
			require.NoError(t, err)
			assert.Equal(t, theirs, buildList(spec))
			goBuild(t, spec)
		})
	}
}

// goModules lists the modules that the go command builds the package in a directory from.
func goModules(t *testing.T, p *loadtest.ProxyServer, dir string) (string, error) {
	cmd := exec.Command("go", "list", "-mod=mod", "-modcacherw", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY="+p.URL, "GOSUMDB=off", "GONOSUMDB=*", "GONOPROXY=none", "GOPRIVATE=", "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOTOOLCHAIN=local", "GOMODCACHE="+t.TempDir())
	before, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	out, err := cmd.Output()
	if after, readErr := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && (readErr != nil || string(after) != string(before)) {
		return "", assert.AnError // -mod=readonly, the default, had failed
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	return strings.Join(slices.Compact(modules), " "), err
}
