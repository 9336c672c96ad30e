package build

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/structure"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/wire"
)

// asked writes the methods by which the standard library asks values of an interface of the host
// for more. They are there where the module contains the package that asks.
func (g *generator) asked(n int, host string) {
	typ := &g.api.Types[n]
	base, asks := g.api.Asks(typ)
	if !asks {
		return
	}
	has := func(name string) bool {
		return slices.ContainsFunc(typ.Methods, func(m api.Method) bool { return m.Name == name })
	}
	method := func(name, signature, body string) {
		if !has(name) {
			g.printf("func (v *host%d) %s%s { %s }\n\n", n, name, signature, body)
		}
	}
	ask := func(function, rest string) string {
		return fmt.Sprintf("%s.%s(%s, %d%s)", g.use(workspace.GuestAskedPath), function, host, base, rest)
	}
	if g.deps["encoding/json"] {
		method("MarshalJSON", "() ([]byte, error)", "return "+ask("JSON", ""))
		method("UnmarshalJSON", "(text []byte) error", "return "+ask("FromJSON", ", text"))
	}
	if g.deps["fmt"] {
		method("Format", "(f "+g.use("fmt")+".State, verb rune)", ask("Format", ", f, verb"))
	}
	if has("Set") && has("String") {
		method("IsBoolFlag", "() bool", "return "+ask("Flag", fmt.Sprint(", ", wire.AskBoolFlag)))
		method("IsCumulative", "() bool", "return "+ask("Flag", fmt.Sprint(", ", wire.AskCumulative)))
	}
}

// wider lists the interfaces of which values of the host may be more than the interface that the
// module takes.
func (g *generator) wider() (list []int) {
	for n := range g.api.Types {
		if n == 0 || !g.api.Types[n].Given {
			continue
		}
		for _, wide := range g.api.Wider(n) {
			if !slices.Contains(list, wide) {
				list = append(list, wide)
			}
		}
	}
	return list
}

// maxWider is of how many interfaces that extend another one all unions are described.
const maxWider = 4

// describeUnions describes, of the interfaces that extend one of the module's, what has the methods
// of several: a value of the host may be all of them.
func (d *describer) describeUnions() {
	isOne := func(t types.Type) bool {
		return kindOf(t) == api.KindInterface && d.nameable(t) && t.Underlying().(*types.Interface).IsMethodSet()
	}
	all := slices.DeleteFunc(slices.Clone(d.types[1:]), func(t types.Type) bool { return !isOne(t) })
	for _, narrow := range all {
		if d.foreign(narrow) || narrow.Underlying().(*types.Interface).NumMethods() == 0 {
			continue
		}
		var wider []types.Type
		for _, t := range all {
			if structure.Extends(t, narrow) {
				wider = append(wider, t)
			}
		}
		if len(wider) > maxWider {
			continue
		}
		for set := range 1 << len(wider) {
			var parts []types.Type
			for j, t := range wider {
				if set&(1<<j) != 0 {
					parts = append(parts, t)
				}
			}
			if union := structure.Union(parts); union != nil {
				d.number(union, 0)
			}
		}
	}
	d.expand()
}
