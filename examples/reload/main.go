// Command reload changes a script under a running program, checks the new one first, and watches its files.
package main

import (
	"context"
	"errors"
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
	dir, err := os.MkdirTemp("", "reload")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "price.star")
	write := func(text string) error { return os.WriteFile(file, []byte(text), 0o600) }
	if err := write("def price(n): return n * 2\n"); err != nil {
		return err
	}
	price := load.Lazy[func(int) int](l, file, "price")
	fmt.Fprintln(w, price.Get()(10))

	positive := load.Check(func(ctx context.Context, m *load.Module) error {
		price, err := load.Func[func(int) (int, error)](m, "price")
		if err != nil {
			return err
		}
		n, err := price(1)
		if err == nil && n < 0 {
			err = errors.New("a price is negative")
		}
		return err
	})
	for _, text := range []string{"def price(n): return n * 3\n", "def price(n): return -n\n"} {
		if err := write(text); err != nil {
			return err
		}
		_, err := l.Reload(ctx, file, positive)
		fmt.Fprintln(w, price.Get()(10), err != nil)
	}

	if err := l.Watch(ctx); err != nil { // from here on changes are seen by themselves
		return err
	}
	if err := write("def price(n): return n * 4\n"); err != nil {
		return err
	}
	for price.Get()(10) != 40 { // after a tenth of a second
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintln(w, "reloaded")
	return nil
}
