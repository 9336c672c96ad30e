package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/eval"
	"github.com/loadgo/load/internal/literal"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/prompt"
	"github.com/loadgo/load/internal/snippet"
)

func replCommand() command {
	return command{
		name:  "repl",
		args:  "[options] [NAME[@QUERY]]",
		short: "evaluate what is typed, line by line",
		long: `
Repl reads Go expressions and prints what they give. Modules are loaded by name, and their symbols are
written as in Go: 'load github.com/gosimple/slug', then 'slug.Make("Hello")'; 'load s github.com/gosimple/slug'
gives the module another name. Packages of the standard library need no load. Values are kept in variables,
'v := semver.MustParse("1.2.3")'; '?v', '?slug' and '?slug.Make' tell what something is. An expression goes on
over several lines until it is whole. The tabulator completes the names of modules, symbols, variables and
methods; the history is kept. Ctrl-C ends what runs, Ctrl-D the session. 'help' lists the commands.

From a file or a pipe it prints results alone, and ends at the first error. LOAD_HISTORY names the
file of the history; off keeps none.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.loadFlags(f)
			o.withFlag(f)
			o.allowFlags(f)
			f.StringVar(&o.debug, "debug", "", "serve pages about what runs at this `address`, such as :6060 or, for any free port, :0")
		},
		run:      runRepl,
		complete: completeNames,
	}
}

func runRepl(ctx context.Context, s *session, args []string) error {
	if len(args) > 1 {
		return takesOnly("at most one NAME", args)
	}
	// An interrupt ends what runs, and not the session: each evaluation has a context of its own.
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM)
	defer stop()
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	s.progress.Clear()
	if s.debug != "" {
		stop, err := s.serveDebug(ctx, l)
		if err != nil {
			return err
		}
		defer stop()
	}
	r := &repl{session: s, loader: l, names: map[string]string{}, vars: map[string]any{}, life: ctx}
	in, err := prompt.Open(completer{r}, history())
	if err != nil {
		return err
	}
	defer in.Close()
	if len(args) == 1 {
		if err := r.interruptible(ctx, func(ctx context.Context) error { return r.load(ctx, args) }); err != nil {
			return err
		}
	}
	return r.run(ctx, in)
}

// repl is one session of the prompt.
type repl struct {
	*session
	loader *load.Loader
	names  map[string]string // what a module is called here → its name
	vars   map[string]any
	first  int // the line of the input that the code being evaluated begins in, from 1
	life   context.Context
}

var errQuit = errors.New("quit")

// run evaluates what is read until there is no more.
func (r *repl) run(ctx context.Context, in prompt.Lines) error {
	for number := 1; ctx.Err() == nil; {
		code, read, err := r.read(in)
		r.first, number = number, number+read
		switch {
		case errors.Is(err, prompt.ErrInterrupted):
			continue
		case errors.Is(err, io.EOF) && strings.TrimSpace(code) == "":
			return nil
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		in.Keep(code)
		err = r.interruptible(ctx, func(ctx context.Context) error { return r.line(ctx, code) })
		r.progress.Clear()
		switch {
		case errors.Is(err, errQuit):
			return nil
		case err != nil && !in.Asks():
			return r.located(err)
		case err != nil:
			r.report(r.command, err)
		}
		r.refusals.Forget()
	}
	return context.Cause(ctx)
}

// read reads lines until they are whole, and says how many they were.
func (r *repl) read(in prompt.Lines) (code string, read int, err error) {
	line, err := in.Line(false)
	for read = 1; err == nil && unfinished(code+line); read++ {
		code += line + "\n"
		line, err = in.Line(true)
	}
	return code + line, read, err
}

// unfinished reports whether code needs further lines to be whole.
func unfinished(code string) bool {
	if strings.TrimSpace(code) == "" || verb(code) != "" {
		return false
	}
	_, err := snippet.Parse(token.NewFileSet(), code)
	var wrong *load.ExpressionError
	return errors.As(err, &wrong) && slices.Contains([]string{snippet.Ends, "raw string literal not terminated", "comment not terminated"}, wrong.Message)
}

// interruptible runs f with a context that an interrupt ends.
func (r *repl) interruptible(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return f(ctx)
}

// line does what was typed.
func (r *repl) line(ctx context.Context, code string) error {
	code = strings.TrimSpace(code)
	words := strings.Fields(code)
	switch verb(code) {
	case "?":
		return r.explain(ctx, strings.TrimSpace(code[1:]))
	case "load":
		return r.load(ctx, words[1:])
	case "help":
		_, err := io.WriteString(r.stdout, replHelp)
		return err
	case "modules":
		for _, name := range slices.Sorted(maps.Keys(r.names)) {
			fmt.Fprintf(r.stdout, "%s %s\n", name, r.names[name])
		}
		return nil
	case "vars":
		for _, name := range slices.Sorted(maps.Keys(r.vars)) {
			fmt.Fprintf(r.stdout, "%s %s\n", name, typeOf(r.vars[name]))
		}
		return nil
	case "quit", "exit":
		return errQuit
	}
	if code == "" || strings.HasPrefix(code, "//") && !strings.Contains(code, "\n") {
		return nil
	}
	in, err := parse(code)
	if err != nil {
		return err
	}
	return r.evaluateInput(ctx, in)
}

const replHelp = `load NAME            load a module; its symbols are written as in Go: slug.Make("x")
load x NAME          the same, and call it x
EXPR                 print what an expression gives
v := EXPR, v = EXPR  keep it in a variable
?x                   tell what a module, a symbol, a variable or a method is
modules, vars        list what is loaded, and the variables
quit                 end the session, as Ctrl-D does
`

// verb is the command that code begins with, or "".
func verb(code string) string {
	code = strings.TrimSpace(code)
	if strings.HasPrefix(code, "?") {
		return "?"
	}
	words := strings.Fields(code)
	if len(words) == 0 {
		return ""
	}
	switch words[0] {
	case "load":
		if len(words) > 1 && (!strings.ContainsAny(words[1][:1], ":=.(") || strings.HasPrefix(words[1], "./") || strings.HasPrefix(words[1], "../")) {
			return "load"
		}
	case "help", "modules", "vars", "quit", "exit":
		if len(words) == 1 {
			return words[0]
		}
	}
	return ""
}

// load loads a module and gives it a name.
func (r *repl) load(ctx context.Context, words []string) error {
	if len(words) != 1 && len(words) != 2 {
		return errors.New("load takes NAME, or a name to use here and NAME")
	}
	name := strings.Trim(words[len(words)-1], "\"`")
	m, err := r.loader.Load(ctx, name, r.along())
	if err != nil {
		return err
	}
	called := packageName(m.Spec().Name)
	if len(words) == 2 {
		called = words[0]
	}
	if err := checkName(called); err != nil {
		return fmt.Errorf("%w: write load x %s", err, name)
	}
	r.names[called] = name
	delete(r.vars, called)
	return nil
}

// evaluateInput evaluates code, and keeps or prints the results.
func (r *repl) evaluateInput(ctx context.Context, in *input) error {
	for _, name := range in.names {
		if err := checkName(name); err != nil && name != "_" {
			return err
		}
	}
	if len(in.names) > 0 && !in.declares {
		for _, name := range in.names {
			if _, known := r.vars[name]; !known && name != "_" {
				return fmt.Errorf("undefined: %s\n\twrite %s := … for a new variable", name, name)
			}
		}
	}
	results, err := r.value(ctx, in)
	switch {
	case err != nil:
		return err
	case len(in.names) == 0:
		return r.printResults(ctx, results)
	case len(results) != len(in.names):
		return fmt.Errorf("assignment mismatch: %s but %s", phrase.Count(len(in.names), "variable"), phrase.Count(len(results), "value"))
	}
	for i, name := range in.names {
		if name != "_" {
			r.vars[name] = results[i]
		}
	}
	return nil
}

// value evaluates the expression of an input.
func (r *repl) value(ctx context.Context, in *input) ([]any, error) {
	used := r.used(in.expr)
	scope := eval.Scope{Vars: r.vars, Want: len(in.names)}
	var err error
	switch {
	case len(used) > 1 || in.expr.Beyond(eval.Scope{}) != nil:
		return r.compiled(ctx, in, used)
	case len(used) == 1:
		scope.Name = used[0]
		if scope.Module, err = r.module(ctx, used[0], in.expr); err != nil {
			return nil, err
		}
		if in.expr.Beyond(scope) != nil && isGo(scope.Module.Spec()) {
			return r.compiled(ctx, in, used)
		}
	}
	results, err := in.expr.Eval(ctx, scope)
	return results, in.moved(err)
}

// module returns the module that is called so, with the instantiations that an expression names.
func (r *repl) module(ctx context.Context, called string, expr *eval.Expression) (*load.Module, error) {
	m, err := r.loader.Load(ctx, r.names[called], r.along())
	if err != nil {
		return nil, err
	}
	if instances := expr.Instantiations(eval.Scope{Module: m, Name: called}); len(instances) > 0 {
		return r.loader.Load(ctx, r.names[called], r.along(), load.Instantiate(instances...))
	}
	return m, nil
}

// used lists the modules that an expression names. Those of the standard library are loaded when
// they are first named.
func (r *repl) used(expr *eval.Expression) []string {
	var used []string
	for _, name := range expr.Packages(true) {
		if _, variable := r.vars[name]; variable {
			continue
		}
		if r.names[name] == "" {
			standard := standardNamed(name)
			if len(standard) != 1 {
				continue
			}
			r.names[name] = standard[0]
		}
		used = append(used, name)
	}
	return used
}

// compiled evaluates an expression that is built into the first of the modules that it names, along
// with the others.
func (r *repl) compiled(ctx context.Context, in *input, used []string) ([]any, error) {
	variables, err := r.literals(in.expr)
	if err != nil {
		return nil, err
	}
	name, along := "errors", []string(nil) // some package, for code that names none
	for i, called := range used {
		switch {
		case i > 0:
			along = append(along, called+"="+r.names[called])
		case packageName(r.names[called]) != called: // beside the name that its package has
			along = append(along, called+"="+r.names[called])
			fallthrough
		default:
			name = r.names[called]
		}
	}
	options := []load.LoadOption{load.Along(append(along, split(r.with)...)...), load.Expression(variables + in.expr.String())}
	m, err := r.loader.Load(ctx, name, options...)
	if err != nil {
		return nil, in.moved(behind(err, variables))
	}
	results, err := m.Call(ctx, load.ExpressionSymbol)
	results, err = withError(ctx, m, len(in.names), results, err)
	if slices.ContainsFunc(results, func(v any) bool { return v != nil && !literal.Predeclared(reflect.TypeOf(v)) }) {
		return results, err // they may live in it
	}
	unload := make([]load.UnloadOption, len(options))
	for i, o := range options {
		unload[i] = o
	}
	_, unloadErr := r.loader.Unload(ctx, name, unload...)
	return results, cmp.Or(err, unloadErr)
}

// withError makes the error that compiled code returns last one of its results, where one more than
// the others is wanted.
func withError(ctx context.Context, m *load.Module, want int, results []any, err error) ([]any, error) {
	symbol, _ := engine.FindSymbol(m.Symbols(), load.ExpressionSymbol)
	decl, parseErr := parser.ParseExpr("func()" + strings.TrimPrefix(symbol.Signature, "func "+load.ExpressionSymbol+"()"))
	function, ok := decl.(*ast.FuncType)
	if parseErr != nil || !ok || function.Results.NumFields() != want || want == 0 {
		return results, err
	}
	last := function.Results.List[len(function.Results.List)-1].Type
	var panicked *load.PanicError
	if types.ExprString(last) != "error" || ctx.Err() != nil || errors.As(err, &panicked) || errors.Is(err, load.ErrCrashed) {
		return results, err
	}
	if err != nil {
		results = make([]any, want-1) // nobody knows what came with it
	}
	return append(results, any(err)), nil
}

// behind is an error of code that stands behind the declarations of variables, which are one line.
func behind(err error, variables string) error {
	var wrong *load.ExpressionError
	if variables == "" || !errors.As(err, &wrong) {
		return err
	}
	moved := *wrong
	moved.Line = max(moved.Line-1, 1)
	return &moved
}
