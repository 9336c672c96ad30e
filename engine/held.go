package engine

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Held is the first field of a generated type whose values live in a module; the fields behind it
// show what fields of the same names are there. A zero Held stands for
// the zero value, which is made in the module when it is first used. A Held that was assigned is a
// copy: it knows that by its address, and has a value of its own in the module from the first use
// on that can change it.
//
// It cannot be compared: only the module can do that.
type Held struct {
	// Variable is the symbol of the module's variable that it is the value of, or "".
	Variable string

	_     [0]func()
	value *heldValue
	self  uintptr // where the owner of the value is; 0 as long as nobody has changed it
	seen  uint64  // the changes of the value that this copy has seen
}

// heldValue is a value in the module.
type heldValue struct {
	object  *Object
	changes atomic.Uint64 // how often it was given to something that can change it
	marks   atomic.Pointer[[]uint64]
}

// ErrStale is a copy whose original may have been changed before the copy was first used: what it
// was copied from is gone.
var ErrStale = errors.New("the copy of a value that lives in a module is used after the original may have changed: use it, or call a method of it, before")

// making guards what the first use of a Held makes.
var making sync.Mutex

var heldType = reflect.TypeFor[Held]()

// IsHeld reports whether a type is a generated one whose values live in a module.
func IsHeld(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).Type == heldType
}

// Marks are sums of the fields beside it when they and the module's were last the same; nil where
// these are zero. Copies have them in common.
func (h *Held) Marks() []uint64 {
	if v := h.load(); v != nil {
		if marks := v.marks.Load(); marks != nil {
			return *marks
		}
	}
	return nil
}

// Mark sets the marks, which nobody changes then.
func (h *Held) Mark(marks []uint64) {
	if v := h.load(); v != nil {
		v.marks.Store(&marks)
	}
}

// HeldAt returns the Held that a value of such a type is, which has an address.
func HeldAt(v reflect.Value) *Held { return (*Held)(v.Addr().UnsafePointer()) }

func (h *Held) load() *heldValue {
	return (*heldValue)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&h.value))))
}

func (h *Held) store(o *Object, own bool) {
	atomic.StoreUint64(&h.seen, 0)
	self := uintptr(0)
	if own {
		self = uintptr(unsafe.Pointer(h))
	}
	atomic.StoreUintptr(&h.self, self)
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&h.value)), unsafe.Pointer(&heldValue{object: o}))
}

// At is where it is, and so the value of the generated type.
func (h *Held) At() unsafe.Pointer { return unsafe.Pointer(h) }

// Own marks it as the one that is no copy, before it has a value.
func (h *Held) Own() { atomic.StoreUintptr(&h.self, uintptr(unsafe.Pointer(h))) }

// Copied reports whether it is a copy of the value of a variable.
func (h *Held) Copied() bool { return atomic.LoadUintptr(&h.self) != uintptr(unsafe.Pointer(h)) }

// Refresh forgets the value of a variable that is not current, so that it is read again.
func (h *Held) Refresh(current func(*Object) bool) {
	if v := h.load(); v != nil && !h.Copied() && !current(v.object) {
		atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&h.value)), nil)
	}
}

// Value is where the value in the module is noted, which copies have in common; nil where it has
// not been made.
func (h *Held) Value() unsafe.Pointer { return unsafe.Pointer(h.load()) }

// Hold makes it the value behind an object: the very one where it stands for a pointer, and one
// that nobody else can change where it does not.
func (h *Held) Hold(o *Object, pointer bool) { h.store(o, pointer) }

// Object returns the object as which the value is read. make makes the zero value.
func (h *Held) Object(make func(*Object) (*Object, error)) (*Object, error) {
	v := h.load()
	if v == nil {
		return make(nil)
	}
	if h.stale(v) {
		return nil, ErrStale
	}
	return v.object, nil
}

// Pointer returns the object by which the value can be changed, and whether that has just been
// made: make makes the zero value, or the copy of another one.
func (h *Held) Pointer(make func(*Object) (*Object, error)) (o *Object, made bool, err error) {
	v := h.load()
	if v == nil || h.Copied() {
		if v, err = h.own(make); err != nil {
			return nil, false, err
		}
		made = true
	}
	atomic.StoreUint64(&h.seen, v.changes.Add(1))
	return v.object, made, nil
}

// stale reports whether another one may have changed the value since this one was copied from it.
func (h *Held) stale(v *heldValue) bool {
	return h.Copied() && atomic.LoadUint64(&h.seen) != v.changes.Load()
}

// own gives it a value of its own.
func (h *Held) own(make func(*Object) (*Object, error)) (*heldValue, error) {
	making.Lock()
	defer making.Unlock()
	v := h.load()
	var from *Object
	if v != nil {
		if !h.Copied() { // another goroutine was first
			return v, nil
		}
		if h.stale(v) {
			return nil, ErrStale
		}
		from = v.object
	}
	o, err := make(from)
	if err != nil {
		return nil, err
	}
	h.store(o, true)
	made := h.load()
	if v != nil {
		made.marks.Store(v.marks.Load())
	}
	return made, nil
}

// Twin is a type, or an error, of the host that was generated for one of a module.
type Twin struct {
	Symbol string       // of the module
	Type   reflect.Type // of the host; nil for an error
	// Adapter is a held type with the methods of the interface Type.
	Adapter reflect.Type
	Error   error
	Held    *Held // of a variable that is a pointer: nothing else is set
}

// Adopter is an optional ability of an instance: it takes the host's types for those of the module,
// so that values have them wherever they cross. The key stands for the list of twins, which is
// asked for once. Adopt is called before anything is bound to these types.
type Adopter interface {
	Adopt(key any, twins func() []Twin)
}
