package hosthttp

import (
	"io"
	"maps"
	"net/http"
	"sync"
)

// body is the body of a request of the host, of which one reads at a time. Reading it fills in the
// request's trailer, which others look at only while nobody reads.
type body struct {
	io.ReadCloser
	from *hostResponse
	mu   sync.Mutex
}

// GivenOnce implements [adapted.Once].
func (b *body) GivenOnce() {}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.from.life.read(); err != nil {
		return 0, err
	}
	defer b.from.life.haveRead()
	return b.ReadCloser.Read(p)
}

// trailing is a body for a handler of the host, whose request gets the trailer, too.
type trailing struct {
	*body
	request *http.Request
}

func (t trailing) Read(p []byte) (int, error) {
	n, err := t.body.Read(p)
	if err == io.EOF && t.request.Trailer != nil {
		maps.Copy(t.request.Trailer, t.from.trailer())
	}
	return n, err
}

// read counts a read of the request's body until haveRead is called.
func (l *life) read() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return http.ErrBodyReadAfterClose
	}
	l.reads++
	return nil
}

func (l *life) haveRead() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads--
}

// reading reports whether somebody reads the body. After the end nobody begins to.
func (l *life) reading() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads > 0
}

// trailer returns a copy of the request's trailer, or nil while somebody reads the body.
func (r *hostResponse) trailer() http.Header {
	r.life.mu.Lock()
	defer r.life.mu.Unlock()
	if r.life.reads > 0 {
		return nil
	}
	return maps.Clone(r.request.Trailer)
}
