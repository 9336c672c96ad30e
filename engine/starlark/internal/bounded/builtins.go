package bounded

import (
	"errors"
	"sync"

	"go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// modules are those that every script has.
var modules = []*starlarkstruct.Module{math.Module, time.Module, {Name: "json", Members: starlark.StringDict{
	"encode": json.Module.Members["encode"],
	"decode": json.Module.Members["decode"],
}}}

// receivers are values of all types that have methods.
var receivers = []starlark.HasAttrs{starlark.String(""), starlark.Bytes(""), new(starlark.List), new(starlark.Dict), new(starlark.Set), time.Time{}}

// Predeclared returns what every script can use: the language's functions, struct, json, math and
// time, and what asks for the guards. All share it, and nothing changes it.
var Predeclared = sync.OnceValue(func() starlark.StringDict {
	all := starlark.StringDict{
		"struct":   offered("struct", starlark.NewBuiltin("struct", starlarkstruct.Make)),
		guardsFunc: starlark.NewBuiltin(guardsFunc, guardsOf),
		growFunc:   starlark.NewBuiltin(growFunc, grow),
	}
	for name, v := range starlark.Universe {
		if guarded := offered(name, v); guarded != v {
			all[name] = guarded
		}
	}
	for _, m := range modules {
		members := make(starlark.StringDict, len(m.Members))
		for name, v := range m.Members {
			members[name] = offered(m.Name+"."+name, v)
		}
		all[m.Name] = &starlarkstruct.Module{Name: m.Name, Members: members}
	}
	all["getattr"] = starlark.NewBuiltin("getattr", getattr)
	all.Freeze()
	return all
})

// offered returns what scripts see of a value of the language or of a module.
func offered(name string, v starlark.Value) starlark.Value {
	f, ok := v.(*starlark.Builtin)
	b, known := builtins[name]
	switch {
	case ok && !known:
		return starlark.NewBuiltin(f.Name(), refused)
	case !ok || b.cost == nil && b.run == nil && b.walks == notAtAll:
		return v
	}
	return starlark.NewBuiltin(f.Name(), func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return b.call(t, f, arguments{args: args, kwargs: kwargs})
	})
}

// refused stands for a function whose cost nobody knows.
func refused(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return nil, errors.New(b.Name() + " is unavailable")
}

// guarded has the methods that have to be guarded, without a receiver.
var guarded = func() map[string]*starlark.Builtin {
	all := make(map[string]*starlark.Builtin)
	for _, v := range receivers {
		for _, name := range v.AttrNames() {
			full := methodOf(v, name)
			b, known := builtins[full]
			_, err := v.Attr(name)
			switch {
			case err != nil:
			case !known:
				all[full] = starlark.NewBuiltin(name, refused)
			case b.when != never:
				all[full] = starlark.NewBuiltin(name, b.method)
			}
		}
	}
	return all
}()

// method calls a method of the value that it is bound to.
func (b builtin) method(t *starlark.Thread, self *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	receiver := self.Receiver()
	f, err := receiver.(starlark.HasAttrs).Attr(self.Name())
	if err != nil {
		return nil, err
	}
	return b.call(t, f.(*starlark.Builtin), arguments{receiver, args, kwargs})
}

// call calls a function once the run affords it.
func (b builtin) call(t *starlark.Thread, f *starlark.Builtin, a arguments) (starlark.Value, error) {
	r := MeterOf(t)
	if b.cost != nil {
		c, err := b.cost(a)
		if err == nil {
			err = r.afford(c)
		}
		if err != nil {
			return nil, err
		}
	}
	if b.key && len(a.args) > 0 {
		if _, err := passKey(r, a.args[0]); err != nil {
			return nil, err
		}
	}
	if b.run != nil {
		return b.run(r, t, f, a)
	}
	if b.walks == notAtAll {
		return f.CallInternal(t, a.args, a.kwargs)
	}
	v, err := f.CallInternal(t, r.walked(b.walks, a), a.kwargs)
	if stopped := r.stopped(); stopped != nil {
		return nil, stopped
	}
	return v, err
}

// MeterOf returns the meter of the run that a thread is of, or nil.
func MeterOf(t *starlark.Thread) *Meter {
	r, _ := t.Local(meterKey).(*Meter)
	return r
}

func guardsOf(t *starlark.Thread, _ *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	r := MeterOf(t)
	if r == nil {
		return newGuards(nil), nil
	}
	if r.guards == nil {
		r.guards = newGuards(r)
	}
	return r.guards, nil
}

// grow returns what is added to a value in place.
func grow(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, y := args[0], args[1]
	if light(x) && light(y) {
		return y, nil
	}
	c, err := cost{}, error(nil)
	switch x := x.(type) {
	case *starlark.List, *starlark.Dict:
		n := lengthOf(y)
		if c, err = growth(x, n); err == nil && n > few {
			var parts cost
			if _, ok := x.(*starlark.Dict); ok {
				parts, err = weigh(comparing, y)
			}
			c.work += int64(n) + 10*parts.work
		}
	default:
		d := sizeOf(y)
		c = sizeOf(x)
		c = cost{c.bytes + d.bytes, c.work + d.work}
	}
	if err == nil {
		err = MeterOf(t).afford(c)
	}
	return y, err
}

// getattr is the language's, with guarded methods.
func getattr(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := builtins["getattr"].call(t, starlark.Universe["getattr"].(*starlark.Builtin), arguments{args: args, kwargs: kwargs})
	if err != nil {
		return nil, err
	}
	if method, ok := v.(*starlark.Builtin); ok && method.Receiver() != nil {
		if b, ok := guarded[methodOf(method.Receiver(), method.Name())]; ok {
			return b.BindReceiver(method.Receiver()), nil
		}
	}
	return v, nil
}
