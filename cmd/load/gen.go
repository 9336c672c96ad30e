package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"golang.org/x/mod/modfile"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/stubgen"
	"github.com/loadgo/load/internal/stubgen/uses"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/standard"
)

func genCommand() command {
	return command{
		name:  "gen",
		args:  "[options] -o DIR NAME[@QUERY]...",
		short: "write Go packages that stand for others, and load them on first use",
		long: `
Gen writes a Go package into DIR with the API of the package NAME: a program imports it in the place of
the original, which is loaded on first use. Built with the tag load_linked, the program has the original
itself. What cannot be had faithfully is left out; the package comment says what and why, and so does -v.

With -tree, DIR gets a package below its own import path for each NAME and for each package that their
API mentions. They are loaded as one module, so that values flow between them.

With -check, gen writes nothing: it prints how the API in DIR differs from what it would write now, and
fails where it does.

With -uses, the arguments are packages of your program, as the go command takes them: gen prints the
instantiations of generic functions of stubs that they use, each as load get compiles it ahead of time.

Files that gen has not written are never overwritten.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.loadFlags(f)
			f.StringVar(&o.dir, "o", "", "write into this `directory`")
			f.BoolVar(&o.tree, "tree", false, "write several packages, each below its import path")
			f.BoolVar(&o.check, "check", false, "write nothing, and fail where the API or the version has moved")
			f.BoolVar(&o.uses, "uses", false, "write nothing, and list the instantiations that packages use")
		},
		run:      runGen,
		complete: completeNames,
	}
}

func runGen(ctx context.Context, s *session, args []string) error {
	if s.uses {
		return s.listUses(ctx, args)
	}
	if len(args) == 0 || len(args) != 1 && !s.tree || s.dir == "" {
		return &usageError{"it takes -o DIR and one NAME after the options; several with -tree"}
	}
	s.output = &output{w: s.stderr}
	config := s.config(s.lockFile())
	config.Engine, config.Engines = "", []engine.Engine{reader{}}
	l, err := standard.New(config)
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	if !s.verbose {
		s.progress.Begin()
	}
	base := ""
	if s.tree {
		if base, err = importBase(s.dir); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp("", "load-gen-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	in, err := readStubs(ctx, l, work, args, base)
	if err != nil {
		return err
	}
	outputs, err := stubgen.Generate(in)
	if err != nil {
		return err
	}
	s.progress.Clear()
	files := map[string][]byte{}
	for _, out := range outputs {
		dir := s.dir
		if s.tree {
			dir = filepath.Join(dir, filepath.FromSlash(out.Path))
		}
		for name, data := range out.Files {
			files[filepath.Join(dir, name)] = data
		}
		for _, o := range out.Left {
			if s.verbose {
				fmt.Fprintf(s.stderr, "%s: left out: %s\n", out.Path, o)
			}
		}
	}
	if s.check {
		return s.checkStubs(files)
	}
	return writeStubs(files)
}

// reader is the engine of packages that are only read: nothing is compiled for it.
type reader struct{}

func (reader) Name() string             { return "reader" }
func (reader) Accepts(find.Source) bool { return true }
func (reader) Open(context.Context, engine.Artifact, engine.Importer) (engine.Instance, error) {
	return nil, errors.ErrUnsupported
}

// listUses prints the instantiations that packages of the program use.
func (s *session) listUses(ctx context.Context, patterns []string) error {
	tools, err := toolchain.Find()
	if err != nil {
		return err
	}
	found, err := uses.Find(ctx, tools.GoCommand, ".", patterns)
	for _, use := range found {
		fmt.Fprintln(s.stdout, "load get", use)
	}
	return err
}

// checkStubs prints how the API of stubs has moved.
func (s *session) checkStubs(files map[string][]byte) error {
	moved := 0
	for _, path := range slices.Sorted(maps.Keys(files)) {
		present, err := regular.Read(path, 64<<20)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		differences := stubgen.Compare(present, files[path])
		if strings.HasSuffix(path, "_linked.go") || len(differences) == 0 {
			continue
		}
		moved++
		fmt.Fprintf(s.stdout, "%s\n%s\n", path, strings.Join(differences, "\n"))
	}
	if moved > 0 {
		return errors.New("the API has moved\n\tgenerate it again, without -check")
	}
	return nil
}

// readStubs installs the packages as one module, with those that their API mentions where base is
// the import path of a tree, and reads them, in the directory work.
func readStubs(ctx context.Context, l *load.Loader, work string, names []string, base string) (stubgen.Input, error) {
	tools, err := toolchain.Find()
	if err != nil {
		return stubgen.Input{}, err
	}
	builder := build.Builder{Toolchain: tools, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	for {
		in := stubgen.Input{Base: base, Along: stubgen.Along(names), Go: tools.Version}
		spec, err := l.Install(ctx, names[0], load.Along(in.Along...))
		if err != nil {
			return in, err
		}
		if spec.Source.Kind != find.KindGo || spec.Source.Go == nil || spec.Source.Go.ImportPath == "" || strings.HasPrefix(names[0], ".") {
			return in, fmt.Errorf("%s: stubs are of Go packages with an import path", names[0])
		}
		in.Name = spec.Source.Go.ImportPath
		if _, query, ok := strings.Cut(names[0], "@"); ok && query != "" && spec.Module != "" {
			in.Name += "@" + spec.Version
		}
		in.Origin = func(path string) (version, sum string) { return origin(spec, path) }
		in.Reading, err = builder.Read(ctx, spec.Source, filepath.Join(work, fmt.Sprint(len(names))))
		if err != nil {
			return in, &load.LoadError{Chain: []string{find.Redacted(names[0])}, Err: err}
		}
		if base == "" {
			return in, nil
		}
		further, err := stubgen.Mentioned(in.Reading)
		if err != nil || len(further) == 0 {
			return in, err
		}
		names = append(names[:len(names):len(names)], further...)
	}
}

// origin returns the version of the module that a package of a build is from, and its sum.
func origin(spec *load.Spec, path string) (version, sum string) {
	best := ""
	for _, m := range spec.BuildList {
		if (path == m.Path || strings.HasPrefix(path, m.Path+"/")) && len(m.Path) > len(best) {
			best, version, sum = m.Path, m.Version, m.Sum
		}
	}
	if best == "" {
		version = spec.Version
	}
	return version, sum
}

// importBase returns the import path of a directory.
func importBase(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for root := abs; ; root = filepath.Dir(root) {
		data, err := regular.Read(filepath.Join(root, "go.mod"), 16<<20)
		if err == nil {
			below, err := filepath.Rel(root, abs)
			return strings.TrimSuffix(modfile.ModulePath(data)+"/"+filepath.ToSlash(below), "/."), err
		}
		if root == filepath.Dir(root) {
			return "", fmt.Errorf("%s is in no Go module: the stubs import each other\n\tgo mod init example.com/NAME", dir)
		}
	}
}

// writeStubs writes files, or none where one of them is somebody else's.
func writeStubs(files map[string][]byte) error {
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
		present, err := regular.Read(path, 64<<20)
		if err == nil && !bytes.HasPrefix(present, []byte(stubgen.Header+"\n")) {
			return fmt.Errorf("%s is not overwritten: it was not written by load gen\n\tgive another directory by -o", path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[path], 0o666); err != nil {
			return err
		}
	}
	return nil
}
