// Command limits keeps the number of modules and the time of their calls within limits.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{
		MaxModules: 2,
		Limits:     func(*load.Spec) load.Limits { return load.Limits{CallTime: 200 * time.Millisecond, Memory: 512 << 20} },
	})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	for _, name := range []string{"one", "two", "three"} {
		if err := l.Register(name, map[string]any{"Name": func() string { return name }}); err != nil {
			return err
		}
	}
	one, err := l.Load(ctx, "one")
	if err != nil {
		return err
	}
	defer one.Pin()() // it stays
	if _, err := l.LoadAll(ctx, "two"); err != nil {
		return err
	}
	if _, err := l.LoadAll(ctx, "three"); err != nil {
		return err
	}
	for m := range l.Modules() {
		fmt.Fprintln(w, m.Name())
	}
	two := load.Lazy[func() string](l, "two", "Name")
	fmt.Fprintln(w, two.Get()()) // loads it again, and unloads three

	clock, err := l.Load(ctx, "time")
	if err != nil {
		return err
	}
	_, err = clock.Call(ctx, "Sleep", time.Minute)
	var limit *load.LimitError
	fmt.Fprintln(w, errors.As(err, &limit), limit)
	return nil
}
