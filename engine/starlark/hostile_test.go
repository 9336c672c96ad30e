package starlark_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
)

// heapPeak measures the heap while f runs, and returns by how much it grew at most.
func heapPeak(f func()) int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	size := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before := size()
	var done atomic.Bool
	peak := make(chan int64)
	go func() {
		most := int64(0)
		for !done.Load() {
			most = max(most, size()-before)
			time.Sleep(200 * time.Microsecond)
		}
		peak <- max(most, size()-before)
	}()
	f()
	done.Store(true)
	return <-peak
}

// hostileMemory is what makes much of little.
var hostileMemory = map[string]string{
	"add":           `x = "a" * 7000000; l = [x + "b" for i in range(100)]`,
	"literal_add":   `s = "b"; l = ["` + strings.Repeat("a", 3_900_000) + `" + s for i in range(1000)]`,
	"literal_lines": `l = """` + strings.Repeat("\n", 3_900_000) + `""".splitlines()`,
	"add_literal":   `x = "a" * 3000000; l = [x + "b" for i in range(1000)]`,
	"augmented":     `d = {"k": "a" * 3000000}; l = []` + "\n    for i in range(1000):\n        d[\"k\"] += \"b\"\n        l.append(d[\"k\"])",
	"called":        `d = ["a" * 3000000]; g = lambda: d; l = []` + "\n    for i in range(1000):\n        g()[0] += \"b\"\n        l.append(d[0])",
	"bytes":         `x = b"a" * 7000000; l = [x + x for i in range(100)]`,
	"list":          `x = [0] * 400000; l = [x + x for i in range(100)]`,
	"tuple":         `x = (0,) * 400000; l = [x + x for i in range(100)]`,
	"extend":        `x = [0] * 100000` + "\n    while True: x.extend(x)",
	"extend_range":  `[].extend(range(100000000))`,
	"grow":          `x = [0] * 100000` + "\n    while True: x += x",
	"upper":         `x = "ab" * 3000000; l = [x.upper() for i in range(100)]`,
	"title":         `x = "ab" * 3000000; l = [x.title() for i in range(100)]`,
	"replace":       `x = "ab" * 30000; l = x.replace("a", x)`,
	"replace_empty": `x = "ab" * 3000; l = x.replace("", x)`,
	"split":         `x = "a " * 2000000; l = x.split(" ")`,
	"split_space":   `x = "a " * 2000000; l = x.split()`,
	"rsplit":        `"a".rsplit(None, 2000000000)`,
	"splitlines":    `x = "\n" * 4000000; l = x.splitlines()`,
	"join":          `x = "ab" * 3000; l = x.join(["a"] * 10000)`,
	"format":        `x = "ab" * 300000; l = ("{0}" * 1000).format(x)`,
	"format_value":  `f = ("{0}" * 1000).format; l = f("ab" * 300000)`,
	"percent":       `x = "ab" * 300000; l = ("%s" * 1000) % ((x,) * 1000)`,
	"percent_into":  `x = ["%(k)s" * 100000]` + "\n    x[0] %= {\"k\": \"ab\" * 3000}",
	"repr":          `l = repr("\x01" * 4000000)`,
	"str_elems":     `l = str(("\x01" * 8000000).elems())`,
	"str_nested":    `x = ["abcdefgh"]` + "\n    for i in range(40): x = [x, x]\n    l = str(x)",
	"str_bytes":     `x = b"\xff" * 4000000; l = str(x)`,
	"json_encode":   `l = json.encode(["\x01" * 1000] * 4000)`,
	"json_decode":   `l = json.decode("[" + "0," * 1000000 + "0]")`,
	"json_dicts":    `l = json.decode("[" + "{}," * 1000000 + "0]")`,
	"list_range":    `l = list(range(10000000))`,
	"tuple_range":   `l = tuple(range(10000000))`,
	"set_range":     `l = set(range(10000000))`,
	"dict_pairs":    `l = dict(enumerate(range(1000000)))`,
	"enumerate":     `l = enumerate(range(10000000))`,
	"reversed":      `l = reversed(range(10000000))`,
	"zip":           `l = zip(*([range(100000)] * 100))`,
	"sorted":        `l = sorted(range(10000000))`,
	"codepoints":    `l = list(("ab" * 3000000).codepoints())`,
	"bytes_elems":   `l = list((b"ab" * 3000000).elems())`,
	"items":         `d = {i: i for i in range(20000)}; l = [d.items() for i in range(1000)]`,
	"keys":          `d = {i: i for i in range(20000)}; l = [d.keys() for i in range(1000)]`,
	"union":         `d = {i: i for i in range(20000)}; l = [d | d for i in range(1000)]`,
	"set_union":     `d = set(range(20000)); l = [d | d for i in range(1000)]`,
	"union_many":    `set().union(range(0), range(10000000))`,
	"update_many":   `set().update(range(0), range(10000000))`,
	"set_method":    `d = set(range(20000)); l = [d.union(d) for i in range(1000)]`,
	"slice":         `x = [0] * 400000; l = [x[:] for i in range(100)]`,
	"slice_step":    `x = "ab" * 3000000; l = [x[::-1] for i in range(100)]`,
	"spread":        `l = (lambda *a: a)(*range(10000000))`,
	"spread_dict":   `d = {str(i): i for i in range(20000)}; l = [struct(**d) for i in range(1000)]`,
	"multiply":      `l = [0] * 10000000`,
	"multiply_into": `x = "a"` + "\n    x *= 100000000",
	"numbers":       `x = 1 << 500` + "\n    while True: x = x << 500",
	"powers":        `x = 3` + "\n    while True: x *= x",
	"digits":        `int("9" * 10000000)`,
	"store":         `d = {}` + "\n    for i in range(10000000): d[i] = i",
	"append":        `x = []` + "\n    while True: x.append(0)",
	"add_set":       `x = set()` + "\n    for i in range(10000000): x.add(i)",
	"setdefault":    `x = {}` + "\n    for i in range(10000000): x.setdefault(i, i)",
	"comprehension": `d = {i: i for i in range(10000000)}`,
	"comp_text":     `d = {str(i): [i] for i in range(10000000)}`,
	"comp_nested":   `d = {i: {j: j for j in range(1000)} for i in range(10000)}`,
	"comp_lambda":   `d = (lambda n: {i: i for i in range(n)})(10000000)`,
	"comp_if":       `d = {(i, j): 1 for i in range(10000) if i for j in range(i)}`,
	"print_sep":     `print(sep = "a" * 3000000, *range(1000))`,
	"fail_sep":      `fail(sep = "a" * 3000000, *range(1000))`,
	"location":      `time.time(location = "a" * 7000000)`,
	"parse_time":    `time.parse_time(x = "a" * 7000000)`,
	"time_format":   `time.parse_time("1", format = "January" * 1000000)`,
	"fail":          `fail("\x01" * 4000000, "a" * 4000000)`,
	"float":         `float("9" * 8000000 + "x")`,
	"getattr_name":  `getattr(struct(), "a" * 7000000)`,
	"index_key":     `{}["\x01" * 3900000]`,
	"key_text":      `{("\x01" * 1000000, "\x02" * 1000000, "\x03" * 1000000): 1}["\x01" * 3000000]`,
	"format_name":   `("{" + "a" * 7000000 + "}").format()`,
	"percent_name":  `l = ("%(" + "a" * 7000000 + ")s") % {}`,
	"keyword":       `(lambda: 1)(**{"a" * 7000000: 1})`,
	"getattr":       `x = "ab" * 3000000; l = [getattr(x, "upper")() for i in range(100)]`,
	"json_range":    `l = json.encode(range(100000000))`,
	"json_ranges":   `l = json.encode([range(10000)] * 1000)`,
	"json_elems":    `l = json.encode([(b"\xff" * 1000).elems()] * 50000)`,
	"json_runes":    `l = json.encode([("\x01" * 1000).codepoints()] * 20000)`,
	"json_ords":     `l = json.encode([("\x01" * 1000).codepoint_ords()] * 10000)`,
	"str_runes":     `l = str([("\x01" * 1000).codepoints()] * 20000)`,
	"print_elems":   `print([(b"\xff" * 1000).elems()] * 20000)`,
	"struct_names":  `l = struct(**{"a" * 100000: 1})`,
	"result_texts":  `return ["a"] * 500000`,
	"result_lists":  `return [[] for i in range(90000)]`,
	"result_tuples": `return [(1,) for i in range(120000)]`,
	"result_range":  `return range(2000000)`,
	"time":          `l = time.now().format("January" * 1500000)`,
	"small_dicts":   `l = [{} for i in range(150000)]`,
	"small_entries": `l = [{i: i} for i in range(150000)]`,
	"small_lists":   `l = [[i] for i in range(1000000)]`,
	"small_tuples":  `l = [(i, i) for i in range(1000000)]`,
	"small_lambdas": `l = [lambda: i for i in range(1000000)]`,
	"small_nested":  `l = [[{}, {}, {}, {}, {}, {}, {}, {}] for i in range(100000)]`,
	"small_loop":    `l = []` + "\n    while True: l.append({})",
}

// hostileTime is what takes long.
var hostileTime = map[string]string{
	"hash":          `t = ()` + "\n    for i in range(60): t = (t, t)\n    {t: 1}",
	"hash_get":      `t = ()` + "\n    for i in range(60): t = (t, t)\n    {}.get(t)",
	"hash_index":    `t = ()` + "\n    for i in range(60): t = (t, t)\n    {}[t]",
	"hash_in":       `t = ()` + "\n    for i in range(60): t = (t, t)\n    t in {}",
	"hash_set":      `t = ()` + "\n    for i in range(60): t = (t, t)\n    set([t])",
	"hash_dict":     `t = ()` + "\n    for i in range(60): t = (t, t)\n    dict([(t, 1)])",
	"hash_struct":   `t = struct()` + "\n    for i in range(60): t = struct(a = t, b = t)\n    {t: 1}",
	"hash_add":      `t = ()` + "\n    for i in range(60): t = (t, t)\n    set().add(t)",
	"hash_bound":    `t = ()` + "\n    for i in range(60): t = (t, t)\n    f = set().add\n    f(t)",
	"hash_store":    `t = (); d = {}` + "\n    for i in range(60): t = (t, t)\n    d[t] = 1",
	"hash_lambda":   `t = ()` + "\n    for i in range(60): t = (t, t)\n    (lambda d: d[t])({})",
	"hash_union":    `t = ()` + "\n    for i in range(60): t = (t, t)\n    set().union([t])",
	"compare":       `x = [0] * 100; y = [0] * 100` + "\n    for i in range(8): x = [x] * 100; y = [y] * 100\n    x == y",
	"compare_less":  `x = [0] * 100; y = [0] * 100` + "\n    for i in range(8): x = [x] * 100; y = [y] * 100\n    x < y",
	"compare_in":    `x = [0] * 100; y = [0] * 100` + "\n    for i in range(6): x = [x] * 100; y = [y] * 100\n    x in [y]",
	"compare_long":  `x = "a" * 5000000; y = "a" * 4999999 + "a"; z = [x] * 100000` + "\n    y in z",
	"index":         `x = "a" * 5000000; y = "a" * 4999999 + "a"; z = [x] * 100000 + [1]` + "\n    z.index(y + \"b\"[1:])",
	"remove":        `x = [0] * 100; y = [0] * 100` + "\n    for i in range(6): x = [x] * 100; y = [y] * 100\n    [y].remove(x)",
	"sorted":        `x = "a" * 1000000` + "\n    sorted([x + str(i) for i in range(8)] * 10000)",
	"sorted_range":  `sorted([i * 7919 % 1000003 for i in range(300000)])`,
	"sorted_nested": `x = [0] * 100` + "\n    for i in range(6): x = [x] * 100\n    sorted([x, x[:], x[:]])",
	"sorted_key":    `x = [0] * 100` + "\n    for i in range(6): x = [x] * 100\n    sorted([1, 2, 3], key = lambda i: x[:])",
	"max":           `x = [0] * 100` + "\n    for i in range(6): x = [x] * 100\n    max([x, x[:], x[:]])",
	"min":           `x = [0] * 100` + "\n    for i in range(6): x = [x] * 100\n    min(x, x[:], x[:])",
	"json_decode":   `json.decode("[" + "1234567890," * 500000 + "0]")`,
	"int_named":     `int(x = "9" * 20000000)`,
	"int_base":      `int(base = 16, x = "f" * 20000000)`,
	"json_number":   `json.decode("9" * 10000000)`,
	"json_deep":     `x = "[" * 900 + "0," * 1000000 + "0" + "]" * 900` + "\n    json.decode(x)",
	"json_string":   `json.decode("\"" + "\\u00e9" * 15000000 + "\"")`,
	"strip":         `("\u00e9" * 1000000).strip("\u00e8" * 1000000 + "\u00e9")`,
	"all":           `all(range(1, 1000000000))`,
	"any":           `x = [False] * 1000000` + "\n    while True: any(x)",
	"list":          `list(range(100000000))`,
	"find":          `("a" * 100000000).find("a" * 3000000 + "b")`,
	"count":         `("ab" * 50000000).count("aba")`,
	"struct_str":    `l = []; s = struct(l = l); l.append(s); str(s)`,
	"struct_list":   `l = []; s = struct(l = l); l.append(s); str(l)`,
	"struct_format": `l = []; s = struct(l = l); l.append(s); "%s" % s`,
	"struct_fail":   `l = []; s = struct(l = l); l.append(s); fail(l)`,
	"path":          "x = [0] * 4000\n    for i in range(900): x = [x]\n    str([x] * 100)",
	"heavy_keys":    "k = tuple(range(60000)); d = {}\n    for i in range(100000): d[(k, lambda: i)] = i",
	"lambda_keys":   "d = {}\n    for i in range(200000): d[lambda: i] = i",
	"upper":         "x = \"\u00e9\" * 2000000\n    while True: x.upper()",
	"kwargs":        "x = {\"a%d\" % i: i for i in range(200000)}\n    f = lambda **k: k\n    while True: f(**x)",
	"insert":        "x = [0] * 4000000\n    while True: x.insert(0, 1)",
	"bits":          `x = 3` + "\n    for i in range(20): x = x * x\n    while True: x // 7",
	"collide":       `d = {}` + "\n    for i in range(1000000): d[i << 32] = i",
	"collide_dict":  `x = [(i << 32, i) for i in range(60000)]` + "\n    dict(x)",
	"collide_set":   `x = [i << 32 for i in range(60000)]` + "\n    set(x)",
	"collide_comp":  `d = {i << 32: i for i in range(1000000)}`,
	"near":          "d = {}\n    for i in range(1000000): d[i << 20] = i",
	"near_set":      "d = set()\n    for i in range(1000000): d.add(i << 20)",
	"near_comp":     `d = {i << 20: i for i in range(1000000)}`,
	"near_default":  "d = {}\n    for i in range(1000000): d.setdefault(i << 20, i)",
	"near_update":   "x = [(i << 20, i) for i in range(100000)]; d = {}\n    d.update(x)",
	"literal":       "d = {" + collidingEntries(60_000) + "}",
	"json_range":    `json.encode(range(1000000000))`,
	"missing":       "s = struct(**{\"a\" * 100 + str(i): 1 for i in range(600)})\n    while True: hasattr(s, \"x\") or struct(**{\"a\" * 100 + str(i): s for i in range(6000)}).b",
	"collide_json":  `s = set()` + "\n    for i in range(1000000): s.add(0.5 + i * 0.0000001)",
}

// collidingEntries are entries of a dict, in the source, whose keys have one hash.
func collidingEntries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d: 0, ", uint64(i)<<32)
	}
	return b.String()
}

// What makes much of little is refused before it is made. The test runs alone: it measures the
// memory of the whole program.
func TestHostileMemory(t *testing.T) {
	const limit = 16 << 20
	for name, text := range hostileMemory {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, starlark.Config{Memory: limit}, map[string]string{"m.star": "def f():\n    " + text + "\n"})
			m := w.load(t, "m")
			var err error
			peak := heapPeak(func() {
				_, err = m.Call(t.Context(), "f")
			})
			var refused *engine.LimitError
			assert.ErrorAs(t, err, &refused)
			most := int64(2 * limit)
			if strings.HasPrefix(name, "small_") { // nothing is made at once
				most = limit * 3 / 2
			}
			assert.Less(t, peak, most)
		})
	}
}

// What takes long ends with its context, or is refused.
func TestHostileTime(t *testing.T) {
	for name, text := range hostileTime {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, starlark.Config{}, map[string]string{"m.star": "def f():\n    " + text + "\n"})
			m := w.load(t, "m")
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := m.Call(ctx, "f")
				ended <- err
			}()
			select {
			case err := <-ended:
				var refused *engine.LimitError
				assert.True(t, errors.As(err, &refused) || errors.Is(err, context.DeadlineExceeded), "%.200v", err)
			case <-time.After(20 * time.Second): // each of them took minutes
				t.Fatal("it does not end")
			}
		})
	}
}
