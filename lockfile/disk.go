package lockfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadgo/load/internal/failpoint"
	"github.com/loadgo/load/internal/regular"
)

// maxSize bounds what is read: room for some hundred thousand modules.
const maxSize = 64 << 20

// Read reads the lock file of that path. One that does not exist is [io/fs.ErrNotExist], one that
// is wrong a [*SyntaxError].
func Read(path string) (*File, error) {
	data, err := regular.Read(path, maxSize)
	if err != nil {
		return nil, err
	}
	return Parse(filepath.Base(path), data)
}

// Write puts the file in the place of the one of that path, as a whole or not at all, however the
// process ends. Where path is a link, what it leads to is replaced.
func (f *File) Write(path string) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	unfinished := "." + filepath.Base(path) + "-"
	sweep(dir, unfinished)
	temp, err := os.CreateTemp(dir, unfinished+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err = failpoint.Hit("lockfile.created"); err == nil {
		_, err = temp.Write(f.Format())
	}
	if err = errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close(), failpoint.Hit("lockfile.written")); err != nil {
		return err
	}
	if err = os.Rename(temp.Name(), path); err != nil {
		return err
	}
	_ = failpoint.Hit("lockfile.renamed")
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every system can; the file is whole either way
		_ = d.Close()
	}
	return nil
}

// stale is after how long an unfinished file is that of a writer who was killed: writing takes
// milliseconds. A writer that slept for longer finds its file gone, and fails.
const stale = time.Minute

func sweep(dir, unfinished string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), unfinished) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > stale {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
