package wasm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
)

// moduleOf is a module of sections.
func moduleOf(sections ...[]byte) []byte {
	return bytes.Join(append([][]byte{header}, sections...), nil)
}

func named(name string) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(name))), name...)
}

// listOf is a section of elements.
func listOf(id byte, elements ...[]byte) []byte {
	return sectionOf(id, append(binary.AppendUvarint(nil, uint64(len(elements))), bytes.Join(elements, nil)...)...)
}

// body is a function without variables.
func body(code ...byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(code)+2)), append(append([]byte{0}, code...), 0x0b)...)
}

func exported(name string, kind, index byte) []byte { return append(named(name), kind, index) }

var nothing = []byte{0x60, 0, 0}

// hostile loads a module of bytes, with little memory and time.
func hostile(t *testing.T, w *world, data []byte) (*load.Module, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hostile.wasm")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return w.Load(ctx, file)
}

// heap is how much of the heap is used.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// TestCounts: what a few bytes each make hundreds of in the host is counted before anything is made
// of it, and so are names of which errors would be full.
func TestCounts(t *testing.T) {
	t.Parallel()
	wide := append([]byte{0x60}, append(many(1000, 0x7f), 0)...)
	import0 := append(append(named("env"), named("f")...), 0, 0)
	export0 := exported("", 0, 0)
	long := strings.Repeat("n", 100_001)
	for want, data := range map[string][]byte{
		"it has 100001 types, more than 100000":                                             moduleOf(sectionOf(1, many(100_001, nothing...)...)),
		"it has 100001 imports, more than 100000":                                           moduleOf(listOf(1, nothing), sectionOf(2, many(100_001, import0...)...)),
		"it has 1000001 functions, more than 1000000":                                       moduleOf(listOf(1, nothing), sectionOf(3, many(1_000_001, 0)...)),
		"it has 100001 variables, more than 100000":                                         moduleOf(sectionOf(6, many(100_001, 0x7f, 0, 0x41, 0, 0x0b)...)),
		"it has 100001 exports, more than 100000":                                           moduleOf(listOf(1, nothing), listOf(3, []byte{0}), sectionOf(7, many(100_001, export0...)...)),
		"it has 100001 segments of data, more than 100000":                                  moduleOf(sectionOf(11, many(100_001, 1, 0)...)),
		"it has 100001 segments of elements, more than 100000":                              moduleOf(sectionOf(9, many(100_001, 1, 0, 0)...)),
		"its segments have 1048577 elements, and the engine allows 1048576":                 moduleOf(sectionOf(9, append([]byte{1, 1, 0}, many(1<<20+1, 0)...)...)),
		"it has more than 10000 sections":                                                   moduleOf(bytes.Repeat(sectionOf(0, 0), 10_001)),
		"it has 100000 functions and 10001 variables, and wazero's":                         moduleOf(listOf(1, nothing), sectionOf(3, many(100_000, 0)...), sectionOf(6, many(10_001, 0x7f, 0, 0x41, 0, 0x0b)...)),
		"a name has 100001 bytes, more than 100000":                                         moduleOf(listOf(1, nothing), listOf(3, []byte{0}), listOf(7, exported(long, 0, 0))),
		"the functions that it imports and exports have more than 1000000 parameters":       moduleOf(listOf(1, wide), listOf(3, []byte{0}), sectionOf(7, many(1001, export0...)...)),
		"a list of 200000000 elements has 2 bytes":                                          moduleOf(sectionOf(7, append(binary.AppendUvarint(nil, 200_000_000), 0, 0)...)),
		strings.Repeat("n", 200) + "… f: the program registered no module":                  moduleOf(listOf(1, nothing), listOf(2, append(append(named(long[1:]), named("f")...), 0, 0))),
		"env f: the program registered no module env; Loader.Register(\"env\", map[string]": moduleOf(listOf(1, []byte{0x60, 2, 0x7b, 0x6f, 1, 0x70}), listOf(2, import0)),
		"env f: memories, tables and variables of other modules are":                        moduleOf(listOf(2, append(append(named("env"), named("f")...), 1, 0x70, 0, 1))),
	} {
		_, err := hostile(t, newWorld(t, wasm.Config{}), data)
		var failed *engine.CompileError
		assert.ErrorAs(t, err, &failed, want)
		require.ErrorContains(t, err, want)
		assert.Less(t, len(err.Error()), 10_000, want)
	}
}

// TestMany: a module of as many functions, variables and exports as there may be runs, or is
// refused in time, and the host's memory is bounded.
func TestMany(t *testing.T) {
	w := newWorld(t, wasm.Config{Memory: 1 << 20})
	before := heap()
	const n = 5_000
	var exports [][]byte
	for i := range n {
		exports = append(exports, binary.AppendUvarint(append(named(fmt.Sprint("f", i)), 0), uint64(i)))
	}
	m, err := hostile(t, w, moduleOf(listOf(1, nothing), sectionOf(3, many(n, 0)...), sectionOf(6, many(n, 0x7f, 0, 0x41, 0, 0x0b)...),
		listOf(7, exports...), sectionOf(10, many(n, body()...)...)))
	require.NoError(t, err)
	assert.Len(t, m.Symbols(), n)
	for _, s := range m.Symbols()[:2000] {
		_, err := m.Call(t.Context(), s.Name)
		require.NoError(t, err)
	}
	assert.Less(t, heap()-before, uint64(100<<20))
}

// TestMemoriesRefused: what cannot have its memory, or the place for what it holds, does not start.
func TestMemoriesRefused(t *testing.T) {
	t.Parallel()
	megabyte := append([]byte{1, 0, 0x41, 0xff, 0xff, 3, 0x0b}, append(binary.AppendUvarint(nil, 1<<20), make([]byte, 1<<20)...)...)
	for name, data := range map[string][]byte{
		"4 GiB":                  moduleOf(listOf(5, []byte{0, 0x80, 0x80, 4})),
		"data":                   moduleOf(listOf(5, []byte{0, 1}), sectionOf(11, megabyte...)),
		"data beyond everything": moduleOf(listOf(5, []byte{0, 1}), sectionOf(11, 1, 0, 0x41, 0x7f, 0x0b, 1, 0)),
		"data without a memory":  moduleOf(sectionOf(11, 1, 0, 0x41, 0, 0x0b, 1, 0)),
		"elements":               moduleOf(listOf(1, nothing), listOf(3, []byte{0}), listOf(4, []byte{0x70, 0, 1}), sectionOf(9, 1, 0, 0x41, 5, 0x0b, 1, 9), listOf(10, body())),
	} {
		_, err := hostile(t, newWorld(t, wasm.Config{Memory: 1 << 20}), data)
		var compile *engine.CompileError
		var start *engine.InitError
		assert.True(t, errors.As(err, &compile) || errors.As(err, &start), "%s: %v", name, err)
	}
}

// TestStarts: a start function that traps, recurses or loops ends the load with an error that says
// so; the next module runs.
func TestStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{}, limited(load.Limits{}))
	started := func(code ...byte) []byte {
		return moduleOf(listOf(1, nothing), listOf(3, []byte{0}), listOf(5, []byte{0, 1}), sectionOf(8, 0), listOf(10, body(code...)))
	}
	for want, data := range map[string][]byte{
		"unreachable":         started(0x00),
		"integer divide by":   started(0x41, 1, 0x41, 0, 0x6d, 0x1a),
		"stack overflow":      started(0x10, 0),
		"out of bounds memor": started(0x41, 0x7f, 0x28, 2, 0, 0x1a),
	} {
		_, err := hostile(t, w, data)
		var failed *engine.InitError
		require.ErrorAs(t, err, &failed, want)
		assert.ErrorContains(t, err, want)
	}
	file := filepath.Join(t.TempDir(), "loop.wasm")
	for _, code := range [][]byte{
		{0x03, 0x40, 0x0c, 0, 0x0b},                         // an endless loop
		{0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b}, // that grows the memory
		{0x03, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b},       // a loop in a loop
	} {
		require.NoError(t, os.WriteFile(file, started(code...), 0o600))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := w.Load(ctx, file)
		cancel()
		require.Error(t, err)
		require.ErrorIs(t, err, context.DeadlineExceeded, "%v", code)
	}
	m := w.load(t, "numbers.wasm")
	_, err := m.Call(t.Context(), "add", 1, 2)
	require.NoError(t, err)
}

// TestDeep: machine stacks that deep calls of many functions leave behind are given back.
func TestDeep(t *testing.T) {
	w := newWorld(t, wasm.Config{})
	const n = 12
	var exports [][]byte
	for i := range byte(n) {
		exports = append(exports, exported("f"+string('a'+rune(i)), 0, i))
	}
	// Each calls itself as often as its argument says.
	deep := func(i byte) []byte {
		return body(0x20, 0, 0x45, 0x04, 0x7f, 0x41, 0, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, i, 0x0b)
	}
	var bodies [][]byte
	for i := range byte(n) {
		bodies = append(bodies, deep(i))
	}
	m, err := hostile(t, w, moduleOf(listOf(1, []byte{0x60, 1, 0x7f, 1, 0x7f}), sectionOf(3, many(n, 0)...), listOf(7, exports...), listOf(10, bodies...)))
	require.NoError(t, err)
	before := heap()
	for _, s := range m.Symbols() {
		out, err := m.Call(t.Context(), s.Name, 300_000)
		require.NoError(t, err)
		assert.Equal(t, []any{int32(0)}, out)
	}
	assert.Less(t, heap(), before+(16<<20), "a stack of such a call has 20 MB")
	_, err = m.Call(t.Context(), "fa", -1)
	assert.ErrorContains(t, err, "stack overflow")
	out, err := m.Call(t.Context(), "fb", 10)
	require.NoError(t, err)
	assert.Equal(t, []any{int32(0)}, out)
}

// TestGrowth: a module gets as much memory, and as many elements, as it may have, and goes on.
func TestGrowth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{Memory: 16 << 20})
	m, err := hostile(t, w, moduleOf(listOf(1, []byte{0x60, 1, 0x7f, 1, 0x7f}), sectionOf(3, 2, 0, 0), listOf(4, []byte{0x70, 0, 1}), listOf(5, []byte{0, 1}),
		listOf(7, exported("grow", 0, 0), exported("table", 0, 1)),
		listOf(10, body(0x20, 0, 0x40, 0), body(0xd0, 0x70, 0x20, 0, 0xfc, 15, 0))))
	require.NoError(t, err)
	grow := func(name string, by int) int32 {
		out, err := m.Call(t.Context(), name, by)
		require.NoError(t, err)
		return out[0].(int32)
	}
	assert.EqualValues(t, 1, grow("grow", 100))
	assert.EqualValues(t, -1, grow("grow", 1<<31-1))
	assert.EqualValues(t, -1, grow("grow", -1))
	assert.EqualValues(t, 101, grow("grow", 155))
	assert.EqualValues(t, -1, grow("grow", 1))
	assert.EqualValues(t, 16<<20, m.Stats().Memory.Now)
	assert.EqualValues(t, 1, grow("table", 1000))
	assert.EqualValues(t, -1, grow("table", 1<<20))
	assert.EqualValues(t, 1001, grow("table", 1<<20-1001))
}

// TestUnloadWithin: a function of the program unloads the module that called it; the call ends with
// an error, and nothing of the module runs any more.
func TestUnloadWithin(t *testing.T) {
	t.Parallel()
	var w *world
	var unloaded error
	w = program(t, wasm.Config{}, func(user map[string]any) {
		user["upper"] = func(ctx context.Context, s string) string {
			now, cancel := context.WithCancel(ctx)
			cancel()
			_, unloaded = w.Unload(now, "./testdata/program.wasm")
			return s
		}
	})
	m := w.load(t, "program.wasm")
	_, err := m.Call(t.Context(), "upper", "x")
	require.ErrorIs(t, err, engine.ErrUnloaded)
	require.ErrorContains(t, unloaded, "1 running call cut off")
	_, err = m.Call(t.Context(), "upper", "x")
	require.ErrorIs(t, err, engine.ErrUnloaded)
	_, err = w.load(t, "program.wasm").Call(t.Context(), "multiply")
	require.Error(t, err, "it returns 42, a status")
}
