package starlark

import (
	"fmt"
	"maps"
	"strings"

	"go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine"
)

// check looks at the arguments of a function before it is called.
type check func(args starlark.Tuple, kwargs []starlark.Tuple) error

// predeclared returns what every script can use beyond the language: struct, json, math and time, and the
// functions of the language that need a check.
func (l limits) predeclared() starlark.StringDict {
	all := starlark.StringDict{
		"struct": starlark.NewBuiltin("struct", starlarkstruct.Make),
		"math":   math.Module,
		"time":   time.Module,
		"json": &starlarkstruct.Module{Name: "json", Members: starlark.StringDict{
			"encode": checked(json.Module.Members["encode"], l.checkText),
			"decode": checked(json.Module.Members["decode"], l.checkJSON),
		}},
		guardSum:    starlark.NewBuiltin("+", l.guardSum),
		guardRepeat: starlark.NewBuiltin("*", l.guardRepeat),
		guardFormat: starlark.NewBuiltin("%", l.guardFormat),
		guardString: starlark.NewBuiltin("string", l.guardString),
		"getattr":   starlark.NewBuiltin("getattr", l.getattr),
		"range":     starlark.NewBuiltin("range", l.makeRange),
	}
	maps.Copy(all, starlark.StringDict{
		"str":   checked(starlark.Universe["str"], l.checkText),
		"repr":  checked(starlark.Universe["repr"], l.checkText),
		"print": checked(starlark.Universe["print"], l.checkText),
		"fail":  checked(starlark.Universe["fail"], l.checkText),
		"int":   checked(starlark.Universe["int"], l.checkNumber),
		"zip":   checked(starlark.Universe["zip"], l.checkZip),
	})
	all.Freeze()
	return all
}

// checked returns the function with a check before it.
func checked(f starlark.Value, check check) *starlark.Builtin {
	call := f.(*starlark.Builtin)
	return starlark.NewBuiltin(call.Name(), func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := check(args, kwargs); err != nil {
			return nil, err
		}
		return call.CallInternal(t, args, kwargs)
	})
}

// arguments are all arguments of a call as one value.
func arguments(args starlark.Tuple, kwargs []starlark.Tuple) starlark.Value {
	all := args
	for _, pair := range kwargs {
		all = append(all[:len(all):len(all)], pair)
	}
	return all
}

func (l limits) checkText(args starlark.Tuple, kwargs []starlark.Tuple) error {
	return l.text(arguments(args, kwargs))
}

func (l limits) checkJSON(args starlark.Tuple, _ []starlark.Tuple) error {
	if len(args) > 0 {
		if text, ok := starlark.AsString(args[0]); ok {
			return l.json(text)
		}
	}
	return nil
}

func (l limits) checkNumber(args starlark.Tuple, _ []starlark.Tuple) error {
	if len(args) > 0 {
		if text, ok := starlark.AsString(args[0]); ok && len(text) > maxText {
			return &engine.LimitError{Reason: fmt.Sprintf("a number of more than %d digits", maxText)}
		}
	}
	return nil
}

// checkZip checks zip(*lists): its result is as large as all of them together, and they can be one.
func (l limits) checkZip(args starlark.Tuple, _ []starlark.Tuple) error {
	var total uint64
	for _, arg := range args {
		if list, ok := arg.(starlark.Sequence); ok {
			total += uint64(list.Len())
		}
	}
	return l.tooLarge(total * wordSize)
}

// guardSum returns the right side of a sum that is small enough: a quarter of what fits.
func (l limits) guardSum(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	size := 0
	switch y := args[0].(type) {
	case starlark.String:
		size = len(y)
	case starlark.Bytes:
		size = len(y)
	case *starlark.List:
		size = wordSize * y.Len()
	case starlark.Tuple:
		size = wordSize * y.Len()
	}
	if l.memory >= 0 && int64(size) > l.memory/4 {
		return nil, &engine.LimitError{Reason: fmt.Sprintf("it adds more than %s at once", mebibytes(l.memory/4)), Fix: memoryFix}
	}
	return args[0], nil
}

// guardRepeat returns the right side of a product, made to check it.
func (l limits) guardRepeat(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if _, ok := args[0].(starlark.Float); ok {
		return args[0], nil
	}
	return factor{args[0], l}, nil
}

// maxVerbs is how often x %= y may use a y that is a dict.
const maxVerbs = 1000

// guardFormat returns what is formatted, if it is small enough whatever the format is.
func (l limits) guardFormat(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	verbs := 1 // each takes another element
	if _, ok := args[0].(*starlark.Dict); ok {
		verbs = maxVerbs
	}
	return args[0], l.product(0, verbs, args[0])
}

// guardString returns the value: a string with checked methods and formatting.
func (l limits) guardString(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if s, ok := args[0].(starlark.String); ok {
		return text{s, l}, nil
	}
	return args[0], nil
}

// method returns a method of a string with its check, and everything else as it is.
func (l limits) method(v starlark.Value) starlark.Value {
	method, ok := v.(*starlark.Builtin)
	if !ok {
		return v
	}
	receiver, ok := method.Receiver().(starlark.String)
	check := checkedMethod(method.Name())
	if !ok || check == nil {
		return v
	}
	return checked(method, func(args starlark.Tuple, kwargs []starlark.Tuple) error {
		return check(l, string(receiver), args, kwargs)
	})
}

type methodCheck func(l limits, receiver string, args starlark.Tuple, kwargs []starlark.Tuple) error

// checkedMethod returns the check of a method of strings whose result can be much larger than what goes in.
func checkedMethod(name string) methodCheck {
	switch name {
	case "join":
		return func(l limits, receiver string, args starlark.Tuple, _ []starlark.Tuple) error {
			count := 0
			if len(args) > 0 {
				if count = starlark.Len(args[0]); count < 0 {
					return nil // it cannot be much longer than the text it comes from
				}
			}
			if err := l.times(len(receiver), 1, starlark.MakeInt(count)); err != nil {
				return err
			}
			return l.text(args)
		}
	case "replace":
		return func(l limits, receiver string, args starlark.Tuple, _ []starlark.Tuple) error {
			if len(args) < 2 {
				return nil
			}
			old, _ := starlark.AsString(args[0])
			if old == "" {
				return l.product(len(receiver), len(receiver)+1, args[1])
			}
			return l.product(len(receiver), len(receiver)/len(old), args[1])
		}
	case "format":
		return func(l limits, receiver string, args starlark.Tuple, kwargs []starlark.Tuple) error {
			return l.product(len(receiver), strings.Count(receiver, "{"), arguments(args, kwargs))
		}
	}
	return nil
}

// getattr is the language's, with checked methods.
func (l limits) getattr(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Universe["getattr"].(*starlark.Builtin).CallInternal(t, args, kwargs)
	if err != nil {
		return nil, err
	}
	return l.method(v), nil
}

// makeRange is the language's, of a length that a list can have: so many functions make one of it in a single
// step that checking them all would be in vain.
func (l limits) makeRange(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Universe["range"].(*starlark.Builtin).CallInternal(t, args, kwargs)
	if err != nil {
		return nil, err
	}
	if n := starlark.Len(v); l.memory >= 0 && int64(n) > l.memory/entrySize {
		return nil, &engine.LimitError{
			Reason: fmt.Sprintf("a range of %d elements is longer than a list can be (%d)", n, l.memory/entrySize),
			Fix:    "use a while loop, or set starlark.Config.Memory to allow more",
		}
	}
	return v, nil
}
