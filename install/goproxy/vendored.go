package goproxy

import (
	"golang.org/x/mod/module"

	"github.com/loadgo/load/install/goproxy/internal/gomod"
)

// provideVendored finds a package in the module itself or in its vendor directory, as the go
// command does.
func provideVendored(m *gomod.Main, pkg string) (provider, error) {
	var found []provider
	if within(m.Path, pkg) {
		p, err := inModule(module.Version{Path: m.Path}, &sourceTree{dir: m.Dir, local: true}, pkg)
		if err != nil {
			return p, err
		}
		if p.dir != "" {
			found = append(found, p)
		}
	}
	if mod, ok := m.Vendor.Packages[pkg]; ok {
		p, err := inModule(mod, &sourceTree{dir: m.Vendor.ModuleDir(mod.Path), local: true}, pkg)
		if err != nil {
			return p, err
		}
		if p.dir != "" {
			found = append(found, p)
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
