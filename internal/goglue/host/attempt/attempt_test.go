package attempt

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
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
		got, ok := Of(test.err, false)
		assert.Equal(t, test.want != Attempt{}, ok, test.err.Message)
		if ok {
			assert.Equal(t, test.want, got)
		}
	}
}
