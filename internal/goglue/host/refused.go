package host

import (
	"strings"
	"unicode"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/goglue/host/attempt"
)

// Refusals is what an engine knows of what it refuses.
type Refusals struct {
	// Judge returns the refusal if it was the isolation that refused a module's attempt, or nil.
	Judge func(attempt.Attempt) *engine.Refusal
	Sink  event.Sink
	// Network says that every use of the network is refused, whatever the error is.
	Network bool
}

// Report sets how refusals are told from other errors. It is called before the first call.
func (i *Instance) Report(r Refusals) { i.refusals = r }

// Refused tells of a refusal, the first of each kind.
func (i *Instance) Refused(r *engine.Refusal) {
	if _, told := i.told.LoadOrStore(r.Kind, true); !told && i.refusals.Sink != nil {
		i.refusals.Sink(r.Event(i.name))
	}
}

// refusal returns what the isolation refused where an error of the module reports that.
func (i *Instance) refusal(err *engine.ModuleError) *engine.Refusal {
	for _, inner := range err.Wrapped {
		if e, ok := engine.OfModule(inner); ok && e.Refusal != nil {
			return e.Refusal
		}
	}
	if i.refusals.Judge == nil {
		return nil
	}
	at, ok := attempt.Of(err, i.refusals.Network)
	if !ok || strings.ContainsFunc(at.Path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil
	}
	r := i.refusals.Judge(at)
	if r != nil {
		i.Refused(r)
	}
	return r
}
