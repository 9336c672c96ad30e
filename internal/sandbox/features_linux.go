package sandbox

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Why a notification cannot be answered.
var (
	errListenerBusy   = errors.New("another supervisor, such as a container's, already answers this process's seccomp notifications")
	errListenerKernel = errors.New("seccomp user notification needs Linux 5.5 or later")
)

// features is what the system offers. A nil error stands for "available".
type features struct {
	landlock     int   // ABI version, 0 where there is none
	noLandlock   error // why there is none
	signalScope  bool  // Landlock can keep signals within the sandbox
	seccomp      error
	listener     error
	capabilities error
}

// detect finds out what the system offers, without a trace on the process.
var detect = sync.OnceValue(func() (f features) {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch errno {
	case 0:
		f.landlock = int(abi)
	case unix.ENOSYS, unix.EOPNOTSUPP:
		f.noLandlock = errors.New("the kernel has no Landlock, or has it switched off")
	default:
		f.noLandlock = fmt.Errorf("landlock: %w", errno)
	}
	if f.landlock >= 6 {
		// Without the second erratum's fix the scope would also keep the host's restricted thread from
		// signalling the host's others, as the Go runtime does to preempt them.
		errata, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_ERRATA)
		f.signalScope = errno == 0 && errata&(1<<1) != 0
	}

	f.capabilities = canDropCapabilities()
	if (confinement{policy: &Policy{}}).filter() == nil {
		f.seccomp = fmt.Errorf("there are no seccomp rules for %s", runtime.GOARCH)
	} else if errno := actionAvailable(unix.SECCOMP_RET_KILL_PROCESS); errno != 0 {
		f.seccomp = fmt.Errorf("seccomp: %w", errno)
	}
	f.listener = f.seccomp
	if f.listener == nil && (actionAvailable(notify) != 0 || !kernelAtLeast(5, 5)) {
		f.listener = errListenerKernel
	}
	return f
})

func actionAvailable(action uint32) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno
}

func kernelAtLeast(major, minor int) bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var a, b int
	if n, _ := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &a, &b); n != 2 {
		return false
	}
	return a > major || a == major && b >= minor
}

// listenerTaken finds out whether another supervisor prevents ours: a thread that ends at once loads a
// filter that allows everything.
var listenerTaken = sync.OnceValue(func() error {
	result := make(chan error)
	onOwnThread(func() {
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			var fd int
			if fd, err = (filter{ret(allow)}).load(true); err == nil {
				unix.Close(fd)
			}
		}
		result <- err
	})
	if err := <-result; errors.Is(err, unix.EBUSY) {
		return errListenerBusy
	}
	return nil
})
