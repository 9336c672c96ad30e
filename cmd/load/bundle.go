package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"

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
same bytes. Nothing is written where a package cannot be had.`,
		flags: func(f *flag.FlagSet, o *options) {
			o.loadFlags(f)
			o.withFlag(f)
			f.StringVar(&o.bundle, "o", "", "write the bundle to this `file`")
		},
		run: runBundle,
	}
}

func runBundle(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 || s.bundle == "" {
		return &usageError{"it takes -o FILE and at least one NAME"}
	}
	locks := s.lockFile()
	if locks == "" { // the bundle says what is in it all the same
		dir, err := os.MkdirTemp("", "load-bundle-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		locks = filepath.Join(dir, lockfile.Name)
	}
	l, err := s.loaderWith(locks)
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	prepared, errs := make([]*load.Prepared, len(args)), make([]error, len(args))
	var wg sync.WaitGroup
	for i, name := range args {
		wg.Go(func() { prepared[i], errs[i] = l.Prepare(ctx, name, s.along()) })
	}
	wg.Wait()
	s.progress.clear()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	lock, err := regular.Read(locks, 64<<20)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var b bytes.Buffer
	if err := bundle.Write(&b, lock, prepared...); err != nil {
		return err
	}
	if err := writeWhole(s.bundle, b.Bytes()); err != nil {
		return err
	}
	for _, p := range prepared {
		fmt.Fprintln(s.stdout, p.Name.Target, p.Spec.Version)
	}
	return nil
}

// writeWhole writes a file that is there as a whole or not at all.
func writeWhole(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
