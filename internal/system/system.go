// Package system turns errors of the machine into ones that say what to do about it.
package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/loadgo/load/engine"
)

// filesEach is how many descriptors the host holds for a running module, at most: a connection, two
// pipes of output, and what watches the process.
const filesEach = 5

// Explain turns an error of the machine into a [*engine.SystemError], and returns all others.
func Explain(err error) error {
	var path *fs.PathError
	var known *engine.SystemError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, syscall.EMFILE):
		limit := "as many files open as it may"
		if n := fileLimit(); n > 0 {
			limit = fmt.Sprintf("all %d files open that it may have", n)
		}
		return &engine.SystemError{
			Reason: fmt.Sprintf("too many open files: this process has %s, and a running module needs up to %d", limit, filesEach),
			Fix:    "raise the limit (ulimit -n), or run fewer modules at a time (Config.MaxModules)", Err: err,
		}
	case errors.Is(err, syscall.ENFILE):
		return &engine.SystemError{
			Reason: fmt.Sprintf("too many open files on this machine; a running module needs up to %d", filesEach),
			Fix:    "raise the limit (sysctl fs.file-max), or run fewer modules at a time (Config.MaxModules)", Err: err,
		}
	case errors.As(err, &path) && path.Op == "open" && path.Path == os.DevNull: // and not that it is granted
		return &engine.SystemError{
			Reason: os.DevNull + " cannot be used: " + path.Err.Error(),
			Fix:    "make it (mknod -m 666 " + os.DevNull + " c 1 3), or mount /dev; programs and compilers need it", Err: err,
		}
	}
	return err
}
