package goglue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"github.com/loadgo/load/internal/wire"
)

// argumentError is an argument that cannot be encoded. Nothing was called.
type argumentError struct {
	index int // from 0
	err   error
}

func (e *argumentError) Error() string { return fmt.Sprintf("argument %d: %v", e.index+1, e.err) }
func (e *argumentError) Unwrap() error { return e.err }

// plan is everything about a call that is the same every time: it is made once for a bound function.
type plan struct {
	callee
	instance *Instance
	encode   []encoder
	decode   []decoder
	results  []reflect.Type
	mode     uint64
}

// params returns the parameters that cross: a context is given by the call's own.
func (i *Instance) params(target callee) []int {
	params := make([]int, 0, len(target.In))
	for _, n := range target.In {
		if i.api.Types[n].Kind != KindContext {
			params = append(params, n)
		}
	}
	return params
}

// plan pairs the host's types with those of the module.
func (i *Instance) plan(target callee, args, results []reflect.Type, lenient bool) (*plan, error) {
	p := &plan{callee: target, instance: i, results: results}
	for j, n := range i.params(target) {
		encode, err := i.encoder(args[j], n, lenient)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", j+1, err)
		}
		p.encode = append(p.encode, encode)
	}
	for j, t := range results {
		decode, form, err := i.decoder(t, target.Out[j])
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", j+1, err)
		}
		if form == asValue {
			p.mode |= 1 << (j & 63)
		}
		p.decode = append(p.decode, decode)
	}
	return p, nil
}

// messages are reused: their arguments are copied by the transport's write.
var messages = sync.Pool{New: func() any { return &wire.Encoder{Buf: make([]byte, 0, 512)} }}

// maxKept is the size of the largest message buffer that is kept for reuse.
const maxKept = 4 << 20

// run makes one call. The results are settable values of the planned types.
func (p *plan) run(ctx context.Context, args []reflect.Value) ([]reflect.Value, error) {
	e := messages.Get().(*wire.Encoder)
	e.Truncate(0)
	e.Buf = append(e.Buf, make([]byte, Headroom)...)
	if p.receiver != nil {
		e.Uint(p.receiver.handle)
	}
	for j, encode := range p.encode {
		encode(e, args[j])
		if e.Err != nil {
			err := &argumentError{j, e.Err}
			messages.Put(e)
			return nil, err
		}
	}
	if e.Size() > wire.MaxFrame {
		return nil, &argumentError{len(args) - 1, errors.New("the arguments are larger than 256 MiB")}
	}
	reply, err := p.instance.transport.Call(ctx, p.symbol, p.function, p.mode, e)
	if cap(e.Buf) <= maxKept {
		messages.Put(e)
	}
	if err != nil {
		return nil, err
	}
	d := wire.NewOwner(reply)
	results := make([]reflect.Value, len(p.results))
	for j, t := range p.results {
		results[j] = reflect.New(t).Elem()
		p.decode[j](&d, results[j])
	}
	if err := d.End(); err != nil {
		return nil, fmt.Errorf("the module's answer cannot be understood: %w", err)
	}
	return results, nil
}

// bindFunc makes a Go function of the host's type t that calls the target.
func (i *Instance) bindFunc(target callee, t reflect.Type) (reflect.Value, error) {
	params := i.params(target)
	hostArgs := make([]reflect.Type, 0, t.NumIn())
	for j := range t.NumIn() {
		hostArgs = append(hostArgs, t.In(j))
	}
	withContext := len(hostArgs) > 0 && hostArgs[0] == contextType
	if withContext {
		hostArgs = hostArgs[1:]
	}
	if target.Variadic && !t.IsVariadic() && len(hostArgs) == len(params)-1 {
		// The variadic part may be left out: it is empty.
		params = params[:len(params)-1]
	}
	if len(hostArgs) != len(params) {
		return reflect.Value{}, fmt.Errorf("it has %d parameters, not %d", len(params), len(hostArgs))
	}
	if t.IsVariadic() && !target.Variadic {
		return reflect.Value{}, errors.New("it is not variadic")
	}
	results := make([]reflect.Type, 0, t.NumOut())
	for j := range t.NumOut() {
		results = append(results, t.Out(j))
	}
	extraError := len(results) == len(target.Out)+1 && results[len(results)-1] == errorType
	if extraError {
		results = results[:len(results)-1]
	}
	if len(results) != len(target.Out) {
		return reflect.Value{}, fmt.Errorf("it has %d results, not %d", len(target.Out), len(results))
	}
	full := target
	leftOut := len(params) < len(i.params(target))
	if leftOut {
		short := *target.Func
		short.In = short.In[:len(short.In)-1]
		full.Func = &short
	}
	p, err := i.plan(full, hostArgs, results, false)
	if err != nil {
		return reflect.Value{}, err
	}
	if leftOut {
		p.encode = append(p.encode, func(e *wire.Encoder, _ reflect.Value) { e.Len(0, true) })
	}
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		ctx, values := context.Background(), args
		if withContext {
			if c, ok := args[0].Interface().(context.Context); ok {
				ctx = c
			}
			values = args[1:]
		}
		if leftOut {
			values = append(values[:len(values):len(values)], reflect.Value{})
		}
		out, err := p.run(ctx, values)
		runtime.KeepAlive(args)
		if err != nil {
			if !hasError {
				panic(err)
			}
			out = make([]reflect.Value, t.NumOut())
			for j := range out {
				out[j] = reflect.Zero(t.Out(j))
			}
			out[len(out)-1] = reflect.ValueOf(&err).Elem()
			return out
		}
		if extraError {
			out = append(out, reflect.Zero(errorType))
		}
		return out
	}), nil
}

// fieldsJSON writes an object as encoding/json would, from its exported fields, for a module that does
// not contain that package.
func (o *object) fieldsJSON(ctx context.Context) ([]byte, error) {
	typ := o.described()
	if typ.Kind != KindStruct {
		text, err := o.Text(ctx)
		if err != nil {
			return nil, err
		}
		return json.Marshal(text)
	}
	fields := make([]reflect.StructField, 0, len(typ.Fields))
	values := make([]any, 0, len(typ.Fields))
	for _, f := range typ.Fields {
		v, err := o.Field(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		t := anyType
		if v != nil {
			t = reflect.TypeOf(v)
		}
		fields = append(fields, reflect.StructField{Name: f.Name, Type: t, Tag: reflect.StructTag(f.Tag)})
		values = append(values, v)
	}
	s := reflect.New(reflect.StructOf(fields)).Elem()
	for j, v := range values {
		if v != nil {
			s.Field(j).Set(reflect.ValueOf(v))
		}
	}
	return json.Marshal(s.Interface())
}
