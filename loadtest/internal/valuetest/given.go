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
)

func (s suite) testCallbacks(t *testing.T) {
	m := s.values(t)
	mapRunes := gosuite.Bound[func(string, func(rune) rune) (string, error)](t, m, "MapRunes")
	if got, err := mapRunes("abc", unicode.ToUpper); got != "ABC" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	out, err := m.Call(t.Context(), "MapRunes", []any{"abc", func(r rune) rune { return r + 1 }})
	if err != nil || out[0] != "bcd" {
		t.Errorf("by name: %v, %v", out, err)
	}

	apply := gosuite.Bound[func(int, func(int) (int, error)) (int, error)](t, m, "Apply")
	broken := errors.New("broken")
	if got, err := apply(3, func(n int) (int, error) { return n * 2, nil }); got != 6 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if _, err := apply(3, func(int) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("the host's own error: %v", err)
	}
	if got, err := apply(3, nil); got != 3 || err != nil {
		t.Errorf("nil: %d, %v", got, err)
	}
	// Host → module → host → module, ten levels deep.
	var deep func(n int) (int, error)
	deep = func(n int) (int, error) {
		if n == 10 {
			return n, nil
		}
		return apply(n+1, deep)
	}
	if got, err := deep(0); got != 10 || err != nil {
		t.Errorf("nested: %d, %v", got, err)
	}
	_, err = apply(1, func(int) (int, error) { panic("oh no") })
	var panicked *engine.PanicError
	if !errors.As(err, &panicked) || panicked.Value != "oh no" {
		t.Errorf("a panic: %v", err)
	}

	visit := gosuite.Bound[func(*engine.Object, func(*engine.Object, ...string) bool) (bool, error)](t, m, "Visit")
	account, err := m.Call(t.Context(), "Open", []any{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	same, err := visit(account[0].(*engine.Object), func(o *engine.Object, tags ...string) bool {
		owner, err := o.Field(t.Context(), "Owner")
		equal, eqErr := o.Equal(t.Context(), account[0].(*engine.Object))
		return owner == "ann" && err == nil && equal && eqErr == nil && strings.Join(tags, "") == "xy"
	})
	if !same || err != nil {
		t.Errorf("objects: %v, %v", same, err)
	}

	said := make(chan string, 2)
	if err := gosuite.Bound[func(func(string)) error](t, m, "Keep")(func(s string) { said <- s }); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Call(t.Context(), "CallKept", []any{"kept"}); err != nil || <-said != "kept" {
		t.Errorf("a function that was kept: %v", err)
	}
	if _, err := m.Call(t.Context(), "CallLater", []any{"later"}); err != nil {
		t.Error(err)
	}
	for waiting := true; waiting; {
		select {
		case text := <-said:
			waiting = false
			if text != "later" {
				t.Errorf("got %q", text)
			}
		case <-time.After(10 * time.Millisecond): // some engines run goroutines only while a call does
			if _, err := m.Call(t.Context(), "None", nil); err != nil {
				t.Fatal(err)
			}
		}
	}

	parallel := gosuite.Bound[func(int, func(int) int) (int, error)](t, m, "Parallel")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := parallel(50, func(n int) int { return 2 * n }); got != 2450 || err != nil {
				t.Errorf("in parallel: %d, %v", got, err)
			}
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
	if err != nil {
		t.Error(err)
	}
	err = gosuite.Bound[func(func(context.Context) error) error](t, m, "CancelIt")(func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled callback: %v", err)
	}
	if ok, err := gosuite.Bound[func(context.Context) (bool, error)](t, m, "Deadline")(ctx); !ok || err != nil {
		t.Errorf("a deadline: %v, %v", ok, err)
	}

	add, err := gosuite.Bound[func(int) (func(int) int, error)](t, m, "Adder")(3)
	if err != nil || add(4) != 7 {
		t.Errorf("a function as result: %v", err)
	}
	if got, err := apply(5, func(n int) (int, error) { return add(n), nil }); got != 8 || err != nil {
		t.Errorf("a module's function through the host: %d, %v", got, err)
	}
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
	if err != nil || out[0] != want {
		t.Errorf("by name: %v, %v", out, err)
	}
	square, err := m.Call(t.Context(), "NewShape", []any{2.0})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := m.Call(t.Context(), "Describes", square); err != nil || out[0] != "square <nil> 4.0 16.0" {
		t.Errorf("the module's own: %v, %v", out, err)
	}
	text, err := gosuite.Bound[func(...fmt.Stringer) (string, error)](t, m, "Stringers")(hostName("a"), hostName("b"))
	if text != "ab" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	numbers := []int{3, 1, 2}
	if err := gosuite.Bound[func(sort.Interface) error](t, m, "Sorted")(sort.IntSlice(numbers)); err != nil || !sort.IntsAreSorted(numbers) {
		t.Errorf("got %v, %v", numbers, err)
	}
	_, err = m.Call(t.Context(), "Describes", []any{hostName("x")})
	gosuite.WantError(t, err, "argument 1: valuetest.hostName has no method Area")
}

func (s suite) testStreams(t *testing.T) {
	m := s.values(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(data), "halves": iotest.HalfReader(bytes.NewReader(data)), "error with data": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		if n, err := gosuite.Bound[func(io.Reader) (int64, error)](t, m, "Count")(r); n != 1<<20 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
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
	if text != "x" || err != nil || !closed {
		t.Errorf("got %q, %v, closed: %v", text, err, closed)
	}
	if text, err := gosuite.Bound[func(io.ReadSeeker, int64) (string, error)](t, m, "Tail")(strings.NewReader("0123456789"), 3); text != "789" || err != nil {
		t.Errorf("a seeker: %q, %v", text, err)
	}
	if text, err := gosuite.Bound[func(io.ReaderAt) (string, error)](t, m, "Middle")(strings.NewReader("0123456789")); text != "234" || err != nil {
		t.Errorf("a reader at: %q, %v", text, err)
	}

	zeros, err := gosuite.Bound[func(int) (io.Reader, error)](t, m, "Zeros")(3 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, zeros); n != 3<<20 || err != nil {
		t.Errorf("a module's reader: %d, %v", n, err)
	}
	rc, err := gosuite.Bound[func(string) (io.ReadCloser, error)](t, m, "Closer")("text")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(rc); string(got) != "text" || err != nil || rc.Close() != nil {
		t.Errorf("a module's closer: %q, %v", got, err)
	}
	w, err := gosuite.Bound[func() (io.Writer, error)](t, m, "Builder")()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(w, "%d!", 42); err != nil {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type closerFunc func() error

func (f closerFunc) Close() error { return f() }
