package values

import (
	"fmt"
	"strings"
)

// Functions that take what other packages cannot name.

type (
	settings struct {
		Name  string
		Level degree
		inner int
	}
	plainSettings struct {
		Name  string
		Ports []int
		Level int
	}
	degree int
	marks  []string
	counts map[string]int
	lookup interface {
		Look(name string) (string, error)
	}
	setting  func(*settings)
	change   interface{ change(*settings) }
	named    string
	anything any
)

// Anything tells a type.
func Anything(a anything) string { return fmt.Sprintf("%T", a) }

func (n named) change(s *settings) { s.Name += string(n) }

// Verbose is a degree.
const Verbose degree = 3

// DefaultSettings and NewSettings make settings.
func DefaultSettings() settings         { return settings{"default", Verbose, 1} }
func NewSettings(name string) *settings { return &settings{Name: name, inner: 2} }

// SettingsText and what follows take them.
func SettingsText(s settings) string { return s.Name + strings.Repeat("!", s.inner) }
func RenameSettings(s *settings, name string) string {
	if s == nil {
		return "none"
	}
	s.Name = name
	return s.Name
}
func PlainText(s plainSettings) string {
	return s.Name + strings.Repeat("+", int(s.Level)+len(s.Ports))
}
func AtLevel(l degree) int      { return int(l) * 2 }
func SortLabels(l marks) string { l[0], l[1] = l[1], l[0]; return strings.Join(l, ",") }
func Tally(c counts) int        { c["n"]++; return len(c) }
func LookUp(l lookup, name string) (string, error) {
	if l == nil {
		return "no lookup", nil
	}
	return l.Look(name)
}

// WithLevel and WithSuffix make options.
func WithLevel(l degree) setting    { return func(s *settings) { s.Level = l } }
func WithSuffix(text string) change { return named(text) }
func Apply1(o setting) int          { var s settings; o(&s); return int(s.Level) }
func Configure(name string, all ...setting) (*settings, error) {
	s := NewSettings(name)
	for _, o := range all {
		o(s)
	}
	return s, nil
}
func ManySettings(names ...string) (all []*settings) {
	for _, name := range names {
		all = append(all, NewSettings(name))
	}
	return all
}
func SettingsNames(all []*settings) (names []string) {
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}
func Modify(all ...change) string {
	s := NewSettings("m")
	for _, c := range all {
		c.change(s)
	}
	return s.Name
}

// SettingsHolder has a method and a field of such types.
type SettingsHolder struct{ Settings *settings }

func (h *SettingsHolder) Set(s *settings) { h.Settings = s }
func (h *SettingsHolder) Name() string    { return h.Settings.Name }
func NewSettingsHolder() *SettingsHolder  { return new(SettingsHolder) }
