package bounded

import (
	"go.starlark.net/starlark"
)

// AskEvery is how many elements a built-in function goes through before the run is asked whether it
// may go on.
const AskEvery = 1024

// walked returns the arguments of a function that goes through them: what takes long asks the run,
// and ends early when that is to end.
func (r *Meter) walked(w walk, a arguments) starlark.Tuple {
	if r == nil {
		return a.args
	}
	args := append(starlark.Tuple(nil), a.args...)
	for i, v := range args {
		iterable, ok := v.(starlark.Iterable)
		switch _, isList := v.(*starlark.List); {
		case !ok || w == eachElement && lengthOf(v) <= AskEvery:
		case isTable(v) && lengthOf(v) <= few: // its keys were keys before
		case isList && w == eachElement && a.receiver != nil:
			// A list that is added to itself knows where it ended.
		case same(v, v) && v == a.receiver:
		default:
			args[i] = walker(iterable, each{iterable, w, r})
		}
	}
	return args
}

// walker gives a sequence its length.
func walker(v starlark.Iterable, e each) starlark.Value {
	if d, ok := v.(*starlark.Dict); ok && e.walk == eachPair {
		e.Iterable = entries{d}
	}
	if n := starlark.Len(v); n >= 0 {
		return counted{e, n}
	}
	return e
}

// each is an iterable value that asks the run while it is gone through.
type each struct {
	starlark.Iterable
	walk walk
	r    *Meter
}

// counted is one whose length is known.
type counted struct {
	each
	n int
}

// Len implements [starlark.Sequence].
func (c counted) Len() int { return c.n }

// Iterate implements [starlark.Iterable].
func (e each) Iterate() starlark.Iterator {
	return &asking{Iterator: e.Iterable.Iterate(), each: e}
}

type asking struct {
	starlark.Iterator
	each
	n int
}

// Next implements [starlark.Iterator].
func (a *asking) Next(p *starlark.Value) bool {
	if a.n++; a.n%AskEvery == 0 {
		if err := a.r.Worked(AskEvery); err != nil {
			return false
		}
	}
	if !a.Iterator.Next(p) {
		return false
	}
	if err := a.key(*p); err != nil {
		a.r.fail(err)
		return false
	}
	return true
}

// key checks what is going to be hashed.
func (a *asking) key(v starlark.Value) error {
	switch pair, ok := v.(starlark.Indexable); {
	case a.walk == eachElement:
		return nil
	case a.walk == eachKey:
	case !ok || pair.Len() == 0:
		return nil
	default:
		v = pair.Index(0)
	}
	_, err := passKey(a.r, v)
	return err
}

// entries are the pairs of a dict.
type entries struct{ *starlark.Dict }

// Iterate implements [starlark.Iterable].
func (e entries) Iterate() starlark.Iterator {
	return &entryIterator{e.Dict.Iterate(), e.Dict}
}

type entryIterator struct {
	starlark.Iterator
	d *starlark.Dict
}

// Next implements [starlark.Iterator].
func (i *entryIterator) Next(p *starlark.Value) bool {
	var key starlark.Value
	if !i.Iterator.Next(&key) {
		return false
	}
	value, _, err := i.d.Get(key)
	*p = starlark.Tuple{key, value}
	return err == nil
}

func isTable(v starlark.Value) bool {
	switch v.(type) {
	case *starlark.Dict, *starlark.Set:
		return true
	}
	return false
}
