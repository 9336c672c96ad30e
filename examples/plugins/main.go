// Command plugins runs each script of a directory, and takes changed, new and removed ones while it
// runs. It is run from the root of the repository:
//
//	go run ./examples/plugins
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	ctx := context.Background()
	p, err := open(ctx, "examples/plugins/scripts")
	if err != nil {
		log.Fatal(err)
	}
	defer p.loader.Close(ctx)
	p.greet(ctx, os.Stdout, "world")
}

// plugins are the scripts of a directory.
type plugins struct {
	loader *load.Loader
	dir    string
}

func open(ctx context.Context, dir string) (*plugins, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l, err := standard.New(load.Config{})
	if err != nil {
		return nil, err
	}
	return &plugins{l, dir}, l.Watch(ctx)
}

// greet calls each plugin that is there now. One that fails is named, and the others go on.
func (p *plugins) greet(ctx context.Context, w io.Writer, who string) {
	files, _ := filepath.Glob(filepath.Join(p.dir, "*.star")) // the pattern is well formed
	for _, file := range files {
		m, err := p.loader.Load(ctx, file) // a look-up, but for a new one
		if err != nil {
			fmt.Fprintln(w, filepath.Base(file)+":", err)
			continue
		}
		results, err := m.Call(ctx, "greet", who)
		fmt.Fprintln(w, filepath.Base(file)+":", results, err)
	}
}
