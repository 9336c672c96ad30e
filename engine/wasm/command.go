package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmbytes"
)

// A command has one function, its program.
const (
	mainSymbol    = "main"
	mainSignature = "func main(args ...string) (stdout string, err error)"
)

var (
	readerType = reflect.TypeFor[io.Reader]()
	writerType = reflect.TypeFor[io.Writer]()
)

// run is one run of a command.
type run struct {
	args   []string
	stdin  io.Reader
	stdout io.Writer // nil for the module's
}

// bindCommand binds the program of a command: func([context], [io.Reader], [io.Writer], args
// ...string) ([string or []byte], [error]). The reader is its standard input; the writer its
// standard output, as the result is, if it has one.
func (m *module) bindCommand(f *goFunction) (call func(ctx context.Context, args, results []reflect.Value) error, reason string) {
	params := f.params
	take := func(t reflect.Type) bool {
		if len(params) > 0 && params[0] == t {
			params = params[1:]
			return true
		}
		return false
	}
	stdin, stdout := take(readerType), take(writerType)
	for i, t := range params {
		variadic := f.t.IsVariadic() && i == len(params)-1
		if t.Kind() != reflect.String && (!variadic || t.Elem().Kind() != reflect.String) {
			return nil, fmt.Sprintf("arguments are strings, not %s", t)
		}
	}
	switch {
	case len(f.results) > 1 || len(f.results) == 1 && !wasmbytes.IsRaw(f.results[0]):
		return nil, "its result is its output, a string or []byte"
	case len(f.results) == 1 && stdout:
		return nil, "its output is a result or goes to a writer, not both"
	}
	return func(ctx context.Context, args, results []reflect.Value) error {
		var r run
		if stdin {
			r.stdin, _ = args[0].Interface().(io.Reader)
			args = args[1:]
		}
		if stdout {
			r.stdout, _ = args[0].Interface().(io.Writer)
			args = args[1:]
		}
		for i, arg := range args {
			if f.t.IsVariadic() && i == len(args)-1 {
				for j := range arg.Len() {
					r.args = append(r.args, arg.Index(j).String())
				}
				break
			}
			r.args = append(r.args, arg.String())
		}
		if len(results) == 0 {
			return m.runCommand(ctx, r)
		}
		output, err := m.capture(ctx, r)
		if err != nil {
			return err
		}
		return m.config.codecs.Decode(output, results[0])
	}, ""
}

// callMain calls the program with arguments whose types are seen only now: its input, where the
// first is a reader, and strings.
func (m *module) callMain(ctx context.Context, s engine.Symbol, args []any) ([]any, error) {
	var r run
	for i, arg := range args {
		reader, ok := arg.(io.Reader)
		if i == 0 && ok {
			r.stdin = reader
			continue
		}
		text := reflect.ValueOf(arg)
		if text.Kind() != reflect.String {
			return nil, m.misfit(s, "", fmt.Sprintf("argument %d is a %T, not a string", i+1, arg))
		}
		r.args = append(r.args, text.String())
	}
	output, err := m.capture(ctx, r)
	if err != nil {
		return nil, err
	}
	return []any{string(output)}, nil
}

// capture runs the program and returns what it printed.
func (m *module) capture(ctx context.Context, r run) ([]byte, error) {
	limited := &limitedBuffer{left: m.config.MaxOutput}
	r.stdout = limited
	err := m.runCommand(ctx, r)
	if err == nil && limited.left < 0 {
		err = &engine.LimitError{Reason: fmt.Sprintf("it printed more than %d bytes", m.config.MaxOutput), Fix: "set wasm.Config.MaxOutput, or give it a writer"}
	}
	return limited.Bytes(), err
}

// limitedBuffer keeps what is written as long as there is room.
type limitedBuffer struct {
	bytes.Buffer
	left int64 // negative once something did not fit
}

var errFull = errors.New("the output is full")

func (b *limitedBuffer) Write(data []byte) (int, error) {
	if int64(len(data)) > b.left {
		b.left = -1
		return 0, errFull
	}
	b.left -= int64(len(data))
	return b.Buffer.Write(data)
}

// runCommand runs the program in an instance of its own.
func (m *module) runCommand(ctx context.Context, r run) (err error) {
	ctx, leave, err := m.enter(ctx, mainSymbol)
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	m.running = ctx
	m.stdout, m.stderr = m.streams()
	defer m.stdout.Flush()
	defer m.stderr.Flush()
	config := m.moduleConfig().WithArgs(append([]string{m.name}, r.args...)...)
	if r.stdin != nil {
		config = config.WithStdin(r.stdin)
	}
	if r.stdout != nil {
		config = config.WithStdout(m.paced(r.stdout))
	}
	guest, err := m.runtime.InstantiateModule(ctx, m.compiled, config)
	if err != nil {
		return m.callError(ctx, mainSymbol, err)
	}
	defer guest.Close(context.Background())
	_, err = guest.ExportedFunction(startFunction).Call(ctx)
	m.measure(guest)
	var exit *sys.ExitError
	if err == nil || errors.As(err, &exit) && exit.ExitCode() == 0 {
		return nil
	}
	return m.callError(ctx, mainSymbol, err)
}
