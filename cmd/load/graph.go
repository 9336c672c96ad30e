package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

func graphCommand() command {
	return command{
		name:  "graph",
		args:  "[options] NAME[@QUERY]...",
		short: "load modules and print what imports what",
		long: `
Graph loads the modules and prints the graph of what they import and of the Go modules that they are built
from: in the language of Graphviz, as a Mermaid flowchart, as a picture (SVG), or as JSON.`,
		flags: func(f *pflag.FlagSet, o *options) {
			f.StringVar(&o.format, "format", "dot", "print the graph as dot, mermaid, svg or json")
			f.BoolVar(&o.svg, "svg", false, "print a picture, as -format svg does")
			f.BoolVar(&o.json, "json", false, "print JSON, as -format json does")
			o.loadFlags(f)
		},
		takes:    some,
		run:      runGraph,
		complete: completeNames,
	}
}

func runGraph(ctx context.Context, s *session, args []string) error {
	switch {
	case s.json && s.svg:
		return &usageError{"-json and -svg are two formats; take one"}
	case s.json:
		s.format = "json"
	case s.svg:
		s.format = "svg"
	}
	switch s.format {
	case "dot", "mermaid", "svg", "json":
	default:
		return &usageError{fmt.Sprintf("-format is dot, mermaid, svg or json, not %q", s.format)}
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	if _, err := l.LoadAll(ctx, args...); err != nil {
		return err
	}
	s.progress.Clear()
	graph := l.Graph()
	switch s.format {
	case "mermaid":
		_, err = io.WriteString(s.stdout, graph.Mermaid())
	case "svg":
		_, err = io.WriteString(s.stdout, graph.SVG())
	case "json":
		err = printJSON(s.stdout, graph)
	default:
		_, err = io.WriteString(s.stdout, graph.DOT())
	}
	return err
}
