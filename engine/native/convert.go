package native

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/signature"
)

var (
	anyType     = reflect.TypeFor[any]()
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	objectType  = reflect.TypeFor[*engine.Object]()
)

// converter turns a value of one type into another. An error is a value that does not fit, where
// only the value can tell.
type converter func(reflect.Value) (reflect.Value, error)

// maxNesting bounds the types that are converted part by part: those that contain themselves go on
// for ever.
const maxNesting = 32

// conversion builds what converts values between two types of the host. Strict conversions are
// those of bound functions: the types have the same shape. Lenient ones are those of calls by name:
// a number fits every numeric type that can hold its value, and a map fits a struct.
type conversion struct {
	module  *module
	about   string // see plan
	lenient bool
	depth   int
}

func (c conversion) of(from, to reflect.Type) (converter, error) {
	if c.depth++; c.depth > maxNesting {
		return nil, fmt.Errorf("%s contains itself", to)
	}
	switch {
	case from == to:
		return same, nil
	case to == objectType:
		return c.hold, nil
	case from == objectType:
		return c.unwrap(to), nil
	case from.AssignableTo(to):
		return convertTo(to), nil
	case from.Kind() == reflect.Interface && (c.lenient || from == anyType):
		return c.dynamic(to), nil
	case from.Kind() == reflect.Func && to.Kind() == reflect.Func:
		return c.function(from, to)
	case from.Kind() == to.Kind() && from.ConvertibleTo(to):
		return convertTo(to), nil
	case numeric(from.Kind()) && numeric(to.Kind()) && c.lenient:
		return toNumber(to), nil
	case from.Kind() == to.Kind():
		return c.composite(from, to)
	case from.Kind() == reflect.Map && from.Key().Kind() == reflect.String && to.Kind() == reflect.Struct && c.lenient:
		return c.mapToStruct(to), nil
	}
	return nil, misfit(from, to)
}

func misfit(from, to reflect.Type) error {
	return fmt.Errorf("%s does not fit %s%s", from, to, signature.Near(from, to))
}

func same(v reflect.Value) (reflect.Value, error) { return v, nil }

func convertTo(to reflect.Type) converter {
	return func(v reflect.Value) (reflect.Value, error) { return v.Convert(to), nil }
}

// hold makes an object of a value.
func (c conversion) hold(v reflect.Value) (reflect.Value, error) {
	if o, ok := wrap(c.module, v).(*engine.Object); ok {
		return reflect.ValueOf(o), nil
	}
	return reflect.ValueOf(newObject(c.module, v)), nil
}

var errForeign = errors.New("it belongs to another module")

// unwrap takes the value out of an object.
func (c conversion) unwrap(to reflect.Type) converter {
	return func(v reflect.Value) (reflect.Value, error) {
		o, _ := v.Interface().(*engine.Object)
		if o == nil {
			return reflect.Zero(to), nil
		}
		ref, ok := o.Ref().(*object)
		switch {
		case !ok && to.Kind() == reflect.Func:
			return o.Ref().Bind("", to) // a function of another module
		case !ok:
			return v, fmt.Errorf("the object %s does not fit %s: %w", o.TypeName(), to, errForeign)
		case ref.released.Load():
			return v, errReleased
		}
		return c.value(ref.value, to)
	}
}

// value converts what has its type only now.
func (c conversion) value(v reflect.Value, to reflect.Type) (reflect.Value, error) {
	convert, err := c.of(v.Type(), to)
	if err != nil {
		return v, err
	}
	return convert(v)
}

// dynamic converts what is in an interface.
func (c conversion) dynamic(to reflect.Type) converter {
	return func(v reflect.Value) (reflect.Value, error) {
		if v = v.Elem(); v.IsValid() {
			return c.value(v, to)
		}
		switch to.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan:
			return reflect.Zero(to), nil
		}
		return v, fmt.Errorf("nil does not fit %s", to)
	}
}

func numeric(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

// toNumber converts a number that the type can hold exactly.
func toNumber(to reflect.Type) converter {
	return func(v reflect.Value) (reflect.Value, error) {
		n := v.Convert(to)
		back := n.Convert(v.Type())
		negative := func(v reflect.Value) bool { return v.CanInt() && v.Int() < 0 || v.CanFloat() && v.Float() < 0 }
		if !back.Equal(v) || negative(v) != negative(n) {
			return v, fmt.Errorf("%v does not fit %s", v, to)
		}
		return n, nil
	}
}
