package goprocess

import (
	"io"
	"os"
	"time"

	"github.com/loadgo/load/internal/output"
)

// pipe takes what a module prints through a pipe.
type pipe struct {
	read, write *os.File
	handed      bool // write is the host's own file
	stream      *output.Stream
	done        chan struct{}
}

// newOutput makes an output. Where the host gives a file, the module writes to it directly.
func newOutput(to io.Writer, emit func(string)) (*pipe, error) {
	o := &pipe{stream: output.New(to, emit), done: make(chan struct{})}
	if f, ok := to.(*os.File); ok {
		o.write, o.handed = f, true
		close(o.done)
		return o, nil
	}
	var err error
	o.read, o.write, err = os.Pipe()
	return o, err
}

// own returns the module's end of the pipe, which the host closes after the start, or nil.
func (o *pipe) own() *os.File {
	if o.handed {
		return nil
	}
	return o.write
}

func (o *pipe) start() {
	if !o.handed {
		go o.copy()
	}
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
