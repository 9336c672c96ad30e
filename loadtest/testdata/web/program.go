package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Program makes a middleware of five lists of steps: what it does, and what its writer does in
// WriteHeader, Write and Flush. Its kind says which writer next gets.
func Program(kind string, recovers bool, steps []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := &scripted{ResponseWriter: w, steps: steps[1:]}
		var wrapped http.ResponseWriter
		switch kind {
		case "none":
			wrapped = w
		case "plain":
			wrapped = own
		case "flush":
			wrapped = struct {
				*scripted
				flushes
			}{own, flushes{own}}
		case "unwrap":
			wrapped = struct {
				*scripted
				unwraps
			}{own, unwraps{own}}
		case "strings":
			wrapped = struct {
				*scripted
				flushes
				writesStrings
			}{own, flushes{own}, writesStrings{own}}
		case "readerfrom":
			wrapped = struct {
				*scripted
				readsFrom
			}{own, readsFrom{own}}
		case "buffer":
			buffer := &buffering{ResponseWriter: w}
			defer buffer.finish()
			wrapped = buffer
		}
		if recovers {
			defer func() {
				if p := recover(); p != nil {
					Steps("o b:3", w, nil)
				}
			}()
		}
		Steps(steps[0], w, func() { next.ServeHTTP(wrapped, r) })
	})
}

// Steps does steps with a writer:
//
//	h:K=V a:K=V d:K  sets, adds, deletes in the header
//	w:N b:N s:N f    writes a status, N bytes, N bytes as a string or by ReadFrom, flushes
//	c                flushes by a controller
//	o                writes the header as it is now, and what the writes returned
//	p P              panics, also with ErrAbortHandler
//	x                goes on with what is wrapped
//	r                returns
func Steps(steps string, w http.ResponseWriter, inner func()) {
	var log []string
	wrote := func(n int, err error) { log = append(log, fmt.Sprint(n, err == nil)) }
	for step := range strings.FieldsSeq(steps) {
		verb, rest, _ := strings.Cut(step, ":")
		name, value, _ := strings.Cut(rest, "=")
		n, _ := strconv.Atoi(rest)
		switch verb {
		case "h":
			w.Header().Set(name, value)
		case "a":
			w.Header().Add(name, value)
		case "d":
			w.Header().Del(name)
		case "w":
			w.WriteHeader(n)
		case "b":
			wrote(w.Write(bytes.Repeat([]byte{'a' + byte(n%26)}, n)))
		case "s":
			wrote(io.WriteString(w, strings.Repeat("s", n)))
		case "i":
			copied, err := io.Copy(w, io.LimitReader(endless{}, int64(n)))
			wrote(int(copied), err)
		case "f":
			f, ok := w.(http.Flusher)
			if log = append(log, fmt.Sprint(ok)); ok {
				f.Flush()
			}
		case "c":
			log = append(log, fmt.Sprint(http.NewResponseController(w).Flush() == nil))
		case "o":
			wrote(fmt.Fprint(w, w.Header(), log))
		case "p":
			panic("boom")
		case "P":
			panic(http.ErrAbortHandler)
		case "x":
			if inner != nil {
				inner()
			}
		case "r":
			return
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'e'
	}
	return len(p), nil
}

// scripted is a writer that does what it is told.
type scripted struct {
	http.ResponseWriter
	steps []string
}

func (s *scripted) WriteHeader(status int) {
	Steps(s.steps[0], s.ResponseWriter, func() { s.ResponseWriter.WriteHeader(status) })
}

func (s *scripted) Write(p []byte) (n int, err error) {
	Steps(s.steps[1], s.ResponseWriter, func() { n, err = s.ResponseWriter.Write(p) })
	return n, err
}

type (
	flushes       struct{ s *scripted }
	unwraps       struct{ s *scripted }
	writesStrings struct{ s *scripted }
	readsFrom     struct{ s *scripted }
)

func (f flushes) Flush() {
	Steps(f.s.steps[2], f.s.ResponseWriter, func() { _ = http.NewResponseController(f.s.ResponseWriter).Flush() })
}

func (u unwraps) Unwrap() http.ResponseWriter { return u.s.ResponseWriter }

func (w writesStrings) WriteString(text string) (int, error) {
	_, _ = w.s.ResponseWriter.Write([]byte("string:"))
	return w.s.ResponseWriter.Write([]byte(text))
}

func (r readsFrom) ReadFrom(src io.Reader) (int64, error) {
	r.s.ResponseWriter.Header().Add("X-Read-From", "1")
	return io.Copy(struct{ io.Writer }{r.s}, src)
}

// buffering answers at the end with another body.
type buffering struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (b *buffering) WriteHeader(status int) {
	if status < 200 {
		b.ResponseWriter.WriteHeader(status)
		return
	}
	b.status = status
	b.Header().Set("X-Sec", "1")
	b.Header().Del("Content-Length")
}

func (b *buffering) Write(p []byte) (int, error) {
	if b.status == 0 {
		b.WriteHeader(http.StatusOK)
	}
	return b.body.Write(p)
}

func (b *buffering) Flush() { b.Header().Add("X-Flushed", "1") }

func (b *buffering) finish() {
	if b.status != 0 {
		b.ResponseWriter.WriteHeader(b.status)
	}
	_, _ = b.ResponseWriter.Write(bytes.ToUpper(b.body.Bytes()))
}

// Hijacking makes a middleware whose writer lets next take over the connection in the way that the
// kind says.
func Hijacking(kind string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := &recorder{ResponseWriter: w}
		switch kind {
		case "none":
			next.ServeHTTP(w, r)
		case "unwrap":
			next.ServeHTTP(own, r)
		case "hides":
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		case "hijack":
			next.ServeHTTP(hijacks{own, false}, r)
		case "counts":
			next.ServeHTTP(hijacks{own, true}, r)
		case "itself":
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = rw.Flush()
			for {
				line, err := rw.ReadString('\n')
				if err != nil {
					return
				}
				_, _ = rw.WriteString(line)
				_ = rw.Flush()
			}
		}
	})
}

type hijacks struct {
	*recorder
	upper bool
}

func (h hijacks) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := h.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil && h.upper {
		conn = upperConn{conn}
		rw = bufio.NewReadWriter(rw.Reader, bufio.NewWriter(conn))
	}
	return conn, rw, err
}

// upperConn changes what is written.
type upperConn struct{ net.Conn }

func (c upperConn) Write(p []byte) (int, error) { return c.Conn.Write(bytes.ToUpper(p)) }
