package event

import (
	"fmt"
	"strings"
	"time"

	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/quantity"
)

// Event is something that happened on the way to a running module or in its life. The set of events
// is sealed: switch on the concrete types below. Every event prints as one line of text. A look-up
// that the cache answers emits nothing.
type Event interface {
	fmt.Stringer
	event()
}

// The events of a load, in the order in which they come.
type (
	// Found: the path, or else an installer, knows the module.
	Found struct {
		Name, Canonical, Version, Origin string
		Took                             time.Duration
	}
	// Resolved: an installer chose a version.
	Resolved struct {
		Name, Module, Version, Why string
		Took                       time.Duration
	}
	// A Deprecated event tells that the module's authors say not to use it, or its version, any
	// more.
	Deprecated struct{ Module, Version, Message string }
	// Downloaded: one file of a registry arrived and was verified; Bytes is its size.
	Downloaded struct {
		Module, Version, File string
		Bytes                 int64
		Took                  time.Duration
	}
	// Retrying: a registry did not answer as it should, and is asked again after Delay.
	// Without a Delay, a mirror of it is asked instead.
	Retrying struct {
		URL   string
		Err   error
		Delay time.Duration
	}
	// Degraded: the registry could not be asked for a newer version, and an installed one is used.
	Degraded struct {
		Name, Canonical, Version string
		Err                      error
	}
	// Installed: everything that a module needs is in the store.
	Installed struct {
		Name, Version string
		Modules       int // in the build list
		Took          time.Duration
	}
	// Waiting: another process holds the lock for the same work.
	Waiting struct{ Lock string }
	// Waited: the wait for it is over.
	Waited struct {
		Lock string
		Took time.Duration
	}
	// Verified: sources are what was installed, before they are compiled; or a file that was
	// compiled, of 64KiB or more, is what the compiler made, before anything of it runs.
	Verified struct {
		Name  string
		What  string // "sources", or the name of the file
		Bytes int64  // of the file
		Took  time.Duration
	}
	// Compiled: an artifact was made.
	Compiled struct {
		Name, Engine string
		Bytes        int64 // size of the artifact
		Took         time.Duration
	}
	// Fetched: an artifact that another machine compiled was taken from the fleet's remote.
	Fetched struct {
		Name, Engine, From string
		Bytes              int64 // size of the artifact
		Took               time.Duration
	}
	// PassedOver: what the fleet's remote has was not used, or it could not be asked; the artifact
	// is made here if that is possible.
	PassedOver struct {
		Name, From string
		Err        error
	}
	// Evicted: an artifact that is damaged, or not trusted any more, was removed from the store; it
	// is made again.
	Evicted struct{ Name, Reason string }
	// Opened: the module runs and its initialisation is over.
	Opened struct {
		Name, Engine string
		Isolation    string // its level, as [engine.Isolation] has it
		Took         time.Duration
	}
	// Loaded: the module is registered in the cache; Took is the whole load.
	Loaded struct {
		Name, Canonical, Version string
		Took                     time.Duration
	}
	// Failed: a load ended with an error.
	Failed struct {
		Name string
		Err  error
		Took time.Duration
	}
)

// The events of a module's life.
type (
	// Output: a module wrote a line to its standard output or error.
	Output struct{ Name, Stream, Line string }
	// Overrun: a call was cancelled and the module stayed busy for longer than the grace period;
	// Killed reports whether the instance was ended for it.
	Overrun struct {
		Name, Symbol string
		Grace        time.Duration
		Killed       bool
	}
	// Refused: the isolation refused something to a module; each kind is told once for an instance.
	Refused struct {
		Name  string
		Kind  string   // the grant that is lacking: "read", "write", "network" or "programs"
		What  string   // what was refused: "connect to 127.0.0.1:8080"
		Grant string   // what a policy grants to allow it, "read /etc/hosts", or "" where none does
		Fix   string   // what allows it: "grant NAME network"
		Asks  []string // what the module's bundle asks to be granted, if it came in one
	}
	// Called: the first call of an instance has ended.
	Called struct {
		Name string
		Took time.Duration
	}
	// Crashed: an instance ended by itself.
	Crashed struct {
		Name string
		Err  error
	}
	// Reloaded: a module, and the others that import it, were replaced by new instances; Modules
	// counts all of them.
	Reloaded struct {
		Name, Version string
		Modules       int
		Took          time.Duration
	}
	// Kept: a reload failed, and the module that runs stays; or what was found in the place of a
	// module that crashed or was unloaded did not do, and that module was started again.
	Kept struct {
		Name string
		Err  error
	}
	// Exceeded: the modules exceed a limit of the Config, and none of them is idle.
	Exceeded struct {
		Limit   string
		Modules int
		Memory  int64 // bytes, where it is limited
	}
	// Unloaded: a module was taken out of the cache and closed; Why is "" where the program asked
	// for it.
	Unloaded struct{ Name, Why string }
)

func (Found) event() {}

func (Resolved) event() {}

func (Deprecated) event() {}

func (Downloaded) event() {}

func (Retrying) event() {}

func (Degraded) event() {}

func (Installed) event() {}

func (Waiting) event() {}

func (Waited) event() {}

func (Verified) event() {}

func (Compiled) event() {}

func (Fetched) event() {}

func (PassedOver) event() {}

func (Evicted) event() {}

func (Opened) event() {}

func (Loaded) event() {}

func (Failed) event() {}

func (Output) event() {}

func (Overrun) event() {}

func (Refused) event() {}

func (Called) event() {}

func (Crashed) event() {}

func (Reloaded) event() {}

func (Kept) event() {}

func (Exceeded) event() {}

func (Unloaded) event() {}

func (e Found) String() string {
	return fmt.Sprintf("found %s as %s%s in %s", e.Name, e.Canonical, phrase.Version(e.Version), e.Origin)
}

func (e Resolved) String() string {
	return fmt.Sprintf("resolved %s to %s@%s: %s (%s)", e.Name, e.Module, e.Version, e.Why, quantity.Took(e.Took))
}

func (e Deprecated) String() string {
	return fmt.Sprintf("deprecated: %s@%s: %s", e.Module, e.Version, e.Message)
}

func (e Downloaded) String() string {
	return fmt.Sprintf("downloaded %s@%s %s, %s (%s)", e.Module, e.Version, e.File, quantity.About(e.Bytes), quantity.Took(e.Took))
}

func (e Retrying) String() string {
	if e.Delay == 0 {
		return fmt.Sprintf("asking a mirror of %s: %v", e.URL, e.Err)
	}
	return fmt.Sprintf("retrying %s in %s: %v", e.URL, quantity.Took(e.Delay), e.Err)
}

func (e Degraded) String() string {
	return fmt.Sprintf("degraded: %s: the installed %s%s is used: %v", e.Name, e.Canonical, phrase.Version(e.Version), e.Err)
}

func (e Installed) String() string {
	return fmt.Sprintf("installed %s@%s: %s (%s)", e.Name, e.Version, phrase.Count(e.Modules, "module"), quantity.Took(e.Took))
}

func (e Waiting) String() string { return "waiting for another process: " + e.Lock }

func (e Waited) String() string {
	return fmt.Sprintf("waited for another process: %s (%s)", e.Lock, quantity.Took(e.Took))
}

func (e Verified) String() string {
	s := "verified " + e.What + " of " + e.Name
	if e.Bytes > 0 {
		s += ", " + quantity.About(e.Bytes)
	}
	return s + " (" + quantity.Took(e.Took) + ")"
}

func (e Compiled) String() string {
	return fmt.Sprintf("compiled %s by %s, %s (%s)", e.Name, e.Engine, quantity.About(e.Bytes), quantity.Took(e.Took))
}

func (e Fetched) String() string {
	return fmt.Sprintf("fetched %s for %s from %s, %s (%s)", e.Name, e.Engine, e.From, quantity.About(e.Bytes), quantity.Took(e.Took))
}

func (e PassedOver) String() string {
	return fmt.Sprintf("passed over %s for %s: %v", e.From, e.Name, e.Err)
}

func (e Evicted) String() string {
	return fmt.Sprintf("evicted the artifact of %s: %s", e.Name, e.Reason)
}

func (e Opened) String() string {
	s := fmt.Sprintf("opened %s in %s", e.Name, e.Engine)
	if e.Isolation != "" {
		s += ", isolation " + e.Isolation
	}
	return s + " (" + quantity.Took(e.Took) + ")"
}

func (e Loaded) String() string {
	return fmt.Sprintf("loaded %s%s (%s)", e.Canonical, phrase.Version(e.Version), quantity.Took(e.Took))
}

func (e Failed) String() string {
	return fmt.Sprintf("failed after %s: %v", quantity.Took(e.Took), e.Err)
}

func (e Output) String() string { return fmt.Sprintf("%s %s: %s", e.Name, e.Stream, e.Line) }

func (e Overrun) String() string {
	s := fmt.Sprintf("%s.%s stays busy %s after its call was cancelled", e.Name, e.Symbol, quantity.Took(e.Grace))
	if e.Killed {
		s += "; killed"
	}
	return s
}

func (e Refused) String() string {
	s := fmt.Sprintf("%s: %s refused; %s", e.Kind, e.What, e.Fix)
	if len(e.Asks) > 0 {
		s += "; its bundle asks for " + strings.Join(e.Asks, ", ")
	}
	return s
}

func (e Called) String() string {
	return fmt.Sprintf("called %s for the first time (%s)", e.Name, quantity.Took(e.Took))
}

func (e Crashed) String() string { return fmt.Sprintf("crashed %s: %v", e.Name, e.Err) }

func (e Reloaded) String() string {
	s := "reloaded " + e.Name + phrase.Version(e.Version)
	if e.Modules > 1 {
		s += " and what imports it, " + phrase.Count(e.Modules, "module")
	}
	return s + " (" + quantity.Took(e.Took) + ")"
}

func (e Kept) String() string { return e.Err.Error() }

func (e Exceeded) String() string {
	s := fmt.Sprintf("%s: %s", e.Limit, phrase.Count(e.Modules, "module"))
	if e.Memory > 0 {
		s += ", " + quantity.About(e.Memory)
	}
	return s + ", none of them idle"
}

func (e Unloaded) String() string {
	if e.Why == "" {
		return "unloaded " + e.Name
	}
	return "unloaded " + e.Name + ": " + e.Why
}
