package starlark

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// signature is what a script's function says about its parameters.
type signature struct {
	all             []parameter // positional ones first
	positional      int         // how many can be given by their place
	varargs, kwargs string      // the names of *args and **kwargs, or ""
}

type parameter struct {
	name     string
	fallback starlark.Value // nil: it must be given
}

func signatureOf(f *starlark.Function) signature {
	var s signature
	n := f.NumParams()
	if f.HasKwargs() {
		n--
		s.kwargs, _ = f.Param(n)
	}
	if f.HasVarargs() {
		n--
		s.varargs, _ = f.Param(n)
	}
	s.positional = n - f.NumKwonlyParams()
	for i := range n {
		name, _ := f.Param(i)
		s.all = append(s.all, parameter{name, f.ParamDefault(i)})
	}
	return s
}

// accepts tells why the function cannot be called with so many arguments by place, and those names.
func (s signature) accepts(count int, keywords []keyword) error {
	if count > s.positional && s.varargs == "" {
		return fmt.Errorf("it has %d parameters, not %d", s.positional, count)
	}
	for _, k := range keywords {
		i := slices.IndexFunc(s.all, func(p parameter) bool { return p.name == k.name })
		switch {
		case i < 0 && s.kwargs == "":
			return fmt.Errorf("it has no parameter %s", k.name)
		case i >= 0 && i < count:
			return fmt.Errorf("its parameter %s is given twice", k.name)
		}
	}
	var missing []string
	for _, p := range s.all[min(count, s.positional):] {
		given := slices.ContainsFunc(keywords, func(k keyword) bool { return k.name == p.name })
		if p.fallback == nil && !given {
			missing = append(missing, p.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("it needs %s, too", strings.Join(missing, ", "))
	}
	return nil
}
