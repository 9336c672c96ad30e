package bounded

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine"
)

// purpose is what the parts of a value are walked for.
type purpose int

const (
	comparing purpose = iota // == and <, which give up at a depth of starlark.CompareLimit
	hashing                  // as a key
	printing                 // str and the like
	encoding                 // json.encode
)

// measure walks over the parts of a value as a comparison, a hash or a printer does it: what lies
// in several places counts each time. It gives up when that is more than one step may take.
type measure struct {
	purpose purpose
	most    int64 // of work
	cost
	outer []starlark.Value // the values that it is in
}

// maxKey bounds the work of hashing or comparing one key.
const maxKey = 1 << 16

// weigh returns what walking over a value takes; for a printer, how long its text can be.
func weigh(p purpose, values ...starlark.Value) (cost, error) {
	m := measure{purpose: p, most: maxWork}
	if p == hashing {
		m.most = maxKey
	}
	for _, v := range values {
		if err := m.value(v); err != nil {
			return cost{}, err
		}
	}
	return m.cost, nil
}

var errContainsItself = &engine.LimitError{Reason: "a struct that contains itself has no text"}

func (m *measure) value(v starlark.Value) error {
	m.leaf(v)
	if m.work > m.most {
		if m.purpose == hashing {
			return &engine.LimitError{Reason: "a key has too many parts"}
		}
		return errWork
	}
	parts := m.parts(v)
	if parts == nil {
		return nil
	}
	if m.purpose == comparing && len(m.outer) >= starlark.CompareLimit {
		return nil
	}
	for i, outer := range m.outer {
		if same(outer, v) {
			return m.circle(m.outer[i:])
		}
	}
	if len(m.outer) >= MaxNesting {
		return ErrNesting
	}
	m.outer = append(m.outer, v)
	defer func() { m.outer = m.outer[:len(m.outer)-1] }()
	for part := range parts {
		if err := m.value(part); err != nil {
			return err
		}
	}
	return nil
}

// circle reports whether a value that contains itself has an end: lists and dicts print as "...",
// structs do not know where they are.
func (m *measure) circle(values []starlark.Value) error {
	for _, v := range values {
		if _, ok := v.(*starlarkstruct.Struct); ok && m.purpose == printing {
			return errContainsItself
		}
	}
	return nil
}

// parts lists what the walk goes on with.
func (m *measure) parts(v starlark.Value) func(func(starlark.Value) bool) {
	switch v.(type) {
	case *starlark.Function, *starlark.Builtin:
		return nil // these print, hash and compare by their names
	case *starlark.List, *starlark.Dict, *starlark.Set:
		if m.purpose == hashing && len(m.outer) > 0 {
			return nil
		}
	}
	if parts := partsOf(v); parts != nil || m.purpose != encoding {
		return parts
	}
	if sequence, ok := v.(starlark.Iterable); ok { // such as a range, which is short in print
		return starlark.Elements(sequence)
	}
	return nil
}

// workOf is what a value takes that has no parts.
var workOf = [...]int64{comparing: 2, hashing: 1, printing: 4, encoding: 12}

// leaf counts a value without its parts. Printers copy the path to a part.
func (m *measure) leaf(v starlark.Value) {
	m.work += workOf[m.purpose] + int64(len(m.outer))/2
	size := 0
	switch v := v.(type) {
	case starlark.String:
		size = m.textLen(string(v))
	case starlark.Bytes:
		size = m.textLen(string(v))
	case starlark.Int:
		if size = 64; !isSmall(v) {
			size = BitLen(v)
		}
		m.work += int64(size) / 256
		size /= 3
	case *starlark.Function:
		size = 16 + len(v.Name())
	case *starlark.Builtin:
		size = 64 + len(v.Name())
	case *starlarkstruct.Struct:
		for name := range v.Entries() {
			size += m.textLen(name)
		}
		size += 8
	case atMost:
		size = 4 * v.atMost
	case starlark.Indexable:
		size = 24
		if v.Type() == "string.elems" {
			size = 4*v.Len() + 24
		}
	case starlark.Iterable: // of a text whose length is unknown, because it is light
		size = 24 + 4*lightText
	default:
		size = 50
	}
	m.bytes += int64(size) + 2
}

// textLen returns how long the text of a string can be, and counts the work.
func (m *measure) textLen(s string) int {
	if m.purpose == comparing || m.purpose == hashing {
		m.work += int64(len(s)) / 64
		return 0
	}
	m.work += int64(len(s)) / 4
	if len(s) > 4*int(m.most) {
		return 6 * len(s)
	}
	n := 4
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			n += 2
		case c >= ' ' && c < 0x7f && c != '<' && c != '>' && c != '&':
			n++
		case m.purpose == encoding:
			n += 6
		default:
			n += 4
		}
	}
	return n
}

// light reports whether nothing that is done with a value takes long.
func light(v starlark.Value) bool {
	switch v := v.(type) {
	case starlark.String:
		return len(v) <= lightText
	case starlark.Bytes:
		return len(v) <= lightText
	case starlark.Int:
		return isSmall(v)
	case starlark.NoneType, starlark.Bool, starlark.Float, *starlark.Function, *starlark.Builtin:
		return true
	}
	return false
}

const (
	lightText = 1024 // bytes of a text that is light
	few       = 16   // parts of a value that is looked at in a moment
)

// slight reports whether a value is light, or a few light ones.
func slight(v starlark.Value) bool {
	var parts starlark.Indexable
	switch v := v.(type) {
	case starlark.Tuple:
		parts = v
	case *starlark.List:
		parts = v
	default:
		return light(v)
	}
	n := parts.Len()
	for i := range min(n, few) {
		if !light(parts.Index(i)) {
			return false
		}
	}
	return n <= few
}

// isSmall reports whether a number fits into a machine word.
func isSmall(x starlark.Int) bool {
	_, ok := x.Int64()
	return ok
}

func BitLen(x starlark.Int) int {
	if isSmall(x) {
		return 64
	}
	return x.BigInt().BitLen()
}

// sizeOf returns what a copy of a value takes, without its parts, and the work of copying it.
func sizeOf(v starlark.Value) cost {
	n := int64(lengthOf(v))
	switch v := v.(type) {
	case starlark.String, starlark.Bytes:
		return cost{n, n / 64}
	case starlark.Int:
		bits := int64(BitLen(v))
		return cost{bits / 8, bits / 2} // which multiplying takes
	case *starlark.List, starlark.Tuple:
		return cost{WordSize * n, n / 8}
	case *starlark.Dict, *starlark.Set:
		return cost{EntrySize * n, 10 * n}
	case *starlarkstruct.Struct:
		return cost{EntrySize * int64(v.Len()), 20 * int64(v.Len())}
	}
	return cost{}
}

// Bytes.
const (
	WordSize  = 16  // of a value in a list
	EntrySize = 150 // of an entry of a dict, while it grows
)

// lengthOf returns how many elements a value has at most; 0 for one without.
func lengthOf(v starlark.Value) int {
	if b, ok := v.(atMost); ok {
		return b.atMost
	}
	if n := starlark.Len(v); n >= 0 {
		return n
	}
	if _, ok := v.(starlark.Iterable); ok {
		return lightText // of a text whose length is unknown, because it is light
	}
	return 0
}
