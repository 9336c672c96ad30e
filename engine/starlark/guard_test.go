package starlark_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	startime "go.starlark.net/lib/time"
	sky "go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/starlark"
)

// expressions are what a script can do, one a line: what is guarded has to do the same as what is
// not.
const expressions = `
1 + 2, 1.5 + 2, "a" + "b", b"a" + b"b", [1] + [2], (1,) + (2,), big + "x", "x" + big, large + [1], deep + (1,)
1 + "a"
"a" + 1
[1] + (1,)
big + 1
3 * 4, 2.5 * 2, "ab" * 3, 3 * "ab", [1] * 2, 2 * (1, 2), b"a" * 2, 3 * time.second, "a" * -1, "a" * 0
"a" * "b"
big * big
7 % 4, -7 % 4, 7.5 % 2, "%s-%d" % ("a", 1), "%s" % "b", "%(k)s" % {"k": 1}, "%r" % big[:3], "%%" % ()
"%s" % ()
"%d" % "x"
7 % 0
10 // 3, 10 / 4, 1 << 10, 1024 >> 3, 6 & 3, 6 | 3, 6 ^ 3, ~6, -6, big[0], 1 << 100 // 3
1 << 600
{"a": 1} | {"b": 2}, set([1, 2]) | set([3]), set([1, 2]) & set([2]), set([1]) ^ set([2]), set([1, 2]) - set([1])
set([1]) - [1]
dict([(i, i) for i in range(2000)]) | {1: 2} == {i: i if i != 1 else 2 for i in range(2000)}
1 == 1.0, "a" == "a", [1, [2]] == [1, [2]], {"a": 1} == {"a": 1}, (1,) < (2,), "a" < "b", big == big, large == large, deep == deep, large < large
[1] < 1
None == None, None != 1, big == None, [] == None, struct(a = 1) == struct(a = 1)
1 in [1], "a" in "abc", "a" in {"a": 1}, (1, 2) in [(1, 2)], 2 not in (1,), deep in [deep], deep in {}, 5 in range(10), large in [large], "x" in big
1 in 5
1 in "a"
[] in {}
{}[[]]
{}["x"]
{(1, (2, 3)): 1}[(1, (2, 3))], large[5], large[-1], big[3], {deep: 1}[deep], {1.0: "a"}[1], deep[1:3]
large[100000]
large["a"]
large[1:3], large[:2], large[-2:], big[1:4], big[::-1] == big, large[::500], (1, 2, 3)[1:], range(5000)[1:3], b"abc"[1:], big[5000:4000]
{}[1:]
5[1:]
"aXb".upper(), "Ab".lower(), "ab cd".title(), "ab".capitalize(), big.upper() == big.upper(), len(big.split("a")), big.find("b"), big.count("a")
"a,b".split(","), "a b".split(), " a ".strip(), "xxaxx".strip("x"), "a b c".rsplit(None, 1), "a b c".split(" ", 1), "a\nb".splitlines(), "a\nb\n".splitlines(True)
"abc".find("c"), "abc".index("b"), "abc".startswith(("a", "b")), "abc".endswith("c"), "abc".partition("b"), "aXb".replace("X", "--"), "aaa".replace("a", "b", 2), "ab".replace("", "-")
"abc".index("x")
"{}{}".format(1, 2), "{a}".format(a = 1), "{0!r}".format("x"), ",".join(["a", "b"]), "".join(["a"] * 3000) == "a" * 3000, ",".join("abc".elems())
"{} {}".format(1)
",".join([1])
"a".nothing
[].nothing()
5 .nothing
list("abc".elems()), list("abc".codepoints()), list("abc".elem_ords()), list(b"abc".elems()), len(list(big.codepoints())), type(big.codepoints()), list(big.codepoint_ords())[0]
len(big.codepoints())
len(big.elems()), big.isalpha(), "1".isdigit(), "a".islower(), "A".isupper(), " ".isspace(), "Ab".istitle(), big.isalnum()
list(range(3)), tuple([1]), dict([(1, 2)]), dict(a = 1), set([1, 1]), reversed([1, 2]), enumerate(["a"], 1), zip([1, 2], [3, 4]), len(list(range(3000))), sorted(set(range(2000)))[-1]
dict([1])
dict([(1, 2, 3)])
set(5)
list(5)
dict({i: i for i in range(50)})[7], dict({"a": 1}, b = 2), len(dict(enumerate(range(3000)))), tuple(range(2000))[-1], zip(range(3000), large)[2999]
sorted([3, 1, 2]), sorted([3, 1, 2], reverse = True), sorted(["b", "a"], key = lambda s: s), sorted([(1, "b"), (1, "a")], key = lambda p: p[0]), sorted([(1, "b"), (1, "a")], key = lambda p: p[0], reverse = True), sorted(large) == sorted(large)
sorted([1, "a"])
sorted(5)
sorted([1], nothing = 1)
max(1, 2), min([3, 1]), max(["a", "bb"], key = len), min(large), max(range(5000)), max("b", "a")
max()
max([])
max([1, "a"])
max(5)
any([0, 1]), all([]), all(range(1, 3000)), any([0] * 3000), len("abc"), abs(-3), chr(65), ord("A"), bool([]), int("12"), int("ff", 16), int(3.9), float("1.5"), hash("a"), bytes("abc"), bytes([1, 2]), type(big)
int("x")
float("x")
ord("ab")
str([1, "a"]), repr("a"), str(big) == big, str((1,)), str({"a": [None, True]}), str(set([1])), str("abc".elems()), str(b"a"), repr(b"a"), str(len), str("a".upper), str([].append)
json.encode({"a": [1, 2.5, None, "x\u00e9<"]}), json.decode("{\"a\": [1, 2.5, null]}"), json.decode("x", "no"), json.decode("[1,"  + " " * 70000 + "2]"), len(json.decode("[" + "1, " * 50000 + "2]")), json.decode("{\"a\":" + " " * 70000 + "[1, {\"b\": 2}]}")
json.decode("[1,")
json.decode("[1, " + " " * 70000 + "x]")
json.decode("[" + "1," * 50000 + "]")
json.decode("[" + "1," * 50000 + "2] x")
json.decode("{\"a\":1," + " " * 70000 + "2: 3}")
json.decode("[" + " " * 70000, "no"), json.decode("{\"a\"" + " " * 70000 + "}", "no"), json.decode("[" + "1," * 50000 + "2", default = "no")
getattr("a", "upper")(), getattr([1], "nothing", 5), hasattr("a", "upper"), dir([])[0], (lambda x: x + 1)(2), (lambda x, y = "a" + "b": y * x)(2), [x * 2 for x in range(3)], {x: x + 1 for x in range(3)}, [f("a") for f in [big.count]]
(lambda *a, **k: (a, k))(*[1, 2], **{"c": 3}), struct(a = 1, **{"b": 2}).b, (struct(a = 1) + struct(b = 2)).b, struct(index = 5).index, struct(get = lambda k: k).get((1, 2))
(lambda *a: a)(*5)
time.parse_duration("1h") + time.second, time.parse_time("2020-01-02T03:04:05Z").format("2006"), time.parse_time("2020-01-02T03:04:05Z") == time.parse_time("2020-01-02T03:04:05Z"), math.floor(2.5), math.pi > 3
{i: i for i in range(3)}.items(), {1: 2}.keys(), {1: 2}.values(), {1: 2}.get(1), {1: 2}.get((2, 3), "no"), {1: 2}.pop(1), {1: 2}.setdefault(3, 4), [1, 2].index(2), [1, 2].pop(0), [1, 2].pop()
{}.get([])
{1: 2}.pop(5)
[1].index(5)
[1].remove(5)
set([1, 2]).union([3]), set([1]).difference([1]), set([1]).issubset([1, 2]), set([1]).issuperset([1]), set([1, 2]).intersection([2]), set([1]).symmetric_difference([2]), set(large).issubset(large), set(large).union(range(5000)) == set(range(5000)) | set(large)
set([1]).union([[]])
1 if [] else 2, not big, 1 and "a" or [], big and 1
`

// statements change things in place.
const statements = `
x = [1]; y = x; x += [2]; x += (3,); out(y)
x = [1]; x += 5
x = "a"; x += "b"; x *= 2; x %= (); out(x)
x = "%s!"; x %= "a"; out(x)
x = 7; x -= 2; x *= 3; x //= 2; x %= 4; x |= 8; x &= 12; x ^= 5; x <<= 2; x >>= 1; out(x)
x = {"a": 1}; y = x; x |= {"b": 2}; out(y)
x = {"a": [1]}; x["a"] += [2]; x["a"] *= 2; out(x)
x = {"a": "%s"}; x["a"] %= 1; out(x)
n = []; x = [1, 2]; f = lambda: n.append(1) or 0; x[f()] += 5; x[f()] *= 3; out((x, n))
x = [[1]]; x[0][0] += 2; x[0] += [3]; out(x)
x = {}; x[(1, 2)] = 3; x[deep] = 4; out((x[(1, 2)], x[deep]))
x = {}; x[[]] = 1
x = list(large); x[5] = "y"; x[-1] += "z"; out((x[5], x[-1]))
x = {i: i for i in range(3000)}; x[5] = 1; x[-1] = 2; x[5] += 1; x.update({7: 8}); x.pop(0); out((x[5], x[-1], x[7], len(x)))
x = list(large); x.append(1); x.extend([2]); x.insert(0, 3); x.extend(x); x += x; x.remove(3); out((len(x), x[0], x.pop()))
x = [1]; x.extend(x); x += x; out(x)
x = set(large); x.add("q"); x.discard("q"); x.update([1], [2]); x.remove(1); out(len(x))
x = {1: 2}; x.update(x); x.update([(3, 4)], a = 5); out(x)
x = [1, 2]; [x.append(i) for i in x]
a, b = 1, "x"; a, b = b + "y", a + 1; [a, b] = [b, a]; out((a, b))
x = [0, 0]; x[0], x[1] = 1, "a"; out(x)
x = 0; y = [i + x for i in range(3) if i * 2 > x]; out(y)
x = "a"; x.foo = 1
`

// run runs a script in the plain interpreter and in the engine, and compares what it puts out, or
// its error.
func compareScript(t *testing.T, script string) {
	t.Helper()
	header := "big = \"ab\" * 1000\nlarge = list(range(2, 1500))\ndeep = tuple([(i, \"x\") for i in range(30)])\nresults = []\nout = results.append\n"
	for _, where := range []string{"top level", "function"} {
		text := header + script + "\n"
		if where == "function" {
			text = "def f():\n    \"\"\"Doc.\"\"\"\n    " + strings.ReplaceAll(header+script, "\n", "\n    ") + "\n    return str(results)\nresult = f()\n"
		} else {
			text += "result = str(results)\n"
		}
		predeclared := sky.StringDict{"json": json.Module, "time": startime.Module, "math": math.Module, "struct": sky.NewBuiltin("struct", starlarkstruct.Make)}
		options := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true}
		want := ""
		globals, err := sky.ExecFileOptions(options, new(sky.Thread), "m.star", text, predeclared)
		if err != nil {
			want = err.Error()
		} else {
			want, _ = sky.AsString(globals["result"])
		}
		w := newWorld(t, starlark.Config{}, map[string]string{"m.star": text})
		m, err := w.Load(t.Context(), "m")
		if err != nil {
			reason := strings.TrimPrefix(err.Error(), "load m: ")
			assert.True(t, strings.HasPrefix(reason, want), "%s: %s\nwant %s\n got %.300s", where, script, want, reason)
			continue
		}
		got, err := load.Value[string](m, "result")
		require.NoError(t, err)
		assert.Equal(t, want, got, "%s: %s", where, script)
		if where == "function" {
			assert.Equal(t, "Doc.", m.Symbols()[0].Doc)
		}
	}
}

// What is guarded does the same as what is not, errors included.
func TestGuardedScripts(t *testing.T) {
	t.Parallel()
	for i, text := range strings.Split(strings.TrimSpace(expressions), "\n") {
		t.Run(fmt.Sprint("expression ", i), func(t *testing.T) {
			t.Parallel()
			compareScript(t, "out(("+text+"))")
		})
	}
	for i, text := range strings.Split(strings.TrimSpace(statements), "\n") {
		t.Run(fmt.Sprint("statement ", i), func(t *testing.T) {
			t.Parallel()
			compareScript(t, text)
		})
	}
}
