package bounded

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// maxBrief is how long the text of a value is at most, in bytes, that stands in a signature or an
// error of the host.
const maxBrief = 200

// Brief returns the text of a value where that is short, and "..." otherwise. Unlike the value's
// own method it is for any value, outside of a run: printing what contains itself, or one part in
// many places, may have no end.
func Brief(v starlark.Value) string {
	switch v.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes,
		starlark.Tuple, *starlark.List, *starlark.Dict, *starlark.Set, *starlarkstruct.Struct,
		*starlark.Function, *starlark.Builtin:
	default:
		return "..."
	}
	m := measure{purpose: printing, most: 4 * maxBrief}
	if m.value(v) != nil || m.bytes > 2*maxBrief {
		return "..."
	}
	if text := v.String(); len(text) <= maxBrief {
		return text
	}
	return "..."
}

// Name returns a name as an error shows it, cut where it is long.
func Name(name string) string {
	if len(name) > maxBrief {
		return name[:maxBrief] + "..."
	}
	return name
}
