package installed

import (
	"context"
	"iter"

	"github.com/loadgo/load/find"
)

var _ find.Lister = (*Finder)(nil)

// Names lists the installed packages, for spelling hints. Records that cannot be read are left out.
func (f *Finder) Names(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		last := ""
		for r, err := range f.store.AllRecords(f.target) {
			if ctx.Err() != nil {
				return
			}
			if err != nil || r.Package == last { // versions of a package come together
				continue
			}
			if last = r.Package; !yield(last) {
				return
			}
		}
	}
}
