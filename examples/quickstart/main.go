// Command quickstart loads a package by its name, at run time, and calls it.
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

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{}) // the usual path, registry, engine and store
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	m, err := l.Load(ctx, "github.com/gosimple/slug") // found, installed, compiled, executed, registered
	if err != nil {
		return err
	}
	makeSlug, err := load.Func[func(string) string](m, "Make") // typed: a wrong type fails here, not at the call
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, makeSlug("Hello, Wörld"))
	return err
}
