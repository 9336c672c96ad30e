// Package wasmrun is what the engines that run WebAssembly share: machine code that is kept and
// verified, and directories that nothing leads out of.
package wasmrun

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/cpu"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/failpoint"
	"github.com/loadgo/load/store"
)

// wazero keeps machine code in a directory of its own format, and believes what it finds there: a
// truncated file is an error for ever, a forged one is executed. So that directory is made once, as
// an artifact of the store, and wazero gets a private one in which it finds nothing but the
// verified files.

// Memory of a module is counted in pages.
const (
	PageSize = 64 << 10
	MaxPages = 64 << 10
)

// Limited is the configuration with a limit of memory, in bytes; 0 is none.
func Limited(config wazero.RuntimeConfig, memory int64) wazero.RuntimeConfig {
	if memory <= 0 {
		return config
	}
	return config.WithMemoryLimitPages(uint32(min(memory/PageSize, MaxPages)))
}

// machineCodeKey identifies what else than the wasm the machine code depends on.
func machineCodeKey() string {
	return fmt.Sprintln("wazero", wazeroVersion(), skeletons, runtime.GOOS, runtime.GOARCH, cpu.X86, cpu.ARM64)
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

// MachineCode returns the machine code of files of an artifact, which is made, as the configuration
// has it, where the store does not have it, or nil if there is no store that could keep it.
func MachineCode(ctx context.Context, a engine.Artifact, config wazero.RuntimeConfig, files ...string) (*store.Artifact, error) {
	if a.Derive == nil {
		return nil, nil
	}
	code, err := a.Derive(ctx, machineCodeKey(), func(ctx context.Context, dir string) error {
		for _, file := range files {
			wasm, err := a.Files.ReadFile(file)
			if err != nil {
				return err
			}
			if err := Compile(ctx, file, wasm, dir, config); err != nil {
				return err
			}
		}
		return nil
	})
	var readOnly *store.WriteError
	if errors.As(err, &readOnly) {
		return nil, nil
	}
	return code, err
}

// Until runs what nobody can interrupt, and does not wait for its end once the context has ended:
// wazero's cost of a function may be the square of its size.
func Until(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				done <- fmt.Errorf("wazero panicked: %v", fault)
			}
		}()
		done <- run()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Compile fills a directory with the machine code of a file of an artifact, and its skeleton.
func Compile(ctx context.Context, file string, wasm []byte, dir string, config wazero.RuntimeConfig) error {
	return Until(ctx, func() error {
		made, err := os.MkdirTemp(dir, "made-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		if err := compile(ctx, wasm, made, config); err != nil {
			return err
		}
		return keep(file, wasm, made, dir, func(wasm []byte, dir string) error { return compile(ctx, wasm, dir, config) })
	})
}

func compile(ctx context.Context, wasm []byte, dir string, config wazero.RuntimeConfig) error {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	defer cache.Close(ctx)
	r := wazero.NewRuntimeWithConfig(ctx, config.WithCompilationCache(cache))
	defer r.Close(ctx)
	_, err = r.CompileModule(AllWorkers(ctx), wasm)
	if err == nil {
		err = failpoint.Hit("wasm.compiled")
	}
	return err
}

// AllWorkers lets wazero compile on all processors.
func AllWorkers(ctx context.Context) context.Context {
	return experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))
}

// inMemory is a directory that Linux keeps in memory, mostly: names are made there in microseconds,
// on a disk in up to a millisecond each.
const inMemory = "/dev/shm"

// CodeDir is a new directory in which wazero finds verified machine code.
type CodeDir struct {
	Path  string
	open  []*os.File
	shown []fs.FileInfo // the names
}

// NewCodeDir verifies the files of an artifact and shows them to wazero, which opens files by name:
// the names in the directory lead to the very files that were verified, whatever becomes of those
// of the store. What wazero adds goes with the directory.
func NewCodeDir(a *store.Artifact) (*CodeDir, error) {
	path, err := os.MkdirTemp(inMemory, "load-wasm-")
	if err != nil {
		path, err = os.MkdirTemp("", "load-wasm-")
	}
	if err != nil {
		return nil, err
	}
	d := &CodeDir{Path: path}
	for _, file := range a.Files() {
		if strings.HasPrefix(file.Name, skeletons+"/") {
			continue
		}
		f, err := a.Open(file.Name)
		if err == nil {
			d.open = append(d.open, f)
			err = d.show(f, filepath.Join(path, filepath.FromSlash(file.Name)))
		}
		if err != nil {
			d.Remove()
			return nil, err
		}
	}
	_ = failpoint.Hit("wasm.shown")
	return d, nil
}

// show makes an open file appear under a name.
func (d *CodeDir) show(f *os.File, name string) error {
	err := show(f, name)
	if err != nil {
		return err
	}
	info, err := os.Lstat(name)
	d.shown = append(d.shown, info)
	return err
}

func show(f *os.File, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if runtime.GOOS == "linux" {
		// Opening such a link opens the file behind the descriptor, not its name.
		err := os.Symlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), name)
		if err == nil && sameFile(f, name) {
			return nil
		}
		_ = os.Remove(name)
	}
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return errors.Join(err, to.Close())
}

func sameFile(f *os.File, name string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(open, named)
}

// Remove takes the directory away.
func (d *CodeDir) Remove() {
	_ = os.RemoveAll(d.Path)
	for _, f := range d.open {
		_ = f.Close()
	}
}
