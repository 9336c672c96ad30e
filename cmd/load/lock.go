package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
)

func lockCommand() command {
	return command{
		name:  "lock",
		args:  "[options] [NAME...]",
		short: "install packages and write their versions and sums to load.lock",
		long: `
Lock installs the sources of each package and of everything that it imports, and adds what is not there yet
to load.lock in the current directory, which it makes if there is none; LOAD_LOCK names another file. What
is locked keeps its version. Without a NAME it is about everything in the file. Nothing is compiled.

If there is a lock file, every command takes the versions that it holds, refuses what does not have the sums
that it holds, and adds what it installs.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			o.loadFlags(f)
			o.withFlag(f)
			o.targetFlag(f, "lock what is needed on these `systems` too")
			f.BoolVar(&o.accept, "accept", false, "write what the policy grants to the packages, where that is more than the file has")
			f.BoolVar(&o.remove, "remove", false, "take the packages out of the file instead")
		},
		run:      runLock,
		lists:    true,
		complete: completeNames,
	}
}

func runLock(ctx context.Context, s *session, args []string) error {
	path := cmp.Or(os.Getenv("LOAD_LOCK"), lockfile.Name)
	loaders, err := s.lockLoaders(path)
	if err != nil {
		return err
	}
	for _, l := range loaders {
		defer s.close(ctx, l)
	}
	if s.remove {
		return s.unlock(ctx, loaders[0], args)
	}
	names, err := lockNames(path, args)
	if err != nil {
		return err
	}
	if s.accept {
		return s.acceptGrants(ctx, loaders[0], names)
	}
	specs, errs := make([]*load.Spec, len(names)), make([]error, len(names))
	for _, l := range loaders { // one after the other: they write one file
		var wg sync.WaitGroup
		for i, name := range names {
			if errs[i] != nil {
				continue
			}
			target, along := splitCompanions(name)
			wg.Go(func() { specs[i], errs[i] = l.Locks().Add(ctx, target, s.along(), along) })
		}
		wg.Wait()
	}
	var locked []versioned
	for i, spec := range specs {
		if spec != nil && errs[i] == nil {
			locked = append(locked, versioned{Name: spec.Name, Version: spec.Version})
		}
	}
	return errors.Join(append(errs, list(s, locked))...)
}

// lockNames are the names to lock: those given, or all of the file.
func lockNames(path string, args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	file, err := lockfile.Read(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &usageError{"there is no " + path + ": it takes at least one NAME"}
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for e := range file.All() {
		names = append(names, e.Name)
	}
	return names, nil
}

// splitCompanions takes a name of a lock file apart.
func splitCompanions(name string) (string, load.LoadOption) {
	parts := strings.Split(name, " with ")
	return parts[0], load.Along(parts[1:]...)
}

func (s *session) acceptGrants(ctx context.Context, l *load.Loader, names []string) error {
	var errs []error
	for _, name := range names {
		target, along := splitCompanions(name)
		errs = append(errs, l.Locks().Accept(ctx, target, s.along(), along))
	}
	return errors.Join(errs...)
}

func (s *session) unlock(ctx context.Context, l *load.Loader, names []string) error {
	if len(names) == 0 {
		return &usageError{"-remove takes at least one NAME"}
	}
	var errs []error
	for _, name := range names {
		target, along := splitCompanions(name)
		was, err := l.Locks().Remove(ctx, target, s.along(), along)
		if err == nil && !was {
			err = fmt.Errorf("%s: it is not in the lock file", name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// lockLoaders makes a loader for this system and one for each further target.
func (s *session) lockLoaders(path string) ([]*load.Loader, error) {
	s.output = &output{w: s.stderr}
	st, err := store.Open(os.Getenv("LOAD_DIR"))
	if err != nil {
		return nil, err
	}
	config := s.config(path)
	config.Store = st
	config.Engines = []engine.Engine{} // nothing is compiled
	own, err := standard.New(config)
	if err != nil {
		return nil, err
	}
	targets, err := s.targetList()
	if err != nil {
		return nil, err
	}
	loaders := []*load.Loader{own}
	for _, t := range targets {
		l, err := standard.NewFor(t.goos, t.goarch, config)
		if err != nil {
			return nil, err
		}
		loaders = append(loaders, l)
	}
	return loaders, nil
}

func outdatedCommand() command {
	return command{
		name:  "outdated",
		args:  "[options]",
		short: "list what is locked and has newer versions",
		long: `
Outdated asks the registry about each name in the lock file and prints a line for each that it would choose
another version of today. It changes nothing. "load upgrade NAME" takes the new version.`,
		flags: func(f *pflag.FlagSet, o *options) { o.jsonFlag(f); o.loadFlags(f) },
		takes: nothing,
		run:   runOutdated,
	}
}

func runOutdated(ctx context.Context, s *session, _ []string) error {
	l, err := s.lockedLoader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	all, err := l.Locks().Outdated(ctx)
	if err != nil {
		return err
	}
	s.progress.Clear()
	newer := []report.LockedVersion{}
	var errs []error
	for _, v := range all {
		errs = append(errs, v.Err)
		if v.Err == nil && v.Latest != v.Locked {
			newer = append(newer, v)
		}
	}
	if s.json {
		return errors.Join(append(errs, printJSON(s.stdout, newer))...)
	}
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	for _, v := range newer {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.Name, v.Locked, v.Latest, v.Why)
	}
	return errors.Join(append(errs, w.Flush())...)
}

func upgradeCommand() command {
	return command{
		name:  "upgrade",
		args:  "[options] NAME...",
		short: "take newer versions of packages into load.lock",
		long: `
Upgrade installs the version of each package that the registry would choose today and locks it. It prints the
name, the version that was locked, and the one that is now. Nothing is compiled.`,
		flags:    func(f *pflag.FlagSet, o *options) { o.jsonFlag(f); o.loadFlags(f); o.withFlag(f) },
		takes:    some,
		run:      runUpgrade,
		lists:    true,
		complete: completeNames,
	}
}

func runUpgrade(ctx context.Context, s *session, args []string) error {
	l, err := s.lockedLoader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	var errs []error
	var taken []upgraded
	for _, name := range args {
		target, along := splitCompanions(name)
		spec, from, err := l.Locks().Upgrade(ctx, target, s.along(), along)
		errs = append(errs, err)
		if err == nil {
			taken = append(taken, upgraded{versioned{Name: spec.Name, Version: spec.Version, Was: from}})
		}
	}
	return errors.Join(append(errs, list(s, taken))...)
}

// upgraded is a module whose locked version may have changed.
type upgraded struct{ versioned }

func (u upgraded) String() string {
	if u.Was == u.Version {
		return u.versioned.String() + " is what would be chosen today"
	}
	return u.Name + " " + cmp.Or(u.Was, "new") + " -> " + u.Version
}

// lockedLoader is loader for commands that are about the lock file.
func (s *session) lockedLoader() (*load.Loader, error) {
	if s.lockFile() == "" {
		return nil, &usageError{"there is no " + lockfile.Name + " here; load lock NAME makes one"}
	}
	return s.loader()
}
