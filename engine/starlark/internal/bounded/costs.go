package bounded

import (
	"math"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// arguments are what a built-in function is called with; receiver is nil for one that is no method.
type arguments struct {
	receiver starlark.Value
	args     starlark.Tuple
	kwargs   []starlark.Tuple
}

// at returns an argument that is given by its place, or nil; that is below 0 for none.
func (a arguments) at(i int) starlark.Value {
	if i >= 0 && i < len(a.args) {
		return a.args[i]
	}
	return nil
}

// text returns an argument that is a string.
func (a arguments) text(i int) string {
	s, _ := a.at(i).(starlark.String)
	return string(s)
}

// named returns an argument that is given by its place or its name, or nil.
func (a arguments) named(i int, name string) starlark.Value {
	for _, pair := range a.kwargs {
		if pair[0] == starlark.String(name) {
			return pair[1]
		}
	}
	return a.at(i)
}

// self returns the receiver of a method of strings.
func (a arguments) self() string {
	s, _ := a.receiver.(starlark.String)
	return string(s)
}

// elements returns how many elements the arguments that are given by their place have together.
func (a arguments) elements() (n int) {
	for _, v := range a.args {
		n = min(n+lengthOf(v), math.MaxInt32)
	}
	return n
}

// all returns every argument, and the names of those that have one.
func (a arguments) all() []starlark.Value {
	all := []starlark.Value(a.args)
	for _, pair := range a.kwargs {
		all = append(all[:len(all):len(all)], pair...)
	}
	return all
}

// when tells when a method has to be guarded.
type when int

const (
	never     when = iota
	whenLarge      // its receiver is large
	always         // its arguments count
)

// builtin says what a built-in function costs. The zero value is one whose cost does not depend on
// its values.
type builtin struct {
	when  when
	cost  func(arguments) (cost, error)
	walks walk                                                                                 // how it goes through the iterable values that it is given
	key   bool                                                                                 // its first argument is a key
	run   func(*Meter, *starlark.Thread, *starlark.Builtin, arguments) (starlark.Value, error) // does it instead
}

// walk is what a function does with the elements of its arguments.
type walk int

const (
	notAtAll    walk = iota
	eachElement      // takes them
	eachKey          // hashes them
	eachPair         // hashes the first of each
)

// builtins has every function of the language, of the modules that scripts have, and every method
// of their types: what is not in it is not offered (see TestEveryBuiltinHasACost).
var builtins = map[string]builtin{
	"None": {}, "True": {}, "False": {}, "abs": {cost: goesThrough}, "bool": {}, "chr": {}, "len": {}, "ord": {}, "type": {}, "hasattr": {}, "range": {},
	"all": {walks: eachElement}, "any": {walks: eachElement},
	"bytes": {cost: transcoded, walks: eachElement}, "dict": {cost: copies(2 * EntrySize), walks: eachPair},
	"dir": {cost: fields}, "enumerate": {cost: copies(96), walks: eachElement},
	"fail": {cost: texts}, "print": {cost: texts}, "repr": {cost: texts}, "str": {cost: texts},
	"float": {cost: digits(4)}, "int": {cost: digits(1)}, "hash": {cost: reads(0)},
	"list": {cost: copies(3 * WordSize), walks: eachElement}, "tuple": {cost: copies(3 * WordSize), walks: eachElement},
	"reversed": {cost: copies(WordSize), walks: eachElement}, "set": {cost: copies(EntrySize), walks: eachKey},
	"zip": {cost: columns, walks: eachElement}, "struct": {cost: members},
	"getattr": {cost: name}, "max": {run: extreme}, "min": {run: extreme}, "sorted": {run: sorted},

	"json.encode": {cost: jsonText}, "json.decode": {run: decodeJSON},

	"time.format": {when: always, cost: reads(8)}, "time.in_location": {when: always, cost: reads(8)},
	"time.from_timestamp": {}, "time.now": {}, "time.time": {cost: reads(8)},
	"time.is_valid_timezone": {cost: reads(8)}, "time.parse_duration": {cost: reads(16)}, "time.parse_time": {cost: reads(16)},
	"time.nanosecond": {}, "time.microsecond": {}, "time.millisecond": {}, "time.second": {}, "time.minute": {}, "time.hour": {},

	"math.ceil": {}, "math.copysign": {}, "math.fabs": {}, "math.floor": {}, "math.mod": {}, "math.pow": {}, "math.remainder": {},
	"math.round": {}, "math.exp": {}, "math.sqrt": {}, "math.acos": {}, "math.asin": {}, "math.atan": {}, "math.atan2": {},
	"math.cos": {}, "math.hypot": {}, "math.sin": {}, "math.tan": {}, "math.degrees": {}, "math.radians": {}, "math.acosh": {},
	"math.asinh": {}, "math.atanh": {}, "math.cosh": {}, "math.sinh": {}, "math.tanh": {}, "math.log": {}, "math.gamma": {},
	"math.e": {}, "math.pi": {},

	"bytes.elems": {when: whenLarge, run: bound},

	"string.capitalize": {when: whenLarge, cost: scans(3)}, "string.title": {when: whenLarge, cost: scans(3)},
	"string.lower": {when: whenLarge, cost: scans(3)}, "string.upper": {when: whenLarge, cost: scans(3)},
	"string.codepoint_ords": {when: whenLarge, run: bound}, "string.codepoints": {when: whenLarge, run: bound},
	"string.elem_ords": {}, "string.elems": {},
	"string.count": {when: whenLarge, cost: searches}, "string.find": {when: whenLarge, cost: searches}, "string.index": {when: always, cost: searches},
	"string.rfind": {when: whenLarge, cost: searches}, "string.rindex": {when: whenLarge, cost: searches},
	"string.partition": {when: whenLarge, cost: searches}, "string.rpartition": {when: whenLarge, cost: searches},
	"string.startswith": {when: always, cost: prefixes}, "string.endswith": {when: always, cost: prefixes},
	"string.removeprefix": {}, "string.removesuffix": {},
	"string.isalnum": {when: whenLarge, cost: scans(0)}, "string.isalpha": {when: whenLarge, cost: scans(0)},
	"string.isdigit": {when: whenLarge, cost: scans(0)}, "string.isspace": {when: whenLarge, cost: scans(0)},
	"string.istitle": {when: whenLarge, cost: scans(0)},
	"string.islower": {when: whenLarge, cost: scans(3)}, "string.isupper": {when: whenLarge, cost: scans(3)},
	"string.strip": {when: always, cost: strips}, "string.lstrip": {when: always, cost: strips}, "string.rstrip": {when: always, cost: strips},
	"string.split": {when: always, cost: splits}, "string.rsplit": {when: always, cost: splits}, "string.splitlines": {when: whenLarge, cost: splits},
	"string.format": {when: always, cost: formats}, "string.join": {when: always, cost: joins, walks: eachElement},
	"string.replace": {when: always, cost: replaces},

	"list.append": {when: whenLarge, cost: grows}, "list.insert": {when: whenLarge, cost: grows}, "list.clear": {when: whenLarge, cost: shifts},
	"list.pop": {when: always, cost: shifts}, "list.extend": {when: always, cost: extends, walks: eachElement},
	"list.index": {when: always, cost: finds}, "list.remove": {when: always, cost: finds},

	"dict.clear": {when: whenLarge, cost: shifts}, "dict.get": {when: whenLarge, key: true}, "dict.pop": {when: always, key: true},
	"dict.popitem": {}, "dict.setdefault": {when: whenLarge, cost: grows, key: true},
	"dict.items": {when: whenLarge, cost: items(72)}, "dict.keys": {when: whenLarge, cost: items(WordSize)}, "dict.values": {when: whenLarge, cost: items(88)},
	"dict.update": {when: always, cost: extends, walks: eachPair},

	"set.add": {when: whenLarge, cost: grows, key: true}, "set.clear": {when: whenLarge, cost: shifts}, "set.discard": {when: whenLarge, key: true},
	"set.pop": {when: always}, "set.remove": {when: always, key: true}, "set.update": {when: always, cost: extends, walks: eachKey},
	"set.difference": {when: always, cost: sets, walks: eachKey}, "set.intersection": {when: always, cost: sets, walks: eachKey},
	"set.issubset": {when: always, cost: sets, walks: eachKey}, "set.issuperset": {when: always, cost: sets, walks: eachKey},
	"set.symmetric_difference": {when: always, cost: sets, walks: eachKey}, "set.union": {when: always, cost: sets, walks: eachKey},
}

// methodOf is the name in the table of a method of a value, "" where the value's type has none
// there.
func methodOf(v starlark.Value, name string) string {
	switch v.(type) {
	case starlark.String, starlark.Bytes, *starlark.List, *starlark.Dict, *starlark.Set:
		return v.Type() + "." + name
	}
	if v.Type() == "time.time" {
		return "time." + name
	}
	return ""
}

// methods tells, for a name that is a method of some type, when it has to be guarded.
var methods = func() map[string]builtin {
	all := map[string]builtin{}
	for full, b := range builtins {
		kind, name, ok := strings.Cut(full, ".")
		if known := all[name]; ok && kind != "math" && kind != "json" {
			all[name] = builtin{when: max(known.when, b.when), key: known.key || b.key}
		}
	}
	return all
}()

func whenGuarded(method string) when { return methods[method].when }

func takesKey(method string) bool { return methods[method].key && methods[method].when == whenLarge }

// copies is the cost of a size for each element of each argument.
func copies(size int64) func(arguments) (cost, error) {
	return func(a arguments) (c cost, _ error) {
		for _, v := range a.args {
			c.bytes += Times(int64(lengthOf(v)), size)
		}
		c.bytes += int64(len(a.kwargs)) * size
		return c, nil
	}
}

// items is that for each element of the receiver.
func items(size int64) func(arguments) (cost, error) {
	return func(a arguments) (cost, error) {
		n := int64(lengthOf(a.receiver))
		return cost{n * size, 10 * n}, nil
	}
}

// reads is the cost of going through the texts that are given, with a size for each byte.
func reads(size int64) func(arguments) (cost, error) {
	return func(a arguments) (c cost, _ error) {
		for _, v := range a.all() {
			n := int64(lengthOf(v))
			c.bytes, c.work = c.bytes+n*size, c.work+n
		}
		return c, nil
	}
}

// scans is the cost of going through the receiver rune by rune.
func scans(size int64) func(arguments) (cost, error) {
	return func(a arguments) (cost, error) {
		n := int64(len(a.self()))
		return cost{n * size, n}, nil
	}
}

func searches(a arguments) (cost, error) {
	return cost{0, int64(len(a.self())+lengthOf(a.receiver)) / 16}, nil
}

func prefixes(a arguments) (cost, error) {
	c := cost{0, int64(len(a.text(0))) / 64}
	if all, ok := a.at(0).(starlark.Tuple); ok {
		c.work = int64(len(all))
		for _, v := range all[:min(len(all), maxWork)] {
			c.work += int64(lengthOf(v)) / 64
		}
	}
	return c, nil
}

// strips looks for each rune that it takes away among those to take away.
func strips(a arguments) (cost, error) {
	n, set := int64(len(a.self())), int64(len(a.text(0)))
	return cost{0, n/4 + Times(n, set/64) + set}, nil
}

func splits(a arguments) (cost, error) {
	s, sep := a.self(), a.text(0)
	n := int64(len(s))/2 + 1
	switch {
	case sep != "":
		n = int64(strings.Count(s, sep)) + 1
	case a.receiver != nil && a.at(0) == nil && len(s) > lightText:
		n = int64(len(s)) // lines
	}
	c := cost{3 * 16 * n, int64(len(s))/4 + 4*n}
	if most, ok := a.at(1).(starlark.Int); ok { // rsplit makes room for so many at once
		if k, ok := most.Int64(); ok && k > 0 {
			c.bytes += Times(16, k)
		}
	}
	return c, nil
}

func joins(a arguments) (cost, error) {
	c := cost{bytes: Times(int64(len(a.self())), int64(lengthOf(a.at(0))))}
	switch list := a.at(0).(type) {
	case starlark.Indexable:
		if list.Len() > maxWork {
			return cost{}, errWork
		}
		for i := range list.Len() {
			if s, ok := list.Index(i).(starlark.String); ok {
				c.bytes += int64(len(s))
			}
		}
	case *starlark.Dict, *starlark.Set:
		for v := range starlark.Elements(list.(starlark.Iterable)) {
			c.bytes += int64(lengthOf(v))
		}
	default:
		c.bytes += 4 * int64(lengthOf(a.at(0)))
	}
	return cost{Times(2, c.bytes), c.bytes/64 + int64(lengthOf(a.at(0)))}, nil
}

func replaces(a arguments) (cost, error) {
	s, old, with := a.self(), a.text(0), a.text(1)
	n := int64(utf8.RuneCountInString(s)) + 1
	if old != "" {
		n = int64(strings.Count(s, old))
	}
	if most, ok := a.at(2).(starlark.Int); ok {
		if k, ok := most.Int64(); ok && k >= 0 {
			n = min(n, k)
		}
	}
	made := int64(len(s)) + Times(n, int64(len(with)))
	return cost{made, int64(len(s))/16 + made/64 + n}, nil
}

// formats is the cost of a text with each argument in as many places as there are.
func formats(a arguments) (cost, error) {
	return formatted(a.self(), "{", a.all()...)
}

func formatted(format, verb string, values ...starlark.Value) (cost, error) {
	c, err := weigh(printing, values...)
	n := int64(strings.Count(format, verb))
	return cost{Times(2, Times(c.bytes, n)+int64(len(format))), Times(c.work, n) + int64(len(format))/4}, err
}

func texts(a arguments) (cost, error) {
	if a.receiver == nil && len(a.args) == 1 && len(a.kwargs) == 0 {
		if v := a.args[0]; light(v) {
			return cost{}, nil
		}
	}
	c, err := weigh(printing, a.all()...)
	if sep, ok := a.named(-1, "sep").(starlark.String); ok {
		between := Times(int64(len(sep)), int64(len(a.args)))
		c.bytes, c.work = c.bytes+between, c.work+between/64
	}
	return cost{Times(3, c.bytes), c.work}, err
}

// name is the cost of an error that shows a name.
func name(a arguments) (cost, error) {
	n := int64(len(a.text(1)))
	return cost{Times(6, n), n}, nil
}

func jsonText(a arguments) (cost, error) {
	c, err := weigh(encoding, a.all()...)
	return cost{Times(3, c.bytes), c.work}, err
}

func transcoded(a arguments) (cost, error) {
	if s := a.text(0); s != "" {
		if utf8.ValidString(s) {
			return cost{0, int64(len(s)) / 16}, nil
		}
		return cost{6 * int64(len(s)), int64(len(s))}, nil
	}
	return cost{bytes: int64(lengthOf(a.at(0)))}, nil
}

// maxDigits bounds the text of a number: reading it takes the square of its length.
const maxDigits = 1 << 17

func digits(size int64) func(arguments) (cost, error) {
	return func(a arguments) (cost, error) {
		text, _ := a.named(0, "x").(starlark.String)
		n := int64(len(text))
		if n > maxDigits {
			return cost{}, errDigits
		}
		return cost{size * n, n/4 + n*n/(1<<13)}, nil
	}
}

// columns is the cost of zip: as many rows as the shortest argument, and a tuple for each.
func columns(a arguments) (cost, error) {
	rows := int64(0)
	for i, v := range a.args {
		if n := int64(lengthOf(v)); i == 0 || n < rows {
			rows = n
		}
	}
	return cost{bytes: Times(rows, 40+WordSize*int64(len(a.args)))}, nil
}

// goesThrough is the cost of reading a number.
func goesThrough(a arguments) (cost, error) {
	c, err := weigh(comparing, a.all()...)
	return cost{work: c.work}, err
}

func shifts(a arguments) (cost, error) {
	return cost{0, int64(lengthOf(a.receiver)) / 4}, nil
}

func grows(a arguments) (cost, error) { return growth(a.receiver, 1) }

func extends(a arguments) (cost, error) {
	return growth(a.receiver, a.elements())
}

// finds is the cost of comparing a value with the elements of a list.
func finds(a arguments) (cost, error) { return contained(a.at(0), a.receiver) }

// sets is the cost of hashing all keys of the receiver again.
func sets(a arguments) (cost, error) {
	n := int64(lengthOf(a.receiver))
	c, err := weigh(comparing, a.receiver)
	return cost{EntrySize * (n + int64(a.elements())), 10*n + c.work}, err
}
