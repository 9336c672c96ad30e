package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
)

var errReleased = errors.New("the object was released")

// object is a reference to a value of the host. It implements [engine.ObjectRef].
type object struct {
	module   *module
	value    reflect.Value // as it was returned
	receiver reflect.Value // whose methods it has: the value, or a pointer to a copy of it
	members  []member      // methods, sorted by name
	released atomic.Bool
}

func newObject(m *module, v reflect.Value) *engine.Object {
	o := &object{module: m, value: v, receiver: v}
	if v.Kind() != reflect.Pointer {
		o.receiver = reflect.New(v.Type())
		o.receiver.Elem().Set(v)
	}
	o.members = methodsOf(o.receiver)
	return engine.NewObject(o)
}

// Wrap returns what a call by name returns for a value of the host: plain data as it is, and
// everything else as an object, whose methods and fields other engines can use.
func Wrap(v any) any { return wrap(&module{name: "host"}, reflect.ValueOf(v)) }

// Unwrap returns the value of an object that this engine made; ok is false for another's.
func Unwrap(o *engine.Object) (value any, ok bool) {
	ref, ok := o.Ref().(*object)
	if !ok || ref.released.Load() {
		return nil, false
	}
	return ref.value.Interface(), true
}

func wrap(m *module, v reflect.Value) any {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return nil
	case v.Type() == objectType, v.Type().Implements(errorType), isData(v.Type(), nil):
		return v.Interface()
	}
	return newObject(m, v)
}

// isData reports whether nothing distinguishes a value of the type from a copy of its parts. within
// holds the types around it: one that contains itself is no plain data.
func isData(t reflect.Type, within []reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), anyType, errorType:
		return true
	}
	if t.Kind() != reflect.Interface && reflect.PointerTo(t).NumMethod() > 0 || slices.Contains(within, t) {
		return false
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return isData(t.Elem(), within)
	case reflect.Map:
		return isData(t.Key(), within) && isData(t.Elem(), within)
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() || !isData(f.Type, within) {
				return false
			}
		}
		return true
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}

// Usage implements [engine.Counted].
func (o *object) Usage() *engine.Usage { return o.module.Usage() }

// TypeName implements [engine.ObjectRef].
func (o *object) TypeName() string { return o.value.Type().String() }

// Methods implements [engine.ObjectRef].
func (o *object) Methods() []engine.Symbol {
	all := symbolsOf(o.members)
	for i, m := range o.members {
		all[i].Signature = "func (" + o.TypeName() + ") " + m.name + signatureOf(m.value.Type())
	}
	return all
}

// method finds what to call; the empty name is the value itself, where it is a function.
func (o *object) method(name string) (member, error) {
	switch {
	case o.released.Load():
		return member{}, errReleased
	case name == "" && o.value.Kind() == reflect.Func && !o.value.IsNil():
		return member{name: o.TypeName(), value: o.value, call: true}, nil
	case name == "":
		return member{}, &engine.SymbolError{Module: o.module.name, Symbol: o.TypeName(), Have: o.TypeName(), Reason: "it is not a function"}
	}
	found, err := o.module.find(o.members, o.TypeName()+".", name)
	found.name = o.TypeName() + "." + name
	return found, err
}

// Bind implements [engine.ObjectRef].
func (o *object) Bind(method string, t reflect.Type) (reflect.Value, error) {
	found, err := o.method(method)
	if err != nil {
		return reflect.Value{}, err
	}
	return o.module.bind(found, found.name, t)
}

// Call implements [engine.ObjectRef].
func (o *object) Call(ctx context.Context, method string, args []any) ([]any, error) {
	found, err := o.method(method)
	if err != nil {
		return nil, err
	}
	return o.module.callByName(ctx, found.name, found.value, args)
}

// Field implements [engine.ObjectRef].
func (o *object) Field(_ context.Context, name string) (any, error) {
	if o.released.Load() {
		return nil, errReleased
	}
	var fields []member
	if v := reflect.Indirect(o.receiver); v.Kind() == reflect.Struct {
		fields = fieldsOf(v)
	}
	sortMembers(fields)
	found, err := o.module.find(fields, o.TypeName()+".", name)
	if err != nil {
		return nil, err
	}
	return wrap(o.module, found.value), nil
}

// SetField implements [engine.ObjectRef].
func (o *object) SetField(_ context.Context, name string, value any) error {
	if o.released.Load() {
		return errReleased
	}
	if _, err := o.Field(context.Background(), name); err != nil {
		return err
	}
	field := reflect.Indirect(o.receiver).FieldByName(name)
	v, err := conversion{module: o.module, lenient: true}.value(reflect.ValueOf(&value).Elem(), field.Type())
	if err != nil {
		return &engine.SymbolError{Module: o.module.name, Symbol: o.TypeName() + "." + name, Have: field.Type().String(), Want: fmt.Sprintf("%T", value), Reason: err.Error()}
	}
	field.Set(v)
	return nil
}

// Equal implements [engine.ObjectRef].
func (o *object) Equal(_ context.Context, other engine.ObjectRef) (equal bool, err error) {
	b, ok := other.(*object)
	switch {
	case !ok:
		return false, nil
	case o.released.Load() || b.released.Load():
		return false, errReleased
	}
	defer func() {
		if recover() != nil {
			err = errors.New("values of this type cannot be compared")
		}
	}()
	return o.value.Interface() == b.value.Interface(), nil
}

// Adapt implements [engine.Adapter].
func (o *object) Adapt(_ *engine.Object, t reflect.Type) (reflect.Value, error) {
	if o.released.Load() {
		return reflect.Value{}, errReleased
	}
	for _, v := range []reflect.Value{o.value, o.receiver} {
		if v.Type().AssignableTo(t) {
			return v, nil
		}
	}
	return reflect.Value{}, &engine.SymbolError{Module: o.module.name, Symbol: o.TypeName(), Want: t.String(), Have: o.TypeName(), Reason: misfit(o.value.Type(), t).Error()}
}

// Text implements [engine.ObjectRef].
func (o *object) Text(context.Context) (string, error) {
	if o.released.Load() {
		return "", errReleased
	}
	return fmt.Sprint(o.value.Interface()), nil
}

// JSON implements [engine.ObjectRef].
func (o *object) JSON(context.Context) ([]byte, error) {
	if o.released.Load() {
		return nil, errReleased
	}
	return json.Marshal(o.value.Interface())
}

// Release implements [engine.ObjectRef].
func (o *object) Release() { o.released.Store(true) }
