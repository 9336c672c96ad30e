// Package named knows the types by name that the host and a module both have: they keep their names
// in values of type any. The host contains a type of the module's own where its program links the
// package, too.
package named

import (
	"encoding"
	"reflect"
	"sync"

	"github.com/loadgo/load/internal/goglue/api"
)

// Types are those of one module. It is safe for concurrent use.
type Types struct {
	api   *api.API
	given sync.Map // name → reflect.Type, of what the host has given
}

// New returns the types that the host and a module both know.
func New(described *api.API) *Types { return &Types{api: described} }

// StandardName names a type whose values cross by their structure, or returns "".
func (n *Types) StandardName(t reflect.Type) string {
	if name := api.StandardTypes[t]; name != "" || t.PkgPath() == "" {
		return n.unlessForms(t, name)
	}
	name := t.PkgPath() + "." + t.Name()
	if n.api.IsNamed(name) {
		name = api.OwnName(name)
	} else if !api.StandardNames[name] {
		return ""
	}
	n.given.Store(name, t)
	return name
}

// Generated names a type of the host that was generated for the module's type of that number, or
// returns "": its values do not cross by their parts. An error crosses as the one that it is.
func (n *Types) Generated(t reflect.Type, number int) string {
	name := n.api.Types[number].Named
	if name == "" || reflect.PointerTo(t).Implements(reflect.TypeFor[error]()) {
		return ""
	}
	name = api.OwnName(name)
	n.given.Store(name, t)
	return name
}

// Standard returns a pointer to a new value of the type with a name, or nil: the program has given
// none.
func (n *Types) Standard(name string) any {
	for t, known := range api.StandardTypes {
		if known == name {
			return reflect.New(t).Interface()
		}
	}
	if t, ok := n.given.Load(name); ok && !api.Trusted(name) {
		return reflect.New(t.(reflect.Type)).Interface()
	}
	return nil
}

// TextName names a type whose values cross as text, or returns "".
func (n *Types) TextName(t reflect.Type) string { return n.unlessForms(t, api.TextTypes[t]) }

// unlessForms returns the name of a type of the standard library, or "" where the module does not
// contain its package and asks for the forms that its values have.
func (n *Types) unlessForms(t reflect.Type, name string) string {
	if name != "" && !n.api.Knows(name) && n.Form(t, true) != "" {
		return ""
	}
	return name
}

// Named returns nil: a module holds such values.
func (n *Types) Named(string) encoding.TextUnmarshaler { return nil }
