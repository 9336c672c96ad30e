package bounded

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The interpreter makes the dict of a comprehension by itself, and nothing else sees it grow. A
// guarded script makes it by a list comprehension that stays empty: {k: v for x in y} becomes
//
//	[d.dict for d in [guards.dict] if not [0 for x in y if d[k][v]]][0]
//
// where d[k] keeps the key, and the index of that stores the value and is False. A dict that is
// written out is made in the same way if it is large.

const (
	dictVar   = "_ dict"
	wayDict   = "dict"   // of the guards: what makes the dict of a comprehension
	wayUnique = "unique" // of one whose keys are written out, and differ
	// largeDict is how many entries that are written out are large: only more can have been chosen
	// to have one hash in a way that matters.
	largeDict = 256
)

// dicts rewrites what makes dicts in a script that is guarded.
func dicts(f *syntax.File) {
	replace(f, func(x syntax.Expr) syntax.Expr {
		switch x := x.(type) {
		case *syntax.Comprehension:
			if entry, ok := x.Body.(*syntax.DictEntry); ok {
				x.Curly, x.Body = false, number(x.Lbrack, 0)
				x.Clauses = append(x.Clauses, &syntax.IfClause{If: entry.Colon, Cond: store(entry)})
				return madeBy(x.Lbrack, wayDict, &syntax.UnaryExpr{OpPos: x.Lbrack, Op: syntax.NOT, X: x})
			}
		case *syntax.DictExpr:
			if len(x.List) > largeDict {
				entries := make([]syntax.Expr, len(x.List))
				for i, entry := range x.List {
					entries[i] = store(entry.(*syntax.DictEntry))
				}
				return madeBy(x.Lbrace, wayUnique, &syntax.ListExpr{Lbrack: x.Lbrace, List: entries, Rbrack: x.Rbrace})
			}
		}
		return x
	})
}

// store is what stores an entry: dict[key][value].
func store(entry *syntax.DictEntry) syntax.Expr {
	at := entry.Colon
	key := &syntax.IndexExpr{X: ident(at, dictVar), Lbrack: at, Y: entry.Key, Rbrack: at}
	return &syntax.IndexExpr{X: key, Lbrack: at, Y: entry.Value, Rbrack: at}
}

// madeBy is the dict that is made in a way of the guards, and filled by a condition that holds.
func madeBy(at syntax.Position, way string, fill syntax.Expr) syntax.Expr {
	dot := func(x syntax.Expr, name string) syntax.Expr {
		return &syntax.DotExpr{X: x, Dot: at, NamePos: at, Name: ident(at, name)}
	}
	one := &syntax.ListExpr{Lbrack: at, List: []syntax.Expr{dot(call(at, guardsFunc), way)}, Rbrack: at}
	made := &syntax.Comprehension{
		Lbrack: at, Body: dot(ident(at, dictVar), wayDict), Rbrack: at,
		Clauses: []syntax.Node{&syntax.ForClause{For: at, Vars: ident(at, dictVar), In: at, X: one}, &syntax.IfClause{If: at, Cond: fill}},
	}
	return &syntax.IndexExpr{X: made, Lbrack: at, Y: number(at, 0), Rbrack: at}
}

func number(at syntax.Position, n int64) *syntax.Literal {
	return &syntax.Literal{Token: syntax.INT, TokenPos: at, Raw: fmt.Sprint(n), Value: n}
}

// newDict is a dict that is being made.
type newDict struct {
	hidden
	r      *Meter
	dict   *starlark.Dict
	key    starlark.Value // of the next entry
	full   int            // how many entries it has when it may have to grow for the next
	unique bool
}

// Attr implements [starlark.HasAttrs].
func (d *newDict) Attr(string) (starlark.Value, error) { return d.dict, nil }

// AttrNames implements [starlark.HasAttrs].
func (*newDict) AttrNames() []string { return nil }

// Get implements [starlark.Mapping].
func (d *newDict) Get(key starlark.Value) (starlark.Value, bool, error) {
	d.key = key
	return (*nextEntry)(d), true, nil
}

// nextEntry stores a value under the key of a new dict.
type nextEntry newDict

// Get implements [starlark.Mapping].
func (d *nextEntry) Get(v starlark.Value) (starlark.Value, bool, error) {
	have := d.dict.Len()
	grows := have > few && have >= d.full
	if grows {
		c, err := growth(d.dict, 1)
		if err == nil {
			err = d.r.afford(c)
		}
		if err != nil {
			return nil, false, err
		}
	}
	err := d.dict.SetKey(d.key, v)
	if grows {
		d.full = int(maxLoad*float64(inside(d.dict, "ht", "table").Len())) - 1
	}
	if err == nil && d.unique && d.dict.Len() == have {
		err = fmt.Errorf("duplicate key: %v", d.key)
	}
	return starlark.False, true, err
}
