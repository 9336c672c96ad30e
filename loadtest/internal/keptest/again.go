package keptest

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testLastingAgain checks that what a call has shared, which lasts then, can be given to others:
// while such a call goes on, each side sees at once what the other one changes of it.
func (s suite) testLastingAgain(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	var a, b int
	text, table, list := "", map[string]int{}, []int{0}
	calls, sum := 0, 0
	look := func() {
		calls++
		sum += a + b + len(text) + table["n"] + list[0]
	}
	count := gosuite.Bound[func(func(), ...any)](t, m, "CountEach")
	for n := range 4 {
		calls, sum = 0, 0
		count(look, &a, &b, &text, table, list)
		assert.Equal(t, []int{n + 1, n + 1, n + 1, n + 1, n + 1}, []int{a, b, len(text), table["n"], list[0]})
		assert.Equal(t, 11, calls)
		assert.Equal(t, 11*5*n+2*(5+4+3+2+1), sum)
	}
	t.Run("changed by both", func(t *testing.T) {
		for range 3 {
			a, b, text, table["n"], list[0] = 0, 0, "", 0, 0
			count(func() { a, b, text, table["n"], list[0] = a+10, b+10, text+"y", table["n"]+10, list[0]+10 }, &a, &b, &text, table, list)
			assert.Equal(t, []int{111, 111, 111, 111}, []int{a, b, table["n"], list[0]})
			assert.Equal(t, "yyyyyxyyyyyy", text)
		}
	})
	t.Run("beside a reader", func(t *testing.T) { // some of its methods look at nothing else
		scan := gosuite.Bound[func(io.Reader, ...any) []string](t, m, "ScanEach")
		r := strings.NewReader("abc")
		a, b = 0, 0
		for n := range 4 {
			assert.Empty(t, scan(r, &a, &b))
			assert.Equal(t, []int{n + 1, n + 1, 3}, []int{a, b, r.Len()})
		}
	})
	t.Run("of a known type", func(t *testing.T) {
		ints := gosuite.Bound[func(func(), *int, *int)](t, m, "CountInts")
		a, b = 0, 0
		for n := range 3 {
			ints(func() { a += 10 }, &a, &b)
			assert.Equal(t, []int{41 * (n + 1), n + 1}, []int{a, b})
		}
	})
	gosuite.Bound[func()](t, m, "ForgetLasting")()
}
