package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNumbersInAnyOrder: in whatever order a message numbers what is new, none moves for another.
func TestNumbersInAnyOrder(t *testing.T) {
	t.Parallel()
	const count = 1024
	for name, number := range map[string]func(i int) int{
		"ascending":       func(i int) int { return i },
		"descending":      func(i int) int { return count - 1 - i },
		"from the ends":   func(i int) int { return (1-i%2)*(i/2) + (i%2)*(count-1-i/2) },
		"from the middle": func(i int) int { return (i + count/2) % count },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, s := numbered(false, "root")
			moved := 0
			for i := range count {
				before := len(l.entries.all)
				places := make([]int, before)
				for k := range places {
					places[k] = l.entries.all[k].n
				}
				n := 2 + 2*number(i)
				s.SetNumber(Number{n: n}, n)
				for k, n := range places {
					if l.entries.all[k].n != n {
						moved++
					}
				}
			}
			assert.Zero(t, moved)
			assert.Equal(t, count+1, l.Size())
			check := func() {
				for i := range count {
					assert.Equal(t, 2+2*i, l.Thing(2+2*i))
				}
				assert.Nil(t, l.Thing(3))
			}
			check()
			l.Note(nil, nil)
			check()
			last := -1
			for n := range l.All() {
				assert.Greater(t, n, last)
				last = n
			}
		})
	}
}
