package goproxy

import (
	"golang.org/x/mod/module"

	"github.com/loadgo/load/install/goproxy/internal/gomod"
)

// provideVendored finds a package in the module itself, in another of its workspace, or in the
// vendor directory, as the go command does.
func provideVendored(m *gomod.Main, pkg string) (provider, error) {
	var found []provider
	look := func(mod module.Version, dir string) error {
		p, err := inModule(mod, &sourceTree{dir: dir, local: true}, pkg)
		if err == nil && p.dir != "" {
			found = append(found, p)
		}
		return err
	}
	if within(m.Path, pkg) {
		if err := look(module.Version{Path: m.Path}, m.Dir); err != nil {
			return provider{}, err
		}
	}
	for _, o := range m.Beside {
		if within(o.Path, pkg) {
			if err := look(module.Version{Path: o.Path, Version: o.Version()}, o.Dir); err != nil {
				return provider{}, err
			}
		}
	}
	if mod, ok := m.Vendor.Packages[pkg]; ok {
		if err := look(mod, m.Vendor.ModuleDir(mod.Path)); err != nil {
			return provider{}, err
		}
	}
	switch len(found) {
	case 0:
		return provider{}, nil
	case 1:
		return found[0], nil
	}
	return provider{}, ambiguous(pkg, found)
}
