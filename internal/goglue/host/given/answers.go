package given

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"

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

// answerJSON answers with the JSON of a value that is not copied.
func answerJSON(c *Call, v reflect.Value) error {
	if err := c.taken(); err != nil {
		return err
	}
	text, err := json.Marshal(v.Interface())
	c.out.Bytes(text)
	c.putError(err)
	return nil
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
	stack := string(debug.Stack())
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

var (
	// Func answers for a function in an any, Whole for a value of which only the text
	// and the JSON cross, Target for a variable that errors.As is to fill.
	Func   = []Method{answerAny}
	Whole  = []Method{answerText, answerJSON}
	Target = []Method{answerAs}
)
