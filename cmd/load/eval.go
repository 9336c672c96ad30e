package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/mod/module"

	"github.com/loadgo/load"
	"github.com/loadgo/load/eval"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
)

func evalCommand() command {
	return command{
		name:  "eval",
		args:  "[options] NAME[@QUERY] EXPR",
		short: "load a package and print what an expression over it gives",
		long: `
Eval loads the package and evaluates EXPR, any Go expression, or statements that end in one, over what the
package exports, written without the package's name: 'Make("Hello, Wörld")',
'MustParse("1.2.3").IncMinor().String()', 'Marshal(map[string]int{"a": 1})'. Packages of the standard library
and what -with adds are written with their names: 'strings.ToUpper(Version)', 'New(zapcore.NewNopCore())'.
EXPR is - for the standard input; -f FILE takes a file in its place.

Most expressions are evaluated at once, by the command itself. What takes a compiler, such as function
literals, statements and type arguments that are to be inferred, is compiled as a function beside the package:
that takes a second, and nothing the next time. -compile compiles every expression.

The results print as fmt.Println prints them; with -json, each as one JSON value on a line of its own. A
trailing nil error is left out. A non-nil one is all that prints, to the standard error, and the exit
code is 1. Within a larger expression that is not compiled, a call that returns values and an error stands for
its first value, and a non-nil error ends the evaluation. What the package itself prints goes to the standard
error.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			o.loadFlags(f)
			o.withFlag(f)
			o.allowFlags(f)
			f.StringVar(&o.file, "f", "", "read the expression from this `file`")
			f.BoolVar(&o.compile, "compile", false, "compile the expression, whatever it is")
		},
		run:      runEval,
		complete: completeSymbols(""),
	}
}

func runEval(ctx context.Context, s *session, args []string) error {
	source, err := s.expression(args)
	if err != nil {
		return err
	}
	expr, err := eval.Parse(source) // before anything is installed for it
	if err != nil {
		return err
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	results, err := s.evaluate(ctx, l, args[0], expr)
	if err != nil {
		return withPackage(err, expr)
	}
	return s.printResults(ctx, results)
}

// expression is what is to be evaluated: an argument, a file, or the standard input.
func (s *session) expression(args []string) (string, error) {
	switch {
	case s.file != "" && len(args) == 1:
		text, err := os.ReadFile(s.file)
		return string(text), err
	case s.file != "":
		return "", takesOnly("with -f one NAME", args)
	case len(args) != 2:
		return "", takesOnly("NAME and EXPR", args)
	case args[1] == "-":
		text, err := io.ReadAll(os.Stdin)
		return string(text), err
	}
	return args[1], nil
}

// evaluate evaluates an expression over the module of a name: at once if it can, and else compiled.
func (s *session) evaluate(ctx context.Context, l *load.Loader, name string, expr *eval.Expression) ([]any, error) {
	if s.compile || expr.Beyond(eval.Scope{}) != nil {
		return s.compiled(ctx, l, name, expr)
	}
	m, err := s.loadFor(ctx, l, name, expr)
	var misfit *load.CompileError
	switch {
	case errors.As(err, &misfit) && misfit.Output != "" && len(expr.Instantiations(eval.Scope{})) > 0: // more may be inferred
		return s.compiled(ctx, l, name, expr)
	case err != nil:
		return nil, err
	}
	scope := eval.Scope{Module: m, Name: packageName(name)}
	if expr.Beyond(scope) != nil && isGo(m.Spec()) {
		return s.compiled(ctx, l, name, expr)
	}
	return expr.Eval(ctx, scope)
}

// withPackage adds to an error about the name of a package what makes it known.
func withPackage(err error, expr *eval.Expression) error {
	var wrong *load.ExpressionError
	if !errors.As(err, &wrong) {
		return err
	}
	name, undefined := strings.CutPrefix(wrong.Message, "undefined: ")
	if !undefined || !slices.Contains(expr.Packages(true), name) || token.IsExported(name) {
		return err
	}
	hinted := *wrong
	hinted.Message += "\n\tif it is a package, name it with -with, as in -with example.com/" + name
	return &hinted
}

// compiled evaluates an expression that is built into the module.
func (s *session) compiled(ctx context.Context, l *load.Loader, name string, expr *eval.Expression) ([]any, error) {
	if spec, err := l.Find(ctx, name); err == nil && !isGo(spec) {
		if limit := expr.Beyond(eval.Scope{}); limit != nil {
			return nil, limit
		}
	}
	along, err := s.alongFor(ctx, l, name, expr.Packages(true))
	if err != nil {
		return nil, err
	}
	m, err := l.Load(ctx, name, along, load.Expression(expr.String()))
	if err != nil {
		return nil, err
	}
	return m.Call(ctx, load.ExpressionSymbol)
}

func isGo(spec *load.Spec) bool { return spec.Source.Kind == find.KindGo }

// alongFor is what -with asks for, and the packages of the standard library that have the other
// names that an expression uses.
func (s *session) alongFor(ctx context.Context, l *load.Loader, name string, packages []string) (load.LoadOption, error) {
	with := split(s.with)
	var named []string
	for _, qualifier := range packages {
		own := func(companion string) bool { return packageName(companion) == qualifier }
		if own(name) || slices.ContainsFunc(with, own) {
			continue
		}
		switch known := standardNamed(qualifier); {
		case len(known) == 1:
			named = append(named, known[0])
		case len(known) > 1:
			return nil, fmt.Errorf("eval: %s may be %s\n\tname the one that you mean by -with", qualifier, strings.Join(known, " or "))
		}
	}
	if len(named) > 0 {
		if spec, err := l.Find(ctx, name); err != nil || isGo(spec) {
			with = append(with, named...)
		}
	}
	return load.Along(with...), nil
}

// packageName is what the symbols of a package go by, if the package is called as its path ends.
func packageName(name string) string {
	if alias, _, ok := strings.Cut(name, "="); ok {
		return alias
	}
	path, _, _ := strings.Cut(name, "@")
	if prefix, _, ok := module.SplitPathVersion(path); ok {
		path = prefix
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

// standardNamed lists the packages of the standard library that go by a name.
func standardNamed(name string) []string {
	var found []string
	for path := range strings.FieldsSeq(toolchain.Packages) {
		if path == name || strings.HasSuffix(path, "/"+name) {
			found = append(found, path)
		}
	}
	return found
}

// loadFor loads the module with the instantiations that the expression names. Where only the
// module's symbols can tell whether something is one, it is loaded twice.
func (s *session) loadFor(ctx context.Context, l *load.Loader, name string, expr *eval.Expression) (*load.Module, error) {
	along, err := s.alongFor(ctx, l, name, expr.Packages(false))
	if err != nil {
		return nil, err
	}
	certain := expr.Instantiations(eval.Scope{})
	m, err := l.Load(ctx, name, along, load.Instantiate(certain...))
	if err != nil {
		return nil, err
	}
	if all := expr.Instantiations(eval.Scope{Module: m, Name: packageName(name)}); len(all) > len(certain) {
		return l.Load(ctx, name, along, load.Instantiate(all...))
	}
	return m, nil
}

// printResults prints the results of an expression. Printing an object runs code of the module,
// which may take for ever: ctx ends the wait for it.
func (s *session) printResults(ctx context.Context, results []any) error {
	if len(results) == 0 {
		return nil
	}
	type printed struct {
		text []byte
		err  error
	}
	done := make(chan printed, 1)
	go func() {
		if s.json {
			text, err := jsonLines(results)
			done <- printed{text, err}
		} else {
			done <- printed{[]byte(fmt.Sprintln(results...)), nil}
		}
	}()
	select {
	case <-ctx.Done():
		return fmt.Errorf("printing the results: %w", context.Cause(ctx))
	case p := <-done:
		if p.err != nil {
			return p.err
		}
		s.progress.Clear()
		_, err := s.stdout.Write(p.text)
		return err
	}
}

// jsonLines writes one JSON value for each result, each on a line.
func jsonLines(results []any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, result := range results {
		if err := e.Encode(result); err != nil {
			return nil, fmt.Errorf("result %d has no JSON form: %w", i+1, err)
		}
	}
	return b.Bytes(), nil
}
