package load

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"

	"github.com/loadgo/load/internal/instantiation"
)

// From loads a module and fills the struct that api points to from it, as [Module.Bind] does it.
// Instantiations that its fields name, as in the tag `load:"Uniq[int]"`, are built into the module,
// as [Instantiate] does it.
func (l *Loader) From(ctx context.Context, name string, api any, options ...LoadOption) (*Module, error) {
	if v := reflect.Indirect(reflect.ValueOf(api)); v.Kind() == reflect.Struct {
		var instances []string
		for field := range v.Type().Fields() {
			if symbol := field.Tag.Get("load"); field.IsExported() && instantiation.Is(symbol) {
				instances = append(instances, symbol)
			}
		}
		if len(instances) > 0 {
			options = append(options[:len(options):len(options)], Instantiate(instances...))
		}
	}
	m, err := l.Load(ctx, name, options...)
	if err != nil {
		return nil, err
	}
	return m, m.Bind(api)
}

// Requires returns a function like fn that first loads the modules of the given names, once:
// "slug=github.com/gosimple/slug" lets fn find them by short names. They are loaded at the first
// call, all at once, with the call's own context if it begins with one. What that meets is the
// call's trailing error, or a panic where fn has none; fn does not run then, and the next call
// tries again.
//
// Requires panics with a [*SymbolError] where fn is not a function.
func Requires[F any](l *Loader, fn F, names ...string) F {
	f := reflect.ValueOf(fn)
	t := reflect.TypeFor[F]()
	if t.Kind() != reflect.Func || f.IsNil() {
		panic(&SymbolError{Module: "load.Requires", Symbol: "fn", Want: t.String(), Have: "func", Reason: "it wraps a function"})
	}
	var loaded atomic.Bool
	return forward(t, func(ctx context.Context) (reflect.Value, error) {
		if !loaded.Load() {
			if _, err := l.LoadAll(ctx, names...); err != nil {
				return reflect.Value{}, err
			}
			loaded.Store(true)
		}
		return f, nil
	}).Interface().(F)
}

// With loads a module, calls f with it, and unloads it, also where f panics. A module that runs
// already, or that another module imports meanwhile, stays; of several calls at once the last one
// unloads. The errors of f and of the unload are joined.
func (l *Loader) With(ctx context.Context, name string, f func(*Module) error, options ...LoadOption) (err error) {
	m, err := l.borrow(ctx, name, options)
	if err != nil {
		return err
	}
	defer func() {
		if !l.cache.giveBack(m) {
			return
		}
		_, unloadErr := l.end(context.WithoutCancel(ctx), m, "")
		err = errors.Join(err, unloadErr)
	}()
	return f(m)
}

// borrow loads a module for a time.
func (l *Loader) borrow(ctx context.Context, name string, options []LoadOption) (*Module, error) {
	for {
		before := l.cache.loads.Load()
		m, err := l.Load(ctx, name, options...)
		if err != nil {
			return nil, err
		}
		if l.cache.borrow(m, before) {
			return m, nil
		}
	}
}
