package bounded

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"

	"github.com/loadgo/load/engine"
)

const (
	maxErrors  = 10
	maxExcerpt = 200 // bytes of a line that is shown
)

// compileError shows each error with its place, the line and a caret below the column.
func compileError(text []byte, err error) error {
	var b strings.Builder
	var one syntax.Error
	var several resolve.ErrorList
	switch {
	case errors.As(err, &one):
		place(&b, text, one.Pos, one.Msg)
	case errors.As(err, &several):
		for _, e := range several[:min(len(several), maxErrors)] {
			place(&b, text, e.Pos, e.Msg)
		}
		if more := len(several) - maxErrors; more > 0 {
			fmt.Fprintf(&b, "and %d more\n", more)
		}
	default:
		b.WriteString(err.Error())
	}
	return &engine.CompileError{Reason: "it does not compile", Output: b.String()}
}

func place(b *strings.Builder, text []byte, pos syntax.Position, message string) {
	fmt.Fprintf(b, "%s: %s\n", pos, message)
	lines := bytes.SplitN(text, []byte("\n"), int(pos.Line)+1)
	if pos.Line < 1 || int(pos.Line) > len(lines) {
		return
	}
	line := strings.TrimRight(string(lines[pos.Line-1]), "\r")
	if len(line) > maxExcerpt || strings.TrimSpace(line) == "" {
		return
	}
	fmt.Fprintf(b, "\t%s\n\t", line)
	column := int32(1)
	for _, r := range line {
		if column++; column > pos.Col {
			break
		}
		if r != '\t' { // which stays, so that the caret is where it is
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteString("^\n")
}
