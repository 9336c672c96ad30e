package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/pkgdoc"
)

func docCommand() command {
	return command{
		name:  "doc",
		args:  "[options] NAME[@QUERY] [SYMBOL]",
		short: "print the documentation of a package or a symbol",
		long: `
Doc prints what go doc prints, for packages that need not be in a go.mod: the package's documentation with a
line for each exported symbol, or the declaration and documentation of SYMBOL, which is a function, a
variable, a constant, a type, or a type's method, as in Type.Method. What is not here is installed.
Nothing of the package runs.`,
		flags:    func(f *pflag.FlagSet, o *options) { o.loadFlags(f) },
		run:      runDoc,
		complete: completeSymbols(""),
	}
}

func runDoc(ctx context.Context, s *session, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return takesOnly("one NAME and perhaps a SYMBOL", args)
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	spec, err := l.Find(ctx, args[0])
	if errors.Is(err, load.ErrNotFound) {
		spec, err = l.Install(ctx, args[0])
	}
	s.progress.Clear()
	if err != nil {
		return err
	}
	d, err := pkgdoc.Read(spec)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if len(args) == 1 {
		d.PrintPackage(&out, spec.Name)
	} else if !d.PrintSymbol(&out, args[1]) {
		return fmt.Errorf("doc %s: it exports no %s\n\trun \"load doc %s\" for what it exports", args[0], args[1], args[0])
	}
	_, err = s.stdout.Write(bytes.Map(pkgdoc.Printable, out.Bytes()))
	return err
}
