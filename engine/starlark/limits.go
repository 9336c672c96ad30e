package starlark

import (
	"fmt"
	"math/bits"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

// limits is what a run may use. Its methods check, before it is done, the size of what one operation makes; an
// error is a [*engine.LimitError].
type limits struct {
	steps  uint64
	memory int64 // in bytes; negative: no limit
}

const (
	wordSize  = 16      // bytes of a value in a list
	entrySize = 32      // what an element of a range becomes in a list
	maxBits   = 1 << 20 // of a number: what takes longer to multiply cannot be cancelled
	maxText   = 1 << 20 // bytes of the text of a number
)

func (l limits) tooLarge(n uint64) error {
	if l.memory < 0 || n <= uint64(l.memory) {
		return nil
	}
	return &engine.LimitError{Reason: fmt.Sprintf("its result takes more than %s of memory", mebibytes(l.memory)), Fix: memoryFix}
}

// times checks n copies of count elements of a size.
func (l limits) times(count, size int, n starlark.Int) error {
	if n.Sign() <= 0 {
		return nil
	}
	times, ok := n.Uint64()
	if !ok {
		return l.tooLarge(1 << 63)
	}
	high, low := bits.Mul64(uint64(count)*uint64(size), times)
	if high > 0 {
		low = 1 << 63
	}
	return l.tooLarge(low)
}

// bits checks the product of two numbers.
func (l limits) bits(x, y starlark.Int) error {
	if bitLen(x)+bitLen(y) <= maxBits {
		return nil
	}
	return &engine.LimitError{Reason: fmt.Sprintf("its result is a number of more than %d bits", maxBits)}
}

func bitLen(x starlark.Int) int {
	if _, ok := x.Int64(); ok {
		return 64
	}
	return x.BigInt().BitLen()
}

// product checks a text of n bytes into which the text of v is put up to count times.
func (l limits) product(n, count int, v starlark.Value) error {
	if l.memory < 0 {
		return nil
	}
	size, err := l.textSize(v)
	if err != nil {
		return err
	}
	high, low := bits.Mul64(uint64(size), uint64(count))
	if high > 0 || low > 1<<62 {
		low = 1 << 62
	}
	return l.tooLarge(low + uint64(n))
}

// text checks the text of a value.
func (l limits) text(v starlark.Value) error { return l.product(0, 1, v) }

// textSize returns about how long the text of a value is, in bytes.
func (l limits) textSize(v starlark.Value) (int64, error) {
	m := measure{left: l.memory}
	if err := m.value(v); err != nil {
		return 0, err
	}
	return l.memory - max(m.left, -1), nil
}

// measure adds the texts of the parts of a value up. It ends early once nothing is left.
type measure struct {
	left  int64
	outer []starlark.Value // the values that it is in
}

func (m *measure) value(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.String:
		m.left -= int64(len(v)) + 2
		return nil
	case starlark.Bytes:
		m.left -= int64(len(v)) + 3
		return nil
	case starlark.Int:
		m.left -= int64(bitLen(v)/3) + 1
		return nil
	}
	m.left -= 8
	parts := partsOf(v)
	if parts == nil || m.left < 0 {
		return nil
	}
	for _, outer := range m.outer {
		if same(outer, v) {
			return nil // it prints as "..."
		}
	}
	if len(m.outer) >= maxNesting {
		return errNesting
	}
	m.outer = append(m.outer, v)
	defer func() { m.outer = m.outer[:len(m.outer)-1] }()
	for part := range parts {
		if err := m.value(part); err != nil || m.left < 0 {
			return err
		}
	}
	return nil
}

// json checks a text that is about to be decoded: the decoder recurs into its lists.
func (l limits) json(text string) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '[' || c == '{'):
			if depth++; depth > maxNesting {
				return errNesting
			}
		case !quoted && (c == ']' || c == '}'):
			depth--
		}
	}
	return nil
}

func (l limits) isolation() engine.Isolation {
	why := ""
	if l.memory < 0 {
		why = "starlark.Config.Memory sets no limit"
	}
	return engine.Isolation{Level: "full", Measures: []engine.Measure{
		{Name: "files", InForce: true, How: "the language has none"},
		{Name: "environment", InForce: true, How: "the language has none"},
		{Name: "network", InForce: true, How: "the language has none"},
		{Name: "programs", InForce: true, How: "the language has none"},
		{Name: "steps", InForce: true, How: fmt.Sprintf("at most %d for a call", l.steps)},
		{Name: "memory", InForce: l.memory >= 0, How: "checked operations, and the growth of the heap", Why: why},
	}}
}
