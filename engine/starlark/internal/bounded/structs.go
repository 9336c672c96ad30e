package bounded

import (
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine"
)

// maxNames bounds the names of a struct's fields, in bytes: one that is missing is compared with
// all.
const maxNames = 1 << 16

var errNames = &engine.LimitError{Reason: "the names of a struct's fields take more than 64KiB", Fix: "use a dict"}

// members is the cost of a struct with the fields that are given.
func members(a arguments) (cost, error) {
	names := 0
	for _, pair := range a.kwargs {
		names += lengthOf(pair[0])
	}
	if names > maxNames {
		return cost{}, errNames
	}
	return copies(EntrySize)(a)
}

// namesOf returns how long the names of a struct's fields are together.
func namesOf(s *starlarkstruct.Struct) (n int) {
	for name := range s.Entries() {
		n += len(name)
	}
	return n
}

func fields(a arguments) (cost, error) {
	if s, ok := a.at(0).(*starlarkstruct.Struct); ok {
		return cost{64 * int64(s.Len()), 20 * int64(s.Len())}, nil
	}
	return cost{}, nil
}
