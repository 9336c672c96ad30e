package bounded

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

// jsonPiece is how much of a text is decoded at once, in bytes. More is decoded value by value.
const jsonPiece = 64 << 10

var errDigits = &engine.LimitError{Reason: fmt.Sprintf("a number of more than %d digits", maxDigits)}

// decodeJSON is json.decode. A large text is decoded in pieces.
func decodeJSON(r *Meter, t *starlark.Thread, f *starlark.Builtin, a arguments) (starlark.Value, error) {
	var text string
	var fallback starlark.Value
	if err := starlark.UnpackArgs("json.decode", a.args, a.kwargs, "x", &text, "default?", &fallback); err != nil {
		return nil, err
	}
	if len(a.args) == 0 {
		return f.CallInternal(t, a.args, a.kwargs) // which says what is wrong
	}
	d := jsonDecoder{r: r, t: t, f: f, text: text}
	if err := d.check(); err != nil {
		return nil, err
	}
	v, err := d.value(0, len(text))
	if _, wrong := err.(jsonError); wrong && fallback != nil {
		return fallback, nil
	}
	return v, err
}

type jsonDecoder struct {
	r    *Meter
	t    *starlark.Thread
	f    *starlark.Builtin
	text string
}

// jsonError is a text that is not JSON.
type jsonError struct{ text string }

func (e jsonError) Error() string { return "json.decode: " + e.text }

// check looks at the text before it is decoded: the decoder recurs into lists, reading a number
// takes the square of its length, and each value takes memory.
func (d *jsonDecoder) check() error {
	depth, quoted, number, values := 0, false, 0, int64(1)
	for i := 0; i < len(d.text); i++ {
		if i%jsonPiece == 0 {
			if err := d.r.Worked(jsonPiece / 16); err != nil {
				return err
			}
		}
		c := d.text[i]
		if number++; quoted || c < '0' || c > '9' {
			number = 0
		}
		switch {
		case number > maxDigits:
			return errDigits
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > MaxNesting {
				return ErrNesting
			}
			values += 2
		case c == ']' || c == '}':
			depth--
		case c == ',':
			values++
		}
	}
	entry := int64(4 * WordSize)
	if strings.IndexByte(d.text, '{') >= 0 {
		entry = 2 * EntrySize
	}
	return d.r.afford(cost{bytes: Times(values, entry) + int64(len(d.text))})
}

// value decodes the value at a place of the text, which ends before end.
func (d *jsonDecoder) value(start, end int) (starlark.Value, error) {
	start = d.space(start, end)
	switch {
	case start < end:
	case end < len(d.text):
		return nil, d.fail(end, fmt.Sprintf("unexpected character %q", d.text[end]))
	default:
		return nil, d.fail(end, "unexpected end of file")
	}
	if end-start > jsonPiece {
		switch d.text[start] {
		case '[':
			return d.list(start, end)
		case '{':
			return d.dict(start, end)
		}
	}
	if err := d.r.Worked(int64(end - start)); err != nil {
		return nil, err
	}
	v, err := d.f.CallInternal(d.t, starlark.Tuple{starlark.String(d.text[start:end])}, nil)
	if err != nil {
		return nil, d.wrong(start, err)
	}
	return v, nil
}

// wrong makes an error of one about a piece of the text, which begins at start.
func (d *jsonDecoder) wrong(start int, err error) error {
	var offset int
	text := strings.TrimPrefix(err.Error(), "json.decode: ")
	if n, _ := fmt.Sscanf(text, "at offset %d,", &offset); n == 1 {
		_, reason, _ := strings.Cut(text, ", ")
		return d.fail(start+offset, reason)
	}
	return jsonError{text}
}

func (d *jsonDecoder) fail(at int, reason string) error {
	return jsonError{fmt.Sprintf("at offset %d, %s", at, reason)}
}

func (d *jsonDecoder) space(i, end int) int {
	for i < end && strings.IndexByte(" \t\n\r", d.text[i]) >= 0 {
		i++
	}
	return i
}

// skip returns the end of the value that begins at i.
func (d *jsonDecoder) skip(i, end int) int {
	depth, quoted := 0, false
	for ; i < end; i++ {
		if i%jsonPiece == 0 && d.r.Worked(jsonPiece/16) != nil {
			return end // decoding it asks again
		}
		switch c := d.text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case (c == ',' || c == ':' || c == ']' || c == '}') && depth == 0:
			return i
		case c == ']' || c == '}':
			depth--
		}
	}
	return end
}

func (d *jsonDecoder) list(start, end int) (starlark.Value, error) {
	var all []starlark.Value
	last, err := d.members(start, end, ']', func(i, end int) error {
		v, err := d.value(i, end)
		all = append(all, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return starlark.NewList(all), d.rest(last, end)
}

func (d *jsonDecoder) dict(start, end int) (starlark.Value, error) {
	dict := new(starlark.Dict)
	last, err := d.members(start, end, '}', func(i, end int) error {
		colon := d.skip(i, end)
		key, err := d.value(i, colon)
		if err != nil {
			return err
		}
		if _, ok := key.(starlark.String); !ok {
			return d.fail(colon, fmt.Sprintf("got %s for object key, want string", key.Type()))
		}
		if colon == end {
			return d.fail(colon, "after object key, want ':'")
		}
		v, err := d.value(colon+1, end)
		if err != nil {
			return err
		}
		return stored{dict, d.r}.SetKey(key, v)
	})
	if err != nil {
		return nil, err
	}
	return dict, d.rest(last, end)
}

// members calls f for each member of a list or dict, and returns the place after it.
func (d *jsonDecoder) members(start, end int, closing byte, f func(start, end int) error) (int, error) {
	i := d.space(start+1, end)
	if i < end && d.text[i] == closing {
		return i + 1, nil
	}
	for {
		next := i
		for next = d.skip(i, end); next < end && d.text[next] == ':'; {
			next = d.skip(next+1, end)
		}
		if err := f(i, next); err != nil {
			return 0, err
		}
		switch {
		case next == end:
			return 0, d.fail(end, "unexpected end of file")
		case d.text[next] == closing:
			return next + 1, nil
		case d.text[next] != ',':
			return 0, d.fail(next, fmt.Sprintf("got %q, want ',' or %q", d.text[next], closing))
		}
		i = next + 1
	}
}

// rest reports whether nothing follows a value.
func (d *jsonDecoder) rest(i, end int) error {
	if i = d.space(i, end); i < end {
		return d.fail(i, fmt.Sprintf("unexpected character %q after value", d.text[i]))
	}
	return nil
}
