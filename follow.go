package load

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/running"
)

// follower is what follows the module of a name through all instances that run it: a [Ref], or a
// function of [Loader.LazyBind].
type follower struct {
	loader  *Loader
	name    string
	options []LoadOption
	// prepare makes what the program uses of the new instance. The follower turns to it when take
	// is called. The error says what the program uses of the old instance and the new one does not
	// have; where old is nil, what the new one does not have.
	prepare func(ctx context.Context, old, fresh *Module) (take func(), err error)
}

// module returns the running module that the follower's name leads to, or nil.
func (f *follower) module() *Module {
	r, err := f.loader.request(f.name, f.options)
	if err != nil {
		return nil
	}
	return f.loader.cache.First(r.keys())
}

// rebind makes of a generation what the program uses of the modules that it replaces, and was not
// made before. The followers turn to it by takes. The error is an [*UnboundError].
func (l *Loader) rebind(ctx context.Context, g *generation, takes map[*follower]func()) error {
	lost := &UnboundError{}
	for _, f := range l.followers.Held() {
		old := f.module()
		fresh := g.Fresh[old]
		if old == nil || fresh == nil || takes[f] != nil || !running.Carries(f.name, old.entry.Spec, fresh.entry.Spec) {
			continue
		}
		take, err := f.try(ctx, old, fresh)
		switch {
		case err != nil:
			lost.add(err)
		case take != nil:
			takes[f] = take
		}
	}
	if len(lost.Lost) > 0 {
		return lost
	}
	return nil
}

// try is prepare, whose panic is an error.
func (f *follower) try(ctx context.Context, old, fresh *Module) (take func(), err error) {
	defer panicked(fresh, "what makes a value of it", &err)
	return f.prepare(ctx, old, fresh)
}

// add notes what is lost, once.
func (e *UnboundError) add(err error) {
	if !slices.ContainsFunc(e.Lost, func(other error) bool { return other.Error() == err.Error() }) {
		e.Lost = append(e.Lost, err)
	}
}

// rebind binds the symbol in the new instance. There is nothing to bind where neither has it.
func (z *lazy) rebind(old, fresh *Module) (v reflect.Value, err error) {
	v, err = fresh.BindAs(z.symbol, z.t)
	var unfit *SymbolError
	if errors.As(err, &unfit) && old != nil {
		if _, before := old.BindAs(z.symbol, z.t); before != nil {
			return reflect.Value{}, nil
		}
	}
	return v, err
}

// UnboundError reports what the program uses of a module, through a [Ref] or functions of
// [Loader.LazyBind], and the new instance does not have. The old instance stays, or is started
// again.
type UnboundError struct {
	Lost []error // each a [*SymbolError], or what another use met
}

func (e *UnboundError) Error() string {
	var b strings.Builder
	b.WriteString("the program uses what no longer binds")
	for _, err := range e.Lost {
		b.WriteString("\n\t" + strings.ReplaceAll(err.Error(), "\n", "\n\t"))
	}
	return b.String()
}

func (e *UnboundError) Unwrap() []error { return e.Lost }

// reap drops the module of that name if it has crashed, and frees what it still holds.
func (l *Loader) reap(ctx context.Context, name string) {
	if m := l.cache.Reap(name); m != nil {
		_ = m.entry.Close(context.WithoutCancel(ctx)) // the call that met the crash told how it ended
	}
}

// succeed decides what runs under a name whose module went: what was found, or the former module
// where the program uses something that what was found does not have. What was started to find out
// is returned, too.
func (l *Loader) succeed(ctx context.Context, found *Spec, f *running.Flight[Module]) (*Spec, *Module, error) {
	followers, gone := l.left(f.Key(), found)
	if len(followers) == 0 || plan.Identity(gone.Spec) == plan.Identity(found) && gone.Spec.Source.Hash == found.Source.Hash {
		return found, nil, nil
	}
	begin := func(spec *Spec, artifactOnly bool) (*Module, error) {
		return l.start(ctx, spec, artifactOnly, importer{loader: l, flight: f, imports: new(running.Imports[Module])})
	}
	lost := &UnboundError{}
	fresh, err := begin(found, false)
	if err == nil {
		if followers = lost.among(ctx, followers, nil, fresh); len(followers) == 0 {
			return found, fresh, nil
		}
		defer func() {
			if fresh != nil {
				_ = fresh.entry.Close(context.WithoutCancel(ctx))
			}
		}()
		err = lost
	}
	if ctx.Err() != nil {
		return nil, nil, err
	}
	old, oldErr := begin(gone.Spec, gone.ArtifactOnly || gone.Spec.Version == "")
	if oldErr != nil {
		return nil, nil, fmt.Errorf("%w\n\twhat ran before cannot be started again: %v", err, oldErr)
	}
	if fresh != nil {
		lost.Lost = nil
		if len(lost.among(ctx, followers, old, fresh)) == 0 { // the former one had it neither
			m := fresh
			fresh = nil
			return found, m, old.entry.Close(context.WithoutCancel(ctx))
		}
	}
	l.emit(event.Kept{Name: f.Name, Err: fmt.Errorf("%w\n\twhat ran before was started again", loadError(f.Name, err))})
	return gone.Spec, old, nil
}

// left returns the module that went from a name, and what the program follows of it that found
// would succeed.
func (l *Loader) left(key string, found *Spec) (followers []*follower, gone *running.Former) {
	gone, keys := l.cache.Former(key)
	if gone == nil {
		return nil, nil
	}
	for _, f := range l.followers.Held() {
		r, err := l.request(f.name, f.options)
		if err == nil && running.Carries(f.name, gone.Spec, found) && slices.ContainsFunc(r.keys(), func(key string) bool { return keys[key] }) {
			followers = append(followers, f)
		}
	}
	return followers, gone
}

// among collects what followers use of an old instance and a new one does not have, and returns
// those followers.
func (e *UnboundError) among(ctx context.Context, followers []*follower, old, fresh *Module) (losers []*follower) {
	for _, f := range followers {
		if _, err := f.try(ctx, old, fresh); err != nil {
			e.add(err)
			losers = append(losers, f)
		}
	}
	return losers
}
