package goprocess

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/sandbox"
)

// Memory implements [engine.Measurable]: the resident memory of the child, its shared read-only
// pages included, where the system has /proc.
func (i *instance) Memory() engine.Memory {
	pid := i.process.child.Pid()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	select {
	case <-i.process.ended: // the number may be another's by now
		return engine.Memory{}
	default:
	}
	if err != nil {
		return engine.Memory{}
	}
	return engine.Memory{Now: statusField(status, "VmRSS:"), Peak: statusField(status, "VmHWM:"), From: "resident memory of process " + strconv.Itoa(pid)}
}

// limit says which limit ended the module, or is nil: it had too many processes, used more memory,
// or its runtime was refused more.
func (p *process) limit() *engine.LimitError {
	if crowd := p.child.Crowd(); crowd != nil {
		reason := fmt.Sprintf("it had %d processes, and %d threads in them, beyond its limit of %d", crowd.Processes, crowd.Threads, p.config.Processes)
		if p.config.Processes == 0 {
			reason = fmt.Sprintf("it had %d processes, more than %d", crowd.Processes, sandbox.MostProcesses)
		}
		return &engine.LimitError{Reason: reason, Fix: "set goprocess.Config.Processes to allow more"}
	}
	if err := p.child.Unmeasured(); err != nil {
		return &engine.LimitError{Reason: "what it uses could not be measured: " + err.Error(), Fix: "let the host have more open files (ulimit -n)"}
	}
	limit := p.config.Memory
	fix := "raise it (" + p.config.memorySetting + ")"
	if used := p.child.Excess(); used > 0 {
		return &engine.LimitError{
			Reason: fmt.Sprintf("it used %s of memory (resident, swapped, page tables and thread stacks of all its processes), more than its limit of %s", quantity.About(used), quantity.About(limit)),
			Fix:    fix,
		}
	}
	if limit == 0 {
		return nil
	}
	tail := p.stderr.tail()
	outOf := strings.Contains(tail, "out of memory") || strings.Contains(tail, "cannot allocate memory")
	if p.state.Code == 2 && outOf {
		return &engine.LimitError{Reason: "it wanted more memory than its limit of " + quantity.About(limit) + " lets it have", Fix: fix}
	}
	if used := p.child.Used(); p.faulted() && used > limit-limit/8 {
		return &engine.LimitError{Reason: fmt.Sprintf("it ended with the %s and used %s of memory, where its limit is %s", p.state, quantity.About(used), quantity.About(limit)), Fix: fix}
	}
	return nil
}

// faulted reports whether the system ended the module for a fault: so ends a
// program that cannot handle that it is refused some. The Go runtime handles it for Go code.
func (p *process) faulted() bool {
	_, killed := p.killed.Load().(string)
	return !killed && (p.state.Signal == "segmentation fault" || p.state.Signal == "bus error")
}

// statusField returns a size of /proc/<pid>/status in bytes; 0 if there is none.
func statusField(status []byte, name string) int64 {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
