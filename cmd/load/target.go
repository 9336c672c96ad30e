package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

// target is a system, as the go command calls it.
type target struct{ goos, goarch string }

// targetFlag is the flag of every command that can work for other systems.
func (o *options) targetFlag(f *pflag.FlagSet, what string) {
	f.StringVar(&o.targets, "target", "", what+", separated by commas, such as\nlinux/amd64,darwin/arm64; wasm is the engine gowasm, for all systems")
}

// targetList is what -target asks for.
func (o *options) targetList() ([]target, error) {
	var list []target
	for _, name := range split(o.targets) {
		if name == "wasm" {
			list = append(list, target{"wasip1", "wasm"})
			continue
		}
		goos, goarch, ok := strings.Cut(name, "/")
		if !ok || goos == "" || goarch == "" || strings.Contains(goarch, "/") {
			return nil, &usageError{fmt.Sprintf("-target: %q is neither OS/ARCH nor wasm", name)}
		}
		list = append(list, target{goos, goarch})
	}
	return list, nil
}

// loadersFor makes a loader for each system of -target, or else one for this system.
func (s *session) loadersFor(ctx context.Context, lockFile string) ([]*load.Loader, error) {
	targets, err := s.targetList()
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		l, err := s.loaderWith(lockFile)
		return []*load.Loader{l}, err
	}
	s.output = &output{w: s.stderr}
	var loaders []*load.Loader
	for _, t := range targets {
		l, err := standard.NewFor(t.goos, t.goarch, s.config(lockFile))
		if err != nil {
			s.closeAll(ctx, loaders)
			return nil, err
		}
		loaders = append(loaders, l)
	}
	return loaders, nil
}

func (s *session) closeAll(ctx context.Context, loaders []*load.Loader) {
	for _, l := range loaders {
		s.close(ctx, l)
	}
}
