package gowasm_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// busy is what the functions print that take their time.
func busy(ev event.Event) bool {
	return ev == event.Output{Name: "sample", Stream: "stdout", Line: "busy"}
}

func crashed(ev event.Event) bool { _, ok := ev.(event.Crashed); return ok }

// misbehaving is the module of most tests, which is built once.
var misbehaving = map[string]string{"misbehaving.go": functions, "begin.go": begin, "ask.go": asker}

// begin is how the module begins, as its environment says.
const begin = `package misbehaving

import (
	"os"
	"time"
)

var _ = beginAt("variable")

func init() { beginAt("init") }

func beginAt(place string) int {
	if os.Getenv("PLACE") != place { return 0 }
	switch os.Getenv("BEGIN") {
	case "success": os.Exit(0)
	case "spin": for start := time.Now(); time.Since(start) < time.Second; { }
	case "deadlock": select {}
	case "loop": for {}
	case "recursion": return deepen(200)
	case "memory": b := make([]byte, 1<<28); for { copy(b, b[1:]) }
	}
	return 1
}

func deepen(n int) int { if n < 2 { return n }; return deepen(n-1) + deepen(n-2) }
`

// opening returns an artifact of the module whose initialisation does this in the place: in a
// variable, or in init.
func opening(t *testing.T, place, what string) (*gowasm.Engine, engine.Artifact) {
	t.Helper()
	e, a := compile(t, gowasm.Config{Env: []string{"PLACE=" + place, "BEGIN=" + what}}, misbehaving)
	require.NoError(t, e.Prepare(t.Context(), a))
	return e, a
}

const functions = `package misbehaving

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"
)

var counter int

func Fine() int             { return 1 }
func Count() int            { counter++; return counter }
func Deadlock()             { select {} }
func Spin()                 { fmt.Println("busy"); for i := 0; ; i++ { if i < 0 { println() } } }
func SpinFor(ms int) int    { fmt.Println("busy"); n := 0; for start := time.Now(); time.Since(start) < time.Duration(ms)*time.Millisecond; n++ {}; return 1 }
func Sleep(ms int)          { fmt.Println("busy"); time.Sleep(time.Duration(ms) * time.Millisecond) }
func Environ() []string     { return os.Environ() }
func Args() []string        { return os.Args }
func Read(name string) (string, error) { b, err := os.ReadFile(name); return string(b), err }
func Write(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) }
func Symlink(to, name string) error { return os.Symlink(to, name) }
func Remove(name string) error { return os.Remove(name) }
func Rename(from, to string) error { return os.Rename(from, to) }
func List(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	var names []string
	for _, e := range entries { names = append(names, e.Name()) }
	return names, err
}
func Grow(n int) int        { b := make([][]byte, 0, n); for range n { c := make([]byte, 1<<20); for i := 0; i < len(c); i += 4096 { c[i] = 1 }; b = append(b, c) }; return len(b) }
func Random() []byte        { b := make([]byte, 16); rand.Read(b); return b }
func Now() time.Time        { return time.Now() }
func Done(ctx context.Context) error { fmt.Println("busy"); <-ctx.Done(); return ctx.Err() }
func Float(f float32, b bool) float32 { if b { return -f }; return f }
func Divide(a, b int) int   { return a / b }
type Thing struct { n int }
func NewThing(n int) *Thing { return &Thing{n} }
func (t *Thing) N() int     { return t.n }
func Both(a, b *Thing) int  { return a.n + b.n }
`

// openMisbehaving opens the module above with a sink for its events.
func openMisbehaving(t *testing.T, config gowasm.Config) (engine.Instance, *loadtest.Events) {
	t.Helper()
	var e loadtest.Events
	return openTold(t, config, misbehaving, e.Sink), &e
}

func TestDeadlock(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, gowasm.Config{})
	_, err := m.Call(t.Context(), "Deadlock", nil)
	require.ErrorIs(t, err, engine.ErrCrashed)
	assert.Truef(t, strings.HasPrefix(err.Error(), "sample crashed: exit status 2\n\tfatal error: all goroutines are asleep - deadlock!\n"), "got %v", err)
	e.Wait(t, "Crashed", crashed)
}

func TestInitialisation(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		place string
		text  string // how the error begins
	}{
		"success":  {"init", "its initialisation ended the module: exit status 0"},
		"spin":     {"variable", "its initialisation did not end in time"},
		"deadlock": {"init", "its initialisation ended the module: exit status 2\n\tfatal error: all goroutines are asleep - deadlock!\n"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e, a := opening(t, c.place, what)
			ctx := t.Context()
			if strings.Contains(c.text, "in time") {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 200*time.Millisecond)
				defer cancel()
			}
			_, err := e.Open(ctx, a, nil)
			var failed *engine.InitError
			require.ErrorAsf(t, err, &failed, "got %v", err)
			require.Truef(t, strings.HasPrefix(err.Error(), c.text), "got %v", err)
			assert.Falsef(t, strings.Contains(c.text, "in time") && !errors.Is(err, context.DeadlineExceeded), "not a deadline: %v", err)
		})
	}
}

// TestCancel: a cancelled call returns, and its module is retired where it goes on.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config gowasm.Config
		symbol string
		args   []any
		text   string // the error of the next call
	}{
		{gowasm.Config{}, "SpinFor", []any{1000}, "sample crashed: a call of SpinFor was cancelled and stopped"},
		{gowasm.Config{}, "Sleep", []any{60_000}, "sample crashed: a call of Sleep was cancelled and stopped"},
		{gowasm.Config{}, "Spin", nil, "sample crashed: a call of Spin was cancelled and stopped"},
	} {
		t.Run(c.symbol, func(t *testing.T) {
			t.Parallel()
			m, e := openMisbehaving(t, c.config)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			returned := make(chan error, 1)
			go func() {
				_, err := m.Call(ctx, c.symbol, c.args)
				returned <- err
			}()
			e.Wait(t, "busy", busy)
			cancel()
			require.ErrorIs(t, <-returned, context.Canceled)
			_, err := m.Call(t.Context(), "Fine", nil)
			assert.EqualError(t, err, c.text)
			e.Wait(t, "Crashed", crashed)
			assert.NoError(t, m.Close(t.Context()))
		})
	}
}

// TestCancelSeen: a call that ends because its context did leaves the module as it was.
func TestCancelSeen(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, gowasm.Config{})
	done := bound[func(context.Context) error](t, m, "Done")
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		assert.ErrorIs(t, done(ctx), context.DeadlineExceeded)
		cancel()
		call(t, m, "Fine")
	}
}

// hold keeps the module, or one of its pool, busy until release is called.
func hold(t *testing.T, m engine.Instance, e *loadtest.Events) (release func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := bound[func(context.Context) error](t, m, "Done")
	returned := make(chan error, 1)
	go func() { returned <- done(ctx) }()
	e.Wait(t, "busy", busy)
	return func() {
		cancel()
		err := <-returned
		assert.ErrorIs(t, err, context.Canceled, "the call that held the module")
	}
}

// TestWaiting: a call that waits for another returns when its context ends, and disturbs nobody.
func TestWaiting(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, gowasm.Config{})
	release := hold(t, m, e)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := m.Call(ctx, "Fine", nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	release()
	call(t, m, "Fine")
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, gowasm.Config{Memory: 128 << 20})
	assert.Equal(t, 50, call(t, m, "Grow", 50))
	_, err := m.Call(t.Context(), "Grow", []any{2000})
	assert.ErrorIs(t, err, engine.ErrCrashed)
	assert.Contains(t, err.Error(), "out of memory")
	e, a := compile(t, gowasm.Config{Memory: 64 << 10}, misbehaving)
	_, err = e.Open(t.Context(), a, nil)
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit)
	assert.EqualError(t, err, "a memory limit of 64KiB is less than a module of the engine gowasm needs to start, which is 4MiB")
}

func TestPool(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, gowasm.Config{Pool: 3})
	release := hold(t, m, e) // the other two go on
	for range 10 {
		call(t, m, "Fine")
	}
	release()
	// Objects stay with their instance.
	things := make([]any, 12)
	var group sync.WaitGroup
	for i := range things {
		group.Go(func() {
			if out, err := m.Call(t.Context(), "NewThing", []any{i}); err != nil {
				t.Error(err)
			} else {
				things[i] = out[0]
			}
		})
	}
	group.Wait()
	for i, thing := range things {
		out, err := thing.(*engine.Object).Call(t.Context(), "N")
		require.NoError(t, err)
		assert.Equalf(t, []any{i}, out, "object %d", i)
		out, err = m.Call(t.Context(), "Both", []any{thing, things[0]})
		require.Falsef(t, err == nil && out[0] != i, "two objects: %v %v", out, err)
		assert.Falsef(t, err != nil && !strings.Contains(err.Error(), "set gowasm.Config.Pool to 1"), "two objects: %v %v", out, err)
	}
}

func TestDirectCalls(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, gowasm.Config{})
	float := bound[func(float32, bool) float32](t, m, "Float")
	assert.Equal(t, float32(-1.5), float(1.5, true))
	divide := bound[func(int, int) (int, error)](t, m, "Divide")
	got, err := divide(-7, 2)
	assert.Equal(t, -3, got)
	assert.NoError(t, err)
	var panicked *engine.PanicError
	_, err = divide(1, 0)
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "sample: Divide panicked: runtime error: integer divide by zero", err.Error())
	assert.Contains(t, panicked.Stack, "Divide")
	got, err = divide(9, 3)
	assert.Equal(t, 3, got)
	assert.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = bound[func(context.Context, int, int) (int, error)](t, m, "Divide")(ctx, 1, 1)
	assert.ErrorIs(t, err, context.Canceled)
}

// TestHammer calls, makes objects, panics and cancels from many goroutines at once.
func TestHammer(t *testing.T) {
	t.Parallel()
	for _, pool := range []int{1, 3} {
		m := openFiles(t.Context(), t, gowasm.Config{Pool: pool}, values(t))
		echo := bound[func(context.Context, string) (string, error)](t, m, "String")
		open := bound[func(string) (*engine.Object, error)](t, m, "Open")
		negate := bound[func(int) (int, error)](t, m, "Int")
		wait := bound[func(context.Context, int) (int, error)](t, m, "Wait")
		var group sync.WaitGroup
		for g := range 16 {
			group.Go(func() {
				for i := range 100 {
					switch i % 5 {
					case 0:
						text := strings.Repeat(strconv.Itoa(g), i*i%50_000)
						got, err := echo(context.Background(), text)
						assert.NoErrorf(t, err, "%v", len(text))
						assert.Equalf(t, text+"!", got, "%v", len(text))
					case 1:
						o, err := open(strconv.Itoa(i))
						if !assert.NoError(t, err) {
							continue
						}
						owner, err := o.Field(t.Context(), "Owner")
						assert.Falsef(t, owner != strconv.Itoa(i), "owner: %v %v", owner, err)
						assert.NoErrorf(t, err, "owner: %v %v", owner, err)
						if i%2 == 1 {
							o.Close()
						}
					case 2:
						_, err := m.Call(t.Context(), "Panic", []any{"x"})
						assert.Error(t, err)
						assert.NotErrorIs(t, err, engine.ErrCrashed)
					case 3:
						n, err := negate(i)
						assert.Equal(t, -i, n)
						assert.NoError(t, err)
					case 4:
						ctx, cancel := context.WithCancel(t.Context())
						go cancel()
						_, err := wait(ctx, 5)
						assert.False(t, err != nil && !errors.Is(err, context.Canceled), err)
					}
				}
			})
		}
		group.Wait()
		err := m.(engine.Crashable).Crash().Load()
		assert.Nilf(t, err, "%v", pool)
	}
}
