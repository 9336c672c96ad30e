package getter

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/regular"
)

// Resolve finds the exact version of a source: the commit that a branch or tag is at, the sum of a
// file, the sum of a local directory. It implements [install.Installer]. A file whose name has no
// SHA-256 sum must be read for that.
func (in *Installer) Resolve(ctx context.Context, session *install.Session, name find.Name) (*install.Release, error) {
	started := time.Now()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s, err := in.parse(name)
	if err != nil {
		return nil, err
	}
	r, err := in.version(ctx, session, s)
	if err != nil {
		return nil, err
	}
	session.Emit(event.Resolved{Name: name.String(), Module: s.String(), Version: r.version, Why: r.why, Took: time.Since(started)})
	return &install.Release{
		Name: name, Package: s.String(), Module: s.String(), Version: r.version, Why: r.why, Changing: r.changing, Origin: in.String(),
	}, nil
}

// revision is the exact version of a source.
type revision struct {
	version  string // a commit, "sha256:…" of a file, "h1:…" of a directory
	why      string
	changing bool // who asks by the same name wants what is there then
}

func (in *Installer) version(ctx context.Context, session *install.Session, s *source) (revision, error) {
	temp, err := os.MkdirTemp("", "load-")
	if err != nil {
		return revision{}, err
	}
	defer os.RemoveAll(temp)
	switch {
	case s.form == formGit:
		return in.git.resolve(ctx, session, s, temp)
	case s.form == formWeb && strings.HasPrefix(s.checksum, "sha256:"):
		return revision{version: strings.ToLower(s.checksum), why: "the checksum in the name"}, nil
	case s.form == formWeb:
		version, err := in.webVersion(ctx, session, s, filepath.Join(temp, "file"))
		return revision{version: version, why: "what the URL leads to"}, err
	case s.link:
		return revision{why: "a linked directory is used as it is", changing: true}, nil
	}
	if err := s.admit(ctx, session); err != nil {
		return revision{}, err
	}
	if isDir(s.real()) {
		version, err := in.directoryVersion(ctx, s, temp)
		return revision{version, "the directory as it is", true}, err
	}
	version, err := in.localVersion(s)
	return revision{version, "the file as it is", true}, err
}

// webVersion reads the file that a URL leads to, and keeps it for Install where it is small.
func (in *Installer) webVersion(ctx context.Context, session *install.Session, s *source, path string) (string, error) {
	size, err := in.download(ctx, session, s, path)
	if err != nil {
		return "", err
	}
	f, err := regular.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	version, err := fileVersion(f)
	if err == nil && size <= maxKept {
		if data, err := io.ReadAll(f); err == nil {
			in.kept.put(s.url.String()+" "+version, data)
		}
	}
	return version, err
}

func (in *Installer) localVersion(s *source) (string, error) {
	info, err := os.Stat(s.real()) // opening what is not a regular file may wait for ever
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", missing(s)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", &engine.CompileError{Reason: s.path + " is neither a file nor a directory"}
	case info.Size() > in.config.MaxBytes: // to read a sparse one can take hours
		return "", in.tooLarge(s)
	}
	f, err := regular.Open(s.real())
	if err != nil {
		return "", err
	}
	defer f.Close()
	version, err := fileVersion(f)
	if err == nil && strings.HasPrefix(s.checksum, "sha256:") && !strings.EqualFold(version, s.checksum) {
		err = s.tree().ChecksumError(s.checksum, version, "the name")
	}
	return version, err
}

// linked is the directory of the module in a linked directory.
func (s *source) linked() string { return filepath.Join(s.path, filepath.FromSlash(s.dir)) }

func missing(s *source) error {
	return &find.NotFoundError{
		Name: s.asked, Tried: []find.Tried{{Who: "file system", Answer: "there is no " + s.path}},
		Fix: "check that the path exists",
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// directoryVersion is the sum of a local directory as the gate lets it in.
func (in *Installer) directoryVersion(ctx context.Context, s *source, temp string) (string, error) {
	tree, err := gate.New(ctx, temp, in.limits)
	if err != nil {
		return "", err
	}
	defer tree.Close()
	if err := tree.Dir(s.real()); err != nil {
		return "", s.tree().Refused(err)
	}
	return tree.Sum()
}
