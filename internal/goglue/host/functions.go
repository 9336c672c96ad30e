package host

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"

	"github.com/loadgo/load/engine"
)

// functions are those of the module that the host has as functions, by the address of each, so that
// one which is given back is the module's own.
type functions struct {
	mu      sync.Mutex
	objects map[uintptr]weak.Pointer[engine.Object]
}

// functionAt is the address of a function itself, and not of its code.
func functionAt(v reflect.Value) uintptr {
	f := reflect.New(v.Type())
	f.Elem().Set(v)
	return uintptr(*(*unsafe.Pointer)(f.UnsafePointer()))
}

// add notes that a function of the host calls an object, which it keeps reachable.
func (t *functions) add(v reflect.Value, o *engine.Object) {
	at := functionAt(v)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.objects == nil {
		t.objects = map[uintptr]weak.Pointer[engine.Object]{}
	}
	t.objects[at] = weak.Make(o)
	runtime.AddCleanup(o, t.forget, at)
}

func (t *functions) forget(at uintptr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.objects[at].Value() == nil {
		delete(t.objects, at)
	}
}

// find returns the object that a function calls, or nil.
func (t *functions) find(v reflect.Value) *engine.Object {
	if v.IsNil() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.objects[functionAt(v)].Value()
}
