package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/internal/failpoint"
)

// Artifact is what an engine made of a source and the store keeps. It does not change; it is safe
// for concurrent use.
type Artifact struct {
	key   string
	store string // directory of the store
	dir   string // of the files
	files []File // sorted by name

	elsewhere *Contents // where the files are when they are not in a store, or nil

	verified func(file File, took time.Duration) // hears of files that were, or nil
}

// Contents brings the files of an artifact that are not in a store.
type Contents struct {
	// Read returns what a file holds, and what verifies that very memory, which does not change.
	Read func(name string) (data []byte, verify func() error, err error)
	// Copy writes what a file holds, and returns an error if that is not what it has to be. It is
	// nil where Read has to copy nothing.
	Copy func(name string, to io.Writer) error
}

// NewArtifact returns an artifact whose files are not in a store. Contents is only asked for these
// files.
func NewArtifact(key string, files []File, contents Contents) *Artifact {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return &Artifact{key: key, files: files, elsewhere: &contents}
}

// Key returns the key that the artifact is kept under.
func (a *Artifact) Key() string { return a.key }

// Sum identifies the artifact with what is in its files: what is made of it belongs to no other
// artifact under the same key, such as one that somebody else compiled. It is "" where the digest
// of a file is not known.
func (a *Artifact) Sum() string {
	parts := []string{a.key}
	for _, f := range a.files {
		digest := f.Digest
		if a.elsewhere == nil {
			digest = hex.EncodeToString(f.sum[:])
		}
		if digest == "" {
			return ""
		}
		parts = append(parts, f.Name, digest)
	}
	return Key(parts...)
}

// Has reports whether the artifact has a file of that name.
func (a *Artifact) Has(name string) bool {
	_, err := a.file(name)
	return err == nil
}

// Without returns the artifact without a file, which stays in the store.
func (a *Artifact) Without(name string) *Artifact {
	if !a.Has(name) {
		return a
	}
	other := *a
	other.files = slices.DeleteFunc(slices.Clone(a.files), func(f File) bool { return f.Name == name })
	return &other
}

// Telling returns the same artifact, whose files verified hears of when they are found to be what
// was put into the store, and how long that took.
func (a *Artifact) Telling(verified func(file File, took time.Duration)) *Artifact {
	other := *a
	other.verified = verified
	return &other
}

// timed is a verification that the artifact tells of.
func (a *Artifact) timed(file File, verify func() error) error {
	began := time.Now()
	err := verify()
	if err == nil && a.verified != nil {
		a.verified(file, time.Since(began))
	}
	return err
}

// Files returns the artifact's files, sorted by name.
func (a *Artifact) Files() []File { return slices.Clone(a.files) }

// Size returns the size of all files together, in bytes.
func (a *Artifact) Size() int64 {
	var total int64
	for _, f := range a.files {
		total += f.Size
	}
	return total
}

// Open opens a file for reading after it verified the contents of this very open file, so that what
// the caller reads or executes through it is what was put into the store. The caller closes it. A
// file that the artifact does not have is [fs.ErrNotExist]; one that is not as it was put there is
// a [*DamagedError].
func (a *Artifact) Open(name string) (*os.File, error) {
	f, verify, err := a.OpenUnverified(name)
	if err != nil {
		return nil, err
	}
	if err := verify(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// OpenUnverified is Open without the verification, which the caller can then do beside other work:
// the file need not be complete, and nothing that comes from it is to be trusted, before verify has
// returned nil. verify is called once, and before the file is closed.
func (a *Artifact) OpenUnverified(name string) (f *os.File, verify func() error, err error) {
	want, err := a.file(name)
	if err != nil {
		return nil, nil, err
	}
	if a.elsewhere != nil {
		m, err := newMemory(name)
		if err != nil {
			return nil, nil, err
		}
		return m.File, func() error { return a.timed(want, func() error { return m.fill(a.elsewhere, name) }) }, nil
	}
	if f, want, err = a.open(want); err != nil {
		return nil, nil, err
	}
	return f, func() error { return a.timed(want, func() error { return a.verify(f, want) }) }, nil
}

// file returns the file of that name.
func (a *Artifact) file(name string) (File, error) {
	i, ok := slices.BinarySearchFunc(a.files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return File{}, &fs.PathError{Op: "open", Path: "artifact file " + name, Err: fs.ErrNotExist}
	}
	return a.files[i], nil
}

func (a *Artifact) open(want File) (*os.File, File, error) {
	name := want.Name
	f, err := openRegular(filepath.Join(a.dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, File{}, a.damaged(name, "it is missing")
	}
	if isBad(err) {
		return nil, File{}, a.damaged(name, err.Error())
	}
	return f, want, unreadable(a.store, err)
}

// ReadFile returns the verified contents of a file: what is verified is what it returns. Its errors
// are those of [Artifact.Open].
func (a *Artifact) ReadFile(name string) ([]byte, error) {
	want, err := a.file(name)
	if err != nil {
		return nil, err
	}
	if a.elsewhere != nil {
		data, verify, err := a.elsewhere.Read(name)
		if err == nil {
			err = a.timed(want, verify)
		}
		return data, err
	}
	f, want, err := a.open(want)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := a.verifySize(f, want); err != nil {
		return nil, err
	}
	data := make([]byte, want.Size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, a.damaged(name, err.Error())
	}
	return data, a.timed(want, func() error {
		if sumBytes(data) != want.sum {
			return a.damaged(name, contentsDiffer)
		}
		return nil
	})
}

const contentsDiffer = "its contents are not what was stored"

func (a *Artifact) verifySize(f *os.File, want File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() != want.Size:
		return a.damaged(want.Name, fmt.Sprintf("it has %d bytes instead of %d", info.Size(), want.Size))
	}
	return nil
}

func (a *Artifact) verify(f *os.File, want File) error {
	if err := a.verifySize(f, want); err != nil {
		return err
	}
	got, err := sumFile(f, want.Size)
	if err != nil {
		return a.damaged(want.Name, err.Error())
	}
	if got != want.sum {
		return a.damaged(want.Name, contentsDiffer)
	}
	return nil
}

func (a *Artifact) damaged(file, reason string) error {
	return &DamagedError{Key: a.key, File: file, Reason: reason}
}

// artifactName is how an artifact is named among the things of a store, and how the lock is with
// which it is made or removed.
func artifactName(key string) string { return "artifact " + key }

// Lookup returns the artifact with a key, or nil where the store has none. It verifies the list of
// files; each file is verified when it is opened. What is not as it was put there is a
// [*DamagedError].
func (s *Store) Lookup(key string) (*Artifact, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	s.use([]string{artifactName(key)}, []string{filepath.Join(s.objDir(), key)})
	return s.lookup(key)
}

func (s *Store) lookup(key string) (*Artifact, error) {
	dir := filepath.Join(s.objDir(), key)
	data, err := ReadFile(filepath.Join(dir, "manifest"), maxManifest+1)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, &DamagedError{Key: key, Reason: "the manifest is missing"}
	}
	if isBad(err) {
		return nil, &DamagedError{Key: key, File: "manifest", Reason: err.Error()}
	}
	if err != nil {
		return nil, unreadable(s.dir, err)
	}
	for _, inner := range []string{dir, filepath.Join(dir, "files")} {
		info, err := os.Lstat(inner)
		if err == nil && !info.IsDir() {
			err = fileError("it is not a directory")
		}
		if err == nil {
			err = foreign(info)
		}
		if isBad(err) {
			return nil, &DamagedError{Key: key, Reason: "its directory: " + err.Error()}
		}
	}
	files, err := parseManifest(key, data)
	if err != nil {
		return nil, &DamagedError{Key: key, Reason: err.Error()}
	}
	return &Artifact{key: key, store: s.dir, dir: filepath.Join(dir, "files"), files: files}, nil
}

// Evict takes the artifact with a key out of the store, so that it will be built again. That there
// is none is no error. Files of it that are open stay readable where the system allows that.
func (s *Store) Evict(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	dir, remove, err := s.Temp("evict")
	if err != nil {
		return err
	}
	defer remove()
	old := filepath.Join(s.objDir(), key)
	if err := os.Rename(old, filepath.Join(dir, key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(old, err)
	}
	return writeError(old, failpoint.Hit("store.evicted"))
}
