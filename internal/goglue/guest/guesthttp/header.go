package guesthttp

import (
	"net/http"
	"slices"
)

// Changes are what one side changed in a header since the other one knew it.
type Changes struct {
	Set     map[string][]string // a value may be nil: net/http then leaves out what it would add
	Removed []string
}

func (c *Changes) empty() bool { return len(c.Set)+len(c.Removed) == 0 }

// mirror remembers a header as the other side knows it, so that only what a side changed itself
// crosses: what it has of the other's is never sent back.
type mirror struct{ known http.Header }

// changes returns what changed in the header, which is known then.
func (m *mirror) changes(header http.Header) (c Changes) {
	for name, values := range header {
		if known, ok := m.known[name]; !ok || !slices.Equal(known, values) || (known == nil) != (values == nil) {
			c.set(name, values)
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
	for name, values := range c.Set {
		header[name] = values
		m.learn(name, values)
	}
	for _, name := range c.Removed {
		delete(header, name)
		delete(m.known, name)
	}
}

func (m *mirror) learn(name string, values []string) {
	if m.known == nil {
		m.known = http.Header{}
	}
	m.known[name] = slices.Clone(values)
}

func (c *Changes) set(name string, values []string) {
	if c.Set == nil {
		c.Set = map[string][]string{}
	}
	c.Set[name] = values
}
