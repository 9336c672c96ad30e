package bounded

import (
	"fmt"
	"math/big"

	"go.starlark.net/syntax"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/quantity"
)

const (
	tokenSize = 160  // bytes that compiling takes for each word and sign of a script
	nameSize  = 200  // bytes that it takes for each name that the resolver keeps, see shallow
	maxDepth  = 5000 // of expressions in each other: the compiler recurs into them
)

// fits refuses a text that takes more memory to compile than a run may have, or numbers that take
// the square of their length to read.
func (l Limits) fits(text []byte) error {
	if longestNumber(text) > maxDigits {
		return &engine.CompileError{Reason: fmt.Sprintf("it has more than %d digits in a row", maxDigits)}
	}
	return l.compiles(Times(tokenSize, int64(tokens(text))))
}

// compiles refuses a script whose compiling takes so many bytes, if a run may not have them.
func (l Limits) compiles(bytes int64) error {
	memory := l.Memory
	if memory < 0 {
		memory = MaxBytes
	}
	if bytes <= memory {
		return nil
	}
	return &engine.CompileError{
		Reason: fmt.Sprintf("compiling it takes more than %s of memory", quantity.About(memory)),
		Fix:    MemoryFix,
	}
}

// longestNumber returns how many decimal digits stand together at most, in strings too.
func longestNumber(text []byte) (most int) {
	digits := 0
	for _, c := range text {
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		most = max(most, digits)
	}
	return most
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
// or with names or numbers that are too long. It returns how many names the resolver keeps beside
// the script: one in each function around its use but the outermost.
func shallow(f *syntax.File) (names int64, err error) {
	type inside struct {
		syntax.Node
		depth  int
		scopes int
	}
	for all := []inside{{f, 0, 0}}; len(all) > 0; {
		last := all[len(all)-1]
		all = all[:len(all)-1]
		if last.depth > maxDepth {
			start := where(last.Node)
			return 0, syntax.Error{Pos: start, Msg: fmt.Sprintf("an expression is nested deeper than %d", maxDepth)}
		}
		switch n := last.Node.(type) {
		case *syntax.Ident:
			if len(n.Name) > maxName {
				return 0, syntax.Error{Pos: n.NamePos, Msg: fmt.Sprintf("a name is longer than %d bytes", maxName)}
			}
			names += int64(max(last.scopes-1, 0))
		case *syntax.Literal:
			if number, ok := n.Value.(*big.Int); ok && number.BitLen() > maxBits {
				return 0, syntax.Error{Pos: n.TokenPos, Msg: fmt.Sprintf("a number has more than %d bits", maxBits)}
			}
		}
		scopes := last.scopes + scopesOf(last.Node)
		syntax.Walk(last.Node, func(n syntax.Node) bool {
			if n != nil && n != last.Node {
				all = append(all, inside{n, last.depth + 1, scopes})
			}
			return n == last.Node
		})
	}
	return names, nil
}

// scopesOf returns how many scopes of names a node becomes, see [dicts].
func scopesOf(n syntax.Node) int {
	switch n := n.(type) {
	case *syntax.DefStmt, *syntax.LambdaExpr:
		return 1
	case *syntax.Comprehension:
		if n.Curly {
			return 2
		}
		return 1
	case *syntax.DictExpr:
		if len(n.List) > largeDict {
			return 1
		}
	}
	return 0
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
