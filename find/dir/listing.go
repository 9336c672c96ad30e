package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// racy is how old a directory's time of change must be before a listing of it is kept. A change
// that follows the listing within the clock's grain would leave that time as it is; two seconds
// cover the coarsest file systems.
const racy = 2 * time.Second

// listing knows the names in a directory. It asks the file system for the directory's time of
// change at every look-up, and reads the names again when that, or the directory, is another. The
// zero listing with its dir set is ready; it is safe for concurrent use.
type listing struct {
	dir  string
	kept atomic.Pointer[names]
}

type names struct {
	info fs.FileInfo         // of the directory, before the names were read
	set  map[string]struct{} // nil where they are too young to keep
}

func (n *names) of(info fs.FileInfo) bool {
	return n.info.ModTime().Equal(info.ModTime()) && n.info.Size() == info.Size() && os.SameFile(n.info, info)
}

func (n *names) has(one, other string) bool {
	_, here := n.set[one]
	if !here {
		_, here = n.set[other]
	}
	return here
}

// has reports whether the directory has one of two entries, and whether the directory may have
// changed since the last look-up. A directory that does not exist has none; the error is of one
// that cannot be looked into.
func (l *listing) has(one, other string) (here, changed bool, err error) {
	info, err := os.Stat(l.dir)
	if errors.Is(err, fs.ErrNotExist) || isNotDirectory(err) {
		return false, true, nil
	}
	if err != nil {
		return false, true, err
	}
	kept := l.kept.Load()
	changed = kept == nil || !kept.of(info)
	if !changed && kept.set != nil {
		return kept.has(one, other), false, nil
	}
	if time.Since(info.ModTime()) < racy {
		l.kept.Store(&names{info: info})
		_, err := os.Lstat(filepath.Join(l.dir, one))
		if err != nil {
			_, err = os.Lstat(filepath.Join(l.dir, other))
		}
		return err == nil, changed, nil
	}
	kept, err = list(l.dir, info)
	if err != nil { // a directory without the right to list it still has entries
		for _, name := range []string{one, other} {
			if _, missing := os.Lstat(filepath.Join(l.dir, name)); missing == nil {
				return true, changed, nil
			}
		}
		return false, changed, err
	}
	l.kept.Store(kept)
	return kept.has(one, other), changed, nil
}

func list(dir string, info fs.FileInfo) (*names, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := f.Readdirnames(-1)
	if err != nil && !isNotDirectory(err) { // a file has no entries
		return nil, err
	}
	set := make(map[string]struct{}, len(list))
	for _, name := range list {
		set[name] = struct{}{}
	}
	return &names{info: info, set: set}, nil
}

func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
