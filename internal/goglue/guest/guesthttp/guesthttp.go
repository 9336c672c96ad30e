// Package guesthttp carries HTTP handlers across. It is ordinary code of a module: its types are
// described and its functions are called as those of the module's own package. A module without
// net/http does not contain it.
//
// What is in every request crosses as a Message that both sides read and write by hand. A request
// crosses as a whole when it comes, and then only as what has changed in it since.
package guesthttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// Response is the http.ResponseWriter of the other side. A panic in one of its methods panics here,
// but for [http.ErrAbortHandler], which is returned.
type Response interface {
	// Send does what the answer says. It returns what the last of its writes returned, and what
	// changed in the header meanwhile.
	Send(a Answer) (n int, after Changes, err error)
	// ReadFrom calls the method of that name of an [io.ReaderFrom].
	ReadFrom(header Changes, src io.Reader) (n int64, after Changes, err error)
	// Hijack calls the method of that name of an [http.Hijacker].
	Hijack(header Changes) (Taken, Changes, error)
	// Push calls the method of that name of an [http.Pusher].
	Push(target, method string, header Changes) error
	// Unwrap returns the writer that this one wraps, which has that header.
	Unwrap() (Response, Abilities, Changes)
	// Control does what the method of that name of an [http.ResponseController] does.
	Control(method string, deadline time.Time) error
	// Trailer returns the trailer of the request, once its body has been read.
	Trailer() map[string][]string
	// Left tells what a handler has changed in the request that panicked, and returns what one of
	// the other side has that panicked, see [Request.PutChanges].
	Left(changes Message) Message
}

// Handler answers requests.
type Handler interface {
	// ServeHTTP answers the request of a [Next] by a response whose writer has the message's
	// abilities and header, or the changes of one that is known. It returns a message that [Came]
	// reads, and [http.ErrAbortHandler] where the handler panicked with it.
	ServeHTTP(ctx context.Context, message Message, body io.ReadCloser, w Response) (Message, error)
}

// Arriving is the message of a request of the host, behind the bytes in buf.
func Arriving(buf []byte, id uint64, r *http.Request, abilities Abilities, header Changes) (Message, *Request) {
	e := wire.Encoder{Buf: buf, Whole: true}
	e.Uint(id)
	e.Uint(uint64(abilities))
	header.put(&e)
	known := new(Request).Put(&e, r)
	return Message{e.Buf}, known
}

// Serve lets a handler of the module answer the request of [Arriving]. It returns a message that
// [Rest] reads. The error is [http.ErrAbortHandler] where the handler panicked with it.
func Serve(ctx context.Context, h http.Handler, message Message, body io.Reader, w Response) (answer Message, err error) {
	d := decoder(message)
	id, abilities, header := d.Uint(), Abilities(d.UintN(16)), takeChanges(&d)
	known := new(Request).Take(&d)
	if err := d.End(); err != nil {
		return Message{}, err
	}
	rw := NewWriter(w, abilities, header)
	r, c := newRequest(ctx, id, known, body, w)
	defer func() {
		if p := recover(); p != nil {
			rw.Finish() // as net/http, which has what was written before
			if left := known.message(c.tables); len(left.Data) > 0 {
				w.Left(left)
			}
			err = aborted(p)
		}
	}()
	h.ServeHTTP(rw.As(), r)
	e := wire.Encoder{Buf: make([]byte, 0, 256+rw.size), Whole: true}
	rw.pending.put(&e)
	late := rw.Changes()
	late.put(&e)
	known.PutChanges(&e, c.tables)
	return Message{e.Buf}, nil
}

// message is what has changed in the tables of a request, or nothing.
func (known *Request) message(tables [4]map[string][]string) Message {
	e := wire.Encoder{Whole: true}
	if known.PutChanges(&e, tables); len(e.Buf) == 1 {
		return Message{}
	}
	return Message{e.Buf}
}

// Rest reads the answer of Serve: what is still to be sent, and then to be changed in the header.
// What the handler has changed in the request's tables is changed in the request, but for the
// trailer where somebody still reads the body, which fills it in.
func Rest(m Message, r *http.Request, reads bool) (rest Answer, late Changes, err error) {
	d := decoder(m)
	rest, late = takeAnswer(&d), takeChanges(&d)
	takeTables(&d, quiet(r, reads))
	return rest, late, d.End()
}

// aborted returns what was recovered where it is [http.ErrAbortHandler], and panics with it else.
func aborted(p any) error {
	if p != http.ErrAbortHandler {
		panic(p)
	}
	return http.ErrAbortHandler
}

// NewHandler makes a handler of the host one of the module.
func NewHandler(h Handler) http.Handler { return hostHandler{h} }

type hostHandler struct{ Handler }

// HostHandle lets the handler return to the host as itself.
func (h hostHandler) HostHandle() uint64 {
	return h.Handler.(interface{ HostHandle() uint64 }).HostHandle()
}

func (h hostHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := newNext(r)
	if own, ok := w.(lent); ok {
		rw := own.writer()
		rw.lend()
		defer rw.catchUp() // if the handler panics, perhaps after it has changed the header
		n.call(h.Handler, rw.out, 0, rw.Changes(), rw.apply)
		return
	}
	target := To(w) // the module answers by a writer of its own
	n.call(h.Handler, target, AbilitiesOf(w), target.Changes(), target.Apply)
}

// next is a request on its way to a handler of the host.
type next struct {
	request *http.Request
	came    *came // nil if it did not come from the host
	body    io.ReadCloser
	ctx     context.Context // nil if it is that with which the request came
	flags   uint64
}

// What a Next says of itself.
const (
	sameBody    = 1 << iota // the body is that of the request that it came from, of which nothing was read
	sameContext             // and so is the context
	whole                   // the request is not told by what has changed
	sameHeader              // the header is the very map that the request came with
)

func newNext(r *http.Request) *next {
	n := &next{request: r, body: r.Body, ctx: r.Context()}
	n.came, _ = n.ctx.Value(origin{}).(*came)
	if n.came == nil {
		n.flags |= whole
	} else {
		if r.Body == n.came.body && !n.came.touched() {
			n.flags |= sameBody
		}
		if reflect.ValueOf(r.Header).Pointer() == reflect.ValueOf(n.came.tables[0]).Pointer() {
			n.flags |= sameHeader
		}
		if n.came.same(n.ctx) {
			n.flags |= sameContext
			n.ctx = nil
		}
	}
	if n.flags&sameBody != 0 || n.body == http.NoBody {
		n.body = nil
	}
	return n
}

// call lets the handler answer. Header is what the other side does not know of the response's, and
// apply takes what the handler has changed there. It panics as the handler does.
func (n *next) call(h Handler, w Response, abilities Abilities, header Changes, apply func(Changes)) {
	was := tables(n.request)
	if n.came != nil {
		defer func() {
			if p := recover(); p != nil {
				if left := decoder(n.came.from.Left(Message{})); len(left.Rest()) > 0 {
					takeTables(&left, was)
				}
				panic(p)
			}
		}()
	}
	answer, err := h.ServeHTTP(n.ctx, n.message(abilities, header), n.body, w)
	if len(answer.Data) == 1 { // the host does not know the request any more
		n.flags |= whole
		answer, err = h.ServeHTTP(n.request.Context(), n.message(abilities, header), n.body, w)
	}
	if len(answer.Data) > 0 {
		d := decoder(answer)
		apply(takeChanges(&d))
		takeTables(&d, was)
	}
	if err != nil {
		panic(err)
	}
}

func (n *next) message(abilities Abilities, header Changes) Message {
	e := wire.Encoder{Buf: make([]byte, 0, 256), Whole: true}
	known := new(Request)
	e.Uint(n.flags)
	if n.came != nil {
		e.Uint(n.came.id)
	} else {
		e.Uint(0)
	}
	if n.flags&whole == 0 {
		known = n.came.known
	}
	e.Uint(uint64(abilities))
	header.put(&e)
	known.Put(&e, n.request)
	return Message{e.Buf}
}

// Next is a request of the module for a handler of the host.
type Next struct {
	ID        uint64 // of the host's request that it came from, or 0
	Abilities Abilities
	Header    Changes
	flags     uint64
	was, is   *Request
	now       [4]map[string][]string
}

// SameBody reports whether the body is that of the request that it came from, of which nothing was
// read.
func (n *Next) SameBody() bool { return n.flags&sameBody != 0 }

// SameContext reports whether the context is that of the request that it came from.
func (n *Next) SameContext() bool { return n.flags&sameContext != 0 }

// ErrUnknown is a Next that only says what has changed in a request that is over.
var ErrUnknown = errors.New("the request is over")

// Unknown answers it.
var Unknown = Message{[]byte{0}}

// TakeNext reads the message of a handler. Known finds a request by its number.
func TakeNext(m Message, known func(id uint64) *Request) (*Next, error) {
	d := decoder(m)
	n := &Next{flags: d.Uint(), ID: d.Uint(), Abilities: Abilities(d.UintN(16)), Header: takeChanges(&d)}
	if n.flags&whole != 0 {
		n.was = new(Request)
	} else if n.was = known(n.ID); n.was == nil {
		return nil, ErrUnknown
	}
	n.is = n.was.Take(&d)
	return n, d.End()
}

// SameHeader reports whether the header is that with which the request came from the host, and is
// still as it was then, as the host's own is.
func (n *Next) SameHeader(own http.Header) bool {
	if n.flags&(sameHeader|whole) != sameHeader || !n.is.sameHeader || own == nil {
		return false
	}
	changes := changed(n.was.tables[0].fields, own)
	return changes.empty()
}

// Apply makes what crossed the request's own. Header is that of the request if it is the host's
// own.
func (n *Next) Apply(to *http.Request, header http.Header) {
	n.is.apply(to, n.SameBody(), header)
	n.now = tables(to)
}

// Came is the answer to the module: what the handler has changed in the response's header, and in
// the request, behind the bytes in buf.
func (n *Next) Came(buf []byte, header Changes) Message {
	e := wire.Encoder{Buf: buf, Whole: true}
	header.put(&e)
	n.is.PutChanges(&e, n.now)
	return Message{e.Buf}
}

// Left is what the handler has changed in the request before it panicked.
func (n *Next) Left() Message { return n.is.message(n.now) }

// TakeLeft makes changes that a handler which panicked has left in the request, as [Rest] does.
func TakeLeft(m Message, r *http.Request, reads bool) {
	d := decoder(m)
	takeTables(&d, quiet(r, reads))
}
