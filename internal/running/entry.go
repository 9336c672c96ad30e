package running

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/plan"
)

// Entry is what a table knows of a module, which holds it. The exported fields are set before the
// module is registered, and not changed then.
type Entry[M any] struct {
	Crash        *atomic.Pointer[error] // nil as long as the module runs
	mark         atomic.Uint32          // how it stands; every look-up reads this and the crash
	Spec         *find.Spec
	Instance     engine.Instance
	Usage        *engine.Usage
	Imports      *Imports[M]
	ArtifactOnly bool          // its source may have changed since it was compiled: only its artifact runs
	Siblings     Table[M]      // by the instantiation that each was made for
	Gone         chan struct{} // closed when it was closed after it was dropped

	identity string

	// Guarded by the mutex of the table.
	registered, dropped bool
	pins                int
	borrowers           int       // the calls that use it for a time
	lent                bool      // it was loaded for one of them
	number              int64     // how many modules were registered before it, and it
	used                int64     // the look that last found it used
	seen                int64     // its calls at the last look
	lastUsed            time.Time // as far as the looks tell
}

// The marks of a module; 0 is one that was used since the table last looked.
const (
	markUnused = 1 + iota // nobody has used it since the table looked
	markGone              // it is registered no more
)

// Init makes the entry of an instance; of returns the entry of any module.
func (e *Entry[M]) Init(of func(*M) *Entry[M], spec *find.Spec, instance engine.Instance) {
	e.Spec, e.Instance, e.identity = spec, instance, plan.Identity(spec)
	e.Usage, e.Gone = engine.UsageOf(instance), make(chan struct{})
	if e.Usage == nil {
		e.Usage = new(engine.Usage)
	}
	if c, ok := instance.(engine.Crashable); ok {
		e.Crash = c.Crash()
	} else {
		e.Crash = new(atomic.Pointer[error])
	}
	e.Siblings.Init(of, new(sync.Mutex))
}

// String returns the name and the version.
func (e *Entry[M]) String() string { return e.Spec.Name + phrase.Version(e.Spec.Version) }

// Crashed reports whether the module has crashed.
func (e *Entry[M]) Crashed() bool { return e.Crash.Load() != nil }

// Noted reports whether the module is registered and was used since the table last looked. A use of
// it need not be noted then.
func (e *Entry[M]) Noted() bool { return e.mark.Load() == 0 }

// Use notes a use of the module and reports whether it still is the one to use.
func (e *Entry[M]) Use() bool {
	e.mark.CompareAndSwap(markUnused, 0)
	return e.mark.Load() != markGone && !e.Crashed()
}

// Parts are the entry and those of the siblings.
func (e *Entry[M]) Parts() []*Entry[M] {
	parts := []*Entry[M]{e}
	for _, sibling := range e.Siblings.All() {
		parts = append(parts, e.Siblings.of(sibling))
	}
	return parts
}

// Close closes the instance and those of the siblings. If ctx ends first, a build that is under way
// ends in the background.
func (e *Entry[M]) Close(ctx context.Context) error {
	siblings, ended := e.Siblings.Close()
	var errs []error
	for _, sibling := range siblings {
		errs = append(errs, e.Siblings.of(sibling).Close(ctx))
	}
	errs = append(errs, e.Instance.Close(ctx))
	select {
	case <-ended:
	case <-ctx.Done():
		errs = append(errs, context.Cause(ctx))
	}
	return errors.Join(errs...)
}

// Memory is what the instance says that it uses, without its siblings.
func (e *Entry[M]) Memory() engine.Memory {
	if measurable, ok := e.Instance.(engine.Measurable); ok {
		return measurable.Memory()
	}
	return engine.Memory{}
}

// holds reports whether the module refers to values of the host, so that it may call the host at
// any time.
func (e *Entry[M]) holds() bool {
	for _, part := range e.Parts() {
		if h, ok := part.Instance.(engine.Holder); ok && h.Holds() {
			return true
		}
	}
	return false
}

// drop notes that the module is registered no more. It is called with mu held.
func (e *Entry[M]) drop() {
	e.dropped = true
	e.mark.Store(markGone)
}

func (e *Entry[M]) compare(other *Entry[M]) int {
	return cmp.Or(cmp.Compare(e.Spec.Name, other.Spec.Name), cmp.Compare(e.Spec.Version, other.Spec.Version), cmp.Compare(e.identity, other.identity))
}
