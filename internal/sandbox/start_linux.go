package sandbox

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a program under a policy, with as much of it in force as the system offers; see
// [Process.Isolation]. It does not wait for the program to do anything. The caller calls [Process.Kill]
// or lets the program end; [Process.Wait] need not be called.
//
// The program leads a process group of its own and is killed when the host ends, however it ends.
func Start(cmd Command, p Policy) (*Process, error) {
	process, err := start(detect(), cmd, &p)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return process, nil
}

// start is Start with what the system offers, or what a test says that it does.
func start(f features, cmd Command, p *Policy) (*Process, error) {
	s := starting{features: f, policy: p, ruleset: -1, ready: make(chan error, 1), result: make(chan error, 1)}
	limits, err := p.Limits.rlimits()
	if err != nil {
		return nil, err
	}
	closeFiles, err := s.prepare(cmd)
	defer closeFiles()
	if err != nil {
		return nil, err
	}
	if s.landlock > 0 {
		if s.ruleset, err = s.features.ruleset(cmd.Exe, p); err != nil {
			return nil, err
		}
		defer unix.Close(s.ruleset)
	}

	s.process = &Process{ended: make(chan struct{})}
	s.supervisor = &supervisor{call: int32(confinement{policy: p}.startCall()), limits: limits}
	supervise := s.listener == nil
	onOwnThread(s.run)
	if cmd.Ready != nil {
		s.ready <- cmd.Ready()
	} else {
		s.ready <- nil
	}
	if supervise {
		s.supervisor.run()
	}
	err = <-s.result
	runtime.KeepAlive(cmd) // its files' descriptors were in use until now
	if s.supervisor.failed != 0 {
		return nil, fmt.Errorf("resource limits: %w", s.supervisor.failed)
	}
	if err == nil && s.listener != nil {
		err = s.process.limit(limits)
	}
	if err != nil {
		return nil, err
	}
	s.process.isolation = s.features.isolation(p)
	return s.process, nil
}

// starting is one start.
type starting struct {
	features // what is put in force, less what turns out to be missing
	policy   *Policy
	path     string
	args     []string
	attr     syscall.ProcAttr
	ruleset  int // -1 where there is no Landlock

	supervisor *supervisor
	process    *Process
	ready      chan error // the answer of Command.Ready
	result     chan error // nil when the program runs
}

// prepare arranges the descriptors and arguments. The function that it returns closes what it opened.
func (s *starting) prepare(cmd Command) (closeFiles func(), err error) {
	var opened []*os.File
	closeFiles = func() {
		for _, f := range opened {
			f.Close()
		}
	}
	var null *os.File
	highest := 0
	for i := range max(3, len(cmd.Files)) {
		var f *os.File
		if i < len(cmd.Files) {
			f = cmd.Files[i]
		}
		if f == nil {
			if null == nil {
				if null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
					return closeFiles, err
				}
				opened = append(opened, null)
			}
			f = null
		}
		s.attr.Files = append(s.attr.Files, f.Fd())
		highest = max(highest, int(f.Fd()))
	}
	count := len(s.attr.Files)
	// What the host itself inherited is closed in the program: everything else is closed by its execve.
	for fd := len(s.attr.Files); fd <= inherited(); fd++ {
		s.attr.Files = append(s.attr.Files, math.MaxUint)
	}
	fd, err := s.spareDescriptor(cmd.Exe, count, highest)
	if err != nil {
		return closeFiles, fmt.Errorf("duplicate the executable's descriptor: %w", err)
	}
	opened = append(opened, os.NewFile(uintptr(fd), cmd.Exe.Name()))

	s.path = "/proc/self/fd/" + strconv.Itoa(fd)
	s.args = cmd.Args
	if len(s.args) == 0 {
		s.args = []string{cmd.Exe.Name()}
	}
	s.attr.Env = cmd.Env
	s.attr.Dir = cmd.Dir
	s.attr.Sys = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return closeFiles, nil
}

// spareDescriptor duplicates the executable's descriptor to a number that ForkExec leaves alone in the child.
// It moves descriptors about among the first, and just above the highest, of those that it is given: the
// number must lie beyond. Where that would be far up, because the host inherited something there, growing
// the host's table of descriptors would take milliseconds (the kernel waits for an RCU grace period), so
// the program keeps the descriptor, which shows it nothing but itself.
func (s *starting) spareDescriptor(exe *os.File, first, highest int) (int, error) {
	files := len(s.attr.Files)
	if files == first {
		return unix.FcntlInt(exe.Fd(), unix.F_DUPFD_CLOEXEC, max(highest, files)+files+3)
	}
	fd, err := unix.FcntlInt(exe.Fd(), unix.F_DUPFD_CLOEXEC, first)
	if err != nil || fd >= files {
		if err == nil {
			unix.Close(fd)
		}
		return unix.FcntlInt(exe.Fd(), unix.F_DUPFD_CLOEXEC, max(highest, files)+files+3)
	}
	s.attr.Files[fd] = uintptr(fd)
	return fd, nil
}

// inherited returns the highest descriptor that the host was started with, or had opened without
// close-on-exec when the first program was started; 2 where there is none beyond the standard ones.
var inherited = sync.OnceValue(func() int {
	highest := 2
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return highest
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= highest {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			highest = fd
		}
	}
	return highest
})

// onOwnThread runs f in a goroutine on a thread that ends with it, so that f may leave restrictions on it.
func onOwnThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != os.Getpid() {
			f()
			return
		}
		// The main thread would not end. Keep it away until another goroutine has a thread.
		locked := make(chan struct{})
		onOwnThread(func() { close(locked); f() })
		<-locked
		runtime.UnlockOSThread()
	}()
}

// run restricts the calling thread, starts the program from it, and stays until the program has ended:
// the parent-death signal follows the thread.
func (s *starting) run() {
	listener, err := s.restrict()
	// The supervisor's goroutine calls Ready first, and supervises then.
	err = errors.Join(err, <-s.ready)
	s.supervisor.restrictedThread(listener)
	if err != nil {
		if listener >= 0 {
			s.supervisor.giveUp()
		}
		s.result <- err
		return
	}
	// Not os.StartProcess or os/exec: they open files, or make a process to find out about pidfds.
	process := s.process
	if process.pid, err = syscall.ForkExec(s.path, s.args, &s.attr); err != nil {
		if listener >= 0 {
			s.supervisor.giveUp()
		}
		if _, noProc := os.Stat("/proc/self/fd"); noProc != nil {
			s.result <- errors.New("/proc is not mounted, and programs are started through it: mount it (mount -t proc proc /proc)")
			return
		}
		s.result <- &os.PathError{Op: "start", Path: s.args[0], Err: err}
		return
	}
	s.result <- nil
	process.await()
	// This thread may signal nobody: the rest is for another one.
	go process.reap()
}

// restrict puts the restrictions on the calling thread. It returns the filter's listener, or -1.
func (s *starting) restrict() (listener int, err error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, fmt.Errorf("no new privileges: %w", err)
	}
	if s.ruleset >= 0 {
		if err := enforce(s.ruleset); err != nil {
			return -1, err
		}
	}
	if s.capabilities == nil {
		if err := dropCapabilities(len(s.policy.ReadOnly)+len(s.policy.ReadWrite) > 0); err != nil {
			return -1, err
		}
	}
	if s.seccomp != nil {
		return -1, nil
	}
	c := confinement{policy: s.policy, landlock: s.landlock, listener: s.listener == nil}
	listener, err = c.filter().load(c.listener)
	if c.listener && errors.Is(err, unix.EBUSY) {
		s.listener = errListenerBusy
		c.listener = false
		listener, err = c.filter().load(false)
	}
	if err != nil {
		return -1, fmt.Errorf("seccomp: %w", err)
	}
	return listener, nil
}
