package getter

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/failpoint"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/sourcespec"
	"github.com/loadgo/load/store"
)

// Install brings the tree of a release into the store and records where in it the module is. It
// implements
// [install.Installer]. However many processes install one source at a time, one fetches it. The
// spec of a Go package
// has no hash: the installer of Go modules completes it with what it imports.
func (in *Installer) Install(ctx context.Context, session *install.Session, release *install.Release) (*find.Spec, error) {
	started, s := time.Now(), session.Store
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	src, err := in.parse(release.Name)
	if err != nil {
		return nil, err
	}
	if src.link {
		return dir.New(".").Find(ctx, find.Name{Target: src.linked(), Form: find.FormDir, Along: release.Name.Along})
	}
	unlock, err := s.Lock(ctx, "source/"+src.asked)
	if err != nil {
		return nil, err
	}
	defer unlock()
	record, tree, err := in.recorded(src, release, s)
	if err != nil {
		return nil, err
	}
	if record == nil {
		if record, tree, err = in.fetch(ctx, session, src, release, s); err != nil {
			return nil, err
		}
		session.Emit(event.Installed{Name: record.Source, Version: record.Version, Modules: 1, Took: time.Since(started)})
	}
	return sourcespec.New(record, tree, release.Name.Along)
}

// recorded returns the record of a release whose tree the store has, and where; nil where it does
// not. The tree is
// read, so that one that was damaged is fetched again.
func (in *Installer) recorded(src *source, release *install.Release, s *store.Store) (*store.SourceRecord, string, error) {
	record, err := s.SourceRecord(src.asked)
	if record == nil || err != nil || record.Version != release.Version || record.Source != release.Module {
		return nil, "", err
	}
	if len(record.Places) == 0 && release.Name.Local() { // it was made before they were recorded
		return nil, "", nil
	}
	if release.Sum != "" && release.Sum != record.Sum {
		return nil, "", nil
	}
	whole, err := s.VerifySource(record.Sum)
	if !whole || err != nil {
		return nil, "", err
	}
	tree, err := s.SourceDir(record.Sum)
	return record, tree, err
}

// fetch brings a release into the store.
func (in *Installer) fetch(ctx context.Context, session *install.Session, src *source, release *install.Release, s *store.Store) (*store.SourceRecord, string, error) {
	started := time.Now()
	part := find.ModuleVersion{Path: src.String(), Version: release.Version}
	if err := session.Admit(part, -1); err != nil {
		return nil, "", err
	}
	temp, remove, err := s.Temp("source")
	if err != nil {
		return nil, "", err
	}
	defer remove()
	work, root := filepath.Join(temp, "work"), filepath.Join(temp, "tree")
	for _, d := range []string{work, root} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, "", store.NewWriteError(d, err)
		}
	}
	tree, err := gate.New(root, in.limits)
	if err != nil {
		return nil, "", store.NewWriteError(root, err)
	}
	defer tree.Close()
	err = in.fill(ctx, session, src, release, work, tree)
	if err == nil {
		err = failpoint.Hit("getter.filled")
	}
	if store.Full(err) {
		return nil, "", store.NewWriteError(temp, err)
	}
	if err != nil {
		return nil, "", in.refused(src, err)
	}
	if tree.Files() == 0 {
		return nil, "", in.refused(src, &gate.Error{Reason: "it holds no files"})
	}
	sum, err := tree.Sum()
	if err2 := tree.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return nil, "", err
	}
	want := release.Sum
	if src.form == formLocal && strings.HasPrefix(release.Version, "h1:") {
		want = release.Version
	}
	if want != "" && want != sum {
		return nil, "", checksumError(src, want, sum, promised(release))
	}
	part.Sum = sum
	if err := cmp.Or(session.Admit(part, tree.Bytes()), session.AdmitSum(part)); err != nil {
		return nil, "", err
	}
	session.Emit(event.Downloaded{Module: src.String(), Version: release.Version, File: "source", Bytes: tree.Bytes(), Took: time.Since(started)})
	at, err := lookUp(src, root)
	if err != nil {
		return nil, "", err
	}
	published, err := s.PutSource(ctx, root, sum)
	if err != nil {
		return nil, "", err
	}
	if err := failpoint.Hit("getter.published"); err != nil {
		return nil, "", store.NewWriteError(published, err)
	}
	record := &store.SourceRecord{
		Name: src.asked, Source: src.String(), Version: release.Version, Why: release.Why, Origin: in.String(), Time: release.Time,
		Sum: sum, Kind: string(at.kind), Module: at.module, Dir: at.dir, File: at.file, Places: slices.Compact(slices.Sorted(slices.Values(src.places))),
		// Of a locked release it is not known; then the source is asked by who has no lock.
		Changing: release.Changing || len(release.BuildList) > 0 && !src.exact(),
	}
	return record, published, s.PutSourceRecord(record)
}

// promised says who promised what a release is.
func promised(release *install.Release) string {
	if len(release.BuildList) > 0 {
		return lockFile
	}
	return "its first reading"
}

// fill lets what a release is into a tree; work is an empty directory.
func (in *Installer) fill(ctx context.Context, session *install.Session, src *source, release *install.Release, work string, tree *gate.Tree) error {
	switch {
	case src.form == formGit:
		return in.git.get(ctx, session, src, release.Version, work, tree)
	case src.form == formLocal:
		if err := src.admit(session); err != nil {
			return err
		}
		if isDir(src.real()) {
			return tree.Dir(src.real())
		}
	}
	path := filepath.Join(work, "file")
	if src.form == formLocal {
		if err := in.copyFile(src, path); err != nil {
			return err
		}
	} else if data, ok := in.kept.take(src.url.String() + " " + release.Version); ok {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	} else if _, err := in.download(ctx, session, src, path); err != nil {
		return err
	}
	return in.unpack(src, release, path, tree)
}

// unpack lets in a file. What is hashed and what is unpacked is the same open file.
func (in *Installer) unpack(src *source, release *install.Release, path string, tree *gate.Tree) error {
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	version, err := fileVersion(f)
	if err != nil {
		return err
	}
	if version != release.Version {
		return checksumError(src, release.Version, version, promised(release))
	}
	switch src.format {
	case ".zip":
		return tree.Zip(f)
	case ".tar.gz", ".tgz":
		return tree.TarGz(f)
	case ".tar.zst", ".tzst":
		return tree.TarZst(f)
	}
	return tree.File(src.fileName(), f)
}

// fileName is what a single file is called in its tree.
func (s *source) fileName() string {
	name := path.Base(filepath.ToSlash(s.path))
	if s.url != nil {
		name = path.Base(s.url.Path)
	}
	if !strings.HasSuffix(name, s.format) || module.CheckFilePath(name) != nil {
		return "module" + s.format
	}
	return name
}

// copyFile copies a local file, which may change under our hands, to a private place.
func (in *Installer) copyFile(s *source, to string) error {
	from, err := regular.Open(s.real())
	if errors.Is(err, fs.ErrNotExist) {
		return missing(s)
	}
	if err != nil {
		return err
	}
	defer from.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(from, in.config.MaxBytes+1))
	if err2 := w.Close(); err == nil {
		err = err2
	}
	if err == nil && n > in.config.MaxBytes {
		err = &install.RegistryError{URL: s.where(), Reason: sizeError(in.config.MaxBytes).Error()}
	}
	return err
}
