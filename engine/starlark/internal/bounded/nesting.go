package bounded

import (
	"fmt"
	"iter"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine"
)

// MaxNesting is how deep values may lie in each other. Freezing and printing recur into them, and a
// stack that overflows would end the host.
const MaxNesting = 1000

var ErrNesting = &engine.LimitError{Reason: fmt.Sprintf("a value is nested deeper than %d", MaxNesting)}

// partsOf lists the values directly in a value, nil for one without.
func partsOf(v starlark.Value) iter.Seq[starlark.Value] {
	switch v := v.(type) {
	case starlark.Tuple:
		return elements(v)
	case *starlark.List:
		return elements(v)
	case *starlark.Set:
		return func(yield func(starlark.Value) bool) {
			for part := range v.Elements() {
				if !yield(part) {
					return
				}
			}
		}
	case *starlark.Dict:
		return func(yield func(starlark.Value) bool) {
			for key, value := range v.Entries() {
				if !yield(key) || !yield(value) {
					return
				}
			}
		}
	case *starlarkstruct.Struct:
		return func(yield func(starlark.Value) bool) {
			for _, value := range v.Entries() {
				if !yield(value) {
					return
				}
			}
		}
	case *starlark.Builtin:
		if receiver := v.Receiver(); receiver != nil {
			return func(yield func(starlark.Value) bool) { yield(receiver) }
		}
	case *starlark.Function:
		return func(yield func(starlark.Value) bool) {
			for i := range v.NumFreeVars() {
				if _, free := v.FreeVar(i); free != nil && !yield(free) {
					return
				}
			}
			for i := range v.NumParams() {
				if value := v.ParamDefault(i); value != nil && !yield(value) {
					return
				}
			}
		}
	}
	return nil
}

func elements(list starlark.Indexable) iter.Seq[starlark.Value] {
	return func(yield func(starlark.Value) bool) {
		for i := range list.Len() {
			if !yield(list.Index(i)) {
				return
			}
		}
	}
}

// same reports whether two values are one: only those that can contain themselves are compared.
func same(a, b starlark.Value) bool {
	switch a.(type) {
	case *starlark.List, *starlark.Dict, *starlark.Set, *starlarkstruct.Struct, *starlark.Function:
		return a == b
	}
	return false
}

// maxTuples bounds the work of freezing: a tuple is frozen as often as it is referred to, and a few
// tuples that refer to each other twice can do so more often than anyone can wait for.
const maxTuples = 1 << 21

// Freezer freezes values from the inside out, each once but for tuples.
type Freezer struct {
	seen   map[starlark.Value]bool
	tuples int
}

// Freeze freezes the globals of a module, so that any number of goroutines can read them.
func Freeze(globals starlark.StringDict) error {
	var f Freezer
	for _, v := range globals {
		if err := f.Freeze(v, 0); err != nil {
			return &engine.EvalError{Message: err.Error(), Err: err}
		}
	}
	return nil
}

func (f *Freezer) Freeze(v starlark.Value, depth int) error {
	_, isTuple := v.(starlark.Tuple)
	if isTuple {
		f.tuples++
	}
	if f.tuples > maxTuples {
		return &engine.LimitError{Reason: fmt.Sprintf("its values refer to tuples more than %d times", maxTuples)}
	}
	parts := partsOf(v)
	if parts == nil {
		v.Freeze()
		return nil
	}
	if depth >= MaxNesting {
		return ErrNesting
	}
	if same(v, v) {
		if f.seen[v] {
			return nil
		}
		if f.seen == nil {
			f.seen = make(map[starlark.Value]bool)
		}
		f.seen[v] = true
	}
	for part := range parts {
		if err := f.Freeze(part, depth+1); err != nil {
			return err
		}
	}
	if !isTuple {
		v.Freeze() // its parts are frozen: this goes no deeper
	}
	return nil
}
