package gowasm

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	glue "github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// guest is one running instance of a module's wasm. What is not said to be safe for concurrent use
// belongs
// to the call that runs in the guest.
type guest struct {
	module *module
	ctx    context.Context // of the module; what the guest is called with
	wasm   api.Module
	memory api.Memory
	size   atomic.Int64 // of the memory after the last call
	gate   *gate
	levels []*level
	inside *level // of the call that runs
	kept   int    // bytes of machine stacks that calls have left

	smallSize uint32 // of messages that need no memory of their own
	caught    uint32 // address of the mark of a panic in a direct call

	answers    map[uint32][]byte // of the host to the module, until the module takes them
	lastAnswer uint32

	releases releases
	stall    inflight.Stall // of a call of the host that waits for room

	cancelled atomic.Int32 // how many calls go on after their context ended
}

func newGuest(m *module) *guest {
	g := &guest{module: m, gate: newGate(), answers: map[uint32][]byte{}}
	g.ctx = context.WithValue(m.ctx, guestKey{}, g)
	return g
}

var (
	// errGarbage is what a guest says that no guest says.
	errGarbage = errors.New("it broke the protocol: something wrote to the memory that the host uses")
	// errForeign is a guest that is not the one that was built.
	errForeign = errors.New("its program and its API description do not belong together")
)

// hello takes the guest's Hello and checks that the guest is that of the API with the sum.
func (g *guest) hello(ctx context.Context, sum string, instance, instances int, ownGC bool) error {
	f := g.wasm.ExportedFunction("load_hello")
	// No file that was not built for this engine gets here; the functions below are there when this
	// one is.
	if f == nil || len(f.Definition().ParamTypes()) != 3 || len(f.Definition().ResultTypes()) != 1 {
		return errForeign
	}
	own := uint64(0)
	if ownGC {
		own = 1
	}
	result, err := f.Call(ctx, uint64(instance), uint64(instances), own)
	if err != nil {
		return err
	}
	body, err := g.read(result[0])
	if err != nil {
		return err
	}
	d := wire.NewDecoder(body)
	kind, format, got := d.Byte(), d.Uint(), d.String()
	g.smallSize, g.caught = uint32(d.UintN(32)), uint32(d.UintN(32))
	switch {
	case d.End() != nil || kind != wire.Hello:
		return errGarbage
	case format != wire.Format || got != sum:
		return errForeign
	}
	return nil
}

// send writes a frame's body, from the given byte of the message on, into the guest. Its size is
// what
// exchange takes.
func (g *guest) send(ctx context.Context, lv *level, message *wire.Encoder, from int) (size uint32, err error) {
	size = uint32(message.Size() - from)
	to := lv.small
	switch {
	case size > g.smallSize:
		lv.stack[0] = uint64(size)
		if err := g.through(ctx, lv, &lv.message, lv.stack[:]); err != nil {
			return 0, err
		}
		to = uint32(lv.stack[0])
	case to == 0:
		lv.stack[0] = lv.number
		if err := g.through(ctx, lv, &lv.buffer, lv.stack[:]); err != nil {
			return 0, err
		}
		to = uint32(lv.stack[0])
		lv.small = to
	}
	err = message.Send(from, func(data []byte) error {
		if !g.memory.Write(to, data) {
			return errGarbage
		}
		to += uint32(len(data))
		return nil
	})
	return size, err
}

// exchange lets the guest take the body that was sent and returns the body of its answer.
func (g *guest) exchange(ctx context.Context, lv *level, size uint32) ([]byte, error) {
	lv.stack[0], lv.stack[1] = lv.number, uint64(size)
	if err := g.through(ctx, lv, &lv.call, lv.stack[:]); err != nil {
		return nil, err
	}
	if lv.stack[0] == 0 {
		return nil, nil
	}
	return g.read(lv.stack[0])
}

// parts returns the list of the parts of what is read, and how long it is. It is given the address
// of the list and the number of parts.
func (g *guest) parts(parts uint64) (list []byte, size int, err error) {
	address, count := uint32(parts>>32), uint32(parts)
	if count > math.MaxUint32/partSize {
		return nil, 0, errGarbage
	}
	list, ok := g.memory.Read(address, count*partSize)
	if !ok {
		return nil, 0, errGarbage
	}
	total := uint64(0)
	for i := uint32(0); i < count; i++ {
		total += uint64(le.Uint32(list[i*partSize+4:]))
	}
	if total > uint64(wire.MaxFrame(g.module.maxMessage)) {
		return nil, 0, errGarbage
	}
	return list, int(total), nil
}

// read copies an answer out of the guest, see parts.
func (g *guest) read(parts uint64) ([]byte, error) {
	list, size, err := g.parts(parts)
	if err != nil {
		return nil, err
	}
	var body strings.Builder // unlike make it does not clear what is overwritten anyway
	body.Grow(size)
	for ; len(list) > 0; list = list[partSize:] {
		data, ok := g.memory.Read(le.Uint32(list), le.Uint32(list[4:]))
		if !ok {
			return nil, errGarbage
		}
		body.Write(data)
	}
	return unsafe.Slice(unsafe.StringData(body.String()), size), nil
}

var le = binary.LittleEndian

// partSize is the size of an element of the list of parts: an address and a size.
const partSize = 8

// direct calls a function without a message. stack holds its arguments, and then its result. Where
// the
// function panicked, the end of a Result is returned that tells it.
func (g *guest) direct(ctx context.Context, lv *level, function int, stack []uint64) ([]byte, error) {
	for len(lv.direct) <= function {
		lv.direct = append(lv.direct, entrance{name: glue.DirectName(len(lv.direct))})
	}
	if err := g.through(ctx, lv, &lv.direct[function], stack); err != nil {
		return nil, err
	}
	caught, ok := g.memory.ReadUint32Le(g.caught)
	switch {
	case !ok:
		return nil, errGarbage
	case caught == 0:
		return nil, nil
	}
	if err := g.through(ctx, lv, &lv.panicked, lv.stack[:]); err != nil {
		return nil, err
	}
	return g.read(lv.stack[0])
}
