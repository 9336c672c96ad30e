package goprocess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/goglue/host/attempt"
	"github.com/loadgo/load/internal/sandbox"
	"github.com/loadgo/load/internal/wire"
)

// process is the child that runs a module.
type process struct {
	name   string
	sink   event.Sink
	config Config
	child  *sandbox.Process
	conn   *conn
	stdout *pipe
	stderr *pipe
	order  order

	places   []fs.FileInfo // of what was started ahead: what was there at the paths that it was granted
	waiting  atomic.Int32  // started ahead: taken, waits or gone
	stopping atomic.Bool   // by the host: its end is no crash
	killed   atomic.Value  // string: why the host killed it
	ended    chan struct{} // closed when the child is gone and state is set
	state    sandbox.State
}

// order is what Go's memory model cannot know: what the host did before it sent something to the
// module happens before what the module does in answer. Without it the race detector takes a writer
// that a host reads between two calls, or a variable that a function of the host sets, for a race.
type order struct{ sent atomic.Uint64 }

func (o *order) sending()  { o.sent.Add(1) }
func (o *order) received() { o.sent.Load() }

// start starts the program once it is verified. The caller then calls print, which reads what it
// prints, and wait, which waits for its end.
func start(ctx context.Context, config Config, a engine.Artifact, program *os.File, verify func() error) (_ *process, err error) {
	p := &process{name: a.Spec.Name, config: config, sink: a.Events, ended: make(chan struct{})}
	var files []*os.File // what is closed when the start fails
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	hostEnd, childEnd, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("a socket pair: %w", err)
	}
	defer childEnd.Close()
	files = append(files, hostEnd)
	p.stdout, err = newOutput(config.Stdout, &p.order, func(line string) { p.sink.Emit(event.Output{Name: p.name, Stream: "stdout", Line: line}) })
	if err != nil {
		return nil, err
	}
	files = append(files, p.stdout.read)
	defer p.stdout.write.Close()
	p.stderr, err = newOutput(config.Stderr, &p.order, func(line string) { p.sink.Emit(event.Output{Name: p.name, Stream: "stderr", Line: line}) })
	if err != nil {
		return nil, err
	}
	files = append(files, p.stderr.read)
	defer p.stderr.write.Close()
	memory, ring := newRings(config)
	if ring != nil {
		defer ring.Close()
	}
	if p.conn, err = newConn(hostEnd, memory, p, config); err != nil {
		_ = unmapRings(memory)
		return nil, err
	}
	given := []*os.File{nil, p.stdout.write, p.stderr.write, childEnd}
	if ring != nil {
		given = append(given, ring) // wire.RingFD
	}
	p.child, err = sandbox.Start(sandbox.Command{
		Exe: program, Args: []string{p.name}, Env: environment(config), Dir: cmp.Or(a.WorkDir, string(filepath.Separator)), Files: given, Ready: verify,
	}, config.policy())
	if err != nil {
		_ = unmapRings(memory)
		return nil, cannotStart(err, program)
	}
	return p, nil
}

// print reads what the module prints until it ends.
func (p *process) print() {
	go p.stdout.copy()
	go p.stderr.copy()
}

// adopt makes the process that of an instance of an artifact.
func (p *process) adopt(a engine.Artifact) {
	p.sink = a.Events
	p.conn.host.Limit(a.Limits.CallTime)
	p.conn.host.Report(host.Refusals{Judge: func(at attempt.Attempt) *engine.Refusal { return p.judge(at).AskedBy(a.Spec) }, Sink: p.sink})
}

// environment is the whole environment of a module.
func environment(config Config) []string {
	env := append([]string(nil), config.Env...)
	if config.Memory > 0 {
		// The collector works harder before the limit ends the module.
		env = append(env, "GOMEMLIMIT="+strconv.FormatInt(config.Memory/10*9, 10))
	}
	if config.MaxMessage > 0 {
		env = append(env, wire.MaxMessageVariable+"="+strconv.Itoa(config.MaxMessage))
	}
	if config.Processors > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(config.Processors))
	}
	return env
}

// wait waits for the child's end and tells the connection.
func (p *process) wait() {
	p.state = p.child.Wait()
	if p.waiting.CompareAndSwap(waits, gone) {
		p.stopping.Store(true) // nobody knows of it, so it is no crash
		p.stdout.drop()
		p.stderr.drop()
	}
	p.stdout.wait()
	p.stderr.wait()
	close(p.ended)
	p.conn.fail(p.endError())
}

// endError says how the child ended.
func (p *process) endError() error {
	if p.stopping.Load() {
		return engine.ErrUnloaded
	}
	reason := p.state.String()
	if limit := p.limit(); limit != nil {
		return &engine.CrashError{Module: p.name, Reason: limit.Reason, Stderr: p.stderr.tail(), Err: limit}
	}
	if why, ok := p.killed.Load().(string); ok {
		reason = "killed: " + why
	}
	return &engine.CrashError{Module: p.name, Reason: reason, Stderr: p.stderr.tail()}
}

// printed lets the host's writers have what the module has printed so far.
func (p *process) printed() {
	if p.waiting.Load() == waits {
		return
	}
	p.stdout.catchUp()
	p.stderr.catchUp()
}

// kill ends the child; its calls in flight fail with the reason.
func (p *process) kill(why string) {
	p.killed.CompareAndSwap(nil, why)
	p.child.Kill()
}

// stop ends the child on behalf of the host and waits until it is gone.
func (p *process) stop(ctx context.Context) error {
	p.stopping.Store(true)
	p.child.Kill()
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// handshake waits until the module's initialisation is over. When it fails, the child is gone.
func (p *process) handshake(ctx context.Context, sum string) error {
	hello, err := p.conn.hello(ctx)
	switch {
	case err == nil:
		err = checkHello(hello, sum)
	case ctx.Err() != nil:
		err = p.initError(context.Cause(ctx))
	default:
		return p.initError(nil)
	}
	if err != nil {
		p.stopping.Store(true)
		p.child.Kill()
		<-p.ended
	}
	return err
}

func checkHello(body []byte, sum string) error {
	d := wire.NewDecoder(body)
	format, got := d.Uint(), d.String()
	switch {
	case d.End() != nil:
		return &engine.InitError{Reason: "it does not speak the protocol: something else wrote to the host's connection"}
	case format != wire.Format:
		return &engine.InitError{Reason: fmt.Sprintf("it speaks format %d, and this host %d", format, wire.Format)}
	case got != sum:
		return &engine.InitError{Reason: "its program and its API description do not belong together"}
	}
	return nil
}

// initError says why the initialisation did not end well; cause is the context's error, or nil
// where the child ended.
func (p *process) initError(cause error) error {
	stderr := p.stderr.tail()
	if cause != nil {
		reason := "its initialisation was cancelled"
		if errors.Is(cause, context.DeadlineExceeded) {
			reason = "its initialisation did not end in time"
		}
		return &engine.InitError{Reason: reason, Stderr: stderr, Err: cause}
	}
	if limit := p.limit(); limit != nil {
		return &engine.InitError{Reason: limit.Reason + "; " + limit.Fix, Stderr: stderr, Err: limit}
	}
	if strings.HasPrefix(stderr, "panic: ") || strings.Contains(stderr, "\npanic: ") {
		return &engine.InitError{Reason: "its initialisation panicked", Stderr: stderr}
	}
	if why, ok := p.killed.Load().(string); ok {
		return &engine.InitError{Reason: why, Stderr: stderr}
	}
	return &engine.InitError{Reason: "its initialisation ended the module: " + p.state.String(), Stderr: stderr}
}
