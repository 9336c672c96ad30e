// Package adapted makes values that stay in a module values of interfaces of the host.
package adapted

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"
	"io/fs"
	"reflect"
	"sort"
	"sync"

	"github.com/loadgo/load/engine"
)

// Value is a value of the module as an interface of the host.
type Value struct{ Object *engine.Object }

// ModuleObject returns the value itself, which is what goes home.
func (v Value) ModuleObject() *engine.Object { return v.Object }

// Given is a value of the host in a form that the module can use.
type Given interface {
	// Original returns what the host gave.
	Original() reflect.Value
}

// Once is a value of the host that is given once: it need not be recognised.
type Once interface{ GivenOnce() }

// Bind binds a method that the object must have.
func Bind[F any](o *engine.Object, method string) F {
	v, err := o.Bind(method, reflect.TypeFor[F]())
	if err != nil {
		panic(err)
	}
	return v.Interface().(F)
}

type (
	moduleStringer struct{ Value }
	moduleSort     struct {
		Value
		length func() int
		less   func(i, j int) bool
		swap   func(i, j int)
	}
	moduleReader struct {
		Value
		chunk Chunk
		ctx   context.Context // see EndWith
		aside func(waits bool)
		mu    sync.Mutex
		buf   []byte
		next  int
		err   error
	}
	moduleWriter struct {
		Value
		write func([]byte) (int, error)
	}
	moduleCloser struct{ Value }
	moduleColor  struct{ Value }
)

func (a moduleStringer) String() string { return a.Object.String() }

func (a moduleColor) RGBA() (red, green, blue, alpha uint32) {
	return Bind[func() (red, green, blue, alpha uint32)](a.Object, "RGBA")()
}

func (a *moduleSort) Len() int           { return a.length() }
func (a *moduleSort) Less(i, j int) bool { return a.less(i, j) }
func (a *moduleSort) Swap(i, j int)      { a.swap(i, j) }

// Write does not believe a number that no writer returns: who calls it may, and panic.
func (a *moduleWriter) Write(p []byte) (int, error) {
	n, err := a.write(p)
	if n < 0 || n > len(p) {
		return 0, errors.Join(err, fmt.Errorf("a writer of the module returned that it wrote %d of %d bytes", n, len(p)))
	}
	return n, err
}

func (a moduleCloser) Close() error { return closeWith(context.Background(), a.Object) }

// closeWith calls Close, which a value that came as another type does not have.
func closeWith(ctx context.Context, o *engine.Object) error {
	v, err := o.Bind("Close", reflect.TypeFor[func(context.Context) error]())
	if err != nil {
		return err
	}
	return v.Interface().(func(context.Context) error)(ctx)
}

// Chunk reads at most size bytes from a reader of the module.
type Chunk func(ctx context.Context, reader *engine.Object, size int) ([]byte, error)

// As returns what makes a value of a module a value of the interface t of the standard library, or
// nil for other types. Readers read by chunk.
func As(t reflect.Type, chunk Chunk) func(*engine.Object) any {
	plain := func(o *engine.Object) Value { return Value{o} }
	reader := func(o *engine.Object) *moduleReader {
		return &moduleReader{Value: plain(o), chunk: chunk, ctx: context.Background()}
	}
	writer := func(o *engine.Object) *moduleWriter {
		return &moduleWriter{Value: plain(o), write: Bind[func([]byte) (int, error)](o, "Write")}
	}
	closer := func(o *engine.Object) moduleCloser { return moduleCloser{plain(o)} }
	switch t {
	case reflect.TypeFor[fmt.Stringer]():
		return func(o *engine.Object) any { return moduleStringer{plain(o)} }
	case reflect.TypeFor[sort.Interface]():
		return func(o *engine.Object) any {
			return &moduleSort{
				plain(o), Bind[func() int](o, "Len"), Bind[func(i, j int) bool](o, "Less"),
				Bind[func(i, j int)](o, "Swap"),
			}
		}
	case reflect.TypeFor[io.Reader]():
		return func(o *engine.Object) any { return reader(o) }
	case reflect.TypeFor[io.Writer]():
		return func(o *engine.Object) any { return writer(o) }
	case reflect.TypeFor[io.Closer]():
		return func(o *engine.Object) any { return closer(o) }
	case reflect.TypeFor[io.ReadCloser]():
		return func(o *engine.Object) any { return moduleReadCloser{reader(o)} }
	case reflect.TypeFor[io.WriteCloser]():
		return func(o *engine.Object) any {
			return struct {
				*moduleWriter
				io.Closer
			}{writer(o), closer(o)}
		}
	case reflect.TypeFor[io.ReadWriter]():
		return func(o *engine.Object) any {
			return struct {
				*moduleReader
				io.Writer
			}{reader(o), writer(o)}
		}
	case reflect.TypeFor[io.ReadWriteCloser]():
		return func(o *engine.Object) any {
			return struct {
				*moduleReader
				io.Writer
				io.Closer
			}{reader(o), writer(o), closer(o)}
		}
	case reflect.TypeFor[fs.FileInfo]():
		return func(o *engine.Object) any { return moduleFileInfo{plain(o)} }
	case reflect.TypeFor[fs.DirEntry]():
		return func(o *engine.Object) any { return moduleDirEntry{plain(o)} }
	case reflect.TypeFor[fs.File]():
		return func(o *engine.Object) any { return moduleFile{reader(o), closer(o)} }
	case reflect.TypeFor[color.Color]():
		return func(o *engine.Object) any { return moduleColor{plain(o)} }
	}
	return nil
}
