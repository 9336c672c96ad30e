// Command unload unloads modules and shows what comes back.
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
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	m, err := l.Load(ctx, "net/url")
	if err != nil {
		return err
	}
	parsed, err := m.Call(ctx, "Parse", "https://example.com/x")
	if err != nil {
		return err
	}
	object := parsed[0].(*load.Object) // a *url.URL, which lives in the module
	report, err := l.Unload(ctx, "net/url")
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "memory came back:", report.Memory > 0, report.Artifact > 0)
	for _, held := range report.Objects {
		fmt.Fprintln(w, "still held:", held.Count, held.Type)
	}
	_, err = object.Call(ctx, "Hostname")
	fmt.Fprintln(w, err)
	_, err = l.Unload(ctx, "net/url")
	fmt.Fprintln(w, err)
	return nil
}
