package wasmrun

import (
	"context"
	"io"
	"path/filepath"
	"sync/atomic"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	wasys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// notSupported is WASI's error of that name.
const notSupported = 58

// ProvideWASI provides WASI to the modules of a runtime, without fd_renumber: wazero makes room in
// the host's memory for every number below the one that a module chooses.
func ProvideWASI(ctx context.Context, r wazero.Runtime) error {
	builder := r.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(builder)
	refuse := func(_ context.Context, stack []uint64) { stack[0] = notSupported }
	const i32 = api.ValueTypeI32
	builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(refuse), []api.ValueType{i32, i32}, []api.ValueType{i32}).Export("fd_renumber")
	_, err := builder.Instantiate(ctx)
	return err
}

// part is how many bytes cross between two checks.
const part = 64 << 10

// Writer is where a module prints. One call of WASI can name the same memory millions of times:
// Check, which may panic to end the module, is called before each part.
type Writer struct {
	To    io.Writer
	Check func()
}

// Write implements [io.Writer].
func (w Writer) Write(data []byte) (n int, err error) {
	for n < len(data) && err == nil {
		w.Check()
		var written int
		written, err = w.To.Write(data[n:min(n+part, len(data))])
		n += written
	}
	return n, err
}

// Reader is where a module's random numbers come from, see [Writer].
type Reader struct {
	From  io.Reader
	Check func()
}

// Read implements [io.Reader].
func (r Reader) Read(data []byte) (int, error) {
	r.Check()
	return r.From.Read(data[:min(part, len(data))])
}

// MaxOpen is how many files and directories an instance may have open: each takes memory of the
// host, and what is granted a descriptor.
const MaxOpen = 1024

// Files are the places that an instance sees.
type Files struct {
	config wazero.FSConfig
	open   *atomic.Int32
}

// NewFiles returns no places.
func NewFiles() *Files {
	return &Files{config: wazero.NewFSConfig(), open: new(atomic.Int32)}
}

// Config returns what wazero is given.
func (f *Files) Config() wazero.FSConfig { return f.config }

// Mount shows a directory under its path.
func (f *Files) Mount(dir string, fsys wasys.FS) {
	f.config = f.config.(sysfs.FSConfig).WithSysFSMount(bounded{fsys, f.open}, filepath.ToSlash(dir))
}
