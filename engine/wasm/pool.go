package wasm

import (
	"context"
	"reflect"
	"sync"

	"github.com/loadgo/load/engine"
)

// pool is a module that several instances run. It implements [engine.Instance].
type pool struct {
	*module // the first

	free chan struct{} // a token for each instance that runs no call, started or not

	mu     sync.Mutex
	idle   []*module // those that were started and run no call, the one last used at the end
	all    []*module
	closed bool
}

// warm is how many instances keep what they need for the next call at hand where none runs.
const warm = 8

func newPool(first *module) *pool {
	n := first.config.Instances
	p := &pool{module: first, free: make(chan struct{}, n), idle: []*module{first}, all: []*module{first}}
	for range n {
		p.free <- struct{}{}
	}
	return p
}

// take returns an instance that runs no call: of those that were started the one last used, or else
// a new one. It has to be put back.
func (p *pool) take(ctx context.Context) (*module, error) {
	if p.reentered(ctx) {
		return nil, ErrReentered
	}
	select {
	case <-p.free:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.module.ctx.Done():
		return nil, engine.ErrUnloaded
	}
	p.mu.Lock()
	if last := len(p.idle) - 1; last >= 0 {
		m := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return m, nil
	}
	p.mu.Unlock()
	return p.start(ctx)
}

// start starts one more instance.
func (p *pool) start(ctx context.Context) (*module, error) {
	m, err := p.shared.open(ctx)
	if err != nil {
		p.free <- struct{}{}
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, m)
	if p.closed {
		go func() { _ = m.Close(context.Background()) }()
		return nil, engine.ErrUnloaded
	}
	return m, nil
}

// put takes an instance back. When no call runs, those that were not among the last used give back
// memory that only calls need.
func (p *pool) put(m *module) {
	p.mu.Lock()
	p.idle = append(p.idle, m)
	if len(p.idle) == len(p.all) {
		for i := len(p.idle) - warm - 1; i >= 0 && p.idle[i].rest(); i-- {
		}
	}
	p.mu.Unlock()
	p.free <- struct{}{}
}

// Call implements [engine.Instance].
func (p *pool) Call(ctx context.Context, symbol string, args []any) ([]any, error) {
	m, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	defer p.put(m)
	return m.Call(ctx, symbol, args)
}

// Bind implements [engine.Instance]. A function runs in whichever instance is free.
func (p *pool) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	v, err := p.module.Bind(symbol, t)
	if err != nil || t.Kind() != reflect.Func {
		return v, err
	}
	var bound sync.Map // of each instance
	bound.Store(p.module, v)
	in := func(m *module) (reflect.Value, error) {
		if v, ok := bound.Load(m); ok {
			return v.(reflect.Value), nil
		}
		v, err := m.Bind(symbol, t)
		if err == nil {
			bound.Store(m, v)
		}
		return v, err
	}
	f := newGoFunction(t)
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		m, err := p.take(f.context(args))
		if err != nil {
			return f.failed(p.name, symbol, err)
		}
		defer p.put(m)
		v, err := in(m)
		switch {
		case err != nil:
			return f.failed(p.name, symbol, err)
		case t.IsVariadic():
			return v.CallSlice(args)
		}
		return v.Call(args)
	}), nil
}

// Memory implements [engine.Measurable]: that of all instances.
func (p *pool) Memory() engine.Memory {
	p.mu.Lock()
	defer p.mu.Unlock()
	total := p.module.Memory()
	for _, m := range p.all[1:] {
		more := m.Memory()
		total.Now, total.Peak = total.Now+more.Now, total.Peak+more.Peak
	}
	return total
}

// Close implements [engine.Instance].
func (p *pool) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	all := p.all
	p.mu.Unlock()
	errs := make(chan error, len(all))
	for _, m := range all {
		go func() { errs <- m.Close(ctx) }()
	}
	var first error
	for range all {
		if err := <-errs; err != nil {
			first = err
		}
	}
	return first
}
