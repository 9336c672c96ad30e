// Package visible writes what others chose (names, errors, documentation, output of modules) so
// that a terminal shows it and does not obey it.
package visible

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns the text with an escape, \u001b, in the place of each character that moves the
// cursor, changes the terminal or turns the direction of what follows. Lines and tabs stay; a
// carriage return stays before a line's end alone. An escape means the same in JSON.
func Text(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r != utf8.RuneError:
			if r == '\r' && strings.HasPrefix(text[i+1:], "\n") {
				b.WriteRune(r)
				continue
			}
			fmt.Fprintf(&b, `\u%04x`, r)
		case strings.HasPrefix(text[i:], string(utf8.RuneError)):
			b.WriteRune(r)
		default: // not a character: terminals may take a byte for a control character
			fmt.Fprintf(&b, `\x%02x`, text[i])
		}
	}
	return b.String()
}

// hidden reports whether a character may have to be escaped.
func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // directions: Unicode Technical Report 36
		return true
	}
	return unicode.IsControl(r) || r == utf8.RuneError
}

// Writer returns a writer that hands on [Text].
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ io.Writer }

// Write implements [io.Writer].
func (w writer) Write(data []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, Text(string(data))); err != nil {
		return 0, err
	}
	return len(data), nil
}
