package load_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

// TestMain gives the examples a store of their own.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "load-examples")
	if err != nil {
		log.Fatal(err)
	}
	os.Setenv("LOAD_DIR", dir)
	code := m.Run()
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700) // what is installed is read-only
		}
		return nil
	})
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// start returns a loader with the usual finders, installers and engines.
func start(config load.Config) *load.Loader {
	l, err := standard.New(config)
	if err != nil {
		log.Fatal(err)
	}
	return l
}

// must returns a value, or ends the program.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// register makes a module with a function Hello, which says when it starts.
func register(l *load.Loader, name string) {
	create := func(context.Context) (any, error) { // it runs when the module is first loaded
		fmt.Println("starting")
		return map[string]any{"Hello": func(who string) string { return "hello, " + who }}, nil
	}
	if err := l.Register(name, create); err != nil {
		log.Fatal(err)
	}
}

// A package of the standard library is compiled and runs in a process of its own; one of the
// registry is installed first.
func ExampleLoader_Load() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings"))
	toUpper := must(load.Func[func(string) string](m, "ToUpper"))
	fmt.Println(toUpper("hello"))
	// Output: HELLO
}

// A misspelt symbol is found when it is bound, before anything runs.
func ExampleFunc() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings"))
	_, err := load.Func[func(string) string](m, "ToUper")
	var unknown *load.SymbolError
	fmt.Println(errors.As(err, &unknown), unknown.NearMiss[0])
	// Output: true ToUpper
}

// Values that cannot be copied stay in the module and are used from there.
func ExampleModule_Call() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "net/url"))
	results := must(m.Call(ctx, "Parse", "https://example.com/x"))
	url := results[0].(*load.Object)
	host := must(url.Call(ctx, "Hostname"))
	fmt.Println(url.TypeName(), host[0])
	// Output: *url.URL example.com
}

// The fields of a struct are filled with the symbols of their names.
func ExampleModule_Bind() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "strings"))
	var text struct {
		Repeat func(string, int) string
		Upper  func(string) string `load:"ToUpper"`
	}
	if err := m.Bind(&text); err != nil {
		log.Fatal(err)
	}
	fmt.Println(text.Upper(text.Repeat("ha", 2)))
	// Output: HAHA
}

// A module of the program's own values loads as any other, for the program and for its modules.
func ExampleLoader_Register() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	hello := func(name string) string { return "hello, " + name }
	if err := l.Register("greet", map[string]any{"Hello": hello, "Limit": 7}); err != nil {
		log.Fatal(err)
	}
	m := must(l.Load(ctx, "greet"))
	bound := must(load.Func[func(string) string](m, "Hello")) // the very function
	fmt.Println(bound("you"), must(load.Value[int](m, "Limit")))
	// Output: hello, you 7
}

// An alias leads to the module of another name. Aliases may not lead to each other.
func ExampleLoader_Alias() {
	ctx := context.Background()
	l := start(load.Config{Aliases: map[string]string{"text": "strings"}})
	defer l.Close(ctx)
	if err := l.Alias("words", "text"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(must(l.Load(ctx, "words")).Name())
	fmt.Println(l.Alias("strings", "words"))
	// Output:
	// strings
	// alias "strings": alias loop: strings → words → text → strings
}

// The module is loaded when its function is first called, and again after it went.
func ExampleLazy() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	hello := load.Lazy[func(string) string](l, "greet", "Hello")
	fmt.Println("nothing was loaded yet")
	fmt.Println(hello.Get()("you"))
	must(l.Unload(ctx, "greet"))
	fmt.Println(hello.Get()("again"))
	// Output:
	// nothing was loaded yet
	// starting
	// hello, you
	// starting
	// hello, again
}

// A function is wrapped so that the modules that it needs are loaded before it first runs.
func ExampleRequires() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	say := load.Requires(l, func(ctx context.Context, name string) error {
		m, err := l.Load(ctx, "g") // it is there: a look-up
		if err != nil {
			return err
		}
		answer, err := m.Call(ctx, "Hello", name)
		fmt.Println(answer...)
		return err
	}, "g=greet")
	for _, name := range []string{"you", "again"} {
		if err := say(ctx, name); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// starting
	// hello, you
	// hello, again
}

// A module is used for a moment and unloaded, whatever happens.
func ExampleLoader_With() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	register(l, "greet")
	err := l.With(ctx, "greet", func(m *load.Module) error {
		answer, err := m.Call(ctx, "Hello", "you")
		fmt.Println(answer...)
		return err
	})
	fmt.Println(err, len(l.Info().Modules))
	// Output:
	// starting
	// hello, you
	// <nil> 0
}

// An unload says what came back, and what the program still holds of the module.
func ExampleLoader_Unload() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	m := must(l.Load(ctx, "net/url"))
	url := must(m.Call(ctx, "Parse", "https://example.com/x"))[0].(*load.Object)
	report := must(l.Unload(ctx, "net/url"))
	fmt.Println(report.Memory > 0, report.Artifact > 0, report.Objects[0].Type)
	_, err := url.Call(ctx, "Hostname")
	fmt.Println(err)
	// Output:
	// true true *url.URL
	// module is unloaded
}

// A changed script takes the old one's place only if the check accepts it.
func ExampleLoader_Reload() {
	ctx := context.Background()
	l := start(load.Config{})
	defer l.Close(ctx)
	dir := must(os.MkdirTemp("", "reload"))
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "price.star")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	write("def price(n): return n * 2\n")
	price := load.Lazy[func(int) int](l, file, "price")
	fmt.Println(price.Get()(10))
	positive := load.Check(func(ctx context.Context, m *load.Module) error {
		if answer, err := m.Call(ctx, "price", 1); err != nil || answer[0].(int) < 0 {
			return errors.Join(err, errors.New("a price is negative"))
		}
		return nil
	})
	for _, text := range []string{"def price(n): return n * 3\n", "def price(n): return -n\n"} {
		write(text)
		_, err := l.Reload(ctx, file, positive)
		fmt.Println(price.Get()(10), err != nil)
	}
	// Output:
	// 20
	// 30 false
	// 30 true
}

// A module is kept within limits of time and memory; what is used least is unloaded for a new one.
func ExampleConfig() {
	ctx := context.Background()
	l := start(load.Config{
		MaxModules: 2,
		Limits:     func(*load.Spec) load.Limits { return load.Limits{CallTime: 200 * time.Millisecond, Memory: 512 << 20} },
	})
	defer l.Close(ctx)
	clock := must(l.Load(ctx, "time"))
	defer clock.Pin()() // it stays
	register(l, "one")
	register(l, "two")
	must(l.LoadAll(ctx, "one"))
	must(l.LoadAll(ctx, "two"))
	for m := range l.Modules() {
		fmt.Println(m.Name())
	}
	_, err := clock.Call(ctx, "Sleep", time.Minute)
	var limit *load.LimitError
	fmt.Println(errors.As(err, &limit), limit)
	// Output:
	// starting
	// starting
	// time
	// two
	// true time: Sleep took more than 200ms
}

// Close lets running calls finish and leaves nothing behind.
func ExampleLoader_Close() {
	ctx := context.Background()
	l := start(load.Config{})
	register(l, "greet")
	must(l.Load(ctx, "greet"))
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // what still runs then is cut off
	defer cancel()
	fmt.Println(l.Close(ctx))
	_, err := l.Load(ctx, "greet")
	fmt.Println(errors.Is(err, load.ErrClosed))
	// Output:
	// starting
	// <nil>
	// true
}
