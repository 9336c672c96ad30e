package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"

	"github.com/loadgo/load"
)

func getCommand() command {
	return command{
		name:  "get",
		args:  "[options] NAME...",
		short: "install and compile packages, without running them",
		long: `
Get installs each package with everything that it imports and compiles it, so that loading it later needs
no network and no compiler. It prints the name and the version of each. A package that cannot be had does
not keep the others from being installed; the exit code is 1 then.`,
		flags: func(f *flag.FlagSet, o *options) {
			o.loadFlags(f)
			o.withFlag(f)
			o.targetFlag(f, "install and compile for these `systems` instead of this one")
		},
		run: runGet,
	}
}

func runGet(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 {
		return &usageError{"it takes at least one NAME"}
	}
	loaders, err := s.loadersFor(ctx, s.lockFile())
	if err != nil {
		return err
	}
	defer s.closeAll(ctx, loaders)
	specs, errs := make([]*load.Spec, len(args)), make([]error, len(args))
	for _, l := range loaders { // one after the other: each compiles on all processors
		var wg sync.WaitGroup
		for i, name := range args {
			if errs[i] == nil {
				wg.Go(func() { specs[i], errs[i] = l.Install(ctx, name, s.along()) })
			}
		}
		wg.Wait()
	}
	s.progress.clear()
	for i, spec := range specs {
		if errs[i] == nil {
			fmt.Fprintln(s.stdout, spec.Name, spec.Version)
		}
	}
	return errors.Join(errs...)
}
