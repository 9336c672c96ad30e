package sandbox

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// features is what the system offers. A nil error stands for "available".
type features struct {
	landlock     int   // ABI version, 0 if there is none
	noLandlock   error // why there is none
	seccomp      error
	capabilities error
	mounts       error
	closeRange   error
	warden       error
	supervisor   error
}

// after returns the features with what a start has told of them.
func (f features) after(outcome failure) features {
	if outcome.mounts != 0 {
		f.mounts = fmt.Errorf("what is mounted later below a granted directory is granted, too: separate mounts: %w", outcome.mounts)
	}
	if outcome.unguarded != 0 {
		f.warden = noWarden(outcome.unguarded)
	}
	if outcome.unsupervised != 0 {
		f.supervisor = fmt.Errorf("seccomp notifications: %w", outcome.unsupervised)
	}
	return f
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
	f.capabilities = canDropCapabilities()
	f.mounts = canMount()
	f.warden = canWarden()
	f.closeRange = unix.CloseRange(math.MaxUint32, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if (confinement{policy: &Policy{}}).filter() == nil {
		f.seccomp = fmt.Errorf("there are no seccomp rules for %s", runtime.GOARCH)
	} else {
		action := uint32(kill)
		if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action))); errno != 0 {
			f.seccomp = fmt.Errorf("seccomp: %w", errno)
		}
	}
	if f.supervisor = f.seccomp; f.seccomp == nil {
		f.supervisor = canSupervise(f.closeRange)
	}
	return f
})
