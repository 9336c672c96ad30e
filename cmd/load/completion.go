package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/pkgdoc"
	"github.com/loadgo/load/standard"
)

// A completion returns what the argument that is begun may become, behind the arguments before it,
// and what the shell may add of itself.
type completion func(ctx context.Context, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completeNames completes names of modules: what is installed, the standard library, and files.
func completeNames(_ context.Context, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	if strings.HasPrefix(begun, ".") || strings.HasPrefix(begun, "/") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return slices.DeleteFunc(moduleNames(), func(name string) bool { return !strings.HasPrefix(name, begun) }), cobra.ShellCompDirectiveNoFileComp
}

// completeSymbols completes the name of a module and then, behind it, what that exports, each with
// an ending. It neither installs nor compiles nor runs anything: a symbol of what is not there yet
// is not completed.
func completeSymbols(ending string) completion {
	return func(ctx context.Context, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return completeNames(ctx, args, begun)
		case 1:
		default:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := exported(ctx, args[0])
		known := make([]string, 0, len(names))
		for _, name := range names {
			if strings.HasPrefix(name, begun) {
				known = append(known, name+ending)
			}
		}
		return known, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// exported lists what a package exports, from its source.
func exported(ctx context.Context, name string) []string {
	l, err := standard.New(load.Config{Offline: true})
	if err != nil {
		return nil
	}
	defer l.Close(ctx)
	spec, err := l.Find(ctx, name)
	if err != nil {
		return nil
	}
	d, err := pkgdoc.Read(spec)
	if err != nil {
		return nil
	}
	return d.Names()
}

// answerShell answers the script of a shell that completes a line. The shell has options with one
// minus or two; the command-line library knows them with two.
func (s *session) answerShell(ctx context.Context, program *cobra.Command, args []string) int {
	args = slices.Clone(args)
	c, _, err := program.Find(args[1:])
	if err != nil {
		c = program
	}
	last := len(args) - 1
	if rest := strings.TrimLeft(args[last], `"'`); len(rest) == len(args[last])-1 { // fish hands on the quote that is open
		args[last] = rest
	}
	for i, arg := range args[:last] {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && c.Flags().Lookup(name) != nil {
			args[i] = twoMinuses(arg)
		}
	}
	var answer strings.Builder
	program.SetOut(&answer)
	single := strings.HasPrefix(args[last], "-") && !strings.HasPrefix(args[last], "--")
	if single {
		args[last] = "-" + args[last]
	}
	program.SetArgs(args)
	if err := program.ExecuteContext(ctx); err != nil {
		return exitFailed
	}
	for line := range strings.Lines(answer.String()) {
		line = strings.ReplaceAll(line, "`", "") // which mark the word for an option's value
		if single {
			line = strings.TrimPrefix(line, "-")
		}
		if _, err := s.stdout.Write([]byte(line)); err != nil {
			return exitFailed
		}
	}
	return exitDone
}

// engineNames completes the value of -engine.
var engineNames = cobra.FixedCompletions([]string{"goprocess", "gowasm", "starlark", "wasm", "native"}, cobra.ShellCompDirectiveNoFileComp)
