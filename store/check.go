package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What is removed while a check runs is not damaged: the checks look at what says that a thing is
// there last.

func (s *Store) checkModule(t moduleTree) (int64, *Damage) {
	damage := func(reason string) *Damage {
		if _, err := os.Lstat(t.meta + ".ziphash"); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return &Damage{
			Kind: "module", Name: t.mod.String(), Reason: reason, Repair: "the next load of what needs it fetches it again",
			remove: func(s *Store) error { return s.removeModule(t) },
		}
	}
	data, err := ReadFile(t.meta+".ziphash", maxSum)
	if err != nil {
		return 0, damage("its sum: " + err.Error())
	}
	want := strings.TrimSpace(string(data))
	got, err := t.sum()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, damage("its files are missing")
	case err != nil:
		return 0, damage(s.within(err))
	case got != want:
		return treeSize(t.dir), damage(fmt.Sprintf("its files have the sum %s instead of %s", got, want))
	}
	return treeSize(t.dir), nil
}

func (s *Store) checkArtifact(key string) (int64, *Damage) {
	damage := func(err error) *Damage {
		if _, err := os.Lstat(filepath.Join(s.objDir(), key)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return &Damage{
			Kind: "artifact", Name: key, Reason: err.Error(), Repair: "the next load compiles it again",
			remove: func(s *Store) error { return s.Evict(key) },
		}
	}
	a, err := s.lookup(key)
	if err != nil {
		return 0, damage(err)
	}
	if a == nil {
		return 0, nil
	}
	for _, file := range a.files {
		f, err := a.Open(file.Name)
		if err != nil {
			return 0, damage(err)
		}
		_ = f.Close()
	}
	return a.Size(), nil
}

// checkSource checks a tree of src/.
func (s *Store) checkSource(t sourceTree) (int64, *Damage) {
	damage := func(reason string) *Damage {
		if _, err := os.Lstat(t.dir); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return &Damage{
			Kind: "source", Name: t.sum, Reason: reason, Repair: "the next load of what needs it fetches it again",
			remove: func(s *Store) error { return s.remove(t.dir) },
		}
	}
	got, err := HashTree(t.dir, "")
	switch {
	case err != nil:
		return 0, damage(s.within(err))
	case got != t.sum:
		return treeSize(t.dir), damage("its files have the sum " + got)
	}
	return treeSize(t.dir), nil
}

// checkRecord checks a file of a record; own returns the file that the record in it belongs into.
func (s *Store) checkRecord(path string, record any, own func() (string, error)) (int64, *Damage) {
	data, err := ReadFile(path, maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	damage := func(reason string) *Damage {
		return &Damage{
			Kind: "record", Name: relative(s.dir, path), Reason: reason, Repair: "the next load of the package installs it again",
			remove: func(s *Store) error { return s.remove(path) },
		}
	}
	if err != nil {
		return 0, damage(s.within(err))
	}
	if !parseRecord(data, record) {
		return int64(len(data)), damage("it does not have the sum that it states")
	}
	if place, err := own(); err != nil || place != path {
		return int64(len(data)), damage("it is that of another package")
	}
	return int64(len(data)), nil
}

// within words an error of a file of the store by the file's name in it.
func (s *Store) within(err error) string {
	var file *fs.PathError
	if errors.As(err, &file) {
		return relative(s.dir, file.Path) + ": " + file.Err.Error()
	}
	return err.Error()
}
