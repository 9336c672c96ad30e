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
	for _, twin := range list() {
		s, err := i.find(twin.Symbol)
		switch {
		case err != nil: // what uses it tells that the module has it no more
		case twin.Error != nil:
			table.sentinels[twin.Symbol], table.names[twin.Error] = twin.Error, twin.Symbol
		case twin.Adapter != nil:
			table.adapters[twin.Type] = twin.Adapter
		case s.Type != 0:
			table.numbers[twin.Type], table.types[s.Type], table.symbols[s.Type] = s.Type, twin.Type, s
		}
	}
	i.twins.table.Store(table)
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

// heldTwin reports whether values of a type live in the module, and whether it is a pointer to one.
func heldTwin(t reflect.Type) (held, pointer bool) {
	if t.Kind() == reflect.Pointer {
		return engine.IsHeld(t.Elem()), true
	}
	return engine.IsHeld(t), false
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

// makeHeld returns what makes the zero value of a type, or a copy of an object.
func (i *Instance) makeHeld(t reflect.Type, pointer bool) func(*engine.Object) (*engine.Object, error) {
	return func(from *engine.Object) (*engine.Object, error) {
		n, err := i.numberOf(t)
		if err != nil {
			return nil, err
		}
		s := i.twins.table.Load().symbols[n]
		if s.Func == 0 {
			return nil, fmt.Errorf("%s: %s", s.Name, s.Limit)
		}
		name := s.Name
		if pointer {
			name = "*" + name
		}
		target, _ := i.target(s, name)
		plan, err := i.plan(target, []reflect.Type{objectType}, []reflect.Type{objectType}, false, i)
		if err != nil {
			return nil, err
		}
		results, err := plan.run(context.Background(), nil, []reflect.Value{reflect.ValueOf(&from).Elem()})
		if err != nil {
			return nil, err
		}
		return results[0].Interface().(*engine.Object), nil
	}
}

// heldObject returns the object behind a value of a held type, or behind a pointer to one; nil for
// a nil pointer.
func (i *Instance) heldObject(v reflect.Value) (*engine.Object, error) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		h := engine.HeldAt(v.Elem())
		o, made, err := h.Pointer(i.makeHeld(t.Elem(), true))
		if made && i.owns(o) {
			i.twins.remember(o, h, t)
		}
		return o, err
	}
	if !v.CanAddr() {
		v = still(v)
	}
	return engine.HeldAt(v).Object(i.makeHeld(t, false))
}

// encodeHeld encodes a value of a held type, or a pointer to one.
func (i *Instance) encodeHeld(e *wire.Encoder, v reflect.Value) {
	o, err := i.heldObject(v)
	if err != nil {
		e.Fail(err)
		return
	}
	i.encodeObject(e, reflect.ValueOf(o))
}

// decodeHeld builds what decodes the module's type n into a held type, or a pointer to one.
func (i *Instance) decodeHeld(t reflect.Type, n int) (decoder, form, error) {
	form := eitherForm
	switch typ := i.pointed(n); {
	case typ.Class != api.Held:
		form = asHandle
	case typ.Codec != api.CodecNone:
		form = asCopy // with wire.ModeOpaque
	}
	return func(d *incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				v.Set(i.holdAs(t, o))
			}
		default:
			d.Fail(i.badForm(t, n))
		}
	}, form, nil
}

// holdAs makes an object a value of a held type, or a pointer to one: always the same pointer for
// one pointer of the module, as long as the program has it.
func (i *Instance) holdAs(t reflect.Type, o *engine.Object) reflect.Value {
	if t.Kind() != reflect.Pointer {
		v := reflect.New(t).Elem()
		engine.HeldAt(v).Hold(o, false)
		return v
	}
	key := twinPointer{o.Ref().(*object).handle, t}
	i.twins.pointersMu.Lock()
	defer i.twins.pointersMu.Unlock()
	if h := i.twins.pointers[key].Value(); h != nil {
		o.Close()
		return reflect.NewAt(t.Elem(), h.At()).Convert(t)
	}
	v := reflect.New(t.Elem()).Convert(t)
	h := engine.HeldAt(v.Elem())
	h.Hold(o, true)
	i.twins.keep(key, o, h)
	return v
}

// remember notes that the host has a pointer of the module.
func (t *twins) remember(o *engine.Object, h *engine.Held, pointer reflect.Type) {
	t.pointersMu.Lock()
	defer t.pointersMu.Unlock()
	t.keep(twinPointer{o.Ref().(*object).handle, pointer}, o, h)
}

func (t *twins) keep(key twinPointer, o *engine.Object, h *engine.Held) {
	if t.pointers == nil {
		t.pointers = map[twinPointer]weak.Pointer[engine.Held]{}
	}
	t.pointers[key] = weak.Make(h)
	o.Ref().(*object).twin = key.t
}

// opaque reports whether a host's type for the module's type n has held types in it that have a text
// form in the module.
func (i *Instance) opaque(t reflect.Type, n int, seen map[int]bool) bool {
	if held, _ := heldTwin(t); held {
		return i.pointed(n).Codec != api.CodecNone
	}
	if i.twins.table.Load() == nil || seen[n] {
		return false
	}
	seen[n] = true
	typ := &i.api.Types[n]
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return typ.Elem != 0 && i.opaque(t.Elem(), typ.Elem, seen)
	case reflect.Map:
		return typ.Elem != 0 && i.opaque(t.Elem(), typ.Elem, seen)
	case reflect.Struct:
		for _, f := range typ.Fields {
			if host, ok := t.FieldByName(f.Name); ok && i.opaque(host.Type, f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// opaqueMode is [wire.ModeOpaque] where a value needs it.
func (i *Instance) opaqueMode(t reflect.Type, n int) uint64 {
	if i.opaque(t, n, map[int]bool{}) {
		return wire.ModeOpaque
	}
	return 0
}

// forgetTwin is told that the reference of a pointer was released.
func (i *Instance) forgetTwin(handle uint64, t reflect.Type) {
	i.twins.pointersMu.Lock()
	defer i.twins.pointersMu.Unlock()
	if key := (twinPointer{handle, t}); i.twins.pointers[key].Value() == nil {
		delete(i.twins.pointers, key)
	}
}

// standsFor reports whether a host's type, which is held, or a pointer to one, was generated for the
// module's type n.
func (i *Instance) standsFor(t reflect.Type, n int) bool {
	typ := &i.api.Types[n]
	if t.Kind() == reflect.Pointer {
		return typ.Kind == api.KindPointer && i.twin(t.Elem()) == typ.Elem
	}
	return i.twin(t) == n
}

// putTyped appends a value of a generated type that is copied, or a pointer to one, as a value of the
// module's type, and reports whether it is one.
func (i *Instance) putTyped(e *wire.Encoder, v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	t := v.Type()
	n := i.twin(t)
	if t.Kind() == reflect.Pointer {
		if n = i.twin(t.Elem()); n != 0 {
			n = i.pointerTo(n)
		}
	}
	if held, _ := heldTwin(t); n == 0 || held || !i.api.Types[n].Made && i.api.Types[n].Class != api.Data {
		return false
	}
	encode, err := i.encoder(t, n, false)
	if err != nil {
		return false
	}
	e.Byte(wire.TagTyped)
	e.Uint(uint64(n))
	encode(e, v)
	return true
}

// pointerTo returns the number of the pointers to a type, or 0.
func (i *Instance) pointerTo(n int) int {
	return max(0, slices.IndexFunc(i.api.Types, func(t api.Type) bool {
		return t.Kind == api.KindPointer && t.Elem == n && strings.HasPrefix(t.Text, "*")
	}))
}

// sentinelName returns the name of the module's error for which one of the host was generated.
func (i *Instance) sentinelName(err error) string {
	if table := i.twins.table.Load(); table != nil && isComparable(err) {
		return table.names[err]
	}
	return ""
}

// sentinel finds an error of the host by the name that it has in the module.
func (i *Instance) sentinel(name string) (error, bool) {
	if table := i.twins.table.Load(); table != nil {
		if own, ok := table.sentinels[name]; ok {
			return own, true
		}
	}
	own, ok := hostSentinels[name]
	return own, ok
}

// errorTwin returns the error of the host that was generated for one of the module, or a value of the
// type that was, or nil.
func (i *Instance) errorTwin(d *incoming, err *engine.ModuleError) error {
	table := i.twins.table.Load()
	if table == nil {
		return nil
	}
	if own, ok := table.sentinels[err.Sentinel]; ok {
		return own
	}
	if err.Object == nil {
		return nil
	}
	v, ok, failure := i.asTwin(d.ctx, err.Object, errorType)
	if failure != nil {
		d.Fail(failure)
	}
	if !ok {
		return nil
	}
	own, _ := v.Interface().(error)
	return own
}

// putErrorTwin appends an error of a generated type as a value of the module's, and reports whether it
// is one.
func (i *Instance) putErrorTwin(e *wire.Encoder, v reflect.Value) bool {
	if !i.isTwin(v.Type()) {
		return false
	}
	if held, _ := heldTwin(v.Type()); held {
		i.encodeHeld(e, v)
		return true
	}
	return i.putTyped(e, v)
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
	table := i.twins.table.Load()
	if table == nil {
		return reflect.Value{}, false, nil
	}
	own := o.Ref().(*object)
	n, pointer := own.typ, false
	if own.name != "" { // its own type is not part of the API
		return i.adaptedTwin(o, t)
	}
	if typ := &i.api.Types[n]; typ.Kind == api.KindPointer {
		n, pointer = typ.Elem, true
	}
	host := table.types[n]
	if host == nil {
		return i.adaptedTwin(o, t)
	}
	whole := host
	if pointer {
		whole = reflect.PointerTo(host)
	}
	switch {
	case !whole.AssignableTo(t):
		return i.adaptedTwin(o, t)
	case engine.IsHeld(host):
		return i.holdAs(whole, o), true, nil
	}
	s := table.symbols[n]
	name := s.Name
	if s.Func == 0 {
		return reflect.Value{}, false, nil
	}
	if pointer {
		name = "*" + name
	}
	target, _ := i.target(s, name)
	plan, err := i.plan(target, []reflect.Type{objectType}, []reflect.Type{whole}, false, i)
	if err != nil {
		return reflect.Value{}, false, err
	}
	results, err := plan.run(ctx, nil, []reflect.Value{reflect.ValueOf(o)})
	if err != nil {
		return reflect.Value{}, false, err
	}
	o.Close()
	return results[0], true, nil
}

// adaptedTwin makes an object a value of what was generated for the interface t.
func (i *Instance) adaptedTwin(o *engine.Object, t reflect.Type) (reflect.Value, bool, error) {
	adapter := i.twins.table.Load().adapters[t]
	if adapter == nil {
		return reflect.Value{}, false, nil
	}
	return i.holdAs(reflect.PointerTo(adapter), o), true, nil
}
