package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A warden is a process beside a program that may start others. The death signal reaches only the
// program itself: what it has started would outlive a host that is killed. The warden is a member
// of the program's process group, which nobody in it can leave, and a child of the same thread of
// the host; when that thread ends it kills the group, itself included. It was never within the
// program's Landlock domain, so that nothing in the domain can signal it; it has no files, and runs
// a program of a few instructions, so that it keeps nothing of the host's memory.
const (
	// hostEnded is the death signal of a warden, the only one that it does not block.
	hostEnded  = unix.SIGUSR1
	wardenName = "load-warden"
)

// noWarden says why what a program starts may outlive its host.
func noWarden(err error) error {
	return fmt.Errorf("programs that the module starts outlive a host that is killed: %w", err)
}

// canWarden returns why there are no wardens on this system, or nil.
func canWarden() error {
	if wardenCode == nil {
		return noWarden(errors.New("there is no process for " + runtime.GOARCH + " that would end them"))
	}
	return nil
}

// setWarden makes the program of a warden. The caller closes it after the start. Where a system
// forbids that, the program starts without a warden, and [Process.Isolation] says so.
func (c *child) setWarden() {
	fd, err := unix.MemfdCreate(wardenName, unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every one can be executed
		fd, err = unix.MemfdCreate(wardenName, unix.MFD_CLOEXEC)
	}
	if err == nil {
		_, err = unix.Write(fd, wardenProgram())
	}
	if errno := unix.Errno(0); errors.As(err, &errno) {
		c.unguarded = errno
		return
	}
	c.warden.exe, c.warden.signals = fd, ^uint64(0)
	c.warden.argv = []*byte{&wardenArgument[0], nil}
	c.warden.envp = []*byte{nil}
}

var wardenArgument = []byte(wardenName + "\x00")

// wardenProgram is an ELF file with one segment, which holds the whole file.
func wardenProgram() []byte {
	const (
		header, segment = 64, 56
		at              = 0x400000
	)
	var file bytes.Buffer
	put := func(fields ...any) {
		for _, f := range fields {
			_ = binary.Write(&file, binary.LittleEndian, f) // a buffer takes everything
		}
	}
	size := uint64(header + segment + binary.Size(wardenCode))
	file.WriteString("\x7fELF\x02\x01\x01" + string(make([]byte, 9)))
	// An executable for the machine: its entry, where the segments' table is, no sections, flags,
	// sizes and numbers of headers.
	put(uint16(2), wardenMachine, uint32(1), uint64(at+header+segment), uint64(header), uint64(0), uint32(0))
	put(uint16(header), uint16(segment), uint16(1), uint16(0), uint16(0), uint16(0))
	// To be loaded, read and executed: offset, addresses, sizes, alignment.
	put(uint32(1), uint32(5), uint64(0), uint64(at), uint64(at), size, size, uint64(64<<10))
	put(wardenCode)
	return file.Bytes()
}

// warden is what a child needs to start one.
type warden struct {
	exe        int // -1 for none
	argv, envp []*byte
	signals    uint64 // all of them
}

// startWarden has a frame of its own, which the warden never leaves, and the child at once.
//
//go:nosplit
//go:noinline
//go:norace
//go:nocheckptr
func (c *child) startWarden() {
	pid, errno := vfork(forkFlags | unix.CLONE_PARENT)
	if errno != 0 {
		c.failure.unguarded = unix.Errno(errno)
		return
	}
	if pid != 0 {
		c.failure.warden = pid
		return
	}
	c.runWarden()
}

// runWarden is the life of a warden between fork and exec.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) runWarden() {
	w := &c.warden
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&w.signals)), 0, unsafe.Sizeof(w.signals), 0, 0)
	if errno == 0 {
		_, _, errno = unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(hostEnded), 0, 0, 0, 0)
	}
	if errno == 0 {
		c.closeFrom(0)
		if parent, _, _ := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0); parent == c.host {
			_, _, errno = unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(w.exe), uintptr(unsafe.Pointer(&empty)),
				uintptr(unsafe.Pointer(&w.argv[0])), uintptr(unsafe.Pointer(&w.envp[0])), unix.AT_EMPTY_PATH, 0)
		}
	}
	c.failure.unguarded = errno
	for {
		unix.RawSyscall(unix.SYS_EXIT, 253, 0, 0)
	}
}

// endWarden takes a warden that has ended, or ends with its group, from the system.
func endWarden(pid uintptr) {
	if pid == 0 {
		return
	}
	unix.Kill(int(pid), unix.SIGKILL) // nobody else waits for it: the number is still its own
	for {
		if _, err := syscall.Wait4(int(pid), nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}
