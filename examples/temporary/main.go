// Command temporary uses a module for a moment and unloads it, whatever happens.
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

	use := func(m *load.Module) error {
		answer, err := m.Call(ctx, "Hello", "you")
		if err == nil {
			fmt.Fprintln(w, answer[0])
		}
		return err
	}
	for range 2 {
		if err := l.With(ctx, "greet", use); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, len(l.Info().Modules), "modules run")
	return nil
}
