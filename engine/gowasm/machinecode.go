package gowasm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/cpu"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/goglue"
	"github.com/loadgo/load/store"
)

// wazero keeps machine code in a directory of its own format, and believes what it finds there: a truncated
// file is an error for ever, a forged one is executed. So that directory is made once, as an artifact of
// the store, and wazero reads a private copy of its verified bytes.

// machineCodeKey identifies what else than the wasm the machine code depends on.
func (e *Engine) machineCodeKey() string {
	return fmt.Sprintln("wazero", wazeroVersion(), runtime.GOOS, runtime.GOARCH, cpu.X86, cpu.ARM64, e.config.Interruptible)
}

// wazeroVersion is the version of wazero in this program.
func wazeroVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/tetratelabs/wazero" {
			if dep.Replace != nil {
				dep = dep.Replace
			}
			return dep.Version + " " + dep.Sum
		}
	}
	return ""
}

func (e *Engine) runtimeConfig() wazero.RuntimeConfig {
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(e.config.Interruptible).WithDebugInfoEnabled(false)
	if e.config.Memory > 0 {
		config = config.WithMemoryLimitPages(uint32(min(e.config.Memory/pageSize, maxPages)))
	}
	return config
}

// Memory of a module is counted in pages.
const (
	pageSize = 64 << 10
	maxPages = 64 << 10
)

// Prepare implements [load.Preparer]: it compiles the wasm to machine code.
func (e *Engine) Prepare(ctx context.Context, a load.Artifact) error {
	_, err := e.machineCode(ctx, a)
	return err
}

// machineCode returns the machine code of an artifact, which is made where the store does not have it, or nil
// where there is no store that could keep it.
func (e *Engine) machineCode(ctx context.Context, a load.Artifact) (*store.Artifact, error) {
	if a.Derive == nil {
		return nil, nil
	}
	code, err := a.Derive(ctx, e.machineCodeKey(), func(ctx context.Context, dir string) error {
		wasm, err := a.Files.ReadFile(goglue.ProgramFile)
		if err != nil {
			return err
		}
		return e.compile(ctx, wasm, dir)
	})
	var readOnly *store.WriteError
	if errors.As(err, &readOnly) {
		return nil, nil
	}
	return code, err
}

// compile fills a directory with the machine code of a module.
func (e *Engine) compile(ctx context.Context, wasm []byte, dir string) error {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	defer cache.Close(ctx)
	r := wazero.NewRuntimeWithConfig(ctx, e.runtimeConfig().WithCompilationCache(cache))
	defer r.Close(ctx)
	_, err = r.CompileModule(allWorkers(ctx), wasm)
	return err
}

// allWorkers lets wazero compile on all processors.
func allWorkers(ctx context.Context) context.Context {
	return experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))
}

// privateCopy copies the verified files of an artifact into a new directory, which remove takes away.
func privateCopy(a *store.Artifact) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "load-gowasm-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	for _, file := range a.Files() {
		if err := copyFile(a, file.Name, filepath.Join(dir, filepath.FromSlash(file.Name))); err != nil {
			remove()
			return "", nil, err
		}
	}
	return dir, remove, nil
}

func copyFile(a *store.Artifact, name, to string) error {
	data, err := a.ReadFile(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
