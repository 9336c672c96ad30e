package std

import (
	"context"
	"iter"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
)

var _ find.Lister = (*Finder)(nil)

// Names lists the standard packages, for spelling hints.
func (f *Finder) Names(context.Context) iter.Seq[string] {
	root, _, err := f.goroot()
	return func(yield func(string) bool) {
		for path := range strings.FieldsSeq(toolchain.Packages) {
			if err == nil && !isDir(filepath.Join(root, "src", filepath.FromSlash(path))) {
				continue // a newer release has it
			}
			if !yield(path) {
				return
			}
		}
	}
}
