package load_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// library is a finder and an engine of Go packages that exist in the test only. Each has a generic
// function Uniq, and an instance answers what it was built with.
type library struct {
	careless bool // forgets the companions
	fail     func(instances []string) error

	mu     sync.Mutex
	opened []*book
}

func (*library) String() string { return "library" }

func (b *library) Find(_ context.Context, name find.Name) (*load.Spec, error) {
	spec := &load.Spec{
		Name: name.Target, Version: "v1.0.0", Origin: "library",
		Source: find.Source{Kind: find.KindGo, Hash: "h1:" + name.Target, Go: &find.GoSource{ImportPath: name.Target}},
	}
	for _, c := range name.Along {
		if !b.careless {
			c.Version = "v2.0.0"
			spec.Source.Go.Along = append(spec.Source.Go.Along, c)
		}
	}
	return spec, nil
}

func (*library) Name() string { return "library" }

func (*library) Accepts(find.Source) bool { return true }

func (b *library) Open(_ context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	in := &book{with: a.Spec.Source.Go}
	b.mu.Lock()
	b.opened = append(b.opened, in)
	b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail(a.Spec.Source.Go.Instances); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// opens tells how many instances were opened, and how many of them are closed.
func (b *library) opens() (opened, closed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, in := range b.opened {
		if in.closed.Load() {
			closed++
		}
	}
	return len(b.opened), closed
}

type book struct {
	with   *find.GoSource
	crash  atomic.Pointer[error]
	closed atomic.Bool
}

func (in *book) Symbols() []load.Symbol {
	symbols := []load.Symbol{{Name: "Uniq", Kind: engine.KindFunc, Limit: "it is generic"}}
	for _, name := range in.with.Instances {
		symbols = append(symbols, load.Symbol{Name: name, Kind: engine.KindFunc})
	}
	slices.SortFunc(symbols, func(a, b load.Symbol) int { return strings.Compare(a.Name, b.Name) })
	return symbols
}

func (in *book) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	if _, ok := engine.FindSymbol(in.Symbols(), symbol); !ok {
		return reflect.Value{}, &load.SymbolError{Module: "m", Symbol: symbol}
	}
	return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(fmt.Sprint(symbol, in.with.Instances))}
	}), nil
}

func (in *book) Call(_ context.Context, symbol string, _ []any) ([]any, error) {
	return []any{fmt.Sprint(symbol, in.with.Instances)}, nil
}

func (in *book) Crash() *atomic.Pointer[error] { return &in.crash }

func (in *book) Close(context.Context) error {
	in.closed.Store(true)
	return nil
}

func newLibrary(t testing.TB, b *library) *load.Loader {
	t.Helper()
	l, err := load.New(load.Config{Path: find.Path{b}, Engines: []engine.Engine{b}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

// TestLoadOptions: what a module is built with is part of its identity, and order and repetition
// are not.
func TestLoadOptions(t *testing.T) {
	t.Parallel()
	b := &library{}
	l := newLibrary(t, b)
	get := func(name string, options ...load.LoadOption) *load.Module {
		t.Helper()
		m, err := l.Load(t.Context(), name, options...)
		require.NoError(t, err)
		return m
	}
	plain := get("example.com/a")
	along := get("example.com/a", load.Along("bytes", "zc=example.com/z@v2"))
	instance := get("example.com/a", load.Instantiate("Uniq[int]", "Map[string,int]"))
	assert.NotSame(t, along, plain, "what a module is built with makes no difference")
	assert.NotSame(t, instance, plain, "what a module is built with makes no difference")
	assert.NotSame(t, instance, along, "what a module is built with makes no difference")
	for _, same := range []struct{ got, want *load.Module }{
		{get("example.com/a"), plain},
		{get("example.com/a", load.Along(), load.Instantiate()), plain},
		{get("example.com/a", load.Along("example.com/a")), plain},
		{get("example.com/a@v1.0.0"), plain},
		{get("example.com/a", load.Along("zc=example.com/z@v2", "bytes", "bytes")), along},
		{get("example.com/a", load.Along("zc=example.com/z@v2"), load.Along("bytes")), along},
		{get("example.com/a@v1.0.0", load.Along("zc=example.com/z@v2.0.0", "bytes")), along},
		{get("example.com/a", load.Instantiate(" Map[ string , int ]", "Uniq[int]", "Uniq[int]")), instance},
	} {
		assert.Samef(t, same.want, same.got, "%v %v", same.got.Spec().Source.Go, same.want.Spec().Source.Go)
	}
	assert.NotSame(t, along, get("example.com/a", load.Along("bytes", "example.com/z@v2")), "another alias makes no difference")
	opened, _ := b.opens()
	assert.Equal(t, 4, opened)
	_, err := l.Unload(t.Context(), "example.com/a", load.Along("bytes", "zc=example.com/z@v2"))
	require.NoError(t, err)
	_, closed := b.opens()
	assert.Equalf(t, 1, closed, "%d instances are closed, want 1", closed)
	assert.Lenf(t, slices.Collect(l.Modules()), 3, "%d instances are closed, want 1", closed)
}

func TestLoadOptionsRefused(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, &library{})
	for _, test := range []struct {
		option load.LoadOption
		want   string
	}{
		{load.Along("./rules"), `load example.com/a: invalid module name: its companion "./rules": it is a directory, not an import path`},
		{load.Along("gh:a/b"), `load example.com/a: invalid module name: its companion "gh:a/b": it is a url, not an import path`},
		{load.Along("a..b/../c"), `load example.com/a: invalid module name: its companion "a..b/../c": it is not an import path: invalid path element ".."`},
		{load.Along("x-y=bytes"), `load example.com/a: invalid module name: its companion "x-y=bytes": its alias is not a Go identifier`},
		{load.Along("bytes", "b=bytes"), `load example.com/a: invalid module name: its companion bytes is asked for as b=bytes and as bytes`},
		{load.Instantiate("Uniq"), `load example.com/a: invalid module name: it cannot be built with the instantiation "Uniq": it is not of the form Name[T]`},
		{load.Instantiate("Uniq[1]"), `load example.com/a: invalid module name: it cannot be built with the instantiation "Uniq[1]": 1 is not a type`},
	} {
		_, err := l.Load(t.Context(), "example.com/a", test.option)
		assert.EqualError(t, err, test.want)
		var name *load.NameError
		assert.ErrorAs(t, err, &name)
	}
	careless := newLibrary(t, &library{careless: true})
	_, err := careless.Load(t.Context(), "example.com/a", load.Along("bytes"))
	assert.EqualError(t, err, "load example.com/a: internal error: library does not bring companions")
	world := newLoader(t, &world{modules: map[string]fake{"a": {}}})
	_, err = world.Load(t.Context(), "a", load.Along("bytes"))
	assert.EqualError(t, err, "load a: it is no Go package: it cannot be built with companions, instantiations or expressions")
}

// TestInstantiateOnDemand hammers instantiations of one module: each is opened once, and ends with
// the module.
func TestInstantiateOnDemand(t *testing.T) {
	t.Parallel()
	b := &library{}
	l := newLibrary(t, b)
	m, err := l.Load(t.Context(), "example.com/a", load.Instantiate("Uniq[bool]"))
	require.NoError(t, err)
	spellings := []string{"Uniq[int]", "Uniq[ int ]", "Uniq[map[string]int]", "Uniq[map[string] int]", "Uniq[bool]"}
	want := []string{"Uniq[int][Uniq[int]]", "Uniq[int][Uniq[int]]", "Uniq[map[string]int][Uniq[map[string]int]]", "Uniq[map[string]int][Uniq[map[string]int]]", "Uniq[bool][Uniq[bool]]"}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			n := i % len(spellings)
			f, err := load.Func[func() string](m, spellings[n])
			if assert.NoError(t, err, spellings[n]) {
				assert.Equal(t, want[n], f(), spellings[n])
			}
			out, err := m.Call(t.Context(), spellings[n])
			if assert.NoError(t, err, spellings[n]) {
				assert.Equal(t, want[n], out[0], spellings[n])
			}
		})
	}
	wg.Wait()
	opened, closed := b.opens()
	assert.Equal(t, 3, opened)
	assert.Zero(t, closed)
	var api struct {
		Ints func() string `load:"Uniq[int]"`
	}
	err = m.Bind(&api)
	require.NoError(t, err)
	assert.Equal(t, want[0], api.Ints())
	_, err = l.Unload(t.Context(), "example.com/a", load.Instantiate("Uniq[bool]"))
	require.NoError(t, err)
	opened, closed = b.opens()
	assert.Equal(t, 3, opened)
	assert.Equal(t, 3, closed)
	_, err = load.Func[func() string](m, "Uniq[int]")
	assert.ErrorIs(t, err, load.ErrUnloaded)
}

// TestInstantiateFails: a failure is told and forgotten, an instance that crashed is replaced, and
// what instantiates nothing builds nothing.
func TestInstantiateFails(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	b := &library{fail: func(instances []string) error {
		switch {
		case len(instances) == 0 || !broken.Load():
			return nil
		case strings.Contains(instances[0], "Point"):
			return &load.SymbolError{Symbol: "Point", NearMiss: []string{"Paint"}}
		}
		return &load.CompileError{Reason: instances[0] + " does not compile", Output: "func() does not satisfy comparable"}
	}}
	l := newLibrary(t, b)
	m, err := l.Load(t.Context(), "example.com/a")
	require.NoError(t, err)
	bind := func(symbol string) error {
		_, err := load.Func[func() string](m, symbol)
		return err
	}
	assert.EqualError(t, bind("Uniq["), "example.com/a has no symbol Uniq[: expected operand, found 'EOF'")
	assert.EqualError(t, bind("Unik[int]"), "m has no symbol Unik")
	opened, _ := b.opens()
	assert.Equal(t, 1, opened)
	broken.Store(true)
	assert.EqualError(t, bind("Uniq[func()]"), "load example.com/a: Uniq[func()] does not compile\n\tfunc() does not satisfy comparable")
	assert.EqualError(t, bind("Uniq[Point]"), "example.com/a has no symbol Point; did you mean Paint?")
	broken.Store(false)
	assert.NoError(t, bind("Uniq[func()]"))
	before, _ := b.opens()
	crashed := b.opened[before-1]
	crash := error(&load.CrashError{Reason: "exit status 2"})
	crashed.crash.Store(&crash)
	assert.NoError(t, bind("Uniq[func()]"))
	after, _ := b.opens()
	assert.Equalf(t, before+1, after, "%d instances after the crash, want %d", after, before+1)
	assert.Truef(t, crashed.closed.Load(), "%d instances after the crash, want %d", after, before+1)
}

// TestInstantiateUnloadMeanwhile: unloading ends an instantiation that is under way.
func TestInstantiateUnloadMeanwhile(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	release := make(chan struct{})
	b := &library{fail: func(instances []string) error {
		if len(instances) > 0 {
			close(started)
			<-release
		}
		return nil
	}}
	l := newLibrary(t, b)
	m, err := l.Load(t.Context(), "example.com/a")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := m.Call(t.Context(), "Uniq[int]")
		done <- err
	}()
	<-started
	unloaded := make(chan error, 1)
	go func() {
		_, err := l.Unload(context.Background(), "example.com/a")
		unloaded <- err
	}()
	close(release)
	assert.NoError(t, <-unloaded)
	<-done // an answer or an error: which of the two came first is not decided
	_, err = m.Call(t.Context(), "Uniq[int]")
	assert.ErrorIs(t, err, load.ErrUnloaded)
	opened, closed := b.opens()
	assert.Equal(t, 2, opened)
	assert.Equal(t, 2, closed)
}

// renamed is an engine under another name.
type renamed struct {
	engine.Engine
	name string
}

func (r renamed) Name() string { return r.name }

// TestWithEngine: a load may say which engine runs the module.
func TestWithEngine(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"a": {}}}
	l, err := load.New(load.Config{Path: find.Path{w}, Engines: []engine.Engine{w, renamed{w, "second"}}})
	require.NoError(t, err)
	get := func(options ...load.LoadOption) *load.Module {
		t.Helper()
		m, err := l.Load(t.Context(), "a", options...)
		require.NoError(t, err)
		return m
	}
	plain, second := get(), get(load.WithEngine("second"))
	assert.Equal(t, "fake", plain.Engine())
	assert.Equal(t, "second", second.Engine())
	assert.Same(t, second, get(load.WithEngine("second")))
	assert.Same(t, plain, get())
	e, err := l.Explain(t.Context(), "a", load.WithEngine("second"))
	require.NoError(t, err)
	assert.Equal(t, "the load asks for second", e.Engines[0].Why)
	assert.Equal(t, "the load asks for it", e.Engines[1].Why)
	_, err = l.Load(t.Context(), "a", load.WithEngine("third"))
	const want = "load a: no engine for source of kind \"fake\"\n\tfake: the load asks for third\n\tsecond: the load asks for third\n\tset Config.Engines to one that takes it"
	assert.EqualErrorf(t, err, want, "%v", want)
}
