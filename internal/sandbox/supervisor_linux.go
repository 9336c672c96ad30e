package sandbox

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A supervisor is asked by the kernel before a program makes a process or, where the number of its
// threads is limited, a thread. Who only counts what there is loses against a fork bomb, the sooner
// the more the machine has to do: the number doubles between two looks. Here nothing is made before
// the answer, so that the program never has more than it may, but for those of its tasks that were
// allowed one and have not yet made it.
//
// The kernel asks by seccomp's user notification. The filter that asks is one of its own, before
// the other, whose refusals have precedence; a program can install no other ([kernelCalls]).
type supervisor struct {
	listener *os.File
	meter    meter
	limits   Limits
	made     int // since last was taken
	last     usage
}

// canSupervise returns why there are no supervisors on this system, or nil. An answer that lets a
// call through came with Linux 5.5, and cannot be asked for; a later call can.
func canSupervise(closeRange error) error {
	action := uint32(unix.SECCOMP_RET_USER_NOTIF)
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action))); errno != 0 {
		return fmt.Errorf("seccomp notifications: %w", errno)
	}
	return closeRange
}

// asking is what a child needs to be supervised.
type asking struct {
	filter   filter // nil for none
	program  unix.SockFprog
	socket   int // to the host, where there is a filter
	message  unix.Msghdr
	part     unix.Iovec
	letter   byte
	rights   []byte
	listener *int32 // within rights
}

// setAsking lets the kernel ask the host. The caller closes both sockets after the start.
func (c *child) setAsking(f filter) (host int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	a := &c.asking
	a.filter, a.socket = f, pair[1]
	a.program = unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	a.rights = unix.UnixRights(0)
	a.listener = (*int32)(unsafe.Pointer(&a.rights[unix.CmsgLen(0)]))
	a.part.Base = &a.letter
	a.part.SetLen(1)
	a.message.Iov, a.message.Control = &a.part, &a.rights[0]
	a.message.SetIovlen(1)
	a.message.SetControllen(len(a.rights))
	return pair[0], nil
}

// ask takes the filter on that asks, and sends the host what the kernel asks through. Where
// something forbids that, as another listener does, the child says so and goes on.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) ask() {
	a := &c.asking
	listener, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&a.program)))
	if errno != 0 {
		c.failure.unsupervised = errno
		return
	}
	*a.listener = int32(listener)
	c.call(stepSupervisor, unix.SYS_SENDMSG, uintptr(a.socket), uintptr(unsafe.Pointer(&a.message)), unix.MSG_NOSIGNAL, 0, 0)
}

// receiveListener returns what the kernel asks through.
func receiveListener(socket int) (*os.File, error) {
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), rights, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err != nil {
		return nil, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(err, unix.EBADMSG)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.Join(err, unix.EBADMSG)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil { // for the poller
		unix.Close(fds[0])
		return nil, err
	}
	return os.NewFile(uintptr(fds[0]), "seccomp listener"), nil
}

// notification and response are the kernel's struct seccomp_notif and struct seccomp_notif_resp.
type (
	notification struct {
		id   uint64
		_    [2]uint32
		data [64]byte
	}
	response struct {
		id    uint64
		value int64
		errno int32
		flags uint32
	}
)

// supervise answers until the program has ended.
func (p *Process) supervise(s *supervisor) {
	defer s.meter.close()
	go func() {
		<-p.ended
		s.listener.Close()
	}()
	conn, err := s.listener.SyscallConn()
	for err == nil {
		var asked notification
		var readErr error
		err = conn.Read(func(fd uintptr) bool {
			var events int16
			switch events, readErr = ready(fd); {
			case readErr != nil:
				return true
			case events == 0: // without a question, the kernel would hold up the thread
				return false
			case events&unix.POLLIN == 0:
				readErr = unix.EPIPE // nobody is left who could ask
				return true
			}
			readErr = ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&asked))
			return true
		})
		switch {
		case err != nil: // else its processes would wait for good; does nothing where it has ended
			p.Kill()
			return
		case errors.Is(readErr, unix.EPIPE):
			return
		case readErr != nil: // who asked has ended, or a signal came
			continue
		}
		if crowd := s.tooMany(); crowd != nil {
			p.crowd.Store(crowd)
			p.Kill()
			return
		}
		answer := response{id: asked.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		err = conn.Control(func(fd uintptr) {
			_ = ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&answer)) // fails where who asked has ended
		})
	}
}

// tooMany returns what the program would have with one task more, where that is too many.
func (s *supervisor) tooMany() *Crowd {
	s.made++
	if s.limits.tooMany(s.last.add(usage{processes: s.made, tasks: s.made})) {
		// Where nothing can be counted, as in a host without descriptors left, all that were made count.
		if used, err := s.meter.used(); err == nil && used.processes > 0 {
			s.last, s.made = used, 1
		}
		if now := s.last.add(usage{processes: s.made, tasks: s.made}); s.limits.tooMany(now) {
			return &Crowd{now.processes, now.tasks}
		}
	}
	return nil
}

func ioctl(fd, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}
