package bounded

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// options is the dialect: what Python programmers expect, but for recursion.
var options = &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true}

// Compile makes a program of a script. Operations that can make much of little are replaced by
// checked ones.
func (l Limits) Compile(name string, text []byte, isPredeclared func(string) bool) (*starlark.Program, error) {
	if err := l.fits(text); err != nil {
		return nil, err
	}
	f, err := options.Parse(name, text, 0)
	if err != nil {
		return nil, compileError(text, err)
	}
	kept, err := shallow(f)
	if err != nil {
		return nil, compileError(text, err)
	}
	if err := l.compiles(Times(nameSize, kept)); err != nil {
		return nil, err
	}
	guard(f)
	dicts(f)
	names := &known{predeclared: isPredeclared, size: int64(len(text))}
	program, err := starlark.FileProgram(f, names.has)
	if err == nil {
		err = names.undefined(f)
	}
	if err != nil {
		return nil, compileError(text, err)
	}
	return program, nil
}
