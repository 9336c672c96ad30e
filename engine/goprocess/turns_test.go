package goprocess_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

// crowding uses a reader and a writer of the host in many goroutines.
const crowding = `package sample

import (
	"fmt"
	"io"
	"sync"
)

func together(use func(i int)) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { use(i) })
	}
	all.Wait()
}

func Read(r io.Reader) int {
	counts := make([]int, 8)
	together(func(i int) {
		for {
			n, err := r.Read(make([]byte, 1))
			counts[i] += n
			if err != nil {
				return
			}
		}
	})
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

func Scan(r io.Reader) {
	together(func(int) {
		s := r.(io.RuneScanner)
		for {
			if _, _, err := s.ReadRune(); err != nil {
				return
			}
			s.UnreadRune()
			r.(io.ByteScanner).ReadByte()
		}
	})
}

func Write(w io.Writer) {
	together(func(int) {
		for range 20 {
			w.Write([]byte("a"))
			io.WriteString(w, "b")
			if s, ok := w.(fmt.Stringer); ok {
				_ = s.String()
			}
		}
	})
}

func Both(r io.Reader, w io.Writer) {
	together(func(i int) {
		for range 20 {
			if i%2 == 0 {
				r.Read(make([]byte, 4))
			} else {
				w.Write([]byte("text"))
			}
		}
	})
}

func Waits(rw io.ReadWriter) error {
	read := make(chan error)
	go func() { _, err := rw.Read(make([]byte, 1)); read <- err }()
	if _, err := rw.Write([]byte("a")); err != nil {
		return err
	}
	return <-read
}
`

// alone is a stream that notices who uses it at the same time.
type alone struct {
	left   int
	inside atomic.Int32
	beside atomic.Bool
}

func (a *alone) use() {
	if a.inside.Add(1) > 1 {
		a.beside.Store(true)
	}
	for range 100 {
		runtime.Gosched()
	}
	a.inside.Add(-1)
}

func (a *alone) Read(p []byte) (int, error) {
	a.use()
	if a.left <= 0 {
		return 0, io.EOF
	}
	a.left--
	return min(1, len(p)), nil
}

func (a *alone) Write(p []byte) (int, error)           { a.use(); return len(p), nil }
func (a *alone) WriteString(text string) (int, error)  { return a.Write([]byte(text)) }
func (a *alone) String() string                        { a.use(); return "" }
func (a *alone) ReadByte() (byte, error)               { _, err := a.Read([]byte{0}); return 'x', err }
func (a *alone) UnreadByte() error                     { a.use(); return nil }
func (a *alone) ReadRune() (char rune, n int, e error) { _, e = a.ReadByte(); return 'x', 1, e }
func (a *alone) UnreadRune() error                     { a.use(); return nil }

// answering is a connection whose other end answers what is written.
type answering struct{ written chan struct{} }

func (a answering) Read(p []byte) (int, error)  { <-a.written; return min(1, len(p)), nil }
func (a answering) Write(p []byte) (int, error) { close(a.written); return len(p), nil }

// TestStreamsInTurn: goroutines of a module cannot use one reader or writer of the host at once,
// which would break the host's memory.
func TestStreamsInTurn(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": crowding})
	read, scan := bound[func(io.Reader) (int, error)](t, m, "Read"), bound[func(io.Reader) error](t, m, "Scan")
	write, both := bound[func(io.Writer) error](t, m, "Write"), bound[func(io.Reader, io.Writer) error](t, m, "Both")
	a := &alone{left: 200}
	n, err := read(a)
	require.NoError(t, err)
	assert.Equal(t, 200, n)
	a.left = 50
	require.NoError(t, scan(a))
	require.NoError(t, write(a))
	require.NoError(t, write(struct{ io.Writer }{a}), "another one, by value")
	assert.False(t, a.beside.Load(), "two at once")

	n, err = read(bytes.NewBufferString(strings.Repeat("x", 500)))
	require.NoError(t, err)
	assert.Equal(t, 500, n)
	var buffer bytes.Buffer
	require.NoError(t, write(&buffer))
	assert.Equal(t, 2*8*20, buffer.Len())
	require.NoError(t, both(&buffer, &buffer), "a buffer has one side")

	require.NoError(t, bound[func(io.ReadWriter) error](t, m, "Waits")(answering{make(chan struct{})}), "who writes does not wait for who reads")
}

// unlike is a reader that cannot be compared.
type unlike struct{ errs []error }

func (u unlike) Read([]byte) (int, error) { return 0, errors.Join(u.errs...) }

// TestTurnsOfIncomparable: nothing is remembered of a stream that cannot be recognised.
func TestTurnsOfIncomparable(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": crowding})
	n, err := bound[func(io.Reader) (int, error)](t, m, "Read")(unlike{[]error{fmt.Errorf("over: %w", io.EOF)}})
	require.NoError(t, err)
	assert.Zero(t, n)
}
