package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/bundle/sbom"
	"github.com/loadgo/load/bundle/sources"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/lockfile"
)

func bundleCommand() command {
	return command{
		name:  "bundle",
		args:  "-o FILE [options] NAME... | -list FILE | -sbom FILE",
		short: "put compiled packages and scripts into one file",
		long: `
Bundle installs and compiles each package or script, as get does, and writes what was compiled to one file,
with the lock file. A program loads from it, on a machine of the same kind, without a toolchain, a network
or a directory to write to: set LOAD_BUNDLE=FILE, or give it to Config.Bundles. A directory is named from
the current one, as in ./rules; what a script loads has to be named as well. The same versions make the
same bytes. Nothing is written where a package cannot be had.

What the policy grants to the modules here goes along as a request: it grants nothing where they run. With
-sources, the sources of modules go along, too, to be compiled for other systems and engines where
LOAD_BUNDLE_SOURCES=1. A bill of materials (CycloneDX) always does.

-list prints a line for each module in a bundle: its system, name, version, engine, size and requests;
-sbom prints the bill of materials. FILE may be oci://REFERENCE then.
` + aboutInstantiations,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			o.loadFlags(f)
			o.withFlag(f)
			o.targetFlag(f, "put in what these `systems` need instead of this one")
			f.StringVar(&o.bundle, "o", "", "write the bundle to this `file`")
			o.sourcesFlag(f)
			f.StringVar(&o.held, "list", "", "list what is in the bundle in this `file`")
			f.StringVar(&o.bill, "sbom", "", "print the bill of materials of the bundle in this `file`")
		},
		run:      runBundle,
		lists:    true,
		complete: completeNames,
	}
}

// sourcesFlag is the flag of every command that makes bundles.
func (o *options) sourcesFlag(f *pflag.FlagSet) {
	f.BoolVar(&o.sources, "sources", false, "put in the sources of modules, too")
}

// look prints what is in a bundle, or its bill of materials.
func (s *session) look(ctx context.Context) error {
	config, err := s.registries()
	if err != nil {
		return err
	}
	l, materials, err := registry.Look(ctx, cmp.Or(s.held, s.bill), config)
	switch {
	case err != nil:
		return err
	case s.held != "":
		return list(s, l.Held())
	case materials == nil:
		return fmt.Errorf("%s has no bill of materials", s.bill)
	}
	_, err = s.stdout.Write(materials)
	return err
}

func runBundle(ctx context.Context, s *session, args []string) error {
	if s.held != "" && s.bill != "" || s.held+s.bill != "" && (len(args) > 0 || s.bundle != "") {
		return &usageError{"-list and -sbom take one FILE, and nothing else"}
	}
	if s.held+s.bill != "" {
		return s.look(ctx)
	}
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
	contents, err := s.contents(all)
	if err != nil {
		return nil, nil, err
	}
	contents.Lock = lock
	var b bytes.Buffer
	err = contents.Write(&b)
	var asked []*load.Prepared
	for i, w := range wants {
		if w.instance == "" {
			asked = append(asked, all[i])
		}
	}
	return b.Bytes(), asked, err
}

// contents is what a bundle of modules is made of, but for the lock file.
func (s *session) contents(modules []*load.Prepared) (c bundle.Contents, err error) {
	st, err := openStore()
	if err != nil {
		return c, err
	}
	c.Modules = modules
	if s.sources {
		if c.Sources, err = sources.Of(st, modules); err != nil {
			return c, err
		}
	}
	c.Materials, err = sbom.Of(st, modules)
	return c, err
}
