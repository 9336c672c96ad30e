package wire

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

var weakGlobal [2]int

// TestWeak: what lies in Go's heap exists as long as somebody holds it, and what lies outside, for
// ever.
func TestWeak(t *testing.T) {
	t.Parallel()
	const text = "constant text"
	constant := unsafe.StringData(text)
	for range 2 {
		runtime.GC()
		assert.Equal(t, constant, MakeWeak(constant, uintptr(len(text))).Value())
		assert.Equal(t, &weakGlobal[1], MakeWeak(&weakGlobal[1], unsafe.Sizeof(0)).Value())
		assert.NotNil(t, MakeWeak(&struct{}{}, 0).Value())
	}
	held, part := make([]byte, 1<<10), [2]*int{new(int), new(int)}
	w := MakeWeak(&held[5], 1)
	of := MakeWeak(&part[1], unsafe.Sizeof(part[1]))
	runtime.GC()
	assert.Equal(t, &held[5], w.Value())
	assert.Equal(t, &part[1], of.Value())
	runtime.KeepAlive(held)
	runtime.GC()
	assert.Nil(t, w.Value())
	assert.Nil(t, Weak[int]{}.Value())
}
