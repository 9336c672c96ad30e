package guest

import (
	"maps"
	"reflect"
	"unsafe"

	"github.com/loadgo/load/internal/wire"
)

// table is a map.
type table[K comparable, V any] struct {
	form
	at      map[K]V
	was     wire.Entries[K, V]
	least   int
	fill    func(*Call, map[K]V, int)
	content func(*Call, map[K]V)
	last    *lost[byte] // where it lasts
	alone   func() bool // where it is again in a call: whether it can be read
}

func (t *table[K, V]) keep() {
	t.remember()
	t.last.agree()
}

func (t *table[K, V]) remember() { t.was = wire.EntriesOf(t.at) }

func (t *table[K, V]) whole() bool { return true }

func (t *table[K, V]) changed(keep bool) bool {
	if t.last.joined() {
		return t.last.differs(keep, t.remember)
	}
	if t.alone != nil && !t.alone() { // it crosses later
		return false
	}
	changed := t.last.dirty(keep) || t.was.Differ(t.at)
	if changed && keep {
		t.keep()
	}
	return changed
}

func (t *table[K, V]) put(c *Call) {
	t.use(c)
	c.Out.Len(len(t.at), false)
	t.content(c, t.at)
}

func (t *table[K, V]) take(c *Call) {
	clear(t.at)
	count, _ := c.In.Len(t.least)
	t.fill(c, t.at, count)
}

// TakeMap takes a shared map whose entries take at least so many bytes each.
func TakeMap[M ~map[K]V, K comparable, V any](c *Call, least int, fill func(*Call, map[K]V, int), content func(*Call, map[K]V)) M {
	head := c.In.Uint()
	switch {
	case head == wire.ShareNil:
		return nil
	case head < wire.ShareRef:
		s := c.In.Sharing
		n := s.TakePlace(&c.In)
		count, _ := c.In.Len(least)
		t, ok := n.Thing.(*table[K, V])
		if !ok {
			t = new(table[K, V])
			s.SetNumber(n, t)
		}
		if !ok || !s.Lasts() {
			t.form, t.least, t.fill, t.content = formOf(head-wire.ShareNew), least, fill, content
		}
		again := ok && n.Again()
		to := again || c.whether(n, t.at != nil, t, t.revive)
		t.Place(s, s.NumberAgain(n, t))
		switch {
		case !to:
			fill(c, map[K]V{}, count)
			return t.at
		case again:
			now := make(map[K]V, count)
			fill(c, now, count)
			if !t.was.Differ(now) {
				return t.at
			}
			if n.Old {
				c.Refuse(wire.ErrBoth.Error())
			}
			clear(t.at)
			maps.Copy(t.at, now)
		default:
			clear(t.at)
			fill(c, t.at, count)
		}
		t.keep()
		return t.at
	}
	t, ok := c.thing(head).(*table[K, V])
	if !ok {
		c.BadTag()
	}
	return t.at
}

// PutMap appends a shared map whose entries take at least so many bytes each.
func PutMap[M ~map[K]V, K comparable, V any](c *Call, v M, least int, fill func(*Call, map[K]V, int), content func(*Call, map[K]V)) {
	if v == nil {
		c.Out.Uint(wire.ShareNil)
		return
	}
	s, at := c.Out.Sharing, mapAddress(v)
	if n, ok := s.Find(at, reflect.TypeFor[V](), 0); ok {
		c.Out.Uint(wire.ShareRef + uint64(n))
		return
	}
	if _, known, _ := s.Lasting(at, reflect.TypeFor[V](), 0); known != nil {
		if known, ok := known.(*table[K, V]); ok { // others may be changing it
			v = known.was.Map()
		}
	}
	t := &table[K, V]{form: c.form(), at: v, least: least, fill: fill, content: content}
	s.Add(at, reflect.TypeFor[V](), 0, t)
	c.Out.Uint(wire.ShareNew + t.mode())
	s.PutPlace(&c.Out, t, at, reflect.TypeFor[V](), 0)
	c.Out.Len(len(v), false)
	content(c, v)
}

func mapAddress[K comparable, V any](m map[K]V) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&m))
}
