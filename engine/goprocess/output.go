package goprocess

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/loadgo/load/internal/output"
)

// pipe takes what a module prints. A module is given nothing but a pipe, whatever the host's writer
// is: it could truncate, lock or map a file of the host's, and read a terminal.
type pipe struct {
	read, write *os.File
	stream      *output.Stream
	order       *order
	ordered     bool // the host's writer gets what was printed before a call returns
	done        chan struct{}

	mu     sync.Mutex // what was read is in the stream when it is free
	buf    []byte
	closed bool // nothing more is taken
}

func newOutput(to io.Writer, order *order, emit func(string)) (*pipe, error) {
	o := &pipe{stream: output.New(to, emit), order: order, ordered: to != nil, done: make(chan struct{}), buf: make([]byte, 4<<10)}
	var err error
	o.read, o.write, err = os.Pipe()
	return o, err
}

// wait waits until everything was read. What a grandchild goes on to write is not waited for.
func (o *pipe) wait() {
	select {
	case <-o.done:
	case <-time.After(200 * time.Millisecond):
		o.close()
		<-o.done
	}
}

func (o *pipe) tail() string { return o.stream.Tail() }

func (o *pipe) copy() {
	defer close(o.done)
	defer o.close()
	defer o.stream.Flush()
	file, err := o.read.SyscallConn()
	if err != nil {
		return
	}
	_ = file.Read(func(fd uintptr) (over bool) {
		for empty := false; !empty; { // between two parts catchUp has its turn
			empty, over = o.takeLocked(fd)
		}
		return over
	})
}

func (o *pipe) takeLocked(fd uintptr) (empty, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true, true
	}
	return o.take(fd)
}

// close lets nobody find anything more. Closing the file waits for copy, which may wait for mu.
func (o *pipe) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.read.Close()
}

// drop reads nothing of what was printed. Nobody has called copy, and nobody will.
func (o *pipe) drop() {
	o.close()
	close(o.done)
}

// catchUp takes what has been printed so far.
func (o *pipe) catchUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ordered || o.closed {
		return
	}
	if file, err := o.read.SyscallConn(); err == nil {
		_ = file.Control(func(fd uintptr) { o.take(fd) })
	}
}

// pipeSize is how many bytes a pipe holds that nobody has made larger.
var pipeSize = 16 * os.Getpagesize()

// take reads what is in the pipe. A module that goes on printing, faster than the host's writer
// writes, holds nobody up: what was there at the beginning has been read after pipeSize bytes. It
// reports whether the pipe is empty, and whether nothing more can come. It is called with mu held.
func (o *pipe) take(fd uintptr) (empty, over bool) {
	for taken := 0; taken < pipeSize; {
		n, err := readNow(fd, o.buf)
		if n <= 0 {
			return true, err == nil || !isEmpty(err)
		}
		o.order.received()
		_, _ = o.stream.Write(o.buf[:n])
		taken += n
	}
	return false, false
}
