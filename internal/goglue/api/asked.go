package api

import (
	"cmp"
	"slices"

	"github.com/loadgo/load/internal/wire"
)

// Forms are those that the code of a module asks values for, whatever their types are made of. The
// last three are not carried.
type Forms uint8

// The forms.
const (
	TextForm    Forms = 1 << iota // encoding.TextMarshaler
	BinaryForm                    // encoding.BinaryMarshaler
	JSONForm                      // json.Marshaler
	GobForm                       // gob.GobEncoder
	ValuerForm                    // driver.Valuer
	ScannerForm                   // sql.Scanner
)

// Asks reports whether the host answers for more of a type than its methods: it is an interface
// whose values cross by themselves. Base is the first of the methods by which it is asked. Both
// sides decide by it.
func (a *API) Asks(typ *Type) (base int, asks bool) {
	if typ.Kind != KindInterface || typ.Bridge != 0 {
		return 0, false
	}
	base = len(typ.Methods) + 1
	if reads, writes, _ := Streams(a, typ); reads || writes {
		base += wire.FlushAbility + 1
	}
	return base, true
}

// Wider lists the interfaces that have the methods of interface n and more, and of which the host
// gives values: those with most methods first. An interface of the standard library has none: too
// much has the method of a [fmt.Stringer].
func (a *API) Wider(n int) (all []int) {
	narrow := &a.Types[n]
	if narrow.Kind != KindInterface || narrow.Std != "" || len(narrow.Methods) == 0 {
		return nil
	}
	if reads, writes, _ := Streams(a, narrow); reads || writes {
		return nil
	}
	for j := range a.Types {
		typ := &a.Types[j]
		if typ.Kind == KindInterface && typ.Given && typ.Bridge == 0 && len(typ.Methods) > len(narrow.Methods) && a.Covers(j, n) {
			all = append(all, j)
		}
	}
	slices.SortStableFunc(all, func(x, y int) int { return cmp.Compare(len(a.Types[y].Methods), len(a.Types[x].Methods)) })
	return all
}

// Covers reports whether interface wide has all methods of interface narrow.
func (a *API) Covers(wide, narrow int) bool {
	return !slices.ContainsFunc(a.Types[narrow].Methods, func(m Method) bool {
		return !slices.ContainsFunc(a.Types[wide].Methods, func(w Method) bool {
			return w.Name == m.Name && m.Func != 0 && w.Func != 0 && a.Funcs[w.Func-1].Shape(a) == a.Funcs[m.Func-1].Shape(a)
		})
	})
}

// Receive is the name of the method that a channel has: it takes the most values to receive, and
// returns those that are there, at least one, and whether the channel is open.
const Receive = "<-"
