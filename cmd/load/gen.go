package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/stubgen"
)

func genCommand() command {
	return command{
		name:  "gen",
		args:  "[options] -o DIR NAME[@QUERY]",
		short: "write a Go package with the API of another, which loads it on first use",
		long: `
Gen writes a Go package into DIR whose functions and constants are those of the package NAME: a program
imports it in the place of the original, which is loaded on first use. Built with the tag load_linked, the
program has the original itself. What cannot be had faithfully is left out; the package comment says what
and why, and so does -v. Files that gen has not written are never overwritten.`,
		flags: func(f *flag.FlagSet, o *options) {
			o.loadFlags(f)
			f.StringVar(&o.dir, "o", "", "write the package into this `directory`")
		},
		run: runGen,
	}
}

func runGen(ctx context.Context, s *session, args []string) error {
	if len(args) != 1 || s.dir == "" {
		return &usageError{"it takes -o DIR and one NAME after the options"}
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	spec, err := l.Install(ctx, args[0])
	if err != nil {
		return err
	}
	in, err := stubInput(spec, args[0])
	if err != nil {
		return err
	}
	out, err := stubgen.Generate(in)
	if err != nil {
		return err
	}
	s.progress.clear()
	if s.verbose {
		for _, o := range out.Left {
			fmt.Fprintln(s.stderr, "left out: "+o.String())
		}
	}
	return writeStub(s.dir, out.Files)
}

// stubInput is what a stub of an installed package is generated from.
func stubInput(spec *load.Spec, asked string) (stubgen.Input, error) {
	in := stubgen.Input{Path: spec.Name, Name: spec.Name, Version: spec.Version, Dir: spec.Source.Dir}
	if spec.Source.Kind != find.KindGo || spec.Source.Dir == "" || filepath.IsAbs(spec.Name) {
		return in, fmt.Errorf("%s: stubs are of Go packages with an import path", asked)
	}
	if _, query, ok := strings.Cut(asked, "@"); ok && query != "" && spec.Module != "" {
		in.Name += "@" + spec.Version
	}
	for _, module := range spec.BuildList {
		if module.Path == spec.Module {
			in.Sum = module.Sum
		}
	}
	return in, nil
}

// writeStub writes the files of a stub, or none where one of them is somebody else's.
func writeStub(dir string, files map[string][]byte) error {
	for name := range files {
		path := filepath.Join(dir, name)
		present, err := regular.Read(path, 64<<20)
		if err == nil && !bytes.HasPrefix(present, []byte(stubgen.Header+"\n")) {
			return fmt.Errorf("%s is not overwritten: it was not written by load gen\n\tgive another directory by -o", path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
