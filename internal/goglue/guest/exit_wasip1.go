package guest

import (
	"runtime"
	"strings"
)

// exiting unwinds a call of the host whose goroutine a function of the host has ended. The
// goroutine itself must not end: it has to return to the host. So what the module defers runs, and
// where it recovers, the call goes on until it returns, and has ended the goroutine nevertheless.
type exiting struct{}

// exit ends the goroutine, as the host's function has ended its own.
func exit() {
	if serving() {
		served.exiting = true
		panic(exiting{})
	}
	runtime.Goexit()
}

// unwound reports whether a call has ended the goroutine: by the panic that it ended with, or by
// one that it has recovered.
func unwound(r any) bool {
	_, ok := r.(exiting)
	ok = ok || served.exiting
	served.exiting = false
	return ok
}

// serving reports whether the goroutine answers the host, directly or in a call within a call.
func serving() bool {
	callers := make([]uintptr, 1000)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "guest.(*Module).Run") || strings.HasPrefix(frame.Function, "main.load_f") {
			return true
		}
		if !more {
			return false
		}
	}
}
