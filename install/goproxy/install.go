package goproxy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/modzip"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/internal/importgraph"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/store"
)

// Install brings a release and all that it imports into the store, verified, and records what a
// build needs to know. It implements [install.Installer]. However many processes install one
// release at a time, one works and the others find its record. An interrupted Install leaves whole
// modules or nothing of them; the next one goes on from there.
func (in *Installer) Install(ctx context.Context, session *install.Session, release *install.Release) (*find.Spec, error) {
	pinned, err := in.pinned(ctx, session, release)
	var spec *find.Spec
	if err == nil {
		spec, err = in.install(ctx, session, pinned)
	}
	return spec, explain(err, release.Module)
}

func (in *Installer) install(ctx context.Context, session *install.Session, release *install.Release) (*find.Spec, error) {
	s := session.Store
	started := time.Now()
	along := companions{asked: release.Name.Along}
	if spec, err := in.recorded(session, release); spec != nil || err != nil {
		return spec, err
	}
	unlock, err := s.Lock(ctx, strings.Join(append([]string{"install/" + in.Target() + "/" + release.Package + "@" + release.Version}, along.key()...), ","))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if spec, err := in.recorded(session, release); spec != nil || err != nil {
		return spec, err
	}
	r := in.newRequest(ctx, session, s)
	defer r.close()
	if r.missing != nil && !r.brings {
		return nil, r.missing
	}
	r.along = along
	r.sums.Lock(release.BuildList)
	m := module.Version{Path: release.Module, Version: release.Version}
	if err := r.checkGo(ctx, m, nil); err != nil {
		return nil, about(m, err)
	}
	roots := map[string]string{m.Path: m.Version}
	var ahead sync.WaitGroup
	var graphErr error // not the closure's, which is perhaps only that this one gave up on other files
	ahead.Go(func() { _, graphErr = r.graph(ctx, versions(roots), true) })
	err = r.checkPackage(ctx, m, release)
	ahead.Wait()
	if err = cmp.Or(err, graphErr); err != nil {
		return nil, err
	}
	c, err := r.closureAlong(ctx, roots, []string{release.Package})
	if err != nil {
		return nil, err
	}
	if release, err = r.raisedMain(ctx, release, c); err != nil {
		return nil, err
	}
	info := origin.Info{Version: release.Version, Time: release.Time}
	if err := r.putInfo(module.Version{Path: release.Module, Version: release.Version}, info); err != nil {
		return nil, err
	}
	b, err := r.build(ctx, c)
	if err != nil {
		return nil, err
	}
	record := &store.Record{
		Package: release.Package, Module: release.Module, Version: release.Version, Target: in.Target(),
		Time: release.Time, Why: release.Why, Deprecated: release.Deprecated, Retracted: release.Retracted,
		GoMod: b.GoMod, GoSum: b.GoSum, Hash: b.hash("package " + release.Package + along.subject()), BuildList: b.BuildList, Along: b.Along,
		Proof:   b.Proof,
		Imports: b.Imports,
	}
	if r.fetched.Load() { // a record promises that all of it is there, after a power failure too
		if err := modzip.Sync(ctx, s.ModDir()); err != nil {
			return nil, err
		}
	}
	if err := s.PutRecord(record); err != nil {
		return nil, err
	}
	session.Emit(event.Installed{Name: release.Package, Version: release.Version, Modules: len(b.BuildList), Took: time.Since(started)})
	return in.spec(record, s, in.String(), release.Name.Along)
}

// recorded returns the spec of a release that the store has, or nil.
func (in *Installer) recorded(session *install.Session, release *install.Release) (*find.Spec, error) {
	s := session.Store
	records, err := s.Records(in.Target(), release.Package, (&companions{asked: release.Name.Along}).recorded()...)
	if err != nil {
		return nil, err
	}
	considered := func(m module.Version) bool { return m.Path == release.Module }
	for _, record := range records {
		vouched := func(m store.RecordModule) bool { return in.vouched(session, m, record.Proof) }
		if record.Version == release.Version && record.Module == release.Module && complete(session, record.BuildList, considered, vouched) &&
			in.chosen(session, record.GoSum, record.BuildList, record.Proof, nil) {
			return in.spec(record, s, "store", release.Name.Along)
		}
	}
	return nil, nil
}

// complete reports whether the store has every module of a build list, from where it belongs, and
// knows that it is old enough, but for those modules whose age was decided about, and that its sum
// is right.
func complete(session *install.Session, list []store.RecordModule, decided func(module.Version) bool, vouched func(store.RecordModule) bool) bool {
	s := session.Store
	s.UseModules(list)
	for _, m := range list {
		v := module.Version{Path: m.Path, Version: m.Version}
		if _, sum, ok := (storage{s}).modules().has(v); !ok || sum != m.Sum || !(storage{s}).belongs(session, v, treeRegistry, sum) || !vouched(m) {
			return false
		}
		published := func() (time.Time, error) { return s.ModuleTime(m.Path, m.Version), nil }
		if !decided(v) && session.AdmitAge(find.ModuleVersion(m), published) != nil {
			return false // who asks the registry finds out, and tells
		}
	}
	return true
}

// checkPackage fetches the release's own module and looks for the package in it.
func (r *request) checkPackage(ctx context.Context, m module.Version, release *install.Release) error {
	t, err := r.tree(ctx, m)
	if err != nil {
		return err
	}
	p, err := inModule(m, t, release.Package)
	if err != nil || p.dir != "" {
		return err
	}
	return &find.NotFoundError{
		Name:     release.Package,
		Tried:    []find.Tried{{Who: r.in.String(), Answer: fmt.Sprintf("module %s is there, but does not contain the package", m)}},
		NearMiss: spelling.Near(release.Package, packages(m.Path, t.dir), 3),
	}
}

// packages yields the import paths of a module's packages.
func packages(modPath, dir string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return nil
			}
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "internal") {
				return fs.SkipDir
			}
			if importgraph.HasGoFiles(filepath.Join(dir, filepath.FromSlash(name))) && !yield(path.Join(modPath, name)) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// putInfo keeps what the registry says about the version where the go command looks for it.
func (r *request) putInfo(m module.Version, info origin.Info) error {
	data, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return r.putFile(m, "info", data)
}

// build is what an engine needs to know to build from the store.
type build struct {
	GoMod     string
	GoSum     string
	BuildList []store.RecordModule
	Proof     store.Proof
	Along     []store.RecordCompanion `json:",omitempty"`
	Replaced  []string                `json:",omitempty"` // paths of modules that others stand for, and of those that a vendor directory has in the place of others
	Local     []string                `json:",omitempty"` // packages of local modules, sorted
	GoMods    []string                `json:",omitempty"` // directories that replace modules and whose go.mod files counted, sorted
	Imports   []string                // all packages and what they import, sorted
}

// build describes the build of a closure: a go.mod file in which every provider is required at its
// selected version, so that the go command has nothing to add to it, and the sums of all that was
// read.
func (r *request) build(ctx context.Context, c *closure) (*build, error) {
	language := cmp.Or(version.Lang(r.compiler.version), "go1.21") // a toolchain without a release takes any
	var require strings.Builder
	b := &build{}
	for _, m := range versions(c.providers) {
		f, err := r.mod(ctx, m)
		if err != nil {
			return nil, err
		}
		if v := "go" + f.GoVersion; version.Compare(v, language) > 0 {
			language = v
		}
		fmt.Fprintf(&require, "\t%s %s\n", m.Path, m.Version)
		t, err := r.tree(ctx, m)
		if err != nil {
			return nil, err
		}
		if t.local {
			if to := r.main.CopiedFrom(m); to.Version != "" {
				b.Replaced = append(b.Replaced, to.Path)
			}
			continue
		}
		if r.main != nil {
			if to := r.main.Replaced(m); to != m {
				b.Replaced = append(b.Replaced, m.Path)
				m = to
			}
		}
		b.BuildList = append(b.BuildList, store.RecordModule{Path: m.Path, Version: m.Version, Sum: t.sum})
	}
	if r.main != nil {
		if v := "go" + r.main.GoVersion; version.Compare(v, language) > 0 {
			language = v
		}
		fmt.Fprintf(&require, "\t%s %s\n", r.main.Path, r.main.Version())
	}
	b.GoMod = "go " + strings.TrimPrefix(language, "go") + "\n"
	if require.Len() > 0 {
		b.GoMod += "\nrequire (\n" + require.String() + ")\n"
	}
	if r.main != nil {
		b.GoMod += r.main.ReplaceLines()
		b.GoMods = r.main.Counted()
	}
	for _, pkg := range sortedKeys(c.from) {
		if c.from[pkg].local {
			b.Local = append(b.Local, pkg)
		}
	}
	b.GoSum, b.Proof = string(r.sums.GoSum()), r.proof()
	var err error
	if b.Imports, err = r.imports(ctx, c); err != nil {
		return nil, err
	}
	b.Along, err = r.selected(c)
	return b, err
}

// hash identifies a build: what it is for, and every module that it reads.
func (b *build) hash(subject string) string {
	h := sha256.New()
	fmt.Fprintf(h, "load build 1\n%s\n", subject)
	for _, m := range b.BuildList {
		fmt.Fprintf(h, "%s %s %s\n", m.Path, m.Version, m.Sum)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func (b *build) moduleVersions() []find.ModuleVersion {
	list := make([]find.ModuleVersion, len(b.BuildList))
	for i, m := range b.BuildList {
		list[i] = find.ModuleVersion(m)
	}
	return list
}

// spec makes a record an answer.
func (in *Installer) spec(record *store.Record, s *store.Store, origin string, along []find.Companion) (*find.Spec, error) {
	dir, err := storage{s}.modules().dir(module.Version{Path: record.Module, Version: record.Version})
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(record.Package, record.Module)))
	b := &build{BuildList: record.BuildList}
	return &find.Spec{
		Name: record.Package, Module: record.Module, Version: record.Version, Why: record.Why, Origin: origin,
		Time: record.Time, Deprecated: record.Deprecated, Retracted: record.Retracted, BuildList: b.moduleVersions(),
		Parts: find.NamedParts(record.Imports),
		Source: find.Source{
			Kind: find.KindGo, FS: regular.DirFS(dir), Dir: dir, Hash: record.Hash,
			Go: &find.GoSource{
				ImportPath: record.Package, GoMod: []byte(record.GoMod), GoSum: []byte(record.GoSum), ModCache: s.ModDir(),
				Along: found(along, record.Along),
			},
		},
	}, nil
}
