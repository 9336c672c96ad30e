package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/output"
	"github.com/loadgo/load/internal/wasmrun"
)

// wasiPaths lie in the memory of a fuzzed module, each at a multiple of wasiRoom.
var wasiPaths = []string{".", "..", "inside", "../outside", "/outside", "out/outside", "inside/../../outside", "new", "\x00", "/proc/self/environ"}

const wasiRoom = 64

// FuzzWASI calls WASI's functions as a hostile module may: in any order, with any arguments. They
// answer, with an error or without, or exit; nothing outside of what is granted changes.
func FuzzWASI(f *testing.F) {
	names := slices.Sorted(maps.Keys(wasiFunctions()))
	step := func(name string, args ...byte) []byte {
		return append([]byte{byte(slices.Index(names, name))}, args...)
	}
	path := func(of string) byte { return 0x40 + byte(slices.Index(wasiPaths, of)) }
	for i := range names {
		f.Add(slices.Repeat([]byte{byte(i), 3}, 11))                                                 // of a directory
		f.Add(slices.Concat([]byte{byte(i)}, bytes.Repeat([]byte{0xff}, 9), []byte{byte(i)}))        // all bits
		f.Add(slices.Concat([]byte{byte(i)}, bytes.Repeat([]byte{0x80}, 9)))                         // at the end
		f.Add(slices.Concat([]byte{byte(i), 4}, bytes.Repeat([]byte{0x40, 1, 0x41, 0xff, 0xdf}, 2))) // places and lengths
	}
	for _, granted := range []byte{3, 4, 5} {
		for _, to := range wasiPaths {
			f.Add(slices.Concat(
				step("path_open", granted, 1, path(to), byte(len(to)), 1, 0xff, 0xff, 0, 0x7f),
				step("fd_write", 6, 0x50, 1, 0x60), step("fd_pwrite", 6, 0x50, 1, 0xfe, 0x60), step("fd_allocate", 6, 0, 0xfe),
				step("path_symlink", path(to), byte(len(to)), granted, path("new"), 3), step("path_unlink_file", granted, path(to), byte(len(to))),
				step("path_rename", granted, path("inside"), 6, granted, path(to), byte(len(to))),
				step("path_link", granted, 1, path(to), byte(len(to)), granted, path("new"), 3),
				step("fd_readdir", granted, 0x50, 0xff, 0, 0x60),
			))
		}
	}
	f.Add(slices.Concat(step("poll_oneoff", 0x40, 0x50, 0xff, 0x60), step("poll_oneoff", 0x40, 0x50, 2, 0x60), step("random_get", 0, 0xd0)))
	code := callsWASI(names)
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig())
	f.Cleanup(func() { _ = r.Close(ctx) })
	require.NoError(f, wasmrun.ProvideWASI(ctx, r))
	compiled, err := r.CompileModule(ctx, code)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		place := t.TempDir()
		for _, name := range []string{"outside", "read/inside", "change/inside"} {
			file := filepath.Join(place, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte(name), 0o600))
		}
		for _, dir := range []string{"read", "change"} {
			require.NoError(t, os.Symlink("..", filepath.Join(place, dir, "out")))
		}
		config := (Config{ReadOnly: []string{filepath.Join(place, "read")}, ReadWrite: []string{filepath.Join(place, "change")}}).with(engine.Grants{}, engine.Limits{})
		m := &module{shared: &shared{name: "fuzzed", wasi: true, config: config}}
		m.running = ctx
		m.stdout, m.stderr = output.New(io.Discard, nil), output.New(io.Discard, nil)
		guest, err := r.InstantiateModule(ctx, compiled, m.moduleConfig().WithNanosleep(func(int64) {}))
		require.NoError(t, err)
		defer guest.Close(ctx)
		size := uint64(guest.Memory().Size())
		for i, p := range wasiPaths {
			guest.Memory().WriteString(uint32(i*wasiRoom), p)
		}
		for len(data) > 0 {
			name := names[int(data[0])%len(names)]
			data = data[1:]
			args := make([]uint64, len(wasiFunctions()[name].params))
			for i := range min(len(args), len(data)) {
				args[i] = wasiArgument(data[i], size)
			}
			data = data[min(len(args), len(data)):]
			for i, of := range wasiFunctions()[name].params {
				if of == api.ValueTypeI32 {
					args[i] = uint64(uint32(args[i]))
				}
			}
			results, err := guest.ExportedFunction(name).Call(ctx, args...)
			var exit *sys.ExitError
			if errors.As(err, &exit) {
				break
			}
			if err != nil && name == "fd_filestat_set_times" {
				// wazero v1.12.0 panics where it is a standard stream, and makes a trap of that.
				require.ErrorContains(t, err, "recovered by wazero")
				break
			}
			require.NoError(t, err, "%s%v", name, args)
			if len(results) > 0 {
				require.LessOrEqual(t, uint32(results[0]), uint32(76), "%s%v", name, args)
			}
		}
		left, err := os.ReadFile(filepath.Join(place, "outside"))
		require.NoError(t, err)
		require.Equal(t, "outside", string(left))
		left, err = os.ReadFile(filepath.Join(place, "read", "inside"))
		require.NoError(t, err)
		require.Equal(t, "read/inside", string(left))
		for dir, most := range map[string]int{"": 3, "read": 2} {
			there, err := os.ReadDir(filepath.Join(place, dir))
			require.NoError(t, err)
			require.Len(t, there, most, dir)
		}
	})
}

// wasiArgument makes of a byte what a function of WASI may be called with: a small number, a place
// in the memory, one near its end, or a power of two; and all bits.
func wasiArgument(b byte, size uint64) uint64 {
	switch of := uint64(b & 0x3f); {
	case b == 0xff:
		return 1<<64 - 1
	case b < 0x40:
		return of
	case b < 0x80:
		return of * wasiRoom
	case b < 0xc0:
		return size - of
	default:
		return 1 << of
	}
}

// callsWASI is a module that exports functions of WASI's, each of which it calls itself: what they
// are given is in its memory.
func callsWASI(names []string) []byte {
	leb := func(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }
	text := func(s string) []byte { return append(leb(len(s)), s...) }
	section := func(id byte, parts ...[]byte) []byte {
		data := append(leb(len(parts)), bytes.Join(parts, nil)...)
		return slices.Concat([]byte{id}, leb(len(data)), data)
	}
	var types, imports, functions, bodies [][]byte
	exports := [][]byte{append(text("memory"), 2, 0)}
	for i, name := range names {
		f := wasiFunctions()[name]
		types = append(types, slices.Concat([]byte{0x60}, leb(len(f.params)), f.params, leb(len(f.results)), f.results))
		imports = append(imports, slices.Concat(text(wasiModule), text(name), []byte{0}, leb(i)))
		functions = append(functions, leb(i))
		exports = append(exports, slices.Concat(text(name), []byte{0}, leb(len(names)+i)))
		body := []byte{0}
		for p := range f.params {
			body = append(append(body, 0x20), leb(p)...)
		}
		body = append(append(append(body, 0x10), leb(i)...), 0x0b)
		bodies = append(bodies, append(leb(len(body)), body...))
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), section(1, types...), section(2, imports...), section(3, functions...),
		section(5, []byte{0, 2}), section(7, exports...), section(10, bodies...))
}
