package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/lockfile"
)

func bundleCommand() command {
	return command{
		name:  "bundle",
		args:  "-o FILE [options] NAME...",
		short: "put compiled packages and scripts into one file",
		long: `
Bundle installs and compiles each package or script, as get does, and writes what was compiled to one file,
with the lock file. A program loads from it, on a machine of the same kind, without a toolchain, a network
or a directory to write to: set LOAD_BUNDLE=FILE, or give it to Config.Bundles. A directory is named from
the current one, as in ./rules; what a script loads has to be named as well. The same versions make the
same bytes. Nothing is written where a package cannot be had.
` + aboutInstantiations,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			o.loadFlags(f)
			o.withFlag(f)
			o.targetFlag(f, "put in what these `systems` need instead of this one")
			f.StringVar(&o.bundle, "o", "", "write the bundle to this `file`")
		},
		run:      runBundle,
		lists:    true,
		complete: completeNames,
	}
}

func runBundle(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 || s.bundle == "" {
		return &usageError{"it takes -o FILE and at least one NAME"}
	}
	data, prepared, err := s.makeBundle(ctx, args)
	if err != nil {
		return err
	}
	if err := regular.WriteWhole(s.bundle, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		return err
	}
	return list(s, versions(prepared))
}

// versions are what a bundle holds.
func versions(prepared []*load.Prepared) []versioned {
	var all []versioned
	for _, p := range prepared {
		all = append(all, versioned{Name: p.Name.Target, Version: p.Spec.Version})
	}
	return all
}

// makeBundle installs and compiles modules, and returns a bundle of them.
func (s *session) makeBundle(ctx context.Context, names []string) ([]byte, []*load.Prepared, error) {
	locks := s.lockFile()
	if locks == "" { // the bundle says what is in it all the same
		dir, err := os.MkdirTemp("", "load-bundle-")
		if err != nil {
			return nil, nil, err
		}
		defer os.RemoveAll(dir)
		locks = filepath.Join(dir, lockfile.Name)
	}
	loaders, err := s.loadersFor(ctx, locks)
	if err != nil {
		return nil, nil, err
	}
	defer s.closeAll(ctx, loaders)
	wants := wantedOf(names)
	var all []*load.Prepared
	for _, l := range loaders { // one after the other: each compiles on all processors
		prepared := make([]*load.Prepared, len(wants))
		err := prepareAll(wants, prepared, make([]error, len(wants)), func(w wanted) (*load.Prepared, error) { return l.Prepare(ctx, w.name, s.along(), w.option()) })
		s.progress.Clear()
		if err != nil {
			return nil, nil, err
		}
		all = append(all, prepared...)
	}
	lock, err := regular.Read(locks, 64<<20)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	var b bytes.Buffer
	err = bundle.Write(&b, lock, all...)
	var asked []*load.Prepared
	for i, w := range wants {
		if w.instance == "" {
			asked = append(asked, all[i])
		}
	}
	return b.Bytes(), asked, err
}
