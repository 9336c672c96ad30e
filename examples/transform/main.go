// Command transform passes each line of its input through a function that its user names:
//
//	go run ./examples/transform strings.ToUpper < names.txt
//	go run ./examples/transform github.com/gosimple/slug.Make < titles.txt
//
// The function's package need not be in the program's go.mod. It runs in a sandbox without files and
// network, and a line may take it a second.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: transform PACKAGE.FUNCTION")
	}
	if err := run(context.Background(), os.Args[1], os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, function string, in io.Reader, out io.Writer) error {
	l, err := standard.New(load.Config{
		Limits: func(*load.Spec) load.Limits { return load.Limits{Memory: 256 << 20, CallTime: time.Second} },
	})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	dot := strings.LastIndexByte(function, '.')
	if dot <= strings.LastIndexByte(function, '/') { // the dot of github.com
		return fmt.Errorf("%q is not PACKAGE.FUNCTION", function)
	}
	m, err := l.Load(ctx, function[:dot])
	if err != nil {
		return err
	}
	transform, err := load.Func[func(context.Context, string) (string, error)](m, function[dot+1:])
	if err != nil {
		return err // it says which type the function has
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		text, err := transform(ctx, lines.Text())
		if err != nil {
			return err
		}
		fmt.Fprintln(out, text)
	}
	return lines.Err()
}
