package values

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"sort"
	"strings"
	"sync"
	"text/template"
)

// Functions that the host gives.

func MapRunes(s string, f func(rune) rune) string { return strings.Map(f, s) }

func Apply(n int, f func(int) (int, error)) (int, error) {
	if f == nil {
		return n, nil
	}
	return f(n)
}
func Visit(a *Account, f func(*Account, ...string) bool) bool { return f(a, "x", "y") }

var kept func(string)

// Keep keeps a function for later.
func Keep(f func(string))   { kept = f }
func CallKept(text string)  { kept(text) }
func CallLater(text string) { f := kept; go func() { f(text) }() }

// Parallel calls f from many goroutines at once.
func Parallel(n int, f func(int) int) (sum int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			v := f(i)
			mu.Lock()
			sum += v
			mu.Unlock()
		})
	}
	wg.Wait()
	return sum
}

func WithContext(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return f(ctx)
}

// CancelIt ends the context that f waits for.
func CancelIt(f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return f(ctx)
}

// Endless returns a context, FromHost takes one from the host, and Contexts has several.
func Endless() context.Context                          { return context.Background() }
func FromHost(f func() context.Context) bool            { return f() != nil }
func Contexts() ([]context.Context, error)              { return []context.Context{context.Background()}, nil }
func Alive(c context.Context, o []context.Context) bool { return c.Err() == nil && len(o) == 0 }

func Deadline(ctx context.Context) bool { _, ok := ctx.Deadline(); return ok }

// LengthOf is the length of what f returns.
func LengthOf(f func() string) int { return len(f()) }

func Adder(n int) func(int) int { return func(m int) int { return n + m } }

// Interfaces that the host implements.

type Shape interface {
	Area() float64
	Scale(by float64) Shape
	Named(p Point, tags ...string) (string, error)
}

func Describes(s Shape) string {
	name, err := s.Named(Point{1, 2}, "a", "b")
	return fmt.Sprintf("%s %v %.1f %.1f", name, err, s.Area(), s.Scale(2).Area())
}

type Square struct{ side float64 }

func NewShape(side float64) Shape                        { return &Square{side} }
func (s *Square) Area() float64                          { return s.side * s.side }
func (s *Square) Scale(by float64) Shape                 { return &Square{s.side * by} }
func (s *Square) Named(Point, ...string) (string, error) { return "square", nil }
func SameShape(s Shape) Shape                            { return s }

func Stringers(s ...fmt.Stringer) (all string) {
	for _, x := range s {
		all += x.String()
	}
	return all
}
func Sorted(s sort.Interface) { sort.Sort(s) }

// Streams.

func Count(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

func FirstLine(r io.Reader) (string, error) {
	return bufio.NewReader(r).ReadString('\n')
}

func Bytewise(r io.Reader) (n int, err error) {
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(r, one); err != nil {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
		n++
	}
}

func Greet(w io.Writer, name string) error { _, err := fmt.Fprintf(w, "hello %s", name); return err }

func CloseIt(c io.ReadCloser) (string, error) {
	b, err := io.ReadAll(c)
	return string(b), errors.Join(err, c.Close())
}

func Tail(r io.ReadSeeker, n int64) (string, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", err
	}
	at, err := r.Seek(0, io.SeekCurrent)
	if err != nil || at != 2 {
		return "", fmt.Errorf("at %d, %v", at, err)
	}
	if _, err := r.Seek(-n, io.SeekEnd); err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), err
}

func Middle(r io.ReaderAt) (string, error) {
	b := make([]byte, 3)
	_, err := r.ReadAt(b, 2)
	return string(b), err
}
func Zeros(n int) io.Reader         { return io.LimitReader(zeros{}, int64(n)) }
func Closer(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
func Builder() *strings.Builder     { return new(strings.Builder) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// In and out.

func SetInt(p *int)                           { *p = 7 }
func Fill(p *Point)                           { p.X, p.Y = p.Y, 9 }
func FillOptions(o *Options)                  { o.Count++; o.Inner = &Options{Name: "inner"} }
func FillAccount(a *Account)                  { a.Owner += "!" }
func Leave(p *Point)                          {}
func SortInts(v []int)                        { sort.Ints(v) }
func FillBytes(b []byte) (int, error)         { return copy(b, "filled"), nil }
func SortAll(v []int, more ...int) error      { sort.Ints(v); return nil }
func AddKey(m map[string]int)                 { m["added"] = 1 }
func Total(v []int) string                    { v[0] = 0; return "kept" }
func Unmarshal(data []byte, v any) error      { return json.Unmarshal(data, v) }
func Marshal(v any) (string, error)           { b, err := json.Marshal(v); return string(b), err }
func Scan(s string, to ...any) (int, error)   { return fmt.Sscan(s, to...) }
func SortAny(v any, less func(i, j int) bool) { sort.Slice(v, less) }

// Execute runs a text template with functions of the host.
func Execute(text string, funcs map[string]any, data any) (string, error) {
	t, err := template.New("t").Funcs(funcs).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return b.String(), err
}

// Errors.

var ErrBase = errors.New("base")

type CodeError struct {
	Code int
	Err  error
}

func (e *CodeError) Error() string { return fmt.Sprintf("code %d: %v", e.Code, e.Err) }
func (e *CodeError) Unwrap() error { return e.Err }

func FailWith(code int) error { return fmt.Errorf("outer: %w", &CodeError{code, ErrBase}) }
func FailOpen() error         { _, err := os.Open("/does/not/exist"); return err }
func FailEOF() error          { return io.EOF }
func FailJoined() error       { return errors.Join(ErrClosed, fmt.Errorf("x: %w", fs.ErrPermission)) }

func Forward(f func() error) error {
	if err := f(); err != nil {
		return fmt.Errorf("forwarded: %w", err)
	}
	return nil
}

func IsBase(f func() error) (base, eof bool) {
	err := f()
	return errors.Is(err, ErrBase), errors.Is(err, io.EOF)
}

// Types with a text form.

func Square2(n *big.Int) *big.Int                 { return new(big.Int).Mul(n, n) }
func Host(u *url.URL) string                      { return u.Host }
func WithPath(u url.URL, p string) *url.URL       { u.Path = p; return &u }
func Next(a netip.Addr) netip.Addr                { return a.Next() }
func Nexts(a ...netip.Addr) map[string]netip.Addr { return map[string]netip.Addr{"next": a[0].Next()} }

func Raw(m json.RawMessage) json.RawMessage { return append(json.RawMessage("["), append(m, ']')...) }

// Channels.

func Numbers(n int) <-chan int {
	ch := make(chan int)
	go func() {
		defer close(ch)
		for i := range n {
			ch <- i
		}
	}()
	return ch
}
func Never(ctx context.Context) <-chan string { return make(chan string) }
func Names() chan Point {
	ch := make(chan Point, 3)
	ch <- Point{1, 1}
	ch <- Point{2, 2}
	close(ch)
	return ch
}
