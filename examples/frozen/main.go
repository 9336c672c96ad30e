// Command frozen shows a program that installs nothing where it runs: a build step locks what may
// be loaded, under a policy, and production loads that and nothing else, without a network.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/standard"
)

const slug = "github.com/gosimple/slug"

// rules are usually a file, load.policy, beside the program.
const rules = `
load.policy 1
allow github.com/gosimple
max-size 8MiB
grant github.com/gosimple/slug env TZ
`

func main() {
	dir, err := os.MkdirTemp("", "frozen")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), os.Stdout, filepath.Join(dir, "load.lock")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, lock string) error {
	if err := build(ctx, lock); err != nil {
		return err
	}
	return serve(ctx, w, lock)
}

// build installs and compiles, and writes the lock file, which is then reviewed and kept with the
// program.
func build(ctx context.Context, lock string) error {
	p, err := policy.Parse("load.policy", []byte(rules))
	if err != nil {
		return err
	}
	l, err := standard.New(load.Config{LockFile: lock, Policies: []*policy.Policy{p}})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	_, err = l.Install(ctx, slug)
	return err
}

// serve loads what is locked.
func serve(ctx context.Context, w io.Writer, lock string) error {
	p, err := policy.Parse("load.policy", []byte(rules))
	if err != nil {
		return err
	}
	l, err := standard.New(load.Config{LockFile: lock, Frozen: true, Offline: true, Policies: []*policy.Policy{p}})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	m, err := l.Load(ctx, slug)
	if err != nil {
		return err
	}
	makeSlug, err := load.Func[func(string) string](m, "Make")
	if err != nil {
		return err
	}
	fmt.Fprintln(w, makeSlug("Hello, Wörld"))
	_, err = l.Load(ctx, "github.com/google/uuid") // nobody locked or allowed it
	_, err = fmt.Fprintln(w, err)
	return err
}
