//go:build !linux

package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/loadgo/load/engine"
)

// Process is a started program. Its methods are safe for concurrent use.
type Process struct {
	process   *os.Process
	isolation engine.Isolation

	ended chan struct{} // closed once state is set
	state State
}

// Start starts a program. There is no sandbox on this system: the policy's grants and limits mean
// nothing, and the program runs by the name of its file.
func Start(cmd Command, p Policy) (*Process, error) {
	attr := os.ProcAttr{Dir: cmd.Dir, Env: cmd.Env}
	if attr.Env == nil {
		attr.Env = []string{} // nil would be the host's
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer null.Close()
	for i := range max(3, len(cmd.Files)) {
		f := null
		if i < len(cmd.Files) && cmd.Files[i] != nil {
			f = cmd.Files[i]
		}
		attr.Files = append(attr.Files, f)
	}
	args := cmd.Args
	if len(args) == 0 {
		args = []string{cmd.Exe.Name()}
	}
	if cmd.Ready != nil {
		if err := cmd.Ready(); err != nil {
			return nil, err
		}
	}
	process, err := os.StartProcess(cmd.Exe.Name(), args, &attr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s := &Process{process: process, isolation: Probe(p), ended: make(chan struct{})}
	go s.await()
	return s, nil
}

// Pid returns the process id, which the system may use again once Wait has returned.
func (p *Process) Pid() int { return p.process.Pid }

// Isolation tells what keeps the program from its host: nothing.
func (p *Process) Isolation() engine.Isolation { return p.isolation }

// Wait waits until the program has ended and says how. It may be called any number of times.
func (p *Process) Wait() State {
	<-p.ended
	return p.state
}

// Kill kills the program. It does nothing where the program has ended.
func (p *Process) Kill() {
	p.process.Kill() // package os knows whether the process is still ours
}

// Used returns 0: nothing is measured on this system.
func (*Process) Used() int64 { return 0 }

// Excess returns 0: nothing is measured on this system.
func (*Process) Excess() int64 { return 0 }

// Unmeasured returns nil: nothing is measured on this system.
func (*Process) Unmeasured() error { return nil }

// Crowd returns nil: nothing is counted on this system.
func (*Process) Crowd() *Crowd { return nil }

func (p *Process) await() {
	p.state = State{Code: -1}
	if ended, err := p.process.Wait(); err == nil {
		p.state.Code = ended.ExitCode()
		if p.state.Code < 0 {
			_, p.state.Signal, _ = strings.Cut(ended.String(), "signal: ")
		}
	}
	close(p.ended)
}

// Try is Probe: there is nothing to try.
func Try(p Policy) engine.Isolation { return Probe(p) }

// Probe tells what would be in force for a program that is started here under a policy: nothing.
func Probe(Policy) engine.Isolation {
	why := "there is no sandbox for " + runtime.GOOS
	var measures []engine.Measure
	for _, name := range []string{"files", "network", "programs", "processes", "signals", "memory", "kernel", "privileges", "death"} {
		measures = append(measures, engine.Measure{Name: name, Why: why})
	}
	return isolation(measures)
}
