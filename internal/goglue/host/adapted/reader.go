package adapted

import "context"

// Streams from a module move in chunks of these sizes: they grow while the stream fills them.
const (
	firstChunk = 64 << 10
	lastChunk  = 1 << 20
)

func (a *moduleReader) Read(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if len(a.buf) == 0 && a.err == nil {
		size := max(firstChunk, a.next, min(len(p), lastChunk))
		a.waits(func() { a.buf, a.err = a.chunk(a.ctx, a.Object, size) })
		if len(a.buf) == size {
			a.next = min(2*size, lastChunk)
		}
	}
	n := copy(p, a.buf)
	a.buf = a.buf[n:]
	if len(a.buf) > 0 {
		return n, nil
	}
	err := a.err
	a.err = nil
	return n, err
}

// EndWith implements [Ending].
func (a *moduleReader) EndWith(ctx context.Context, aside func(waits bool)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ctx, a.aside = ctx, aside
}

// waits tells of what waits for the module.
func (a *moduleReader) waits(do func()) {
	if a.aside != nil {
		a.aside(true)
		defer a.aside(false)
	}
	do()
}

// moduleReadCloser is a reader that ends with a context, as its Close does.
type moduleReadCloser struct{ *moduleReader }

func (a moduleReadCloser) Close() (err error) {
	a.waits(func() { err = closeWith(a.ctx, a.Object) })
	return err
}

// Ending is a stream of the module that waits for it only as long as a context goes on.
type Ending interface {
	// EndWith sets the context, before the stream is used. A reader calls aside, which may be nil,
	// before and after it waits for the module.
	EndWith(ctx context.Context, aside func(waits bool))
}

// EndWith lets a stream end with a context, if it is one of a module.
func EndWith(ctx context.Context, stream any, aside func(waits bool)) {
	if s, ok := stream.(Ending); ok {
		s.EndWith(ctx, aside)
	}
}
