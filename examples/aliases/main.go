// Command aliases loads modules under further names, several at once, and only what is needed of one.
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
	l, err := standard.New(load.Config{Aliases: map[string]string{"text": "strings"}})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	if err := l.Alias("numbers", "strconv"); err != nil {
		return err
	}
	modules, err := l.LoadAll(ctx, "text", "n=numbers")
	if err != nil {
		return err
	}
	for _, m := range modules {
		fmt.Fprintln(w, m.Name())
	}
	var text struct {
		Fields func(string) []string
	}
	if _, err := l.From(ctx, "text", &text); err != nil {
		return err
	}
	fmt.Fprintln(w, len(text.Fields("one two three")))
	fmt.Fprintln(w, l.Alias("strconv", "numbers")) // an error: the two would lead to each other
	return nil
}
