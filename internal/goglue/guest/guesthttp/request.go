package guesthttp

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/loadgo/load/internal/wire"
)

// Request is what both sides know of a request: as the host had it, or as a handler of the host got
// it. Nobody changes it.
type Request struct {
	method, proto, host, remoteAddr, uri, pattern string
	url                                           address
	major, minor                                  int
	length                                        int64
	close                                         bool
	encoding                                      []string
	wildcards                                     map[string]string // of the pattern
	tls                                           *tls.ConnectionState
	tables                                        [4]table
	sameHeader                                    bool // nothing has changed there
}

// table is a header, a trailer or a form.
type table struct {
	fields []Field
	made   bool // else it is nil
}

// tables are the parts of a request that who gets the request may change, as in Go.
func tables(r *http.Request) [4]map[string][]string {
	return [4]map[string][]string{r.Header, r.Trailer, r.Form, r.PostForm}
}

// quiet are the tables that nobody else changes, perhaps while the body is read.
func quiet(r *http.Request, reads bool) [4]map[string][]string {
	if reads {
		return [4]map[string][]string{0: r.Header, 2: r.Form, 3: r.PostForm}
	}
	return tables(r)
}

// Parts of a request that differ from what the other side knows.
const (
	partMethod = 1 << iota
	partURL
	partProto
	partLength
	partEncoding
	partClose
	partHost
	partRemoteAddr
	partURI
	partPattern
	partWildcards
	partTLS
	partTables // and the bits for the next three tables
)

// Put appends what of a request differs from what the other side has of it, and returns what that
// has then.
func (known *Request) Put(e *wire.Encoder, r *http.Request) *Request {
	is, parts := *known, uint64(0)
	differs := func(part uint64, does bool) {
		if does {
			parts |= part
		}
	}
	is.method, is.proto, is.host, is.remoteAddr, is.uri, is.pattern = r.Method, r.Proto, r.Host, r.RemoteAddr, r.RequestURI, r.Pattern
	is.url, is.major, is.minor, is.length, is.close, is.tls = addressOf(r.URL), r.ProtoMajor, r.ProtoMinor, r.ContentLength, r.Close, r.TLS
	is.wildcards = wildcards(r)
	differs(partMethod, is.method != known.method)
	differs(partURL, is.url != known.url)
	differs(partProto, is.proto != known.proto || is.major != known.major || is.minor != known.minor)
	differs(partLength, is.length != known.length)
	differs(partEncoding, !same(r.TransferEncoding, known.encoding))
	differs(partClose, is.close != known.close)
	differs(partHost, is.host != known.host)
	differs(partRemoteAddr, is.remoteAddr != known.remoteAddr)
	differs(partURI, is.uri != known.uri)
	differs(partPattern, is.pattern != known.pattern)
	differs(partWildcards, !maps.Equal(is.wildcards, known.wildcards))
	differs(partTLS, is.tls != known.tls)
	var changes [4]Changes
	for i, now := range tables(r) {
		was := known.tables[i]
		changes[i] = changed(was.fields, now)
		differs(partTables<<i, (now != nil) != was.made || !changes[i].empty())
		is.tables[i] = table{was.fields, now != nil}
		if !changes[i].empty() {
			is.tables[i].fields = cloned(changes[i].after(was.fields))
		}
	}
	e.Uint(parts)
	putText := func(part uint64, text string) {
		if parts&part != 0 {
			e.String(text)
		}
	}
	putText(partMethod, is.method)
	if parts&partURL != 0 {
		is.url.put(e)
	}
	if parts&partProto != 0 {
		e.String(is.proto)
		e.Int(int64(is.major))
		e.Int(int64(is.minor))
	}
	if parts&partLength != 0 {
		e.Int(is.length)
	}
	if parts&partEncoding != 0 {
		is.encoding = slices.Clone(r.TransferEncoding)
		putTexts(e, is.encoding)
	}
	if parts&partClose != 0 {
		e.Bool(is.close)
	}
	putText(partHost, is.host)
	putText(partRemoteAddr, is.remoteAddr)
	putText(partURI, is.uri)
	putText(partPattern, is.pattern)
	if parts&partWildcards != 0 {
		e.Uint(uint64(len(is.wildcards)))
		for name, value := range is.wildcards {
			e.String(name)
			e.String(value)
		}
	}
	if parts&partTLS != 0 {
		putTLS(e, is.tls)
	}
	for i := range changes {
		if parts&(partTables<<i) != 0 {
			e.Bool(is.tables[i].made)
			changes[i].put(e)
		}
	}
	return &is
}

// Take takes what Put has appended for a side that knows this.
func (known *Request) Take(d *wire.Decoder) *Request {
	is, parts := *known, d.Uint()
	is.sameHeader = parts&partTables == 0
	takeText := func(part uint64, text *string) {
		if parts&part != 0 {
			*text = d.String()
		}
	}
	takeText(partMethod, &is.method)
	if parts&partURL != 0 {
		is.url = takeAddress(d)
	}
	if parts&partProto != 0 {
		is.proto, is.major, is.minor = d.String(), int(d.Int()), int(d.Int())
	}
	if parts&partLength != 0 {
		is.length = d.Int()
	}
	if parts&partEncoding != 0 {
		is.encoding = nil
		takeTexts(d, &is.encoding, nil)
	}
	if parts&partClose != 0 {
		is.close = d.Bool()
	}
	takeText(partHost, &is.host)
	takeText(partRemoteAddr, &is.remoteAddr)
	takeText(partURI, &is.uri)
	takeText(partPattern, &is.pattern)
	if parts&partWildcards != 0 {
		is.wildcards = map[string]string{}
		for n := count(d, fieldSize); n > 0 && d.Err() == nil; n-- {
			name := d.String()
			is.wildcards[name] = d.String()
		}
	}
	if parts&partTLS != 0 {
		is.tls = takeTLS(d)
	}
	for i := range is.tables {
		if parts&(partTables<<i) != 0 {
			made, changes := d.Bool(), takeChanges(d)
			is.tables[i] = table{changes.after(is.tables[i].fields), made}
		}
	}
	return &is
}

// apply makes all of it the request's own. SameBody says that reading the body fills in the trailer
// that the request has; header is what it has in the place of a copy, or nil.
func (known *Request) apply(to *http.Request, sameBody bool, header http.Header) {
	known.setWildcards(to)
	to.Method, to.URL, to.Proto, to.ProtoMajor, to.ProtoMinor = known.method, known.url.url(), known.proto, known.major, known.minor
	to.ContentLength, to.TransferEncoding, to.Close = known.length, slices.Clone(known.encoding), known.close
	to.Host, to.RemoteAddr, to.RequestURI, to.Pattern = known.host, known.remoteAddr, known.uri, known.pattern
	made := func(i int) map[string][]string {
		if !known.tables[i].made {
			return nil
		}
		return headerOf(known.tables[i].fields)
	}
	if to.Header = header; header == nil {
		to.Header = made(0)
	}
	if to.Header == nil {
		to.Header = http.Header{}
	}
	if !sameBody || to.Trailer == nil {
		to.Trailer = made(1)
	}
	to.Form, to.PostForm = made(2), made(3)
	if to.TLS == nil || known.tls == nil { // else the one that is there is complete
		to.TLS = known.tls
	}
}

// setWildcards sets what they stand for. Others may have a request with the same memory for it.
func (known *Request) setWildcards(to *http.Request) {
	own := false
	for name, value := range known.wildcards {
		if to.PathValue(name) == value {
			continue
		}
		if !own {
			own = true
			trailer, form := to.Trailer, to.MultipartForm
			to.Header, to.Trailer, to.Form, to.PostForm, to.MultipartForm = nil, nil, nil, nil, nil
			*to = *to.Clone(to.Context())
			to.Trailer, to.MultipartForm = trailer, form
		}
		to.SetPathValue(name, value)
	}
}

// PutChanges appends what is different in the tables of a request since it was like this.
func (known *Request) PutChanges(e *wire.Encoder, now [4]map[string][]string) {
	var changes [4]Changes
	which := uint64(0)
	for i := range now {
		if changes[i] = changed(known.tables[i].fields, now[i]); now[i] != nil && !changes[i].empty() {
			which |= 1 << i
		}
	}
	e.Uint(which)
	for i := range changes {
		if which&(1<<i) != 0 {
			changes[i].put(e)
		}
	}
}

// takeTables makes the changes in tables that PutChanges has appended.
func takeTables(d *wire.Decoder, tables [4]map[string][]string) {
	which := d.Uint()
	for i, table := range tables {
		if which&(1<<i) == 0 {
			continue
		}
		if changes := takeChanges(d); table != nil && d.Err() == nil {
			changes.make(table)
		}
	}
}

// origin is the context key of what a request came from.
type origin struct{}

// came is what a request of the module came from.
type came struct {
	id     uint64
	known  *Request // as it came
	ctx    context.Context
	tables [4]map[string][]string // of the request, which its handler may change
	body   io.ReadCloser
	from   Response
}

// touched reports whether the module has read from the body: what was read ahead of it is lost to
// the host.
func (c *came) touched() bool {
	b, ok := c.body.(*hostBody)
	return ok && b.read.Load()
}

// same reports whether a context ends when that does with which the request came.
func (c *came) same(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	own, limited := c.ctx.Deadline()
	return ctx.Done() == c.ctx.Done() && ok == limited && deadline.Equal(own)
}

func newRequest(ctx context.Context, id uint64, known *Request, body io.Reader, w Response) (*http.Request, *came) {
	c := &came{id: id, known: known, ctx: ctx, body: http.NoBody, from: w}
	req := (&http.Request{}).WithContext(context.WithValue(ctx, origin{}, c))
	if body != nil {
		c.body = &hostBody{Reader: body, request: req, from: w}
	}
	req.Body = c.body
	known.apply(req, false, nil)
	c.tables = tables(req)
	return req, c
}

// hostBody is the body of a request of the host.
type hostBody struct {
	io.Reader
	request *http.Request
	from    Response
	read    atomic.Bool
	closed  atomic.Bool
}

// Read reads, and completes the request's trailer at the end.
func (b *hostBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	b.read.Store(true)
	n, err := b.Reader.Read(p)
	if err == io.EOF && b.request.Trailer != nil {
		maps.Copy(b.request.Trailer, b.from.Trailer())
	}
	return n, err
}

// Close ends reading in the module; the host's server closes its own body.
func (b *hostBody) Close() error {
	b.closed.Store(true)
	return nil
}
