// Package values has a function for every way in which values cross.
package values

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// Of plain types.

func Bool(v bool) bool                      { return !v }
func Int(v int) int                         { return -v }
func Int8(v int8) int8                      { return -v }
func Int16(v int16) int16                   { return -v }
func Int32(v int32) int32                   { return -v }
func Int64(v int64) int64                   { return -v }
func Uint(v uint) uint                      { return v + 1 }
func Uint8(v uint8) uint8                   { return v + 1 }
func Uint16(v uint16) uint16                { return v + 1 }
func Uint32(v uint32) uint32                { return v + 1 }
func Uint64(v uint64) uint64                { return v + 1 }
func Float32(v float32) float32             { return v / 2 }
func Float64(v float64) float64             { return v / 2 }
func Complex(v complex128) complex128       { return v * v }
func String(v string) string                { return v + "!" }
func Bytes(v []byte) []byte                 { return v }
func Array(v [3]int) [3]int                 { return [3]int{v[2], v[1], v[0]} }
func Slice(v []string) []string             { return v }
func Map(v map[string][]int) map[string]int { return map[string]int{"total": len(v["x"])} }
func Pointer(v *int) *int                   { return v }
func Empty(v struct{}) struct{}             { return v }
func Sum(base int, more ...int) int {
	for _, n := range more {
		base += n
	}
	return base
}
func Repeat(s string, n int) string                    { return strings.Repeat(s, n) }
func Two(a, b int) (int, int)                          { return b, a }
func None()                                            {}
func Later(t time.Time, d time.Duration) time.Time     { return t.Add(d) }
func Any(v any) any                                    { return v }
func TypeOf(v any) string                              { return fmt.Sprintf("%T", v) }
func Print(v any) string                               { return fmt.Sprintf("%v", v) }
func Anys(v ...any) int                                { return len(v) }
func Anonymous(v struct{ X, Y int }) struct{ Sum int } { return struct{ Sum int }{v.X + v.Y} }
func Nested(v map[int][]map[string]*[2]bool) (n int)   { return len(v) }

// Point is plain.
type Point struct{ X, Y int }

func Swap(p Point) Point { return Point{p.Y, p.X} }
func SwapPointer(p *Point) *Point {
	if p == nil {
		return nil
	}
	return &Point{p.Y, p.X}
}
func Points(p []Point) map[string]Point { return map[string]Point{"first": p[0]} }

// Celsius has a method, so calls by name hold it.
type Celsius float64

func (c Celsius) String() string { return fmt.Sprintf("%.1f°C", float64(c)) }
func Freezing() Celsius          { return 0 }
func Double(c Celsius) Celsius   { return 2 * c }

const Boiling Celsius = 100

// Options has methods and exported fields only.
type Options struct {
	Name  string
	Count int
	Inner *Options
}

func (o Options) Describe() string      { return fmt.Sprintf("%s×%d", o.Name, o.Count) }
func (o *Options) Grow(n int)           { o.Count += n }
func NewOptions(name string) *Options   { return &Options{Name: name, Count: 1} }
func Describe(o Options) string         { return o.Describe() }
func DescribePointer(o *Options) string { return o.Describe() }

// Account is opaque.
type Account struct {
	Owner   string
	balance int
}

func Open(owner string) *Account {
	a := &Account{Owner: owner}
	runtime.AddCleanup(a, func(struct{}) { collected.Add(1) }, struct{}{})
	return a
}

var collected atomic.Int64

// Collected counts the accounts that the garbage collector has taken.
func Collected() int {
	runtime.GC()
	return int(collected.Load())
}

func (a *Account) Deposit(n int) error {
	if n < 0 {
		return &AmountError{n}
	}
	a.balance += n
	return nil
}
func (a *Account) Balance() int   { return a.balance }
func (a *Account) Self() *Account { return a }
func (a *Account) Hooks() []func(int) int {
	return []func(int) int{func(n int) int { return n + a.balance }}
}
func Merge(a, b *Account) int { return a.balance + b.balance }
func Accounts(names ...string) []*Account {
	var all []*Account
	for _, n := range names {
		all = append(all, Open(n))
	}
	return all
}
func NilNode() *Node      { return nil }
func NoAccount() *Account { return nil }

// AmountError is an error with a type.
type AmountError struct{ Amount int }

func (e *AmountError) Error() string { return fmt.Sprintf("bad amount %d", e.Amount) }

var ErrClosed = errors.New("closed")

func Fail(message string) (int, error) {
	if message == "" {
		return 1, nil
	}
	return 0, errors.New(message)
}

func Message(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

type hidden struct{ n int }

func (h hidden) N() int       { return h.n }
func Hidden(n int) hidden     { return hidden{n} }
func TakeHidden(h hidden) int { return h.n }

// Option is opaque and may be left out.
type Option func(*Account)

func WithOwner(name string) Option { return func(a *Account) { a.Owner = name } }
func OpenWith(options ...Option) *Account {
	a := Open("nobody")
	for _, o := range options {
		o(a)
	}
	return a
}

func Reader(s string) io.Reader { return strings.NewReader(s) }
func ReadAll(r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}

func Generic[T any](v T) T { return v }

const (
	Answer       = 42
	Huge         = 1 << 63
	Pi           = 3.14159
	Name         = "values"
	Letter       = 'x'
	Typed  int64 = 7
)

var (
	Counter = 3
	Call    = func(n int) int { return n * n }
	Origin  = Point{1, 2}
)

func Panic(v string)    { panic(v) }
func PanicNil() (v int) { var a *Account; return a.balance }
func Wait(ctx context.Context, n int) (int, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(time.Duration(n) * time.Millisecond):
		return n, nil
	}
}

type Node struct {
	Value int
	Next  *Node
}

func Length(n *Node) (l int) {
	for ; n != nil; n = n.Next {
		l++
	}
	return l
}

func IsCycle(n *Node) bool { return n.Next == n }

// Tree contains itself by a slice alone, and has no methods.
type Tree struct {
	Name string
	Kids []*Tree
	Odd  map[string]Tree
}

func Grow(name string) Tree { return Tree{Name: name, Kids: []*Tree{{Name: "kid"}}} }
func CountTree(t Tree) int {
	n := 1
	for _, k := range t.Kids {
		n += CountTree(*k)
	}
	return n
}

// Nest is a slice of itself.
type Nest []Nest

// Nests has one.
type Nests struct{ Inner Nest }

func Depth(n Nests) int {
	if len(n.Inner) == 0 {
		return 0
	}
	return 1 + Depth(Nests{n.Inner[0]})
}

func Cycle() *Node {
	n := &Node{Value: 1}
	n.Next = n
	return n
}

// Mixed has no methods, and a field that cannot be copied.
type Mixed struct {
	A int
	b int
}

func NewMixed() *Mixed   { return &Mixed{1, 2} }
func AnyMixed() any      { return NewMixed() }
func AnyMixedValue() any { return *NewMixed() }
func SumMixed(v any) int {
	switch v := v.(type) {
	case *Mixed:
		return v.A + v.b
	case Mixed:
		return v.A + v.b
	}
	return -1
}
