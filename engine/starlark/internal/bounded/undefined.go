package bounded

import (
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const (
	// maxName is how long a name in a script may be, in bytes: what is missing is compared with all
	// that there is, which takes the product of the lengths.
	maxName = 128
	// maxHints bounds that work for the names that a script does not define.
	maxHints = 1 << 26
)

// known answers the resolver which names are defined outside of a script. The resolver compares
// each that is not with all names of the script, to say what was meant. When that has taken long
// enough, the rest are kept from it.
type known struct {
	predeclared func(string) bool
	size        int64 // of the script, in bytes
	work        int64
	kept        map[string]bool
}

func (k *known) has(name string) bool {
	if k.predeclared(name) {
		return true
	}
	if starlark.Universe.Has(name) {
		return false
	}
	if k.work += Times(k.size, int64(len(name))); k.work <= maxHints {
		return false
	}
	if k.kept == nil {
		k.kept = make(map[string]bool)
	}
	k.kept[name] = true
	return true
}

// undefined returns the errors of the names that were kept from the resolver.
func (k *known) undefined(f *syntax.File) error {
	if len(k.kept) == 0 {
		return nil
	}
	var all resolve.ErrorList
	syntax.Walk(f, func(n syntax.Node) bool {
		id, ok := n.(*syntax.Ident)
		if ok && k.kept[id.Name] {
			all = append(all, resolve.Error{Pos: id.NamePos, Msg: "undefined: " + id.Name})
		}
		return len(all) <= 10*maxErrors
	})
	return all
}
