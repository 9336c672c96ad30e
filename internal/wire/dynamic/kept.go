package dynamic

import (
	"hash/maphash"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"unsafe"
	"weak"

	"github.com/loadgo/load/internal/wire"
)

// keptTable are the values of the module that stand for values of the host: pointers, slices and
// maps, as long as they are reachable. A pointer is one for its handle; of slices and maps, which
// cannot be compared, there may be more, so that none changes while others read it.
type keptTable struct {
	mu       sync.Mutex
	byPlace  map[keptPlace]*kept
	byHandle map[uint64]*kept
	marks    sync.Map // the type of a struct → the one with a mark
}

type keptPlace struct {
	at  uintptr
	typ reflect.Type
}

// kept is what is known of such a value. It does not make it reachable.
type kept struct {
	place    keptPlace
	at       weak.Pointer[byte]
	len, cap int
	ref      Reference
	shape    *shape   // nil for what has a type of the module's own: it lasts
	prints   []uint64 // of the parts as they arrived
}

// borrow takes a value of the host with its handle, after the tag.
func (c *Codec) borrow(d *wire.Decoder) any {
	ref := c.peer.Borrow(d)
	switch tag := d.Byte(); {
	case ref != nil && tag == wire.TagShared:
		v := c.referred(d)
		if v != nil {
			c.kept.keepTyped(ref, reflect.ValueOf(v))
		}
		return v
	case ref == nil || tag != wire.TagValue:
		d.Fail(wire.ErrTag)
		return nil
	}
	if !d.Enter() {
		return nil
	}
	defer d.Leave()
	s := c.parse(d)
	if s == nil {
		return nil
	}
	switch s.typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Struct:
	default: // is never lent
		d.Fail(wire.ErrTag)
		return nil
	}
	v, ok := fresh(d, s.typ)
	if !ok {
		return nil
	}
	var old reflect.Value
	if s.typ.Kind() == reflect.Pointer {
		old = c.kept.find(ref.HostHandle(), s.typ)
	}
	if old.IsValid() && d.Sharing != nil {
		c.takeShared(d, s, v, old)
	} else if c.decode(d, s, v); d.Err() == nil && old.IsValid() {
		renew(s, old, v)
		v = old
	}
	if d.Err() != nil {
		return nil
	}
	if s.typ.Kind() == reflect.Struct {
		return c.kept.mark(ref, s, v)
	}
	c.kept.keep(ref, s, v)
	return v.Interface()
}

// earlier returns the pointer that this side has already, or the new one.
func earlier(old, made reflect.Value) reflect.Value {
	if old.IsValid() {
		return old
	}
	return made
}

// renew gives what a pointer of an earlier call points to the parts that are others now. Those that
// are the same are not written: another goroutine may read them.
func renew(s *shape, old, made reflect.Value) {
	if !old.IsValid() {
		return
	}
	was, now := prints(s, old), prints(s, made)
	from, to := parts(s, made), parts(s, old)
	for i := range from {
		if was[i] != now[i] {
			to[i].Set(from[i].Value)
		}
	}
}

// find returns the pointer that stands for a handle, or the zero Value.
func (t *keptTable) find(handle uint64, typ reflect.Type) (v reflect.Value) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.byHandle[handle]
	if k == nil || k.place.typ != typ {
		return v
	}
	at := unsafe.Pointer(k.at.Value())
	if at == nil {
		return v
	}
	return reflect.NewAt(typ.Elem(), at).Convert(typ)
}

// keep notes that a value stands for a value of the host.
func (t *keptTable) keep(ref Reference, s *shape, v reflect.Value) {
	at := (*byte)(v.UnsafePointer())
	if at == nil {
		return
	}
	k := &kept{place: keptPlace{uintptr(unsafe.Pointer(at)), v.Type()}, ref: ref, shape: s, prints: prints(s, v)}
	if v.Kind() == reflect.Slice {
		k.len, k.cap = v.Len(), v.Cap()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.byHandle[ref.HostHandle()]; old != nil && old.place == k.place && old.at.Value() == at {
		old.prints = k.prints
		return
	}
	k.at = weak.Make(at)
	if t.byPlace == nil {
		t.byPlace, t.byHandle = map[keptPlace]*kept{}, map[uint64]*kept{}
	}
	t.byPlace[k.place], t.byHandle[ref.HostHandle()] = k, k
	runtime.AddCleanup(at, t.forget, k)
}

// keepTyped is keep for a value of a type of the module's own.
func (t *keptTable) keepTyped(ref Reference, v reflect.Value) {
	at := (*byte)(v.UnsafePointer())
	if !wire.InHeap(unsafe.Pointer(at)) || t.standsFor(v) != nil {
		return
	}
	k := &kept{place: keptPlace{uintptr(unsafe.Pointer(at)), v.Type()}, at: weak.Make(at), ref: ref}
	if v.Kind() == reflect.Slice {
		k.len, k.cap = v.Len(), v.Cap()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPlace == nil {
		t.byPlace, t.byHandle = map[keptPlace]*kept{}, map[uint64]*kept{}
	}
	t.byPlace[k.place] = k
	runtime.AddCleanup(at, t.forget, k)
}

// forget forgets a value that is gone.
func (t *keptTable) forget(k *kept) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPlace[k.place] == k {
		delete(t.byPlace, k.place)
	}
	if handle := k.ref.HostHandle(); t.byHandle[handle] == k {
		delete(t.byHandle, handle)
	}
}

// giveBack appends a reference to the value of the host that a value stands for, and reports
// whether it stands for one.
func (c *Codec) giveBack(e *wire.Encoder, v reflect.Value) bool {
	if handle, ok := c.peer.HandleOf(v); ok {
		e.Byte(wire.TagHost)
		e.Uint(handle)
		e.Bool(false)
		return true
	}
	if v.Type().Implements(errorType) && c.peer.GiveError(e, v) {
		return true
	}
	var k *kept
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if k = c.kept.standsFor(v); k == nil {
			return false
		}
	case reflect.Struct:
		if k = marked(v); k == nil {
			return false
		}
	default:
		return false
	}
	e.Byte(wire.TagHost)
	e.Uint(k.ref.HostHandle())
	c.putParts(e, k, v)
	return true
}

func (t *keptTable) standsFor(v reflect.Value) *kept {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.byPlace[keptPlace{v.Pointer(), v.Type()}]
	if k == nil || unsafe.Pointer(k.at.Value()) != v.UnsafePointer() || v.Kind() == reflect.Slice && (v.Len() != k.len || v.Cap() != k.cap) {
		return nil
	}
	return k
}

// putParts appends the parts that changed since the value arrived.
func (c *Codec) putParts(e *wire.Encoder, k *kept, v reflect.Value) {
	if k.shape == nil {
		e.Bool(false)
		return
	}
	now := prints(k.shape, v)
	if slices.Equal(now, k.prints) {
		e.Bool(false)
		return
	}
	e.Bool(true)
	if v.Kind() == reflect.Map {
		e.Len(v.Len(), false)
		c.content(e, k.shape, v)
		return
	}
	var changed []int
	for i := range now {
		if now[i] != k.prints[i] {
			changed = append(changed, i)
		}
	}
	list := parts(k.shape, v)
	e.Uint(uint64(len(changed)))
	for _, i := range changed {
		e.Uint(uint64(i))
		c.encode(e, list[i].shape, list[i].Value)
	}
}

// markName is the name of the field that says which value of the host a struct is.
const markName = "_"

// mark returns a struct with a field that says which value of the host it is: what the host's type
// hides is in that one only.
func (t *keptTable) mark(ref Reference, s *shape, v reflect.Value) any {
	marked := reflect.New(t.withMark(s.typ)).Elem()
	n := v.NumField()
	for i := range n {
		if v.Type().Field(i).IsExported() { // the others have nothing but a tag
			marked.Field(i).Set(v.Field(i))
		}
	}
	own := &kept{ref: ref, shape: s, prints: prints(s, v)}
	k, ok := ref.Tie(own).(*kept)
	if !ok || !slices.Equal(k.prints, own.prints) { // what its pointers lead to has been made again
		k = own
	}
	*(**kept)(marked.Field(n).Addr().UnsafePointer()) = k
	return marked.Interface()
}

// withMark returns the type of a struct with the field of a mark.
func (t *keptTable) withMark(typ reflect.Type) reflect.Type {
	if known, ok := t.marks.Load(typ); ok {
		return known.(reflect.Type)
	}
	var fields []reflect.StructField
	for i := range typ.NumField() {
		fields = append(fields, typ.Field(i))
	}
	fields = append(fields, reflect.StructField{Name: markName, PkgPath: madePath, Type: reflect.TypeFor[*kept]()})
	made, _ := t.marks.LoadOrStore(typ, reflect.StructOf(fields))
	return made.(reflect.Type)
}

// marked returns what mark noted, or nil.
func marked(v reflect.Value) *kept {
	n := v.NumField()
	if n == 0 {
		return nil
	}
	last := v.Type().Field(n - 1)
	if last.Name != markName || last.Type != reflect.TypeFor[*kept]() {
		return nil
	}
	return (*kept)(v.Field(n - 1).UnsafePointer())
}

var seed = maphash.MakeSeed()

// prints returns a print of each part of a value, by which a change of it is seen: of strings and
// numbers their values, and of what leads to others where it leads to.
func prints(s *shape, v reflect.Value) []uint64 {
	if v.Kind() == reflect.Map {
		sum := uint64(v.Len())
		for it := v.MapRange(); it.Next(); {
			var h maphash.Hash
			h.SetSeed(seed)
			printOf(&h, it.Key())
			printOf(&h, it.Value())
			sum += h.Sum64()
		}
		return []uint64{sum}
	}
	list := parts(s, v)
	all := make([]uint64, len(list))
	for i, p := range list {
		var h maphash.Hash
		h.SetSeed(seed)
		printOf(&h, p.Value)
		all[i] = h.Sum64()
	}
	return all
}

func printOf(h *maphash.Hash, v reflect.Value) {
	word := func(n uintptr) { maphash.WriteComparable(h, n) }
	switch v.Kind() {
	case reflect.String:
		_, _ = h.WriteString(v.String())
	case reflect.Interface:
		if !v.IsNil() {
			maphash.WriteComparable(h, v.Elem().Type())
			printOf(h, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			printOf(h, v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			printOf(h, v.Index(i))
		}
	case reflect.Slice:
		word(uintptr(v.Len()))
		word(v.Pointer())
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		word(v.Pointer())
	case reflect.Bool:
		maphash.WriteComparable(h, v.Bool())
	case reflect.Float32, reflect.Float64:
		maphash.WriteComparable(h, v.Float())
	case reflect.Complex64, reflect.Complex128:
		maphash.WriteComparable(h, v.Complex())
	default:
		if v.CanInt() {
			maphash.WriteComparable(h, v.Int())
		} else {
			maphash.WriteComparable(h, v.Uint())
		}
	}
}
