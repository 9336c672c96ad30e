package guest

import (
	"errors"
	"reflect"
	"unsafe"

	"github.com/loadgo/load/internal/goglue/guest/guestgoroutine"
	"github.com/loadgo/load/internal/wire"
)

// thing is what the module keeps of a thing that it shares with the host: see [wire.Sharing].
type thing interface {
	keep() // remembers the content as that of both sides
	// changed reports whether it is another one. Where it is kept, put appends what is kept then.
	changed(keep bool) bool
	put(c *Call)  // appends what has changed
	take(c *Call) // takes what the host has changed, in place
	whole() bool  // reports whether it crosses as a whole
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
	last          *lost[T] // where it lasts
}

func (p *pointee[T]) whole() bool { return true }

func (p *pointee[T]) keep() {
	p.remember()
	p.last.agree()
}

func (p *pointee[T]) remember() { p.was = *p.at }

func (p *pointee[T]) changed(keep bool) bool {
	if p.last.joined() {
		return p.last.differs(keep, p.remember)
	}
	if wire.Same(unsafe.Pointer(p.at), unsafe.Pointer(&p.was), unsafe.Sizeof(p.was)) && !p.last.dirty(keep) {
		return false
	}
	if keep {
		p.keep()
	}
	return true
}

func (p *pointee[T]) put(c *Call) {
	p.use(c)
	if c.Out.Sharing.Lasts() {
		p.content(c, &p.was) // others may be changing it
		return
	}
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
		s := c.In.Sharing
		n := s.TakePlace(&c.In)
		p, ok := n.Thing.(*pointee[T])
		if !ok {
			p = new(pointee[T])
			s.SetNumber(n, p)
		}
		if !ok || !s.Lasts() {
			p.form, p.fill, p.content = formOf(head-wire.ShareNew), fill, content
		}
		again := ok && n.Again()
		to := again || c.whether(n, p.at != nil, p, p.revive)
		p.Place(s, s.NumberAgain(n, p))
		switch {
		case !to:
			fill(c, new(T))
			return p.at
		case again:
			now := *p.at // with what is not exported
			fill(c, &now)
			if n.Old {
				return p.at
			}
			if !wire.Same(unsafe.Pointer(p.at), unsafe.Pointer(&now), unsafe.Sizeof(now)) {
				*p.at = now
			}
		default:
			fill(c, p.at)
		}
		p.keep()
		return p.at
	}
	return takeKnown[T](c, head)
}

// whether reports whether the content of a thing that an update numbers is to be taken: the module
// has none, or the host has changed it. What the module does not have is made.
func (c *Call) whether(n wire.Number, has bool, t thing, revive func()) bool {
	switch {
	case !has:
		revive()
	case n.Old:
		return false
	case n.Passed || t.changed(false):
		c.Refuse(wire.ErrBoth.Error())
	}
	return true
}

// guard is the lock of the table of lasting things, for what an update has.
func (c *Call) guard(s *wire.Sharing) *guestgoroutine.Lock {
	if s.Lasts() {
		return &c.module.lasting.lock
	}
	return nil
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
	_, known, _ := c.Out.Sharing.Lasting(unsafe.Pointer(v), reflect.TypeFor[T](), 0)
	c.Out.Sharing.PutPlace(&c.Out, p, unsafe.Pointer(v), reflect.TypeFor[T](), 0)
	if known, ok := known.(*pointee[T]); ok { // others may be changing it
		v = &known.was
	}
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
	last  *lost[T]             // where it lasts
	lock  *guestgoroutine.Lock // which the caller has then
}

func (p *textual[T]) text() (text []byte, err error) {
	if p.lock == nil {
		return p.write(p.at)
	}
	if failure := p.lock.Out(func() { text, err = p.write(p.at) }); failure != nil {
		err = errors.New("a method panics that writes the text of a value")
	}
	return text, err
}

func (p *textual[T]) keep() {
	p.remember()
	p.last.agree()
}

func (p *textual[T]) remember() {
	text, _ := p.text()
	p.was = string(text)
}

func (p *textual[T]) whole() bool { return true }

// changed counts what has no text, and lasts, as what it was: it crosses when it has one again.
func (p *textual[T]) changed(keep bool) bool {
	if p.last.joined() {
		return p.last.differs(keep, p.remember)
	}
	text, err := p.text()
	if err == nil && string(text) == p.was || err != nil && p.lock != nil {
		return false
	}
	if keep {
		p.was = string(text)
	}
	return true
}

func (p *textual[T]) put(c *Call) {
	text, err := p.text()
	if err != nil {
		c.Out.Fail(err)
	}
	c.Out.Bytes(text)
}

func (p *textual[T]) take(c *Call) {
	text := c.In.Bytes()
	if p.lock == nil {
		c.Unmarshalled(p.read(p.at, text))
		return
	}
	var err error
	if failure := p.lock.Out(func() { err = p.read(p.at, text) }); failure != nil {
		err = errors.New("a method panics that reads the text of a value")
	}
	c.Unmarshalled(err)
}

// TakeText takes a shared pointer to what crosses as text.
func TakeText[T any](c *Call, read func(*T, []byte) error, write func(*T) ([]byte, error)) *T {
	head := c.In.Uint()
	if head == wire.ShareNil || head >= wire.ShareRef {
		return takeKnown[T](c, head)
	}
	s := c.In.Sharing
	n := s.TakePlace(&c.In)
	p, ok := n.Thing.(*textual[T])
	if !ok {
		p = &textual[T]{read: read, write: write, lock: c.guard(s)}
		s.SetNumber(n, p)
	}
	to := !n.Old
	if !ok || !n.Again() {
		to = c.whether(n, p.at != nil, p, p.revive)
	}
	p.Place(s, s.NumberAgain(n, p))
	if !to {
		c.In.Bytes()
		return p.at
	}
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
	p := &textual[T]{at: v, read: read, write: write, lock: c.guard(c.Out.Sharing)}
	c.Out.Sharing.Add(unsafe.Pointer(v), reflect.TypeFor[T](), 0, p)
	c.Out.Uint(wire.ShareNew)
	c.Out.Sharing.PutPlace(&c.Out, p, unsafe.Pointer(v), reflect.TypeFor[T](), 0)
	p.put(c)
}
