//go:build unix

package guest

import (
	"runtime"
	"syscall"
	"time"

	"github.com/loadgo/load/internal/wire"
)

const (
	// keepBuffer is the size up to which the buffer for answers is kept for the next one.
	keepBuffer = 1 << 20
	// maxQueued is how many bytes of results wait to be written together.
	maxQueued = 16 << 10
	// largeFrame is the size from which a frame gets memory of its own, which its arguments keep.
	largeFrame = 64 << 10
)

// input is what the reader has read from the connection, and results that wait to be written.
type input struct {
	buf        []byte
	start, end int // of what was read and is not used yet
	queued     []byte
	maxFrame   int
	hot        bool // the last frames came soon after each other: the next one may, too
	patience   wire.Patience
}

func newInput(maxFrame int) *input { return &input{buf: make([]byte, largeFrame), maxFrame: maxFrame} }

// ready tells whether a whole frame has been read already.
func (in *input) ready() bool {
	there := in.end - in.start - wire.HeaderSize
	return there >= 0 && wire.BodySize(in.buf[in.start:]) <= there
}

// frame returns the body of the next frame, which is valid until the next call of frame, or for ever where
// it is large. It does not return when the connection ends.
func (in *input) frame() []byte {
	if in.start == in.end {
		in.start, in.end = 0, 0
	}
	in.fill(wire.HeaderSize)
	n := wire.BodySize(in.buf[in.start:])
	if n < 1 || n > in.maxFrame {
		syscall.Exit(exitProtocol)
	}
	in.start += wire.HeaderSize
	if n >= largeFrame {
		body := make([]byte, n)
		got := copy(body, in.buf[in.start:in.end])
		in.start += got
		for got < n {
			got += in.receive(body[got:])
		}
		return body
	}
	in.fill(n)
	body := in.buf[in.start : in.start+n]
	in.start += n
	return body
}

// fill reads until n bytes, which fit the buffer, are there.
func (in *input) fill(n int) {
	if in.start+n > len(in.buf) {
		in.end = copy(in.buf, in.buf[in.start:in.end])
		in.start = 0
	}
	for in.end-in.start < n {
		in.end += in.receive(in.buf[in.end:])
	}
}

// Waking a thread takes longer than a short call. So while calls come one after the other the reader looks
// for the next one for a moment before it sleeps, as long as its patience lasts.
const (
	spinFor = 30 * time.Microsecond
	// soon is the longest sleep after which the next frame is worth looking for.
	soon = 200 * time.Microsecond
)

// receive reads from the connection; a module whose host is gone ends.
func (in *input) receive(to []byte) int {
	if in.hot && manyCPUs && in.patience.Look() {
		for start := time.Now(); time.Since(start) < spinFor; {
			n, _, err := syscall.Recvfrom(HostFD, to, syscall.MSG_DONTWAIT)
			if err == nil && n > 0 {
				in.patience.Found()
				return n
			}
			if err != syscall.EAGAIN && err != syscall.EINTR {
				syscall.Exit(exitHostGone)
			}
		}
		in.patience.Failed()
	}
	start := time.Now()
	for {
		n, err := syscall.Read(HostFD, to)
		switch {
		case err == syscall.EINTR:
		case err != nil || n <= 0:
			syscall.Exit(exitHostGone)
		default:
			in.hot = time.Since(start) < soon
			return n
		}
	}
}

var manyCPUs = runtime.NumCPU() > 1
