package values

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Times with their places, and places.

func AddDays(t time.Time, days int) time.Time { return t.AddDate(0, 0, days) }
func PlaceOf(t time.Time) string              { return t.Location().String() }
func InPlace(t time.Time, l *time.Location) time.Time {
	return t.In(l)
}
func SamePlace(l *time.Location) *time.Location { return l }
func PlaceName(l *time.Location) string         { return l.String() }
func LoadPlace(name string) (*time.Location, error) {
	return time.LoadLocation(name)
}

// Schedule is at nine o'clock in a place.
type Schedule struct {
	Place *time.Location
	Hour  int
}

func NextOf(s Schedule, after time.Time) time.Time {
	t := after.In(s.Place)
	for next := time.Date(t.Year(), t.Month(), t.Day(), s.Hour, 0, 0, 0, s.Place); ; next = next.AddDate(0, 0, 1) {
		if next.After(after) {
			return next
		}
	}
}
func Elapsed(a, b time.Time) time.Duration { return b.Sub(a) }

// Numbers of any size.

func HalveFloat(f *big.Float) *big.Float { return f.Quo(f, big.NewFloat(2)) }
func SameFloat(f *big.Float) *big.Float  { return f }
func FloatOf(f big.Float) (big.Float, string) {
	return f, fmt.Sprint(f.Prec(), f.Mode(), " ", f.Text('p', 0))
}
func NewFloat(prec uint, text string) (*big.Float, error) {
	f, _, err := big.ParseFloat(text, 10, prec, big.ToZero)
	return f, err
}
func FloatsOf(m map[string]*big.Float) []*big.Float {
	return []*big.Float{m["a"]}
}
func InverseRat(r *big.Rat) *big.Rat { return new(big.Rat).Inv(r) }
func DescribeFloat(v any) string {
	switch f := v.(type) {
	case *big.Float:
		return fmt.Sprint(f.Prec(), f.Mode(), " ", f.Text('p', 0))
	case big.Float:
		return fmt.Sprint(f.Prec(), f.Mode(), " ", f.Text('p', 0))
	}
	return fmt.Sprintf("%T", v)
}

// Keys with methods.

type (
	LabelName  string
	LabelValue string
	LabelSet   map[LabelName]LabelValue
	Code       int
)

func (n LabelName) IsValid() bool   { return n != "" }
func (v LabelValue) String() string { return string(v) }
func (c Code) String() string       { return fmt.Sprintf("code %d", int(c)) }
func (s LabelSet) String() string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(s)) {
		all = append(all, string(k)+"="+string(s[k]))
	}
	return strings.Join(all, ",")
}
func (s LabelSet) Merge(other LabelSet) LabelSet {
	s = maps.Clone(s)
	maps.Copy(s, other)
	return s
}

func LabelText(s LabelSet) string                        { return s.String() }
func MergeLabels(a, b LabelSet) LabelSet                 { return a.Merge(b) }
func NewLabels(k, v string) LabelSet                     { return LabelSet{LabelName(k): LabelValue(v)} }
func MonthDays(m map[time.Month]int) (n int)             { return m[time.March] }
func DaysOf(m ...time.Month) map[time.Month]int          { return map[time.Month]int{m[0]: 31} }
func CodeTexts(m map[Code]string) map[Code]string        { m[7] = Code(7).String(); return m }
func CodeSets(m map[Code]struct{}) []Code                { return slices.Sorted(maps.Keys(m)) }
func NestLabels(m map[string]map[LabelName]Code) int     { return int(m["a"]["b"]) }
func LabelLists(m map[LabelName][]LabelValue) LabelValue { return m["a"][0] }

type Metric struct {
	Labels LabelSet
	Value  float64
}

func MetricText(m Metric) string { return fmt.Sprint(m.Labels, m.Value) }

func Sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }
func MarshalIndent(v any) (string, error) {
	b, err := json.MarshalIndent(v, "", " ")
	return string(b), err
}

func DayAfter(times map[string]time.Time, key string) time.Time { return times[key].AddDate(0, 0, 1) }

func BufferLen(b *bytes.Buffer) int       { return b.Len() }
func NewBuffer(text string) *bytes.Buffer { return bytes.NewBufferString(text) }

type Grid struct{ X, Y int }

func (g Grid) String() string { return fmt.Sprintf("%d/%d", g.X, g.Y) }

type Digest [2]byte

func (d Digest) String() string { return fmt.Sprintf("%x", d[:]) }

func GridSum(m map[Grid]bool) (n int) {
	for g, in := range m {
		if in {
			n += g.X + g.Y
		}
	}
	return n
}
func GridOf(x, y int) map[Grid]string       { g := Grid{x, y}; return map[Grid]string{g: g.String()} }
func DigestName(m map[Digest]string) string { return m[Digest{1, 2}] }
func CountKeys(m *map[LabelName]Code) int   { return int((*m)["a"]) }
func AddrCount(m map[netip.Addr]int) int    { return len(m) }

// AddrNext counts in a map of the host and makes one of its own.
func AddrNext(m map[netip.Addr]int) map[netip.Addr]int {
	next := map[netip.Addr]int{}
	for a, n := range m {
		next[a.Next()] = n
		m[a] = n + 1
	}
	return next
}

// Routes is a struct with such maps.
type Routes struct {
	By   map[netip.Prefix][]string
	Any  map[any]string
	Name string
}

func RouteText(r Routes) string {
	return fmt.Sprintln(r.By, len(r.Any), r.Any[1], r.Any["k"], r.Name)
}
func AnyKeys(m map[any]int) int { m["new"] = len(m); return m[1] + m["a"] }

// SameKeyed and what follows return what they are given.
func SameKeyed(m map[any]any) map[any]any { return m }
func SameKeys(m map[any]any) any          { return m }
func PointAsAny(p *Point) any             { p.X++; return p }
func IntsAsAny(v []int) any               { v[0]++; return v[1:] }
func KeysAsAny(m map[string]int) any      { m["x"]++; return []any{m, m} }
func PointsAsAny(v []*Point) any          { return map[string]any{"first": v[0], "all": v} }
func TextKeys(m map[Text]int) (text string, n int) {
	for k, v := range m {
		text, n = text+k.String(), n+v
	}
	return text, n
}

// Text is an interface for keys.
type Text interface{ String() string }

// Opaque has nothing that could be a key.
type Opaque struct{ n int }

func OpaqueCount(m map[Opaque]int) int           { return len(m) }
func WithKeys(f func(map[LabelName]int) int) int { return f(map[LabelName]int{"x": 5, "y": 7}) }

func FreshFloat(f *big.Float) *big.Float      { return new(big.Float).Copy(f) }
func SetPrecision(f *big.Float, prec uint)    { f.SetPrec(prec) }
func DescribeIn(values map[string]any) string { return DescribeFloat(values["f"]) }

// Reprecise sets the precision of the field F of what to points to.
func Reprecise(to any, prec uint) error {
	f, ok := reflect.ValueOf(to).Elem().FieldByName("F").Interface().(*big.Float)
	if !ok {
		return fmt.Errorf("a %T has no F", to)
	}
	f.SetPrec(prec)
	return nil
}
