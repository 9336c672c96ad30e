package sandbox

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
)

// Process is a started program. Its methods are safe for concurrent use.
type Process struct {
	pid       int
	warden    uintptr // the process id of its warden, 0 for none
	starter   *starter
	isolation engine.Isolation

	mu     sync.Mutex // held while the process group is signalled or reaped
	reaped bool

	ended chan struct{} // closed once state is set
	state State

	used, excess atomic.Int64 // see Used and Excess
	unmeasured   atomic.Pointer[error]
	crowd        atomic.Pointer[Crowd]
}

// Pid returns the process id, which the system may use again once Wait has returned.
func (p *Process) Pid() int { return p.pid }

// Isolation tells what keeps the program from its host.
func (p *Process) Isolation() engine.Isolation { return p.isolation }

// Wait waits until the program has ended and says how. It may be called any number of times.
func (p *Process) Wait() State {
	<-p.ended
	return p.state
}

// Kill kills the program and its whole process group. It does nothing where the program has ended.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Until the process is reaped its id, and that of its group, is nobody else's.
	if !p.reaped {
		unix.Kill(-p.pid, unix.SIGKILL)
	}
}

// await takes the state of the program when it has ended.
func (p *Process) await() {
	if !p.polled() {
		for {
			err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
	p.reap()
	p.starter.ended()
}

// polled waits for the program's end as for a file, which takes no thread, and reports whether it
// could: Linux 5.3 has files of processes.
func (p *Process) polled() bool {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		return false
	}
	if unix.SetNonblock(fd, true) != nil { // for the poller
		unix.Close(fd)
		return false
	}
	file := os.NewFile(uintptr(fd), "process")
	defer file.Close()
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	err = conn.Read(func(fd uintptr) bool {
		var events int16
		events, err = ready(fd)
		ended = events != 0
		return ended || err != nil
	})
	return err == nil && ended
}

// ready returns what a file that can be polled is ready for, and does not wait.
func ready(fd uintptr) (events int16, err error) {
	for {
		file := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err = unix.Poll(file, 0); !errors.Is(err, unix.EINTR) {
			return file[0].Revents, err
		}
	}
}

// reap kills what is left of the group of a program that has ended, and takes its state.
func (p *Process) reap() {
	p.mu.Lock()
	unix.Kill(-p.pid, unix.SIGKILL)
	var status syscall.WaitStatus
	var err error
	for {
		if _, err = syscall.Wait4(p.pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	endWarden(p.warden)
	p.reaped = true
	p.mu.Unlock()

	switch {
	case err != nil: // somebody else in the host has waited for it
		p.state = State{Code: -1}
	case status.Signaled():
		p.state = State{Code: -1, Signal: status.Signal().String()}
	default:
		p.state = State{Code: status.ExitStatus()}
	}
	close(p.ended)
	// What the program has started, and left, are children of the host's where it is the first
	// process of a container.
	for {
		if _, err := syscall.Wait4(-p.pid, nil, 0, nil); err != nil && err != syscall.EINTR {
			return
		}
	}
}
