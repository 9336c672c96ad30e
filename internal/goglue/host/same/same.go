// Package same finds what a program has of a module already.
package same

import (
	"reflect"
	"runtime"
	"slices"
	"sync"
	"unsafe"
	"weak"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host/codec"
)

// Ref is the engine's reference to an object.
type Ref interface {
	Handle() uint64 // what the module knows it by
	Gone() bool     // it was released
}

// Values has what the program has of the module, by handle, so that == finds what is the same
// there: errors, as long as they say the same, and objects.
type Values struct {
	mu     sync.Mutex
	errors map[uint64]weak.Pointer[engine.ModuleError]
	copies map[uint64]copied
	// objects are those in values of type any.
	objects map[uint64]weak.Pointer[engine.Object]
}

// Object returns the object that the program has for a handle already, or the object.
func (s *Values) Object(o *engine.Object) *engine.Object {
	handle := o.Ref().(Ref).Handle()
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.objects[handle].Value(); known != nil && !known.Ref().(Ref).Gone() {
		o.Close()
		return known
	}
	if s.objects == nil {
		s.objects = map[uint64]weak.Pointer[engine.Object]{}
	}
	s.objects[handle] = weak.Make(o)
	runtime.AddCleanup(o, s.forget, handle)
	return o
}

// copied is a pointer to a copy of an error's value. Sum is that of the value as it arrived: the
// program may be changing it since.
type copied struct {
	at  weak.Pointer[byte]
	t   reflect.Type
	sum uint64
}

// Error returns what the program has of an error already, or the error.
func (s *Values) Error(err *engine.ModuleError) *engine.ModuleError {
	if err.Object == nil {
		return err
	}
	handle := err.Object.Ref().(Ref).Handle()
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.errors[handle].Value(); known != nil && !known.Object.Ref().(Ref).Gone() && says(known, err) {
		err.Object.Close()
		return known
	}
	if s.errors == nil {
		s.errors = map[uint64]weak.Pointer[engine.ModuleError]{}
	}
	s.errors[handle] = weak.Make(err)
	runtime.AddCleanup(err, s.forget, handle)
	return err
}

func says(a, b *engine.ModuleError) bool {
	return a.Message == b.Message && a.Type == b.Type && slices.Equal(a.Matches, b.Matches) &&
		slices.EqualFunc(a.Wrapped, b.Wrapped, func(a, b error) bool { return reflect.ValueOf(a).Comparable() && a == b })
}

// Copy returns the pointer that the program has for an object already, if the module has not changed
// what it leads to since, or the new one. It keeps the object while the program has the pointer.
func (s *Values) Copy(o *engine.Object, v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem().Size() == 0 {
		o.Close()
		return v
	}
	handle, sum := o.Ref().(Ref).Handle(), codec.Sum(v.Elem())
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.copies[handle]; known.t == v.Type() && known.sum == sum {
		if at := known.at.Value(); at != nil {
			o.Close()
			return reflect.NewAt(v.Type().Elem(), unsafe.Pointer(at))
		}
	}
	if s.copies == nil {
		s.copies = map[uint64]copied{}
	}
	at := (*byte)(v.UnsafePointer())
	s.copies[handle] = copied{weak.Make(at), v.Type(), sum}
	runtime.AddCleanup(at, s.letGo, o)
	return v
}

// letGo is told that the program has a copy no more.
func (s *Values) letGo(o *engine.Object) {
	s.forget(o.Ref().(Ref).Handle())
	o.Close()
}

func (s *Values) forget(handle uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.errors[handle].Value() == nil {
		delete(s.errors, handle)
	}
	if s.objects[handle].Value() == nil {
		delete(s.objects, handle)
	}
	if s.copies[handle].at.Value() == nil {
		delete(s.copies, handle)
	}
}
