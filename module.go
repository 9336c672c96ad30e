package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/forward"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/running"
	"github.com/loadgo/load/report"
)

// The everyday words of the contracts.
type (
	Event  = event.Event
	Limits = engine.Limits
	Object = engine.Object
	Sink   = event.Sink
	Spec   = find.Spec
	Spread = engine.Spread
	Symbol = engine.Symbol
)

// Module is a running, registered module. All methods are safe for concurrent use. A module that
// was unloaded answers everything with [ErrUnloaded].
type Module struct {
	loader *Loader
	entry  running.Entry[Module]
	engine string

	request      *request // what it was loaded by
	stages       report.Stages
	loaded       time.Time
	counts       bool // the instance does not count its calls: the module does where it sees them
	grants       engine.Grants
	limits       engine.Limits
	artifactSize int64 // bytes; 0 where nothing was compiled

	adopted sync.Map // key → func() []engine.Twin: the types that siblings take, too
}

func newModule(l *Loader, spec *Spec, eng string, instance engine.Instance) *Module {
	m := &Module{loader: l, engine: eng, counts: engine.UsageOf(instance) == nil}
	m.entry.Init(entryOf, spec, instance)
	return m
}

// entryOf is how tables get at what they know of a module.
func entryOf(m *Module) *running.Entry[Module] { return &m.entry }

// Name returns the canonical name: the import path, or the absolute directory.
func (m *Module) Name() string { return m.entry.Spec.Name }

// Version returns the exact version, or "" for a module found in a directory.
func (m *Module) Version() string { return m.entry.Spec.Version }

// Spec returns where the module came from. The caller does not change it.
func (m *Module) Spec() *Spec { return m.entry.Spec }

// Engine returns the name of the engine that runs the module.
func (m *Module) Engine() string { return m.engine }

// String returns the name and the version.
func (m *Module) String() string { return m.entry.String() }

// Symbols lists what the module exports, sorted by name.
func (m *Module) Symbols() []Symbol { return m.entry.Instance.Symbols() }

// Isolation tells what keeps the module from the host.
func (m *Module) Isolation() engine.Isolation {
	if i, ok := m.entry.Instance.(engine.Isolated); ok {
		return i.Isolation()
	}
	return engine.Isolation{Level: "none"}
}

// Grants tells what policies gave the module when it started, beyond what its engine gives to all.
// The caller does not change it. Its Env may hold secrets.
func (m *Module) Grants() engine.Grants { return m.grants }

// Limits tells what the module was bound to when it started, by the configuration and by policies.
func (m *Module) Limits() Limits { return m.limits }

// Call calls a function by name. The arguments are checked against the function's parameters now; a
// number fits every numeric parameter that can hold its value. Results are Go values for plain data
// and an [*Object] for everything else. The function's own trailing error is returned as err.
// Instantiations of generic functions are built on demand, as [Func] says.
func (m *Module) Call(ctx context.Context, symbol string, args ...any) ([]any, error) {
	provider, symbol, err := m.provider(ctx, symbol)
	if err != nil {
		return nil, err
	}
	if !provider.counts {
		return provider.entry.Instance.Call(ctx, symbol, args)
	}
	if err := provider.entry.Usage.Begin(); err != nil {
		return nil, err
	}
	defer provider.entry.Usage.End(nil)
	return provider.entry.Instance.Call(ctx, symbol, args)
}

// BindAs binds a symbol to the host's type t, a function's or a value's, as [Func] and [Value] do
// for types that are known when the program is compiled.
func (m *Module) BindAs(symbol string, t reflect.Type) (reflect.Value, error) {
	m.entry.Use()
	provider, symbol, err := m.provider(context.Background(), symbol)
	if err != nil {
		return reflect.Value{}, err
	}
	if provider != m {
		m.adopted.Range(func(key, twins any) bool {
			provider.Adopt(key, twins.(func() []engine.Twin))
			return true
		})
	}
	return provider.entry.Instance.Bind(symbol, t)
}

// Adopt lets the module have types of the program that were generated for its own, as package stub
// does it. The key stands for the list, which is asked for once.
func (m *Module) Adopt(key any, twins func() []engine.Twin) {
	if _, ok := m.adopted.Load(key); ok {
		return
	}
	if a, ok := m.entry.Instance.(engine.Adopter); ok {
		a.Adopt(key, twins)
	}
	m.adopted.Store(key, twins)
}

// Func binds a function of the module to the Go function type F, once; calls through the result
// look nothing up. F is the module's signature with the host's own types of the same shape. F may
// add a leading [context.Context], whose cancellation ends the call, and a trailing error, which
// carries what the call itself can meet: [ErrUnloaded], [ErrCrashed], [*PanicError]. Without one,
// such an error panics.
//
// A generic function is bound as an instantiation, "Uniq[int]". One that the module was not built
// with, as [Instantiate] does it, is compiled now, at first use, and kept in the store. It runs in
// an instance of its own beside the module and ends with it: package variables there are its own,
// and objects of the module cannot be its arguments.
func Func[F any](m *Module, symbol string) (F, error) {
	var f F
	t := reflect.TypeFor[F]()
	if t.Kind() != reflect.Func {
		return f, &SymbolError{Module: m.Name(), Symbol: symbol, Want: t.String(), Have: "func", Reason: "load.Func takes a function type; use load.Value for " + t.String()}
	}
	v, err := m.BindAs(symbol, t)
	if err != nil {
		return f, err
	}
	return v.Interface().(F), nil
}

// Value returns the present value of a variable or a constant of the module as a T.
func Value[T any](m *Module, symbol string) (T, error) {
	var value T
	v, err := m.BindAs(symbol, reflect.TypeFor[T]())
	if err != nil {
		return value, err
	}
	reflect.ValueOf(&value).Elem().Set(v)
	return value, nil
}

// Set assigns to a variable of the module, with the conversions of a call by name.
func (m *Module) Set(ctx context.Context, symbol string, value any) error {
	if m.entry.Usage.Refused() {
		return ErrUnloaded
	}
	assigner, ok := m.entry.Instance.(engine.Assigner)
	if !ok {
		return &SymbolError{Module: m.Name(), Symbol: symbol, Have: "a module of " + m.engine, Reason: "its variables cannot be set"}
	}
	return assigner.Assign(ctx, symbol, value)
}

// Bind fills the exported fields of the struct that api points to from the module: a field takes
// the symbol of its name, or of its tag `load:"Name"`; a tag of "-" skips it. All fields are tried
// and all errors are returned, joined; api is changed only if there is none.
func (m *Module) Bind(api any) error {
	v := reflect.ValueOf(api)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return &SymbolError{Module: m.Name(), Symbol: "*", Want: fmt.Sprintf("%T", api), Have: "a pointer to a struct", Reason: "Bind wants a pointer to a struct that is not nil, so that it can fill its fields"}
	}
	return forward.Struct(v.Elem(), m.BindAs)
}

// Method binds a method of the object to the Go function type F, as [Func] binds a function. The
// result keeps the object.
func Method[F any](o *Object, name string) (F, error) {
	var f F
	v, err := o.Bind(name, reflect.TypeFor[F]())
	if err != nil {
		return f, err
	}
	return v.Interface().(F), nil
}

// As makes an object a value of a standard interface that it implements in its module: io.Reader,
// io.Writer, io.Closer and their combinations, fs.FS, http.Handler, fmt.Stringer or sort.Interface.
// The result keeps the object.
func As[T any](o *Object) (T, error) {
	var value T
	v, err := o.Adapt(reflect.TypeFor[T]())
	if err != nil {
		return value, err
	}
	return v.Interface().(T), nil
}

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
	return forward.Func(t, func(ctx context.Context) (reflect.Value, error) {
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
		if !l.cache.GiveBack(m) {
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
		before := l.cache.Loads()
		m, err := l.Load(ctx, name, options...)
		if err != nil {
			return nil, err
		}
		if l.cache.Borrow(m, before) {
			return m, nil
		}
	}
}

// Modules lists the modules that run, each once, sorted by name and version.
func (l *Loader) Modules() iter.Seq[*Module] {
	return func(yield func(*Module) bool) {
		for _, m := range l.cache.All() {
			if !m.entry.Crashed() && !yield(m) {
				return
			}
		}
	}
}
