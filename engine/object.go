package engine

import (
	"context"
	"reflect"
	"runtime"
)

// ObjectRef is an engine's reference to a value that lives in a module. Engines implement it; hosts
// use [Object].
type ObjectRef interface {
	// TypeName is the value's dynamic type as Go text: "*semver.Version".
	TypeName() string
	Methods() []Symbol
	Bind(method string, t reflect.Type) (reflect.Value, error)
	// Call calls a method, or the value itself where it is a function and method is "".
	Call(ctx context.Context, method string, args []any) ([]any, error)
	Field(ctx context.Context, name string) (any, error)
	SetField(ctx context.Context, name string, value any) error
	// Equal compares with another reference, which may be of another engine.
	Equal(ctx context.Context, other ObjectRef) (bool, error)
	// Text returns the value as fmt.Sprint prints it.
	Text(ctx context.Context) (string, error)
	// JSON returns the value as encoding/json writes it.
	JSON(ctx context.Context) ([]byte, error)
	// Release frees the reference. It is idempotent and does not block.
	Release()
}

// Adapter is an optional ability of a reference: it makes its object, o, a value of the interface
// type t.
type Adapter interface {
	Adapt(o *Object, t reflect.Type) (reflect.Value, error)
}

// Copier is an optional ability of a reference: it copies the value of its object, o, as plain
// data.
type Copier interface {
	Copy(ctx context.Context, o *Object) (any, error)
}

// Judge is an optional ability of a reference to an error: it reports what the error's own Is method
// says of a target.
type Judge interface {
	Accepts(ctx context.Context, target error) (bool, error)
}

// Indexer is an optional ability of a reference: it looks into a list or a map, as [Object] says.
type Indexer interface {
	Len(ctx context.Context) (int, error)
	Index(ctx context.Context, key any) (value any, ok bool, err error)
	Keys(ctx context.Context) ([]any, error)
}

// Object is a value that lives inside a module and is used from the host by reference: it has
// methods, unexported fields, or behaviour that cannot be copied. It can be given back to functions
// of its own module as an argument. The module keeps the value until the Object is closed or
// dropped. Objects are as safe for concurrent use as the value in the module is.
type Object struct {
	ref     ObjectRef
	cleanup runtime.Cleanup
}

// NewObject makes the host's side of a reference. Engines call it, once for each reference.
func NewObject(ref ObjectRef) *Object {
	if u := UsageOf(ref); u != nil {
		u.hold(ref)
	}
	o := &Object{ref: ref}
	o.cleanup = runtime.AddCleanup(o, releaseRef, ref)
	return o
}

func releaseRef(ref ObjectRef) {
	ref.Release()
	if u := UsageOf(ref); u != nil {
		u.drop(ref)
	}
}

// Ref returns the engine's reference. Engines call it when the object comes back as an argument.
func (o *Object) Ref() ObjectRef { return o.ref }

// TypeName returns the value's type as Go text: "*semver.Version".
func (o *Object) TypeName() string { return o.ref.TypeName() }

// Methods lists the value's exported methods, sorted by name.
func (o *Object) Methods() []Symbol { return o.ref.Methods() }

// Call calls a method by name, as [load.Module.Call] calls a function.
func (o *Object) Call(ctx context.Context, method string, args ...any) ([]any, error) {
	defer runtime.KeepAlive(o)
	return o.ref.Call(ctx, method, args)
}

// Field returns the present value of an exported field.
func (o *Object) Field(ctx context.Context, name string) (any, error) {
	defer runtime.KeepAlive(o)
	return o.ref.Field(ctx, name)
}

// SetField sets an exported field, with the conversions of a call by name. The value has to be
// addressable in the module: what a pointer points to is, and what a function returned by value is,
// too, in the copy that the object is.
func (o *Object) SetField(ctx context.Context, name string, value any) error {
	defer runtime.KeepAlive(o)
	return o.ref.SetField(ctx, name, value)
}

// Equal reports whether both objects are equal values in their module, as Go's == has it. Objects
// of different modules are not equal. An error says that values of this type cannot be compared.
func (o *Object) Equal(ctx context.Context, other *Object) (bool, error) {
	defer runtime.KeepAlive(o)
	defer runtime.KeepAlive(other)
	if other == nil {
		return false, nil
	}
	return o.ref.Equal(ctx, other.ref)
}

// Copy returns the value as plain data, without its type's name and methods: a named string as a
// string, a named list of numbers as such a list. An error says that the value cannot be copied, or
// that its type is not exported.
func (o *Object) Copy(ctx context.Context) (any, error) {
	defer runtime.KeepAlive(o)
	copier, ok := o.ref.(Copier)
	if !ok {
		return nil, &SymbolError{Symbol: o.TypeName(), Have: o.TypeName(), Reason: "objects of its engine cannot be copied"}
	}
	return copier.Copy(ctx, o)
}

// Len returns the length of a list or a map. As with Index and Keys, the error of a value that is
// neither is a [*SymbolError].
func (o *Object) Len(ctx context.Context) (int, error) {
	defer runtime.KeepAlive(o)
	indexer, err := o.indexer()
	if err != nil {
		return 0, err
	}
	return indexer.Len(ctx)
}

// Index returns the element of a list at an index, or of a map at a key, which may be an object: it
// finds what is equal in the module. ok reports whether a map has the key; the value is Go's zero
// value where it has not.
func (o *Object) Index(ctx context.Context, key any) (value any, ok bool, err error) {
	defer runtime.KeepAlive(o)
	indexer, err := o.indexer()
	if err != nil {
		return nil, false, err
	}
	return indexer.Index(ctx, key)
}

// Keys returns the keys of a map, in no order.
func (o *Object) Keys(ctx context.Context) ([]any, error) {
	defer runtime.KeepAlive(o)
	indexer, err := o.indexer()
	if err != nil {
		return nil, err
	}
	return indexer.Keys(ctx)
}

func (o *Object) indexer() (Indexer, error) {
	indexer, ok := o.ref.(Indexer)
	if !ok {
		return nil, &SymbolError{Symbol: o.TypeName(), Have: o.TypeName(), Reason: "objects of its engine have no elements"}
	}
	return indexer, nil
}

// String returns the value as fmt.Sprint prints it in the module, or a text that names the type and
// the error where the module cannot answer.
func (o *Object) String() string {
	defer runtime.KeepAlive(o)
	text, err := o.ref.Text(context.Background())
	if err != nil {
		return "<" + o.ref.TypeName() + ": " + err.Error() + ">"
	}
	return text
}

// MarshalJSON returns the value as encoding/json writes it in the module.
func (o *Object) MarshalJSON() ([]byte, error) {
	defer runtime.KeepAlive(o)
	return o.ref.JSON(context.Background())
}

// Close lets the module free the value. It is idempotent; an object that is dropped is closed by
// the garbage collector in its own time.
func (o *Object) Close() {
	o.cleanup.Stop()
	releaseRef(o.ref)
}

// Bind binds a method to a function type, as [Instance].Bind does a function. The result keeps the
// object.
func (o *Object) Bind(method string, t reflect.Type) (reflect.Value, error) {
	v, err := o.ref.Bind(method, t)
	if err != nil {
		return reflect.Value{}, err
	}
	return reflect.MakeFunc(v.Type(), func(args []reflect.Value) []reflect.Value {
		defer runtime.KeepAlive(o)
		if v.Type().IsVariadic() {
			return v.CallSlice(args)
		}
		return v.Call(args)
	}), nil
}

// Adapt makes the object a value of an interface type that it implements in its module. The result
// keeps the object. The error is a [*SymbolError].
func (o *Object) Adapt(t reflect.Type) (reflect.Value, error) {
	adapter, ok := o.ref.(Adapter)
	if !ok {
		return reflect.Value{}, &SymbolError{Symbol: o.TypeName(), Want: t.String(), Have: o.TypeName(), Reason: "objects of its engine cannot be had as other types"}
	}
	return adapter.Adapt(o, t)
}
