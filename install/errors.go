package install

import (
	"cmp"
	"errors"
	"fmt"
)

// ErrUnavailable is a registry that could not be asked: it is down, out of reach, or not to be
// asked. A registry that refuses or whose answer is wrong is available.
var ErrUnavailable = errors.New("the registry is not available")

// ErrOffline is what would need the network while [load.Config].Offline is set. It is an
// [ErrUnavailable].
var ErrOffline error = &RegistryError{
	Reason: "it is not installed, and the network is not to be used (Config.Offline)", Fix: "run `load get` with its name on a machine with a network",
	Unavailable: true,
}

// RegistryError reports a registry that could not be used: down, refusing, or answering nonsense.
type RegistryError struct {
	URL    string // what was asked, without credentials
	Reason string
	Fix    string
	Err    error // the cause below, or nil

	// Unavailable tells that it could not be asked, which makes the error an [ErrUnavailable].
	Unavailable bool
}

// Is makes the error of a registry that could not be asked an [ErrUnavailable].
func (e *RegistryError) Is(target error) bool { return target == ErrUnavailable && e.Unavailable }

func (e *RegistryError) Error() string {
	s := e.Reason
	if e.URL != "" {
		s = e.URL + ": " + s
	}
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

func (e *RegistryError) Unwrap() error { return e.Err }

// ChecksumError reports content that is not what its sum says. It is never retried with a looser
// check.
type ChecksumError struct {
	Subject string // "github.com/a/b@v1.0.0", "github.com/a/b@v1.0.0/go.mod", "artifact …"
	Want    string // the sum that was promised
	Got     string // the sum of what arrived
	Where   string // where Got was found, "downloaded" by default
	By      string // who promised: "the checksum database", "load.lock", "go.sum"
	Fix     string
}

func (e *ChecksumError) Error() string {
	s := fmt.Sprintf("checksum mismatch for %s\n\t%s: %s\n\t%s: %s", e.Subject, cmp.Or(e.Where, "downloaded"), e.Got, e.By, e.Want)
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

// PolicyError reports something that the configuration forbids.
type PolicyError struct {
	Rule   string // the setting that forbids it
	Reason string
	Fix    string
}

func (e *PolicyError) Error() string {
	s := e.Reason + " (" + e.Rule + ")"
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}
