package values

import (
	"fmt"
	"strings"
)

// Lists and maps that stay in the module.

type Alphabet struct{ name string }

func (a *Alphabet) Name() string { return a.name }

var (
	Latin = &Alphabet{"latin"}
	Greek = &Alphabet{"greek"}
)

// Alphabets has pointers as keys.
var Alphabets = map[*Alphabet]string{Latin: "abc", Greek: "αβγ"}

// AlphabetSet is a set of pointers.
type AlphabetSet map[*Alphabet]struct{}

func (s AlphabetSet) Has(a *Alphabet) bool { _, ok := s[a]; return ok }

func DetectAlphabet(s string) *Alphabet {
	if strings.HasPrefix(s, "α") {
		return Greek
	}
	return Latin
}
func NewSet(a ...*Alphabet) AlphabetSet {
	set := AlphabetSet{}
	for _, a := range a {
		set[a] = struct{}{}
	}
	return set
}

// Aliases of generic types whose arguments nobody else can name.

type config struct{ Upper bool }

type FlagBase[T any, C any] struct {
	Name   string
	Value  T
	Config C
}

func (f *FlagBase[T, C]) Text() string { return fmt.Sprint(f.Name, "=", f.Value) }

type (
	StringFlag = FlagBase[string, config]
	IntFlag    = FlagBase[int, *config]
	FlagList   = ListOf[config]
)

type ListOf[T any] []T

func (l ListOf[T]) Size() int { return len(l) }

func NewIntFlag() *IntFlag          { return &IntFlag{Name: "n", Value: 7, Config: &config{true}} }
func FlagText(f *StringFlag) string { return f.Text() }
func NewFlagList() FlagList         { return FlagList{{true}} }

// Shapes is a list with methods and elements of an interface.
type Shapes []Shape

func (s Shapes) Total() (sum float64) {
	for _, shape := range s {
		sum += shape.Area()
	}
	return sum
}
func NewShapes() Shapes { return Shapes{&Square{2}, &Square{3}, nil} }

// ShapesOf are the shapes by name.
type ShapesOf map[string]Shape

func (s ShapesOf) Sorted() bool { return false }
func NewShapesOf() *ShapesOf    { return &ShapesOf{"small": &Square{1}} }

// Pair is an array with a method.
type Pair [2]*Square

func (p Pair) Area() float64 { return p[0].Area() + p[1].Area() }
func NewPair() Pair          { return Pair{{1}, {2}} }

// Lists and maps of types that nobody else can name.

type entry struct{ N int }

func (e *entry) Twice() int { return 2 * e.N }

type (
	Entries   []entry
	EntryMap  map[string]*entry
	EntryKeys map[entry]int
	EntryPair [2]entry
	EntryRef  *entry
)

func NewEntries() Entries               { return Entries{{1}, {2}} }
func NewEntryMap() EntryMap             { return EntryMap{"a": {5}} }
func NewEntryKeys() EntryKeys           { return EntryKeys{{1}: 7} }
func NewEntryPair() *EntryPair          { return &EntryPair{{1}, {2}} }
func NewEntryRef() EntryRef             { return &entry{3} }
func CountEntries(e Entries) int        { return len(e) }
func CountEntryMap(m *EntryMap) int     { return len(*m) }
func CountEntryKeys(e ...EntryKeys) int { return len(e[0]) }
