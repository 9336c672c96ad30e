package bounded

import (
	"errors"
	"fmt"
	"sort"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// ranking compares keys for sorted, min and max. Each comparison is checked, and the run is asked
// after every few, whether it may go on.
type ranking struct {
	r    *Meter
	work int64
}

// compare reports whether x op y.
func (k *ranking) compare(op syntax.Token, x, y starlark.Value) (bool, error) {
	k.work++
	if !slight(x) && !slight(y) {
		c, err := weigh(comparing, x)
		if err == nil && c.work > maxWork {
			err = errWork
		}
		if err != nil {
			return false, err
		}
		k.work += 2 * c.work
	}
	if k.work >= AskEvery {
		work := k.work
		k.work = 0
		if err := k.r.Worked(work); err != nil {
			return false, err
		}
	}
	return starlark.Compare(op, x, y)
}

// collect returns the elements of a sequence.
func (r *Meter) collect(v starlark.Iterable) (starlark.Tuple, error) {
	if err := r.afford(cost{bytes: Times(3*WordSize, int64(lengthOf(v)))}); err != nil {
		return nil, err
	}
	all := make(starlark.Tuple, 0, lengthOf(v))
	for element := range starlark.Elements(each{v, eachElement, r}) {
		all = append(all, element)
	}
	return all, r.stopped()
}

// keysOf returns what a function makes of each value; the values themselves if there is none.
func keysOf(t *starlark.Thread, f starlark.Callable, values starlark.Tuple) (starlark.Tuple, error) {
	if f == nil {
		return values, nil
	}
	keys := make(starlark.Tuple, len(values))
	for i, v := range values {
		var err error
		if keys[i], err = starlark.Call(t, f, starlark.Tuple{v}, nil); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// sorted is the language's: a stable sort.
func sorted(r *Meter, t *starlark.Thread, f *starlark.Builtin, a arguments) (starlark.Value, error) {
	var iterable starlark.Iterable
	var key starlark.Callable
	var reverse bool
	err := starlark.UnpackArgs(f.Name(), a.args, a.kwargs, "iterable", &iterable, "key?", &key, "reverse?", &reverse)
	if err != nil {
		return nil, err
	}
	values, err := r.collect(iterable)
	if err != nil {
		return nil, err
	}
	s := &sorting{ranking: ranking{r: r}, values: values}
	if s.keys, err = keysOf(t, key, values); err != nil {
		return nil, err
	}
	if err := s.sort(reverse); err != nil {
		return nil, err
	}
	return starlark.NewList(s.values), r.Worked(s.work)
}

// sorting implements [sort.Interface]. An error ends it by a panic: a sort has no other end.
type sorting struct {
	ranking
	keys, values starlark.Tuple // one slice, where values are their own keys
}

type sortError struct{ error }

func (s *sorting) sort(reverse bool) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case sortError:
			err = v.error
		default:
			panic(v)
		}
	}()
	if reverse {
		sort.Stable(sort.Reverse(s))
	} else {
		sort.Stable(s)
	}
	return nil
}

// Len implements [sort.Interface].
func (s *sorting) Len() int { return len(s.values) }

// Less implements [sort.Interface].
func (s *sorting) Less(i, j int) bool {
	less, err := s.compare(syntax.LT, s.keys[i], s.keys[j])
	if err != nil {
		panic(sortError{err})
	}
	return less
}

// Swap implements [sort.Interface].
func (s *sorting) Swap(i, j int) {
	s.values[i], s.values[j] = s.values[j], s.values[i]
	if len(s.keys) > 0 && &s.keys[0] != &s.values[0] {
		s.keys[i], s.keys[j] = s.keys[j], s.keys[i]
	}
}

// extreme is min and max of the language.
func extreme(r *Meter, t *starlark.Thread, f *starlark.Builtin, a arguments) (starlark.Value, error) {
	if len(a.args) == 0 {
		return nil, fmt.Errorf("%s requires at least one positional argument", f.Name())
	}
	var key starlark.Callable
	if err := starlark.UnpackArgs(f.Name(), nil, a.kwargs, "key?", &key); err != nil {
		return nil, err
	}
	values := starlark.Iterable(a.args)
	if len(a.args) == 1 {
		var ok bool
		if values, ok = a.args[0].(starlark.Iterable); !ok {
			return nil, fmt.Errorf("%s: %s value is not iterable", f.Name(), a.args[0].Type())
		}
	}
	op := syntax.LT
	if f.Name() == "max" {
		op = syntax.GT
	}
	rank := ranking{r: r}
	var best, bestKey starlark.Value
	for v := range starlark.Elements(each{values, eachElement, r}) {
		keys, err := keysOf(t, key, starlark.Tuple{v})
		if err != nil {
			return nil, err
		}
		better := best == nil
		if !better {
			if better, err = rank.compare(op, keys[0], bestKey); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name(), err)
			}
		}
		if better {
			best, bestKey = v, keys[0]
		}
	}
	if best == nil {
		return nil, errors.Join(r.stopped(), fmt.Errorf("%s: argument is an empty sequence", f.Name()))
	}
	return best, r.Worked(rank.work)
}
