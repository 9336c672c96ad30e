package given

import (
	"encoding"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

// answerText answers with the text of a value that is not copied.
func answerText(c *Call, v reflect.Value) error {
	if err := c.taken(); err != nil {
		return err
	}
	c.out.String(fmt.Sprint(v.Interface()))
	return nil
}

// answerForm answers with a form that a value which is not copied has by a method of its own.
func answerForm[I any](write func(I) ([]byte, error)) Method {
	return func(c *Call, v reflect.Value) error {
		if err := c.taken(); err != nil {
			return err
		}
		own, ok := v.Interface().(I)
		if !ok {
			return fmt.Errorf("a %s of the host has no such form: it is no %s", v.Type(), reflect.TypeFor[I]())
		}
		text, err := write(own)
		c.out.Bytes(text)
		c.putError(err)
		return nil
	}
}

// answerAs answers whether an error of the host fits a variable of the host, which holds it then.
func answerAs(c *Call, v reflect.Value) error {
	own := c.values.Given(c.in.Uint())
	if err := c.taken(); err != nil {
		return err
	}
	fits := own != nil && own.Value.Type().AssignableTo(v.Type().Elem())
	if fits {
		v.Elem().Set(own.Value)
	} else if own != nil {
		as, ok := own.Value.Interface().(interface{ As(any) bool })
		fits = ok && as.As(v.Interface())
	}
	c.out.Bool(fits)
	return nil
}

// answerAny answers a call of a function that was given in an any.
func answerAny(c *Call, v reflect.Value) error {
	t := v.Type()
	args := make([]reflect.Value, t.NumIn())
	for j := range args {
		args[j] = reflect.New(t.In(j)).Elem()
		c.values.dynamic.DecodeTo(&c.in.Decoder, args[j])
	}
	if err := c.taken(); err != nil {
		return err
	}
	if err := c.settle(); err != nil {
		return err
	}
	results := hosthttp.CallWith(v, args)
	c.results(nil, func() {
		for j, result := range results {
			if t.Out(j) == codec.ErrorType && j == t.NumOut()-1 {
				c.values.module.EncodeError(c.out, result)
			} else {
				c.values.dynamic.Encode(c.out, result.Interface())
			}
		}
	})
	return nil
}

// panicked appends what the host's function panicked with.
func (c *Call) panicked(r any) {
	stack := trace()
	if p, ok := r.(*engine.PanicError); ok && p.Recovered != nil {
		r = p.Recovered // a call of the module within, which had no error to return it by
	}
	c.out.String(fmt.Sprint(r))
	c.out.String(stack)
	switch r := r.(type) {
	case error:
		c.out.Byte(wire.PanicError)
		c.values.module.EncodeError(c.out, reflect.ValueOf(&r).Elem())
	case string:
		c.out.Byte(wire.PanicString)
	case int:
		c.out.Byte(wire.PanicInt)
		c.out.Int(int64(r))
	default:
		c.out.Byte(wire.PanicHost)
		c.values.Give(c.out, &Value{Value: reflect.ValueOf(r)}, nil)
	}
}

// trace tells where the calling goroutine is: the innermost functions, since calls may lie within
// calls as deep as the module wants.
func trace() string {
	var pcs [64]uintptr
	n := runtime.Callers(3, pcs[:]) // from who has panicked
	frames := runtime.CallersFrames(pcs[:n])
	text := strings.Builder{}
	for {
		f, more := frames.Next()
		fmt.Fprintf(&text, "%s(...)\n\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			break
		}
	}
	if n == len(pcs) {
		text.WriteString("...\n")
	}
	return text.String()
}

var (
	// Func answers for a function in an any, Target for a variable that errors.As is to fill.
	Func   = []Method{answerAny}
	Target = []Method{answerAs}

	whole = []Method{
		answerText, answerForm(writeJSON),
		answerForm(encoding.TextMarshaler.MarshalText), answerForm(encoding.BinaryMarshaler.MarshalBinary),
	}
)

// WholeMethods answers for a value of which only what it says of itself crosses: its text, its
// JSON, and what encoders find by its methods.
func WholeMethods(t reflect.Type) []Method {
	switch {
	case t.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()):
		return whole
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return whole[:3]
	}
	return whole[:2]
}
