package adapted

// Streams from a module move in chunks of these sizes: they grow while the stream goes on.
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
		a.next = min(max(firstChunk, 2*a.next), lastChunk)
		a.buf, a.err = a.chunk(a.Object, max(a.next, min(len(p), lastChunk)))
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
