package getter

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/sourcetree"
)

// Install brings the tree of a release into the store and records where in it the module is. It
// implements [install.Installer]; see [sourcetree.Source.Install].
func (in *Installer) Install(ctx context.Context, session *install.Session, release *install.Release) (*find.Spec, error) {
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
	tree := src.tree()
	return tree.Install(ctx, session, release, in.limits, func(work string, to *gate.Tree) error {
		err := in.fill(ctx, session, src, release, work, to)
		tree.Places = src.places
		return err
	})
}

// fill lets what a release is into a tree; work is an empty directory.
func (in *Installer) fill(ctx context.Context, session *install.Session, src *source, release *install.Release, work string, tree *gate.Tree) error {
	switch {
	case src.form == formGit:
		defer session.Receive(src.where(), release.Version, "repository").End()
		return in.git.get(ctx, session, src, release.Version, work, tree)
	case src.form == formLocal:
		if err := src.admit(ctx, session); err != nil {
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
		return src.tree().ChecksumError(release.Version, version, sourcetree.Promised(release))
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

// tooLarge refuses a local file.
func (in *Installer) tooLarge(s *source) error {
	return &install.RegistryError{URL: s.where(), Reason: sizeError(in.config.MaxBytes).Error(), Fix: "if you trust it, raise getter.Config.MaxBytes"}
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
		err = in.tooLarge(s)
	}
	return err
}
