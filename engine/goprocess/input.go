package goprocess

import (
	"cmp"
	"errors"
	"os"
	"runtime"
	"time"

	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/wire"
)

// input cuts what comes from the connection into frames. It keeps its place when a read is
// interrupted.
type input struct {
	file       *os.File
	poller     *poller
	maxFrame   int
	admit      func(kind wire.Kind, size int) (host.Admission, error)
	hot        bool // the last frames came soon after each other: the next one may, too
	patience   wire.Patience
	buf        []byte
	start, end int            // of what was read and is not used yet
	body       []byte         // of a large frame of which a part has arrived
	got, want  int            // bytes of it
	admission  host.Admission // of it
}

// frame is what the module sent.
type frame struct {
	body      []byte // a kind and what it says, in memory of its own
	admission host.Admission
}

func newInput(file *os.File, maxMessage int, admit func(wire.Kind, int) (host.Admission, error)) (*input, error) {
	p, err := newPoller(file)
	return &input{file: file, admit: admit, poller: p, buf: make([]byte, bufferSize), maxFrame: wire.MaxFrame(cmp.Or(maxMessage, wire.MaxMessage))}, err
}

const (
	bufferSize = 16 << 10
	// trusted is the size up to which memory is made for a frame before it has arrived.
	trusted = 8 << 20
)

// errFrame is a frame that no module sends.
var errFrame = errors.New("impossible frame")

// frame returns the next frame. Its error is that of admit where the frame has to wait; nothing of
// it is lost.
func (in *input) frame() (frame, error) {
	for {
		if in.body != nil {
			return in.large()
		}
		if in.end-in.start > wire.HeaderSize {
			n := wire.BodySize(in.buf[in.start:])
			if n < 1 || n > in.maxFrame {
				return frame{}, errFrame
			}
			there := in.buf[in.start+wire.HeaderSize : in.end]
			var admission host.Admission
			if n <= len(there) || n > bufferSize-wire.HeaderSize {
				var err error
				if admission, err = in.admit(there[0], n); err != nil {
					return frame{}, err
				}
			}
			if n <= len(there) {
				in.start += wire.HeaderSize + n
				return frame{append([]byte(nil), there[:n]...), admission}, nil
			}
			if n > bufferSize-wire.HeaderSize {
				in.body, in.want = make([]byte, min(n, trusted)), n
				in.got = copy(in.body, there)
				in.start, in.end, in.admission = 0, 0, admission
				continue
			}
		}
		in.end = copy(in.buf, in.buf[in.start:in.end])
		in.start = 0
		n, err := in.read(in.buf[in.end:])
		if err != nil {
			return frame{}, err
		}
		in.end += n
	}
}

// large reads the rest of a large frame; memory is made as it arrives.
func (in *input) large() (frame, error) {
	for in.got < in.want {
		if in.got == len(in.body) {
			in.body = append(in.body, make([]byte, min(in.want-in.got, len(in.body)))...)
		}
		n, err := in.read(in.body[in.got:])
		if err != nil {
			return frame{}, err
		}
		in.got += n
	}
	body := in.body
	in.body = nil
	return frame{body, in.admission}, nil
}

// Waking a thread takes longer than a short call. So while answers come soon the reader looks for
// the next
// one for a moment before it sleeps. The module does the same for calls.
const (
	spinFor = 30 * time.Microsecond
	// soon is the longest sleep after which the next frame is worth looking for.
	soon = 200 * time.Microsecond
)

func (in *input) read(to []byte) (int, error) {
	start := time.Now()
	if in.hot && in.patience.Look() {
		for time.Since(start) < spinFor {
			n, err := in.poller.look(to)
			if n > 0 || err != nil {
				in.patience.Found()
				return n, err
			}
			runtime.Gosched() // another caller may want to send
		}
		in.patience.Failed()
	}
	n, err := in.file.Read(to)
	in.hot = time.Since(start) < soon && runtime.GOMAXPROCS(0) > 1
	return n, err
}
