package asgo

import (
	"encoding"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
)

// maker makes the arguments of one call. Makers with one seed make equal graphs of values, each
// of the types of its side: where the native one has a value of the package, the other has an
// object.
type maker struct {
	on      side
	rng     *rand.Rand
	strings []string
	made    map[reflect.Type][]reflect.Value // what a later argument may be again
	errs    []error                          // the errors among them
	seen    []string                         // what callbacks were called with
	levels  int
	within  int // how many calls make arguments of one another
}

func newMaker(on side, seed uint64, strings []string) *maker {
	return &maker{on: on, rng: rand.New(rand.NewPCG(seed, 7)), strings: strings, made: map[reflect.Type][]reflect.Value{}}
}

var (
	integers = []int64{0, 1, -1, 2, 3, 5, 10, 16, 36, 64, 127, 255, 1000, 1<<53 + 1, math.MaxInt64, math.MinInt64}
	floats   = []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e300, 5e-324, math.NaN(), math.Inf(1), math.Inf(-1)}
	texts    = []string{
		"", "a", "b", "Hello, Wörld", "a,b,,c", " padded\t\n", "\xff\xfe", "a\x00b", "42", "-1", "1.5", "1e400", "true", "世界🙂", "A-b_C d", "%41%zz",
		`{"X":1,"Y":[true,null,"é"]}`, "https://ann:pw@example.com:80/a/../b?x=1&y=%20#f", "/a/./b//c.txt", "2026-03-29T02:30:00+01:00", "k: v\nl: [1, 2]\n",
		"1.2.3-rc.1+b", "(a|b)*c", "{{.X}}", "<p class='x'>&amp;é</p>", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "1h2m3s", "192.0.2.1", strings.Repeat("long ", 900),
	}
	berlin = time.FixedZone("", 0)
)

func init() {
	if zone, err := time.LoadLocation("Europe/Berlin"); err == nil {
		berlin = zone
	}
}

func pick[E any](m *maker, list []E) E { return list[m.rng.IntN(len(list))] }

func (m *maker) text() string {
	if len(m.strings) > 0 && m.rng.IntN(3) > 0 {
		return pick(m, m.strings)
	}
	return pick(m, texts)
}

// typ is the type that values of t have on the maker's side.
func (m *maker) typ(t reflect.Type) reflect.Type {
	if m.on.native() {
		return t
	}
	return hostType(t)
}

// errNone says that a type has no values.
type errNone struct{ t reflect.Type }

func (e errNone) Error() string { return "no value of type " + e.t.String() + " can be made" }

// value makes a value of a type of the module; it panics with an errNone where it cannot.
func (m *maker) value(t reflect.Type) reflect.Value {
	m.levels++
	defer func() { m.levels-- }()
	if again := m.made[t]; len(again) > 0 && m.rng.IntN(4) == 0 {
		return m.again(pick(m, again))
	}
	v := m.fresh(t)
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Map, reflect.Interface:
		m.made[t] = append(m.made[t], v)
	}
	return v
}

// again is a value that was made before, or a part of it.
func (m *maker) again(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Slice || v.Cap() == 0 {
		return v
	}
	from := m.rng.IntN(v.Len() + 1)
	return v.Slice(from, from+m.rng.IntN(v.Len()-from+1))
}

func (m *maker) fresh(t reflect.Type) reflect.Value {
	v := reflect.New(m.typ(t)).Elem()
	switch {
	case hostType(t) == nil:
		panic(errNone{t})
	case hostType(t) == objectType:
		return m.on.object(m, t)
	case t == timeType:
		v.Set(reflect.ValueOf(m.time()))
		return v
	case t == placeType:
		v.Set(reflect.ValueOf(m.place()))
		return v
	case t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && hasText(t):
		m.fromText(v)
		return v
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(m.rng.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(pick(m, integers)) // overflow wraps
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(pick(m, integers)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(pick(m, floats))
	case reflect.String:
		v.SetString(m.text())
	case reflect.Interface:
		m.setInterface(v, t)
	case reflect.Func:
		v.Set(m.function(t))
	default:
		m.setComposite(v, t)
	}
	return v
}

// maxLevels is how deep values are nested.
const maxLevels = 5

func (m *maker) setComposite(v reflect.Value, t reflect.Type) {
	size := m.rng.IntN(5)
	switch {
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			v.Field(i).Set(m.value(t.Field(i).Type))
		}
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			v.Index(i).Set(m.value(t.Elem()))
		}
	case m.levels > maxLevels || size == 4: // nil
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		v.Elem().Set(m.value(t.Elem()))
	case t == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte(m.text()))
	case t.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), size, size+m.rng.IntN(3)))
		for i := range size {
			v.Index(i).Set(m.value(t.Elem()))
		}
	case t.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range size {
			if key := m.value(t.Key()); key.Comparable() {
				v.SetMapIndex(key, m.value(t.Elem()))
			}
		}
	}
}

func (m *maker) place() *time.Location {
	return pick(m, []*time.Location{time.UTC, berlin, time.FixedZone("odd", 5*3600+1800)})
}

func (m *maker) time() time.Time {
	zone := m.place()
	return pick(m, []time.Time{{}, time.Unix(0, 0).In(zone), time.Date(2026, 3, 29, 1, 59, 59, 999, zone), time.Date(2026, 10, 25, 2, 30, 0, 0, zone), time.Date(-1, 1, 1, 0, 0, 0, 0, zone)})
}

// fromText sets a value that has a text form from the first text that it takes, of a few.
func (m *maker) fromText(v reflect.Value) {
	for range 8 {
		text := []byte(m.text())
		fresh := reflect.New(v.Type())
		var err error
		switch p := fresh.Interface().(type) {
		case encoding.TextUnmarshaler:
			err = p.UnmarshalText(text)
		case encoding.BinaryUnmarshaler:
			err = p.UnmarshalBinary(text)
		}
		if err == nil {
			v.Set(fresh.Elem())
			return
		}
	}
}

// Record is a type of the host, as decoders and templates see them.
type Record struct {
	X    int               `json:"x" yaml:"x" toml:"x"`
	Name string            `json:"name,omitempty" yaml:"name,omitempty" toml:"name,omitempty"`
	At   time.Time         `json:"at" yaml:"at" toml:"at"`
	List []int             `json:"list" yaml:"list" toml:"list"`
	Map  map[string]string `json:"map" yaml:"map" toml:"map"`
	Next *Record           `json:"next" yaml:"next" toml:"next"`
	Any  any               `json:"any" yaml:"any" toml:"any"`
}

// dynamic are the types of what an any holds. An error is none of them: its type and fields stay
// behind, as the guide says, and decoders would see that.
var dynamic = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[[]byte](), timeType, reflect.TypeFor[time.Duration](),
	reflect.TypeFor[[]any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[[]string](), reflect.TypeFor[*int](), reflect.TypeFor[Record](), reflect.TypeFor[*Record](),
	reflect.TypeFor[*map[string]any](), reflect.TypeFor[*any](), reflect.TypeFor[*[]int](), reflect.TypeFor[uint8](), reflect.TypeFor[int64](),
}

func (m *maker) setInterface(v reflect.Value, t reflect.Type) {
	set := func(value any) { v.Set(reflect.ValueOf(value)) }
	switch {
	case t.NumMethod() == 0:
		if m.levels <= maxLevels && m.rng.IntN(8) > 0 {
			if inner := m.value(pick(m, dynamic)); inner.Kind() != reflect.Interface || !inner.IsNil() {
				v.Set(inner)
			}
		}
	case t == errorType:
		if err := m.error(); err != nil {
			set(err)
			m.errs = append(m.errs, err)
		}
	case t == readerType:
		set(io.Reader(&reader{text: m.text(), step: 1 + m.rng.IntN(9), err: pick(m, []error{io.EOF, io.EOF, errBroken})}))
	case t == writerType:
		set(io.Writer(&writer{room: pick(m, []int{1 << 20, 1 << 20, 3})}))
	case t == stringerType:
		set(fmt.Stringer(&named{m.text()}))
	default:
		panic(errNone{t})
	}
}

func (m *maker) error() error {
	text := m.text()
	switch m.rng.IntN(7) {
	case 0:
		return io.EOF
	case 1:
		return errors.New(text)
	case 2:
		return fmt.Errorf("around: %w", fs.ErrNotExist)
	case 3:
		return &fs.PathError{Op: "open", Path: text, Err: io.ErrUnexpectedEOF}
	case 4:
		return errors.Join(errBroken, errors.New(text))
	case 5:
		return errBroken
	}
	return nil
}

// function makes a function of the host. What it returns follows from its arguments alone. It calls
// functions among them, as a yield, and rarely panics.
func (m *maker) function(t reflect.Type) reflect.Value {
	salt := m.rng.Uint64()
	f := func(args []reflect.Value) []reflect.Value {
		text := describe(args)
		m.seen = append(m.seen, text)
		sum := fnv.New64a()
		io.WriteString(sum, text)
		inner := newMaker(m.on, sum.Sum64()^salt, m.strings)
		inner.levels = maxLevels - 1
		if salt%16 == 0 && len(m.seen) > 2 {
			panic("callback: " + text)
		}
		for j, arg := range args {
			inner.use(t.In(j), arg, m)
		}
		out := make([]reflect.Value, t.NumOut())
		for j := range out {
			out[j] = inner.value(t.Out(j))
		}
		return out
	}
	return reflect.MakeFunc(m.typ(t), f)
}

// use does what a callback may do with an argument: it calls a function, and writes into a slice.
func (m *maker) use(t reflect.Type, arg reflect.Value, outer *maker) {
	switch {
	case t.Kind() == reflect.Func && !arg.IsNil():
		for range 3 {
			results := m.on.call(arg, m.arguments(t))
			outer.seen = append(outer.seen, describe(results))
			if len(results) == 0 || results[0].Kind() != reflect.Bool || !results[0].Bool() {
				return
			}
		}
	case t.Kind() == reflect.Slice && hostType(t) == t && arg.Len() > 0 && m.rng.IntN(3) == 0:
		arg.Index(0).Set(m.value(t.Elem()))
	}
}

func (m *maker) arguments(t reflect.Type) []reflect.Value {
	var args []reflect.Value
	for p := range t.Ins() {
		args = append(args, m.value(p))
	}
	return args
}
