package bundle

import (
	"slices"
	"strings"
	"time"
	"unsafe"
)

// reader reads a document in the spelling of encode, several times as fast as package json: it asks
// for each field where encode would write it. What it does not know, such as a text with an escape
// or an empty list, it leaves to package json, which decides whether that is right.
type reader struct {
	rest string // what is read of it has parts of it
	odd  bool   // something is not known here
}

// textOf is the text in data, which nobody changes: a copy of a table takes as long as its digest.
func textOf(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// done reports whether everything was read.
func (r *reader) done() bool { return !r.odd && len(r.rest) == 0 }

// has goes behind a text that may come next.
func (r *reader) has(text string) bool {
	if r.odd || !strings.HasPrefix(r.rest, text) {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

// want goes behind a text that has to come next.
func (r *reader) want(text string) { r.odd = !r.has(text) || r.odd }

// plain are the bytes that are written as they are.
var plain = func() (is [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		is[c] = !strings.ContainsRune(`"\<>&`, rune(c))
	}
	return is
}()

func (r *reader) text() string {
	r.want(`"`)
	for i := range len(r.rest) {
		c := r.rest[i]
		if plain[c] {
			continue
		}
		if c != '"' {
			break
		}
		text := r.rest[:i]
		r.rest = r.rest[i+1:]
		return text
	}
	r.odd = true
	return ""
}

// optional reads a field that is left out if it is empty.
func (r *reader) optional(field string) (text string) {
	if r.has(field) {
		text = r.text()
		r.odd = r.odd || text == ""
	}
	return text
}

func (r *reader) number() (n int64) {
	i := 0
	for ; i < len(r.rest) && i < 18 && '0' <= r.rest[i] && r.rest[i] <= '9'; i++ {
		n = 10*n + int64(r.rest[i]-'0')
	}
	r.odd = r.odd || i == 0 || i == 18 || i > 1 && r.rest[0] == '0'
	r.rest = r.rest[i:]
	return n
}

func (r *reader) time() (t time.Time) {
	text := r.text()
	if r.odd || t.UnmarshalText([]byte(text)) != nil {
		r.odd = true
		return t
	}
	again, err := t.MarshalText()
	r.odd = err != nil || string(again) != text
	return t
}

// list reads the elements of a list, behind its bracket, of which there is one at least; most is
// how many there may be.
func list[E any](r *reader, most int, element func() E) []E {
	all := make([]E, 0, most)
	for !r.odd {
		all = append(all, element())
		if r.has("]") {
			return slices.Clip(all)
		}
		r.want(",")
	}
	return nil
}

// few is how many elements a list has that holds no other, or more: they begin or end with a text.
func (r *reader) few(with string) int {
	end := max(strings.IndexByte(r.rest, ']'), 0)
	return min(strings.Count(r.rest[:end], with), end/len(with))
}

// many is few for a long list, which may hold others.
func (r *reader) many(with string) int { return strings.Count(r.rest, with) }

func (r *reader) file() (f file) {
	r.want(`{"name":`)
	f.Name = r.text()
	r.want(`,"digest":`)
	f.Digest = r.text()
	r.want(`,"size":`)
	f.Size = r.number()
	r.want("}")
	return f
}

func (r *reader) platform() (p platform) {
	r.want(`{"architecture":`)
	p.Architecture = r.text()
	r.want(`,"os":`)
	p.OS = r.text()
	r.want("}")
	return p
}

func (r *reader) descriptor() (d descriptor) {
	r.want(`{"mediaType":`)
	d.MediaType = r.text()
	r.want(`,"digest":`)
	d.Digest = r.text()
	r.want(`,"size":`)
	d.Size = r.number()
	r.want("}")
	return d
}

func (r *reader) manifest() (m manifest) {
	r.want(`{"schemaVersion":`)
	m.SchemaVersion = int(r.number())
	r.want(`,"mediaType":`)
	m.MediaType = r.text()
	r.want(`,"artifactType":`)
	m.ArtifactType = r.text()
	r.want(`,"config":`)
	m.Config = r.descriptor()
	r.want(`,"layers":[`)
	m.Layers = list(r, r.many(`{"mediaType":`), r.descriptor)
	r.want("}")
	return m
}
