package sandbox

import (
	"errors"
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
	isolation engine.Isolation

	mu     sync.Mutex // held while the process group is signalled or reaped
	reaped bool

	ended chan struct{} // closed once state is set
	state State

	used, excess atomic.Int64 // see Used and Excess
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

// await returns when the program has ended, and leaves it to be reaped.
func (p *Process) await() {
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
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
