// Package starlark is the engine of Starlark modules: scripts in a small dialect of Python,
// interpreted in the host's process by go.starlark.net. A script has no files, no network, no
// environment and no clock but what it is given; it loads other modules of the host's loader, and
// its globals are frozen once it has run, so that any number of goroutines can share them.
//
//	m, err := l.Load(ctx, "./rules.star") // def price(n): return 5 * n
//	price, err := load.Func[func(context.Context, int) (int, error)](m, "price")
package starlark

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.starlark.net/starlark"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/quantity"
)

// Config says what a script may use. The zero Config is useful.
type Config struct {
	// Steps is how many steps of computation the top level of a module, and every call of one of
	// its functions, may take; a step is about an operation, and what a built-in function does
	// counts as so many. 0 is 50 million, which is about a second.
	Steps uint64

	// Memory is how much memory, in bytes, the top level and every call may take; 0 is 256 MiB, a
	// negative number no limit but 1 GiB for one operation, and less than 1 MiB is refused. An
	// operation that makes more than is left is refused before it starts. What small ones make
	// together is measured, every few milliseconds, by what the memory of the whole program has
	// grown by: other parts of the program that grow at the same time count as well. Arguments and
	// results are within the limit, too, and so are modules that a script loads and functions of
	// scripts that the host calls for it while it waits: they share it.
	Memory int64
}

const (
	defaultSteps  = 50_000_000
	defaultMemory = 256 << 20
)

// Engine runs Starlark modules.
type Engine struct {
	budget      *bounded.Budget
	predeclared starlark.StringDict
}

// New returns an engine. The config is copied.
func New(config Config) *Engine {
	l := bounded.Limits{Steps: cmp.Or(config.Steps, defaultSteps), Memory: cmp.Or(config.Memory, defaultMemory)}
	return &Engine{budget: bounded.NewBudget(l), predeclared: bounded.Predeclared()}
}

// Name implements [engine.Engine].
func (*Engine) Name() string { return "starlark" }

// Accepts implements [engine.Engine]: every Starlark file.
func (*Engine) Accepts(src find.Source) bool {
	return src.Kind == find.KindStarlark && src.File != "" && src.FS != nil
}

// dialect counts the changes of what this package makes of a source.
const dialect = 5

// Fingerprint implements [engine.Compiler].
func (*Engine) Fingerprint() string {
	return fmt.Sprintf("starlark %d, dialect %d", starlark.CompilerVersion, dialect)
}

const (
	programFile = "program"
	maxSource   = 4 << 20 // bytes
)

// Compile implements [engine.Compiler].
func (e *Engine) Compile(_ context.Context, src find.Source, dir string) error {
	text, err := fs.ReadFile(src.FS, src.File)
	if err != nil {
		return err
	}
	name := fileName(src)
	switch {
	case strings.HasPrefix(src.Hash, "file:") && find.HashFile(name, text) != src.Hash:
		return &engine.CompileError{Reason: "it changed while it was loaded", Fix: "load it again"}
	case len(text) > maxSource:
		return &engine.CompileError{Reason: "it is larger than " + quantity.Size(maxSource)}
	}
	if bytes.IndexByte(text, 0) >= 0 { // the interpreter would take it for the end
		return &engine.CompileError{Reason: "it is not a text: it holds a NUL byte"}
	}
	program, err := e.budget.Compile(name, text, e.predeclared.Has)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := program.Write(&b); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, programFile), b.Bytes(), 0o600)
}

// fileName is how messages call the source's file.
func fileName(src find.Source) string { return filepath.Join(src.Dir, filepath.FromSlash(src.File)) }

// leastMemory is what is told apart from the growth of the rest of the program.
const leastMemory = 1 << 20

// Valid implements [engine.Configured].
func (e *Engine) Valid() error {
	return engine.TooLittleMemory(e.Name(), max(e.budget.Memory, 0), leastMemory)
}

// CanGrant implements [engine.Granter]: a script has nothing, and one limit of memory that is the
// engine's.
func (e *Engine) CanGrant(g engine.Grants) error {
	switch {
	case g.Access():
		return errors.New("scripts have no files, environment, network or programs")
	case g.Memory > 0 && (e.budget.Memory < 0 || g.Memory < e.budget.Memory):
		return errors.New("the memory of scripts is limited by starlark.Config.Memory for all")
	}
	return nil
}

// Isolation tells what keeps scripts from the host.
func (e *Engine) Isolation() engine.Isolation { return isolation(e.budget.Limits) }

// Open implements [engine.Engine]: it runs the top level of the module.
func (e *Engine) Open(ctx context.Context, a engine.Artifact, imp engine.Importer) (engine.Instance, error) {
	data, err := a.Files.ReadFile(programFile)
	if err != nil {
		return nil, err
	}
	program, err := starlark.CompiledProgram(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	in := &instance{engine: e, name: a.Spec.Name, limits: a.Limits, print: a.Events}
	loads := imports{spec: a.Spec, importer: imp}
	var h hold
	err = in.run(ctx, "its top level", loads.load, &h, func(t *starlark.Thread) (err error) {
		in.globals, err = program.Init(t, e.predeclared)
		return err
	})
	if err == nil {
		err = bounded.Freeze(in.globals)
	}
	h.end(err == nil)
	var nested *load.LoadError // of an import: the loader shows the chain
	switch {
	case errors.As(err, &nested):
		return nil, nested
	case err != nil:
		return nil, &engine.InitError{Reason: err.Error(), Err: err}
	}
	in.symbols = sync.OnceValue(func() []engine.Symbol { return symbolsOf(in.globals) })
	return in, nil
}
