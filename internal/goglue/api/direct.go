package api

import (
	"strconv"
)

// DirectName is the name under which a module for wasip1 exports a function, given by its number on
// the wire, whose parameters and results are numbers and booleans. Integers and booleans are i64,
// floats f64.
func DirectName(function int) string { return "load_f" + strconv.Itoa(function) }

// IsDirect reports whether a function can be called without a message.
func (a *API) IsDirect(f *Func) bool {
	if f.Receiver != 0 || f.Variadic || f.NoVariadic || len(f.Out) > 1 {
		return false
	}
	for _, list := range [][]int{f.In, f.Out} {
		for _, n := range list {
			if t := &a.Types[n]; t.Class != Data || DirectType(t.Kind) == "" {
				return false
			}
		}
	}
	return true
}

// DirectType is the Go type of a wasm function's parameter for a value of the kind, "" where it
// takes a message.
func DirectType(k Kind) string {
	switch {
	case k == KindBool || KindUint <= k && k <= KindUint64:
		return "uint64"
	case KindInt <= k && k <= KindInt64:
		return "int64"
	case k == KindFloat32 || k == KindFloat64:
		return "float64"
	}
	return ""
}
