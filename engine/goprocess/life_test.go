package goprocess_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const misbehaving = `package misbehaving

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func Fine() int             { return 1 }
func Kill()                 { p, _ := os.FindProcess(os.Getpid()); p.Kill(); select {} }
func Spin()                 { fmt.Println("spinning"); for i := 0; ; i++ { if i < 0 { println() } } }
func Sleep(ms int)          { time.Sleep(time.Duration(ms) * time.Millisecond) }
func Say(out, err string)   { fmt.Println(out); fmt.Fprintln(os.Stderr, err) }
func Garbage()              { syscall.Write(3, []byte("hello, is this the protocol?")); time.Sleep(time.Minute) }
func Hang()                 { syscall.Close(3); time.Sleep(time.Minute) }
func Environ() []string     { return os.Environ() }
func Dir() (int, error)     { entries, err := os.ReadDir("."); return len(entries), err }
func Read(name string) (string, error) { b, err := os.ReadFile(name); return string(b), err }
func Grow(n int) int        { b := make([][]byte, 0, n); for range n { c := make([]byte, 1<<20); for i := 0; i < len(c); i += 4096 { c[i] = 1 }; b = append(b, c) }; return len(b) }
func Pid() int              { return os.Getpid() }
func Dial(network, address string) error { c, err := net.Dial(network, address); if err == nil { c.Close() }; return err }
func Run(name string) error { return exec.Command(name).Run() }
func Signal() error         { return syscall.Kill(os.Getppid(), syscall.SIGTERM) }
func Fork() (n int) {
	for ; n < 100; n++ {
		if _, err := syscall.ForkExec("/proc/self/exe", []string{"x"}, nil); err != nil {
			return n
		}
	}
	return n
}
`

// openMisbehaving opens the module above with a sink for its events.
func openMisbehaving(t *testing.T, config goprocess.Config) (engine.Instance, *loadtest.Events) {
	t.Helper()
	var e loadtest.Events
	return openTold(t, config, map[string]string{"m.go": misbehaving}, e.Sink), &e
}

func TestCrash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		symbol string
		args   []any
		text   string // how the error begins
	}{
		{"Kill", nil, "sample crashed: "},
		{"Garbage", nil, "sample crashed: killed: it broke the protocol: something else wrote to the host's connection"},
		{"Hang", nil, "sample crashed: exit status 0"},
	} {
		t.Run(c.symbol, func(t *testing.T) {
			t.Parallel()
			m, e := openMisbehaving(t, goprocess.Config{})
			if c.symbol == "Kill" {
				// The sandbox refuses even this; the host does it.
				pid := call(t, m, "Pid").(int)
				process, err := os.FindProcess(pid)
				require.NoError(t, err)
				time.AfterFunc(50*time.Millisecond, func() { _ = process.Kill() })
			}
			_, err := m.Call(t.Context(), c.symbol, c.args)
			require.ErrorIsf(t, err, engine.ErrCrashed, "got %v", err)
			require.Truef(t, strings.HasPrefix(err.Error(), c.text), "got %v", err)
			_, err = m.Call(t.Context(), "Fine", nil)
			assert.ErrorIs(t, err, engine.ErrCrashed)
			assert.NotNil(t, m.(engine.Crashable).Crash().Load())
			e.Wait(t, "Crashed", func(ev event.Event) bool { _, ok := ev.(event.Crashed); return ok })
			assert.NoError(t, m.Close(t.Context()))
		})
	}
}

func TestInitialisation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		text string // how the error begins
	}{
		"spin": {`var n = func() int { for { } }()`, "its initialisation did not end in time"},
		"lies": {`func init() { os.NewFile(3, "").Write([]byte{4, 0, 0, 0, 1, 99, 1, 'x'}); time.Sleep(time.Hour) }`, fmt.Sprintf("it speaks format 99, and this host %d", wire.Format)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, a, err := compile(t, goprocess.Config{}, map[string]string{
				"m.go": "package m\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nvar _, _ = os.Args, time.Now\n\n" + c.body,
			})
			require.NoError(t, err)
			ctx := t.Context()
			if strings.Contains(c.text, "in time") {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			}
			_, err = e.Open(ctx, a, nil)
			var failed *engine.InitError
			require.ErrorAsf(t, err, &failed, "got %v", err)
			require.Truef(t, strings.HasPrefix(err.Error(), c.text), "got %v", err)
			assert.Falsef(t, strings.Contains(c.text, "in time") && !errors.Is(err, context.DeadlineExceeded), "not a deadline: %v", err)
		})
	}
}

func TestCancelReturnsAtOnce(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, goprocess.Config{Grace: 50 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := m.Call(ctx, "Sleep", []any{400})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	e.Wait(t, "Overrun", func(ev event.Event) bool {
		o, ok := ev.(event.Overrun)
		return ok && !o.Killed && o.Symbol == "Sleep"
	})
	got := call(t, m, "Fine")
	assert.Equal(t, 1, got, "the module beside a busy call")
}

func TestOverrunIsKilled(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, goprocess.Config{Grace: 50 * time.Millisecond, KillOverrun: true})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := m.Call(ctx, "Spin", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	e.Wait(t, "Overrun", func(ev event.Event) bool { o, ok := ev.(event.Overrun); return ok && o.Killed })
	e.Wait(t, "Crashed", func(ev event.Event) bool { _, ok := ev.(event.Crashed); return ok })
	_, err = m.Call(t.Context(), "Fine", nil)
	assert.EqualError(t, err, "sample crashed: killed: it stayed busy for 50ms after a call of Spin was cancelled")
}

// TestSlowCallsDoNotBlock runs calls beside ones that keep the module busy.
func TestSlowCallsDoNotBlock(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, goprocess.Config{})
	var slow sync.WaitGroup
	for range 8 {
		slow.Go(func() {
			_, err := m.Call(t.Context(), "Sleep", []any{300})
			assert.NoError(t, err)
		})
	}
	for range 100 {
		call(t, m, "Fine")
	}
	slow.Wait()
}

func TestEnvironmentAndFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "granted")
	require.NoError(t, os.WriteFile(file, []byte("yes"), 0o600))
	m, _ := openMisbehaving(t, goprocess.Config{})
	assert.Empty(t, call(t, m, "Environ").([]string))
	if m.(engine.Isolated).Isolation().Level == "full" {
		for _, name := range []string{"/etc/passwd", file, "/proc/self/environ"} {
			_, err := m.Call(t.Context(), "Read", []any{name})
			assert.Error(t, err)
		}
	}
	m, _ = openMisbehaving(t, goprocess.Config{ReadOnly: []string{dir}, Env: []string{"GREETING=hi"}, Processors: 1})
	got := call(t, m, "Environ")
	assert.Truef(t, reflect.DeepEqual(got, []string{"GREETING=hi", "GOMAXPROCS=1"}), "environment: %v", got)
	assert.Equal(t, "yes", call(t, m, "Read", file))
}

// TestIsolation tries from inside a module what the sandbox forbids.
func TestIsolation(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, goprocess.Config{})
	isolation := m.(engine.Isolated).Isolation()
	if isolation.Level != "full" {
		t.Skipf("the system does not offer everything: %+v", isolation)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	for _, c := range [][]any{
		{"Dial", "tcp", listener.Addr().String()}, {"Dial", "udp", "127.0.0.1:53"}, {"Run", "/bin/true"}, {"Signal"},
	} {
		_, err := m.Call(t.Context(), c[0].(string), c[1:])
		assert.Error(t, err)
		assert.NotErrorIs(t, err, engine.ErrCrashed)
	}
	n := call(t, m, "Fork")
	assert.Equalf(t, 0, n, "the module made %v processes", n)
	granted, _ := openMisbehaving(t, goprocess.Config{Network: true})
	_, err = granted.Call(t.Context(), "Dial", []any{"tcp", listener.Addr().String()})
	assert.NoError(t, err, "with the network granted")
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	m, _ := openMisbehaving(t, goprocess.Config{Memory: 256 << 20})
	assert.Equal(t, 50, call(t, m, "Grow", 50))
	_, err := m.Call(t.Context(), "Grow", []any{2000})
	var limit *engine.LimitError
	assert.ErrorIs(t, err, engine.ErrCrashed)
	require.ErrorAs(t, err, &limit)
	assert.Contains(t, limit.Reason, "than its limit of 256MiB")
}

// TestHostIsKilled starts a host that loads a module, kills the host, and sees that the module is
// gone.
func TestHostIsKilled(t *testing.T) {
	if out := os.Getenv("GOPROCESS_TEST_HOST"); out != "" {
		m, _ := openMisbehaving(t, goprocess.Config{})
		pid := call(t, m, "Pid").(int)
		require.NoError(t, os.WriteFile(out+".new", []byte(strconv.Itoa(pid)), 0o600))
		require.NoError(t, os.Rename(out+".new", out))
		_, _ = m.Call(context.Background(), "Spin", nil)
		return
	}
	t.Parallel()
	out := filepath.Join(t.TempDir(), "pid")
	host := exec.Command(os.Args[0], "-test.run=^TestHostIsKilled$")
	host.Env = append(os.Environ(), "GOPROCESS_TEST_HOST="+out)
	require.NoError(t, host.Start())
	var pid int
	for deadline := time.Now().Add(60 * time.Second); pid == 0; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(out); err == nil {
			pid, _ = strconv.Atoi(string(text))
		} else if time.Now().After(deadline) {
			t.Fatal("the host does not come up")
		}
	}
	_ = host.Process.Kill()
	_ = host.Wait()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(status), ") Z ") { // gone, or waiting to be reaped by init
			return
		}
		require.Falsef(t, time.Now().After(deadline), "the module outlives its host: %s", status)
	}
}

// TestHammer calls, makes objects, panics and cancels from many goroutines at once.
func TestHammer(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	echo := bound[func(context.Context, string) (string, error)](t, m, "String")
	open := bound[func(string) (*engine.Object, error)](t, m, "Open")
	mapRunes := bound[func(string, func(rune) rune) (string, error)](t, m, "MapRunes")
	var group sync.WaitGroup
	for g := range 16 {
		group.Go(func() {
			for i := range 200 {
				switch i % 5 {
				case 4:
					if got, err := mapRunes("abc", func(r rune) rune { return r + rune(g) }); err != nil || got[0] != 'a'+byte(g) {
						t.Errorf("a callback: %q %v", got, err)
					}
				case 0:
					text := strings.Repeat(strconv.Itoa(g), i*i%5000)
					got, err := echo(t.Context(), text)
					assert.NoError(t, err)
					assert.Equal(t, text+"!", got)
				case 1:
					o, err := open(strconv.Itoa(i))
					if !assert.NoError(t, err) {
						continue
					}
					owner, err := o.Field(t.Context(), "Owner")
					assert.Falsef(t, owner != strconv.Itoa(i), "owner: %v %v", owner, err)
					assert.NoErrorf(t, err, "owner: %v %v", owner, err)
					if i%8 == 1 {
						o.Close()
					}
				case 2:
					_, err := m.Call(t.Context(), "Panic", []any{"x"})
					assert.Error(t, err)
				case 3:
					ctx, cancel := context.WithCancel(t.Context())
					go cancel()
					_, err := echo(ctx, "c")
					assert.False(t, err != nil && !errors.Is(err, context.Canceled), err)
				}
			}
		})
	}
	group.Wait()
}

// TestFirstCallsAtOnce: the first calls of a function share what is made once for its types.
func TestFirstCallsAtOnce(t *testing.T) {
	t.Parallel()
	type Options struct {
		Name  string
		Count int
		Inner *Options
	}
	for range 20 {
		m := openValues(t)
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				if out, err := m.Call(t.Context(), "Describe", []any{Options{Name: "a", Inner: &Options{}}}); err != nil || out[0] != "a×0" {
					t.Error(out, err)
				}
				v, err := m.Bind("NewOptions", reflect.TypeFor[func(string) *Options]())
				if err != nil {
					t.Error(err)
				} else if o := v.Interface().(func(string) *Options)("b"); o.Name != "b" {
					t.Error(o)
				}
			})
		}
		group.Wait()
	}
}
