package host

import (
	"context"
	"math"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
)

// direct returns what makes a call without a message, or nil where the function, the host's types
// or the transport do not allow that. The host's types must be of the very kinds of the module's.
func (p *plan) direct(args []reflect.Type) func(ctx context.Context, receiver *object, args []reflect.Value) ([]reflect.Value, error) {
	transport, ok := p.instance.transport.(Direct)
	if !ok || !transport.HasDirect(p.function) || len(args) != len(p.In) || len(p.results) != len(p.Out) {
		return nil
	}
	sameKind := func(t reflect.Type, n int) bool { return api.Kind(t.Kind()) == p.instance.api.Types[n].Kind }
	for j, t := range args {
		if !sameKind(t, p.In[j]) {
			return nil
		}
	}
	for j, t := range p.results {
		if !sameKind(t, p.Out[j]) {
			return nil
		}
	}
	return func(ctx context.Context, receiver *object, args []reflect.Value) ([]reflect.Value, error) {
		if p.instance.codec.Lasting.Any() {
			return p.run(ctx, receiver, args)
		}
		stack := make([]uint64, max(len(args), 1))
		for j, arg := range args {
			stack[j] = toStack(arg)
		}
		began := engine.Now()
		if err := p.instance.usage.Begin(); err != nil {
			return nil, err
		}
		err := transport.Direct(ctx, p.symbol, p.function, stack)
		p.instance.usage.EndSince(began, err)
		if err != nil {
			exit(err)
			return nil, err
		}
		if len(p.results) == 0 {
			return nil, nil
		}
		return []reflect.Value{fromStack(p.results[0], stack[0])}, nil
	}
}

func toStack(v reflect.Value) uint64 {
	switch {
	case v.CanInt():
		return uint64(v.Int())
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return math.Float64bits(v.Float())
	case v.Bool():
		return 1
	}
	return 0
}

func fromStack(t reflect.Type, bits uint64) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case v.CanInt():
		v.SetInt(int64(bits))
	case v.CanUint():
		v.SetUint(bits)
	case v.CanFloat():
		v.SetFloat(math.Float64frombits(bits))
	default:
		v.SetBool(bits != 0)
	}
	return v
}
