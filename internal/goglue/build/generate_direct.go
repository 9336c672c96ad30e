package build

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/wire"
)

// What a reactor exports besides the functions of the guest runtime. (A file named after its GOARCH
// would be left out of the host.)

// direct exports the functions that can be called without a message.
func (g *generator) direct() {
	for i, f := range g.funcs {
		described := g.api.Funcs[i]
		if f.form != formFunc || !g.api.IsDirect(&described) {
			continue
		}
		params := make([]string, len(described.In))
		args := make([]string, len(described.In))
		for j, n := range described.In {
			params[j] = fmt.Sprintf("a%d %s", j, api.DirectType(g.api.Types[n].Kind))
			args[j] = fmt.Sprintf("%s(a%d)", g.spell(f.sig.Params().At(j).Type()), j)
			if g.api.Types[n].Kind == api.KindBool {
				args[j] = fmt.Sprintf("a%d != 0", j)
			}
		}
		call := g.target(f) + "(" + strings.Join(args, ", ") + ")"
		result := ""
		if len(described.Out) == 1 {
			kind := g.api.Types[described.Out[0]].Kind
			result = " " + api.DirectType(kind)
			if kind == api.KindBool {
				call = "guest.Bit(bool(" + call + "))"
			} else {
				call = api.DirectType(kind) + "(" + call + ")"
			}
			call = "return " + call
		}
		name := api.DirectName(i + wire.FuncCount)
		g.printf("//go:wasmexport %s\nfunc %s(%s)%s {\n\tdefer guest.Leave(guest.Enter())\n\t%s\n}\n\n", name, name, strings.Join(params, ", "), result, call)
	}
}

// needsFmt reports whether a value that the host holds is printed by more than its own method.
func (g *generator) needsFmt() bool {
	if g.imports[workspace.GuestAnyPath] != "" {
		return true
	}
	for n, t := range g.types {
		if n > 0 && g.api.Types[n].Class != api.Data && kindOf(t) != api.KindFunc && kindOf(t) != api.KindError && !hasText(t) {
			return true
		}
	}
	return false
}

// holds reports whether the host can hold a value of the module.
func (g *generator) holds() bool {
	return g.imports[workspace.GuestAnyPath] != "" || slices.ContainsFunc(g.api.Types[1:], func(t api.Type) bool { return t.Class != api.Data })
}

// hasText reports whether a type, and its pointer, print themselves.
func hasText(t types.Type) bool {
	methods := types.NewMethodSet(t)
	return methods.Lookup(nil, "String") != nil || methods.Lookup(nil, "Error") != nil
}
