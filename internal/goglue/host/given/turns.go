package given

import (
	"bytes"
	"reflect"
	"sync"
)

// turns are those of one reader or writer of the host. Go lets nobody read from one, or write to
// one, at the same time as somebody else unless it says so, and who does so all the same breaks the
// memory of the program: here that of the host, by goroutines of a module. So they take turns.
// Reads do not keep writes waiting: the other end of a connection may wait for them.
type turns struct {
	reads, writes sync.Mutex
	users         int // who has one of them, or waits; guarded by Values.mu
}

// side is what a method does with a reader or writer.
type side bool

const (
	reads  side = false
	writes side = true
)

// inTurn lets a method of readers or writers be called once at a time for each of them.
func inTurn(s side, method Method) Method {
	return func(c *Call, v reflect.Value) error {
		defer c.values.turn(s, v.Interface())()
		return method(c, v)
	}
}

// turn waits until nobody else uses that side of the value, and lasts until done is called. A value
// that cannot be compared is not recognised, and a buffer has one side.
func (h *Values) turn(s side, value any) (done func()) {
	if !reflect.ValueOf(value).Comparable() {
		return func() {}
	}
	if _, buffer := value.(*bytes.Buffer); buffer {
		s = writes
	}
	t := h.use(value)
	lock := &t.reads
	if s == writes {
		lock = &t.writes
	}
	lock.Lock()
	return func() {
		lock.Unlock()
		h.mu.Lock()
		defer h.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(h.turns, value)
		}
	}
}

// use returns the turns of a value, until its users are lowered.
func (h *Values) use(value any) *turns {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.turns == nil {
		h.turns = map[any]*turns{}
	}
	t := h.turns[value]
	if t == nil {
		t = new(turns)
		h.turns[value] = t
	}
	t.users++
	return t
}
