// Package jsontree writes what a module says of a value as encoding/json does.
package jsontree

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/wire"
)

// Take takes a tree, and returns it as JSON. The error is the first of what cannot be written; what
// is wrong with the message is left in d.
func Take(d *wire.Decoder) ([]byte, error) {
	w := writer{in: d}
	w.value()
	return w.text.Bytes(), w.err
}

// writer writes a tree of the module as encoding/json does.
type writer struct {
	in   *wire.Decoder
	text bytes.Buffer
	err  error // the first of what cannot be written
}

func (w *writer) value() {
	d := w.in
	if !d.Enter() {
		return
	}
	defer d.Leave()
	switch d.Byte() {
	case wire.TreeNull:
		w.put(nil)
	case wire.TreeJSON:
		w.put(json.RawMessage(d.Bytes()))
	case wire.TreeBool:
		w.put(d.Bool())
	case wire.TreeInt:
		w.put(d.Int())
	case wire.TreeUint:
		w.put(d.Uint())
	case wire.TreeFloat32:
		w.put(float32(d.Float()))
	case wire.TreeFloat64:
		w.put(d.Float())
	case wire.TreeString:
		w.put(d.String())
	case wire.TreeBytes:
		w.put(d.Bytes())
	case wire.TreeList:
		count, _ := d.Len(1)
		w.list('[', ']', count, func(int) { w.value() })
	case wire.TreeMap:
		w.entries()
	case wire.TreeStruct:
		w.fields()
	default:
		d.Fail(wire.ErrTag)
	}
}

// put writes what has no parts.
func (w *writer) put(v any) {
	text, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	if w.in.Charge(len(text)) {
		w.text.Write(text)
	}
}

func (w *writer) list(open, end byte, count int, part func(int)) {
	w.text.WriteByte(open)
	for j := 0; j < count && w.in.Err() == nil; j++ {
		if j > 0 {
			w.text.WriteByte(',')
		}
		part(j)
	}
	w.text.WriteByte(end)
}

// entries writes those of a map, sorted by their keys.
func (w *writer) entries() {
	type entry struct {
		key  string
		text []byte
	}
	var all []entry
	count, _ := w.in.Len(2)
	for ; count > 0 && w.in.Err() == nil; count-- {
		e := entry{key: w.in.String()}
		start := w.text.Len()
		w.value()
		e.text = bytes.Clone(w.text.Bytes()[start:])
		w.text.Truncate(start)
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	w.list('{', '}', len(all), func(j int) {
		w.put(all[j].key)
		w.text.WriteByte(':')
		w.text.Write(all[j].text)
	})
}

// fields writes those of a struct.
func (w *writer) fields() {
	d := w.in
	w.text.WriteByte('{')
	for first := true; d.Err() == nil && d.Bool(); first = false {
		if !first {
			w.text.WriteByte(',')
		}
		w.put(d.String())
		w.text.WriteByte(':')
		quoted, start := d.Bool(), w.text.Len()
		w.value()
		if text := w.text.Bytes()[start:]; quoted && string(text) != "null" {
			whole := string(text)
			w.text.Truncate(start)
			w.put(whole)
		}
	}
	w.text.WriteByte('}')
}
