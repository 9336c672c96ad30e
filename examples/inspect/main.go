// Command inspect tells what runs, what it costs, and what imports what.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	dir, err := os.MkdirTemp("", "inspect")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "shout.star")
	if err := os.WriteFile(file, []byte("load('strings', 'ToUpper')\ndef shout(s): return ToUpper(s) + '!'\n"), 0o600); err != nil {
		return err
	}
	m, err := l.Load(ctx, file)
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := m.Call(ctx, "shout", "hello"); err != nil {
			return err
		}
	}
	for _, m := range l.Info().Modules {
		fmt.Fprintln(w, filepath.Base(m.Name), m.Engine, m.Stats.Calls, m.Stats.Errors, m.Stats.Memory.Now > 0)
	}
	graph := l.Graph() // also graph.DOT(), graph.Mermaid(), and JSON
	for _, e := range graph.Imports {
		fmt.Fprintln(w, filepath.Base(e.From), "imports", e.To[:len("strings")])
	}
	return nil
}
