// Command builtin makes modules of the program's own values and loads them by name.
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

// clock is a module of its fields and methods.
type clock struct {
	Zone  string
	ticks int
}

func (c *clock) Tick() int {
	c.ticks++
	return c.ticks
}

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	hello := func(name string) string { return "hello, " + name }
	lazy := func(context.Context) (any, error) { // runs when the module is first loaded
		fmt.Fprintln(w, "winding the clock")
		return &clock{Zone: "UTC"}, nil
	}
	if err := l.Register("greet", map[string]any{"hello": hello}); err != nil {
		return err
	}
	if err := l.Register("clock", lazy); err != nil {
		return err
	}

	greet, err := l.Load(ctx, "greet")
	if err != nil {
		return err
	}
	bound, err := load.Func[func(string) string](greet, "hello") // the very function
	if err != nil {
		return err
	}
	fmt.Fprintln(w, bound("you"))

	m, err := l.Load(ctx, "clock")
	if err != nil {
		return err
	}
	var api struct {
		Zone string
		Tick func() int
	}
	if err := m.Bind(&api); err != nil {
		return err
	}
	fmt.Fprintln(w, api.Zone, api.Tick(), api.Tick())
	return nil
}
