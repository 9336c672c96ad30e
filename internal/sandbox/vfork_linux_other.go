//go:build linux && !amd64 && !arm64

package sandbox

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// forkFlags make a child with a copy of the host's memory, while the calling thread waits for its
// exec.
const forkFlags = unix.CLONE_VFORK | uintptr(unix.SIGCHLD)

// vfork is clone(flags).
//
//go:nosplit
//go:norace
func vfork(flags uintptr) (pid, errno uintptr) {
	first, second := flags, uintptr(0)
	if runtime.GOARCH == "s390x" { // which takes the first two in the other order
		first, second = second, first
	}
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, first, second, 0, 0, 0, 0)
	return pid, uintptr(e)
}
