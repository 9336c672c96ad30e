package given

import (
	"fmt"
	"io"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

// InterfaceMethod builds what answers for a method of an interface.
func (h *Values) InterfaceMethod(t reflect.Type, m api.Method) (Method, uint64, error) {
	method, ok := t.MethodByName(m.Name)
	if !ok {
		return nil, 0, fmt.Errorf("%s has no method %s", t, m.Name)
	}
	switch api.StreamMethod(h.api, m) {
	case api.ReadMethod:
		if t.Implements(reflect.TypeFor[io.Reader]()) {
			return inTurn(reads, answerRead), 0, nil
		}
	case api.ReadAtMethod:
		if t.Implements(reflect.TypeFor[io.ReaderAt]()) {
			return answerReadAt, 0, nil
		}
	}
	if t == reflect.TypeFor[guesthttp.Handler]() {
		return h.next(method.Type, &h.api.Funcs[m.Func-1])
	}
	mt := method.Type
	if t.Kind() != reflect.Interface { // its first parameter is the receiver
		mt = reflect.Zero(t).Method(method.Index).Type()
	}
	answer, mode, err := h.Function(mt, &h.api.Funcs[m.Func-1], func(v reflect.Value) reflect.Value { return v.MethodByName(m.Name) })
	if err != nil {
		return nil, 0, fmt.Errorf("method %s: %w", m.Name, err)
	}
	if m.Name == "Write" && t.Implements(reflect.TypeFor[io.Writer]()) {
		answer = inTurn(writes, answer)
	}
	return answer, mode, nil
}

// buffer is what one read of the host's is made into, after the arguments.
func (c *Call) buffer(size uint64) ([]byte, error) {
	if err := c.room(size); err != nil {
		return nil, err
	}
	return make([]byte, size), nil
}

// room takes the room for a buffer, after the arguments.
func (c *Call) room(size uint64) error {
	c.in.Charge(int(size))
	if err := c.in.End(); err != nil {
		return c.values.memory.TooMuch(err)
	}
	return nil
}

// taken checks the arguments after all of them were decoded, and gives back the room that they do
// not need.
func (c *Call) taken() error {
	if err := c.in.End(); err != nil {
		return fmt.Errorf("the arguments for the host's function cannot be understood: %w", c.values.memory.TooMuch(err))
	}
	if spare := min(c.granted-c.in.Size(), c.in.Room()); spare > 0 {
		c.granted -= spare
		c.values.memory.HostCalls().Give(spare)
	}
	return nil
}

func answerReadAt(c *Call, v reflect.Value) error {
	size, off := c.in.Uint(), c.in.Int()
	buf, err := c.buffer(min(size, wire.MaxMessage/2))
	if err != nil {
		return err
	}
	n, err := v.Interface().(io.ReaderAt).ReadAt(buf, off)
	c.out.Bytes(buf[:n])
	c.putError(err)
	return nil
}

// holdable reports whether a pointer of type n, to a struct that is copied elsewhere, can be held.
func (h *Values) holdable(n int) bool {
	typ := &h.api.Types[n]
	return typ.Kind == api.KindPointer && typ.Class == api.Data && h.api.Types[typ.Elem].Kind == api.KindStruct
}

// Function builds what answers for a function of the host's type t; function finds it in the
// value.
func (h *Values) Function(t reflect.Type, f *api.Func, function func(reflect.Value) reflect.Value) (Method, uint64, error) {
	if t.NumIn() != len(f.In) || t.NumOut() != len(f.Out) || t.IsVariadic() && !f.Variadic {
		return nil, 0, fmt.Errorf("%s does not fit func%s", t, f.Text)
	}
	if f.Serve.Func != 0 {
		if x := hosthttp.ExchangeOf(t, f.Serve.Writer, f.Serve.Request); x != nil {
			answer, mode, err := h.Function(x.Second, &h.api.Funcs[f.Serve.Func-1], x.Answerer(function))
			return answer, mode | wire.ModeServe, err
		}
	}
	decoders := make([]codec.Decoder, len(f.In))
	mode := uint64(0)
	for j, n := range f.In {
		if h.api.Types[n].Kind == api.KindContext && t.In(j) == codec.ContextType {
			continue
		}
		decode, form, err := h.codec.BuildDecoder(t.In(j), n)
		if t.In(j) == codec.ObjectType && h.holdable(n) && j < wire.MaxModes {
			decode, form, err = h.module.DecodeObject(n), codec.AsHeld, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("parameter %d of the function: %w", j+1, err)
		}
		decoders[j] = decode
		if j < wire.MaxModes {
			mode |= form.Mode() << (j * wire.ModeBits)
		}
		mode |= h.module.OpaqueMode(t.In(j), n)
		if h.codec.Shares(t.In(j), n) {
			mode |= wire.ModeShare
		}
	}
	encoders := make([]codec.Encoder, len(f.Out))
	for j, n := range f.Out {
		encode, err := h.codec.BuildEncoder(t.Out(j), n, t.Out(j) == codec.AnyType)
		if err != nil {
			return nil, 0, fmt.Errorf("result %d of the function: %w", j+1, err)
		}
		encoders[j] = encode
	}
	return func(c *Call, v reflect.Value) error {
		args := make([]reflect.Value, len(decoders))
		var sharing *wire.Sharing
		if mode&wire.ModeShare != 0 {
			sharing = new(wire.Sharing)
			c.in.Sharing = sharing
			if err := h.codec.TakeChanges(&c.in, codec.Never); err != nil {
				return err
			}
		}
		for j, decode := range decoders {
			args[j] = reflect.New(t.In(j)).Elem()
			if decode == nil {
				args[j].Set(reflect.ValueOf(c.Context()))
				continue
			}
			decode(&c.in, args[j])
		}
		if err := c.taken(); err != nil {
			return err
		}
		if sharing != nil {
			codec.KeepThings(sharing.Things)
			c.own, c.known = sharing, len(sharing.Things)
		}
		if err := c.settle(); err != nil {
			return err
		}
		results := hosthttp.CallWith(function(v), args)
		if err := h.module.Returned(c.in.Mentioned); err != nil {
			return err
		}
		c.results(sharing, func() {
			for j, encode := range encoders {
				encode(c.out, results[j])
			}
		})
		return nil
	}, mode, nil
}
