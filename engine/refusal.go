package engine

import (
	"errors"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
)

// Refusal is something that a module asked for and its isolation refused.
type Refusal struct {
	Kind string // the grant that it lacks: "read", "write", "network" or "programs"
	What string // what was refused: "connect to 127.0.0.1:8080", "open /etc/hosts"
	Path string // the file or directory to grant, for "read" and "write"
	Fix  string // what allows it where no grant does, or ""

	// Asks is what the module's bundle asks to be granted, see [find.Spec].Asks.
	Asks []string
}

// AskedBy notes what the bundle of a spec asks for; a nil refusal stays nil.
func (r *Refusal) AskedBy(spec *find.Spec) *Refusal {
	if r != nil && len(spec.Asks) > 0 {
		noted := *r
		noted.Asks, r = spec.Asks, &noted
	}
	return r
}

// Grant is what a policy grants to allow it: "network", "read /etc/hosts". It is "" where none
// does.
func (r *Refusal) Grant() string {
	switch {
	case r.Fix != "":
		return ""
	case r.Path != "":
		return r.Kind + " " + r.Path
	}
	return r.Kind
}

// Event tells of the refusal to the module of that name.
func (r *Refusal) Event(module string) event.Refused {
	fix := r.Fix
	if fix == "" {
		fix = "grant " + module + " " + r.Grant()
	}
	return event.Refused{Name: module, Kind: r.Kind, What: r.What, Grant: r.Grant(), Fix: fix, Asks: r.Asks}
}

// RefusalOf returns what a module's isolation refused and the error reports, or nil. Errors that
// keep only the text of what they wrap tell of none.
func RefusalOf(err error) *Refusal {
	var e *ModuleError
	if errors.As(err, &e) {
		return e.Refusal
	}
	return nil
}
