//go:build unix

package goprocess

import (
	"io"
	"os"
	"runtime"
	"syscall"
)

// passRights is Linux's SO_PASSRIGHTS.
const passRights = 83

// socketPair returns the two ends of a connection. The host's end waits in the runtime's poller,
// the child's in the kernel.
func socketPair() (host, child *os.File, err error) {
	syscall.ForkLock.RLock() // no process is started while the descriptors could be inherited
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	err = syscall.SetNonblock(fds[0], true)
	if err == nil && runtime.GOOS == "linux" {
		// A name that the kernel chooses, which nobody can connect to: a module could else give its
		// end one that other programs look for, and no filter can tell that socket from those of
		// the network.
		err = syscall.Bind(fds[1], &syscall.SockaddrUnix{})
		// The host would close what a module sends along, which may take long. Linux 6.16 can
		// refuse it.
		_ = syscall.SetsockoptInt(fds[0], syscall.SOL_SOCKET, passRights, 0)
	}
	if err != nil {
		syscall.Close(fds[0])
		syscall.Close(fds[1])
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "module"), os.NewFile(uintptr(fds[1]), "host"), nil
}

// poller reads and writes without waiting. It is made once, so that looking costs no memory. One
// goroutine at a time looks, and one writes.
type poller struct {
	conn        syscall.RawConn
	read, write func(fd uintptr) bool // do what the fields below say, and set the rest of them
	to, from    []byte
	got, put    int
	readErr     error
}

func newPoller(f *os.File) (*poller, error) {
	conn, err := f.SyscallConn()
	p := &poller{conn: conn}
	p.read = func(fd uintptr) bool {
		p.got, p.readErr = syscall.Read(int(fd), p.to)
		return true
	}
	p.write = func(fd uintptr) bool {
		for {
			var err error
			if p.put, err = syscall.Write(int(fd), p.from); err != syscall.EINTR {
				return true
			}
		}
	}
	return p, err
}

// look reads what has arrived; it returns 0 and no error if there is nothing yet.
func (p *poller) look(to []byte) (int, error) {
	p.to = to
	if err := p.conn.Read(p.read); err != nil {
		return 0, err
	}
	switch {
	case p.readErr == syscall.EAGAIN || p.readErr == syscall.EINTR:
		return 0, nil
	case p.readErr == nil && p.got == 0:
		return 0, io.EOF
	}
	return max(p.got, 0), p.readErr
}

// tell writes a few bytes and reports whether it has: not where the module does not read, and the
// socket is full.
func (p *poller) tell(data []byte) bool {
	p.from = data
	return p.conn.Write(p.write) == nil && p.put == len(data)
}

// readNow reads from a descriptor of the runtime's poller, without waiting.
func readNow(fd uintptr, buf []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), buf)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// isEmpty reports whether readNow found nothing, and more may come.
func isEmpty(err error) bool { return err == syscall.EAGAIN }
