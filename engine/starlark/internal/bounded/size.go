package bounded

import (
	"fmt"

	"go.starlark.net/syntax"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/quantity"
)

const (
	tokenSize = 160  // bytes that compiling takes for each word and sign of a script
	maxDepth  = 5000 // of expressions in each other: the compiler recurs into them
)

// fits refuses a text that takes more memory to compile than a run may have.
func (l Limits) fits(text []byte) error {
	memory := l.Memory
	if memory < 0 {
		memory = MaxBytes
	}
	if Times(tokenSize, int64(tokens(text))) <= memory {
		return nil
	}
	return &engine.CompileError{
		Reason: fmt.Sprintf("compiling it takes more than %s of memory", quantity.About(memory)),
		Fix:    MemoryFix,
	}
}

// tokens counts the words and signs of a script; at least one for each that there is.
func tokens(text []byte) (n int) {
	word := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		was := word
		word = c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
		switch {
		case word && was, c == ' ', c == '\t', c == '\r', c == '\n':
			continue
		case c == '#':
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
			continue
		case c == '"' || c == '\'':
			i = literalEnd(text, i)
		}
		n++
	}
	return n
}

// literalEnd returns the place of the last quote of a string that begins at i, on its line.
func literalEnd(text []byte, i int) int {
	quote := text[i]
	for i++; i < len(text) && text[i] != quote && text[i] != '\n'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// shallow refuses a script whose expressions are too deep in each other, such as a sum of too many,
// or with names that are too long.
func shallow(f *syntax.File) error {
	type inside struct {
		syntax.Node
		depth int
	}
	for all := []inside{{f, 0}}; len(all) > 0; {
		last := all[len(all)-1]
		all = all[:len(all)-1]
		if last.depth > maxDepth {
			start := where(last.Node)
			return syntax.Error{Pos: start, Msg: fmt.Sprintf("an expression is nested deeper than %d", maxDepth)}
		}
		if name, ok := last.Node.(*syntax.Ident); ok && len(name.Name) > maxName {
			return syntax.Error{Pos: name.NamePos, Msg: fmt.Sprintf("a name is longer than %d bytes", maxName)}
		}
		syntax.Walk(last.Node, func(n syntax.Node) bool {
			if n != nil && n != last.Node {
				all = append(all, inside{n, last.depth + 1})
			}
			return n == last.Node
		})
	}
	return nil
}

// where returns a place in an expression, without going through all of it.
func where(n syntax.Node) syntax.Position {
	switch n := n.(type) {
	case *syntax.BinaryExpr:
		return n.OpPos
	case *syntax.CallExpr:
		return n.Lparen
	case *syntax.DotExpr:
		return n.Dot
	case *syntax.IndexExpr:
		return n.Lbrack
	case *syntax.SliceExpr:
		return n.Lbrack
	}
	return syntax.Start(n)
}
