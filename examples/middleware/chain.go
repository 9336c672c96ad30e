package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/middleware"
	"github.com/loadgo/load/middleware/config"
)

// entry is one middleware of the configuration file.
type entry struct {
	Name   string
	Module string // an import path, or a directory that begins with "./", seen from the file
	Config map[string]any
}

// newChain puts the plugins that a file names in front of a handler, the first one outermost.
// Plugins may work in the background until ctx ends.
func newChain(ctx context.Context, l *load.Loader, file string, last http.Handler) (http.Handler, error) {
	entries, err := readEntries(file)
	if err != nil {
		return nil, err
	}
	handler := last
	for _, e := range slices.Backward(entries) {
		if strings.HasPrefix(e.Module, "./") {
			if e.Module, err = filepath.Abs(filepath.Join(filepath.Dir(file), e.Module)); err != nil {
				return nil, err
			}
		}
		if handler, err = newMiddleware(ctx, l, e, handler); err != nil {
			return nil, fmt.Errorf("middleware %s: %w", e.Name, err)
		}
	}
	return handler, nil
}

// readEntries reads a configuration file. A directory is that of a plugin, which is tried with the
// configuration that its manifest names.
func readEntries(file string) ([]entry, error) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		manifest, name, err := config.Local(file)
		if err != nil {
			return nil, err
		}
		return []entry{{Name: manifest.DisplayName, Module: name, Config: manifest.TestData}}, nil
	}
	values, err := config.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var content struct{ Middlewares []entry }
	if err := config.Decode(values, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return content.Middlewares, nil
}

// newMiddleware loads a plugin and makes its middleware: again for each instance that takes the
// plugin's place after a reload, a crash or an unload.
func newMiddleware(ctx context.Context, l *load.Loader, e entry, next http.Handler) (http.Handler, error) {
	derived := load.Derive(l, e.Module, func(_ context.Context, m *load.Module) (http.Handler, error) {
		return create(ctx, m, e, next)
	}, config.Along())
	if _, err := derived.Get(ctx); err != nil {
		return nil, err
	}
	return middleware.Handler(derived, nil), nil
}

// create calls the constructor of a plugin with its configuration.
func create(ctx context.Context, m *load.Module, e entry, next http.Handler) (http.Handler, error) {
	newHandler, err := load.Func[func(ctx context.Context, next http.Handler, config any, name string) (http.Handler, error)](m, "New")
	if err != nil {
		return nil, err
	}
	values, err := config.Create(ctx, m, e.Config)
	if err != nil {
		return nil, err
	}
	return newHandler(ctx, next, values, e.Name)
}
