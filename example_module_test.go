package load_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/loadgo/load"
)

// A module knows what it is, where it came from, and what keeps it from the host.
func ExampleModule() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rules.star": "def price(n): return 5 * n\n"})
	defer done()
	m := must(l.Load(ctx, filepath.Join(dir, "rules.star")))
	fmt.Println(m.Name() == m.String(), m.Version() == "", m.Engine(), m.Spec().Source.Kind)
	fmt.Println(m.Isolation().Level, m.Grants().Network, m.Limits().Memory)
	// Output:
	// true true starlark starlark
	// full false 0
}

// A pinned module is not unloaded to make room, however long nobody uses it.
func ExampleModule_Pin() {
	ctx := context.Background()
	l := start(load.Config{MaxModules: 1})
	defer l.Close(ctx)
	register(l, "one")
	register(l, "two")
	one := must(l.Load(ctx, "one"))
	unpin := one.Pin()
	must(l.Load(ctx, "two")) // one too many, and none of them can go
	fmt.Println(one.Stats().Pins, len(l.Info().Modules))
	unpin()
	// Output:
	// starting
	// starting
	// 1 2
}

// The graph is what imports what among the modules that run.
func ExampleLoader_Graph() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rates.star": "vat = 19\n", "rules.star": "load('./rates.star', 'vat')\nrate = vat\n"})
	defer done()
	must(l.Load(ctx, filepath.Join(dir, "rules.star")))
	for _, edge := range l.Graph().Imports {
		fmt.Println(filepath.Base(edge.From), "imports", filepath.Base(edge.To))
	}
	// Output: rules.star imports rates.star
}

// Modules yields what runs.
func ExampleLoader_Modules() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	must(l.Load(ctx, "greet"))
	for m := range l.Modules() {
		fmt.Println(m)
	}
	// Output:
	// starting
	// greet
}

// ParseName reads a name as Load does, with the aliases of the loader.
func ExampleLoader_ParseName() {
	l := start(load.Config{})
	defer l.Close(context.Background())
	name := must(l.ParseName("github.com/gosimple/slug@v1"))
	fmt.Println(name.Target, name.Query)
	_, err := l.ParseName("github.com/../slug")
	fmt.Println(err)
	// Output:
	// github.com/gosimple/slug v1
	// invalid module name: it is not an import path: invalid path element ".."
}

// What was found to be absent is looked for again after Invalidate.
func ExampleLoader_Invalidate() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(nil)
	defer done()
	script := filepath.Join(dir, "rules.star")
	_, err := l.Load(ctx, script)
	fmt.Println(errors.Is(err, load.ErrNotFound))
	write(script, "limit = 7\n")
	l.Invalidate()
	fmt.Println(must(load.Value[int](must(l.Load(ctx, script)), "limit")))
	// Output:
	// true
	// 7
}

// What is prepared is compiled, and does not run; package bundle carries it to other machines.
func ExampleLoader_Prepare() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rules.star": "print('running')\n"})
	defer done()
	p := must(l.Prepare(ctx, filepath.Join(dir, "rules.star")))
	fmt.Println(p.Engine, p.Files != nil)
	// Output: starlark true
}

// Every error of a load shows the chain of imports that led to it.
func ExampleLoadError() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rules.star": "load('./rates.star', 'vat')\n"})
	defer done()
	_, err := l.Load(ctx, filepath.Join(dir, "rules.star"))
	var failed *load.LoadError
	fmt.Println(errors.As(err, &failed), errors.Is(err, load.ErrNotFound))
	for _, name := range failed.Chain {
		fmt.Println(filepath.Base(name))
	}
	// Output:
	// true true
	// rules.star
	// rates.star
}

// A version that fails does not replace the one that runs.
func ExampleReloadError() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rules.star": "limit = 7\n"})
	defer done()
	script := filepath.Join(dir, "rules.star")
	must(l.Load(ctx, script))
	write(script, "limit = \n")
	_, err := l.Reload(ctx, script)
	var failed *load.ReloadError
	fmt.Println(errors.As(err, &failed))
	fmt.Println(must(load.Value[int](must(l.Load(ctx, script)), "limit")))
	// Output:
	// true
	// 7
}

// Load tells why a module cannot be loaded, where Get's function would panic.
func ExampleRef_Load() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	hello := load.Lazy[func(string) string](l, "./absent", "Hello")
	_, err := hello.Load(ctx)
	fmt.Println(errors.Is(err, load.ErrNotFound))
	// Output: true
}

// A version that lacks what the program uses does not replace the one that runs.
func ExampleUnboundError() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rules.star": "def price(n): return 5 * n\n"})
	defer done()
	script := filepath.Join(dir, "rules.star")
	price := load.Lazy[func(int) int](l, script, "price")
	fmt.Println(price.Get()(2))
	write(script, "def cost(n): return 6 * n\n")
	_, err := l.Reload(ctx, script)
	var unbound *load.UnboundError
	fmt.Println(errors.As(err, &unbound))
	fmt.Println(price.Get()(2))
	// Output:
	// 10
	// true
	// 10
}
