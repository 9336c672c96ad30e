// Package installed finds the packages that an installer brought into the store. It asks nobody
// outside of the store.
//
//	s, err := store.Open(directory)
//	path := find.Path{installed.New(s, "linux_amd64")} // of load.Config; package standard has one
package installed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// Finder finds installed packages for one build target. It is safe for concurrent use.
type Finder struct {
	store    *store.Store
	target   string
	database func(path string) string // that has to vouch, or nil
}

// New returns the finder of a store's packages for a build target, as in "linux_amd64".
func New(s *store.Store, target string) *Finder {
	return &Finder{store: s, target: target}
}

// Vouched returns the finder that finds only what the checksum database vouched for, the lock file
// holds, or a registry of the policies owns: another program may have brought the rest without
// asking the database. What is passed over is for an installer, which asks. database returns the
// name of the database that has to vouch for the modules of a path, or "".
func (f *Finder) Vouched(database func(path string) string) *Finder {
	vouched := *f
	vouched.database = database
	return &vouched
}

func (f *Finder) String() string { return "installed" }

var (
	errForm  = fmt.Errorf("%w: not an import path", find.ErrNotFound)
	errEmpty = fmt.Errorf("%w: not installed", find.ErrNotFound)
)

func notFound(format string, args ...any) error {
	return fmt.Errorf("%w: %s", find.ErrNotFound, fmt.Sprintf(format, args...))
}

// Find implements [find.Finder]. It answers with the highest installed version that the name's
// query allows. A query whose answer can change ("latest", a branch) is passed on to who can ask
// the registry.
//
// With companions, it answers with what was installed with them or else, for an installer to
// complete, with what was installed without.
func (f *Finder) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	return f.FindUnder(ctx, name, new(install.Session))
}

// FindUnder implements [find.Ruled].
func (f *Finder) FindUnder(ctx context.Context, name find.Name, rules find.Rules) (*find.Spec, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	switch name.Form {
	case find.FormPath:
	case find.FormURL:
		return f.findSource(name, rules)
	default:
		return nil, errForm
	}
	q, err := query.Parse(name.Query)
	if err != nil {
		return nil, &find.VersionError{Query: name.Query, Reason: err.Error()}
	}
	if changing(q) {
		return nil, notFound("@%s asks the registry", q)
	}
	versions, err := f.store.Versions(f.target, name.Target)
	if err != nil {
		return nil, err
	}
	if spec, err := f.findAlong(rules, name, q, versions); spec != nil || err != nil {
		return spec, err
	}
	if len(versions) == 0 {
		return nil, errEmpty
	}
	version, ok := q.Highest(versions)
	if !ok {
		return nil, notFound("no installed version satisfies %s (%s)", q, few(versions))
	}
	record, err := f.store.Record(f.target, name.Target, version)
	if err != nil {
		return nil, err
	}
	if record == nil {
		return nil, notFound("the record of %s is damaged; installing again", version)
	}
	spec, err := f.spec(rules, record)
	if err == nil && len(name.Along) > 0 {
		spec.Source.Go.Along, spec.Source.Hash = name.Along, ""
	}
	return spec, err
}

// changing reports whether the registry may answer a query differently tomorrow.
func changing(q query.Query) bool {
	switch q.Kind() {
	case query.Latest, query.Upgrade, query.Patch, query.Revision:
		return true
	}
	return false
}

// findAlong finds what was installed with the companions of a name; nil if there is nothing that is
// whole, or a higher version without them: a name means one version, with companions and without.
func (f *Finder) findAlong(rules find.Rules, name find.Name, q query.Query, without []string) (*find.Spec, error) {
	if len(name.Along) == 0 {
		return nil, nil
	}
	asked := make([]store.RecordCompanion, len(name.Along))
	for i, c := range name.Along {
		asked[i] = store.RecordCompanion{Path: c.Path, Query: c.Query}
		if companion, err := query.Parse(c.Query); err != nil || changing(companion) {
			return nil, nil // the installer, which is asked next, tells what is wrong
		}
	}
	versions, err := f.store.Versions(f.target, name.Target, asked...)
	if err != nil {
		return nil, err
	}
	version, ok := q.Highest(versions)
	if best, _ := q.Highest(slices.Concat(versions, without)); !ok || version != best {
		return nil, nil
	}
	record, err := f.store.Record(f.target, name.Target, version, asked...)
	if record == nil || err != nil {
		return nil, err
	}
	spec, err := f.spec(rules, record)
	if errors.Is(err, find.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	spec.Source.Go.Along = slices.Clone(name.Along)
	for i := range spec.Source.Go.Along {
		spec.Source.Go.Along[i].Version = record.Along[i].Version // both are sorted by path
	}
	return spec, nil
}

// few shows the first versions of a list.
func few(versions []string) string {
	if len(versions) > 5 {
		return strings.Join(versions[:5], ", ") + ", …"
	}
	return strings.Join(versions, ", ")
}

// spec makes the spec of a record whose modules are all there. Their contents are not looked at:
// they were verified when they were installed.
func (f *Finder) spec(rules find.Rules, r *store.Record) (*find.Spec, error) {
	spec := &find.Spec{
		Name:       r.Package,
		Module:     r.Module,
		Version:    r.Version,
		Why:        r.Why,
		Origin:     "store",
		Time:       r.Time,
		Deprecated: r.Deprecated,
		Retracted:  r.Retracted,
		Parts:      find.NamedParts(r.Imports),
	}
	if owner(rules, r.Module) != owner(rules, r.Package) {
		return nil, notFound("%s is of %s, which does not belong to the owner of the package; installing again", r.Version, r.Module)
	}
	held := true
	for _, m := range r.BuildList {
		held = held && rules.Holds(find.ModuleVersion(m))
		dir, err := f.moduleDir(m.Path, m.Version)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, notFound("%s is damaged: its module %s@%s is missing; installing again", r.Version, m.Path, m.Version)
		} else if err != nil {
			return nil, err
		}
		if ok, err := f.belongs(rules, find.ModuleVersion(m)); err != nil {
			return nil, err
		} else if !ok {
			return nil, notFound("%s needs %s@%s, which is not here from where it belongs; installing again", r.Version, m.Path, m.Version)
		}
		if !f.vouched(rules, r, find.ModuleVersion(m)) {
			return nil, notFound("%s needs %s@%s, for which the checksum database is still to vouch; asking", r.Version, m.Path, m.Version)
		}
		if m.Path != r.Module { // the module itself is decided about by the record's time
			if err := f.admitAge(rules, r, find.ModuleVersion(m)); err != nil {
				return nil, err
			}
		}
		spec.BuildList = append(spec.BuildList, find.ModuleVersion(m))
	}
	if m, found := f.untrusted(rules, r); found && !held {
		return nil, notFound("%s needs versions that %s chose among others, for which the checksum database or its registry is still to vouch; asking", r.Version, m)
	}
	root, err := f.moduleDir(r.Module, r.Version)
	if err != nil {
		return nil, err
	}
	within := strings.TrimPrefix(strings.TrimPrefix(r.Package, r.Module), "/")
	dir := filepath.Join(root, filepath.FromSlash(within))
	spec.Source = find.Source{
		Kind: find.KindGo,
		FS:   regular.DirFS(dir),
		Dir:  dir,
		Hash: r.Hash,
		Go: &find.GoSource{
			ImportPath: r.Package,
			GoMod:      []byte(r.GoMod),
			GoSum:      []byte(r.GoSum),
			ModCache:   f.store.ModDir(),
		},
	}
	return spec, nil
}

// belongs reports whether a module is here from the registry that owns it, or from none where none
// owns it.
func (f *Finder) belongs(rules find.Rules, m find.ModuleVersion) (bool, error) {
	from, err := f.store.ModuleRegistry(m.Path, m.Version)
	if err != nil || from == "" && owner(rules, m.Path) == "" {
		return err == nil, err
	}
	// A registry may have replaced what another record is of.
	return rules.Belongs(m, from) && f.store.ModuleSum(m.Path, m.Version) == m.Sum, nil
}

// vouched reports whether what a record has of a module needs no proof.
func (f *Finder) vouched(rules find.Rules, r *store.Record, m find.ModuleVersion) bool {
	return f.database == nil || owner(rules, m.Path) != "" || rules.Holds(m) || r.Proof.Covers(m.Path, f.database)
}

// untrusted returns a module that must not have a say in the versions of a record's build. It is of
// no account where the lock file holds all of them.
func (f *Finder) untrusted(rules find.Rules, r *store.Record) (module.Version, bool) {
	if f.database == nil {
		return module.Version{}, false
	}
	return f.store.Untrusted(r.GoSum, r.Proof, store.Trust{
		Owner: func(path string) string { return owner(rules, path) }, Database: f.database,
		Belongs: func(m module.Version, from string) bool {
			return rules.Belongs(find.ModuleVersion{Path: m.Path, Version: m.Version}, from)
		},
	})
}

// admitAge lets the policies decide about the age of a module that a record needs, which the store
// may not know: then the installer asks.
func (f *Finder) admitAge(rules find.Rules, r *store.Record, m find.ModuleVersion) error {
	var published time.Time
	err := rules.AdmitAge(m, func() (time.Time, error) {
		published = f.store.ModuleTime(m.Path, m.Version)
		return published, nil
	})
	if err != nil && published.IsZero() && rules.MayAsk() {
		return notFound("%s needs %s@%s, and it is not recorded when that was published; asking", r.Version, m.Path, m.Version)
	}
	if err != nil {
		return fmt.Errorf("%s@%s: %w", m.Path, m.Version, err)
	}
	return nil
}

// owner is the URL of the registry that owns a path, "" for none.
func owner(rules find.Rules, path string) string {
	o, _ := rules.Owner(path)
	return o.URL
}

// moduleDir returns the directory of a module's files in the store.
func (f *Finder) moduleDir(path, version string) (string, error) {
	escapedPath, err := module.EscapePath(path)
	if err != nil {
		return "", err
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	return filepath.Join(f.store.ModDir(), filepath.FromSlash(escapedPath)+"@"+escapedVersion), nil
}
