package host

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

// interfaceMethod builds what answers for a method of an interface.
func (i *Instance) interfaceMethod(t reflect.Type, m api.Method) (hostMethod, uint64, error) {
	method, ok := t.MethodByName(m.Name)
	if !ok {
		return nil, 0, fmt.Errorf("%s has no method %s", t, m.Name)
	}
	switch api.StreamMethod(i.api, m) {
	case api.ReadMethod:
		if t.Implements(reflect.TypeFor[io.Reader]()) {
			return answerRead, 0, nil
		}
	case api.ReadAtMethod:
		if t.Implements(reflect.TypeFor[io.ReaderAt]()) {
			return answerReadAt, 0, nil
		}
	}
	mt := method.Type
	if t.Kind() != reflect.Interface { // its first parameter is the receiver
		mt = reflect.Zero(t).Method(method.Index).Type()
	}
	answer, mode, err := i.hostMethod(mt, &i.api.Funcs[m.Func-1], func(v reflect.Value) reflect.Value { return v.MethodByName(m.Name) })
	if err != nil {
		err = fmt.Errorf("method %s: %w", m.Name, err)
	}
	return answer, mode, err
}

// buffer is what one read of the host's is made into, after the arguments.
func (c *hostCall) buffer(size uint64) ([]byte, error) {
	c.in.Charge(int(size))
	if err := c.in.End(); err != nil {
		return nil, c.instance.tooMuch(err)
	}
	return make([]byte, size), nil
}

// taken checks the arguments after all of them were decoded, and gives back the room that they do
// not need.
func (c *hostCall) taken() error {
	if err := c.in.End(); err != nil {
		return fmt.Errorf("the arguments for the host's function cannot be understood: %w", c.instance.tooMuch(err))
	}
	if spare := min(c.granted-c.in.Size(), c.in.Room()); spare > 0 {
		c.granted -= spare
		c.instance.inFlight.calls.Give(spare)
	}
	return nil
}

// explained is the text of an error with what to do about it.
func explained(err error) string {
	var limit *engine.LimitError
	if errors.As(err, &limit) {
		return err.Error() + "; " + limit.Fix
	}
	return err.Error()
}

func answerReadAt(c *hostCall, v reflect.Value) error {
	size, off := c.in.Uint(), c.in.Int()
	buf, err := c.buffer(min(size, wire.MaxMessage/2))
	if err != nil {
		return err
	}
	n, err := v.Interface().(io.ReaderAt).ReadAt(buf, off)
	c.out.Bytes(buf[:n])
	c.instance.encodeError(c.out, reflect.ValueOf(&err).Elem())
	return nil
}

// holdable reports whether a pointer of type n, to a struct that is copied elsewhere, can be held.
func (i *Instance) holdable(n int) bool {
	typ := &i.api.Types[n]
	return typ.Kind == api.KindPointer && typ.Class == api.Data && i.api.Types[typ.Elem].Kind == api.KindStruct
}

// hostMethod builds what answers for a function of the host's type t; function finds it in the
// value.
func (i *Instance) hostMethod(t reflect.Type, f *api.Func, function func(reflect.Value) reflect.Value) (hostMethod, uint64, error) {
	if t.NumIn() != len(f.In) || t.NumOut() != len(f.Out) || t.IsVariadic() && !f.Variadic {
		return nil, 0, fmt.Errorf("%s does not fit func%s", t, f.Text)
	}
	if f.Serve.Func != 0 {
		if x := hosthttp.ExchangeOf(t, f.Serve.Writer, f.Serve.Request); x != nil {
			answer, mode, err := i.hostMethod(x.Second, &i.api.Funcs[f.Serve.Func-1], x.Answerer(function))
			return answer, mode | wire.ModeServe, err
		}
	}
	decoders := make([]decoder, len(f.In))
	mode := uint64(0)
	for j, n := range f.In {
		if i.api.Types[n].Kind == api.KindContext && t.In(j) == contextType {
			continue
		}
		decode, form, err := i.buildDecoder(t.In(j), n)
		if t.In(j) == objectType && i.holdable(n) && j < wire.MaxModes {
			decode, form, err = i.decodeObject(n), asHeld, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("parameter %d of the function: %w", j+1, err)
		}
		decoders[j] = decode
		if j < wire.MaxModes {
			mode |= form.mode() << (j * wire.ModeBits)
		}
		mode |= i.opaqueMode(t.In(j), n)
		if i.shares(t.In(j), n) {
			mode |= wire.ModeShare
		}
	}
	encoders := make([]encoder, len(f.Out))
	for j, n := range f.Out {
		encode, err := i.buildEncoder(t.Out(j), n, t.Out(j) == anyType)
		if err != nil {
			return nil, 0, fmt.Errorf("result %d of the function: %w", j+1, err)
		}
		encoders[j] = encode
	}
	return func(c *hostCall, v reflect.Value) error {
		args := make([]reflect.Value, len(decoders))
		var sharing *wire.Sharing
		if mode&wire.ModeShare != 0 {
			sharing = new(wire.Sharing)
			c.in.Sharing = sharing
			if err := i.takeChanges(&c.in, never); err != nil {
				return err
			}
		}
		for j, decode := range decoders {
			args[j] = reflect.New(t.In(j)).Elem()
			if decode == nil {
				args[j].Set(reflect.ValueOf(c.context()))
				continue
			}
			decode(&c.in, args[j])
		}
		if err := c.taken(); err != nil {
			return err
		}
		if sharing != nil {
			keepThings(sharing.Things)
			c.own, c.known = sharing, len(sharing.Things)
		}
		results := hosthttp.CallWith(function(v), args)
		c.results(sharing, func() {
			for j, encode := range encoders {
				encode(c.out, results[j])
			}
		})
		return nil
	}, mode, nil
}
