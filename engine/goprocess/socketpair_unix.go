//go:build unix

package goprocess

import (
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
