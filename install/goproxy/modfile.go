package goproxy

import (
	"context"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/install/goproxy/internal/origin"
)

// mod returns the verified go.mod file of a module version that may be replaced. It must declare
// the module's path.
func (r *request) mod(ctx context.Context, m module.Version) (*gomod.File, error) {
	f, err := r.anyMod(ctx, m)
	if err != nil || f.Path == m.Path || r.replaced(m) != m {
		return f, err
	}
	return nil, about(m, &pathError{declared: f.Path, RegistryError: &install.RegistryError{
		Reason: "its go.mod declares its path as " + f.Path, Fix: "ask for " + f.Path + " instead",
	}})
}

// anyMod is mod for a file that may declare another path than the module's, as after the module was
// renamed.
func (r *request) anyMod(ctx context.Context, m module.Version) (*gomod.File, error) {
	return r.mods.do(m, func() (*gomod.File, error) {
		from := r.replaced(m)
		if from.Version == "" {
			return r.main.DirMod(m, from.Path)
		}
		data, err := r.modData(ctx, from)
		if err != nil {
			return nil, about(from, err)
		}
		if err := r.modFiles.Take(len(data)); err != nil {
			return nil, err
		}
		f, err := gomod.Parse(from.Path, data)
		if err != nil {
			return nil, about(from, err)
		}
		return f, nil
	})
}

// replaced returns what stands for a module version in the local module that is completed: itself,
// if there is none.
func (r *request) replaced(m module.Version) module.Version {
	if r.main == nil {
		return m
	}
	return r.main.Replaced(m)
}

// modData brings a go.mod file: out of the store, where it is verified, else from the user's module
// cache or a registry, to be verified now. Without a store, for Resolve, it is not verified:
// Install will.
func (r *request) modData(ctx context.Context, m module.Version) ([]byte, error) {
	if r.store.Store != nil {
		data, err := r.store.modules().read(m, "mod")
		if err == nil {
			_, err = gomod.Parse(m.Path, data) // one that was damaged is fetched again
		}
		if err == nil && r.store.belongs(r.session, m, modRegistry, "") {
			sum := checksum.GoModSum(data)
			believed, err := r.believed(ctx, checksum.GoModVersion(m), sum)
			if err != nil {
				return nil, err
			}
			if believed {
				r.sums.Add(checksum.GoModVersion(m), sum)
				return data, nil
			}
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
	sum := checksum.GoModSum(data)
	if err := r.verify(ctx, checksum.GoModVersion(m), sum); err != nil {
		r.in.recent.Delete(readMod{m, owner(r.session, m.Path)})
		return nil, err
	}
	r.sums.Add(checksum.GoModVersion(m), sum)
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
	err := in.origin.Each(ctx, session, nil, m.Path, func(p origin.Repo) (err error) {
		data, err = p.Mod(ctx, m.Version)
		return err
	})
	return data, err
}

// fetchInfo returns what is known about an exact version.
func (in *Installer) fetchInfo(ctx context.Context, session *install.Session, only *origin.Proxy, m module.Version) (origin.Info, error) {
	if cache, ok := in.userCache(session, m.Path); ok {
		if data, err := cache.read(m, "info"); err == nil {
			if i, err := origin.ParseInfo(m.Path, data); err == nil && i.Version == m.Version {
				return i, nil
			}
		}
	}
	var i origin.Info
	err := in.origin.Each(ctx, session, only, m.Path, func(p origin.Repo) (err error) {
		i, err = p.Info(ctx, m.Version)
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
