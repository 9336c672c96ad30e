package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
)

// output prints what modules print, to the standard error: results alone are on the standard
// output. It holds back a module's report of its own death, because the error that follows tells
// the same.
type output struct {
	w    io.Writer
	mu   sync.Mutex
	held []string
}

func (o *output) show(e event.Output) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.held) > 0 || e.Stream == "stderr" && isDeath(e.Line) {
		o.held = append(o.held, e.Line)
		return
	}
	fmt.Fprintln(o.w, e.Line)
}

func isDeath(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "runtime: ")
}

// end prints what was held back, unless err tells it.
func (o *output) end(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var initial *load.InitError
	var crash *load.CrashError
	told := errors.As(err, &initial) && initial.Stderr != "" || errors.As(err, &crash) && crash.Stderr != ""
	for _, line := range o.held {
		if !told {
			fmt.Fprintln(o.w, line)
		}
	}
	o.held = nil
}
