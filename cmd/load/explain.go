package main

import (
	"context"
	"io"

	"github.com/spf13/pflag"
)

func explainCommand() command {
	return command{
		name:  "explain",
		args:  "[options] NAME[@QUERY]",
		short: "tell what loading a package would do, and why",
		long: `
Explain shows who was asked for the package and what each answered, the version and why it was chosen,
the engine and why, what identifies the compiled artifact, the build list, and the isolation that is in
force. It installs, compiles and runs nothing. The build list is known once the package is installed.`,
		flags:    func(f *pflag.FlagSet, o *options) { o.jsonFlag(f); o.loadFlags(f); o.withFlag(f); o.allowFlags(f) },
		takes:    one("NAME"),
		run:      runExplain,
		complete: completeNames,
	}
}

func runExplain(ctx context.Context, s *session, args []string) error {
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	// An error leaves an explanation too, as far as it goes.
	explanation, err := l.Explain(ctx, args[0], s.along())
	s.progress.Clear()
	switch {
	case explanation == nil || err != nil && len(explanation.Asked) == 0:
	case s.json:
		if err := printJSON(s.stdout, explanation); err != nil {
			return err
		}
	case err == nil || explanation.Canonical != "":
		io.WriteString(s.stdout, s.inWords(explanation.String()))
	}
	return err
}
