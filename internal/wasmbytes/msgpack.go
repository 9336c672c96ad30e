package wasmbytes

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// messagePack is the codec of structs with the tag msgpack: https://github.com/msgpack/msgpack.
type messagePack struct{}

func (messagePack) Takes(t reflect.Type) bool { return isMessagePack(t) }

func (messagePack) Marshal(value any) ([]byte, error) { return msgpack.Marshal(value) }

func (messagePack) Unmarshal(data []byte, to any) (err error) {
	if err := checkMessagePack(data); err != nil {
		return err
	}
	d := msgpack.NewDecoder(bytes.NewReader(data))
	d.UseLooseInterfaceDecoding(true)
	return d.Decode(to)
}

// maxNesting is how deeply lists and maps nest in what a plugin writes: the decoder calls itself
// for each of them.
const maxNesting = 1000

// checkMessagePack refuses what is not one value, what nests too deeply, and what claims more
// elements than it has bytes.
func checkMessagePack(data []byte) error {
	var open []int // how many values each list or map still has, outermost first
	left := 1
	for {
		for left == 0 {
			if len(open) == 0 {
				if len(data) > 0 {
					return fmt.Errorf("%d bytes follow the value", len(data))
				}
				return nil
			}
			left, open = open[len(open)-1], open[:len(open)-1]
		}
		left--
		skip, inside, err := head(data)
		if err != nil {
			return err
		}
		data = data[skip:]
		if inside > len(data) {
			return errCutOff
		}
		if inside > 0 {
			if len(open) == maxNesting {
				return fmt.Errorf("it nests more than %d lists and maps", maxNesting)
			}
			open, left = append(open, left), inside
		}
	}
}

var errCutOff = errors.New("it is cut off")

// sizes are the bytes after the first one of values that have as many, from 0xc0 on: of what has a
// length, those of the length.
var sizes = [...]int{
	0, -1, 0, 0, // nil, (never used), false, true
	1, 2, 4, 1, 2, 4, // binary, extensions
	4, 8, 1, 2, 4, 8, 1, 2, 4, 8, // floats, integers
	2, 3, 5, 9, 17, // extensions of a fixed size
	1, 2, 4, 2, 4, 2, 4, // strings, lists, maps
}

// head reads the beginning of a value: how many bytes it takes, without the values inside of it,
// and how many these are.
func head(data []byte) (skip, inside int, err error) {
	if len(data) == 0 {
		return 0, 0, errCutOff
	}
	switch first := data[0]; {
	case first < 0x80 || first >= 0xe0: // a small integer
		skip = 1
	case first < 0x90: // a small map
		skip, inside = 1, 2*int(first&0xf)
	case first < 0xa0: // a small list
		skip, inside = 1, int(first&0xf)
	case first < 0xc0: // a short string
		skip = 1 + int(first&0x1f)
	default:
		size := sizes[first-0xc0]
		if size < 0 {
			return 0, 0, fmt.Errorf("%#x begins no value", first)
		}
		if len(data) <= size {
			return 0, 0, errCutOff
		}
		skip = 1 + size
		length := int(length(data[1:skip]))
		switch {
		case first >= 0xc4 && first <= 0xc6 || first >= 0xd9 && first <= 0xdb: // bytes, a string
			skip += length
		case first >= 0xc7 && first <= 0xc9: // an extension has a type
			skip += 1 + length
		case first == 0xdc || first == 0xdd:
			inside = length
		case first == 0xde || first == 0xdf:
			inside = 2 * length
		}
	}
	if skip > len(data) {
		return 0, 0, errCutOff
	}
	return skip, inside, nil
}

// length reads a length of as many bytes as there are; of more than 4 it is none.
func length(data []byte) uint32 {
	switch len(data) {
	case 1:
		return uint32(data[0])
	case 2:
		return uint32(binary.BigEndian.Uint16(data))
	case 4:
		return binary.BigEndian.Uint32(data)
	}
	return 0
}
