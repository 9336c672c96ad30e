//go:build unix

package goprocess

import (
	"io"
	"os"
	"syscall"
)

// socketPair returns the two ends of a connection. The host's end waits in the runtime's poller, the
// child's in the kernel.
func socketPair() (host, child *os.File, err error) {
	syscall.ForkLock.RLock() // no process is started while the descriptors could be inherited
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		syscall.Close(fds[0])
		syscall.Close(fds[1])
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "module"), os.NewFile(uintptr(fds[1]), "host"), nil
}

// readNow reads what has arrived; it returns 0 and no error where there is nothing yet.
func readNow(f *os.File, to []byte) (n int, err error) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = c.Read(func(fd uintptr) bool {
		n, failed = syscall.Read(int(fd), to)
		return true
	})
	switch {
	case err != nil:
		return 0, err
	case failed == syscall.EAGAIN || failed == syscall.EINTR:
		return 0, nil
	case failed == nil && n == 0:
		return 0, io.EOF
	}
	return max(n, 0), failed
}
