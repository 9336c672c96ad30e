package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/store"
)

func openStore() (*store.Store, error) { return store.Open(os.Getenv("LOAD_DIR")) }

func verifyCommand() command {
	return command{
		name:  "verify",
		args:  "[options]",
		short: "check the store, and load.lock against it",
		long: `
Verify reads everything in the store and compares it with its sums: the sources of modules, the compiled
artifacts, and the records that lead to them. If there is a lock file, it compares the sums there with those of the
installed modules, too. It prints a line for each thing that is damaged; the exit code is 1 then. A line
for each file that no record leads to follows.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			f.BoolVar(&o.repair, "repair", false, "remove what is damaged, so that the next load brings it back")
		},
		takes: nothing,
		run:   runVerify,
	}
}

func runVerify(ctx context.Context, s *session, _ []string) error {
	st, err := openStore()
	if err != nil {
		return err
	}
	report, err := st.Verify(ctx)
	if err != nil {
		return err
	}
	if path := s.lockFile(); path != "" {
		err = verifyLock(path, st)
	}
	slices.SortFunc(report.Damaged, func(a, b store.Damage) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	if s.json {
		err = errors.Join(err, printJSON(s.stdout, report))
	} else {
		for _, d := range report.Damaged {
			fmt.Fprintf(s.stdout, "damaged %s %s: %s\n", d.Kind, d.Name, d.Reason)
		}
		for _, name := range report.Unlisted {
			fmt.Fprintf(s.stdout, "unlisted %s: no record leads to it, and nothing reads it\n", name)
		}
		fmt.Fprintf(s.stdout, "verified %d modules, %d sources, %d artifacts, %d records: %s, %d damaged\n",
			report.Modules, report.Sources, report.Artifacts, report.Records, quantity.About(report.Bytes), len(report.Damaged))
	}
	switch n := len(report.Damaged); {
	case n > 0 && s.repair:
		return errors.Join(err, st.Repair(report.Damaged))
	case n > 0:
		return errors.Join(err, errors.New("the store is damaged\n\trun `load verify -repair` to remove what is; the next load brings it back"))
	}
	return err
}

// verifyLock compares the sums of a lock file with those of what is installed.
func verifyLock(path string, st *store.Store) error {
	file, err := lockfile.Read(path)
	if err != nil {
		return err
	}
	var errs []error
	seen := make(map[lockfile.Module]bool)
	for e := range file.All() {
		for _, m := range e.Needs {
			if got := st.ModuleSum(m.Path, m.Version); got != "" && got != m.Sum && !seen[m] {
				seen[m] = true
				errs = append(errs, &load.ChecksumError{
					Subject: m.Path + "@" + m.Version, Want: m.Sum, Got: got, Where: "installed", By: lockfile.Name,
					Fix: "somebody changed a published version, or the lock file; find out which: a wrong version goes by `load rm " + e.Name + "`",
				})
			}
		}
	}
	return errors.Join(errs...)
}

func gcCommand() command {
	return command{
		name:  "gc",
		args:  "[options]",
		short: "remove from the store what is not used any more",
		long: `
Gc removes packages, modules and artifacts that no load used for some time, and prints a line for each. What a
running process uses stays, and so does what a lock file holds: load.lock in the current directory, and those
that -lock names. What is removed comes back when it is loaded again.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			f.Var(quantity.NewDurationFlag(&o.unused, 30*24*time.Hour), "unused", "remove what was not used for this `duration`, such as 12h or 3d")
			f.Var((*quantity.SizeFlag)(&o.maxSize), "max-size", "remove what was used least recently until the store has at most this `size`, such as\n2GiB")
			f.StringVar(&o.locks, "lock", "", "keep what these lock `files` hold, separated by commas")
			f.BoolVar(&o.dryRun, "n", false, "print what would be removed, and remove nothing")
		},
		takes: nothing,
		run:   runGC,
	}
}

func runGC(ctx context.Context, s *session, _ []string) error {
	if s.unused < 0 {
		return &usageError{"-unused cannot be negative"}
	}
	st, err := openStore()
	if err != nil {
		return err
	}
	paths := strings.FieldsFunc(s.locks, func(r rune) bool { return r == ',' })
	if path := s.lockFile(); path != "" {
		paths = append(paths, path)
	}
	held := make(map[string]bool)
	for _, path := range paths {
		file, err := lockfile.Read(path)
		if err != nil {
			return err // what it holds is not known: nothing is removed
		}
		for e := range file.All() {
			for _, m := range e.Needs {
				held[m.Path+"@"+m.Version] = true
			}
		}
	}
	collected, err := st.Collect(ctx, store.GC{
		Unused: s.unused, MaxSize: s.maxSize, DryRun: s.dryRun,
		Keep: func(path, version string) bool { return held[path+"@"+version] },
	})
	if s.json {
		if collected == nil {
			collected = []store.Item{}
		}
		return errors.Join(err, printJSON(s.stdout, collected))
	}
	var total int64
	for _, item := range collected {
		total += item.Size
		fmt.Fprintf(s.stdout, "%s %s\n", item.Kind, item.Name)
	}
	what := "removed"
	if s.dryRun {
		what = "would remove"
	}
	fmt.Fprintf(s.stdout, "%s %s, %s\n", what, phrase.Count(len(collected), "thing"), quantity.About(total))
	return err
}

func rmCommand() command {
	return command{
		name:  "rm",
		args:  "[options] NAME[@VERSION]...",
		short: "remove installed packages",
		long: `
Rm removes installed packages, all versions or one, with their artifacts and the modules that nothing else is
built from. Processes that run them go on.`,
		flags:    func(f *pflag.FlagSet, o *options) { o.jsonFlag(f) },
		takes:    some,
		run:      runRm,
		complete: completeNames,
	}
}

func runRm(ctx context.Context, s *session, args []string) error {
	st, err := openStore()
	if err != nil {
		return err
	}
	s.offline = true
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	var errs []error
	var gone []removed
	for _, arg := range args {
		of, err := s.removePackage(ctx, l, st, arg)
		gone, errs = append(gone, of...), append(errs, err)
	}
	return errors.Join(append(errs, list(s, gone))...)
}

// removed is a module that was removed.
type removed struct{ versioned }

func (r removed) String() string { return "removed " + r.versioned.String() }

// removePackage removes what has a name, and returns what that was.
func (s *session) removePackage(ctx context.Context, l *load.Loader, st *store.Store, arg string) (gone []removed, err error) {
	name, err := l.ParseName(arg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, err)
	}
	if name.Form == find.FormURL {
		record, err := st.SourceRecord(name.Target)
		if err == nil && record != nil {
			if err = s.evict(ctx, l, st, arg); err == nil {
				err = st.RemoveSource(ctx, record)
			}
			gone = append(gone, removed{versioned{Name: record.Name, Version: record.Version}})
		}
		if err != nil {
			return nil, err
		}
	}
	for record, err := range st.AllRecords(runtime.GOOS + "_" + runtime.GOARCH) {
		if err != nil {
			return gone, err
		}
		if record.Package != name.Target || name.Query != "" && name.Query != record.Version {
			continue
		}
		if err := s.evict(ctx, l, st, record.Package+"@"+record.Version); err != nil {
			return gone, err
		}
		if err := st.RemovePackage(ctx, record); err != nil {
			return gone, err
		}
		gone = append(gone, removed{versioned{Name: record.Package, Version: record.Version}})
	}
	if len(gone) == 0 {
		return nil, fmt.Errorf("%s: it is not installed", arg)
	}
	return gone, nil
}

// evict removes the artifact that a load of the name would look for.
func (s *session) evict(ctx context.Context, l *load.Loader, st *store.Store, name string) error {
	if e, err := l.Explain(ctx, name); err == nil && e.Artifact != nil && e.Artifact.Key != "" {
		return st.Evict(e.Artifact.Key)
	}
	return nil
}
