package bundle

import (
	"bytes"
	"slices"
	"time"
)

// reader reads a document in the spelling of encode, several times as fast as package json: it asks
// for each field where encode would write it. What it does not know, such as a text with an escape
// or an empty list, it leaves to package json, which decides whether that is right.
type reader struct {
	rest  []byte
	texts map[string]string // one copy of each
	odd   bool              // something is not known here
}

// done reports whether everything was read.
func (r *reader) done() bool { return !r.odd && len(r.rest) == 0 }

// has goes behind a text that may come next.
func (r *reader) has(text string) bool {
	if r.odd || len(r.rest) < len(text) || string(r.rest[:len(text)]) != text {
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
		is[c] = !bytes.ContainsRune([]byte(`"\<>&`), rune(c))
	}
	return is
}()

// raw reads a text without its quotes.
func (r *reader) raw() []byte {
	r.want(`"`)
	for i, c := range r.rest {
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
	return nil
}

// own reads a text that nothing else has.
func (r *reader) own() string { return string(r.raw()) }

func (r *reader) text() string {
	raw := r.raw()
	if r.odd {
		return ""
	}
	text, ok := r.texts[string(raw)]
	if !ok {
		text = string(raw)
		r.texts[text] = text
	}
	return text
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
	text := r.raw()
	if r.odd || t.UnmarshalText(text) != nil {
		r.odd = true
		return t
	}
	again, err := t.MarshalText()
	r.odd = err != nil || !bytes.Equal(again, text)
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
	end := max(bytes.IndexByte(r.rest, ']'), 0)
	return min(bytes.Count(r.rest[:end], []byte(with)), end/len(with))
}

// many is few for a long list, which may hold others.
func (r *reader) many(with string) int { return bytes.Count(r.rest, []byte(with)) }

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

func (r *reader) table() (t table) {
	r.want(`{"platform":`)
	t.Platform = r.platform()
	r.want(`,"modules":[`)
	t.Modules = list(r, r.many(`{"asked":`), r.module)
	if r.has(`,"sources":[`) {
		t.Sources = list(r, r.many(`{"name":`), r.file)
	}
	r.want("}")
	return t
}
