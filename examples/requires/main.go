// Command requires wraps a function so that the modules that it needs are loaded before its first run.
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

	say := load.Requires(l, func(ctx context.Context, name string) error {
		m, err := l.Load(ctx, "g") // it is there: a look-up
		if err != nil {
			return err
		}
		answer, err := m.Call(ctx, "Hello", name)
		if err == nil {
			fmt.Fprintln(w, answer[0])
		}
		return err
	}, "g=greet", "strings")
	fmt.Fprintln(w, "nothing was loaded yet")
	for _, name := range []string{"you", "again"} {
		if err := say(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
