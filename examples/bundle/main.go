// Command bundle loads modules from a bundle: it needs no Go toolchain, no network and no directory
// to write to.
//
//	load bundle -o modules.tar strings ./rules
//	go run . modules.tar
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/standard"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bundle FILE")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, file string) error {
	modules, err := bundle.Open(file)
	if err != nil {
		return err
	}
	defer modules.Close()
	l, err := standard.New(load.Config{Bundles: []load.Bundle{modules}})
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
	shout, err := toUpper("a compiled package")
	if err != nil {
		return err
	}
	fmt.Println(shout)

	rules, err := l.Load(ctx, "./rules")
	if err != nil {
		return err
	}
	results, err := rules.Call(ctx, "double", 21)
	if err != nil {
		return err
	}
	fmt.Println(results[0])
	return nil
}
