package sandbox

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A supervisor answers the notifications of one start. The restricted thread may make one process, and
// that process may make its start call (see [confinement.startCall]) once, after its limits were set. Then
// the listener is closed, and the kernel answers ENOSYS to every later call that would notify.
//
// The thread waits for the answers inside fork, where the Go scheduler can neither stop it nor take its
// processor away. If the supervisor needed a processor meanwhile, it would wait for ever when the last one
// is the thread's, or when the garbage collector is stopping the world. So it works in the state that the
// runtime is in during a system call, in which a thread needs none: it must not allocate, grow its stack,
// store pointers or call anything that may, sync/atomic of a race build included.
type supervisor struct {
	// restricted says that the thread is restricted: its id in the lower half, which is a futex, and in
	// the upper half the listener's descriptor plus 1, or 0 where there is none. In one word, both are seen
	// or neither; it comes first so that it is aligned everywhere.
	restricted uint64
	// entered is a futex, 1 once the supervisor needs no processor any more.
	entered uint32

	call   int32 // the start call
	limits []rlimit
	// failed is the error of setting a limit; the start call was refused then.
	failed unix.Errno

	thread, child uint32
	listener      uintptr
	ask           notification
	reply         response
}

// notification and response are struct seccomp_notif and struct seccomp_notif_resp.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id     uint64
	value  int64
	errno  int32
	action uint32
}

// The runtime keeps these two for packages that make system calls in a row as gVisor does.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// run supervises the start to its end, or until the thread gives up or has no listener, and closes the
// listener.
//
//go:nosplit
//go:norace
func (s *supervisor) run() {
	entersyscall()
	s.entered = 1
	unix.RawSyscall(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.entered)), futexWakePrivate, 1)
	for uint32(s.restricted) == 0 {
		unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.restricted)), futexWaitPrivate, 0, 0, 0, 0)
	}
	s.thread = uint32(s.restricted)
	if upper := uintptr(s.restricted >> 32); upper != 0 {
		s.listener = upper - 1
		for s.answer() {
		}
		unix.RawSyscall(unix.SYS_CLOSE, s.listener, 0, 0)
	}
	exitsyscall()
}

const (
	futexWaitPrivate = 0 | 128
	futexWakePrivate = 1 | 128
)

// restrictedThread tells the supervisor that the calling thread is restricted, and its listener or -1. It
// returns when the thread may enter fork.
func (s *supervisor) restrictedThread(listener int) {
	atomic.StoreUint64(&s.restricted, uint64(listener+1)<<32|uint64(unix.Gettid()))
	unix.Syscall(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.restricted)), futexWakePrivate, 1)
	if listener < 0 {
		return
	}
	for {
		_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.entered)), futexWaitPrivate, 0, 0, 0, 0)
		if errno == unix.EAGAIN { // it is no longer 0
			return
		}
	}
}

// giveUp releases the supervisor of a start that failed before the start call: the thread, which has no
// other reason for it, makes the call itself, with arguments that can do nothing.
func (s *supervisor) giveUp() {
	const invalid = ^uintptr(0)
	unix.Syscall(uintptr(s.call), invalid, invalid, invalid)
}

// answer answers one notification and tells whether more are to come.
//
//go:nosplit
//go:norace
func (s *supervisor) answer() bool {
	s.ask = notification{}
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, s.listener, unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&s.ask)))
	if errno != 0 {
		// EINTR: a signal; ENOENT: who asked was interrupted, and asks again.
		return errno == unix.EINTR || errno == unix.ENOENT
	}
	last := false
	s.reply = response{id: s.ask.id, errno: -int32(unix.EPERM)}
	switch {
	case s.ask.pid == s.thread && s.ask.nr == unix.SYS_CLONE:
		s.proceed()
	case s.ask.pid == s.thread:
		last = true
	case s.ask.nr == s.call && (s.child == 0 || s.child == s.ask.pid):
		last = true
		s.child = s.ask.pid
		if s.failed = s.limit(); s.failed == 0 {
			s.proceed()
		}
	}
	_, _, errno = unix.RawSyscall(unix.SYS_IOCTL, s.listener, unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&s.reply)))
	return !last || errno != 0
}

// proceed makes the reply "go on with the call".
//
//go:nosplit
//go:norace
func (s *supervisor) proceed() {
	s.reply.errno, s.reply.action = 0, unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
}

// limit sets the limits of the child, which waits for its start call to be answered.
//
//go:nosplit
//go:norace
func (s *supervisor) limit() unix.Errno {
	for i := 0; i < len(s.limits); i++ {
		l := &s.limits[i]
		_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, uintptr(s.child), l.resource, uintptr(unsafe.Pointer(&l.value)), 0, 0, 0)
		if errno != 0 {
			return errno
		}
	}
	return 0
}
