//go:build failpoint

package failpoint

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Hit passes a point. The error is what the environment asks for, or nil.
func Hit(name string) error {
	p := points()
	p.mu.Lock()
	p.passed[name]++
	n := p.passed[name]
	if p.trace != nil {
		fmt.Fprintln(p.trace, name)
	}
	p.mu.Unlock()
	if name != p.name || p.pass != 0 && n != p.pass {
		return nil
	}
	return act(name, p.action)
}

// plan is what the environment asks for, and what was passed already.
type plan struct {
	name   string
	pass   int // 0 is every one
	action string
	trace  *os.File // nil for none

	mu     sync.Mutex
	passed map[string]int
}

var points = sync.OnceValue(func() *plan {
	p := &plan{passed: make(map[string]int)}
	point, action, _ := strings.Cut(os.Getenv("LOAD_FAILPOINT"), "=")
	name, pass, counted := strings.Cut(point, "#")
	p.name, p.action = name, action
	if counted {
		n, err := strconv.Atoi(pass)
		if err != nil || n < 1 {
			panic("LOAD_FAILPOINT: " + point)
		}
		p.pass = n
	}
	if file := os.Getenv("LOAD_FAILPOINT_TRACE"); file != "" {
		trace, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			panic("LOAD_FAILPOINT_TRACE: " + err.Error())
		}
		p.trace = trace
	}
	return p
})

func act(name, action string) error {
	what, argument, _ := strings.Cut(action, ":")
	switch what {
	case "kill":
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
		select {} // until the signal arrives
	case "enospc":
		return &os.PathError{Op: "write", Path: "failpoint " + name, Err: syscall.ENOSPC}
	case "error":
		return errors.New("failpoint " + name)
	case "sleep":
		d, err := time.ParseDuration(argument)
		if err != nil {
			panic("LOAD_FAILPOINT: " + action)
		}
		time.Sleep(d)
		return nil
	}
	panic("LOAD_FAILPOINT: " + action)
}
