package api

import (
	"strings"
)

// The names of the methods by which the host looks into lists and maps.
const (
	LengthMethod = "len"
	IndexMethod  = "[]"   // takes an index or a key; of a map, it returns whether the key is there, too
	KeysMethod   = "keys" // of a map
)

// Stream is a method that moves bytes in a way of its own: the module fills a buffer that the host
// does not see.
type Stream uint8

const (
	noStream Stream = iota
	ReadMethod
	ReadAtMethod
)

// StreamMethod recognises the methods of io.Reader and io.ReaderAt. Both sides decide by it.
func StreamMethod(a *API, m Method) Stream {
	if m.Func == 0 {
		return noStream
	}
	switch m.Name + a.Funcs[m.Func-1].Shape(a) {
	case "Read([]byte) int error":
		return ReadMethod
	case "ReadAt([]byte int64) int error":
		return ReadAtMethod
	}
	return noStream
}

// Shape spells the types of a function.
func (f *Func) Shape(a *API) string {
	text := func(list []int) string {
		names := make([]string, len(list))
		for i, n := range list {
			names[i] = a.Types[n].Text
			if names[i] == "[]uint8" {
				names[i] = "[]byte"
			}
		}
		return strings.Join(names, " ")
	}
	return "(" + text(f.In) + ") " + text(f.Out)
}
