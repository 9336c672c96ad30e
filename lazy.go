package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"sync/atomic"

	"github.com/loadgo/load/internal/forward"
	"github.com/loadgo/load/internal/phrase"
)

// Ref is a function of a module that is loaded when it is first used; see [Lazy]. It is a small
// value: copies share what they load. All methods are safe for concurrent use.
type Ref[F any] struct{ r *ref[F] }

type ref[F any] struct {
	lazy
	first F // loads the module when it is called
	bound atomic.Pointer[boundFunc[F]]
}

// boundFunc is a function and the module that it is of.
type boundFunc[F any] struct {
	f      F
	module *Module
	crash  *atomic.Pointer[error]
}

// Lazy returns a reference to a function of a module, which is bound to the Go function type F as
// [Func] does it. Nothing happens until it is used:
//
//	slug := load.Lazy[func(string) string](l, "github.com/gosimple/slug", "Make")
//	slug.Get()("Hello, Wörld") // the first call finds, installs, compiles and starts the module
//
// A later use costs a few atomic loads more than the call. The reference follows its module: after
// a reload, an unload, a crash or an eviction the next use has the function of the instance that
// runs, or loads one. No reload puts an instance in place to which a live reference no longer
// binds. Lazy panics with a [*SymbolError] where F is not a function type.
func Lazy[F any](l *Loader, name, symbol string, options ...LoadOption) Ref[F] {
	r := &ref[F]{lazy: lazy{follower: follower{loader: l, name: name, options: options}, symbol: symbol, t: reflect.TypeFor[F]()}}
	if r.t.Kind() != reflect.Func {
		panic(&SymbolError{Module: name, Symbol: symbol, Want: r.t.String(), Have: "func", Reason: "load.Lazy takes a function type"})
	}
	r.first = forward.Func(r.t, func(ctx context.Context) (reflect.Value, error) {
		f, err := r.load(ctx)
		return reflect.ValueOf(f), err
	}).Interface().(F)
	r.prepare = func(_ context.Context, old, fresh *Module) (take func(), err error) {
		v, err := r.rebind(old, fresh)
		if err != nil || !v.IsValid() {
			return nil, err
		}
		b := &boundFunc[F]{v.Interface().(F), fresh, fresh.entry.Crash}
		return func() { r.bound.Store(b) }, nil
	}
	l.followers.Add(&r.follower)
	return Ref[F]{r}
}

// Get returns the function, without waiting for anything. Where the module is not loaded, it is a
// function that loads it when it is called, with the call's own context if it has one, and then
// calls the module's. What that load meets, a [*LoadError] or a [*SymbolError], is the call's
// trailing error, or a panic where F has none.
//
// The function is meant to be called now: one that is kept does not follow reloads.
func (r Ref[F]) Get() F {
	if b := r.r.bound.Load(); b != nil && b.module.entry.Noted() && b.crash.Load() == nil {
		return b.f
	}
	return r.r.again()
}

// Load loads the module if need be, and returns the function.
func (r Ref[F]) Load(ctx context.Context) (F, error) {
	if b := r.r.bound.Load(); b != nil && b.module.entry.Use() {
		return b.f, nil
	}
	return r.r.load(ctx)
}

// again is Get beyond the quick look.
func (r *ref[F]) again() F {
	if b := r.bound.Load(); b != nil && b.module.entry.Use() {
		return b.f
	}
	return r.first
}

func (r *ref[F]) load(ctx context.Context) (f F, err error) {
	v, m, err := r.bind(ctx)
	if err != nil {
		return f, err
	}
	f = v.Interface().(F)
	r.bound.Store(&boundFunc[F]{f, m, m.entry.Crash})
	return f, nil
}

// lazy is a symbol of a module that need not run yet.
type lazy struct {
	follower
	symbol string
	t      reflect.Type
}

// bind loads the module and binds the symbol.
func (z *lazy) bind(ctx context.Context) (reflect.Value, *Module, error) {
	for {
		m, err := z.loader.Load(ctx, z.name, z.options...)
		if err != nil {
			return reflect.Value{}, nil, err
		}
		v, err := m.BindAs(z.symbol, z.t)
		if !errors.Is(err, ErrUnloaded) {
			return v, m, err
		}
		// It was unloaded between the two, however often that may happen.
	}
}

// LazyBind fills the exported fields of the struct that api points to with functions of a module
// that is loaded when one of them is first called, as [Lazy] does it; names and tags are as with
// [Module.Bind]. Unlike those of a [Ref], the functions can be kept: each call looks for the
// instance that runs. The error is a [*SymbolError] for fields that are no functions; whether the
// module has them is found when they are called.
func (l *Loader) LazyBind(name string, api any, options ...LoadOption) error {
	v := reflect.ValueOf(api)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return &SymbolError{Module: name, Symbol: "*", Want: fmt.Sprintf("%T", api), Have: "a pointer to a struct", Reason: "LazyBind fills a struct"}
	}
	return forward.Struct(v.Elem(), func(symbol string, t reflect.Type) (reflect.Value, error) {
		if t.Kind() != reflect.Func {
			return reflect.Value{}, &SymbolError{Module: name, Symbol: symbol, Want: t.String(), Have: "func", Reason: "what is bound lazily has to be a function"}
		}
		z := &lazy{follower: follower{loader: l, name: name, options: options}, symbol: symbol, t: t}
		bound := new(atomic.Pointer[boundFunc[reflect.Value]])
		z.prepare = func(_ context.Context, old, fresh *Module) (take func(), err error) {
			v, err := z.rebind(old, fresh)
			if err != nil || !v.IsValid() {
				return nil, err
			}
			b := &boundFunc[reflect.Value]{v, fresh, fresh.entry.Crash}
			return func() { bound.Store(b) }, nil
		}
		l.followers.Add(&z.follower)
		return forward.Func(t, func(ctx context.Context) (reflect.Value, error) {
			if b := bound.Load(); b != nil && b.module.entry.Use() {
				return b.f, nil
			}
			f, m, err := z.bind(ctx)
			if err == nil {
				bound.Store(&boundFunc[reflect.Value]{f, m, m.entry.Crash})
			}
			return f, err
		}), nil
	})
}

// Sub loads a package or script below the module's own, by its path from there: "cases" of
// golang.org/x/text. It has the module's version, and is built from the modules that this version
// needs; it is a module of its own.
func (m *Module) Sub(ctx context.Context, sub string, options ...LoadOption) (*Module, error) {
	name := m.Name() + "/" + sub
	if !fs.ValidPath(sub) || sub == "." {
		return nil, loadError(name, &NameError{Name: name, Reason: fmt.Sprintf("%q is no path below a module", sub)})
	}
	switch {
	case filepath.IsAbs(m.Name()):
		name = filepath.Join(m.entry.Spec.Source.Dir, filepath.FromSlash(sub))
	case m.entry.Spec.Module != "":
		name = path.Join(m.Name(), sub) + phrase.Version(m.Version())
	}
	return m.loader.Load(ctx, name, options...)
}

// Derived is a value that the program makes of a module, such as what a constructor returned; see
// [Derive]. It is a small value: copies share what they make. All methods are safe for concurrent
// use.
type Derived[T any] struct{ d *derived[T] }

type derived[T any] struct {
	follower
	make   func(ctx context.Context, m *Module) (T, error)
	making chan struct{} // holds a token while the value is made
	made   atomic.Pointer[madeOf[T]]
}

// madeOf is a value and the module that it was made of.
type madeOf[T any] struct {
	value  T
	module *Module
}

// Derive returns a value that is made of a module when it is first used, and made again of each
// instance that takes the module's place:
//
//	handler := load.Derive(l, name, func(ctx context.Context, m *load.Module) (http.Handler, error) {
//		create, err := load.Func[func(context.Context, http.Handler) (http.Handler, error)](m, "New")
//		if err != nil {
//			return nil, err
//		}
//		return create(ctx, next)
//	})
//
// A reload makes the value of the new instance before that takes over; where make fails or panics,
// the old instance stays. After a crash or an unload the next use loads the module and makes the
// value again. The context of make lasts until the loader is closed. make may run for an instance
// that is then given up; it must not use the Derived itself.
func Derive[T any](l *Loader, name string, make func(ctx context.Context, m *Module) (T, error), options ...LoadOption) Derived[T] {
	d := &derived[T]{follower: follower{loader: l, name: name, options: options}, make: make, making: newToken()}
	d.prepare = func(_ context.Context, _, fresh *Module) (take func(), err error) {
		if d.made.Load() == nil {
			return nil, nil // the program does not use it yet
		}
		value, err := d.make(l.life, fresh)
		if err != nil {
			return nil, err
		}
		return func() { d.made.Store(&madeOf[T]{value, fresh}) }, nil
	}
	l.followers.Add(&d.follower)
	return Derived[T]{d}
}

func newToken() chan struct{} { return make(chan struct{}, 1) }

// Get returns the value for the instance that runs. If there is none, it loads the module and
// makes the value; calls at once share that. The error is a [*LoadError], or what make returned.
// Use the value now: one that is kept does not follow reloads.
func (d Derived[T]) Get(ctx context.Context) (T, error) {
	if value, ok := d.d.present(); ok {
		return value, nil
	}
	select {
	case d.d.making <- struct{}{}:
		defer func() { <-d.d.making }()
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
	for {
		if value, ok := d.d.present(); ok {
			return value, nil
		}
		value, err := d.d.again(ctx)
		if !errors.Is(err, ErrUnloaded) || ctx.Err() != nil {
			return value, err
		}
		// It was unloaded between the load and make; load it again.
	}
}

func (d *derived[T]) present() (value T, ok bool) {
	if made := d.made.Load(); made != nil && made.module.entry.Use() {
		return made.value, true
	}
	return value, false
}

// again loads the module and makes the value.
func (d *derived[T]) again(ctx context.Context) (value T, err error) {
	m, err := d.loader.Load(ctx, d.name, d.options...)
	if err != nil {
		return value, err
	}
	defer panicked(m, "what makes a value of it", &err)
	if value, err = d.make(d.loader.life, m); err == nil {
		d.made.Store(&madeOf[T]{value, m})
	}
	return value, err
}
