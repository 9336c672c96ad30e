package asgo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
)

// callable is a function of the package, or a method of values that stay in the module.
type callable struct {
	symbol   string
	receiver reflect.Type // nil for a function
	method   string
	typ      reflect.Type // without the receiver
	native   reflect.Value
	loaded   reflect.Value
	bound    reflect.Type // the type of loaded, which may add a context in front and an error at the end
	differ   int          // calls
}

func newCallable(symbol string, typ reflect.Type) *callable {
	c := &callable{symbol: symbol, typ: typ}
	var front, end []reflect.Type
	if typ.NumIn() == 0 || typ.In(0) != contextType {
		front = append(front, contextType)
	}
	if typ.NumOut() == 0 || typ.Out(typ.NumOut()-1) != errorType {
		end = append(end, errorType)
	}
	c.bound = funcType(typ, front, end)
	return c
}

// outcome is what a call led to.
type outcome struct {
	receiver []reflect.Value // none or one
	args     []reflect.Value
	given    string // the receiver and the arguments before the call
	results  []reflect.Value
	panicked string
	failed   error // the call itself, and not the function
	refused  bool  // failed is why the method cannot be bound
	maker    *maker
}

// The time that a call may take: what takes longer natively is left out.
const (
	nativeTime = time.Second
	loadedTime = 10 * time.Second
)

var errSlow = errors.New("it takes longer than a second")

// side calls functions natively or in the module.
type side interface {
	native() bool
	// object makes a value of a type that stays in the module.
	object(m *maker, t reflect.Type) reflect.Value
	// call calls a function value of this side.
	call(f reflect.Value, args []reflect.Value) []reflect.Value
	invoke(c *callable, o *outcome)
}

type nativeSide struct{ *objects }

func (nativeSide) native() bool { return true }

func (nativeSide) call(f reflect.Value, args []reflect.Value) []reflect.Value {
	return callAny(f, args)
}

func callAny(f reflect.Value, args []reflect.Value) []reflect.Value {
	if f.Type().IsVariadic() {
		return f.CallSlice(args)
	}
	return f.Call(args)
}

func (s nativeSide) object(m *maker, t reflect.Type) reflect.Value { return s.make(m, t) }

func (s nativeSide) invoke(c *callable, o *outcome) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				o.panicked = fmt.Sprint(r)
			}
		}()
		f := c.native
		if c.receiver != nil {
			f = o.receiver[0].MethodByName(c.method)
		}
		o.results = callAny(f, o.args)
	}()
	select {
	case <-done:
	case <-time.After(nativeTime):
		*o = outcome{failed: errSlow}
	}
}

type loadedSide struct{ *objects }

func (loadedSide) native() bool { return false }

func (loadedSide) call(f reflect.Value, args []reflect.Value) []reflect.Value {
	return callAny(f, args)
}

func (s loadedSide) object(m *maker, t reflect.Type) reflect.Value { return s.make(m, t) }

func (s loadedSide) invoke(c *callable, o *outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), loadedTime)
	defer cancel()
	f := c.loaded
	if c.receiver != nil {
		var err error
		if f, err = o.receiver[0].Interface().(*load.Object).Bind(c.method, c.bound); err != nil {
			o.failed, o.refused = err, true
			return
		}
	}
	args := o.args
	if c.typ.NumIn() == 0 || c.typ.In(0) != contextType {
		args = append([]reflect.Value{reflect.ValueOf(ctx)}, args...)
	}
	defer func() {
		if r := recover(); r != nil {
			o.failed = fmt.Errorf("a function with an error result panicked: %v", r)
		}
	}()
	results := callAny(f, args)
	err, _ := results[len(results)-1].Interface().(error)
	o.results = results[:c.typ.NumOut()]
	var panicked *engine.PanicError
	if errors.As(err, &panicked) {
		o.results, o.panicked = nil, panicked.Value
	} else if err != nil && len(results) > c.typ.NumOut() {
		o.failed = err
	}
}

// objects makes the values that stay in the module, by the calls that returned such values before.
type objects struct{ recipes map[reflect.Type][]recipe }

type recipe struct {
	callable *callable
	seed     uint64
	result   int
}

const (
	maxRecipes = 6 // how many calls are remembered for one type
	maxWithin  = 5 // how deep the arguments of such calls are made by such calls
)

func (o *objects) make(m *maker, t reflect.Type) reflect.Value {
	list := o.recipes[t]
	if len(list) == 0 && t.Kind() == reflect.Interface {
		list = o.implementing(t)
	}
	if len(list) == 0 {
		panic(errNone{t})
	}
	if m.within == maxWithin {
		panic(errNone{t})
	}
	r := pick(m, list)
	made := r.callable.run(m.on, r.seed, m.strings, m.within+1)
	if r.result >= len(made.results) {
		panic(errNone{t})
	}
	v := made.results[r.result]
	if m.on.native() && v.Type() != t {
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		return v.Convert(t)
	}
	return v
}

// implementing are the calls of the first type, by its name, that implements an interface.
func (o *objects) implementing(t reflect.Type) []recipe {
	var first reflect.Type
	for have := range o.recipes {
		if have.Implements(t) && (first == nil || have.String() < first.String()) {
			first = have
		}
	}
	return o.recipes[first]
}

// keep remembers the call for each of its results that stays in the module.
func (o *objects) keep(c *callable, seed uint64, results []reflect.Value) {
	for j, v := range results {
		t := c.typ.Out(j)
		if hostType(t) != objectType || len(o.recipes[t]) == maxRecipes {
			continue
		}
		if (t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface) && v.IsNil() {
			continue
		}
		o.recipes[t] = append(o.recipes[t], recipe{c, seed, j})
	}
}

// run calls with the arguments that follow from the seed. It panics with an errNone if there are
// none.
func (c *callable) run(on side, seed uint64, strings []string, within int) *outcome {
	o := &outcome{maker: newMaker(on, seed, strings)}
	o.maker.within = within
	if c.receiver != nil {
		o.receiver = []reflect.Value{on.object(o.maker, c.receiver)}
	}
	o.args = o.maker.arguments(c.typ)
	o.given = describe(append(slices.Clip(o.receiver), o.args...))
	on.invoke(c, o)
	return o
}

// compare returns the first difference of two outcomes, or "".
func compare(n, l *outcome) string {
	c := newComparer(n.maker, l.maker)
	switch {
	case l.failed != nil:
		return "native returns, loaded fails: " + l.failed.Error()
	case n.panicked != l.panicked:
		return fmt.Sprintf("native panics with %q, loaded with %q", n.panicked, l.panicked)
	case !slices.Equal(n.maker.seen, l.maker.seen):
		return fmt.Sprintf("callbacks: native %.300q, loaded %.300q", n.maker.seen, l.maker.seen)
	}
	if d := c.values("argument", n.args, l.args); d != "" {
		return d
	}
	if d := c.values("result", n.results, l.results); d != "" {
		return d
	}
	return c.values("receiver", n.receiver, l.receiver)
}
