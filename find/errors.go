package find

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotFound is a finder's "not here, ask the next". Wrap it as fmt.Errorf("%w: why",
// ErrNotFound).
var ErrNotFound = errors.New("not found")

// NameError reports a name that cannot be a module's.
type NameError struct {
	Name   string // not part of the text: the [load.LoadError] around it, or the caller of [ParseName], names it
	Reason string
}

func (e *NameError) Error() string {
	return "invalid module name: " + e.Reason
}

// NotFoundError reports that no finder knows a name and no installer brings it.
type NotFoundError struct {
	Name     string
	Tried    []Tried  // everyone who was asked, in order
	NearMiss []string // names that are spelled alike and do exist
	Fix      string   // what the caller can do
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	b.WriteString("not found")
	for _, t := range e.Tried {
		fmt.Fprintf(&b, "\n\t%s: %s", t.Who, t.Answer)
	}
	if len(e.NearMiss) > 0 {
		fmt.Fprintf(&b, "\n\tdid you mean %s?", strings.Join(e.NearMiss, ", "))
	}
	if e.Fix != "" {
		b.WriteString("\n\t" + e.Fix)
	}
	return b.String()
}

// Is makes a NotFoundError an [ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// AmbiguousError reports a name that something in the current directory has, and something further
// on in the path could mean as well. Neither takes the other's place without being asked to.
type AmbiguousError struct {
	Here      string // the folder or file
	Elsewhere string // "the standard library's package strings", "the import path github.com/gosimple/slug"
	Fix       string // how to say which
}

func (e *AmbiguousError) Error() string {
	return "the name is ambiguous: it could be " + e.Here + " or " + e.Elsewhere + "\n\t" + e.Fix
}

// VersionError reports that a module exists and the version asked for does not, or cannot be used
// here.
type VersionError struct {
	Module string
	Query  string
	Reason string   // "no version matches", "requires go >= 1.30 (running go 1.26.8)", …
	Known  []string // versions that exist, newest first, a few
	Fix    string
}

func (e *VersionError) Error() string {
	s := e.Reason
	if len(e.Known) > 0 {
		s += "\n\tknown versions: " + strings.Join(e.Known, ", ")
	}
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

// AliasError reports aliases that lead to each other. Chain starts and ends with the same one.
type AliasError struct {
	Chain []string
}

func (e *AliasError) Error() string { return "alias loop: " + strings.Join(e.Chain, " → ") }
