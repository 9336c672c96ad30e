package store

import (
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/mod/module"
)

// ChangedError reports an installed source whose files are not those that were installed.
type ChangedError struct {
	Name string // "example.com/a@v1.0.0", or the directory of a tree that is no Go module
	Want string // "h1:…" of what was installed
	Got  string // "h1:…" of what is there, or why it cannot be read
}

func (e *ChangedError) Error() string {
	return e.Name + " was changed in the store: its files have the sum " + e.Got + " instead of " + e.Want
}

// CheckModules reads installed Go modules, several at a time, and compares them with their sums.
// The error is a [*ChangedError] of the first that is not as it was installed.
func (s *Store) CheckModules(list []RecordModule) error {
	errs := make([]error, len(list))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, m := range list {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t, err := s.moduleTree(module.Version{Path: m.Path, Version: m.Version})
			if err == nil {
				err = unchanged(t.mod.String(), m.Sum, t.sum)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckTree reads the tree of [Store.PutSource] that a directory is, or lies in, and compares it
// with its sum, by which it is called. A directory elsewhere is nobody's promise, and no error. The
// error is a [*ChangedError].
func (s *Store) CheckTree(dir string) error {
	rel, err := filepath.Rel(s.srcDir(), dir)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	name, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	sum, err := hex.DecodeString(name)
	if err != nil {
		return nil
	}
	tree := filepath.Join(s.srcDir(), name)
	return unchanged(tree, "h1:"+base64.StdEncoding.EncodeToString(sum), func() (string, error) { return HashTree(tree, "") })
}

func unchanged(name, want string, sum func() (string, error)) error {
	got, err := sum()
	if err != nil {
		got = err.Error()
	}
	if got != want {
		return &ChangedError{Name: name, Want: want, Got: got}
	}
	return nil
}
