package goproxy

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/store"
)

// verify compares a sum with what was promised, else with the checksum database where that answers
// for the module. There is no looser check after a failed one.
func (r *request) verify(ctx context.Context, m module.Version, got string) error {
	known, err := r.sums.Kept(m, got)
	if err == nil && !known && r.in.checked(r.session, m.Path) {
		var db *checksum.Database
		if db, err = r.db(); err == nil {
			err = db.Verify(ctx, m, got)
		}
		if err == nil {
			r.proven.Store(m, true)
		}
	}
	return err
}

// believed reports whether what the store has may be used: it may have been brought by a program
// that asked no checksum database, or relied on a lock file. What somebody else brought and the
// database does not vouch for counts as absent.
func (r *request) believed(ctx context.Context, m module.Version, sum string) (bool, error) {
	err := r.verify(ctx, m, sum)
	var wrong *install.ChecksumError
	if errors.As(err, &wrong) && !r.sums.Promises(m) {
		return false, nil
	}
	return err == nil, err
}

// Database returns the name of the checksum database that has to vouch for the modules of a path,
// as GOSUMDB, GONOSUMDB and GOPRIVATE say, or "" for none; see [installed.Finder.Vouched].
func (in *Installer) Database(path string) string {
	if !in.exempted().Sums(path) { // without looking for a toolchain, which may take longer than a load
		return ""
	}
	s := in.settings()
	if s.SumDB == "" || !s.Sums(path) {
		return ""
	}
	return checksum.Name(s.SumDB)
}

// vouched reports whether what a record or a remembered build has of a module needs no proof: the
// checksum database gave it, or is not to be asked.
func (in *Installer) vouched(session *install.Session, m store.RecordModule, proof store.Proof) bool {
	return owner(session, m.Path) != "" || session.Holds(find.ModuleVersion(m)) || proof.Covers(m.Path, in.Database)
}

// chosen reports whether the versions of a build that the store remembers may be used: the lock file
// holds all of them, or no go.mod file had a say that the database did not vouch for, or that came
// from elsewhere than its registry. A go.sum file may promise go.mod files, too.
func (in *Installer) chosen(session *install.Session, goSum string, list []store.RecordModule, proof store.Proof, promised func(module.Version) bool) bool {
	if !slices.ContainsFunc(list, func(m store.RecordModule) bool { return !session.Holds(find.ModuleVersion(m)) }) {
		return true
	}
	_, found := session.Store.Untrusted(goSum, proof, store.Trust{
		Owner: func(path string) string { return owner(session, path) }, Database: in.Database, Promised: promised,
		Belongs: func(m module.Version, from string) bool {
			return session.Belongs(find.ModuleVersion{Path: m.Path, Version: m.Version}, from)
		},
	})
	return !found
}

// proof says of which modules the database vouched for all that was read.
func (r *request) proof() store.Proof {
	var p store.Proof
	all := map[string]bool{}
	for m := range r.sums.Found() {
		_, proven := r.proven.Load(m)
		if others, known := all[m.Path]; known {
			proven = proven && others
		}
		all[m.Path] = proven
	}
	for _, path := range sortedKeys(all) {
		if all[path] {
			p.Modules, p.By = append(p.Modules, path), r.in.Database(path)
		}
	}
	return p
}
