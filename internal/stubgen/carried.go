package stubgen

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// way is the direction in which a value crosses.
type way int

const (
	toModule way = iota
	toHost
)

// selves are the types of the standard library that cross as themselves in whatever they are.
var selves = []string{
	"time.Time", "time.Duration", "time.Month", "time.Weekday", "encoding/json.RawMessage", "encoding/json.Number", "net.IP", "net.IPMask",
	"net.HardwareAddr", "io/fs.FileMode", "log/slog.Level", "net/url.Values", "net/http.Header",
	"math/big.Int", "math/big.Rat", "math/big.Float", "net/netip.Addr", "net/netip.AddrPort", "net/netip.Prefix",
}

// adapted are the interfaces of the standard library as which the host has values of a module.
var adapted = []string{
	"fmt.Stringer", "sort.Interface", "io.Reader", "io.Writer", "io.Closer", "io.ReadCloser", "io.WriteCloser", "io.ReadWriter",
	"io.ReadWriteCloser", "image/color.Color", "io/fs.FS", "net/http.Handler",
}

// refused says why a value of type t cannot cross faithfully, or "" where it can.
func (g *generator) refused(t types.Type, w way) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Kind() == types.Invalid || t.Kind() == types.UnsafePointer {
			return fmt.Sprintf("type %s does not cross", t)
		}
		return ""
	case *types.TypeParam:
		return ""
	case *types.Slice:
		return g.refused(t.Elem(), w)
	case *types.Array:
		return g.refused(t.Elem(), w)
	case *types.Pointer:
		if isNamed(t.Elem(), "time.Location") {
			return ""
		}
		if _, parameter := types.Unalias(t.Elem()).(*types.TypeParam); !parameter && types.IsInterface(t.Elem()) && !isEmpty(t.Elem()) && !isError(t.Elem()) {
			return fmt.Sprintf("type %s is not generated", qualified(t))
		}
		return g.refused(t.Elem(), w)
	case *types.Map:
		_, parameter := types.Unalias(t.Key()).(*types.TypeParam)
		if l := g.localOf(t.Key()); l != nil && l.kind == held || types.IsInterface(t.Key()) && !parameter {
			return fmt.Sprintf("keys of type %s are known to the module only", qualified(t.Key()))
		}
		if r := g.refused(t.Key(), w); r != "" {
			return r
		}
		return g.refused(t.Elem(), w)
	case *types.Signature:
		// What a function takes goes the other way than the function.
		return g.refusedSignature(t, 1-w)
	case *types.Named:
		return g.refusedNamed(t, w)
	case *types.Struct:
		return g.refusedFields(t, w)
	case *types.Interface:
		if t.Empty() {
			return ""
		}
		return "values of interfaces without a name would lose their types"
	case *types.Chan:
		return "channels do not cross"
	}
	return fmt.Sprintf("type %s is not generated", qualified(t))
}

// refusedFields says why a struct cannot be copied.
func (g *generator) refusedFields(t *types.Struct, w way) string {
	for f := range t.Fields() {
		if !f.Exported() {
			return "it has unexported fields"
		}
		if r := g.refused(f.Type(), w); r != "" {
			return "field " + f.Name() + ": " + r
		}
	}
	return ""
}

// refusedSignature says why a function cannot be called with parameters that go the way w.
func (g *generator) refusedSignature(s *types.Signature, w way) string {
	serves := g.serves(s)
	for i := range s.Params().Len() {
		t := s.Params().At(i).Type()
		switch {
		case isNamed(t, "context.Context") && (i == 0 || w == toHost):
			continue
		case serves && (isNamed(t, "net/http.ResponseWriter") || isRequest(t)):
			continue
		}
		if r := g.refused(t, w); r != "" {
			return r
		}
	}
	for v := range s.Results().Variables() {
		if r := g.refused(v.Type(), 1-w); r != "" {
			return r
		}
	}
	return ""
}

// serves reports whether a function takes a writer and a request, which cross together.
func (g *generator) serves(s *types.Signature) bool {
	writers, requests := 0, 0
	for v := range s.Params().Variables() {
		if isNamed(v.Type(), "net/http.ResponseWriter") {
			writers++
		}
		if isRequest(v.Type()) {
			requests++
		}
	}
	return writers == 1 && requests == 1
}

func isRequest(t types.Type) bool {
	p, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(p.Elem(), "net/http.Request")
}

// refusedNamed is refused for a type with a name.
func (g *generator) refusedNamed(t *types.Named, w way) string {
	if t.Obj().Pkg() == nil {
		if t.Obj().Name() == "error" {
			return ""
		}
		return fmt.Sprintf("type %s is not generated", t)
	}
	if l := g.localOf(t); l != nil {
		switch {
		case l.kind == leftOut:
			return fmt.Sprintf("type %s is left out", qualified(t))
		case l.kind != standard:
			return ""
		}
	}
	if !t.Obj().Exported() && g.inside == 0 {
		return fmt.Sprintf("type %s is not exported", qualified(t))
	}
	if l := g.localOf(t); l != nil && types.IsInterface(t) && w == toHost && g.adapts(l) {
		return ""
	}
	if u, ok := t.Underlying().(*types.Signature); ok && isStandard(t.Obj().Pkg().Path()) {
		return g.refused(u, w) // iter.Seq
	}
	if t.TypeArgs().Len() > 0 {
		return fmt.Sprintf("type %s is generic", qualified(t))
	}
	if !isStandard(t.Obj().Pkg().Path()) {
		return fmt.Sprintf("type %s is of a package that is not generated with this one", qualified(t))
	}
	return g.refusedStandard(t, w)
}

// refusedStandard is refused for a type of the standard library, which is its own.
func (g *generator) refusedStandard(t *types.Named, w way) string {
	name := types.TypeString(t, nil)
	if slices.Contains(selves, name) {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		switch {
		case name == "context.Context":
			return "a context is the first parameter only"
		case u.Empty() || w == toModule && g.Reading.Given(t) || w == toHost && (slices.Contains(adapted, name) || g.hasAdapter(t)):
			return ""
		case w == toHost:
			return fmt.Sprintf("a %s of the module stays there", name)
		}
		return fmt.Sprintf("a %s cannot be given to the module", name)
	case *types.Chan, *types.Pointer:
		return fmt.Sprintf("type %s does not cross", name)
	}
	if g.Reading.Codec(t) {
		return ""
	}
	if g.busy[t] {
		return ""
	}
	g.busy[t] = true
	defer delete(g.busy, t)
	g.inside++
	defer func() { g.inside-- }()
	if r := g.refused(t.Underlying(), w); r != "" {
		return fmt.Sprintf("type %s stays in the module: %s", name, r)
	}
	return ""
}

// adapts reports whether values of the module can be had as an interface of the standard library
// that is one of its own package.
func (g *generator) adapts(l *local) bool {
	if g.busy[l.named] {
		return true
	}
	g.busy[l.named] = true
	defer delete(g.busy, l.named)
	return g.refusedInterface(l) == "" && len(l.sealed) == 0 && !slices.Contains(adapted, types.TypeString(l.named, nil))
}

func isNamed(t types.Type, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && types.TypeString(named, nil) == name
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

func isEmpty(t types.Type) bool {
	u, ok := t.Underlying().(*types.Interface)
	return ok && u.Empty()
}

// isStandard reports whether a package is of the standard library, by its path.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "loadglue"
}

// qualified spells a type with package names, as messages show it.
func qualified(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}
