package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/spelling"
)

// optionsFirst puts the options that stand behind other arguments before them. What only looks like
// an option stays an argument there: an expression may begin with a minus.
func optionsFirst(flags *flag.FlagSet, args []string) []string {
	var first, rest []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, _, valued := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		known := flags.Lookup(name)
		switch {
		case arg == "--":
			return slices.Concat(first, []string{"--"}, rest, args[i+1:])
		case !strings.HasPrefix(arg, "-") || arg == "-" || known == nil && len(rest) > 0 && name != "h" && name != "help":
			rest = append(rest, arg)
			continue
		}
		first = append(first, arg)
		if known == nil || valued || isBool(known) {
			continue
		}
		if i++; i == len(args) { // its value is missing
			return first
		}
		first = append(first, args[i])
	}
	return slices.Concat(first, []string{"--"}, rest)
}

func isBool(f *flag.Flag) bool {
	v, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && v.IsBoolFlag()
}

// unknown says that there is no such command, and which may have been meant.
func unknown(name string, stderr io.Writer) int {
	fmt.Fprintf(stderr, "load: unknown command %q", name)
	known := func(yield func(string) bool) {
		for _, c := range commands() {
			if !yield(c.name) {
				return
			}
		}
	}
	if near := spelling.Near(name, known, 1); len(near) > 0 {
		fmt.Fprintf(stderr, "; did you mean %s?", near[0])
	}
	fmt.Fprint(stderr, "\n\trun \"load help\" for usage\n")
	return exitUsage
}

// inWords puts the option or the variable that was set in the place of the field of the Config that
// it sets, where a message names that as the reason.
func (s *session) inWords(text string) string {
	for _, setting := range []struct {
		field, option, variable string
		given                   bool
	}{
		{"(Config.Frozen)", "-frozen", "LOAD_FROZEN", s.frozen},
		{"(Config.Offline)", "-offline", "LOAD_OFFLINE", s.offline},
	} {
		switch {
		case setting.given:
			text = strings.ReplaceAll(text, setting.field, "("+setting.option+")")
		case os.Getenv(setting.variable) != "":
			text = strings.ReplaceAll(text, setting.field, "("+setting.variable+")")
		}
	}
	return text
}
