// Command lazy uses modules that are loaded when they are first called.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// greetings is a module of this program, which tells when it starts.
func greetings(w io.Writer) func(context.Context) (any, error) {
	return func(context.Context) (any, error) {
		fmt.Fprintln(w, "starting")
		return map[string]any{"Hello": func(name string) string { return "hello, " + name }}, nil
	}
}

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	if err := l.Register("greet", greetings(w)); err != nil {
		return err
	}

	hello := load.Lazy[func(string) string](l, "greet", "Hello")
	fmt.Fprintln(w, "nothing was loaded yet")
	fmt.Fprintln(w, hello.Get()("you")) // loads
	if _, err := l.Unload(ctx, "greet"); err != nil {
		return err
	}
	fmt.Fprintln(w, hello.Get()("again")) // loads anew

	var text struct {
		ToUpper func(string) string
		Repeat  func(string, int) string
	}
	if err := l.LazyBind("strings", &text); err != nil {
		return err
	}
	fmt.Fprintln(w, text.ToUpper(text.Repeat("ha", 2)))
	return nil
}
