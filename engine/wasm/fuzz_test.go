package wasm

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzHostFunctions calls the functions of the host as a hostile plugin may: in any order, with any
// arguments. They end the call by a refusal or answer; nothing else happens to the host.
func FuzzHostFunctions(f *testing.F) {
	names := slices.Sorted(maps.Keys(extismFunctions))
	step := func(name string, a, b uint64) []byte {
		data := []byte{byte(slices.Index(names, name))}
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(data, a), b)
	}
	all := func(steps ...[]byte) []byte { return slices.Concat(steps...) }
	f.Add(all(step("alloc", 100, 0), step("store_u64", 16, 1<<63), step("output_set", 16, 100), step("free", 16, 0), step("free", 16, 0), step("alloc", 90, 0)))
	f.Add(all(step("input_set", 16, 1<<64-1), step("input_load_u64", 1<<64-4, 0), step("reset", 0, 0), step("load_u8", 16, 0)))
	f.Add(all(step("alloc", 1<<64-1, 0), step("alloc", 1<<20, 0), step("length", 16, 0), step("var_set", 16, 16), step("var_get", 16, 0)))
	f.Add(all(step("error_set", 1<<40, 0), step("log_info", 17, 0), step("http_request", 16, 3), step("http_headers", 0, 0)))
	for _, name := range names {
		f.Add(all(step("alloc", 8, 0), step(name, 16, 8), step(name, 1<<64-1, 1<<64-1), step(name, 1<<64-8, 16), step(name, 0, 0)))
	}
	const limit = 1 << 20
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &module{config: Config{Values: map[string]string{"": "value"}}}
		m.kernel.begin(limit, []byte("an input"))
		for ; len(data) >= 17; data = data[17:] {
			stack := []uint64{binary.LittleEndian.Uint64(data[1:]), binary.LittleEndian.Uint64(data[9:])}
			hostile(t, m, extismFunctions[names[int(data[0])%len(names)]], stack)
			require.LessOrEqual(t, len(m.kernel.memory), limit+firstPlace)
		}
		for place, b := range m.kernel.blocks {
			require.LessOrEqual(t, place+b.length, uint64(len(m.kernel.memory)))
		}
	})
}

// hostile calls a function. Only a refusal may end it.
func hostile(t *testing.T, m *module, f hostFunction, stack []uint64) {
	defer func() {
		if r := recover(); r != nil {
			require.IsType(t, &refusal{}, r)
		}
	}()
	f.call(m, context.Background(), stack)
}
