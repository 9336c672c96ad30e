package goprocess

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	maxLine = 8 << 10  // bytes of a line that one event carries
	maxTail = 64 << 10 // bytes of the end of a stream that are kept
	// maxReport is how many bytes of it an error shows.
	maxReport = 2 << 10
	// maxLines is how many lines a stream may make events of in a second; a flood is counted, not shown.
	maxLines = 1000
)

// output takes what a module prints: to the host's writer, or line by line to emit, and keeps its end.
type output struct {
	read, write *os.File
	to          io.Writer
	handed      bool // write is the host's own file
	emit        func(line string)
	done        chan struct{}

	mu   sync.Mutex
	last []byte
}

// newOutput makes an output. Where the host gives a file, the module writes to it directly.
func newOutput(to io.Writer, emit func(string)) (*output, error) {
	o := &output{to: to, emit: emit, done: make(chan struct{})}
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
func (o *output) own() *os.File {
	if o.handed {
		return nil
	}
	return o.write
}

func (o *output) start() {
	if !o.handed {
		go o.copy()
	}
}

// wait waits until everything was read. What a grandchild goes on to write is not waited for.
func (o *output) wait() {
	select {
	case <-o.done:
	case <-time.After(200 * time.Millisecond):
		o.read.Close()
		<-o.done
	}
}

// tail returns what matters of the end of the stream: the beginning of a panic's or fatal error's report,
// or else the last lines.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.last
	for _, start := range []string{"panic: ", "fatal error: ", "runtime: "} {
		i := bytes.LastIndex(text, []byte("\n"+start)) + 1
		if i > 0 || bytes.HasPrefix(text, []byte(start)) {
			return cutLines(text[i:], maxReport)
		}
	}
	if len(text) > maxReport {
		text = text[len(text)-maxReport:]
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return string(text)
}

// cutLines returns whole lines from the beginning of text.
func cutLines(text []byte, max int) string {
	if len(text) <= max {
		return string(text)
	}
	end := bytes.LastIndexByte(text[:max], '\n')
	if end < 0 {
		end = max
	}
	return string(text[:end]) + "\n…"
}

func (o *output) copy() {
	defer close(o.done)
	defer o.read.Close()
	buf := make([]byte, 4<<10)
	lines := &lineWriter{emit: o.emit}
	for {
		n, err := o.read.Read(buf)
		o.mu.Lock()
		o.last = append(o.last, buf[:n]...)
		if len(o.last) > 2*maxTail {
			o.last = append([]byte(nil), o.last[len(o.last)-maxTail:]...)
		}
		o.mu.Unlock()
		if o.to != nil {
			_, _ = o.to.Write(buf[:n]) // the module goes on when the host's writer fails
		} else {
			lines.write(buf[:n])
		}
		if err != nil {
			lines.flush()
			return
		}
	}
}

// lineWriter cuts a stream into lines of bounded length and number.
type lineWriter struct {
	emit    func(string)
	line    []byte
	second  time.Time
	emitted int
}

func (w *lineWriter) write(data []byte) {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		part := data
		if end >= 0 {
			part = data[:end]
		}
		if room := maxLine - len(w.line); len(part) > room {
			part = part[:max(room, 0)]
		}
		w.line = append(w.line, part...)
		if end < 0 {
			return
		}
		w.flush()
		data = data[end+1:]
	}
}

func (w *lineWriter) flush() {
	if len(w.line) == 0 {
		return
	}
	if now := time.Now(); now.Sub(w.second) > time.Second {
		w.second, w.emitted = now, 0
	}
	w.emitted++
	switch {
	case w.emitted < maxLines:
		line := w.line
		for len(line) > 0 && !utf8.Valid(line[max(0, len(line)-utf8.UTFMax):]) && len(line) == maxLine {
			line = line[:len(line)-1] // cut within a character
		}
		w.emit(string(line))
	case w.emitted == maxLines:
		w.emit("… more lines in this second are left out")
	}
	w.line = w.line[:0]
}
