package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

// argumentError is an argument that cannot be encoded. Nothing was called.
type argumentError struct {
	index int // from 0
	err   error
}

func (e *argumentError) Error() string { return fmt.Sprintf("argument %d: %v", e.index+1, e.err) }
func (e *argumentError) Unwrap() error { return e.err }

// plan is everything about a call that is the same every time: it is made once for a bound
// function.
type plan struct {
	callee
	instance *Instance
	encode   []encoder
	decode   []decoder
	sharing  bool // arguments lead to something that the function can change
	results  []reflect.Type
	mode     uint64
	lasting  bool         // it is given a context, which outlives the call where an object is returned
	size     atomic.Int64 // of the last message; 0 where it was small
	// carry is Instance.send, or Instance.access for a variable.
	carry func(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (Reply, error)
}

// pairs finds what encodes and decodes for pairs of types. An Instance does, and building while it
// is locked.
type pairs interface {
	encoder(t reflect.Type, n int, lenient bool) (encoder, error)
	decoder(t reflect.Type, n int) (decoder, form, error)
}

// building finds pairs while i.building is held.
type building struct{ *Instance }

func (b building) encoder(t reflect.Type, n int, lenient bool) (encoder, error) {
	return b.buildEncoder(t, n, lenient)
}

func (b building) decoder(t reflect.Type, n int) (decoder, form, error) { return b.buildDecoder(t, n) }

// params returns the parameters that cross: a context is given by the call's own.
func (i *Instance) params(target callee) []int {
	params := make([]int, 0, len(target.In))
	for _, n := range target.In {
		if i.api.Types[n].Kind != api.KindContext {
			params = append(params, n)
		}
	}
	return params
}

// plan pairs the host's types with those of the module.
func (i *Instance) plan(target callee, args, results []reflect.Type, lenient bool, pairs pairs) (*plan, error) {
	p := &plan{callee: target, instance: i, results: results, carry: i.send}
	p.lasting = i.TakesContext(target.function)
	if target.expression {
		encode, err := i.receiverEncoder(args[0], target.Func, pairs)
		if err != nil {
			return nil, err
		}
		p.encode = append(p.encode, encode)
		p.sharing = i.receiverShares(args[0], target.Func)
		args = args[1:]
	}
	for j, n := range i.params(target) {
		encode, err := pairs.encoder(args[j], n, lenient)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", j+1, err)
		}
		p.encode = append(p.encode, encode)
		p.sharing = p.sharing || i.shares(args[j], n)
		p.mode |= i.opaqueMode(args[j], n)
	}
	for j, t := range results {
		decode, form, err := i.resultDecoder(target, t, target.Out[j], pairs)
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", j+1, err)
		}
		p.mode |= i.opaqueMode(t, target.Out[j])
		if j < wire.MaxModes {
			p.mode |= form.mode() << (j * wire.ModeBits)
		}
		p.decode = append(p.decode, decode)
	}
	if p.sharing && !target.Makes {
		p.mode |= wire.ModeShare
	}
	return p, nil
}

// resultDecoder finds what decodes a result. What a conversion makes can be held, whatever its
// class.
func (i *Instance) resultDecoder(target callee, t reflect.Type, n int, pairs pairs) (decoder, form, error) {
	if target.Makes && (t == objectType || t == anyType) {
		return i.decodeObject(n), asHandle, nil
	}
	decode, form, err := pairs.decoder(t, n)
	if target.Makes && form == eitherForm {
		form = asCopy
	}
	return decode, form, err
}

// messages are reused: their arguments are copied by the transport's write.
var messages = sync.Pool{New: func() any { return &wire.Encoder{Buf: make([]byte, 0, 512)} }}

// maxKept is the size of the largest message buffer that is kept for reuse.
const maxKept = 4 << 20

// run makes one call on the receiver, which is nil for a function. The results are settable values
// of the planned
// types.
func (p *plan) run(ctx context.Context, receiver *object, args []reflect.Value) ([]reflect.Value, error) {
	e := messages.Get().(*wire.Encoder)
	e.Truncate(0)
	var sharing *wire.Sharing
	if p.mode&wire.ModeShare != 0 {
		sharing = &wire.Sharing{Call: true}
		p.instance.await(ctx, sharing, p.function)
	}
	room := p.instance.passage()
	defer room.give()
	if err := p.message(ctx, e, room, sharing, receiver, args); err != nil {
		p.instance.takeBack(e)
		messages.Put(e)
		return nil, err
	}
	reply, err := p.carry(ctx, p.symbol, p.function, p.mode, e)
	if sharing != nil {
		defer p.instance.hostValues.over(sharing)
	}
	e.Truncate(0) // what it refers to is the caller's
	e.Sharing = nil
	if cap(e.Buf) <= maxKept {
		messages.Put(e)
	}
	d := p.instance.decode(ctx, reply)
	defer p.instance.decoded(&d, reply)
	var taken error
	if d.Sharing = sharing; sharing != nil && (err == nil || len(reply.Body) > 0) {
		taken = sharing.Take(&d.Decoder, func(passed func(int) bool) error { return p.instance.takeChanges(&d, passed) })
	}
	if err != nil {
		exit(err)
	}
	if taken != nil {
		taken = fmt.Errorf("what %s changed cannot be taken over: %w", p.symbol, p.instance.tooMuch(taken))
	}
	if err != nil || taken != nil {
		return nil, join(err, taken)
	}
	results := make([]reflect.Value, len(p.results), len(p.results)+1) // an error may follow
	for j, t := range p.results {
		results[j] = reflect.New(t).Elem()
		p.decode[j](&d, results[j])
	}
	if p.lasting && ctx.Done() != nil && d.taken != nil && !d.taken.released.Load() {
		d.taken.lastUntil(ctx)
	}
	if err := d.End(); err != nil {
		return nil, fmt.Errorf("what %s answered cannot be understood: %w", p.symbol, p.instance.tooMuch(err))
	}
	return results, nil
}

// join returns the error that is not nil, or one that is both.
func join(err, further error) error {
	if err == nil || further == nil {
		return cmp.Or(err, further)
	}
	return fmt.Errorf("%w; %w", err, further)
}

// message encodes the arguments, again and again until they have the room that they need.
func (p *plan) message(ctx context.Context, e *wire.Encoder, room *passage, sharing *wire.Sharing, receiver *object, args []reflect.Value) error {
	grow := func(size int) error {
		ctx, cancel := p.instance.within(ctx, p.function)
		defer cancel()
		return room.grow(ctx, e, size)
	}
	if last := p.size.Load(); last > 0 {
		if err := grow(int(last) + smallMessage); err != nil {
			return err
		}
	}
	for {
		p.instance.takeBack(e)
		if sharing != nil {
			sharing.Restart(0)
		}
		if err := p.arguments(e, room.room(), sharing, receiver, args); err != nil {
			return err
		}
		switch {
		case e.Err == wire.ErrAgain:
		case e.Err == nil:
			p.remember(e.Size())
			room.encoded(e)
			return nil
		case room.room() == room.most:
			return &argumentError{len(args) - 1, errors.New("the arguments are larger than " + wire.Size(p.instance.maxMessage))}
		default:
			if err := grow(passageGrowth * room.room()); err != nil {
				return err
			}
		}
	}
}

// remember lets the next call ask at once for the room that this one needed.
func (p *plan) remember(size int) {
	if size <= smallMessage {
		size = 0
	}
	if int64(size) != p.size.Load() {
		p.size.Store(int64(size))
	}
}

// arguments encodes the arguments. Those that have to be encoded again leave [wire.ErrAgain] in the
// encoder, and those that do not fit [wire.ErrRoom].
func (p *plan) arguments(e *wire.Encoder, room int, sharing *wire.Sharing, receiver *object, args []reflect.Value) error {
	e.Truncate(0)
	e.Sharing, e.Room = sharing, room
	e.Buf = append(e.Buf, make([]byte, Headroom)...)
	if receiver != nil {
		e.Handle(receiver.handle)
	}
	for j, encode := range p.encode {
		if encode(e, args[j]); e.Fits() {
			continue
		}
		if e.Err == wire.ErrAgain || e.Err == wire.ErrRoom {
			return nil
		}
		return &argumentError{j, e.Err}
	}
	return nil
}

// binding is a plan for a function type of the host.
type binding struct {
	*plan
	t           reflect.Type
	withContext bool               // the host's function has a context, first or after the receiver
	leftOut     bool               // it leaves the variadic part out
	extraError  bool               // it has an error last that the module's function has not
	exchange    *hosthttp.Exchange // it takes a writer and a request; nil if not
	// call makes the call: run, or what does it without a message.
	call func(ctx context.Context, receiver *object, args []reflect.Value) ([]reflect.Value, error)
}

// bindFunc makes a Go function of the host's type t that calls the target.
func (i *Instance) bindFunc(target callee, t reflect.Type) (reflect.Value, error) {
	b, err := i.bind(target, t, i)
	if err != nil {
		return reflect.Value{}, err
	}
	return b.function(target.receiver), nil
}

// bind pairs a function type of the host with the target.
func (i *Instance) bind(target callee, t reflect.Type, pairs pairs) (*binding, error) {
	if x := i.exchange(target, t); x != nil {
		b, err := i.bind(i.served(target), x.Second, pairs)
		if err == nil {
			b.exchange = x
		}
		return b, err
	}
	params := i.params(target)
	if target.expression {
		params = append([]int{target.Receiver}, params...)
	}
	b := &binding{t: t}
	hostArgs := make([]reflect.Type, 0, t.NumIn())
	for j := range t.NumIn() {
		hostArgs = append(hostArgs, t.In(j))
	}
	at := target.contextAt()
	if b.withContext = len(hostArgs) > at && hostArgs[at] == contextType; b.withContext {
		hostArgs = slices.Delete(hostArgs, at, at+1)
	}
	if target.Variadic && !t.IsVariadic() && len(hostArgs) == len(params)-1 {
		// The variadic part may be left out: it is empty.
		b.leftOut = true
		params = params[:len(params)-1]
	}
	if len(hostArgs) != len(params) {
		return nil, fmt.Errorf("it has %d parameters, not %d", len(params), len(hostArgs))
	}
	if t.IsVariadic() && !target.Variadic {
		return nil, errors.New("it is not variadic")
	}
	results := make([]reflect.Type, 0, t.NumOut())
	for j := range t.NumOut() {
		results = append(results, t.Out(j))
	}
	b.extraError = len(results) == len(target.Out)+1 && results[len(results)-1] == errorType
	if b.extraError {
		results = results[:len(results)-1]
	}
	if len(results) != len(target.Out) {
		return nil, fmt.Errorf("it has %d results, not %d", len(target.Out), len(results))
	}
	full := target
	if b.leftOut {
		short := *target.Func
		short.In = short.In[:len(short.In)-1]
		full.Func = &short
	}
	var err error
	if b.plan, err = i.plan(full, hostArgs, results, false, pairs); err != nil {
		return nil, err
	}
	if b.leftOut {
		b.encode = append(b.encode, func(e *wire.Encoder, _ reflect.Value) { e.Len(0, true) })
	}
	if b.call = b.direct(hostArgs); b.call == nil {
		b.call = b.run
	}
	return b, nil
}

// function makes the function, for the receiver of a method or of a function that is a value.
func (b *binding) function(receiver *object) reflect.Value {
	t := b.t
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	f := reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		ctx, values := context.Background(), args
		if at := b.contextAt(); b.withContext {
			if c, ok := args[at].Interface().(context.Context); ok {
				ctx = c
			}
			if values = args[1:]; at == 1 {
				values = append(args[:1:1], args[2:]...)
			}
		}
		if b.leftOut {
			values = append(values[:len(values):len(values)], reflect.Value{})
		}
		out, err := b.call(ctx, receiver, values)
		runtime.KeepAlive(args)
		if err != nil {
			if !hasError {
				panic(engine.NotCalled(b.instance.name, b.symbol, err))
			}
			out = make([]reflect.Value, t.NumOut())
			for j := range out {
				out[j] = reflect.Zero(t.Out(j))
			}
			out[len(out)-1] = reflect.ValueOf(&err).Elem()
			return out
		}
		if b.extraError {
			out = append(out, reflect.Zero(errorType))
		}
		return out
	})
	if b.exchange != nil {
		return b.exchange.Caller(f)
	}
	return f
}
