package std

import (
	"context"
	"iter"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/toolchain"
)

var _ load.Lister = (*Finder)(nil)

// Names lists the standard packages, for spelling hints: those of the release that this package was
// made for, which is near enough.
func (f *Finder) Names(context.Context) iter.Seq[string] {
	return strings.FieldsSeq(toolchain.Packages)
}
