package guest

import (
	"reflect"
	"unsafe"

	"github.com/loadgo/load/internal/wire"
)

// thing is what the module keeps of a thing that it shares with the host: see [wire.Sharing].
type thing interface {
	keep()         // remembers the content
	changed() bool // reports whether it is another one
	put(c *Call)   // appends it, as changes carry it
	take(c *Call)  // takes it, in place
}

// form is how the content of a thing returns.
type form struct{ values, texts bool }

func formOf(mode uint64) form { return form{mode == wire.ModeValue, mode == wire.ModeText} }

func (f form) mode() uint64 {
	switch {
	case f.values:
		return wire.ModeValue
	case f.texts:
		return wire.ModeText
	}
	return 0
}

func (f form) use(c *Call) { c.Values, c.Texts, c.Holds = f.values, f.texts, false }

func (c *Call) form() form { return form{c.Values, c.Texts} }

// Sharing reports whether the call shares things with the host.
func (c *Call) Sharing() bool { return c.Out.Sharing != nil }

func (c *Call) share(s *wire.Sharing) { c.In.Sharing, c.Out.Sharing = s, s }

// Encoding begins the results, or the arguments of a call of the host, and reports whether they are
// still to be encoded: they are encoded again where an array among them turned out to be larger.
func (c *Call) Encoding() bool {
	s := c.Out.Sharing
	switch {
	case s == nil:
		if c.encoding = !c.encoding; c.encoding && c.outer != nil {
			c.outer.Use(c.putOuter)
		}
		return c.encoding
	case !c.encoding:
		if c.host == nil {
			s.End()
		}
		c.encoding, c.start, c.known = true, len(c.Out.Buf), len(s.Things)
	case c.Out.Err == wire.ErrAgain:
		c.module.held.forget(c.Out.Given)
		c.Out.Truncate(c.start)
		c.Out.Sharing = s
		s.Restart(c.known)
	default:
		return false
	}
	c.putChanges(s.Things[:c.known])
	return true
}

// putOuter appends what changed of the things of the call that was given what is called.
func (c *Call) putOuter(s *wire.Sharing) {
	start, known := len(c.Out.Buf), len(s.Things)
	c.Out.Sharing = s
	changed := c.putChanges(s.Things[:known])
	for c.Out.Err == wire.ErrAgain {
		c.Out.Truncate(start)
		c.Out.Sharing = s
		s.Restart(known)
		changed = c.putChanges(s.Things[:known])
	}
	c.Out.Sharing = nil
	for _, t := range append(changed, s.Things[known:]...) { // what changed may lead to new things
		switch t := t.(type) {
		case thing:
			t.keep()
		case wire.Thing:
			t.Keep()
		}
	}
}

// putChanges appends the things that the host has with another content, and returns them.
func (c *Call) putChanges(things []any) (changed []any) {
	for n, t := range things {
		switch t := t.(type) {
		case thing:
			if !t.changed() {
				continue
			}
			c.Out.Uint(uint64(n) + 1)
			t.put(c)
		case wire.Thing:
			if !t.Changed() {
				continue
			}
			c.Out.Uint(uint64(n) + 1)
			t.Put(&c.Out)
		}
		changed = append(changed, t)
	}
	c.Out.Uint(0)
	return changed
}

// takeChanges takes what the host changed.
func (c *Call) takeChanges() {
	s := c.In.Sharing
	for n := c.In.Uint(); n > 0 && c.In.Err() == nil; n = c.In.Uint() {
		if n > uint64(len(s.Things)) {
			c.BadTag()
		}
		switch t := s.Things[n-1].(type) {
		case thing:
			t.take(c)
			t.keep()
		case wire.Thing:
			t.Take(&c.In)
			t.Keep()
		}
	}
}

// known returns the thing that the host refers to.
func (c *Call) thing(head uint64) any {
	if n := head - wire.ShareRef; n < uint64(len(c.In.Sharing.Things)) {
		return c.In.Sharing.Things[n]
	}
	return nil
}

// pointee is what a pointer points to.
type pointee[T any] struct {
	form
	at            *T
	was           T
	fill, content func(*Call, *T)
}

func (p *pointee[T]) keep() { p.was = *p.at }

func (p *pointee[T]) changed() bool {
	return !wire.Same(unsafe.Pointer(p.at), unsafe.Pointer(&p.was), unsafe.Sizeof(p.was))
}

func (p *pointee[T]) put(c *Call) {
	p.use(c)
	p.content(c, p.at)
}

func (p *pointee[T]) take(c *Call) { p.fill(c, p.at) }

// TakePointer takes a shared pointer. Fill takes the content of what it points to, and content
// appends it.
func TakePointer[T any](c *Call, fill, content func(*Call, *T)) *T {
	head := c.In.Uint()
	switch {
	case head == wire.ShareNil:
		return nil
	case head < wire.ShareRef:
		p := &pointee[T]{form: formOf(head - wire.ShareNew), at: new(T), fill: fill, content: content}
		c.In.Sharing.Add(unsafe.Pointer(p.at), reflect.TypeFor[T](), 0, p)
		fill(c, p.at)
		p.keep()
		return p.at
	}
	return takeKnown[T](c, head)
}

func takeKnown[T any](c *Call, head uint64) *T {
	switch p := c.thing(head).(type) {
	case *pointee[T]:
		return p.at
	case *textual[T]:
		return p.at
	}
	c.BadTag()
	return nil
}

// PutPointer appends a shared pointer.
func PutPointer[T any](c *Call, v *T, fill, content func(*Call, *T)) {
	if v == nil {
		c.Out.Uint(wire.ShareNil)
		return
	}
	if putKnown(c, v) {
		return
	}
	p := &pointee[T]{form: c.form(), at: v, fill: fill, content: content}
	c.Out.Sharing.Add(unsafe.Pointer(v), reflect.TypeFor[T](), 0, p)
	c.Out.Uint(wire.ShareNew + p.mode())
	content(c, v)
}

// putKnown refers to what a pointer points to, where the host has it.
func putKnown[T any](c *Call, v *T) bool {
	n, ok := c.Out.Sharing.Find(unsafe.Pointer(v), reflect.TypeFor[T](), 0)
	if ok {
		c.Out.Uint(wire.ShareRef + uint64(n))
	}
	return ok
}

// textual is what a pointer points to where it crosses as what its own methods write.
type textual[T any] struct {
	at    *T
	was   string
	read  func(*T, []byte) error
	write func(*T) ([]byte, error)
}

func (p *textual[T]) keep() {
	text, _ := p.write(p.at)
	p.was = string(text)
}

func (p *textual[T]) changed() bool {
	text, err := p.write(p.at)
	return err != nil || string(text) != p.was
}

func (p *textual[T]) put(c *Call) {
	text, err := p.write(p.at)
	if err != nil {
		c.Out.Fail(err)
	}
	c.Out.Bytes(text)
}

func (p *textual[T]) take(c *Call) { c.Unmarshalled(p.read(p.at, c.In.Bytes())) }

// TakeText takes a shared pointer to what crosses as text.
func TakeText[T any](c *Call, read func(*T, []byte) error, write func(*T) ([]byte, error)) *T {
	head := c.In.Uint()
	if head == wire.ShareNil || head >= wire.ShareRef {
		return takeKnown[T](c, head)
	}
	p := &textual[T]{at: new(T), read: read, write: write}
	c.In.Sharing.Add(unsafe.Pointer(p.at), reflect.TypeFor[T](), 0, p)
	p.take(c)
	p.keep()
	return p.at
}

// PutText appends a shared pointer to what crosses as text. It is not nil.
func PutText[T any](c *Call, v *T, read func(*T, []byte) error, write func(*T) ([]byte, error)) {
	c.Out.Byte(wire.TagText)
	if putKnown(c, v) {
		return
	}
	p := &textual[T]{at: v, read: read, write: write}
	c.Out.Sharing.Add(unsafe.Pointer(v), reflect.TypeFor[T](), 0, p)
	c.Out.Uint(wire.ShareNew)
	p.put(c)
}

// list is the array of slices.
type list[E any] struct {
	form
	all, was      []E
	from, to      int // what changed
	fill, content func(*Call, []E)
}

func (l *list[E]) keep() { l.was = append([]E(nil), l.all...) }

func (l *list[E]) changed() bool {
	if len(l.all) > 0 {
		l.from, l.to = wire.Changed(unsafe.Pointer(&l.all[0]), unsafe.Pointer(&l.was[0]), len(l.all), unsafe.Sizeof(l.all[0]))
	}
	return l.from < l.to
}

func (l *list[E]) put(c *Call) {
	l.use(c)
	c.Out.Uint(uint64(l.from))
	c.Out.Uint(uint64(l.to - l.from))
	l.content(c, l.all[l.from:l.to])
}

func (l *list[E]) take(c *Call) {
	from, to := c.In.Range(len(l.all))
	l.fill(c, l.all[from:to])
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
		count, _ := c.In.Len(least)
		l := &list[E]{form: formOf(head - wire.ShareNew), all: make([]E, count), fill: fill, content: content}
		size := uintptr(count) * unsafe.Sizeof(*new(E))
		s := c.In.Sharing
		s.PlaceArray(s.Number(l), unsafe.Pointer(unsafe.SliceData(l.all)), size, reflect.TypeFor[E](), 0)
		if bytes, ok := any(l).(*list[byte]); ok {
			bytes.was = c.In.Raw(count) // the message stays as it is until the call is over
			copy(bytes.all, bytes.was)
			return l
		}
		fill(c, l.all)
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
	c.Out.Len(len(l.all), false)
	content(c, l.all)
	c.Out.Part(low, len(v), min(cap(v), len(l.all)-low))
}

// FillBytes and PutBytes are the contents of arrays of bytes.
func FillBytes(c *Call, v []byte) { copy(v, c.In.Raw(len(v))) }
func PutBytes(c *Call, v []byte)  { c.Out.Raw(v) }

// table is a map.
type table[K comparable, V any] struct {
	form
	at, was map[K]V
	least   int
	fill    func(*Call, map[K]V, int)
	content func(*Call, map[K]V)
}

func (t *table[K, V]) keep() {
	t.was = make(map[K]V, len(t.at))
	for k, v := range t.at {
		t.was[k] = v
	}
}

func (t *table[K, V]) changed() bool {
	if len(t.at) != len(t.was) {
		return true
	}
	for k, v := range t.at {
		if was, ok := t.was[k]; !ok || !wire.Same(unsafe.Pointer(&v), unsafe.Pointer(&was), unsafe.Sizeof(v)) {
			return true
		}
	}
	return false
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
		count, _ := c.In.Len(least)
		t := &table[K, V]{form: formOf(head - wire.ShareNew), at: make(map[K]V, count), least: least, fill: fill, content: content}
		c.In.Sharing.Add(mapAddress(t.at), reflect.TypeFor[V](), 0, t)
		fill(c, t.at, count)
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
	t := &table[K, V]{form: c.form(), at: v, least: least, fill: fill, content: content}
	s.Add(at, reflect.TypeFor[V](), 0, t)
	c.Out.Uint(wire.ShareNew + t.mode())
	c.Out.Len(len(v), false)
	content(c, v)
}

func mapAddress[K comparable, V any](m map[K]V) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&m))
}
