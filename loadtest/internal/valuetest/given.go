package valuetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (s suite) testCallbacks(t *testing.T) {
	m := s.values(t)
	mapRunes := gosuite.Bound[func(string, func(rune) rune) (string, error)](t, m, "MapRunes")
	if got, err := mapRunes("abc", unicode.ToUpper); got != "ABC" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	out, err := m.Call(t.Context(), "MapRunes", []any{"abc", func(r rune) rune { return r + 1 }})
	require.NoError(t, err)
	assert.Equal(t, "bcd", out[0])

	apply := gosuite.Bound[func(int, func(int) (int, error)) (int, error)](t, m, "Apply")
	broken := errors.New("broken")
	got, err := apply(3, func(n int) (int, error) { return n * 2, nil })
	assert.Equal(t, 6, got)
	assert.NoError(t, err)
	_, err = apply(3, func(int) (int, error) { return 0, broken })
	assert.ErrorIs(t, err, broken)
	got, err = apply(3, nil)
	assert.Equal(t, 3, got)
	assert.NoError(t, err)
	// Host → module → host → module, ten levels deep.
	var deep func(n int) (int, error)
	deep = func(n int) (int, error) {
		if n == 10 {
			return n, nil
		}
		return apply(n+1, deep)
	}
	got, err = deep(0)
	assert.Equal(t, 10, got)
	assert.NoError(t, err)
	_, err = apply(1, func(int) (int, error) { panic("oh no") })
	var panicked *engine.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "oh no", panicked.Value)

	visit := gosuite.Bound[func(*engine.Object, func(*engine.Object, ...string) bool) (bool, error)](t, m, "Visit")
	account, err := m.Call(t.Context(), "Open", []any{"ann"})
	require.NoError(t, err)
	same, err := visit(account[0].(*engine.Object), func(o *engine.Object, tags ...string) bool {
		owner, err := o.Field(t.Context(), "Owner")
		equal, eqErr := o.Equal(t.Context(), account[0].(*engine.Object))
		return owner == "ann" && err == nil && equal && eqErr == nil && strings.Join(tags, "") == "xy"
	})
	assert.Truef(t, same, "objects: %v, %v", same, err)
	assert.NoErrorf(t, err, "objects: %v, %v", same, err)

	said := make(chan string, 2)
	require.NoError(t, gosuite.Bound[func(func(string)) error](t, m, "Keep")(func(s string) { said <- s }))
	_, err = m.Call(t.Context(), "CallKept", []any{"kept"})
	assert.NoError(t, err, "a function that was kept")
	assert.Equal(t, "kept", <-said, "a function that was kept")
	_, err = m.Call(t.Context(), "CallLater", []any{"later"})
	assert.NoError(t, err)
	for waiting := true; waiting; {
		select {
		case text := <-said:
			waiting = false
			assert.Equal(t, "later", text)
		case <-time.After(10 * time.Millisecond): // some engines run goroutines only while a call does
			_, err := m.Call(t.Context(), "None", nil)
			require.NoError(t, err)
		}
	}

	parallel := gosuite.Bound[func(int, func(int) int) (int, error)](t, m, "Parallel")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := parallel(50, func(n int) int { return 2 * n })
			assert.Equal(t, 2450, got)
			assert.NoError(t, err)
		})
	}
	wg.Wait()

	withContext := gosuite.Bound[func(context.Context, func(context.Context) error) error](t, m, "WithContext")
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	err = withContext(ctx, func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			return errors.New("the deadline stayed behind")
		}
		return ctx.Err()
	})
	assert.NoError(t, err)
	err = gosuite.Bound[func(func(context.Context) error) error](t, m, "CancelIt")(func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	assert.ErrorIs(t, err, context.Canceled)
	ok, err := gosuite.Bound[func(context.Context) (bool, error)](t, m, "Deadline")(ctx)
	assert.Truef(t, ok, "a deadline: %v, %v", ok, err)
	assert.NoErrorf(t, err, "a deadline: %v, %v", ok, err)

	add, err := gosuite.Bound[func(int) (func(int) int, error)](t, m, "Adder")(3)
	assert.NoError(t, err)
	assert.Equal(t, 7, add(4))
	got, err = apply(5, func(n int) (int, error) { return add(n), nil })
	assert.Equal(t, 8, got, "a module's function through the host")
	assert.NoError(t, err, "a module's function through the host")
	_, err = m.Bind("MapRunes", reflect.TypeFor[func(string, func(string) rune) string]())
	gosuite.WantError(t, err, "parameter 2: parameter 1 of the function: string does not fit")
}

// circle implements the module's interface Shape with a type of the host.
type circle struct{ radius float64 }

type shape interface {
	Area() float64
	Scale(by float64) shape
	Named(p struct{ X, Y int }, tags ...string) (string, error)
}

func (c circle) Area() float64          { return 3 * c.radius * c.radius }
func (c circle) Scale(by float64) shape { return circle{c.radius * by} }
func (c circle) Named(p struct{ X, Y int }, tags ...string) (string, error) {
	return fmt.Sprintf("circle %v %v", p, tags), io.EOF
}

type hostName string

func (n hostName) String() string { return string(n) }

func (s suite) testInterfaces(t *testing.T) {
	m := s.values(t)
	const want = "circle {1 2} [a b] EOF 3.0 12.0"
	if got, err := gosuite.Bound[func(shape) (string, error)](t, m, "Describes")(circle{1}); got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	out, err := m.Call(t.Context(), "Describes", []any{circle{1}})
	require.NoError(t, err)
	assert.Equal(t, want, out[0])
	square, err := m.Call(t.Context(), "NewShape", []any{2.0})
	require.NoError(t, err)
	out, err = m.Call(t.Context(), "Describes", square)
	require.NoError(t, err)
	assert.Equal(t, "square <nil> 4.0 16.0", out[0])
	text, err := gosuite.Bound[func(...fmt.Stringer) (string, error)](t, m, "Stringers")(hostName("a"), hostName("b"))
	assert.Equal(t, "ab", text)
	assert.NoError(t, err)
	numbers := []int{3, 1, 2}
	err = gosuite.Bound[func(sort.Interface) error](t, m, "Sorted")(sort.IntSlice(numbers))
	assert.NoErrorf(t, err, "got %v, %v", numbers, err)
	assert.Truef(t, sort.IntsAreSorted(numbers), "got %v, %v", numbers, err)
	_, err = m.Call(t.Context(), "Describes", []any{hostName("x")})
	gosuite.WantError(t, err, "argument 1: valuetest.hostName has no method Area")
}

func (s suite) testStreams(t *testing.T) {
	m := s.values(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(data), "halves": iotest.HalfReader(bytes.NewReader(data)), "error with data": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		n, err := gosuite.Bound[func(io.Reader) (int64, error)](t, m, "Count")(r)
		assert.Equal(t, int64(1<<20), n, name)
		assert.NoError(t, err, name)
	}
	failing := iotest.ErrReader(os.ErrPermission)
	if _, err := gosuite.Bound[func(io.Reader) (int64, error)](t, m, "Count")(failing); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a failing reader: %v", err)
	}
	if line, err := gosuite.Bound[func(io.Reader) (string, error)](t, m, "FirstLine")(strings.NewReader("one\ntwo")); line != "one\n" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}
	reads := 0
	counted := readerFunc(func(p []byte) (int, error) {
		if reads++; reads > 1000 {
			return 0, io.EOF
		}
		return copy(p, data), nil
	})
	if n, err := gosuite.Bound[func(io.Reader) (int, error)](t, m, "Bytewise")(counted); n != 1000 || err != nil || reads != 1001 {
		t.Errorf("byte by byte: %d, %v, %d reads", n, err, reads)
	}
	var b bytes.Buffer
	if err := gosuite.Bound[func(io.Writer, string) error](t, m, "Greet")(&b, "ann"); err != nil || b.String() != "hello ann" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	closed := false
	text, err := gosuite.Bound[func(io.ReadCloser) (string, error)](t, m, "CloseIt")(struct {
		io.Reader
		io.Closer
	}{strings.NewReader("x"), closerFunc(func() error { closed = true; return nil })})
	assert.Equalf(t, "x", text, "got %q, %v, closed: %v", text, err, closed)
	assert.NoErrorf(t, err, "got %q, %v, closed: %v", text, err, closed)
	assert.Truef(t, closed, "got %q, %v, closed: %v", text, err, closed)
	text, err = gosuite.Bound[func(io.ReadSeeker, int64) (string, error)](t, m, "Tail")(strings.NewReader("0123456789"), 3)
	assert.Equal(t, "789", text)
	assert.NoError(t, err)
	text, err = gosuite.Bound[func(io.ReaderAt) (string, error)](t, m, "Middle")(strings.NewReader("0123456789"))
	assert.Equal(t, "234", text)
	assert.NoError(t, err)

	zeros, err := gosuite.Bound[func(int) (io.Reader, error)](t, m, "Zeros")(3 << 20)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, zeros)
	assert.Equal(t, int64(3<<20), n)
	assert.NoError(t, err)
	rc, err := gosuite.Bound[func(string) (io.ReadCloser, error)](t, m, "Closer")("text")
	require.NoError(t, err)
	got, err := io.ReadAll(rc)
	assert.Equal(t, "text", string(got))
	require.NoError(t, err)
	assert.NoError(t, rc.Close())
	w, err := gosuite.Bound[func() (io.Writer, error)](t, m, "Builder")()
	require.NoError(t, err)
	_, err = fmt.Fprintf(w, "%d!", 42)
	assert.NoError(t, err)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type closerFunc func() error

func (f closerFunc) Close() error { return f() }
