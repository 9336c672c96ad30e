package goproxy_test

import (
	"errors"
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
)

// write puts the files of a txtar text into a directory.
func write(t testing.TB, dir, archive string) {
	t.Helper()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// local is the spec of a directory as its finder makes it.
func local(dir, module string) *find.Spec {
	return &find.Spec{Name: dir, Module: module, Source: find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{}}}
}

func complete(t testing.TB, in *goproxy.Installer, s *store.Store, spec *find.Spec) *find.Spec {
	t.Helper()
	out, err := in.Complete(t.Context(), &install.Session{Store: s}, spec)
	if err != nil {
		t.Fatal(err)
	}
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
	in, s, dir := goproxy.New(config(p)), openStore(t), t.TempDir()
	write(t, dir, localModule)
	rules := filepath.Join(dir, "rules")
	spec := complete(t, in, s, local(rules, "example.com/local"))
	if got, want := buildList(spec), "example.com/b@v1.0.0 example.com/b/v2@v2.0.1"; got != want {
		t.Errorf("build list %s, want %s", got, want)
	}
	want := `go LANG

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
	if got := string(spec.Source.Go.GoMod); got != want {
		t.Errorf("go.mod:\n%s\nwant:\n%s", got, want)
	}
	goBuild(t, spec)

	again := complete(t, offline(p), s, local(rules, "example.com/local"))
	if again.Source.Hash != spec.Source.Hash {
		t.Error("the same files have another hash")
	}
	for _, change := range []string{"rules/rules.go", "rules/tax/tax.go", "rules/text/a.txt", "swapped/part/part.go"} {
		name := filepath.Join(dir, change)
		before, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(before, "\n// changed\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
		changed := complete(t, offline(p), s, local(rules, "example.com/local"))
		if changed.Source.Hash == spec.Source.Hash {
			t.Errorf("a change of %s leaves the hash as it is", change)
		}
		if err := os.WriteFile(name, before, 0o644); err != nil {
			t.Fatal(err)
		}
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
		spec := complete(t, offline(p), openStore(t), local(dir, module))
		if spec.Source.Hash == "" || spec.Source.Go.ImportPath != module {
			t.Errorf("%q: incomplete %+v", module, spec.Source)
		}
		if module != "" {
			goBuild(t, spec)
		}
	}
	if n := p.Count(""); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestCompleteLooseDirectory(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	in, s, dir := goproxy.New(config(p)), openStore(t), t.TempDir()
	if _, err := bring(t, in, s, "example.com/b@v1.0.0"); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "-- a.go --\npackage a\nimport _ \"example.com/b\"\nimport _ \"example.com/b/v2\"\n")
	spec := complete(t, in, s, local(dir, ""))
	if got, want := buildList(spec), "example.com/b@v1.0.0 example.com/b/v2@v2.0.1"; got != want {
		t.Errorf("build list %s, want %s", got, want)
	}
	if spec.Source.Go.ImportPath != "" {
		t.Errorf("import path %q", spec.Source.Go.ImportPath)
	}
	write(t, dir, "-- b.go --\npackage a\n")
	again := complete(t, offline(p), s, local(dir, ""))
	if again.Source.Hash == spec.Source.Hash || buildList(again) != buildList(spec) {
		t.Errorf("with a new file: %s, %s", again.Source.Hash, buildList(again))
	}
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
			_, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: openStore(t)}, local(dir, test.module))
			if err == nil {
				t.Fatal("it is accepted")
			}
			got := strings.NewReplacer(dir, "DIR", filepath.Dir(dir), "UP", p.Sum("example.com/b", "v1.0.0"), "SUM", goRelease(t), "VERSION").Replace(err.Error())
			if got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
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
	if err := os.WriteFile(secret, []byte("package a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "b.go")); err != nil {
		t.Skip("the system makes no symbolic links: ", err)
	}
	_, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: openStore(t)}, local(dir, "example.com/local"))
	var compile *engine.CompileError
	if !errors.As(err, &compile) || compile.Reason != "b.go is a link out of the module, to "+secret {
		t.Errorf("got %v", err)
	}
}
