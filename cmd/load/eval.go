package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/eval"
)

func evalCommand() command {
	return command{
		name:  "eval",
		args:  "[options] NAME[@QUERY] EXPR",
		short: "load a package and print what an expression over it gives",
		long: `
Eval loads the package and evaluates EXPR, a Go expression over what the package exports, written
without the package's name: 'Make("Hello, Wörld")', 'MustParse("1.2.3").IncMinor().String()',
'Marshal(map[string]int{"a": 1})'. Generic functions and types are written with their type arguments:
'Uniq[int]([]int{1, 1, 2})'. What -with adds is written with its package's name: 'New(zapcore.NewNopCore())'.

The results print as fmt.Println prints them; with -json, each as one JSON value on a line of its own. A
trailing nil error is left out. A non-nil one is all that prints, to the standard error, and the exit
code is 1. Within a larger expression a call that returns values and an error stands for its first value,
and a non-nil error ends the evaluation. What the package itself prints goes to the standard error.`,
		flags: func(f *flag.FlagSet, o *options) { o.jsonFlag(f); o.loadFlags(f); o.withFlag(f); o.allowFlags(f) },
		run:   runEval,
	}
}

func runEval(ctx context.Context, s *session, args []string) error {
	if len(args) != 2 {
		return &usageError{fmt.Sprintf("it takes NAME and EXPR after the options, not %d arguments", len(args))}
	}
	expr, err := eval.Parse(args[1]) // before anything is installed for it
	if err != nil {
		return err
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	m, err := s.loadFor(ctx, l, args[0], expr)
	if err != nil {
		return err
	}
	results, err := expr.Eval(ctx, module{m})
	if err != nil {
		return err
	}
	return s.printResults(ctx, results)
}

// loadFor loads the module with the instantiations that the expression names. Where only the
// module's symbols can tell whether something is one, it is loaded twice.
func (s *session) loadFor(ctx context.Context, l *load.Loader, name string, expr *eval.Expr) (*load.Module, error) {
	certain := expr.Instantiations(nil)
	m, err := l.Load(ctx, name, s.along(), load.Instantiate(certain...))
	if err != nil {
		return nil, err
	}
	if all := expr.Instantiations(m.Symbols()); len(all) > len(certain) {
		return l.Load(ctx, name, s.along(), load.Instantiate(all...))
	}
	return m, nil
}

// module is a load.Module as expressions see it.
type module struct{ *load.Module }

func (m module) Value(_ context.Context, symbol string) (any, error) {
	return load.Value[any](m.Module, symbol)
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
