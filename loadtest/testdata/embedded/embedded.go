// Package embedded has types that are made of others by embedding.
package embedded

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Date has all methods of a time but one.
type Date struct{ time.Time }

// MarshalJSON writes no fractions of seconds.
func (d Date) MarshalJSON() ([]byte, error) { return []byte(d.Format(`"` + time.RFC3339 + `"`)), nil }

// Expiry has more than the time that it is written as.
type Expiry struct {
	time.Time
	Soft bool
}

// Optional may have none.
type Optional struct{ *time.Time }

// Layout shows a part of itself.
type Layout struct {
	time.Time
	layout string
}

// Host is written as its address alone.
type Host struct {
	netip.Addr
	Name string
}

// Outer embeds what embeds.
type Outer struct {
	Date
	N int
}

// Stamp has the structure of a time, and no methods.
type Stamp time.Time

// Claims hold them.
type Claims struct {
	At   *Date
	List [2]Date
	By   map[string]Expiry
}

// SameDate and the like return what they are given.
func SameDate(d Date) Date { return d }

func SameExpiry(e *Expiry) *Expiry { return e }

func CopyExpiry(e Expiry) *Expiry { return &e }

func SameOptional(o Optional) Optional { return o }

func SameHosts(all ...Host) []Host { return append([]Host{}, all...) }

func SameOuter(o Outer) Outer { return o }

func CopyClaims(c Claims) *Claims {
	at := *c.At
	c.At = &at
	return &c
}

// NewLayout and NewStamp return what stays in the module.
func NewLayout(t time.Time, layout string) Layout { return Layout{t, layout} }

func NewStamp(t time.Time) Stamp { return Stamp(t) }

// LayoutOf prints a layout.
func LayoutOf(l Layout) string { return l.Format(l.layout) }

// StampOf prints a stamp.
func StampOf(s Stamp) string { return time.Time(s).String() }

// Move changes one in place.
func Move(d *Date, days int) { d.Time = d.AddDate(0, 0, days) }

// Flat has what others may embed.
type Flat struct {
	Origin string
	N      int
}

// SameFlat returns what it is given.
func SameFlat(f Flat) Flat { return f }

// Same returns what it is given.
func Same(v any) any { return v }

// JSON writes a value.
func JSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// FromJSON fills a value.
func FromJSON(text string, to any) error { return json.Unmarshal([]byte(text), to) }
