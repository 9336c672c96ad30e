package goprocess

import (
	"io"
	"os"
	"time"

	"github.com/loadgo/load/internal/output"
)

// pipe takes what a module prints. A module is given nothing but a pipe, whatever the host's writer
// is: it could truncate, lock or map a file of the host's, and read a terminal.
type pipe struct {
	read, write *os.File
	stream      *output.Stream
	done        chan struct{}
}

func newOutput(to io.Writer, emit func(string)) (*pipe, error) {
	o := &pipe{stream: output.New(to, emit), done: make(chan struct{})}
	var err error
	o.read, o.write, err = os.Pipe()
	return o, err
}

// wait waits until everything was read. What a grandchild goes on to write is not waited for.
func (o *pipe) wait() {
	select {
	case <-o.done:
	case <-time.After(200 * time.Millisecond):
		o.read.Close()
		<-o.done
	}
}

func (o *pipe) tail() string { return o.stream.Tail() }

func (o *pipe) copy() {
	defer close(o.done)
	defer o.read.Close()
	defer o.stream.Flush()
	_, _ = io.CopyBuffer(o.stream, struct{ io.Reader }{o.read}, make([]byte, 4<<10))
}
