package load

import (
	"errors"
	"strings"

	"github.com/loadgo/load/store"
)

// checkSources reads the installed sources that a module is compiled from: an artifact is keyed by
// their sums as long as it is there, so that they have to be right once.
func (l *Loader) checkSources(spec *Spec) error {
	err := l.config.Store.CheckTree(spec.Source.Dir)
	if g := spec.Source.Go; err == nil && g != nil && g.ModCache == l.config.Store.ModDir() {
		var modules []store.RecordModule
		for _, m := range spec.BuildList {
			if !strings.Contains(m.Path, "://") { // no tree, which is checked by now
				modules = append(modules, store.RecordModule(m))
			}
		}
		err = l.config.Store.CheckModules(modules)
	}
	var changed *store.ChangedError
	if !errors.As(err, &changed) {
		return err
	}
	return &ChecksumError{
		Subject: changed.Name, Want: changed.Want, Got: changed.Got, Where: "in the store", By: "when it was installed",
		Fix: "somebody, or a failing disk, changed it in the store, and nothing of it was used; run `load verify -repair`, and then load it again",
	}
}
