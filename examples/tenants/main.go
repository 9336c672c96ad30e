// Command tenants evaluates rules that the customers of a service write, in Starlark, each within
// limits of its own. It is run from the root of the repository:
//
//	go run ./examples/tenants
//
// A rule may use what the service registers and nothing else; a tenant's mistake is the answer to
// that tenant alone. The package that formats results is loaded when the first rule needs it.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	if err := run(context.Background(), "examples/tenants", os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir string, w io.Writer) error {
	limits := map[string]load.Limits{ // what a plan pays for; the others have the engine's own
		"small.star": {CallTime: 50 * time.Millisecond},
	}
	l, err := standard.New(load.Config{
		Limits: func(s *load.Spec) load.Limits { return limits[filepath.Base(s.Name)] },
	})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	quote := load.Lazy[func(string) string](l, "strconv", "Quote") // stands for something heavy
	service := map[string]any{"label": func(text string) string { return quote.Get()(text) }}
	if err := l.Register("service", service); err != nil {
		return err
	}
	for _, tenant := range []string{"large.star", "small.star"} {
		file, err := filepath.Abs(filepath.Join(dir, tenant))
		if err != nil {
			return err
		}
		m, err := l.Load(ctx, file)
		if err != nil {
			return err
		}
		decide, err := load.Func[func(context.Context, int) (string, error)](m, "decide")
		if err != nil {
			return err
		}
		answer, err := decide(ctx, 4_000_000)
		fmt.Fprintln(w, tenant, answer, err)
	}
	return nil
}
