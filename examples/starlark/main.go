// Command starlark runs a script that uses the program's own functions, within limits. It is run
// from the root of the repository: go run ./examples/starlark.
package main

import (
	"context"
	"errors"
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

type order struct{ Net int }

// options are arguments by name: a field that is left out leaves the script's default.
type options struct {
	Region  string `load:"region,omitempty"`
	Rounded bool   `load:"rounded"`
}

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	find := func(id string) (order, error) { return order{Net: 100 * len(id)}, nil }
	if err := l.Register("orders", map[string]any{"find": find}); err != nil {
		return err
	}
	m, err := l.Load(ctx, "./examples/starlark/rules.star")
	if err != nil {
		return err
	}
	price, err := load.Func[func(context.Context, string, options) (float64, error)](m, "price")
	if err != nil {
		return err
	}
	for _, o := range []options{{}, {Region: "us", Rounded: true}, {Region: "moon"}} {
		p, err := price(ctx, "a17", o)
		var failed *load.EvalError
		switch {
		case errors.As(err, &failed):
			fmt.Fprintln(w, failed.Message)
		case err != nil:
			return err
		default:
			fmt.Fprintln(w, p)
		}
	}
	return nil
}
