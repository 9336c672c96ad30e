// Command fleet is one host of a fleet: what a builder compiled, signed and pushed is fetched, and
// nothing is compiled here. Without the policy, or without a registry, it compiles for itself.
//
//	load sign -key builder.key -new builder.example.com
//	load get -push -key builder.key strings
//	LOAD_POLICY=load.policy go run .
//
// The policy has the line "artifacts oci://REGISTRY/REPOSITORY signed-by KEY", with the key that
// the first command prints.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/standard"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	l, err := standard.New(load.Config{Events: func(e load.Event) {
		switch e := e.(type) {
		case event.Fetched:
			fmt.Fprintf(out, "fetched %s from %s\n", e.Name, e.From)
		case event.Compiled:
			fmt.Fprintf(out, "compiled %s here\n", e.Name)
		case event.PassedOver: // unsigned, signed by somebody else, or the registry is down
			fmt.Fprintf(out, "passed over %s: %v\n", e.Name, e.Err)
		}
	}})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	m, err := l.Load(ctx, "strings")
	if err != nil {
		return err
	}
	toUpper, err := load.Func[func(string) (string, error)](m, "ToUpper")
	if err != nil {
		return err
	}
	shout, err := toUpper("a fleet")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, shout)
	return nil
}
