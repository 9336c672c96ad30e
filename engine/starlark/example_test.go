package starlark_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
)

// A script is a module: its functions are called as functions of Go.
func Example() {
	temp, err := os.MkdirTemp("", "starlark")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(temp)
	script := "def total(price, rate = 0.2):\n    return price * (1 + rate)\n"
	if err := os.WriteFile(filepath.Join(temp, "tax.star"), []byte(script), 0o600); err != nil {
		log.Fatal(err)
	}
	s, err := store.Open(filepath.Join(temp, "store"))
	if err != nil {
		log.Fatal(err)
	}
	l, err := load.New(load.Config{Path: find.Path{dir.New(temp)}, Engines: []engine.Engine{starlark.New(starlark.Config{})}, Store: s})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	defer l.Close(ctx)
	m, err := l.Load(ctx, "tax")
	if err != nil {
		log.Fatal(err)
	}
	total, err := load.Func[func(float64) (float64, error)](m, "total")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(total(100))
	fmt.Println(m.Symbols()[0].Signature)
	// Output:
	// 120 <nil>
	// def total(price, rate=0.2)
}
