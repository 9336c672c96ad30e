package faults

import (
	"errors"
	"math"
	"time"
)

// Values that encoding/json writes. This package does not import it.

// Tag has a text form, and Verbatim writes itself.
type Tag struct{ name string }

// MarshalText writes the name in brackets.
func (t Tag) MarshalText() ([]byte, error) { return []byte("<" + t.name + ">"), nil }

// Verbatim is JSON.
type Verbatim string

// MarshalJSON returns it.
func (v Verbatim) MarshalJSON() ([]byte, error) {
	if v == "" {
		return nil, ErrEmpty
	}
	return []byte(v), nil
}

// ErrEmpty is the error of an empty Verbatim.
var ErrEmpty = errors.New("nothing to write")

type (
	// Level, Levels and Names have methods, so they stay in the module.
	Level  int
	Levels []Level
	Names  map[Tag]*Leaf
	Digest [3]byte
	Blob   []byte
	// Leaf has everything.
	Leaf struct {
		Name    string `json:"name"`
		Short   string `json:",omitempty"`
		N       int64  `json:"n,string"`
		Text    string `json:"text,string"`
		Hidden  int    `json:"-"`
		Dash    int    `json:"-,"`
		At      time.Time
		None    *int      `json:"none"`
		Left    *int      `json:"left,omitempty"`
		Since   time.Time `json:"since,omitzero"`
		Wait    time.Duration
		Half    float32
		Huge    float64
		Tag     Tag
		Raw     Verbatim
		Any     any
		Numbers map[int]bool
		Blob    Blob
		Digest  Digest
		secret  int
		inner
		*Base
		Named *Base `json:"base"`
	}
	inner struct {
		Promoted string
		Name     string // hidden by Leaf's
	}
	// Base is embedded by pointer.
	Base struct {
		ID   int
		Next *Leaf `json:",omitempty"`
	}
)

// String and Len keep them in the module.
func (l Level) String() string { return "level" }
func (l Levels) Len() int      { return len(l) }
func (n Names) Len() int       { return len(n) }
func (b Blob) Len() int        { return len(b) }

// JSON makes values by name.
func JSON(name string) any {
	seven := 7
	leaf := &Leaf{
		Name: "a<b>&", N: 5, Text: `"q"`, Dash: 1, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Wait: 3, Half: 0.1, Huge: 1e21,
		Tag: Tag{"t"}, Raw: ` { "x": [1, 2] } `, Any: []any{Level(2), Tag{"u"}, map[string]any{"z": 1, "a": nil}}, Numbers: map[int]bool{10: true, 9: false},
		Blob: Blob("blob"), Digest: Digest{1, 2, 3}, secret: 1, inner: inner{"p", "hidden"}, Base: &Base{ID: 3},
	}
	full := *leaf
	full.None, full.Left, full.Since, full.Named, full.Short = &seven, &seven, leaf.At, &Base{ID: 4, Next: leaf}, "s"
	circle := &Base{}
	circle.Next = &Leaf{Raw: "1", Named: circle}
	switch name {
	case "leaf":
		return leaf
	case "full":
		return &full
	case "tag":
		return Tag{"\u2028é"}
	case "verbatim":
		return Verbatim(`[1, "<"]`)
	case "level":
		return Level(3)
	case "levels":
		return Levels{1, 2}
	case "no levels":
		return Levels(nil)
	case "names":
		return Names{{"b"}: leaf, {"a"}: nil}
	case "blob":
		return Blob("x")
	case "unexported":
		return &struct {
			inner
			Z int
		}{inner{"p", "n"}, 1}
	case "hidden":
		return &inner{"p", "n"}
	case "function":
		return func() {}
	case "channel":
		return &struct{ C chan int }{}
	case "empty":
		return &Leaf{}
	case "infinite":
		return &Leaf{Raw: "1", Huge: math.Inf(1)}
	case "circle":
		return circle
	}
	return nil
}
