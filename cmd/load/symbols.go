package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
)

func symbolsCommand() command {
	return command{
		name:  "symbols",
		args:  "[options] NAME[@QUERY]",
		short: "load a package and list what it exports",
		long: `
Symbols loads the package and lists its exported functions, variables, constants and types with their
methods: the Go signature, the first sentence of the documentation, and, where something cannot be used
from outside, the reason.`,
		flags:    func(f *pflag.FlagSet, o *options) { o.jsonFlag(f); o.loadFlags(f); o.withFlag(f); o.allowFlags(f) },
		takes:    one("NAME"),
		run:      runSymbols,
		complete: completeNames,
	}
}

func runSymbols(ctx context.Context, s *session, args []string) error {
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	m, err := l.Load(ctx, args[0], s.along())
	if err != nil {
		return err
	}
	symbols := m.Symbols()
	if s.json {
		if symbols == nil {
			symbols = []load.Symbol{}
		}
		return printJSON(s.stdout, symbols)
	}
	printSymbols(s.stdout, symbols)
	return nil
}

// maxSignature is the width up to which documentation stands beside a signature and not below it.
const maxSignature = 56

func printSymbols(w io.Writer, symbols []load.Symbol) {
	width := 0
	each(symbols, func(line string, _ load.Symbol) {
		if n := utf8.RuneCountInString(line); n <= maxSignature {
			width = max(width, n)
		}
	})
	each(symbols, func(line string, symbol load.Symbol) {
		note := symbol.Doc
		if symbol.Limit != "" {
			note = strings.TrimSpace("(" + symbol.Limit + ") " + note)
		}
		switch n := utf8.RuneCountInString(line); {
		case note == "":
			fmt.Fprintln(w, line)
		case n > width:
			fmt.Fprintf(w, "%s\n%*s  %s\n", line, width, "", note)
		default:
			fmt.Fprintf(w, "%s%*s  %s\n", line, width-n, "", note)
		}
	})
}

// each calls f with the line of every symbol, methods indented below their type.
func each(symbols []load.Symbol, f func(line string, symbol load.Symbol)) {
	for _, symbol := range symbols {
		f(shorten(symbol.Signature), symbol)
		for _, method := range symbol.Methods {
			f("    "+shorten(method.Signature), method)
		}
	}
}

// shorten leaves out the inside of a struct or an interface: a listing tells that it is one.
func shorten(signature string) string {
	if !strings.HasPrefix(signature, "type ") {
		return signature
	}
	for _, kind := range []string{"struct{", "interface{"} {
		if before, inside, ok := strings.Cut(signature, kind); ok && inside != "}" {
			return before + kind + "…}"
		}
	}
	return signature
}
