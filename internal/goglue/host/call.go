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
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// argumentError is an argument that cannot be encoded. Nothing was called.
type argumentError struct {
	symbol string
	index  int // from 0
	err    error
}

func (e *argumentError) reason() string { return fmt.Sprintf("argument %d: %v", e.index+1, e.err) }
func (e *argumentError) Error() string  { return e.symbol + ": " + e.reason() }
func (e *argumentError) Unwrap() error  { return e.err }

// plan is everything about a call that is the same every time: it is made once for a bound
// function.
type plan struct {
	callee
	instance *Instance
	encode   []codec.Encoder
	decode   []codec.Decoder
	sharing  bool // arguments lead to something that the function can change
	results  []reflect.Type
	mode     uint64
	lasts    bool         // the module may hold what it is given, or returns, when the call is over
	lasting  bool         // it is given a context, which outlives the call where an object is returned
	size     atomic.Int64 // of the last message; 0 where it was small
	// carry is Instance.send, or Instance.access for a variable.
	carry func(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (Reply, error)
}

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
func (i *Instance) plan(target callee, args, results []reflect.Type, lenient bool, pairs codec.Pairs) (*plan, error) {
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
		encode, err := pairs.Encoder(args[j], n, lenient)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", j+1, err)
		}
		p.encode = append(p.encode, encode)
		p.sharing = p.sharing || i.codec.Shares(args[j], n)
		p.mode |= i.opaqueMode(args[j], n)
	}
	p.lasts = p.sharing && i.codec.Keeps(target.Func, results)
	given := p.sharing
	for j, t := range results {
		if i.codec.Circular(t, target.Out[j]) {
			p.sharing = true
		}
		if i.codec.Points(t, target.Out[j]) {
			p.sharing, p.lasts = true, true
		}
		decode, form, err := i.resultDecoder(target, t, target.Out[j], pairs)
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", j+1, err)
		}
		p.mode |= i.opaqueMode(t, target.Out[j])
		if j < wire.MaxModes {
			p.mode |= form.Mode() << (j * wire.ModeBits)
		}
		p.decode = append(p.decode, decode)
	}
	if p.sharing && (!target.Makes || !given) {
		p.mode |= wire.ModeShare
		if p.lasts && !target.Makes {
			p.mode |= wire.ModeLast
		}
	}
	return p, nil
}

// resultDecoder finds what decodes a result. What a conversion makes can be held, whatever its
// class.
func (i *Instance) resultDecoder(target callee, t reflect.Type, n int, pairs codec.Pairs) (codec.Decoder, codec.Form, error) {
	if target.Makes && (t == codec.ObjectType || t == codec.AnyType) {
		return i.decodeObject(n), codec.AsHandle, nil
	}
	decode, form, err := pairs.Decoder(t, n)
	if target.Makes && form == codec.EitherForm {
		form = codec.AsCopy
	}
	return decode, form, err
}

// message is one on its way to the module, and its answer. It is used again: its arguments are
// copied by the transport's write.
type message struct {
	wire.Encoder
	room   inflight.Passage
	answer codec.Incoming
}

var messages = sync.Pool{New: func() any { return &message{Encoder: wire.Encoder{Buf: make([]byte, 0, 512)}} }}

// maxKept is the size of the largest message buffer that is kept for reuse.
const maxKept = 4 << 20

// run makes one call on the receiver, which is nil for a function. The results are settable values
// of the planned types.
func (p *plan) run(ctx context.Context, receiver *object, args []reflect.Value) (values []reflect.Value, err error) {
	err = p.roundTrip(ctx, receiver, args, func(d *codec.Incoming, mode uint64) (err error) {
		values, err = p.take(d, mode)
		return err
	})
	return values, err
}

// roundTrip makes one call and lets take have the results.
func (p *plan) roundTrip(ctx context.Context, receiver *object, args []reflect.Value, take func(d *codec.Incoming, mode uint64) error) (failure error) {
	m := messages.Get().(*message)
	e, room, d := &m.Encoder, &m.room, &m.answer
	e.Truncate(0)
	var sharing *wire.Sharing
	if p.mode&wire.ModeShare != 0 {
		sharing = &wire.Sharing{Call: true}
		p.instance.await(ctx, sharing, p.symbol, p.function)
	}
	p.instance.Memory.Passage(room)
	defer func() {
		room.Give()
		if cap(e.Buf) <= maxKept {
			messages.Put(m)
		}
	}()
	if err := p.message(ctx, e, room, sharing, receiver, args); err != nil {
		p.instance.Values.TakeBack(e)
		return err
	}
	mentioned := p.instance.mentionedBy(e)
	if err := p.instance.exchangeAll(ctx, mentioned, true); err != nil {
		p.instance.Values.TakeBack(e)
		return err
	}
	mode := p.mode
	if e.Lasting {
		mode |= wire.ModeLasting
		defer p.instance.codec.Lasting.Wait()()
	}
	waiting := p.instance.Values.Wait()
	reply, err := p.carry(ctx, p.symbol, p.function, mode, e)
	waiting.Answered(mode)
	if sharing != nil {
		defer p.instance.Values.Over(sharing)
	}
	e.Truncate(0) // what it refers to is the caller's
	*d = p.instance.decode(ctx, reply)
	defer p.instance.decoded(d, reply)
	var taken error
	if d.Sharing = sharing; sharing != nil && (err == nil || len(reply.Body) > 0) {
		taken = p.instance.Values.TakeAnswer(d)
	}
	if err != nil {
		if taken == nil && len(reply.Body) > 0 {
			taken = p.takeLasting(d, mode)
		}
		exit(err)
	}
	if mentioned != nil {
		defer func() {
			failure = join(failure, p.instance.exchangeAll(ctx, p.instance.together(mentioned, d.Mentioned), false))
		}()
	}
	if taken != nil {
		taken = fmt.Errorf("what %s changed cannot be taken over: %w", p.symbol, p.instance.Memory.TooMuch(taken))
	}
	if err = join(err, taken); err == nil {
		err = take(d, mode)
	}
	if err == nil && p.lasting && ctx.Done() != nil && d.Object != nil {
		d.Object.(*object).lastUntil(ctx)
	}
	return err
}

// take decodes the results.
func (p *plan) take(d *codec.Incoming, mode uint64) ([]reflect.Value, error) {
	results := make([]reflect.Value, len(p.results), len(p.results)+1) // an error may follow
	for j, t := range p.results {
		results[j] = reflect.New(t).Elem()
		p.decode[j](d, results[j])
	}
	if err := p.end(d, mode); err != nil {
		return nil, err
	}
	return results, nil
}

// end takes what follows the results, and checks them.
func (p *plan) end(d *codec.Incoming, mode uint64) error {
	if err := p.takeLasting(d, mode); err != nil {
		return fmt.Errorf("what the module changed cannot be taken over: %w", p.instance.Memory.TooMuch(err))
	}
	if err := d.End(); err != nil {
		return fmt.Errorf("what %s answered cannot be understood: %w", p.symbol, p.instance.Memory.TooMuch(err))
	}
	return nil
}

// join returns the error that is not nil, or one that is both.
func join(err, further error) error {
	if err == nil || further == nil {
		return cmp.Or(err, further)
	}
	return fmt.Errorf("%w; %w", err, further)
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
	b, err := i.bind(target, t, i.codec)
	if err != nil {
		return reflect.Value{}, err
	}
	return b.function(target.receiver), nil
}

// bind pairs a function type of the host with the target.
func (i *Instance) bind(target callee, t reflect.Type, pairs codec.Pairs) (*binding, error) {
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
	if b.withContext = len(hostArgs) > at && hostArgs[at] == codec.ContextType; b.withContext {
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
	b.extraError = len(results) == len(target.Out)+1 && results[len(results)-1] == codec.ErrorType
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
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == codec.ErrorType
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
			out[len(out)-1] = reflect.ValueOf(new(err)).Elem()
			return out
		}
		if b.extraError {
			out = append(out, reflect.Zero(codec.ErrorType))
		}
		return out
	})
	if b.exchange != nil {
		return b.exchange.Caller(f)
	}
	return f
}
