// Command policy runs modules under a policy file: what may be installed, what it is given, and
// which rule decided.
//
//	go run ./examples/policy
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/standard"
)

// rules are read with policy.Read where the file may change without the program.
//
//go:embed load.policy
var rules embed.FS

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	data, err := rules.ReadFile("load.policy")
	if err != nil {
		return err
	}
	p, err := policy.Parse("load.policy", data)
	if err != nil {
		return err
	}
	p.NoInstall = os.Getenv("PRODUCTION") != "" // what the program knows better than the file
	l, err := standard.New(load.Config{Policies: []*policy.Policy{p}})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	const slug = "github.com/gosimple/slug"
	m, err := l.Load(ctx, slug)
	if err != nil {
		return err
	}
	makeSlug, err := load.Func[func(string) (string, error)](m, "Make")
	if err != nil {
		return err
	}
	text, err := makeSlug("Hello, Wörld")
	if err != nil {
		return err
	}
	fmt.Fprintln(w, text)
	e, err := l.Explain(ctx, slug)
	if err != nil {
		return err
	}
	for _, ruling := range e.Policy {
		fmt.Fprintln(w, ruling.Rule)
	}

	_, err = l.Load(ctx, "github.com/google/uuid")
	var refused *load.PolicyError
	if errors.As(err, &refused) {
		fmt.Fprintln(w, "refused:", refused.Rule)
		return nil
	}
	return err
}
