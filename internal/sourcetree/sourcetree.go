// Package sourcetree installs trees of files that are no Go module of a proxy: what installers get
// from repositories, web servers, registries and this machine. An installer fills a tree through
// the gate; this package hashes it, lets the policies decide, publishes it in the store under its
// sum, and finds out where in it the module is.
package sourcetree

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/failpoint"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/sourcespec"
	"github.com/loadgo/load/store"
)

// Source is what a name says of a tree.
type Source struct {
	Asked  string   // the name's target
	Name   string   // the canonical name, the same for every spelling and every version
	Where  string   // the address for messages; it holds no secret
	What   string   // what brings the tree, as in "its archive"
	Origin string   // the installer
	Dir    string   // of the module in the tree, slash-separated; "" for the tree itself
	Places []string // of this machine, without links, that it was read from
	Exact  bool     // the name itself says the version
	Rooted bool     // the tree stands for itself even where it holds but one directory
}

// Install brings a release into the store with fill, which gets an empty directory to work in and
// the tree to fill, and records where in the tree the module is. However many processes install one
// source at a time, one fills it. The spec of a Go package has no hash: the installer of Go modules
// completes it with what it imports.
func (s *Source) Install(ctx context.Context, session *install.Session, release *install.Release, limits gate.Limits, fill func(work string, tree *gate.Tree) error) (*find.Spec, error) {
	started := time.Now()
	unlock, err := session.Store.Lock(ctx, "source/"+s.Asked)
	if err != nil {
		return nil, err
	}
	defer unlock()
	record, tree, err := s.recorded(release, session.Store)
	if err != nil {
		return nil, err
	}
	if record == nil {
		if record, tree, err = s.fetch(ctx, session, release, limits, fill); err != nil {
			return nil, err
		}
		session.Emit(event.Installed{Name: record.Source, Version: record.Version, Modules: 1, Took: time.Since(started)})
	}
	return sourcespec.New(record, tree, release.Name.Along)
}

// recorded returns the record of a release whose tree the store has, and where; nil where it does
// not. The tree is read, so that one that was damaged is fetched again.
func (s *Source) recorded(release *install.Release, in *store.Store) (*store.SourceRecord, string, error) {
	record, err := in.SourceRecord(s.Asked)
	if record == nil || err != nil || record.Version != release.Version || record.Source != release.Module {
		return nil, "", err
	}
	if release.Sum != "" && release.Sum != record.Sum {
		return nil, "", nil
	}
	whole, err := in.VerifySource(record.Sum)
	if !whole || err != nil {
		return nil, "", err
	}
	tree, err := in.SourceDir(record.Sum)
	return record, tree, err
}

// fetch brings a release into the store.
func (s *Source) fetch(ctx context.Context, session *install.Session, release *install.Release, limits gate.Limits, fill func(string, *gate.Tree) error) (*store.SourceRecord, string, error) {
	started := time.Now()
	part := find.ModuleVersion{Path: s.Name, Version: release.Version}
	if err := session.Admit(part, -1); err != nil {
		return nil, "", err
	}
	temp, remove, err := session.Store.Temp("source")
	if err != nil {
		return nil, "", err
	}
	defer remove()
	root := filepath.Join(temp, "tree")
	var size int64
	if part.Sum, size, err = s.filled(ctx, temp, root, limits, fill); err != nil {
		return nil, "", err
	}
	want := release.Sum
	if strings.HasPrefix(release.Version, "h1:") {
		want = release.Version
	}
	if want != "" && want != part.Sum {
		return nil, "", s.ChecksumError(want, part.Sum, Promised(release))
	}
	if err := cmp.Or(session.Admit(part, size), session.AdmitSum(part)); err != nil {
		return nil, "", err
	}
	session.Emit(event.Downloaded{Module: s.Name, Version: release.Version, File: "source", Bytes: size, Took: time.Since(started)})
	record, tree, err := s.publish(ctx, session.Store, root, part)
	if err != nil {
		return nil, "", err
	}
	record.Why, record.Time = release.Why, release.Time
	// Of a locked release it is not known; then the source is asked by who has no lock.
	record.Changing = release.Changing || len(release.BuildList) > 0 && !s.Exact
	return record, tree, session.Store.PutSourceRecord(record)
}

// filled fills a tree in root, and returns its sum and size.
func (s *Source) filled(ctx context.Context, temp, root string, limits gate.Limits, fill func(string, *gate.Tree) error) (sum string, size int64, err error) {
	work := filepath.Join(temp, "work")
	for _, d := range []string{work, root} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return "", 0, store.NewWriteError(d, err)
		}
	}
	tree, err := gate.New(ctx, root, limits)
	if err != nil {
		return "", 0, store.NewWriteError(root, err)
	}
	defer tree.Close()
	if err = fill(work, tree); err == nil {
		err = failpoint.Hit("source.filled")
	}
	if err == nil && tree.Files() == 0 {
		err = &gate.Error{Reason: "it holds no files"}
	}
	if store.Full(err) {
		return "", 0, store.NewWriteError(temp, err)
	}
	if err != nil {
		return "", 0, s.Refused(err)
	}
	sum, err = tree.Sum()
	return sum, tree.Bytes(), cmp.Or(err, tree.Close())
}

// publish moves a tree into the store, and says what it is.
func (s *Source) publish(ctx context.Context, to *store.Store, root string, part find.ModuleVersion) (*store.SourceRecord, string, error) {
	at, err := s.lookUp(root)
	if err != nil {
		return nil, "", err
	}
	published, err := to.PutSource(ctx, root, part.Sum)
	if err != nil {
		return nil, "", err
	}
	if err := failpoint.Hit("source.published"); err != nil {
		return nil, "", store.NewWriteError(published, err)
	}
	return &store.SourceRecord{
		Name: s.Asked, Source: s.Name, Version: part.Version, Origin: s.Origin,
		Sum: part.Sum, Kind: string(at.kind), Module: at.module, Dir: at.dir, File: at.file, Places: slices.Compact(slices.Sorted(slices.Values(s.Places))),
	}, published, nil
}

// lockFile is who promises what a locked release is.
const lockFile = "the lock file"

// Promised says who promised what a release is.
func Promised(release *install.Release) string {
	if len(release.BuildList) > 0 {
		return lockFile
	}
	return "its first reading"
}

// ChecksumError reports that what arrived is not what someone promised.
func (s *Source) ChecksumError(want, got, by string) error {
	fix := "somebody changed the file, or " + by + " is wrong; find out which before you use it"
	if by == lockFile {
		fix = "somebody changed what is there; if you trust the change, `load upgrade` with the name locks it"
	}
	return &install.ChecksumError{Subject: s.Where, Want: want, Got: got, By: by, Fix: fix}
}

// Refused explains what the gate did not let in.
func (s *Source) Refused(err error) error {
	var refused *gate.Error
	if !errors.As(err, &refused) {
		return err
	}
	return &install.RegistryError{
		URL: s.Where, Reason: s.What + " is refused: " + refused.Error(),
		Fix: "nothing of it was installed; ask its author for one that holds plain files only", Err: err,
	}
}
