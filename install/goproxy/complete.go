package goproxy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/store"
)

// Complete brings what the package in a local directory imports into the store, and fills in what a
// build needs. It implements [install.Completer]. In a module, go.mod and go.sum decide, as for the
// go command. A directory without go.mod gets installed versions of what it imports, else the
// latest, and keeps them. What was completed once needs no network again, and a package that
// imports the standard library alone never does.
//
// Companions are brought too, for a package in a directory, one of the standard library, and an
// installed one.
func (in *Installer) Complete(ctx context.Context, session *install.Session, spec *find.Spec) (*find.Spec, error) {
	s := session.Store
	if spec.Source.Kind != find.KindGo || spec.Source.Hash != "" {
		return spec, nil
	}
	r := in.newRequest(ctx, session, s)
	defer r.close()
	standard := spec.Module == "" && spec.Version != "" && r.standard(spec.Name)
	if spec.Source.Dir == "" && !standard { // without a toolchain, the source of a standard package is not here
		return spec, nil
	}
	var asked []find.Companion
	if spec.Source.Go != nil {
		asked = spec.Source.Go.Along
	}
	if spec.Version != "" && spec.Module != "" && strings.HasPrefix(spec.Source.Dir, s.ModDir()+string(filepath.Separator)) {
		return in.Install(ctx, session, &install.Release{
			Name:    find.Name{Target: spec.Name, Form: find.FormPath, Along: asked},
			Package: spec.Name, Module: spec.Module, Version: spec.Version, Time: spec.Time, Why: spec.Why, Origin: in.String(), Deprecated: spec.Deprecated,
			Retracted: spec.Retracted, BuildList: spec.BuildList,
		})
	}
	var err error
	if spec.Module != "" {
		if r.main, err = gomod.FindMain(spec.Source.Dir, within(s.Dir(), spec.Source.Dir), in.goWork()); err != nil {
			return nil, err
		}
	}
	r.locked = spec.BuildList
	r.sums.Lock(r.locked)
	r.along.asked = slices.Clone(asked)
	if err := r.pin(ctx); err != nil {
		return nil, explain(err, "")
	}
	var b *build
	var hash string
	importPath := ""
	switch {
	case spec.Module != "":
		b, hash, importPath, err = r.completeLocal(ctx, spec.Source.Dir)
	case standard:
		importPath = spec.Name
		b, hash, err = r.completeStandard(ctx, spec.Name)
	default:
		b, hash, err = r.completeLoose(ctx, spec.Source.Dir)
	}
	if err != nil {
		return nil, explain(err, "")
	}
	out := *spec
	out.BuildList = b.moduleVersions()
	out.Source.Hash = hash
	out.Parts = slices.Concat(spec.Parts, r.parts(b, spec.Version == ""))
	out.Source.Go = &find.GoSource{
		ImportPath: importPath, GoMod: []byte(b.GoMod), GoSum: []byte(b.GoSum), ModCache: s.ModDir(), Along: found(asked, b.Along), Local: r.localModules(),
	}
	return &out, nil
}

func (r *request) completeLocal(ctx context.Context, dir string) (b *build, hash, importPath string, err error) {
	if e := r.tooOld(ctx, module.Version{Path: r.main.Path}, r.main.GoVersion); e != nil && r.missing == nil {
		return nil, "", "", e
	}
	rel, err := filepath.Rel(r.main.Dir, dir)
	if err != nil {
		return nil, "", "", err
	}
	importPath = path.Join(r.main.Path, filepath.ToSlash(rel))
	if err := r.sums.Promise(r.main.GoSum, "go.sum"); err != nil {
		return nil, "", "", err
	}
	// Modules that are fetched can import packages of local ones: what a build is known to read
	// counts, too.
	for start := r.along.paths(importPath); ; {
		files, seen, err := r.localPackages(ctx, start)
		if err != nil {
			return nil, "", "", err
		}
		subject := importPath + r.along.subject() + "\n" + files + r.main.Fingerprint()
		b, err := r.localBuild(ctx, importPath, subject)
		if err != nil {
			return nil, "", "", err
		}
		more := slices.DeleteFunc(slices.Clone(b.Local), func(pkg string) bool { return seen[pkg] })
		if len(more) == 0 {
			return b, b.hash(subject), importPath, nil
		}
		start = append(start, more...)
	}
}

// localBuild returns the build of a package of the local module, or what is remembered of it.
func (r *request) localBuild(ctx context.Context, importPath, subject string) (*build, error) {
	return r.remembered(ctx, []string{"local module", r.main.Dir, subject}, func() (*build, error) {
		c, err := r.closureAlong(ctx, r.main.Roots(), []string{importPath})
		if err != nil {
			return nil, err
		}
		return r.build(ctx, c)
	})
}

// completeLoose completes a directory without go.mod.
func (r *request) completeLoose(ctx context.Context, dir string) (*build, string, error) {
	pkg, err := r.scan.Scan(dir)
	if err != nil {
		return nil, "", err
	}
	files, err := r.localPackage(ctx, dir, dir, dir)
	if err != nil {
		return nil, "", err
	}
	imports := slices.DeleteFunc(slices.Clone(pkg.Imports), r.standard)
	b, err := r.remembered(ctx, append([]string{"loose directory"}, imports...), func() (*build, error) {
		roots := r.lockedRoots()
		for _, imp := range imports {
			if r.lockedProvides(imp) {
				continue
			}
			if err := r.installImport(ctx, roots, imp); err != nil {
				return nil, &importError{path: imp, err: err}
			}
		}
		c, err := r.closureAlong(ctx, roots, imports)
		if err != nil {
			return nil, err
		}
		return r.build(ctx, c)
	})
	if err != nil {
		return nil, "", err
	}
	b.Imports = slices.Concat(b.Imports, pkg.Imports)
	return b, b.hash(files + r.along.subject()), nil
}

// installImport makes the module of an import a root: the highest installed version, else the
// latest.
func (r *request) installImport(ctx context.Context, roots map[string]string, imp string) error {
	records, err := r.records(ctx, imp)
	if err != nil {
		return err
	}
	if len(records) > 0 {
		raise(roots, records[0].Module, records[0].Version)
		return nil
	}
	name := find.Name{Target: imp, Form: find.FormPath}
	if !r.in.Claims(name) {
		return errNotStandard
	}
	release, err := r.in.Resolve(ctx, r.session, name)
	if err != nil {
		return err
	}
	if _, err := r.in.Install(ctx, r.session, release); err != nil {
		return err
	}
	raise(roots, release.Module, release.Version)
	return nil
}

// remembered returns what the store remembers of a build under a key, if the store still has all of
// it; else it computes and remembers it. A store that cannot be written to remembers nothing, which
// is no error.
func (r *request) remembered(ctx context.Context, key []string, compute func() (*build, error)) (*build, error) {
	for _, m := range r.locked {
		key = append(key, "locked "+m.Path+"@"+m.Version+" "+m.Sum)
	}
	idOf := func(release string) string {
		return store.Key(slices.Concat([]string{"load build list 6", r.in.Target(), release}, key, r.along.key())...)
	}
	id := idOf(r.compiler.version)
	if b, err := r.recall(ctx, id); b != nil || err != nil {
		return b, err
	}
	if r.missing != nil {
		for _, release := range r.store.Releases() {
			if b, err := r.recall(ctx, idOf(release)); b != nil || err != nil {
				return b, err
			}
		}
		if !r.brings {
			return nil, r.missing
		}
	}
	b, err := compute()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	_, _, err = r.store.Artifact(ctx, id, func(_ context.Context, dir string) error {
		return os.WriteFile(filepath.Join(dir, buildFile), data, 0o644)
	})
	var disk *store.WriteError
	if err != nil && !errors.As(err, &disk) {
		return nil, err
	}
	return b, nil
}

// buildFile is the file of an artifact that holds a build.
const buildFile = "build.json"

// recall returns the build that an artifact of the store holds, nil if there is none that is
// whole.
func (r *request) recall(ctx context.Context, id string) (*build, error) {
	a, err := r.store.Lookup(id)
	if err != nil || a == nil {
		return nil, nil // a damaged one is made again
	}
	b := new(build)
	data, err := a.ReadFile(buildFile)
	vouched := func(m store.RecordModule) bool {
		return r.sums.Promises(module.Version{Path: m.Path, Version: m.Version}) || r.in.vouched(r.session, m, b.Proof)
	}
	promised := func(m module.Version) bool { return r.sums.Promises(checksum.GoModVersion(m)) }
	if err == nil && json.Unmarshal(data, b) == nil && complete(r.session, b.BuildList, r.sums.Promises, vouched) &&
		r.in.chosen(r.session, b.GoSum, b.BuildList, b.Proof, promised) {
		return b, nil
	}
	return nil, r.store.Evict(id)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
