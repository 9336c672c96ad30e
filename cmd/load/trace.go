package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/loadgo/load/internal/waterfall"
)

func traceCommand() command {
	return command{
		name:  "trace",
		args:  "[options] FILE",
		short: "show where the time of loads went",
		long: `
Trace reads the events that a program wrote as JSON lines, where LOAD_TRACE named the file or event.Trace
was its sink, and prints a line with a bar for each step that took time: what was resolved, found, downloaded,
installed, verified, compiled, opened, loaded and called for the first time, and the waits for the locks of
other processes, in the order in which the steps began. FILE is - for the standard input.
With -chrome it writes what chrome://tracing and Perfetto open.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			f.BoolVar(&o.chrome, "chrome", false, "write the trace event format of Chrome")
		},
		takes: one("FILE"),
		run:   runTrace,
	}
}

func runTrace(_ context.Context, s *session, args []string) error {
	var in io.Reader = os.Stdin
	if args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	spans, err := waterfall.Read(in)
	if err != nil {
		return fmt.Errorf("trace %s: %w", args[0], err)
	}
	switch {
	case s.chrome && s.json:
		return &usageError{"-chrome and -json exclude each other"}
	case s.json:
		return printJSON(s.stdout, spans)
	case s.chrome:
		return waterfall.WriteChrome(s.stdout, spans)
	}
	return waterfall.Write(s.stdout, spans)
}
