package build

import (
	"go/types"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
)

// The walk from a package's exported names to the types that they lead to has to end somewhere:
// types of other packages are followed this far, the nearest first, and only as long as a module
// has fewer functions than this. Types of its own packages are described whatever they take.
const (
	maxForeign = 2
	maxFuncs   = 6000
)

// describer walks the exported API of a package and numbers its types and functions.
type describer struct {
	pkg      *types.Package
	bridging map[string]*types.Package // the packages of bridges that the module can have, by path
	api      *api.API
	prefixes map[*types.Package]string  // what the symbols of companions go by
	numbers  map[string]int             // type, spelled with full package paths → number
	types    []types.Type               // by number
	funcs    []goFunc                   // by index
	classes  map[string]api.Class       // of finished types
	busy     map[string]bool            // types whose class is being found
	aliases  map[string]*types.TypeName // key of a type, which may be one that cannot be named itself → exported alias of it
	exported map[int]bool               // types that are symbols: their methods count even where values are copied
	depths   map[int]int                // the least depth at which a type came into the queue
	expanded map[int]bool               // types whose methods and fields are described
	queues   [maxForeign + 1][]int      // types whose methods and fields are still to be described, by depth
}

// goFunc is what the generator has to know of a function beside its description.
type goFunc struct {
	form     goForm
	pkg      *types.Package // of a function or variable
	typeArgs []types.Type   // of an instantiation
	name     string         // of the function, variable, method or field
	sig      *types.Signature
	served   *exchange  // it is the form of the function that answers a request
	receiver types.Type // of a method, a field or a function value
	value    types.Type // of a variable, a constant or a field; what a conversion converts to
	constant bool       // the variable is a constant
}

type goForm uint8

const (
	formFunc    goForm = iota // pkg.Name(args)
	formVar                   // pkg.Name
	formMethod                // receiver.Name(args)
	formField                 // receiver.Name
	formValue                 // receiver(args)
	formReceive               // <-receiver
	formLength                // len(receiver)
	formIndex                 // receiver[arg]
	formKeys                  // the keys of the receiver
	formConvert               // T(value), where value is the type T
	formNew                   // a pointer to T(value)
)

func newDescriber(pkgs []*types.Package) *describer {
	pkg := pkgs[0]
	d := &describer{
		prefixes: map[*types.Package]string{}, pkg: pkg, api: &api.API{Package: pkg.Path(), Types: make([]api.Type, 1)}, types: make([]types.Type, 1),
		numbers: map[string]int{}, classes: map[string]api.Class{}, busy: map[string]bool{}, exported: map[int]bool{}, depths: map[int]int{}, expanded: map[int]bool{}, aliases: map[string]*types.TypeName{},
	}
	for _, pkg := range slices.Backward(pkgs) { // the aliases of the first count most
		for _, name := range pkg.Scope().Names() {
			alias, ok := pkg.Scope().Lookup(name).(*types.TypeName)
			if !ok || !alias.IsAlias() || !alias.Exported() {
				continue
			}
			if alias, generic := alias.Type().(*types.Alias); generic && alias.TypeParams().Len() > 0 {
				continue
			}
			if named, ok := types.Unalias(alias.Type()).(*types.Named); ok {
				d.aliases[typeKey(named)] = alias
			}
		}
	}
	return d
}

func typeKey(t types.Type) string { return types.TypeString(t, nil) }

// qualified spells a type with package names, as messages show it.
func qualified(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// relative spells a type as documentation of the package does.
func (d *describer) relative(p *types.Package) string {
	if p == d.pkg {
		return ""
	}
	if prefix, ok := d.prefixes[p]; ok {
		return prefix
	}
	return p.Name()
}

// importable reports whether generated code may import the package.
func (d *describer) importable(p *types.Package) bool {
	if p == d.pkg {
		return true
	}
	path := "/" + p.Path() + "/"
	return !strings.Contains(path, "/internal/") && !strings.HasPrefix(path, "/vendor/") && p.Name() != "main"
}

// nameable reports whether generated code can write the type down.
func (d *describer) nameable(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid && t.Info()&types.IsUntyped == 0
	case *types.Named:
		return d.nameableItself(t) || d.aliases[typeKey(t)] != nil
	case *types.Pointer:
		return d.nameable(t.Elem())
	case *types.Slice:
		return d.nameable(t.Elem())
	case *types.Array:
		return d.nameable(t.Elem())
	case *types.Chan:
		return d.nameable(t.Elem())
	case *types.Map:
		return d.nameable(t.Key()) && d.nameable(t.Elem())
	case *types.Signature:
		return t.TypeParams().Len() == 0 && d.nameableTuple(t.Params()) && d.nameableTuple(t.Results())
	case *types.Struct:
		for f := range t.Fields() {
			if !f.Exported() || !d.nameable(f.Type()) {
				return false
			}
		}
		return true
	case *types.Interface:
		for m := range t.Methods() {
			if !m.Exported() || !d.nameable(m.Type()) {
				return false
			}
		}
		return t.IsMethodSet()
	}
	return false
}

// fieldType is the type as which generated code reads and writes a field. One that cannot be named
// goes as what it is made of, which may be assigned to it and from it, unless that would lose its
// methods.
func (d *describer) fieldType(f *types.Var) types.Type {
	t := types.Unalias(f.Type())
	switch u := t.Underlying().(type) {
	case *types.Array, *types.Slice, *types.Map, *types.Struct:
		if !d.nameable(t) && d.nameable(u) && len(exportedMethods(t)) == 0 && !f.Embedded() {
			return u
		}
	}
	return t
}

// nameableItself reports whether generated code can write down a named type without an alias of it.
func (d *describer) nameableItself(t *types.Named) bool {
	obj := t.Obj()
	if obj.Pkg() == nil {
		return true
	}
	if !obj.Exported() || obj.Parent() != obj.Pkg().Scope() || !d.importable(obj.Pkg()) {
		return false
	}
	for arg := range t.TypeArgs().Types() {
		if !d.nameable(arg) {
			return false
		}
	}
	return true
}

// nameableElements reports whether generated code can write down what the values of a named list,
// map or pointer are made of: type Indices map[string]index is exported, and index is not.
func (d *describer) nameableElements(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Array, *types.Map:
		return d.nameable(u)
	}
	return true
}

func (d *describer) nameableTuple(t *types.Tuple) bool {
	for v := range t.Variables() {
		if !d.nameable(v.Type()) {
			return false
		}
	}
	return true
}

// exportedMethods lists the methods that can be called on an addressable value of the type.
func exportedMethods(t types.Type) []*types.Func {
	if _, ok := t.Underlying().(*types.Pointer); !ok && !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	var methods []*types.Func
	for sel := range types.NewMethodSet(t).Methods() {
		if sel.Obj().Exported() {
			methods = append(methods, sel.Obj().(*types.Func))
		}
	}
	slices.SortFunc(methods, func(a, b *types.Func) int { return strings.Compare(a.Name(), b.Name()) })
	return methods
}

func isNamed(t types.Type, pkg, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == pkg && named.Obj().Name() == name
}

// isPlace reports whether a type is *time.Location.
func isPlace(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(pointer.Elem(), "time", "Location")
}

// number describes a type, once, and returns its number.
func (d *describer) number(t types.Type, depth int) int {
	t = types.Unalias(t)
	key := typeKey(t)
	if n, ok := d.numbers[key]; ok {
		d.follow(n, depth)
		return n
	}
	n := len(d.api.Types)
	d.numbers[key] = n
	d.types = append(d.types, t)
	d.api.Types = append(d.api.Types, api.Type{Kind: kindOf(t), Class: d.class(t), Text: qualified(t), Codec: d.codecOf(t), Std: standardName(t)})
	elem, mapKey, length := 0, 0, 0
	var fields []api.Field
	switch kindOf(t) {
	case api.KindTime, api.KindDuration, api.KindPlace, api.KindError, api.KindContext, api.KindAny:
		return n
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		elem = d.number(u.Elem(), depth)
	case *types.Array:
		elem, length = d.number(u.Elem(), depth), int(u.Len())
	case *types.Pointer:
		elem = d.number(u.Elem(), depth)
	case *types.Map:
		mapKey, elem = d.number(d.key(u), depth), d.number(u.Elem(), depth)
	case *types.Struct:
		for i := range u.NumFields() {
			if f := u.Field(i); f.Exported() {
				t := d.fieldType(f)
				fields = append(fields, api.Field{Name: f.Name(), Type: d.number(t, depth), Tag: u.Tag(i), Embedded: f.Embedded(), Fixed: !d.nameable(t)})
			}
		}
	}
	typ := &d.api.Types[n]
	typ.Elem, typ.Key, typ.Len, typ.Fields = elem, mapKey, length, fields
	d.follow(n, depth)
	return n
}

// follow puts a type into the queue of those whose methods and fields are to be described, unless a
// shorter way has led to it before.
func (d *describer) follow(n, depth int) {
	if d.api.Types[n].Class == api.Data && !d.exported[n] {
		return
	}
	if before, ok := d.depths[n]; ok && before <= depth {
		return
	}
	d.depths[n] = depth
	away := depth
	if d.foreign(d.types[n]) {
		away++
	}
	if away <= maxForeign {
		d.queues[away] = append(d.queues[away], n)
	}
	if elem := d.api.Types[n].Elem; elem != 0 {
		d.follow(elem, depth)
	}
}

// foreign reports whether a type belongs to another package, so that following it is a step away.
func (d *describer) foreign(t types.Type) bool {
	named, ok := t.(*types.Named)
	return ok && named.Obj().Pkg() != nil && !d.home(named.Obj().Pkg())
}

// expand describes the methods and fields of everything in the queues, and of what these lead to.
func (d *describer) expand() {
	for depth := 0; depth <= maxForeign; {
		if len(d.queues[depth]) == 0 {
			depth++
			continue
		}
		n := d.queues[depth][0]
		d.queues[depth] = d.queues[depth][1:]
		if !d.expanded[n] && (depth == 0 || len(d.funcs) < maxFuncs) {
			d.expandType(n, depth)
		}
		depth = 0 // it may have led to a type of the module's own
	}
}

func (d *describer) expandType(n, depth int) {
	d.expanded[n] = true
	t := d.types[n]
	if sig, ok := t.Underlying().(*types.Signature); ok && d.nameable(t) {
		if f := d.function(goFunc{form: formValue, sig: sig, receiver: t}, depth); f != 0 {
			d.api.Types[n].Methods = append(d.api.Types[n].Methods, api.Method{Func: f})
		}
	}
	if ch, ok := t.Underlying().(*types.Chan); ok && ch.Dir() != types.SendOnly && d.nameable(t) {
		f := d.function(goFunc{form: formReceive, sig: receiveSignature(ch), receiver: t}, depth)
		d.api.Types[n].Methods = append(d.api.Types[n].Methods, api.Method{Name: api.Receive, Func: f})
	}
	if _, ok := t.(*types.Pointer); ok {
		return // its methods are described with what it points to
	}
	d.expandElements(t, n, depth)
	for _, m := range exportedMethods(t) {
		f := d.function(goFunc{form: formMethod, name: m.Name(), sig: m.Signature(), receiver: t}, depth)
		d.api.Types[n].Methods = append(d.api.Types[n].Methods, api.Method{Name: m.Name(), Func: f})
	}
	if u, ok := t.Underlying().(*types.Struct); ok {
		for i := range d.api.Types[n].Fields {
			name := d.api.Types[n].Fields[i].Name
			for v := range u.Fields() {
				if v.Name() == name && (d.nameable(t) || d.nameable(d.fieldType(v))) {
					f := d.function(goFunc{form: formField, name: name, value: d.fieldType(v), receiver: t}, depth)
					d.api.Types[n].Fields[i].Get = f
				}
			}
		}
	}
}
