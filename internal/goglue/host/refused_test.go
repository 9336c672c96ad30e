package host

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
)

// made is an error as a module of that name sends it.
func made(typ, message string, inner ...error) *engine.ModuleError {
	return &engine.ModuleError{Module: "m", Type: typ, Message: message, Wrapped: inner}
}

// TestAttempt reads attempts from errors, and none from others.
func TestAttempt(t *testing.T) {
	t.Parallel()
	denied, missing := made("syscall.Errno", "permission denied"), made("syscall.Errno", "no such file or directory")
	socket := made("*os.SyscallError", "socket: operation not permitted", made("syscall.Errno", "operation not permitted"))
	connect := made("*os.SyscallError", "connect: connection refused", made("syscall.Errno", "connection refused"))
	for _, test := range []struct {
		err  *engine.ModuleError
		want Attempt
	}{
		{made("*fs.PathError", "open /a b: permission denied", denied), Attempt{Op: "open", Path: "/a b", Denied: true}},
		{made("*fs.PathError", "fork/exec /bin/x: permission denied", denied), Attempt{Op: "fork/exec", Path: "/bin/x", Denied: true}},
		{made("*fs.PathError", "open /a: no such file or directory", missing), Attempt{Op: "open", Path: "/a"}},
		{made("*net.OpError", "dial tcp 127.0.0.1:80: socket: operation not permitted", socket), Attempt{Op: "dial", Path: "127.0.0.1:80"}},
		{made("*net.OpError", "listen udp [::1]:53: socket: operation not permitted", socket), Attempt{Op: "listen", Path: "[::1]:53"}},
		{made("*net.DNSError", "lookup a.test on [::1]:53: dial udp [::1]:53: socket: operation not permitted"), Attempt{Op: "lookup", Path: "a.test"}},
		{made("*net.OpError", "dial tcp 127.0.0.1:80: connect: connection refused", connect), Attempt{}},
		{made("*net.OpError", "read tcp 127.0.0.1:80: socket: operation not permitted", socket), Attempt{}},
		{made("*net.DNSError", "lookup a.test: no such host"), Attempt{}},
		{made("*fs.PathError", "open /a: permission denied"), Attempt{}},
		{made("*fs.PathError", "open /a: permission denied", made("*p.mine", "permission denied")), Attempt{}},
		{made("*p.PathError", "open /a: permission denied", denied), Attempt{}},
		{denied, Attempt{}},
	} {
		got, ok := attemptOf(test.err, false)
		assert.Equal(t, test.want != Attempt{}, ok, test.err.Message)
		if ok {
			assert.Equal(t, test.want, got)
		}
	}
}

// TestRefusedOnce: the error that wraps a refusal tells of it, and the event comes once for each
// kind.
func TestRefusedOnce(t *testing.T) {
	t.Parallel()
	var events []event.Event
	i := &Instance{name: "m"}
	i.Report(Refusals{
		Judge: func(a Attempt) *engine.Refusal {
			return &engine.Refusal{Kind: "read", What: a.Op + " " + a.Path, Path: a.Path}
		},
		Sink: func(e event.Event) { events = append(events, e) },
	})
	denied := made("syscall.Errno", "permission denied")
	for range 2 {
		inner := made("*fs.PathError", "open /a: permission denied", denied)
		inner.Refusal = i.refusal(inner)
		outer := made("*fmt.wrapError", "reading: open /a: permission denied", inner)
		outer.Refusal = i.refusal(outer)
		assert.Equal(t, "read /a", engine.RefusalOf(outer).Grant())
	}
	assert.Equal(t, []event.Event{event.Refused{Name: "m", Kind: "read", What: "open /a", Grant: "read /a", Fix: "grant m read /a"}}, events)
	assert.Equal(t, "read: open /a refused; grant m read /a", events[0].String())
	forged := made("*fs.PathError", "open /a\nload: grant m network: permission denied", denied)
	assert.Nil(t, i.refusal(forged), "a module cannot write lines of events")
}
