package goproxy

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/store"
)

// owner is the URL of the registry that a path is asked of, "" for one that nobody owns.
func owner(session *install.Session, path string) string {
	o, _ := session.Owner(path)
	return o.URL
}

// alike leaves those candidates that belong to whom the package belongs to. A module of anybody
// else cannot hold it, whatever its path is, and nobody is asked for what belongs to another.
func alike(session *install.Session, candidates []candidate, pkg string) []candidate {
	kept := candidates[:0]
	for _, c := range candidates {
		if owner(session, c.path) == owner(session, pkg) {
			kept = append(kept, c)
		}
	}
	return kept
}

// userCache is the user's own module cache as a source of a module. It may hold anything that a
// proxy once sent, and of what a registry owns no checksum database says whether it is right: that
// comes from the registry.
func (in *Installer) userCache(session *install.Session, path string) (modCache, bool) {
	dir := in.settings().ModCache
	return modCache(dir), dir != "" && owner(session, path) == ""
}

// checked reports whether the checksum database answers for a module path. It does not hear of what
// is owned.
func (in *Installer) checked(session *install.Session, path string) bool {
	return owner(session, path) == "" && in.settings().Sums(path)
}

// Beside a module's tree, and beside its go.mod file, the store says from which registry they came.
const (
	treeRegistry = "registry"
	modRegistry  = "modregistry"
)

// setRegistry says where what is going to be put came from.
func (r *request) setRegistry(m module.Version, ext, url string) error {
	if url != "" {
		return r.putFile(m, ext, []byte(url))
	}
	name, err := r.store.modules().file(m, ext)
	if err != nil {
		return err
	}
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return writeError(err)
	}
	return nil
}

// belongs reports whether a tree, or without a sum a go.mod file, is in the store from where it
// belongs.
func (s storage) belongs(session *install.Session, m module.Version, ext, sum string) bool {
	from, err := s.modules().read(m, ext)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return session.Belongs(find.ModuleVersion{Path: m.Path, Version: m.Version, Sum: sum}, string(from))
}

// records returns what is installed of a package, in modules of whom the package belongs to.
func (r *request) records(ctx context.Context, pkg string) ([]*store.Record, error) {
	records, err := r.store.Records(r.in.Target(), pkg)
	return slices.DeleteFunc(records, func(record *store.Record) bool {
		return owner(r.session, record.Module) != owner(r.session, pkg)
	}), err
}

// readMod identifies a go.mod file that was read: what two registries have under one path is not
// the same.
type readMod struct {
	mod   module.Version
	owner string
}
