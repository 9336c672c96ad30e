package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

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
	l.follow(&d.follower)
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
	if made := d.made.Load(); made != nil && made.module.use() {
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
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Module: m.Name(), Symbol: "what makes a value of it", Value: fmt.Sprint(v)}
		}
	}()
	if value, err = d.make(d.loader.life, m); err == nil {
		d.made.Store(&madeOf[T]{value, m})
	}
	return value, err
}
