package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/failpoint"
)

// GC says what [Store.Collect] removes.
type GC struct {
	// Unused is for how long something must not have been used before it is removed.
	Unused time.Duration
	// MaxSize is how large the store may stay, in bytes: what was used least recently goes first,
	// however new it is. 0 is no limit.
	MaxSize int64
	// Keep tells of a Go module whether it stays whatever its age, because a lock file holds it;
	// nil keeps none.
	Keep func(path, version string) bool
	// DryRun removes nothing.
	DryRun bool
}

// Item is a thing in a store.
type Item struct {
	Kind string    `json:"kind"` // "package", "module", "artifact", "source", "tree", "repositories"
	Name string    `json:"name"`
	Size int64     `json:"size"` // in bytes
	Used time.Time `json:"used"` // for the last time, to the hour

	kept   bool     // by a living process or a lock file
	needs  []string // names of the shared items that it is made of
	shared bool     // it goes with the last item that needs it
	remove func(ctx context.Context) error
}

// Stats tells what is in a store.
type Stats struct {
	Packages, Modules, Artifacts, Sources int
	Size                                  int64 // of all, in bytes
}

// Stats counts what is in the store.
func (s *Store) Stats() (Stats, error) {
	items, err := s.items(nil, nil)
	var stats Stats
	for _, item := range items {
		stats.Size += item.Size
		switch item.Kind {
		case "package":
			stats.Packages++
		case "module":
			stats.Modules++
		case "artifact":
			stats.Artifacts++
		case "source":
			stats.Sources++
		}
	}
	return stats, err
}

// Collect removes what was not used for long, and then what makes the store too large; it never
// removes what a living process uses, or what gc.Keep keeps. Go modules go with the last package
// that is built from them. It returns what it removed. One process collects at a time.
func (s *Store) Collect(ctx context.Context, gc GC) ([]Item, error) {
	unlock, err := s.Lock(ctx, "gc")
	if err != nil {
		return nil, err
	}
	defer unlock()
	s.sweepTemp()
	used, err := s.inUse()
	if err != nil {
		return nil, err
	}
	items, err := s.items(used, gc.Keep)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(items, func(a, b Item) int { return a.Used.Compare(b.Used) })
	var total int64
	for _, item := range items {
		total += item.Size
	}
	var removed []Item
	var errs []error
	take := func(item Item) {
		total -= item.Size
		removed = append(removed, item)
		if !gc.DryRun {
			errs = append(errs, item.remove(ctx))
		}
	}
	needed := make(map[string]bool) // by what stays
	for _, pass := range []bool{false, true} {
		for _, item := range items {
			if item.shared != pass {
				continue
			}
			old := time.Since(item.Used) >= gc.Unused
			large := gc.MaxSize > 0 && total > gc.MaxSize
			if ctx.Err() == nil && !item.kept && !needed[item.Name] && (old || large) {
				take(item)
				continue
			}
			for _, name := range item.needs {
				needed[name] = true
			}
		}
	}
	if !gc.DryRun {
		errs = append(errs, s.removeOrphans(ctx))
	}
	if ctx.Err() != nil {
		errs = append(errs, context.Cause(ctx))
	}
	return removed, errors.Join(errs...)
}

// removeUnused removes a file or directory, unless a process says that it uses it. Who says so
// after it was moved away finds nothing, and waits for the lock to make it again; who said so
// before gets it back.
func (s *Store) removeUnused(ctx context.Context, path, what string) error {
	unlock, err := s.Lock(ctx, what)
	if err != nil {
		return err
	}
	defer unlock()
	temp, remove, err := s.Temp("gc")
	if err != nil {
		return err
	}
	defer remove()
	away := filepath.Join(temp, filepath.Base(path))
	if err := os.Rename(path, away); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return writeError(path, err)
	}
	_ = failpoint.Hit("store.unused.away")
	used, err := s.uses(what)
	if err != nil || used {
		// Where it was made again meanwhile, that stays.
		return errors.Join(err, ignoreExisting(os.Rename(away, path)))
	}
	return nil
}

func ignoreExisting(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// items lists what is in the store.
func (s *Store) items(used map[string]bool, keep func(path, version string) bool) ([]Item, error) {
	var items []Item
	for t, err := range s.modules() {
		if err != nil {
			return nil, err
		}
		name := t.mod.String()
		items = append(items, Item{
			Kind: "module", Name: name, Size: treeSize(t.dir), Used: modTime(t.meta + ".ziphash"), shared: true,
			kept:   used[moduleName(t.mod.Path, t.mod.Version)] || keep != nil && keep(t.mod.Path, t.mod.Version),
			remove: func(ctx context.Context) error { return s.removeUnusedModule(ctx, t) },
		})
	}
	entries, err := os.ReadDir(s.objDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		key, dir := entry.Name(), filepath.Join(s.objDir(), entry.Name())
		if checkKey(key) == nil {
			items = append(items, Item{
				Kind: "artifact", Name: key, Size: treeSize(dir), Used: modTime(dir), kept: used[artifactName(key)],
				remove: func(ctx context.Context) error { return s.removeUnused(ctx, dir, artifactName(key)) },
			})
		}
	}
	err = s.eachRecord(func(path string) error {
		data, err := ReadFile(path, maxRecord)
		r := new(Record)
		if err != nil || !parseRecord(data, r) {
			return nil // for Verify
		}
		last := modTime(path)
		if t, err := s.moduleTree(module.Version{Path: r.Module, Version: r.Version}); err == nil {
			if used := modTime(t.meta + ".ziphash"); used.After(last) {
				last = used
			}
		}
		var needs []string
		for _, m := range r.BuildList {
			needs = append(needs, m.Path+"@"+m.Version)
		}
		items = append(items, Item{
			Kind: "package", Name: cmp.Or(relative(s.dir, path), path), Size: int64(len(data)), Used: last, needs: needs,
			kept:   used[moduleName(r.Module, r.Version)] || keep != nil && keep(r.Module, r.Version),
			remove: func(ctx context.Context) error { return s.removeUnused(ctx, path, moduleName(r.Module, r.Version)) },
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	sources, err := s.sourceItems(used, keep)
	return append(items, sources...), err
}

func relative(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// modTime returns when a path was used last. A time in the future, of a clock that was wrong then
// or is now, counts as now: such a thing is kept by its age, and goes where age does not matter.
func modTime(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	if now := time.Now(); info.ModTime().After(now) {
		return now
	}
	return info.ModTime()
}
