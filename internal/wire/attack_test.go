package wire

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestUpdatesTakeNoMemory: an update that names numbers again and again takes no more memory than
// any other message may, however few things there are.
func TestUpdatesTakeNoMemory(t *testing.T) {
	const size = 1 << 20
	for name, numbers := range map[string]func(e *Encoder){
		"changed": func(e *Encoder) {
			e.Len(0, false)
			e.Len(size, false)
			for range size {
				e.Uint(0)
			}
		},
		"gone": func(e *Encoder) {
			e.Len(size/4, false)
			for n := range size / 4 {
				e.Uint(uint64(n+100)<<2 + newsGone)
			}
			e.Len(0, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := numbered(false, "a")
			var e Encoder
			e.Uint(1)
			e.Uint(0)
			numbers(&e)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d := NewDecoder(e.Buf)
			d.Limit(nil)
			_, _, _, _ = l.TakeHead(&d, true)
			runtime.ReadMemStats(&after)
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes took %d: %v", len(e.Buf), took, d.Err())
			assert.Less(t, took, uint64(RoomFactor*len(e.Buf)))
		})
	}
}
