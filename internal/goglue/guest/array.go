package guest

import (
	"reflect"
	"slices"
	"unsafe"

	"github.com/loadgo/load/internal/wire"
)

// list is the array of slices.
type list[E any] struct {
	form
	all, was      []E
	runs          []int   // what has changed
	lent          *[]byte // what was lies in
	fill, content func(*Call, []E)
	last          *lost[E] // where it lasts
	count         int      // how many elements it has then
}

func (l *list[E]) whole() bool { return false }

func (l *list[E]) keep() {
	l.remember()
	l.last.agree()
}

func (l *list[E]) remember() {
	size := uintptr(len(l.all)) * unsafe.Sizeof(*new(E))
	if size < wire.MinLent || l.last != nil || !wire.Spare(reflect.TypeFor[E]().Kind()) {
		l.was = append([]E(nil), l.all...)
		return
	}
	l.lent = wire.Lend(int(size))
	l.was = unsafe.Slice((*E)(unsafe.Pointer(unsafe.SliceData(*l.lent))), len(l.all))
	copy(l.was, l.all)
}

// over gives back what was lent, when the call is over.
func (l *list[E]) over() {
	if l.lent != nil {
		wire.GiveBack(l.lent)
		l.was, l.lent = nil, nil
	}
}

func (l *list[E]) changed(keep bool) bool {
	if l.last.joined() {
		return l.last.differs(keep, l.remember)
	}
	l.runs = wire.Runs(l.runs[:0], unsafe.Pointer(unsafe.SliceData(l.all)), unsafe.Pointer(unsafe.SliceData(l.was)), len(l.was), unsafe.Sizeof(*new(E)))
	for i := 0; keep && i < len(l.runs); i += 2 {
		copy(l.was[l.runs[i]:l.runs[i+1]], l.all[l.runs[i]:])
	}
	return l.last.dirty(keep) || len(l.runs) > 0
}

func (l *list[E]) put(c *Call) {
	l.use(c)
	if c.Out.Sharing.Lasts() {
		l.content(c, l.all)
		return
	}
	c.Out.PutRuns(l.runs, func(from, to int) { l.content(c, l.all[from:to]) })
}

func (l *list[E]) take(c *Call) {
	if c.In.Sharing.Lasts() {
		l.fill(c, l.all)
		return
	}
	c.In.TakeRuns(len(l.all), func(from, to int) {
		l.fill(c, l.all[from:to])
		if len(l.was) > 0 {
			copy(l.was[from:to], l.all[from:to])
		}
	})
}

// TakeSlice takes a shared slice whose elements take at least so many bytes each.
func TakeSlice[S ~[]E, E any](c *Call, least int, fill, content func(*Call, []E)) S {
	l := takeArray(c, least, fill, content)
	if l == nil {
		return nil
	}
	low, high, most := c.In.Part(len(l.all))
	return l.all[low:high:most]
}

// takeArray takes the array of a shared slice, or nil where the slice is.
func takeArray[E any](c *Call, least int, fill, content func(*Call, []E)) *list[E] {
	head := c.In.Uint()
	switch {
	case head == wire.ShareNil:
		return nil
	case head < wire.ShareRef:
		s := c.In.Sharing
		last := s.TakePlace(&c.In)
		count, _ := c.In.Len(least)
		l, ok := last.Thing.(*list[E])
		if !ok || l.all == nil || len(l.all) != count {
			ok, l = false, new(list[E])
			s.SetNumber(last, l)
		}
		if !ok || !s.Lasts() {
			l.form, l.fill, l.content = formOf(head-wire.ShareNew), fill, content
		}
		n := s.NumberAgain(last, l)
		bytes, isBytes := any(l).(*list[byte])
		to, again := true, ok && last.Again()
		switch {
		case again:
			isBytes = false
		case l.all != nil:
			isBytes, to = false, c.whether(last, true, l, nil)
		case isBytes:
			bytes.all = c.In.Array(count)
		default:
			l.all = make([]E, count)
		}
		s.PlaceArray(n, unsafe.Pointer(unsafe.SliceData(l.all)), uintptr(len(l.all))*unsafe.Sizeof(*new(E)), reflect.TypeFor[E](), 0)
		switch {
		case !to:
			fill(c, make([]E, count))
			return l
		case again:
			now := slices.Clone(l.all)
			if fill(c, now); last.Old {
				return l
			}
			if at, size := l.Array(); !wire.Same(at, unsafe.Pointer(unsafe.SliceData(now)), size) {
				copy(l.all, now)
			}
		case !isBytes:
			fill(c, l.all)
		}
		l.keep()
		return l
	}
	l, ok := c.thing(head).(*list[E])
	if !ok {
		c.BadTag()
	}
	return l
}

// PutSlice appends a shared slice.
func PutSlice[S ~[]E, E any](c *Call, v S, fill, content func(*Call, []E)) {
	if v == nil {
		c.Out.Uint(wire.ShareNil)
		return
	}
	s, typ, each := c.Out.Sharing, reflect.TypeFor[E](), unsafe.Sizeof(*new(E))
	at := unsafe.Pointer(unsafe.SliceData(v))
	size := each * uintptr(max(len(v), min(cap(v), 1)))
	n, offset, room, ok := s.FindArray(&c.Out, at, size, typ, 0)
	if ok && each > 0 {
		c.Out.Uint(wire.ShareRef + uint64(n))
		c.Out.Part(int(offset/each), len(v), min(cap(v), int(room/each)))
		return
	}
	start, size := s.Whole(at, each*uintptr(len(v)))
	l := &list[E]{form: c.form(), all: v, fill: fill, content: content}
	low := 0
	if each > 0 {
		l.all, low = unsafe.Slice((*E)(start), size/each), int((uintptr(at)-uintptr(start))/each)
	}
	s.PlaceArray(s.Number(l), start, size, typ, 0)
	c.Out.Uint(wire.ShareNew + l.mode())
	s.PutArrayPlace(&c.Out, l, start, size, typ, 0)
	c.Out.Len(len(l.all), false)
	content(c, l.all)
	c.Out.Part(low, len(v), min(cap(v), len(l.all)-low))
}

// FillBytes and PutBytes are the contents of arrays of bytes.
func FillBytes(c *Call, v []byte) { copy(v, c.In.Raw(len(v))) }
func PutBytes(c *Call, v []byte)  { c.Out.Raw(v) }
