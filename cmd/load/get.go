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
		flags: func(f *flag.FlagSet, o *options) { o.loadFlags(f); o.withFlag(f) },
		run:   runGet,
	}
}

func runGet(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 {
		return &usageError{"it takes at least one NAME"}
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	specs, errs := make([]*load.Spec, len(args)), make([]error, len(args))
	var wg sync.WaitGroup
	for i, name := range args {
		wg.Go(func() { specs[i], errs[i] = l.Install(ctx, name, s.along()) })
	}
	wg.Wait()
	s.progress.clear()
	for _, spec := range specs {
		if spec != nil {
			fmt.Fprintln(s.stdout, spec.Name, spec.Version)
		}
	}
	return errors.Join(errs...)
}
