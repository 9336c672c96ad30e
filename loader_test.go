package load_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withShop gives a loader the shop, a press that compiles what the shop sells, and a store.
func withShop(s *shop, p *press, in *store.Store) func(*load.Config) {
	return func(c *load.Config) {
		c.Installers = []install.Installer{s}
		c.Engines = []engine.Engine{p}
		c.Store = in
	}
}

// stamp is a press that works on a share of the processors.
type stamp struct {
	press
	shares chan int
}

func (s *stamp) CompileWith(ctx context.Context, means engine.Means, src find.Source, dir string) error {
	s.shares <- means.Processors
	return s.Compile(ctx, src, dir)
}

// TestCompileOnShare: the first compilation has all processors. One that begins while another is
// under way has fewer.
func TestCompileOnShare(t *testing.T) {
	t.Parallel()
	s, in := &stamp{press: press{fingerprint: "1"}, shares: make(chan int, 1)}, loadtest.OpenStore(t)
	l := newLoader(t, &world{}, withShop(&shop{}, &s.press, in), func(c *load.Config) { c.Engines = []engine.Engine{s} })
	mustLoad(t, l, "a.com")
	assert.Equal(t, runtime.NumCPU(), <-s.shares)
	_, release, err := in.Slot(t.Context(), "compile")
	require.NoError(t, err)
	defer release()
	if runtime.NumCPU() > 1 { // else it would wait
		mustLoad(t, l, "b.com")
		assert.Equal(t, runtime.NumCPU()/2, <-s.shares)
	}
}

func TestInstallCompileOpen(t *testing.T) {
	t.Parallel()
	w, s, p := &world{modules: map[string]fake{"here": {}}}, &shop{}, &press{fingerprint: "1"}
	var r loadtest.Events
	in := loadtest.OpenStore(t)
	l := newLoader(t, w, withShop(s, p, in), func(c *load.Config) { c.Events = r.Sink })
	m := mustLoad(t, l, "a.com")
	assert.Equalf(t, "a.com@v1.0.0", m.String(), "module %v, engine %s", m, m.Engine())
	assert.Equalf(t, "press", m.Engine(), "module %v, engine %s", m, m.Engine())
	assert.Equalf(t, "none", m.Isolation().Level, "module %v, engine %s", m, m.Engine())
	got, want := r.Kinds(), []string{"Found", "Verified", "Compiled", "Opened", "Loaded"}
	assert.Equal(t, want, got)

	// Another loader, as another process, compiles nothing.
	mustLoad(t, newLoader(t, w, withShop(s, p, in)), "a.com")
	assert.EqualValues(t, 1, p.compiles.Load())
	// Another fingerprint does.
	p2 := &press{fingerprint: "2"}
	mustLoad(t, newLoader(t, w, withShop(s, p2, in)), "a.com")
	assert.EqualValues(t, 1, p2.compiles.Load())
}

func TestInstall(t *testing.T) {
	t.Parallel()
	p := &press{}
	l := newLoader(t, &world{}, withShop(&shop{}, p, loadtest.OpenStore(t)))
	spec, err := l.Install(t.Context(), "a.com")
	require.NoError(t, err)
	assert.Equalf(t, "a.com", spec.Name, "spec %+v, compiled %d times", spec, p.compiles.Load())
	assert.Equalf(t, int32(1), p.compiles.Load(), "spec %+v, compiled %d times", spec, p.compiles.Load())
	assert.Emptyf(t, names(l), "spec %+v, compiled %d times", spec, p.compiles.Load())
	mustLoad(t, l, "a.com")
	assert.EqualValues(t, 1, p.compiles.Load())
}

// place is a finder of a source that an installer has to complete.
type place struct{ find.Finder }

func (p place) Find(ctx context.Context, name find.Name) (*load.Spec, error) {
	spec, err := p.Finder.Find(ctx, name)
	if spec != nil {
		spec.Source.Hash = ""
	}
	return spec, err
}

func TestComplete(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {}}}
	inPlace := func(c *load.Config) { c.Path = find.Path{place{w}} }
	p, in := &press{}, loadtest.OpenStore(t)
	l := newLoader(t, w, withShop(&shop{}, p, in), inPlace)
	assert.Equal(t, "completed:x", mustLoad(t, l, "x").Spec().Source.Hash)
	e, err := l.Explain(t.Context(), "x")
	require.NoErrorf(t, err, "explanation of a running module %+v, %v", e, err)
	assert.Equalf(t, "completed:x", e.Artifact.SourceHash, "explanation of a running module %+v, %v", e, err)
	require.Truef(t, e.Artifact.Present, "explanation of a running module %+v, %v", e, err)
	assert.Truef(t, e.Loaded, "explanation of a running module %+v, %v", e, err)

	l = newLoader(t, w, inPlace, func(c *load.Config) { c.Engines, c.Store = []engine.Engine{p}, in })
	_, err = l.Load(t.Context(), "x")
	assert.EqualError(t, err, "load x: Config.Installers: none of them completes a source found in place (world)")
}

func TestDamagedArtifactIsMadeAgain(t *testing.T) {
	t.Parallel()
	in, p := loadtest.OpenStore(t), &press{}
	_, err := newLoader(t, &world{}, withShop(&shop{}, p, in)).Install(t.Context(), "a.com")
	require.NoError(t, err)
	plates, err := filepath.Glob(filepath.Join(in.Dir(), "obj", "*", "files", "plate"))
	require.NoError(t, err)
	require.Len(t, plates, 1)
	require.NoError(t, os.Chmod(plates[0], 0o644))
	require.NoError(t, os.WriteFile(plates[0], []byte("forged"), 0o644))
	var r loadtest.Events
	l := newLoader(t, &world{}, withShop(&shop{}, p, in), func(c *load.Config) { c.Events = r.Sink })
	mustLoad(t, l, "a.com")
	assert.EqualValues(t, 2, p.compiles.Load())
	got, want := r.Kinds(), []string{"Found", "Evicted", "Verified", "Compiled", "Opened", "Loaded"}
	assert.Equal(t, want, got)
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"string": {}, "strings": {}}}
	broken := &load.RegistryError{URL: "https://registry.example", Reason: "500 Internal Server Error"}
	missing := fmt.Errorf("%w: no release", load.ErrNotFound)
	inner := &load.NotFoundError{Tried: []find.Tried{{Who: "registry", Answer: "404"}}, Fix: "ask its author"}
	for _, test := range []struct {
		name    string
		resolve error
		change  func(*load.Config)
		want    string
	}{
		{"stings", nil, nil, "not found\n\tworld: the world has no stings\n\tshop: not its kind of name\n\tdid you mean strings?\n\tan install needs the full path, such as github.com/user/stings"},
		{"a.com", nil, func(c *load.Config) { c.NoInstall = true }, "not found\n\tworld: the world has no a.com\n\tshop: installs are turned off\n\trun `load get a.com`, or set Config.NoInstall to false"},
		{"a.com", missing, nil, "not found\n\tworld: the world has no a.com\n\tshop: no release\n\tcheck the spelling of the name and of its version"},
		{"a.com", inner, nil, "not found\n\tworld: the world has no a.com\n\tregistry: 404\n\task its author"},
		{"a.com", broken, nil, "https://registry.example: 500 Internal Server Error"},
		{"gh:user/repo", nil, nil, "not found\n\tworld: the world has no gh:user/repo\n\tshop: not its kind of name\n\tset Config.Installers to one that installs such names"},
		{"a.com", nil, func(c *load.Config) { c.Store = nil }, "Config.Store: shop has no store to install into"},
		{"string", nil, nil, "Config.Store: press has no store to compile into"},
		{"string", nil, func(c *load.Config) { c.Engines = nil }, "no engine for source of kind \"fake\"\n\tset Config.Engines to one that takes it"},
	} {
		in := loadtest.OpenStore(t)
		if strings.Contains(test.want, "to compile into") {
			in = nil
		}
		l := newLoader(t, w, withShop(&shop{resolve: test.resolve}, &press{}, in), func(c *load.Config) {
			if test.change != nil {
				test.change(c)
			}
		})
		_, err := l.Load(t.Context(), test.name)
		assert.EqualError(t, err, "load "+test.name+": "+test.want)
		isNotFound := strings.HasPrefix(test.want, "not found")
		assert.Equal(t, isNotFound, errors.Is(err, load.ErrNotFound), test.name)
		if strings.HasPrefix(test.want, "Config.Store: press") || strings.HasPrefix(test.want, "no engine") {
			continue // these were found
		}
		e, explained := l.Explain(t.Context(), test.name)
		assert.Falsef(t, test.want != "Config.Store: shop has no store to install into" && (explained == nil || e == nil), "%s: explanation %v, error %v", test.name, e, explained)
	}
}

// A finder that answers anything but ErrNotFound ends the search.
func TestBrokenModuleIsNotShadowed(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {}}}
	l := newLoader(t, w, func(c *load.Config) { c.Path = find.Path{finder(func() error { return errBroken }), w} })
	for _, ask := range []func() error{
		func() error { _, err := l.Load(t.Context(), "x"); return err },
		func() error { _, err := l.Find(t.Context(), "x"); return err },
		func() error { _, err := l.Install(t.Context(), "x"); return err },
		func() error { _, err := l.Explain(t.Context(), "x"); return err },
	} {
		assert.EqualError(t, ask(), "load x: it is broken")
	}
	l = newLoader(t, w, func(c *load.Config) { c.Path = find.Path{finder(func() error { panic("oh") }), w} })
	_, err := l.Find(t.Context(), "x")
	var internal *load.InternalError
	assert.ErrorAs(t, err, &internal, "a finder that panics")
}

type finder func() error

func (f finder) Find(context.Context, find.Name) (*load.Spec, error) { return nil, f() }

func TestFind(t *testing.T) {
	t.Parallel()
	w, s := &world{modules: map[string]fake{"x": {version: "v1.0.0"}}}, &shop{}
	l := newLoader(t, w, withShop(s, &press{}, loadtest.OpenStore(t)))
	spec, err := l.Find(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "v1.0.0", spec.Version)
	_, err = l.Find(t.Context(), "a.com")
	assert.EqualError(t, err, "load a.com: not found\n\tworld: the world has no a.com\n\tshop: it would be asked to install it\n\tcheck the spelling of the name and of its version")
	assert.Zero(t, s.resolved.Load(), "Find asked the installer")
}

func TestExplain(t *testing.T) {
	t.Parallel()
	w, s, p := &world{modules: map[string]fake{"x": {version: "v1.0.0"}}}, &shop{}, &press{fingerprint: "press 1"}
	in := loadtest.OpenStore(t)
	l := newLoader(t, w, withShop(s, p, in), func(c *load.Config) { c.Engines = []engine.Engine{w, p}; c.Engine = "press" })
	e, err := l.Explain(t.Context(), "x")
	require.NoError(t, err)
	key := store.Key("fake:x", "press", "press 1")
	want := `x@v1.0.0
  origin  world
  state   installed
asked
  * world  x@v1.0.0
  - shop   not asked: it is found already
engines
  - fake   Config.Engine asks for press
  * press  Config.Engine asks for it
artifact
  source hash  fake:x
  fingerprint  press 1
  key          ` + key + `
  state        not compiled
isolation partial
  * files    landlock
  - network  the kernel has no seccomp
`
	assert.Equal(t, want, e.String())

	e, err = l.Explain(t.Context(), "a.com")
	require.NoError(t, err)
	want = `a.com@v1.0.0
  module   a.com
  version  the latest release
  origin   shop
  state    not installed
asked
  - world  the world has no a.com
  * shop   a.com@v1.0.0
`
	assert.Equal(t, want, e.String())
	data, err := json.Marshal(e)
	wantJSON := `{"name":"a.com","loaded":false,"asked":[{"who":"world","found":false,"answer":"the world has no a.com"},{"who":"shop","found":true,"answer":"a.com@v1.0.0"}],` +
		`"canonical":"a.com","module":"a.com","version":"v1.0.0","why":"the latest release","origin":"shop","installed":false,"build_list":[]}`
	assert.Equalf(t, wantJSON, string(data), "%v", err)
	assert.Zero(t, p.compiles.Load())
}
