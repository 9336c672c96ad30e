package goglue

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"

	"github.com/loadgo/load/internal/wire"
)

// What a reactor exports besides the functions of the guest runtime. (A file named after its GOARCH would be
// left out of the host.)

// DirectName is the name under which a module for wasip1 exports a function, given by its number on the
// wire, whose parameters and results are numbers and booleans. Integers and booleans are i64, floats f64.
func DirectName(function int) string { return "load_f" + strconv.Itoa(function) }

// direct exports the functions that can be called without a message.
func (g *generator) direct() {
	for i, f := range g.funcs {
		described := g.api.Funcs[i]
		if f.form != formFunc || !g.api.isDirect(&described) {
			continue
		}
		params := make([]string, len(described.In))
		args := make([]string, len(described.In))
		for j, n := range described.In {
			params[j] = fmt.Sprintf("a%d %s", j, directType(g.api.Types[n].Kind))
			args[j] = fmt.Sprintf("%s(a%d)", g.spell(f.sig.Params().At(j).Type()), j)
			if g.api.Types[n].Kind == KindBool {
				args[j] = fmt.Sprintf("a%d != 0", j)
			}
		}
		call := g.target(f) + "(" + strings.Join(args, ", ") + ")"
		result := ""
		if len(described.Out) == 1 {
			kind := g.api.Types[described.Out[0]].Kind
			result = " " + directType(kind)
			if kind == KindBool {
				call = "guest.Bit(bool(" + call + "))"
			} else {
				call = directType(kind) + "(" + call + ")"
			}
			call = "return " + call
		}
		name := DirectName(i + wire.FuncCount)
		g.printf("//go:wasmexport %s\nfunc %s(%s)%s {\n\tdefer guest.Leave(guest.Enter())\n\t%s\n}\n\n", name, name, strings.Join(params, ", "), result, call)
	}
}

// isDirect tells whether a function can be called without a message.
func (a *API) isDirect(f *Func) bool {
	if f.Receiver != 0 || f.Variadic || f.NoVariadic || len(f.Out) > 1 {
		return false
	}
	for _, list := range [][]int{f.In, f.Out} {
		for _, n := range list {
			if t := &a.Types[n]; t.Class != Data || directType(t.Kind) == "" {
				return false
			}
		}
	}
	return true
}

// directType is the Go type of a wasm function's parameter for a value of the kind, "" where it takes a message.
func directType(k Kind) string {
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

// needsFmt tells whether a value that the host holds is printed by more than its own method.
func (g *generator) needsFmt() bool {
	if g.imports[guestAnyPath] != "" {
		return true
	}
	for n, t := range g.types {
		if n > 0 && g.api.Types[n].Class != Data && kindOf(t) != KindFunc && kindOf(t) != KindError && !hasText(t) {
			return true
		}
	}
	return false
}

// hasText tells whether a type, and its pointer, print themselves.
func hasText(t types.Type) bool {
	methods := types.NewMethodSet(t)
	return methods.Lookup(nil, "String") != nil || methods.Lookup(nil, "Error") != nil
}
