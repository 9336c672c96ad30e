package host

import (
	"reflect"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

type text struct{ S string }

// The handles of the functions of the first call, and how many later those of the next are: the
// things of a call have one, too.
const (
	f     = 2
	g     = 3
	calls = 3
)

// meeting is a call of Meet, whose module calls the functions as it likes.
type meeting struct {
	*testing.T
	i      *Instance
	meet   func(t *text, f, g func()) error
	module *forger
	last   uint64 // the number of the last call of the host
}

func newMeeting(t *testing.T, described *Instance) *meeting {
	m := &meeting{T: t, module: &forger{}}
	m.i = NewInstance("p", described.api, m.module, inflight.Limits{})
	bound, err := m.i.Bind("Meet", reflect.TypeFor[func(*text, func(), func()) error]())
	require.NoError(t, err)
	m.meet = bound.Interface().(func(*text, func(), func()) error)
	return m
}

// call calls the function with a handle for a call of the host, 0 for none, and says in the message
// with that number of the call that the text is another one. It returns why it was refused.
func (m *meeting) call(handle, scope, number uint64, s string) (refused string) {
	var e wire.Encoder
	m.last++
	e.Uint(m.last)
	e.Uint(handle)
	if scope == 0 {
		e.Uint(0)
	} else {
		e.Uint(1)
		e.Uint(scope)
		e.Uint(number)
		e.Uint(0) // it has seen no message
		if s != "" {
			e.Uint(1) // the first thing
			e.String(s)
		}
		e.Uint(0)
	}
	m.i.Begin(e.Buf)
	m.i.Answer(e.Buf, 0, func(e *wire.Encoder) {
		d := wire.NewDecoder(e.Buf[wire.HeaderSize+1:])
		d.Uint()
		if d.Byte() == wire.Refused {
			refused = d.String()
		}
	})
	return refused
}

// answer answers the call of Meet with its last message, in which the text is another one.
func (m *meeting) answer(number uint64, s string) {
	var e wire.Encoder
	e.Uint(number)
	e.Uint(0)
	if s != "" {
		e.Uint(1)
		e.String(s)
	}
	e.Uint(0)
	m.module.reply = e.Buf
}

// TestForgedBeside: while a function of the host runs that a call gave, nothing that holds pointers
// is written for the module among what the call shares, whatever the module says of who gave the
// function.
func TestForgedBeside(t *testing.T) {
	t.Parallel()
	described, _ := hostileInstance(t)
	for name, scope := range map[string]uint64{"in its call": 1, "in none": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, described)
				shared := &text{"before"}
				var runs sync.WaitGroup
				began, end := false, make(chan struct{})
				m.module.act = func() {
					runs.Go(func() { assert.Empty(t, m.call(f, scope, 1, "")) })
					synctest.Wait()
					assert.Equal(t, scope != 0, began, "a function that no call gave waits until all are over that did")
					number := uint64(1)
					if began {
						number = 2
					}
					runs.Go(func() { assert.Empty(t, m.call(g, 1, number, "written")) })
					synctest.Wait()
					if began {
						assert.Equal(t, "before", shared.S, "the first function may be reading it")
						close(end)
						synctest.Wait()
					}
					assert.Equal(t, "written", shared.S)
					m.answer(number+1, "answered")
				}
				err := m.meet(shared, func() {
					began = true
					if scope != 0 {
						<-end
						assert.Equal(t, "before", shared.S)
					} else {
						assert.Equal(t, "answered", shared.S)
					}
				}, func() { assert.Equal(t, "written", shared.S) })
				require.NoError(t, err)
				assert.Equal(t, "answered", shared.S)
				runs.Wait()
				assert.True(t, began)
			})
		})
	}
}

// TestForgedBesideAnswer: nor does the answer of the call write it, and who waits for too long is
// refused.
func TestForgedBesideAnswer(t *testing.T) {
	t.Parallel()
	described, _ := hostileInstance(t)
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, described)
		shared, end := &text{"before"}, make(chan struct{})
		var runs sync.WaitGroup
		m.module.act = func() {
			runs.Go(func() { m.call(f, 1, 1, "") })
			synctest.Wait()
			assert.Equal(t, wire.ErrBeside.Error(), m.call(g, 1, 2, "written"))
			m.answer(3, "answered")
		}
		err := m.meet(shared, func() { <-end }, func() { assert.Fail(t, "it runs") })
		require.ErrorIs(t, err, wire.ErrBeside)
		assert.Equal(t, "before", shared.S)
		close(end)
		runs.Wait()
	})
}

// TestForgedGiver: a function brings only what the call shares that gave it.
func TestForgedGiver(t *testing.T) {
	t.Parallel()
	described, _ := hostileInstance(t)
	m := newMeeting(t, described)
	outer, inner := &text{"outer"}, &text{"inner"}
	ran := func() {}
	m.module.act = func() {
		m.module.act = func() {
			assert.Equal(t, wire.ErrOver.Error(), m.call(f, 2, 1, "written"), "the outer call gave it, the inner one did not")
			assert.Equal(t, wire.ErrOver.Error(), m.call(f+calls, 1, 1, "written"), "the inner call gave it")
			assert.Empty(t, m.call(f+calls, 2, 1, "written"))
			m.answer(2, "")
		}
		require.NoError(t, m.meet(inner, ran, ran))
		m.answer(1, "")
	}
	require.NoError(t, m.meet(outer, ran, ran))
	assert.Equal(t, "outer", outer.S)
	assert.Equal(t, "written", inner.S)
	assert.Equal(t, wire.ErrOver.Error(), m.call(f, 1, 1, "late"))
}

// TestWithinFunction: a function that waits for a call of the module reads nothing: what it gave is
// written meanwhile.
func TestWithinFunction(t *testing.T) {
	t.Parallel()
	described, _ := hostileInstance(t)
	m := newMeeting(t, described)
	shared := &text{"before"}
	m.module.act = func() {
		assert.Empty(t, m.call(f, 1, 1, ""))
		m.answer(3, "")
	}
	err := m.meet(shared, func() {
		m.module.act = func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				assert.Empty(t, m.call(g, 1, 2, "written"))
			}()
			<-done
			m.answer(1, "")
		}
		require.NoError(t, m.meet(&text{}, func() {}, func() {}))
		assert.Equal(t, "written", shared.S)
	}, func() {})
	require.NoError(t, err)
}
