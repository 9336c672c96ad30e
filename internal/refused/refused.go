// Package refused collects what the sandbox refused to modules, to tell the user of a command which
// flags allow it.
package refused

import (
	"fmt"
	"strings"
	"sync"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/policy"
)

// Set is what the sandbox refused while a command ran. It is safe for concurrent use.
type Set struct {
	mu   sync.Mutex
	seen []event.Refused
}

// Show is the sink of a load's events.
func (r *Set) Show(e event.Event) {
	if e, ok := e.(event.Refused); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = append(r.seen, e)
	}
}

// Forget drops what was refused so far.
func (r *Set) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = nil
}

// Hints say what was refused, and the flags that allow it.
func (r *Set) Hints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var hints []string
	for _, e := range r.seen {
		hint := fmt.Sprintf("the sandbox refused to %s; %s", e.What, remedy(e))
		if len(e.Asks) > 0 {
			hint += fmt.Sprintf("; the bundle asks for %s, which a policy grants by: %s", strings.Join(e.Asks, ", "), policy.GrantRule(e.Name, e.Asks[0]))
		}
		hints = append(hints, hint)
	}
	return hints
}

// remedy is the flag that allows what was refused.
func remedy(e event.Refused) string {
	_, path, _ := strings.Cut(e.Grant, " ")
	switch {
	case e.Grant == "":
		return e.Fix
	case e.Kind == "network":
		return "run with -allow-net"
	case e.Kind == "programs":
		return "run with -allow-run and -allow-read=DIR for the directories of the program and of what it needs"
	}
	return "run with -allow-" + e.Kind + "=" + path
}
