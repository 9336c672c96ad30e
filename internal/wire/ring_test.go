package wire

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// socket stands for the socket beside a ring.
type socket struct{ told [][]byte }

func (s *socket) tell(data []byte) bool {
	s.told = append(s.told, bytes.Clone(data))
	return true
}

func ringFrame(body []byte) []byte {
	frame := make([]byte, HeaderSize, HeaderSize+len(body))
	PutHeader(frame, len(body))
	return append(frame, body...)
}

func testRing() (*RingWriter, *RingReader, *socket, []byte) {
	memory, s := ToHost(make([]byte, RingMemory)), &socket{}
	return NewRingWriter(memory, s.tell), NewRingReader(memory), s, memory
}

func put(w *RingWriter, frames ...[]byte) bool {
	all := bytes.Join(frames, nil)
	if !w.Begin(len(all)) {
		return false
	}
	w.Append(all[:len(all)/2])
	w.Append(all[len(all)/2:])
	w.End()
	return true
}

func TestRingCarriesFrames(t *testing.T) {
	w, r, s, _ := testRing()
	for i := range 2000 { // around the ring's end several times
		body := bytes.Repeat([]byte{byte(i + 1)}, 1+i*37%4000)
		require.True(t, put(w, ringFrame(body), ringFrame([]byte("second"))))
		for _, want := range [][]byte{body, []byte("second")} {
			require.True(t, r.Ready())
			n, err := r.Next()
			require.NoError(t, err)
			got := make([]byte, n)
			r.Take(got)
			require.Equal(t, want, got)
		}
		require.False(t, r.Ready())
	}
	assert.Equal(t, [][]byte{{0, 0, 0, 0}}, s.told, "only the first frame is announced at the socket")
}

func TestRingLeavesToTheSocket(t *testing.T) {
	t.Run("what is too long", func(t *testing.T) {
		w, r, s, _ := testRing()
		assert.False(t, put(w, make([]byte, MaxRingFrame+1)))
		assert.Empty(t, s.told, "the reader is at the socket already")
		assert.True(t, put(w, ringFrame([]byte("a"))))
		assert.False(t, put(w, make([]byte, MaxRingFrame+1)))
		n, err := r.Next()
		require.NoError(t, err)
		r.Take(make([]byte, n))
		n, err = r.Next()
		require.NoError(t, err)
		assert.Equal(t, Elsewhere, n)
		assert.False(t, r.Ready())
	})
	t.Run("what has no room, and a word about it always has", func(t *testing.T) {
		w, r, s, _ := testRing()
		frame, sent := ringFrame(make([]byte, 999)), 0
		for put(w, frame) {
			sent++
		}
		assert.Equal(t, (ringSize-HeaderSize)/len(frame), sent)
		assert.False(t, put(w, frame), "nothing was read")
		for range sent {
			n, err := r.Next()
			require.NoError(t, err)
			r.Take(make([]byte, n))
		}
		n, err := r.Next()
		require.NoError(t, err)
		assert.Equal(t, Elsewhere, n)
		assert.True(t, put(w, frame))
		assert.Len(t, s.told, 2)
	})
	t.Run("everything, where the socket takes no announcement", func(t *testing.T) {
		w := NewRingWriter(ToHost(make([]byte, RingMemory)), func([]byte) bool { return false })
		assert.False(t, put(w, ringFrame([]byte("a"))))
		assert.False(t, put(w, ringFrame([]byte("a"))))
	})
	t.Run("everything, where there is no ring", func(t *testing.T) {
		var none *RingWriter
		assert.False(t, none.Begin(8))
	})
}

func TestRingWakesWhoSleeps(t *testing.T) {
	w, r, s, _ := testRing()
	require.True(t, put(w, ringFrame([]byte("a"))))
	assert.False(t, r.Sleep(), "there is something")
	n, err := r.Next()
	require.NoError(t, err)
	r.Take(make([]byte, n))
	require.True(t, r.Sleep())
	require.True(t, put(w, ringFrame([]byte("b"))))
	assert.Equal(t, []byte{0}, s.told[len(s.told)-1])
	assert.False(t, r.Awake(), "a byte is on its way")
	told := len(s.told)
	require.True(t, put(w, ringFrame([]byte("c"))))
	assert.Len(t, s.told, told, "nobody sleeps")
}

// TestRingBelievesNothing: the other side may write anything into the memory at any time.
func TestRingBelievesNothing(t *testing.T) {
	for name, damage := range map[string]func(memory []byte){
		"written behind":      func(m []byte) { binary.LittleEndian.PutUint32(m, 1<<31) },
		"more than there is":  func(m []byte) { binary.LittleEndian.PutUint32(m, ringSize+1) },
		"less than a header":  func(m []byte) { binary.LittleEndian.PutUint32(m, HeaderSize-1) },
		"a longer frame":      func(m []byte) { PutHeader(m[ringControl:], 100) },
		"a frame of 4 GiB":    func(m []byte) { PutHeader(m[ringControl:], 1<<32-1) },
		"a frame for sockets": func(m []byte) { binary.LittleEndian.PutUint32(m, ringSize); PutHeader(m[ringControl:], MaxRingFrame) },
	} {
		t.Run(name, func(t *testing.T) {
			w, r, _, memory := testRing()
			require.True(t, put(w, ringFrame([]byte("hello"))))
			damage(memory)
			_, err := r.Next()
			assert.ErrorIs(t, err, ErrRing)
		})
	}
	t.Run("read before it was written", func(t *testing.T) {
		w, _, _, memory := testRing()
		require.True(t, put(w, ringFrame([]byte("hello"))))
		binary.LittleEndian.PutUint32(memory[128:], 1<<30)
		assert.False(t, put(w, ringFrame([]byte("hello"))), "nothing goes through this ring any more")
	})
}

// TestRingHammer: one goroutine writes and one reads, while frames go either way and both sleep.
func TestRingHammer(t *testing.T) {
	const frames = 20_000
	memory := ToModule(make([]byte, RingMemory))
	sock := make(chan byte, 1<<20)
	write := func(data []byte) bool {
		for _, b := range data {
			sock <- b
		}
		return true
	}
	go func() {
		random := rand.New(rand.NewPCG(1, 2))
		w := NewRingWriter(memory, write)
		for i := range frames {
			size := 8 + random.IntN(200)
			if random.IntN(1000) == 0 {
				size = MaxRingFrame + 10
			}
			body := make([]byte, size)
			binary.LittleEndian.PutUint64(body, uint64(i))
			if frame := ringFrame(body); !put(w, frame) {
				write(frame)
			}
			if random.IntN(100) == 0 {
				runtime.Gosched()
			}
		}
	}()
	r, atRing := NewRingReader(memory), false
	take := func(n int) []byte {
		data := make([]byte, n)
		for i := range data {
			data[i] = <-sock
		}
		return data
	}
	for i := 0; i < frames; {
		var body []byte
		if atRing {
			for !r.Ready() {
				if r.Sleep() {
					take(1)
				}
			}
			n, err := r.Next()
			require.NoError(t, err)
			if n != Elsewhere {
				body = make([]byte, n)
				r.Take(body)
			}
		} else if n := BodySize(take(HeaderSize)); n != Elsewhere {
			body = take(n)
		}
		if body == nil {
			atRing = !atRing
			continue
		}
		require.EqualValues(t, i, binary.LittleEndian.Uint64(body))
		i++
	}
}

func FuzzRing(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0}, uint32(9), uint32(0))
	f.Add(ringFrame([]byte("hello")), uint32(9), uint32(3))
	f.Fuzz(func(t *testing.T, data []byte, written, read uint32) {
		w, r, _, memory := testRing()
		copy(memory[ringControl:], data)
		binary.LittleEndian.PutUint32(memory, written)
		binary.LittleEndian.PutUint32(memory[128:], read)
		for range 100 {
			if !r.Ready() {
				break
			}
			n, err := r.Next()
			if err != nil {
				break
			}
			require.LessOrEqual(t, n, MaxRingFrame)
			r.Take(make([]byte, n))
		}
		put(w, ringFrame(data[:min(len(data), 1000)]))
	})
}
