package valuetest

import (
	"errors"
	"io"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type box struct {
	N     int
	Names []string
	Next  *box
	Big   *big.Int
	Any   any
}

// seen is what can be seen of a changed box and the other arguments.
type seen struct {
	N       int
	Name    string
	Loop    bool
	Big     string
	Any     any
	Last    int
	Six     int
	Failure error
}

// changes changes all that it is given, as the module's Change does.
func changes(b *box, numbers []int, counts map[string]int, failure *error) {
	b.N, b.Names[0] = 1, "changed"
	b.Next = &box{N: 2, Next: b}
	b.Big.SetInt64(3)
	b.Any = []int{4}
	numbers[1], counts["six"], *failure = 5, 6, io.EOF
}

// testLeft: what a call changed before it failed, panicked or ended its goroutine is changed, as in
// Go.
func (s suite) testLeft(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	base := value[error](t, m, "ErrBase")
	change := gosuite.Bound[func(*box, []int, map[string]int, *error, string) error](t, m, "Change")
	for _, how := range []string{"panic", "nil", "an error"} {
		b := &box{Names: []string{"old"}, Big: new(big.Int)}
		names, number := b.Names, b.Big
		numbers, counts, failure := []int{0, 0}, map[string]int{}, error(nil)
		err := change(b, numbers, counts, &failure, how)
		require.Error(t, err, how)
		var p *engine.PanicError
		assert.Equal(t, how != "an error", errors.As(err, &p), how)
		require.NotNil(t, b.Next, how)
		assert.Equal(t, seen{1, "changed", true, "3", []int{4}, 5, 6, nil},
			seen{b.N, names[0], b.Next.Next == b, number.String(), b.Any, numbers[1], counts["six"], nil}, how)
		assert.ErrorIs(t, failure, base, how)
	}
	// The host's function ends its goroutine, and with it the call.
	around := gosuite.Bound[func(*box, func())](t, m, "ChangeAround")
	b, ended := new(box), make(chan bool)
	go func() {
		defer close(ended)
		around(b, func() { b.N *= 50; runtime.Goexit() })
	}()
	<-ended
	assert.Equal(t, 150, b.N, "before and after runtime.Goexit")
	b.N = 0
	assert.PanicsWithValue(t, "own", func() {
		defer func() {
			var p *engine.PanicError
			err, _ := recover().(error)
			require.ErrorAs(t, err, &p)
			panic(p.Recovered)
		}()
		around(b, func() { b.N *= 50; panic("own") })
	})
	assert.Equal(t, 150, b.N, "before and after a panic")
}

// testLeftByHost: the same of functions of the host, in the module.
func (s suite) testLeftByHost(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	type module struct {
		N       int
		Name    string
		Loop    bool
		Big     string
		Any     any
		Last    int
		Six     int
		Failure error
		How     any
	}
	type fill = func(*box, []int, map[string]int, *error)
	see := gosuite.Bound[func(fill) module](t, m, "See")
	for how, f := range map[any]fill{
		nil:    changes,
		"text": func(b *box, n []int, c map[string]int, e *error) { changes(b, n, c, e); panic("text") },
		7:      func(b *box, n []int, c map[string]int, e *error) { changes(b, n, c, e); panic(7) },
		io.EOF: func(b *box, n []int, c map[string]int, e *error) { changes(b, n, c, e); panic(io.EOF) },
		"nobox": func(b *box, n []int, c map[string]int, e *error) {
			changes(b, n, c, e)
			panic(error(errors.New("nobox")))
		},
		false: func(b *box, n []int, c map[string]int, e *error) { changes(b, n, c, e); runtime.Goexit() },
	} {
		got := see(f)
		if err, ok := got.How.(error); ok && err != io.EOF {
			got.How = err.Error()
		}
		if how == false {
			how = nil
		}
		assert.Equal(t, module{1, "changed", true, "3", []int{4}, 5, 6, io.EOF, how}, got)
	}
	// What the call shares is brought up to date, too.
	outer := gosuite.Bound[func(*box, func()) int](t, m, "SeeOuter")
	b := new(box)
	assert.Equal(t, 3, outer(b, func() { b.N = 3; panic("own") }))
	assert.Equal(t, 4, outer(b, func() { b.N = 4; panic(errors.New("own")) }))
	assert.Equal(t, 5, outer(b, func() {
		b.N, b.Next, b.Big, b.Any = 5, &box{Big: big.NewInt(6), Next: b}, big.NewInt(7), &box{N: 8}
		panic(strings.Repeat("long", 20_000))
	}))
	assert.Equal(t, 9, outer(b, func() { b.N = 9; b.Big.SetInt64(10); b.Next.Big.SetInt64(11); panic("own") }))
	assert.Equal(t, []string{"10", "11"}, []string{b.Big.String(), b.Next.Big.String()})
	gosuite.Bound[func(*box, func())](t, m, "ChangeAround")(b, func() { b.Next = &box{Big: b.Big} })
	assert.Equal(t, 120, b.N)
	assert.Same(t, b.Big, b.Next.Big)
}
