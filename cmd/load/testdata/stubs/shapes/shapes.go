// Package shapes has what stubs have to carry.
package shapes

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Kind is an enumeration.
type Kind int

// The kinds.
const (
	Round   Kind = iota + 1 // without corners
	Angular                 // with some
)

func (k Kind) String() string { return []string{"", "round", "angular"}[k] }

// Parse reads a kind.
func Parse(s string) (Kind, error) {
	switch s {
	case "round":
		return Round, nil
	case "angular":
		return Angular, nil
	case "":
		return 0, ErrEmpty
	}
	return 0, &ParseError{Text: s, Err: ErrUnknown}
}

// Errors to test for.
var (
	ErrEmpty   = errors.New("shapes: empty")
	ErrUnknown = errors.New("shapes: unknown " + "kind")
)

// ParseError is what Parse returns.
type ParseError struct {
	Text string
	Err  error
}

func (e *ParseError) Error() string { return fmt.Sprintf("shapes: %q: %v", e.Text, e.Err) }
func (e *ParseError) Unwrap() error { return e.Err }

// Find is errors.As.
func Find(err error, target any) bool { return errors.As(err, target) }

// Fill decodes JSON into what a pointer points to.
func Fill(data []byte, to any) error {
	if err := json.Unmarshal(data, to); err != nil {
		return &ParseError{Text: string(data), Err: err}
	}
	return nil
}

// Write encodes as JSON.
func Write(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// Raw notes what decoded it.
type Raw []byte

// MarshalJSON writes the bytes as a text.
func (r Raw) MarshalJSON() ([]byte, error) { return json.Marshal(string(r) + "!") }

// UnmarshalJSON notes the text.
func (r *Raw) UnmarshalJSON(data []byte) error {
	*r = append(Raw("raw "), data...)
	return nil
}

type lost struct{ what string }

func (l lost) Error() string { return "lost " + l.what }

type lostUnknown struct{ what string }

func (l *lostUnknown) Error() string { return "lost " + l.what }
func (l *lostUnknown) Unwrap() error { return ErrUnknown }

// LostOnes returns errors of types that are not exported.
func LostOnes() []any {
	return []any{lost{"a"}, &lostUnknown{"b"}, ErrEmpty, map[string]any{"c": lost{"c"}}}
}

// TellLost tells what an error of LostOnes is.
func TellLost(v any) string {
	if own, ok := v.(*lostUnknown); ok {
		return own.Error()
	}
	return fmt.Sprintf("%T", v)
}

// Link is a part of a chain.
type Link struct {
	Name       string
	Prev, Next *Link
}

// LinkError tells where a chain is broken.
type LinkError struct{ At *Link }

func (e *LinkError) Error() string { return "broken at " + e.At.Name }

// First is a link of a chain.
var First = Links()[0]

// Links returns a chain.
func Links() []*Link {
	a, b := &Link{Name: "a"}, &Link{Name: "b"}
	a.Next, b.Prev = b, a
	return []*Link{a, b}
}

// Break tells that a chain is broken.
func Break() error { return &LinkError{Links()[0]} }

// TypeError has a field that only the module can have.
type TypeError struct {
	Value string
	Type  reflect.Type
}

func (e *TypeError) Error() string { return e.Value + " is no " + e.Type.String() }

// CodeError is an error by value.
type CodeError struct{ Code int }

func (e CodeError) Error() string { return fmt.Sprint("code ", e.Code) }

// KindError is a number.
type KindError int

func (k KindError) Error() string { return fmt.Sprint("kind ", int(k)) }

// HeldError is an error whose values live in the module.
type HeldError struct{ depth int }

func (e *HeldError) Error() string { return fmt.Sprint("depth ", e.depth) }
func (e *HeldError) Depth() int    { return e.depth }

// Deep is what errors with a depth are.
type Deep interface{ Depth() int }

var (
	errHidden = errors.New("hidden")
	errTyped  = &ParseError{Text: "typed"}
	errHeld   = &HeldError{1}
)

// Hid returns one error.
func Hid() error { return errHidden }

// Typed returns one error.
func Typed() error { return errTyped }

// Hold returns one error.
func Hold() error { return errHeld }

// Nearest returns values that are equal for equal numbers.
func Nearest(by int) Orderer { return order{by} }

// AnyNearest does, too.
func AnyNearest(by int) any { return order{by} }

// Fail returns the errors of each kind in one tree.
func Fail() error {
	return errors.Join(CodeError{7}, fmt.Errorf("within: %w", &HeldError{3}))
}

// Release has a field that older stubs lack.
type Release struct{ Major, Minor int }

// Newest returns one, and Older takes one.
func Newest() Release         { return Release{1, 2} }
func Older(r Release) Release { return Release{r.Major, r.Minor - 1} }

// Mistype returns a TypeError.
func Mistype(value string) error { return &TypeError{value, reflect.TypeFor[Kind]()} }

// IsUnknown reports what the module finds in an error.
func IsUnknown(err error) (is, as bool) {
	var parse *ParseError
	return errors.Is(err, ErrUnknown), errors.As(err, &parse)
}

// Point is data.
type Point struct {
	X    int `json:"at"`
	Y    int
	Tags []string // what it is called
	Next *Point
}

func (p Point) Sum() int { return p.X + p.Y }

// Move changes it.
func (p *Point) Move(dx, dy int) *Point {
	p.X += dx
	p.Y += dy
	p.Tags = append(p.Tags, "moved")
	return p
}

// Names has a map in it.
type Names map[string]int

func (n Names) Add(name string) { n[name]++ }

// Words is a list.
type Words []string

func (w Words) Len() int           { return len(w) }
func (w Words) Less(i, j int) bool { return w[i] < w[j] }
func (w Words) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }

// Counter lives in the module. Its zero value is ready.
type Counter struct{ n int }

// NewCounter makes one.
func NewCounter(n int) *Counter { return &Counter{n} }

// Value returns one by value.
func Value(n int) Counter { return Counter{n} }

func (c *Counter) Add(n int) *Counter {
	c.n += n
	return c
}

func (c Counter) N() int { return c.n }

func (c *Counter) String() string {
	if c == nil {
		return "none"
	}
	return fmt.Sprint("counter ", c.n)
}

// MarshalText and UnmarshalText lose nothing.
func (c Counter) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d", c.n), nil }

func (c *Counter) UnmarshalText(text []byte) error {
	_, err := fmt.Sscan(string(text), &c.n)
	return err
}

// Total sums up.
func Total(list []*Counter, more map[string]Counter, f func(*Counter) int) (n int) {
	for _, c := range list {
		n += f(c)
	}
	for _, c := range more {
		n += c.n
	}
	return n
}

// Pair has held values in it.
type Pair struct {
	First  *Counter
	Second Counter
}

func MakePair(c *Counter) Pair { return Pair{c, Counter{c.n + 1}} }

func (p Pair) Sum() int { return p.First.n + p.Second.n }

// ID has a text form.
type ID [4]byte

func (id ID) String() string               { return fmt.Sprintf("%x", id[:]) }
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
func (id *ID) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%x", id)
	return err
}
func (id *ID) Scan(src any) error { copy(id[:], src.(string)); return nil }
func NewID(a byte) ID             { return ID{a, a, a, a} }
func Describe(v any) string {
	switch v := v.(type) {
	case ID:
		return "ID " + v.String()
	case *Counter:
		return "counter " + fmt.Sprint(v.n)
	case Counter:
		return "value " + fmt.Sprint(v.n)
	case *Point:
		v.X++
		return "point"
	case Kind:
		return "kind " + v.String()
	case []Color:
		return fmt.Sprint("colors ", v)
	case []Kind:
		v[0] = Angular
		return fmt.Sprint("kinds ", v)
	case nil:
		return "nil"
	}
	return fmt.Sprintf("%T", v)
}

// Shape is an interface.
type Shape interface {
	Area() int
	Name() string
}

type square struct{ side int }

func (s *square) Area() int    { return s.side * s.side }
func (s *square) Name() string { return "square" }

var unit = &square{1}

// Unit always returns the same one.
func Unit() Shape { return unit }

// Square returns a shape of the module's own.
func Square(side int) Shape { return &square{side} }

// Circle is a shape that both sides know.
type Circle struct{ R int }

func (c Circle) Area() int    { return 3 * c.R * c.R }
func (c Circle) Name() string { return "circle" }

// Largest returns one of those that it gets.
func Largest(shapes ...Shape) Shape {
	return slices.MaxFunc(shapes, func(a, b Shape) int { return a.Area() - b.Area() })
}

// IsCircle tells what the module sees.
func IsCircle(s Shape) bool {
	_, ok := s.(Circle)
	return ok
}

// Any returns what a host type switch sees.
func Any(what string) any {
	return map[string]any{"circle": Circle{2}, "counter": &Counter{3}, "kind": Angular, "id": NewID(7), "text": "x", "point": &Point{X: 1}}[what]
}

// Old is another name.
type Old = Point

// Text is a string.
type Text = string

// Level is a variable.
var Level = 3

// Current reads Level.
func Current() int { return Level }

// Upper is a variable that is a function.
var Upper = strings.ToUpper

// Default is a variable that lives in the module.
var Default = &Counter{100}

// Standard returns it.
func Standard() *Counter { return Default }

// Count is N.
func (c *Counter) Count() int { return c.n }

// Changing is a variable that the module changes.
var Changing Counter

// Change does.
func Change(n int) { Changing = Counter{n} }

// Color lives in the module, and does not change.
type Color struct{ name string }

func (c Color) String() string {
	if c.name == "" {
		return "none"
	}
	return c.name
}

func (c *Color) set(name string) { c.name = name }

// Red is a color.
var Red = Color{"red"}

type settings struct{ words []string }

// Setting is an option that only the package can make.
type Setting func(*settings)

// WithX is one.
var WithX Setting = With("x")

// With sets a word.
func With(word string) Setting { return func(s *settings) { s.words = append(s.words, word) } }

// Ruled is another way to do that.
type Ruled interface{ rule(s *settings) }

type rule string

func (r rule) rule(s *settings) { s.words = append(s.words, string(r)) }

// Rule sets a word.
func Rule(word string) Ruled { return rule(word) }

// Configure applies settings and a rule.
func Configure(first, second Setting, last Ruled) string {
	var s settings
	for _, f := range []Setting{first, second} {
		if f != nil {
			f(&s)
		}
	}
	if last != nil {
		last.rule(&s)
	}
	return strings.Join(s.words, " ")
}

// Map is generic.
func Map[T, R any](list []T, f func(T, int) R) []R {
	out := make([]R, len(list))
	for i, v := range list {
		out[i] = f(v, i)
	}
	return out
}

// Keys is generic over ordered types.
func Keys[M ~map[K]V, K ~string | ~int, V any](m M) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Count yields.
func Count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Copy copies within a context.
func Copy(ctx context.Context, w io.Writer, r io.Reader, wait time.Duration) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return io.Copy(w, r)
}

// Use is a name that stubs have, too.
//
// Deprecated: use nothing.
func Use(_ int, bound string) string { return bound }

// Options are filled by functions.
type Options struct{ Size int }

// Option sets one.
type Option func(*Options)

// Sized sets the size.
func Sized(n int) Option { return func(o *Options) { o.Size = n } }

// Apply applies them.
func Apply(options ...Option) Options {
	var o Options
	for _, f := range options {
		f(&o)
	}
	return o
}

// Server answers requests.
type Server struct{ name string }

// NewServer makes one.
func NewServer(name string) *Server { return &Server{name} }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, s.name, r.URL.Path) }

// Print prints, and calls f meanwhile.
func Print(first string, f func(), last string) {
	fmt.Print(first)
	f()
	fmt.Print(last)
}

type order struct{ by int }

func (o order) Next(n int) int { return n + o.by }

// Up and Down are orders, whose type is not exported.
var (
	Up   order
	Down = &order{-1}
)

// Orderer is what orders are.
type Orderer interface{ Next(int) int }

// Straight is one.
var Straight Orderer = order{10}

// Ruler is an orderer, too.
type Ruler func(int) int

// Next asks it.
func (r Ruler) Next(n int) int { return r(n) + 1000 }

// Twice asks twice.
func Twice(o Orderer, n int) int { return o.Next(o.Next(n)) }

// Ordered returns an order.
func Ordered(by int) *order { return &order{by} }

// Sum returns a hash of the standard library.
func Sum() hash.Hash { return sha1.New() }

// ErrGone is the standard library's.
var ErrGone = fs.ErrNotExist

func init() { Up.by = 1 }

// Common is part of a node.
type Common struct{ Labels []string }

// Node is one of a list, and has fields beside those that are not exported.
type Node struct {
	Common
	Name  string             `json:"name"`
	Value any                `json:"value,omitempty"`
	Hook  func(*Node) string `json:"-"`
	Other *Node              `json:"-"`
	Level slog.Level         `json:"-"`
	Kind  Kind               `json:"-"`
	next  *Node
}

// Add adds a node behind it.
func (n *Node) Add(other *Node) *Node {
	n.next = other
	return other
}

// Next returns the next one.
func (n *Node) Next() *Node { return n.next }

// Text is of all of them.
func (n *Node) Text() (text string) {
	for ; n != nil; n = n.next {
		text += fmt.Sprintf("%s%v%v ", n.Name, n.Labels, n.Value)
		if n.Hook != nil {
			text += n.Hook(n) + " "
		}
	}
	return text
}

// Rename renames all of them.
func (n *Node) Rename(f func(n *Node)) {
	for ; n != nil; n = n.next {
		n.Name += "'"
		n.Level, n.Kind = slog.LevelWarn, Angular
		n.Labels = append(n.Labels, "renamed")
		f(n)
		n.Name += "!"
	}
}

// Last returns the value of the last one.
func (n Node) Last() Node {
	for n.next != nil {
		n = *n.next
	}
	return n
}

// Address is a number.
func Address(p uintptr) uintptr { return p + 1 }

// Left out.
type (
	Mixed struct {
		Shown  int
		hidden int
	}
	Channel chan int
)

func (m *Mixed) Hidden() int { m.hidden++; return m.hidden }

// NewMixed makes one.
func NewMixed(shown int) *Mixed { return &Mixed{Shown: shown} }

func Channels() <-chan int     { return nil }
func Context() context.Context { return nil }
func Hidden() interface{ X() } { return nil }

// SelfMarshaler says what it is.
type SelfMarshaler interface {
	MarshalSelf() (string, error)
}

// Tell says what a value is by its own method, or by its parts.
func Tell(v any) string {
	if m, ok := v.(SelfMarshaler); ok {
		text, err := m.MarshalSelf()
		return fmt.Sprint(text, err)
	}
	var parts []string
	switch v := reflect.ValueOf(v); v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, Tell(v.Index(i).Interface()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !strings.Contains(string(v.Type().Field(i).Tag), ",omitempty") || !v.Field(i).IsZero() {
				parts = append(parts, v.Type().Field(i).Name+"="+Tell(v.Field(i).Interface()))
			}
		}
	case reflect.Pointer:
		return "&" + Tell(v.Elem().Interface())
	default:
		return fmt.Sprint(v)
	}
	return fmt.Sprint(parts)
}

// Nil names the type of a nil pointer.
func Nil(v any) string {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
		return p.Type().String()
	}
	return fmt.Sprintf("%v is not nil", v)
}

// NilIn is Nil for an element.
func NilIn(list []any, by map[string]any) string { return Nil(list[0]) + " " + Nil(by["a"]) }

// NilDeep is Nil for an interface, and NilError for an error.
func NilDeep(d Deep) string     { return Nil(d) }
func NilError(err error) string { return Nil(err) }

// NilFrom asks a function.
func NilFrom(f func() (any, error)) string {
	v, err := f()
	return Nil(v) + " " + Nil(err)
}

// Described has a method whose result programs cannot have.
type Described interface {
	Name() string
	Type() reflect.Type
}

// Plain is a Described by its pointer.
type Plain struct{ name string }

func (p *Plain) Name() string     { return p.name }
func (*Plain) Type() reflect.Type { return reflect.TypeFor[Plain]() }

// NewPlain makes one.
func NewPlain(name string) *Plain { return &Plain{name} }

// Describes returns a value of a type without a name.
func Describes(d Described) Described { return describing{d} }

type describing struct{ Described }

func (d describing) Name() string { return "described " + d.Described.Name() }

// Feed has no method that programs can have.
type Feed interface{ Fill(chan<- string) }

// Fills is a Feed.
type Fills []string

func (f Fills) Fill(to chan<- string) {
	for _, s := range f {
		to <- s
	}
	close(to)
}

// Doubled returns a Feed that fills all twice.
func Doubled(f Feed) Feed { return doubled{f} }

type doubled struct{ Feed }

func (t doubled) Fill(to chan<- string) {
	for _, s := range Drain(t.Feed) {
		to <- s
		to <- s
	}
	close(to)
}

// NamedFeed is a Feed with a name.
type NamedFeed interface {
	Feed
	Name() string
}

// NewFeed gives a Feed a name.
func NewFeed(name string, f Feed) NamedFeed { return namedFeed{f, name} }

type namedFeed struct {
	Feed
	name string
}

func (f namedFeed) Name() string { return f.name }

// Drain returns what a Feed fills.
func Drain(f Feed) (all []string) {
	to := make(chan string)
	go f.Fill(to)
	for s := range to {
		all = append(all, s)
	}
	return all
}

// CellOf is generic, and has names for some of its instances.
type CellOf[T any] struct {
	Value T // that it holds
	next  *CellOf[T]
}

// Behind returns a cell that leads to this one.
func (c *CellOf[T]) Behind(v T) *CellOf[T] { return &CellOf[T]{Value: v, next: c} }

// Next returns the one that it leads to.
func (c *CellOf[T]) Next() *CellOf[T] { return c.next }

// PairOf is generic and data.
type PairOf[T any] struct{ First, Second T }

// Swapped is the other way round.
func (p PairOf[T]) Swapped() PairOf[T] { return PairOf[T]{p.Second, p.First} }

// measured is what the package can measure.
type measured interface{ length() int }

// Rod has a length.
type Rod struct{ n int }

// NewRod makes one.
func NewRod(n int) *Rod { return &Rod{n} }

func (r *Rod) length() int { return r.n }

// Joined returns what is as long as several.
func Joined(first, second measured) measured { return NewRod(first.length() + second.length()) }

// Shorter reports whether it is shorter than another one.
func (r *Rod) Shorter(than measured) bool { return r.n < than.length() }

// Names for instances.
type (
	Cell      = CellOf[string]
	OtherCell = CellOf[string]
	KindPair  = PairOf[Kind]
)

// NewCell makes a cell.
func NewCell(s string) *Cell { return &Cell{Value: s} }

// Strings calls what its type arguments have.
func Strings[T fmt.Stringer](first T, others []T) (texts []string) {
	for _, v := range append([]T{first}, others...) {
		texts = append(texts, v.String())
	}
	return texts
}

// Method is how something is signed. The package tells methods by their pointers.
type Method struct{ Name string }

// Soft and Loud are the methods that there are.
var (
	Soft *Method
	Loud *Method
)

func init() {
	Soft = &Method{"soft"}
	Loud = &Method{"loud"}
}

// Sign signs.
func (m *Method) Sign(text string) string {
	if m == Loud {
		text = strings.ToUpper(text)
	}
	return m.Name + ":" + text
}

// Signer has a Sign method.
type Signer interface{ Sign(text string) string }

// SignBy signs by a method.
func SignBy(s Signer, text string) string {
	if s == Signer(Loud) {
		return "loudly " + s.Sign(text)
	}
	return s.Sign(text)
}

// Written writes a value as JSON.
func Written(s Signer) (string, error) {
	text, err := json.Marshal(s)
	return string(text), err
}
