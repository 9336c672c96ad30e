// Package attempt reads from errors of a module what it attempted and the system refused.
package attempt

import (
	"strings"

	"github.com/loadgo/load/engine"
)

// Attempt is an operation of a module whose error reports that the system refused it.
type Attempt struct {
	Op   string // "open", "mkdir", "dial", "listen", "fork/exec"; "lookup" of a name
	Path string // the file, or the network address or name
	// Denied says that the error of an operation on a file is one of permissions.
	Denied bool
}

// Of reads an attempt from an error of the standard library, whose types have a text of a
// fixed form. Any network error will do where any is set.
func Of(err *engine.ModuleError, any bool) (Attempt, bool) {
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

// OfNetwork is the refusal of an attempt to use the network.
func OfNetwork(a Attempt, fix string) *engine.Refusal {
	what := map[string]string{"dial": "connect to ", "listen": "listen on ", "lookup": "look up "}[a.Op]
	if what == "" {
		return nil
	}
	return &engine.Refusal{Kind: "network", What: what + a.Path, Fix: fix}
}
