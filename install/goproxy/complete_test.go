package goproxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// write puts the files of a txtar text into a directory.
func write(t testing.TB, dir, archive string) {
	t.Helper()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, f.Data, 0o644))
	}
}

// local is the spec of a directory as its finder makes it.
func local(dir, module string) *find.Spec {
	return &find.Spec{Name: dir, Module: module, Source: find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{}}}
}

func complete(t testing.TB, in *goproxy.Installer, s *store.Store, spec *find.Spec) *find.Spec {
	t.Helper()
	out, err := in.Complete(t.Context(), &install.Session{Store: s}, spec)
	require.NoError(t, err)
	return out
}

// offline makes an installer that no network helps.
func offline(p *loadtest.ProxyServer) *goproxy.Installer {
	c := config(p)
	c.Proxy, c.SumDB = "off", "off"
	return goproxy.New(c)
}

const localModule = `
-- go.mod --
module example.com/local
go 1.20
require (
	example.com/b v1.0.0
	example.com/swapped v1.0.0
	example.com/fork v1.0.0
	example.com/skipped v1.0.0
)
replace example.com/swapped => ./swapped
replace example.com/fork => example.com/b/v2 v2.0.1
exclude example.com/skipped v1.0.0
-- rules/rules.go --
package rules

import (
	_ "embed"
	_ "example.com/b"
	_ "example.com/fork"
	_ "example.com/local/rules/tax"
	_ "example.com/swapped/part"
)

//go:embed text/*.txt
var Text string
-- rules/text/a.txt --
text
-- rules/tax/tax.go --
package tax
-- swapped/go.mod --
module example.com/swapped
go 1.20
-- swapped/part/part.go --
package part
`

func TestCompleteLocalModule(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	in, s, dir := goproxy.New(config(p)), loadtest.OpenStore(t), t.TempDir()
	write(t, dir, localModule)
	rules := filepath.Join(dir, "rules")
	spec := complete(t, in, s, local(rules, "example.com/local"))
	got, want := buildList(spec), "example.com/b@v1.0.0 example.com/b/v2@v2.0.1"
	assert.EqualValues(t, want, got)
	want = `go LANG

require (
	example.com/b v1.0.0
	example.com/fork v1.0.0
	example.com/swapped v1.0.0
	example.com/local v1.999999999.0
)

replace example.com/local => ./places/0
exclude example.com/skipped v1.0.0
replace example.com/fork => example.com/b/v2 v2.0.1
replace example.com/swapped => ./places/1
`
	want = strings.ReplaceAll(want, "LANG", goLanguage(t))
	assert.Equal(t, want, string(spec.Source.Go.GoMod))
	goBuild(t, spec)

	again := complete(t, offline(p), s, local(rules, "example.com/local"))
	assert.Equal(t, spec.Source.Hash, again.Source.Hash, "the same files have another hash")
	for _, change := range []string{"rules/rules.go", "rules/tax/tax.go", "rules/text/a.txt", "swapped/part/part.go"} {
		name := filepath.Join(dir, change)
		before, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, append(before, "\n// changed\n"...), 0o644))
		changed := complete(t, offline(p), s, local(rules, "example.com/local"))
		assert.NotEqualf(t, spec.Source.Hash, changed.Source.Hash, "a change of %s leaves the hash as it is", change)
		require.NoError(t, os.WriteFile(name, before, 0o644))
	}
}

func TestCompleteStandardOnly(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t)
	for module, archive := range map[string]string{
		"":                  "-- a.go --\npackage a\nimport _ \"strings\"\n",
		"example.com/local": "-- go.mod --\nmodule example.com/local\n-- a.go --\npackage a\nimport _ \"strings\"\n",
		"local":             "-- go.mod --\nmodule local\n-- a.go --\npackage a\nimport _ \"strings\"\n",
	} {
		dir := t.TempDir()
		write(t, dir, archive)
		spec := complete(t, offline(p), loadtest.OpenStore(t), local(dir, module))
		require.NotEmpty(t, spec.Source.Hash)
		assert.Equal(t, module, spec.Source.Go.ImportPath)
		if module != "" {
			goBuild(t, spec)
		}
	}
	assert.Zero(t, p.Count(""))
}

func TestCompleteLooseDirectory(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	in, s, dir := goproxy.New(config(p)), loadtest.OpenStore(t), t.TempDir()
	_, err := bring(t, in, s, "example.com/b@v1.0.0")
	require.NoError(t, err)
	write(t, dir, "-- a.go --\npackage a\nimport _ \"example.com/b\"\nimport _ \"example.com/b/v2\"\n")
	spec := complete(t, in, s, local(dir, ""))
	got, want := buildList(spec), "example.com/b@v1.0.0 example.com/b/v2@v2.0.1"
	assert.Equal(t, want, got)
	assert.Empty(t, spec.Source.Go.ImportPath)
	write(t, dir, "-- b.go --\npackage a\n")
	again := complete(t, offline(p), s, local(dir, ""))
	assert.NotEqual(t, spec.Source.Hash, again.Source.Hash, "with a new file")
	assert.Equal(t, buildList(spec), buildList(again), "with a new file")
}

func TestCompleteErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, module, files, want string }{
		{
			"wrong sum in go.sum", "example.com/local",
			"-- go.mod --\nmodule example.com/local\ngo 1.20\nrequire example.com/b v1.0.0\n-- go.sum --\nexample.com/b v1.0.0 h1:wrong\n-- a.go --\npackage a\nimport _ \"example.com/b\"\n",
			"checksum mismatch for example.com/b@v1.0.0\n\tdownloaded: SUM\n\tgo.sum: h1:wrong\n\tsomebody changed a published version, or go.sum is wrong; find out which before you remove the line",
		},
		{
			"conflict markers in go.sum", "example.com/local",
			"-- go.mod --\nmodule example.com/local\n-- go.sum --\n<<<<<<< HEAD\n-- a.go --\npackage a\n",
			"checksum mismatch for go.sum line 1\n\tdownloaded: <<<<<<< HEAD\n\tthe format: module, version and sum\n\trepair it: go mod tidy",
		},
		{
			"missing requirement", "example.com/local",
			"-- go.mod --\nmodule example.com/local\n-- a.go --\npackage a\nimport _ \"example.com/b\"\n",
			"package example.com/b, imported by example.com/local: no required module provides it\n\tadd it to the local module: go get example.com/b",
		},
		{
			"broken go.mod", "example.com/local", "-- go.mod --\nmodule example.com/local\nrequire x\n-- a.go --\npackage a\n",
			"go.mod of DIR cannot be used: go.mod:2: usage: require module/path v1.2.3\n\trepair it: go mod tidy",
		},
		{
			"replace leads nowhere", "example.com/local",
			"-- go.mod --\nmodule example.com/local\nrequire example.com/b v1.0.0\nreplace example.com/b => ../nowhere\n-- a.go --\npackage a\nimport _ \"example.com/b\"\n",
			"go.mod of DIR cannot be used: a replace line leads to UP/nowhere, which has no go.mod\n\trepair it: go mod tidy",
		},
		{
			"newer go", "example.com/local", "-- go.mod --\nmodule example.com/local\ngo 9.99\n-- a.go --\npackage a\n",
			"example.com/local requires go >= 9.99 (running go VERSION)\n\tinstall a newer Go from https://go.dev/dl",
		},
		{
			"not in the standard library", "", "-- a.go --\npackage a\nimport _ \"no/such/std\"\n",
			"package no/such/std: it is not in the standard library",
		},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, modules)
			dir := t.TempDir()
			write(t, dir, test.files)
			_, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, local(dir, test.module))
			require.Error(t, err)
			got := strings.NewReplacer(dir, "DIR", filepath.Dir(dir), "UP", p.Sum("example.com/b", "v1.0.0"), "SUM", goRelease(t), "VERSION").Replace(err.Error())
			assert.Equal(t, test.want, got)
		})
	}
}

// TestLinkOutOfModule: a file that is a link to a place outside is not read.
func TestLinkOutOfModule(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t)
	dir := t.TempDir()
	write(t, dir, "-- go.mod --\nmodule example.com/local\n-- a.go --\npackage a\n")
	secret := filepath.Join(t.TempDir(), "secret.go")
	require.NoError(t, os.WriteFile(secret, []byte("package a\n"), 0o644))
	if err := os.Symlink(secret, filepath.Join(dir, "b.go")); err != nil {
		t.Skip("the system makes no symbolic links: ", err)
	}
	_, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, local(dir, "example.com/local"))
	var compile *engine.CompileError
	require.ErrorAs(t, err, &compile)
	assert.Equal(t, "b.go is a link out of the module, to "+secret, compile.Reason)
}
