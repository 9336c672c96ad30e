package lockfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxSize bounds what is read: room for some hundred thousand modules.
const maxSize = 64 << 20

// Read reads the lock file of that path. One that does not exist is [io/fs.ErrNotExist], one that is wrong a
// [*SyntaxError].
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s is larger than %d MiB", filepath.Base(path), maxSize>>20)
	}
	return Parse(filepath.Base(path), data)
}

// Write puts the file in the place of the one of that path, as a whole or not at all, however the process
// ends. Where path is a link, what it leads to is replaced.
func (f *File) Write(path string) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
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
	_, err = temp.Write(f.Format())
	if err := errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every system can; the file is whole either way
		_ = d.Close()
	}
	return nil
}
