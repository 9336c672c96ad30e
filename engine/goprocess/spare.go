package goprocess

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/wire"
)

// fillAfter is how long the first calls of an instance have the processors to themselves before a
// spare child is started.
const fillAfter = 50 * time.Millisecond

// crashedWait is how long the spare children of a module wait for its next start after its last
// instance crashed and was closed: a loader closes what crashed before it starts the module again.
const crashedWait = 5 * time.Second

// spares are the children that were started ahead, by what they are children of.
type spares struct {
	most int // of one module
	mu   sync.Mutex
	of   map[string]*spare
}

// spare is the children that wait for the next start of one module.
type spare struct {
	open    int // instances that run, and that crashed and were not closed
	waiting []*process
	start   func(context.Context) (*process, error)

	ctx     context.Context // of what starts more of them
	cancel  context.CancelFunc
	filling chan struct{} // closed when nothing is being started; nil where it never was
}

// spareKey tells apart what starts differently: another program, name, place or configuration. It
// is "" for what has no spare children.
func spareKey(config *Config, a engine.Artifact) string {
	if config.Spare <= 0 || a.Files == nil || a.Files.Sum() == "" {
		return ""
	}
	return fmt.Sprintf("%q %s %q %v %q %q %q %v %v %d", a.Spec.Name, a.Files.Sum(), a.WorkDir, a.RequireIsolation,
		config.ReadOnly, config.ReadWrite, config.Env, config.Network, config.Programs, config.Memory)
}

// places are what lies at the paths that are granted, nil for what is not there. A child may use
// what was there when it started, and nothing else that has its path later.
func places(config *Config) (all []fs.FileInfo) {
	for _, path := range slices.Concat(config.ReadOnly, config.ReadWrite) {
		info, _ := os.Stat(path)
		all = append(all, info)
	}
	return all
}

func samePlace(a, b fs.FileInfo) bool {
	return a == nil && b == nil || a != nil && b != nil && os.SameFile(a, b)
}

// take returns a child that waits, or nil. It is the caller's then.
func (s *spares) take(key string, config *Config, a engine.Artifact) *process {
	if key == "" {
		return nil
	}
	now := places(config)
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.of[key]
	for of != nil && len(of.waiting) > 0 {
		p := of.waiting[0]
		of.waiting = of.waiting[1:]
		if !slices.EqualFunc(p.places, now, samePlace) {
			p.child.Kill()
			continue
		}
		if p.claim(a) {
			return p
		}
	}
	return nil
}

// opened notes an instance, and starts what its module has too few of: start starts a child ahead.
// The caller calls closed when it closes the instance.
func (s *spares) opened(key string, start func(context.Context) (*process, error)) (closed func(ctx context.Context, crashed bool) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.of[key]
	if of == nil {
		of = new(spare)
		of.ctx, of.cancel = context.WithCancel(context.Background())
		s.of[key] = of
	}
	of.open++
	of.start = start
	if of.filling == nil || isClosed(of.filling) {
		of.filling = make(chan struct{})
		go s.fill(of)
	}
	var once sync.Once
	return func(ctx context.Context, crashed bool) (err error) {
		once.Do(func() { err = s.closed(ctx, key, of, crashed) })
		return err
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// fill starts children until there are enough, or one does not start: the next start tells why.
func (s *spares) fill(of *spare) {
	select {
	case <-time.After(fillAfter):
	case <-of.ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(of.filling)
	for of.ctx.Err() == nil && len(of.waiting) < s.most {
		start := of.start
		s.mu.Unlock()
		p, err := start(of.ctx)
		s.mu.Lock()
		if err != nil {
			return
		}
		of.waiting = append(of.waiting, p)
	}
}

// closed notes that an instance was closed, and ends the children that wait for its module where it
// was the last one: at once, or, where it crashed, if the module is not started again.
func (s *spares) closed(ctx context.Context, key string, of *spare, crashed bool) error {
	s.mu.Lock()
	of.open--
	s.mu.Unlock()
	if crashed {
		time.AfterFunc(crashedWait, func() { _ = s.end(context.Background(), key, of) })
		return nil
	}
	return s.end(ctx, key, of)
}

// end ends the children that wait for a module of which nothing runs, and those being started.
func (s *spares) end(ctx context.Context, key string, of *spare) error {
	s.mu.Lock()
	if of.open > 0 || s.of[key] != of {
		s.mu.Unlock()
		return nil
	}
	delete(s.of, key)
	of.cancel()
	s.mu.Unlock()
	select {
	case <-of.filling:
	case <-ctx.Done():
		go func() { <-of.filling; _ = of.stop(context.Background()) }()
		return context.Cause(ctx)
	}
	return of.stop(ctx)
}

// stop ends the children that wait, which nobody can take any more.
func (of *spare) stop(ctx context.Context) (err error) {
	for _, p := range of.waiting {
		p.child.Kill()
	}
	for _, p := range of.waiting {
		select {
		case <-p.ended:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	return err
}

// The states of a process that was started ahead; others are taken from the beginning.
const (
	taken int32 = iota
	waits
	gone // it ended before anybody took it
)

// claim makes a process that waits the child of an instance, and reports whether it still runs.
func (p *process) claim(a engine.Artifact) bool {
	p.adopt(a)
	if !p.waiting.CompareAndSwap(waits, taken) {
		return false
	}
	p.print()
	return true
}

// rehearse makes a call that the module refuses, of an object that it does not have: most of what a
// first call takes is memory that is touched for the first time, on both sides.
func (p *process) rehearse(ctx context.Context) {
	message := &wire.Encoder{Buf: make([]byte, host.Headroom)}
	message.Uint(0)
	_, _ = p.conn.Call(ctx, "", wire.FuncText, 0, message)
}
