// Package output takes what a module prints: whole for the host's writer or line by line for
// events, and the end of it for error messages.
package output

import (
	"bytes"
	"io"
	"regexp"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	maxLine = 8 << 10  // bytes of a line that one event carries
	maxTail = 64 << 10 // bytes of the end of a stream that are kept
	// maxReport is how many bytes of it an error shows.
	maxReport = 2 << 10
	// maxLines is how many lines a stream may make events of in a second; a flood is counted, not
	// shown.
	maxLines = 1000
)

// Stream is a stream that a module prints to. It is safe for concurrent use.
type Stream struct {
	to io.Writer

	mu    sync.Mutex
	last  []byte
	begun []byte // a report of which the beginning is no longer in last
	lines lineWriter
}

// New returns a stream whose text goes to the writer, or line by line to emit where the writer is
// nil.
func New(to io.Writer, emit func(line string)) *Stream {
	return &Stream{to: to, lines: lineWriter{emit: emit}}
}

// Write implements [io.Writer]. It never fails: a module goes on when the host's writer does not.
func (s *Stream) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = append(s.last, data...)
	if cut := len(s.last) - maxTail; cut > maxTail {
		if report := lastReport(s.last[:cut]); report != nil {
			s.begun = bytes.Clone(s.last[cut-len(report):][:maxReport+1])
		}
		s.last = bytes.Clone(s.last[cut:])
	}
	if s.to == nil {
		s.lines.write(data)
	} else {
		_, _ = s.to.Write(data)
	}
	return len(data), nil
}

// Flush emits the last line, which has no end.
func (s *Stream) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.flush()
}

// Tail returns what matters of the end of the stream: the beginning of a panic's or fatal error's
// report, or else the last lines.
func (s *Stream) Tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.last
	if report := lastReport(text); report != nil {
		return cutLines(report, maxReport)
	}
	if s.begun != nil && goroutine.Match(text) {
		return cutLines(s.begun, maxReport)
	}
	if len(text) > maxReport {
		text = text[len(text)-maxReport:]
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return string(text)
}

// goroutine is a line of the stacks that follow a report.
var goroutine = regexp.MustCompile(`(?m)^goroutine \d+ .*\[`)

// lastReport returns the text from the beginning of the last report on, or nil.
func lastReport(text []byte) []byte {
	last := max(lastLine(text, "panic: "), lastLine(text, "fatal error: "))
	if last < 0 {
		last = lastLine(text, "runtime: ")
	}
	if last < 0 {
		return nil
	}
	return text[last:]
}

// lastLine returns where the last line begins that begins so, or -1.
func lastLine(text []byte, start string) int {
	if i := bytes.LastIndex(text, []byte("\n"+start)); i >= 0 {
		return i + 1
	}
	if bytes.HasPrefix(text, []byte(start)) {
		return 0
	}
	return -1
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
