package gowasm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// countdown is a guest that speaks the protocol by hand. It answers a number with the next one, and
// asks the
// host for the number first where it is not 0.
const countdown = `package main

import "unsafe"

var (
	inputs [1001][4096]byte
	caught uint32
	out    []byte
	list   [2]uint32
)

func address(b *byte) uint32 { return uint32(uintptr(unsafe.Pointer(b))) }

func answer(b []byte) uint64 {
	out, list = b, [2]uint32{address(&b[0]), uint32(len(b))}
	return uint64(uintptr(unsafe.Pointer(&list)))<<32 | 1
}

func uvarint(b []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// ask is a question: it begins with the call that waits for it, none.
func ask(n byte) []byte {
	b := make([]byte, 1+%d)
	b[0] = 6
	return append(uvarint(b, 1), n)
}

//go:wasmexport load_hello
func hello(_, _, _ uint32) uint64 {
	sum := %q
	b := uvarint([]byte{1}, %d)
	b = append(uvarint(b, uint64(len(sum))), sum...)
	b = uvarint(b, uint64(len(inputs[0])))
	return answer(uvarint(b, uint64(uintptr(unsafe.Pointer(&caught)))))
}

//go:wasmexport load_buffer
func buffer(level uint32) uint32 { return address(&inputs[level][0]) }

//go:wasmexport load_message
func message(uint32) uint32 { return 0 }

//go:wasmimport load host_call
func askHost(parts uint64, ends uint32) uint64

//go:wasmimport load host_take
func takeAnswer(number, address uint32)

//go:wasmexport load_call
func call(level, size uint32) uint64 {
	in := &inputs[level]
	number, i := uint64(0), 1+%d
	for shift := 0; ; shift += 7 {
		number |= uint64(in[i]&0x7f) << shift
		if i++; in[i-1] < 0x80 {
			break
		}
	}
	n := in[size-1]
	switch n {
	case 255:
		return 1<<64 - 1 // a list that no memory holds
	case 254:
		return 1<<32 | 1<<30 // one whose size overflows
	case 253:
		parts := [2]uint32{1 << 31, 1 << 31}
		return uint64(uintptr(unsafe.Pointer(&parts)))<<32 | 1
	case 252:
		parts := [2]uint32{1 << 31, 1 << 10}
		return uint64(uintptr(unsafe.Pointer(&parts)))<<32 | 1
	case 251:
		return answer(uvarint([]byte{3}, number+1))
	case 250:
		return answer([]byte{3})
	case 249:
		return answer(append(uvarint([]byte{3}, number), 99))
	case 248:
		return 0
	case 247: // it takes no answer
		out = ask(n)
		list = [2]uint32{address(&out[0]), uint32(len(out))}
		for range %d {
			askHost(uint64(uintptr(unsafe.Pointer(&list)))<<32|1, 1)
		}
		n = 0
	}
	if n > 0 {
		question := ask(n)
		parts := [2]uint32{address(&question[0]), uint32(len(question))}
		answer := askHost(uint64(uintptr(unsafe.Pointer(&parts)))<<32|1, 1)
		buf := make([]byte, uint32(answer))
		takeAnswer(uint32(answer>>32), address(&buf[0]))
		n = buf[len(buf)-1]
	}
	return answer(append(uvarint([]byte{3}, number), 0, n+1))
}

//go:wasmexport load_panicked
func panicked() uint64 { return 0 }

func main() {}
`

// built is the guest above, as machine code.
var built = sync.OnceValues(buildCountdown)

func buildCountdown() (*files, error) {
	description := (&api.API{Types: make([]api.Type, 1)}).Encode()
	dir, code := filepath.Join(CountdownDir, "source"), filepath.Join(CountdownDir, "code")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Mkdir(code, 0o700)); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"main.go": fmt.Sprintf(countdown, wire.WithinSize, api.Sum(description), wire.Format, wire.WithinSize, maxLevels+2), "go.mod": "module guest\n\ngo 1.24\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	goBuild := exec.Command("go", "build", "-buildmode=c-shared", "-o", "guest.wasm", ".")
	goBuild.Dir, goBuild.Env = dir, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := goBuild.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "guest.wasm"))
	if err != nil {
		return nil, err
	}
	if err := wasmrun.Compile(context.Background(), build.ProgramFile, wasm, code, codeConfig()); err != nil {
		return nil, err
	}
	kept := os.DirFS(code)
	var all []store.File
	err = fs.WalkDir(kept, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, store.File{Name: name})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	a := store.NewArtifact("countdown", all, store.Contents{Read: func(name string) ([]byte, func() error, error) {
		data, err := fs.ReadFile(kept, name)
		return data, func() error { return nil }, err
	}})
	f := &files{api: description}
	if f.wasm, err = wasmrun.Module(engine.Artifact{}, a, build.ProgramFile); err != nil {
		return nil, err
	}
	f.code, err = wasmrun.NewCodeDir(a)
	return f, err
}

// startCountdown starts the guest; the host answers its questions.
func startCountdown(t *testing.T, answer func(m *module, n byte) byte) *module {
	t.Helper()
	f, err := built()
	require.NoError(t, err)
	m := &module{name: "countdown"}
	m.host = countingHost{host.NewInstance("countdown", &api.API{}, nil, inflight.Limits{}), m, answer}
	require.NoError(t, New(Config{}).start(t.Context(), m, f, nil))
	t.Cleanup(func() { _ = m.close(context.Background()) })
	return m
}

// countingHost answers what the guest asks.
type countingHost struct {
	hostSide
	m     *module
	count func(m *module, n byte) byte
}

func (h countingHost) TakesContext(int) bool { return false }
func (h countingHost) Begin([]byte)          {}
func (h countingHost) CancelHost([]byte)     {}
func (h countingHost) ReleaseHost([]byte)    {}
func (h countingHost) End()                  {}

func (h countingHost) Failure(string, wire.Outcome, *wire.Decoder) error { return nil }

func (h countingHost) Answer(body []byte, granted int, send func(*wire.Encoder)) {
	frame := wire.NewFrame(wire.HostResult)
	frame.Byte(h.count(h.m, body[len(body)-1]))
	frame.Finish()
	send(frame)
}

// count calls the guest.
func count(ctx context.Context, m *module, n byte) (byte, error) {
	message := &wire.Encoder{Buf: make([]byte, host.Headroom)}
	message.Byte(n)
	reply, err := m.Call(ctx, "count", 0, 0, message)
	if err != nil {
		return 0, err
	}
	return reply.Body[0], nil
}

// TestCallsWithinCalls: while the module waits for the host, the host calls it again, from the same
// goroutine
// and from others.
func TestCallsWithinCalls(t *testing.T) {
	t.Parallel()
	m := startCountdown(t, func(m *module, n byte) byte {
		result := make(chan byte, 1)
		inner := func() {
			got, err := count(t.Context(), m, n-1)
			assert.NoError(t, err)
			result <- got
		}
		if n%2 == 0 {
			inner()
		} else {
			go inner()
		}
		return <-result
	})
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if g%2 == 0 {
				ctx = context.Background()
			}
			for i := range 40 {
				n := byte(i % 6)
				got, err := count(ctx, m, n)
				assert.Equal(t, n+1, got)
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	n := len(m.guests[0].gate.calls)
	assert.Zerof(t, n, "%d calls are still inside", n)
}

// TestEndlessCalls: a host and a module that call each other for ever get an error.
func TestEndlessCalls(t *testing.T) {
	t.Parallel()
	var ended error
	m := startCountdown(t, func(m *module, n byte) byte {
		n, err := count(context.Background(), m, n)
		if err != nil {
			ended = err
		}
		return n
	})
	got, err := count(t.Context(), m, 1)
	assert.NoError(t, err)
	assert.NotZero(t, got)
	assert.EqualError(t, ended, "the host and the module call each other, more than 1000 calls deep")
}

// TestRetiredWithinCall: a module that ends while it waits for the host does not go on.
func TestRetiredWithinCall(t *testing.T) {
	t.Parallel()
	m := startCountdown(t, func(m *module, n byte) byte {
		m.retire(engine.ErrUnloaded)
		return n
	})
	_, err := count(t.Context(), m, 1)
	assert.ErrorIs(t, err, engine.ErrUnloaded)
	<-m.freed
}

// TestHostPanics: a panic in the host ends the module, which cannot go on without an answer.
func TestHostPanics(t *testing.T) {
	t.Parallel()
	m := startCountdown(t, func(*module, byte) byte { panic("of the host") })
	_, err := count(t.Context(), m, 1)
	assert.ErrorIs(t, err, engine.ErrCrashed)
	<-m.freed
}

// TestAnswersAreTaken: a module that asks again and again, and takes no answer, is retired.
func TestAnswersAreTaken(t *testing.T) {
	t.Parallel()
	m := startCountdown(t, func(_ *module, n byte) byte { return n })
	_, err := count(t.Context(), m, 247)
	require.ErrorIs(t, err, engine.ErrCrashed)
	assert.ErrorContains(t, err, "it broke the protocol")
	<-m.freed
}

// TestGarbage: a module that answers nonsense is retired.
func TestGarbage(t *testing.T) {
	t.Parallel()
	for n := byte(248); n != 0; n++ {
		m := startCountdown(t, nil)
		const want = "countdown crashed: it broke the protocol: something wrote to the memory that the host uses"
		_, err := count(t.Context(), m, n)
		assert.EqualError(t, err, want)
		<-m.freed
	}
}
