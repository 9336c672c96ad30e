package values

import "unsafe"

// What lies outside Go's heap.

const constant = "constant text"

// Outside leads there.
type Outside struct {
	Bytes []byte
	First *byte
	Any   any
	Parts [][]byte
}

func outside(b []byte) *Outside {
	return &Outside{Bytes: b, First: &b[0], Any: b, Parts: [][]byte{b[:4], b[4:]}}
}

var (
	mapped      []byte
	keptOutside []*Outside
)

func ConstantByte() *byte { return unsafe.StringData(constant) }

// ConstantOutside leads to read-only data, and MappedOutside to memory that MapMemory has mapped.
func ConstantOutside() *Outside {
	keptOutside = append(keptOutside, outside(unsafe.Slice(unsafe.StringData(constant), len(constant))))
	return keptOutside[len(keptOutside)-1]
}

func MappedOutside() *Outside {
	keptOutside = append(keptOutside, outside(mapped))
	return keptOutside[len(keptOutside)-1]
}
func MappedByte() *byte { return &mapped[0] }

func FillMapped(b byte) { mapped[0], mapped[len(mapped)-1] = b, b }
