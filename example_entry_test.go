package load_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
)

// scripts writes Starlark scripts into a new directory, which done removes.
func scripts(texts map[string]string) (dir string, done func()) {
	dir = must(os.MkdirTemp("", "scripts"))
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// A loader of one's own parts: this one knows what the program registers. Package standard wires the
// usual ones.
func ExampleNew() {
	ctx := context.Background()
	l := must(load.New(load.Config{Path: find.Path{builtin.New()}, Engines: []engine.Engine{native.New()}}))
	defer l.Close(ctx)
	register(l, "greet")
	fmt.Println(must(l.Load(ctx, "greet")).Engine())
	// Output:
	// starting
	// native
}

// A variable or a constant is a value of the host's type.
func ExampleValue() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{"rules.star": "LIMIT = 7\n"})
	defer done()
	rules := must(l.Load(ctx, filepath.Join(dir, "rules.star")))
	fmt.Println(must(load.Value[int](rules, "LIMIT")))
	// Output: 7
}

// A method of an object is bound as a function is.
func ExampleMethod() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "net/url"))
	address := must(m.Call(ctx, "Parse", "https://example.com/x?q=1"))[0].(*load.Object)
	host := must(load.Method[func() string](address, "Hostname"))
	fmt.Println(host())
	// Output: example.com
}

// An object that reads in its module is an io.Reader of the host.
func ExampleAs() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings"))
	reader := must(m.Call(ctx, "NewReader", "some text"))[0].(*load.Object)
	fmt.Println(string(must(io.ReadAll(must(load.As[io.Reader](reader))))))
	// Output: some text
}

// What is derived of a module is made again for each instance that takes its place.
func ExampleDerive() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	greeting := load.Derive(l, "greet", func(_ context.Context, m *load.Module) (string, error) {
		hello, err := load.Func[func(string) string](m, "Hello")
		if err != nil {
			return "", err
		}
		return strings.ToUpper(hello("you")), nil
	})
	fmt.Println(must(greeting.Get(ctx)))
	// Output:
	// starting
	// HELLO, YOU
}

// Two packages are built into one module, so that values flow between them.
func ExampleAlong() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "golang.org/x/text/cases", load.Along("golang.org/x/text/language")))
	german := must(m.Call(ctx, "language.Make", "de"))[0]
	title := must(m.Call(ctx, "Title", german))[0].(*load.Object)
	fmt.Println(must(title.Call(ctx, "String", "guten tag"))[0])
}

// A generic function is instantiated where it is bound; those that are named are built with the
// module.
func ExampleInstantiate() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "slices", load.Instantiate("Max[[]int]")))
	largest := must(load.Func[func([]int) int](m, "Max[[]int]"))
	fmt.Println(largest([]int{3, 1, 2}))
}

// Any Go expression is built into a module, and called as a function.
func ExampleExpression() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings", load.Expression(`Map(func(r rune) rune { return r + 1 }, "HAL")`)))
	fmt.Println(must(m.Call(ctx, load.ExpressionSymbol))[0])
}

// A module runs in another engine than the one that the Config prefers.
func ExampleWithEngine() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings", load.WithEngine("gowasm")))
	fmt.Println(m.Engine())
}

// Force unloads a module that others import, and these before it.
func ExampleForce() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir, done := scripts(map[string]string{
		"rate.star": "RATE = 2\n",
		"tax.star":  "load(\"./rate.star\", \"RATE\")\ndef tax(n): return n * RATE\n",
	})
	defer done()
	must(l.Load(ctx, filepath.Join(dir, "tax.star")))
	rate := filepath.Join(dir, "rate.star")
	_, err := l.Unload(ctx, rate)
	var inUse *load.InUseError
	fmt.Println(errors.As(err, &inUse))
	fmt.Println(len(must(l.Unload(ctx, rate, load.Force())).Importers))
	// Output:
	// true
	// 1
}

// Explain says what a load would do; nothing is installed or run.
func ExampleLoader_Explain() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	fmt.Println(must(l.Explain(ctx, "greet")).Loaded)
	// Output: false
}

// Find asks the path, and installs nothing.
func ExampleLoader_Find() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	fmt.Println(must(l.Find(ctx, "strings")).Name)
	// Output: strings
}

// A module is loaded and bound to a struct at once.
func ExampleLoader_From() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	var greet struct{ Hello func(string) string }
	must(l.From(ctx, "greet", &greet))
	fmt.Println(greet.Hello("you"))
	// Output:
	// starting
	// hello, you
}

// The module is loaded when one of the functions is first called.
func ExampleLoader_LazyBind() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	var greet struct{ Hello func(string) string }
	if err := l.LazyBind("greet", &greet); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	fmt.Println(greet.Hello("you"))
	// Output:
	// ready
	// starting
	// hello, you
}

// Several modules are loaded at once.
func ExampleLoader_LoadAll() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "one")
	register(l, "two")
	for _, m := range must(l.LoadAll(ctx, "one", "two")) {
		fmt.Println(m.Name())
	}
	// Output:
	// starting
	// starting
	// one
	// two
}

// Install brings a module into the store, and runs nothing of it.
func ExampleLoader_Install() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	fmt.Println(must(l.Install(ctx, "github.com/gosimple/slug@v1.15.0")).Version)
}

// Locks pins the versions of modules in the lock file.
func ExampleLoader_Locks() {
	ctx := context.Background()
	l := start(load.Config{LockFile: "load.lock"})
	defer l.Close(ctx)
	must(l.Locks().Add(ctx, "github.com/gosimple/slug"))
	for _, locked := range must(l.Locks().Outdated(ctx)) {
		fmt.Println(locked.Name)
	}
}

// Modules that lie in directories are reloaded when their files change, if the check accepts them.
func ExampleLoader_Watch() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l := start(load.Config{})
	defer l.Close(ctx)
	err := l.Watch(ctx, func(ctx context.Context, m *load.Module) error {
		_, err := m.Call(ctx, "price", 1)
		return err
	})
	fmt.Println(err)
	// Output: <nil>
}

// Symbols are what a module exports, with the signatures of functions as data.
func ExampleModule_Symbols() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings"))
	for _, s := range m.Symbols() {
		if s.Name != "Cut" {
			continue
		}
		fmt.Println(s.Signature)
		for _, p := range append(s.Params, s.Results...) {
			fmt.Println(p.Name, p.Type, p.Kind)
		}
	}
	// Output:
	// func Cut(s string, sep string) (before string, after string, found bool)
	// s string string
	// sep string string
	// before string string
	// after string string
	// found bool bool
}

// A package below a module's own has its version.
func ExampleModule_Sub() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	encoding := must(l.Load(ctx, "encoding"))
	hex := must(encoding.Sub(ctx, "hex"))
	fmt.Println(must(hex.Call(ctx, "EncodeToString", []byte("hi")))[0])
}

// Set assigns to a variable of the module.
func ExampleModule_Set() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "go/build"))
	if err := m.Set(ctx, "ToolDir", "/usr/lib/go/tool"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(must(load.Value[string](m, "ToolDir")))
}

// Stats tell how a module was loaded and used.
func ExampleModule_Stats() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	m := must(l.Load(ctx, "greet"))
	must(m.Call(ctx, "Hello", "you"))
	fmt.Println(m.Stats().Calls)
	// Output:
	// starting
	// 1
}

// Info and Graph tell what a loader runs.
func ExampleLoader_Info() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	must(l.Load(ctx, "greet"))
	for _, m := range l.Info().Modules {
		fmt.Println(m.Name, m.Engine)
	}
	// Output:
	// starting
	// greet native
}
