package guesthttp

import (
	"net/http"
	"slices"

	"github.com/loadgo/load/internal/wire"
)

// Field is a name in a header, a trailer or a form, and its values. They may be nil: net/http then
// leaves out what it would add.
type Field struct {
	Name   string
	Values []string
}

// Changes are what one side changed in a header since the other one knew it.
type Changes struct {
	Set     []Field
	Removed []string
}

func (c *Changes) empty() bool { return len(c.Set)+len(c.Removed) == 0 }

// manyFields is the number of names from which looking through all of them takes longer than a map.
const manyFields = 32

// changed returns what differs between what a header was and what it is.
func changed(was []Field, is map[string][]string) (c Changes) {
	there := 0
	for _, f := range was {
		values, ok := is[f.Name]
		switch {
		case !ok:
			c.Removed = append(c.Removed, f.Name)
			continue
		case !same(values, f.Values):
			c.Set = append(c.Set, Field{f.Name, values})
		}
		there++
	}
	if there == len(is) {
		return c
	}
	known := func(name string) bool {
		return slices.ContainsFunc(was, func(f Field) bool { return f.Name == name })
	}
	if len(was) > manyFields {
		names := make(map[string]bool, len(was))
		for _, f := range was {
			names[f.Name] = true
		}
		known = func(name string) bool { return names[name] }
	}
	c.Set = slices.Grow(c.Set, len(is)-there)
	for name, values := range is {
		if !known(name) {
			c.Set = append(c.Set, Field{name, values})
		}
	}
	return c
}

func same(a, b []string) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

// after returns what a header is after changes.
func (c *Changes) after(was []Field) []Field {
	switch {
	case c.empty():
		return was
	case len(was) == 0:
		return c.Set
	}
	header := headerOf(was)
	c.make(header)
	return changed(nil, header).Set
}

// make makes the changes in a header.
func (c *Changes) make(header map[string][]string) {
	for _, f := range c.Set {
		header[f.Name] = f.Values
	}
	for _, name := range c.Removed {
		delete(header, name)
	}
}

// cloned returns fields whose values nobody changes.
func cloned(fields []Field) []Field {
	count := 0
	for _, f := range fields {
		count += len(f.Values)
	}
	own, values := slices.Clone(fields), make([]string, 0, count)
	for i, f := range own {
		if from := len(values); f.Values != nil {
			values = append(values, f.Values...)
			own[i].Values = values[from:len(values):len(values)]
		}
	}
	return own
}

// headerOf makes a header whose values are its own.
func headerOf(fields []Field) http.Header {
	header := make(http.Header, len(fields))
	for _, f := range cloned(fields) {
		header[f.Name] = f.Values
	}
	return header
}

func (c *Changes) put(e *wire.Encoder) {
	e.Uint(uint64(len(c.Set)))
	for _, f := range c.Set {
		e.String(f.Name)
		putTexts(e, f.Values)
	}
	e.Uint(uint64(len(c.Removed)))
	for _, name := range c.Removed {
		e.String(name)
	}
}

func putTexts(e *wire.Encoder, texts []string) {
	e.Len(len(texts), texts == nil)
	for _, text := range texts {
		e.String(text)
	}
}

// Sizes of what is decoded, in bytes.
const (
	textSize  = 16
	fieldSize = 40
)

func takeChanges(d *wire.Decoder) (c Changes) {
	if n := count(d, fieldSize); n > 0 {
		c.Set = make([]Field, n)
		values := make([]string, 0, n) // most names have one value
		for i := range c.Set {
			c.Set[i].Name = d.String()
			values = takeTexts(d, &c.Set[i].Values, values)
		}
	}
	for n := count(d, textSize); n > 0 && d.Err() == nil; n-- {
		c.Removed = append(c.Removed, d.String())
	}
	return c
}

// count takes the number of what follows, elements of so many bytes in memory.
func count(d *wire.Decoder, size uintptr) int {
	n := d.Uint()
	if n > uint64(len(d.Rest())) {
		d.Fail(wire.ErrLength)
	}
	if d.Err() != nil || !d.ChargeEach(int(n), size) {
		return 0
	}
	return int(n)
}

// takeTexts takes a list of texts. It lies behind the others in their memory, if there is room.
func takeTexts(d *wire.Decoder, texts *[]string, others []string) []string {
	n, ok := d.Len(1)
	if !ok || !d.ChargeEach(n, textSize) {
		return others
	}
	if n > cap(others)-len(others) {
		*texts = make([]string, n)
	} else {
		*texts = others[len(others) : len(others)+n : len(others)+n]
		others = others[:len(others)+n]
	}
	for i := range *texts {
		(*texts)[i] = d.String()
	}
	return others
}

// mirror remembers a header as the other side knows it, so that only what a side changed itself
// crosses: what it has of the other's is never sent back.
type mirror struct{ known http.Header }

// changes returns what changed in the header, which is known then.
func (m *mirror) changes(header http.Header) (c Changes) {
	for name, values := range header {
		if known, ok := m.known[name]; !ok || !same(known, values) {
			c.Set = append(c.Set, Field{name, values})
			m.learn(name, values)
		}
	}
	if len(m.known) == len(header) {
		return c
	}
	for name := range m.known {
		if _, ok := header[name]; !ok {
			c.Removed = append(c.Removed, name)
			delete(m.known, name)
		}
	}
	return c
}

// change makes changes of the other side in the header.
func (m *mirror) change(header http.Header, c Changes) {
	c.make(header)
	for _, f := range c.Set {
		m.learn(f.Name, f.Values)
	}
	for _, name := range c.Removed {
		delete(m.known, name)
	}
}

func (m *mirror) learn(name string, values []string) {
	if m.known == nil {
		m.known = http.Header{}
	}
	m.known[name] = slices.Clone(values)
}
