package goprocess

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
)

// cannotStart says why a program did not start: a file system that is mounted noexec answers like a
// missing right.
func cannotStart(err error, program *os.File) error {
	var system unix.Statfs_t
	if errors.Is(err, fs.ErrPermission) && unix.Fstatfs(int(program.Fd()), &system) == nil && system.Flags&unix.ST_NOEXEC != 0 {
		return &engine.SystemError{
			Reason: "the store lies on a file system that is mounted noexec: no program can be started there",
			Fix:    "set LOAD_DIR (or Config.Store) to a directory elsewhere, or Config.Engine to gowasm", Err: err,
		}
	}
	return fmt.Errorf("the module cannot be started: %w", err)
}
