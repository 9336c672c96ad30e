package store

import (
	"strings"

	"golang.org/x/mod/module"
)

// Trust is what a program asks of the go.mod files that chose the versions of a build.
type Trust struct {
	Owner    func(path string) string                 // the URL of the registry that owns a path, "" for none
	Database func(path string) string                 // see [Proof.Covers]
	Belongs  func(m module.Version, from string) bool // a file of an owned module came from that registry, "" for none
	Promised func(m module.Version) bool              // a go.sum file has the sum of the go.mod file; nil if there is none
}

// Untrusted returns a module whose go.mod file took part in choosing the versions of a build and
// must not decide for a program that trusts so: the checksum database did not vouch for it, or it
// does not come from the registry that owns the module. goSum is the text of the build's go.sum
// file, which lists all that was read.
func (s *Store) Untrusted(goSum string, proof Proof, trust Trust) (m module.Version, found bool) {
	for line := range strings.Lines(goSum) {
		path, rest, _ := strings.Cut(line, " ")
		version, _, ok := strings.Cut(rest, "/go.mod ")
		if !ok {
			continue
		}
		m := module.Version{Path: path, Version: version}
		if trust.Promised != nil && trust.Promised(m) {
			continue
		}
		if trust.Owner(path) == "" {
			if !proof.Covers(path, trust.Database) {
				return m, true
			}
			continue
		}
		if from, err := s.registry(m, ".modregistry"); err != nil || !trust.Belongs(m, from) {
			return m, true
		}
	}
	return module.Version{}, false
}
