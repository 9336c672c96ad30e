package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/pkgdoc"
)

// explain tells what a name is: a module, a symbol, a variable, or a method of one of these.
func (r *repl) explain(ctx context.Context, name string) error {
	first, rest, _ := strings.Cut(name, ".")
	if name == "" {
		_, err := io.WriteString(r.stdout, replHelp)
		return err
	}
	if v, ok := r.vars[first]; ok {
		return r.explainValue(name, v, rest)
	}
	if r.names[first] == "" {
		if standard := standardNamed(first); len(standard) == 1 {
			r.names[first] = standard[0]
		} else {
			return fmt.Errorf("undefined: %s\n\tmodules lists what is loaded, vars the variables", first)
		}
	}
	return r.explainSymbol(ctx, r.names[first], rest)
}

// explainSymbol prints the documentation of a module, or of one of its symbols.
func (r *repl) explainSymbol(ctx context.Context, module, symbol string) error {
	m, err := r.loader.Load(ctx, module, r.along())
	if err != nil {
		return err
	}
	if !isGo(m.Spec()) {
		printSymbols(r.stdout, m.Symbols())
		return nil
	}
	d, err := pkgdoc.Read(m.Spec())
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if symbol == "" {
		d.PrintPackage(&out, m.Spec().Name)
	} else if !d.PrintSymbol(&out, symbol) {
		return fmt.Errorf("%s exports no %s", module, symbol)
	}
	_, err = r.stdout.Write(bytes.Map(pkgdoc.Printable, out.Bytes()))
	return err
}

// explainValue prints the type of a variable and its methods, or one of them.
func (r *repl) explainValue(name string, v any, method string) error {
	o, isObject := v.(*load.Object)
	if method == "" {
		fmt.Fprintf(r.stdout, "var %s %s\n", name, typeOf(v))
	}
	found := method == ""
	show := func(called, signature, doc string) {
		if method == "" || method == called {
			found = true
			fmt.Fprintf(r.stdout, "    %s\n", signature)
			if doc != "" && method != "" {
				fmt.Fprintf(r.stdout, "        %s\n", doc)
			}
		}
	}
	switch {
	case isObject:
		for _, m := range o.Methods() {
			show(m.Name, m.Signature, m.Doc)
		}
	case v != nil:
		for m := range reflect.TypeOf(v).Methods() {
			show(m.Name, "func "+m.Name+strings.TrimPrefix(m.Type.String(), "func"), "")
		}
	}
	if !found {
		return fmt.Errorf("%s has no method %s", strings.TrimSuffix(name, "."+method), method)
	}
	return nil
}
