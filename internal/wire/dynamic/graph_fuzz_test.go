package dynamic_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

type leaf struct {
	N int
	B []byte
}

// graph is what both sides change. All is the array of which Low and High are parts.
type graph struct {
	P, Q           *leaf
	All, Low, High []int
	Ptrs           []*leaf
	Through        **leaf
	Counts         map[string]int
	Leaves         map[string]*leaf
	Rows           [][]int
	Any            any
	Anys           []any
}

// choices are what a fuzzer chose.
type choices []byte

func (c *choices) next(n int) int {
	if len(*c) == 0 || n == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return int(b) % n
}

// newGraph makes a graph; the same choices make the same one.
func newGraph(c *choices) *graph {
	leaves := make([]*leaf, 1+c.next(4))
	for i := range leaves {
		leaves[i] = &leaf{N: c.next(256), B: bytes.Repeat([]byte{byte(i)}, c.next(5))}
	}
	pick := func() *leaf {
		if i := c.next(len(leaves) + 1); i < len(leaves) {
			return leaves[i]
		}
		return nil
	}
	g := &graph{P: pick(), Q: pick(), All: make([]int, 8), Counts: map[string]int{"a": 1}, Leaves: map[string]*leaf{"p": pick()}}
	low, high := c.next(8), c.next(8)
	g.Low, g.High = g.All[:low], g.All[high:8:8]
	g.Ptrs = []*leaf{pick(), pick(), pick()}
	g.Through = [](**leaf){nil, new(*leaf)}[c.next(2)]
	if g.Through != nil {
		*g.Through = pick()
	}
	g.Rows = [][]int{g.Low, g.High, {7}}
	g.Any = []any{nil, 5, "text", pick(), g.Counts, g.Low}[c.next(6)]
	g.Anys = []any{pick(), g.High, c.next(9)}
	return g
}

// change changes a graph as chosen: that of a host, or what a module made of it.
func change(c *choices, g reflect.Value) {
	for range c.next(8) {
		f := func(name string) reflect.Value { return g.Elem().FieldByName(name) }
		p, all := f("P"), f("All")
		pick := []reflect.Value{p, f("Q"), f("Ptrs").Index(c.next(3)), f("Leaves").MapIndex(reflect.ValueOf("p"))}[c.next(4)]
		n := c.next(256)
		switch c.next(14) {
		case 0:
			all.Index(n % 8).SetInt(int64(n))
		case 1: // within the capacity
			low := f("Low")
			low.Set(reflect.Append(low.Slice3(0, low.Len(), low.Cap()), reflect.ValueOf(n)))
		case 2:
			if pick.IsValid() && !pick.IsNil() {
				pick.Elem().Field(0).SetInt(int64(n))
			}
		case 3:
			p.Set(f("Q"))
		case 4:
			f("Ptrs").Index(n % 3).Set(p)
		case 5:
			f("Q").Set(reflect.New(p.Type().Elem()))
			f("Q").Elem().Field(0).SetInt(int64(n))
		case 6:
			f("Counts").SetMapIndex(reflect.ValueOf(string('a'+rune(n%3))), reflect.ValueOf(n))
		case 7:
			f("Counts").SetMapIndex(reflect.ValueOf("a"), reflect.Value{})
		case 8:
			f("Leaves").SetMapIndex(reflect.ValueOf("q"), p)
		case 9:
			f("Rows").Index(n % 3).Set(f("High"))
		case 10:
			if through := f("Through"); !through.IsNil() {
				through.Elem().Set(p)
			}
		case 11:
			f("Any").Set([]reflect.Value{reflect.ValueOf(n), reflect.ValueOf("changed"), f("Counts"), all}[n%4])
		case 12:
			if !p.IsNil() && p.Elem().Field(1).Len() > 0 {
				p.Elem().Field(1).Index(0).SetUint(uint64(n))
			}
		case 13:
			f("High").Set(all.Slice3(n%8, 8, 8))
		}
	}
}

// pair maps what one graph leads to to what the other does.
type pair struct {
	there, back map[unsafe.Pointer]unsafe.Pointer
}

// one reports whether two addresses are those of one thing, and whether it is met first.
func (p *pair) one(a, b unsafe.Pointer) (same, first bool) {
	to, known := p.there[a]
	from, taken := p.back[b]
	if known || taken {
		return to == b && from == a, false
	}
	p.there[a], p.back[b] = b, a
	return true, true
}

// alike reports whether two values are the same, and what they lead to is shared in the same way.
func (p *pair) alike(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Interface:
		return p.alike(a.Elem(), b.Elem())
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		same, first := p.one(a.UnsafePointer(), b.UnsafePointer())
		return same && (!first || p.alike(a.Elem(), b.Elem()))
	case reflect.Struct:
		for i := range a.NumField() {
			if !p.alike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
			return false
		}
		for i := range a.Len() {
			same, _ := p.one(a.Index(i).Addr().UnsafePointer(), b.Index(i).Addr().UnsafePointer())
			if !same || !p.alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
			return false
		}
		if same, first := p.one(a.UnsafePointer(), b.UnsafePointer()); !first {
			return same
		}
		for it := a.MapRange(); it.Next(); {
			if !p.alike(it.Value(), b.MapIndex(it.Key())) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// side is a host or a module within one call.
type side struct {
	*dynamic.Codec
	sharing wire.Sharing
}

// send encodes a message, again where it has to be. It returns nil where a part of an array became
// longer, which is refused.
func (s *side) send(t *testing.T, encode func(e *wire.Encoder)) []byte {
	known := len(s.sharing.Things)
	for {
		e := wire.Encoder{Sharing: &s.sharing}
		encode(&e)
		if e.Err == nil {
			return e.Buf
		}
		if errors.Is(e.Err, wire.ErrLonger) {
			return nil
		}
		require.ErrorIs(t, e.Err, wire.ErrAgain)
		s.sharing.Restart(known)
	}
}

// bring lets the other side have what has changed here, and reports whether it could be sent.
func (s *side) bring(t *testing.T, other *side) bool {
	var changed []int
	for n, thing := range s.sharing.Things {
		if is, err := thing.(wire.Thing).Changed(false); is || err != nil {
			require.NoError(t, err)
			changed = append(changed, n)
		}
	}
	known := len(s.sharing.Things)
	message := s.send(t, func(e *wire.Encoder) {
		for _, n := range changed {
			e.Uint(uint64(n) + 1)
			s.sharing.Things[n].(wire.Thing).Put(e)
		}
		e.Uint(0)
	})
	if message == nil {
		return false
	}
	s.keep(known)
	known = len(other.sharing.Things)
	d := wire.NewDecoder(message)
	d.Sharing = &other.sharing
	for n := d.Uint(); n > 0 && d.Err() == nil; n = d.Uint() {
		other.sharing.Things[n-1].(wire.Thing).Take(&d)
	}
	require.NoError(t, d.End())
	other.keep(known)
	return true
}

func (s *side) keep(from int) {
	for _, thing := range s.sharing.Things[from:] {
		thing.(wire.Thing).Keep()
	}
}

// FuzzGraphs passes a graph to a module, lets both sides change it in turn, and compares it with
// one that the same changes were made to without a module.
func FuzzGraphs(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{3, 1, 2, 3, 4, 0, 1, 3, 5, 1, 0, 2, 1, 0, 5, 1}, []byte{7, 0, 0, 3, 0, 0, 1, 5, 9, 0, 5, 1, 1, 1, 11})
	f.Add([]byte{2, 9, 4, 9, 4, 0, 1, 8, 2, 0, 1, 2, 1, 1, 4, 2}, []byte{3, 2, 9, 1, 2, 3, 2, 4, 7, 7, 6, 1, 8, 6, 3, 0, 9, 4, 13, 12})
	f.Fuzz(func(t *testing.T, made, changes []byte) {
		c := choices(made)
		want := newGraph(&c)
		c = choices(made)
		got := newGraph(&c)
		peer := &holder{}
		host := &side{Codec: dynamic.New(peer)}
		module := &side{Codec: dynamic.New(&holder{peer.held, true})}
		message := host.send(t, func(e *wire.Encoder) { host.Encode(e, got) })
		require.NotNil(t, message)
		d := wire.NewDecoder(message)
		d.Sharing = &module.sharing
		inside := reflect.ValueOf(module.Decode(&d))
		require.NoError(t, d.End())
		host.keep(0)
		module.keep(0)
		there, here := choices(changes), choices(changes)
		for turn := 0; len(there) > 0 && turn < 8; turn++ {
			change(&there, reflect.ValueOf(want))
			if turn%2 == 0 {
				change(&here, inside)
				if !module.bring(t, host) {
					return
				}
			} else {
				change(&here, reflect.ValueOf(got))
				if !host.bring(t, module) {
					return
				}
			}
			p := pair{map[unsafe.Pointer]unsafe.Pointer{}, map[unsafe.Pointer]unsafe.Pointer{}}
			require.True(t, p.alike(reflect.ValueOf(want), reflect.ValueOf(got)), "turn %d: want %+v, got %+v", turn, want, got)
		}
	})
}
