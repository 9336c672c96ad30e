package goproxy

import (
	"bytes"
	"context"
	"go/version"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/install"
)

// modFile is what counts of a dependency's go.mod file.
type modFile struct {
	path      string // the module path that it declares
	goVersion string // "1.21", "" where it says nothing
	require   []module.Version
	parsed    *modfile.File
	legacy    bool // the registry made it up: the version has none
}

// pruned reports whether the module lists all that its packages need, so that what its requirements
// require
// does not count (Go Modules Reference, "Module graph pruning").
func (f *modFile) pruned() bool { return version.Compare("go"+f.goVersion, "go1.17") >= 0 }

// parseModFile reads the go.mod file of a dependency. Statements that only count in a main module,
// or that
// are not known yet, are ignored.
func parseModFile(path string, data []byte) (*modFile, error) {
	parsed, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		return nil, badGoMod(err.Error())
	}
	if parsed.Module == nil || parsed.Module.Mod.Path == "" {
		return nil, badGoMod("it has no module line")
	}
	f := &modFile{
		path:   parsed.Module.Mod.Path,
		parsed: parsed,
		legacy: bytes.Equal(data, []byte("module "+modfile.AutoQuote(path)+"\n")),
	}
	if parsed.Go != nil {
		f.goVersion = parsed.Go.Version
	}
	for _, r := range parsed.Require {
		f.require = append(f.require, r.Mod)
	}
	return f, nil
}

func badGoMod(reason string) error {
	first, _, _ := strings.Cut(reason, "\n")
	return &install.RegistryError{Reason: "its go.mod is refused: " + first, Fix: "try another version"}
}

// mod returns the verified go.mod file of a module version that may be replaced. It must declare
// the module's path.
func (r *request) mod(ctx context.Context, m module.Version) (*modFile, error) {
	f, err := r.anyMod(ctx, m)
	if err != nil || f.path == m.Path || r.replaced(m) != m {
		return f, err
	}
	return nil, about(m, &pathError{declared: f.path, RegistryError: &install.RegistryError{
		Reason: "its go.mod declares its path as " + f.path, Fix: "ask for " + f.path + " instead",
	}})
}

// anyMod is mod for a file that may declare another path than the module's, as after the module was
// renamed.
func (r *request) anyMod(ctx context.Context, m module.Version) (*modFile, error) {
	ctx = withProxy(ctx, nil) // it is kept for all
	return r.mods.do(m, func() (*modFile, error) {
		from := r.replaced(m)
		if from.Version == "" {
			return r.main.dirMod(m, from.Path)
		}
		data, err := r.modData(ctx, from)
		if err != nil {
			return nil, about(from, err)
		}
		f, err := parseModFile(from.Path, data)
		if err != nil {
			return nil, about(from, err)
		}
		return f, nil
	})
}

// replaced returns what stands for a module version in the local module that is completed: itself,
// where there is none.
func (r *request) replaced(m module.Version) module.Version {
	if r.main == nil {
		return m
	}
	return r.main.replaced(m)
}

// modData brings a go.mod file: out of the store, where it is verified, else from the user's module
// cache or
// a registry, to be verified now. Without a store, for Resolve, it is not verified: Install will.
func (r *request) modData(ctx context.Context, m module.Version) ([]byte, error) {
	if r.store.Store != nil {
		data, err := r.store.modules().read(m, "mod")
		if err == nil {
			_, err = parseModFile(m.Path, data) // one that was damaged is fetched again
		}
		if err == nil && r.store.belongs(r.session, m, modRegistry, "") {
			sum := goModSum(data)
			if _, err := r.sums.kept(goModVersion(m), sum); err != nil {
				return nil, err
			}
			r.sums.add(goModVersion(m), sum)
			return data, nil
		}
	}
	data, err := r.in.fetchMod(ctx, r.session, m)
	if err != nil {
		return nil, err
	}
	if r.store.Store == nil {
		r.in.recent.Store(readMod{m, owner(r.session, m.Path)}, data)
		return data, nil
	}
	sum := goModSum(data)
	if err := r.verify(ctx, goModVersion(m), sum); err != nil {
		r.in.recent.Delete(readMod{m, owner(r.session, m.Path)})
		return nil, err
	}
	r.sums.add(goModVersion(m), sum)
	if err := r.setRegistry(m, modRegistry, owner(r.session, m.Path)); err != nil {
		return nil, err
	}
	return data, r.putFile(m, "mod", data)
}

// fetchMod brings a go.mod file that nobody verified.
func (in *Installer) fetchMod(ctx context.Context, session *install.Session, m module.Version) ([]byte, error) {
	if data, ok := in.recent.Load(readMod{m, owner(session, m.Path)}); ok {
		return data.([]byte), nil
	}
	if cache, ok := in.userCache(session, m.Path); ok {
		if data, err := cache.read(m, "mod"); err == nil {
			return data, nil
		}
	}
	var data []byte
	err := in.each(ctx, session, m.Path, func(p repo) (err error) {
		data, err = p.mod(ctx, m.Version)
		return err
	})
	return data, err
}

// fetchInfo returns what is known about an exact version.
func (in *Installer) fetchInfo(ctx context.Context, session *install.Session, m module.Version) (info, error) {
	if cache, ok := in.userCache(session, m.Path); ok {
		if data, err := cache.read(m, "info"); err == nil {
			if i, err := parseInfo(m.Path, data); err == nil && i.Version == m.Version {
				return i, nil
			}
		}
	}
	var i info
	err := in.each(ctx, session, m.Path, func(p repo) (err error) {
		i, err = p.info(ctx, m.Version)
		return err
	})
	return i, err
}

// pathError reports a module that goes by another path than its own.
type pathError struct {
	*install.RegistryError
	declared string
}

func (e *pathError) Unwrap() error { return e.RegistryError }
