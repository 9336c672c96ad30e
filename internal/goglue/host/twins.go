package host

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// twins are the types of the host that were generated for types of the module: see [engine.Twin].
type twins struct {
	mu    sync.Mutex
	known sync.Map // the keys of the lists that were adopted
	table atomic.Pointer[twinTable]

	pointersMu sync.Mutex
	pointers   map[twinPointer]weak.Pointer[engine.Held] // those that the host has for pointers of the module
}

// twinTable never changes.
type twinTable struct {
	numbers   map[reflect.Type]int // of the module's types, by the host's
	types     map[int]reflect.Type
	symbols   map[int]*api.Symbol           // of the types, by number
	adapters  map[reflect.Type]reflect.Type // held types, by the interfaces that they implement
	contracts map[reflect.Type]int          // numbers of these interfaces
	sentinels map[string]error
	names     map[error]string
}

// twinPointer is a pointer of the module, as what the host has it.
type twinPointer struct {
	handle uint64
	t      reflect.Type
}

// Adopt implements [engine.Adopter].
func (i *Instance) Adopt(key any, list func() []engine.Twin) {
	if _, ok := i.twins.known.Load(key); ok {
		return
	}
	i.twins.mu.Lock()
	defer i.twins.mu.Unlock()
	if _, ok := i.twins.known.Load(key); ok {
		return
	}
	table := &twinTable{}
	if old := i.twins.table.Load(); old != nil {
		*table = *old
	}
	table.numbers, table.types, table.symbols = clone(table.numbers), clone(table.types), clone(table.symbols)
	table.adapters, table.sentinels, table.names = clone(table.adapters), clone(table.sentinels), clone(table.names)
	table.contracts = clone(table.contracts)
	for _, twin := range list() {
		if twin.Held != nil {
			twin.Held.Own()
			continue
		}
		s, err := i.find(twin.Symbol)
		if err != nil && twin.Type != nil {
			s, err = i.mentioned(twin.Symbol)
		}
		switch {
		case err != nil: // what uses it tells that the module has it no more
		case twin.Error != nil:
			table.sentinels[twin.Symbol], table.names[twin.Error] = twin.Error, twin.Symbol
		case twin.Adapter != nil:
			table.adapters[twin.Type], table.contracts[twin.Type] = twin.Adapter, s.Type
		case s.Type != 0:
			if engine.IsHeld(twin.Type) && twin.Type.NumField() > 1 {
				i.fields.active.Store(true)
			}
			table.numbers[twin.Type], table.types[s.Type], table.symbols[s.Type] = s.Type, twin.Type, s
		}
	}
	i.twins.table.Store(table)
	i.Forget()
	i.twins.known.Store(key, true)
}

func clone[M ~map[K]V, K comparable, V any](m M) M {
	if m == nil {
		return M{}
	}
	return maps.Clone(m)
}

// twin returns the number of the module's type for which a type of the host was generated, or 0.
func (i *Instance) twin(t reflect.Type) int {
	table := i.twins.table.Load()
	if table == nil {
		return 0
	}
	return table.numbers[t]
}

// isTwin reports whether a type of the host, or what it points to, was generated for one of the
// module: its methods call the module.
func (i *Instance) isTwin(t reflect.Type) bool {
	return i.twin(t) != 0 || t.Kind() == reflect.Pointer && i.twin(t.Elem()) != 0
}

// numberOf finds the module's type for a host's type that was generated: of what a pointer points
// to, too.
func (i *Instance) numberOf(t reflect.Type) (int, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n := i.twin(t); n != 0 {
		return n, nil
	}
	return 0, fmt.Errorf("%s was generated for another module", t)
}

// putTyped appends a value of a generated type that is copied, or a pointer to one, as a value of
// the module's type, and reports whether it is one. A nil pointer is one, whatever its type.
func (i *Instance) putTyped(e *wire.Encoder, v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	t := v.Type()
	n, held := i.typed(t)
	isNil := held && t.Kind() == reflect.Pointer && v.IsNil()
	if n == 0 || held && !isNil || !i.api.Types[n].Made && i.api.Types[n].Class != api.Data {
		return false
	}
	encode, err := i.codec.Encoder(t, n, false)
	if err != nil {
		return false
	}
	e.Byte(wire.TagTyped)
	e.Uint(uint64(n))
	encode(e, v)
	return true
}

// typed returns the number of the module's type of a value that is of a generated type, a pointer
// to one, a list of them or what errors.As fills with one, or 0; and whether it is a handle that
// crosses.
func (i *Instance) typed(t reflect.Type) (n int, held bool) {
	held, _ = codec.HeldTwin(t)
	if n = i.twin(t); n != 0 || t.Name() != "" {
		return n, held
	}
	switch kind := t.Kind(); kind {
	case reflect.Pointer, reflect.Slice:
		elem := i.twin(t.Elem())
		if elem == 0 && kind == reflect.Pointer {
			elem = i.filled(t.Elem())
		}
		if elem != 0 {
			return i.unnamed(api.Kind(kind), elem), held
		}
	}
	return 0, held
}

// filled returns the number of the type of a variable that errors.As fills with what was
// generated: a pointer or an interface; or 0.
func (i *Instance) filled(t reflect.Type) int {
	table := i.twins.table.Load()
	if table == nil {
		return 0
	}
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		if n := table.numbers[t.Elem()]; n != 0 {
			return i.unnamed(api.KindPointer, n)
		}
	}
	return table.contracts[t]
}

// unnamed returns the number of the type without a name whose values are pointers to a type, or
// lists of it, or 0.
func (i *Instance) unnamed(kind api.Kind, elem int) int {
	return max(0, slices.IndexFunc(i.api.Types, func(t api.Type) bool {
		return t.Kind == kind && t.Elem == elem && (strings.HasPrefix(t.Text, "*") || strings.HasPrefix(t.Text, "[]"))
	}))
}

// adapts reports whether values of the module's type n can be values of the host's interface t: by
// what was generated for the interface, or by their own types.
func (i *Instance) adapts(t reflect.Type, n int) bool {
	table := i.twins.table.Load()
	if table == nil {
		return false
	}
	return table.adapters[t] != nil || i.isTwin(t)
}

// asTwin makes an object the value of the host's type that was generated for its own, where there
// is one that fits t.
func (i *Instance) asTwin(ctx context.Context, o *engine.Object, t reflect.Type) (reflect.Value, bool, error) {
	v, copied, ok, err := i.twinOf(ctx, o, t)
	if copied {
		o.Close()
	}
	return v, ok, err
}

// twinOf is asTwin, and reports whether the value is a copy, which does without the object.
func (i *Instance) twinOf(ctx context.Context, o *engine.Object, t reflect.Type) (v reflect.Value, copied, ok bool, err error) {
	table := i.twins.table.Load()
	if table == nil {
		return v, false, false, nil
	}
	own := o.Ref().(*object)
	n, pointer := own.typ, false
	if own.name != "" { // its own type is not part of the API
		v, ok, err = i.adaptedTwin(ctx, o, t)
		return v, false, ok, err
	}
	if typ := &i.api.Types[n]; typ.Kind == api.KindPointer {
		n, pointer = typ.Elem, true
	}
	host := table.types[n]
	if host == nil {
		v, ok, err = i.adaptedTwin(ctx, o, t)
		return v, false, ok, err
	}
	whole := host
	if pointer {
		whole = reflect.PointerTo(host)
	}
	switch {
	case !whole.AssignableTo(t):
		v, ok, err = i.adaptedTwin(ctx, o, t)
		return v, false, ok, err
	case engine.IsHeld(host):
		v, err := i.holdAs(ctx, whole, o)
		return v, false, true, err
	}
	s := table.symbols[n]
	name := s.Name
	if s.Func == 0 {
		return v, false, false, nil
	}
	if pointer {
		name = "*" + name
	}
	target, _ := i.target(s, name)
	plan, err := i.plan(target, []reflect.Type{codec.ObjectType}, []reflect.Type{whole}, false, i.codec)
	if err != nil {
		return v, false, false, err
	}
	results, err := plan.run(ctx, nil, []reflect.Value{reflect.ValueOf(o)})
	if err != nil {
		return v, false, false, err
	}
	return results[0], true, true, nil
}

// adaptedTwin makes an object a value of what was generated for the interface t.
func (i *Instance) adaptedTwin(ctx context.Context, o *engine.Object, t reflect.Type) (reflect.Value, bool, error) {
	adapter := i.twins.table.Load().adapters[t]
	if adapter == nil {
		return reflect.Value{}, false, nil
	}
	v, err := i.holdAs(ctx, reflect.PointerTo(adapter), o)
	return v, true, err
}
