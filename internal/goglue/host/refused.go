package host

import (
	"strings"
	"unicode"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
)

// Attempt is an operation of a module whose error reports that the system refused it.
type Attempt struct {
	Op   string // "open", "mkdir", "dial", "listen", "fork/exec"; "lookup" of a name
	Path string // the file, or the network address or name
	// Denied says that the error of an operation on a file is one of permissions.
	Denied bool
}

// Refusals is what an engine knows of what it refuses.
type Refusals struct {
	// Judge returns the refusal if it was the isolation that refused a module's attempt, or nil.
	Judge func(Attempt) *engine.Refusal
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
	attempt, ok := attemptOf(err, i.refusals.Network)
	if !ok || strings.ContainsFunc(attempt.Path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil
	}
	r := i.refusals.Judge(attempt)
	if r != nil {
		i.Refused(r)
	}
	return r
}

// attemptOf reads an attempt from an error of the standard library, whose types have a text of a
// fixed form. Any network error will do where any is set.
func attemptOf(err *engine.ModuleError, any bool) (Attempt, bool) {
	var inner *engine.ModuleError
	if len(err.Wrapped) == 1 {
		inner, _ = engine.OfModule(err.Wrapped[0])
	}
	switch err.Type {
	case "*fs.PathError":
		return pathAttempt(err, inner)
	case "*net.DNSError":
		if text, ok := strings.CutPrefix(err.Message, "lookup "); ok && (any || endsRefused(text, ": socket: ")) {
			name, _, _ := strings.Cut(text, " ")
			return Attempt{Op: "lookup", Path: strings.TrimSuffix(name, ":")}, true
		}
	case "*net.OpError":
		if inner != nil && (any || inner.Type == "*os.SyscallError" && endsRefused(": "+inner.Message, ": socket: ")) {
			return socketAttempt(err, inner)
		}
	}
	return Attempt{}, false
}

// pathAttempt reads "op path: permission denied".
func pathAttempt(err, inner *engine.ModuleError) (Attempt, bool) {
	if inner == nil || inner.Type != "syscall.Errno" {
		return Attempt{}, false
	}
	op, path, ok := strings.Cut(strings.TrimSuffix(err.Message, ": "+inner.Message), " ")
	return Attempt{Op: op, Path: path, Denied: endsRefused(inner.Message, "")}, ok
}

// socketAttempt reads "op network address: …".
func socketAttempt(err, inner *engine.ModuleError) (Attempt, bool) {
	fields := strings.Fields(strings.TrimSuffix(err.Message, ": "+inner.Message))
	if len(fields) != 3 || fields[0] != "dial" && fields[0] != "listen" {
		return Attempt{}, false
	}
	return Attempt{Op: fields[0], Path: fields[2]}, true
}

// endsRefused reports whether a text ends with what a system call was refused with.
func endsRefused(text, call string) bool {
	return strings.HasSuffix(text, call+"operation not permitted") || strings.HasSuffix(text, call+"permission denied")
}

// NetworkRefusal is the refusal of an attempt to use the network.
func NetworkRefusal(a Attempt, fix string) *engine.Refusal {
	what := map[string]string{"dial": "connect to ", "listen": "listen on ", "lookup": "look up "}[a.Op]
	if what == "" {
		return nil
	}
	return &engine.Refusal{Kind: "network", What: what + a.Path, Fix: fix}
}
