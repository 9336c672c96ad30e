package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadgo/load/internal/progress"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/visible"
)

// run runs the command that args ask for and returns the exit code. What it prints holds names,
// errors and output of modules, which a terminal shows and does not obey; the progress alone goes
// to the terminal as it is.
func run(ctx context.Context, args []string, out, terminal io.Writer) int {
	s := &session{stdout: visible.Writer(out), stderr: visible.Writer(terminal), progress: progress.New(terminal)}
	program := s.program()
	if len(args) > 0 {
		switch args[0] {
		case "-version", "--version":
			args = slices.Concat([]string{"version"}, args[1:])
		case "-help":
			args = slices.Concat([]string{"help"}, args[1:])
		case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return s.answerShell(ctx, program, args)
		}
	}
	program.SetArgs(optionsFirst(program, args))
	c, err := program.ExecuteContextC(ctx)
	return s.report(c, err)
}

// program makes the commands of load, for one run of one of them.
func (s *session) program() *cobra.Command {
	program := &cobra.Command{
		Use: "load", SilenceErrors: true, SilenceUsage: true,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &unknownError{args[0]}
			}
			return errNoCommand
		},
		Args: cobra.ArbitraryArgs,
	}
	for _, c := range commands() {
		program.AddCommand(c.forShells(s))
	}
	program.AddCommand(s.completionCommand(program))
	program.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "tell more about a command: load help COMMAND",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "help" {
				_, err := io.WriteString(s.stdout, usage())
				return err
			}
			c, _, err := program.Find(args)
			if err != nil || c == program {
				return &unknownError{args[0]}
			}
			return c.Help()
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return slices.Collect(commandNames), cobra.ShellCompDirectiveNoFileComp
		},
	})
	program.SetHelpFunc(func(c *cobra.Command, _ []string) {
		if c == program {
			io.WriteString(s.stdout, usage())
			return
		}
		io.WriteString(s.stdout, commandHelp(c))
	})
	program.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{optionMistake(c, err)} })
	program.SetOut(s.stdout)
	program.SetErr(s.stderr)
	return program
}

// forShells makes of a command what the command-line library runs and completes.
func (c command) forShells(s *session) *cobra.Command {
	made := &cobra.Command{
		Use: strings.TrimSpace(c.name + " " + c.args), Short: c.short, Long: c.long, DisableFlagsInUseLine: true,
		RunE: func(made *cobra.Command, args []string) error {
			s.command = made
			if c.takes != nil {
				if err := c.takes(args); err != nil {
					return err
				}
			}
			ctx := made.Context()
			if c.lists {
				s.progress.Quiet()
			}
			if s.timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeoutCause(ctx, s.timeout, timeoutError(s.timeout))
				defer cancel()
			}
			return c.run(ctx, s, args)
		},
	}
	if c.complete != nil {
		made.ValidArgsFunction = func(made *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			return c.complete(made.Context(), args, begun)
		}
	}
	if c.flags != nil {
		c.flags(made.Flags(), &s.options)
		if made.Flags().Lookup("engine") != nil {
			made.RegisterFlagCompletionFunc("engine", engineNames)
		}
	}
	return made
}

// optionsFirst puts the options that stand behind other arguments before them, with two minuses, as
// the command-line library wants them. An expression may begin with a minus and stays an argument,
// unless it is a word alone, such as no expression is.
func optionsFirst(program *cobra.Command, args []string) []string {
	c, _, err := program.Find(args)
	if err != nil || c == program || len(args) == 0 {
		return args
	}
	flags := c.Flags()
	first, rest := []string{args[0]}, []string(nil)
	for i := 1; i < len(args); i++ {
		arg := args[i]
		name, _, valued := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		known := flags.Lookup(name)
		switch {
		case arg == "--":
			return slices.Concat(first, []string{"--"}, rest, args[i+1:])
		case name == "h" || name == "help":
		case !strings.HasPrefix(arg, "-") || arg == "-" || known == nil && len(rest) > 0 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "":
			rest = append(rest, arg)
			continue
		}
		first = append(first, twoMinuses(arg))
		if known == nil || valued || known.NoOptDefVal != "" {
			continue
		}
		if i++; i == len(args) { // its value is missing
			return first
		}
		first = append(first, args[i])
	}
	return slices.Concat(first, []string{"--"}, rest)
}

// twoMinuses writes an option as the command-line library wants it.
func twoMinuses(option string) string {
	if strings.HasPrefix(option, "--") || option == "-h" {
		return option
	}
	return "-" + option
}

// errNoCommand is the mistake of naming no command.
var errNoCommand = errors.New("no command")

// unknownError is the mistake of naming a command that does not exist.
type unknownError struct{ name string }

func (e *unknownError) Error() string {
	text := "unknown command \"" + e.name + "\""
	if near := spelling.Near(e.name, commandNames, 1); len(near) > 0 {
		text += "; did you mean " + near[0] + "?"
	}
	return text
}

// commandNames yields the names of the commands.
func commandNames(yield func(string) bool) {
	for _, c := range commands() {
		if !yield(c.name) {
			return
		}
	}
}

// optionMistake says what is wrong with an option, in the way in which help writes options.
func optionMistake(c *cobra.Command, err error) string {
	text := strings.ReplaceAll(err.Error(), "--", "-")
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return text
	}
	if !c.HasParent() {
		return "options come after the command: load COMMAND -" + cmp.Or(missing.GetSpecifiedShortnames(), missing.GetSpecifiedName())
	}
	names := func(yield func(string) bool) {
		done := false
		c.Flags().VisitAll(func(f *pflag.Flag) { done = done || !yield(f.Name) })
	}
	if near := spelling.Near(missing.GetSpecifiedName(), names, 1); len(near) > 0 {
		text += "; did you mean -" + near[0] + "?"
	}
	return text
}
