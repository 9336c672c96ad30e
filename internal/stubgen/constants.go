package stubgen

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

func stringValue(v constant.Value) (string, bool) {
	if v.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(v), true
}

func (w *writer) constant(c *types.Const) (reason string) {
	basic, ok := c.Type().Underlying().(*types.Basic)
	if !ok {
		return fmt.Sprintf("constants of type %s are not generated", c.Type())
	}
	if r := w.refused(c.Type(), toHost); r != "" && basic.Info()&types.IsUntyped == 0 {
		return r
	}
	for _, other := range w.elsewhere {
		same, ok := other.Scope().Lookup(c.Name()).(*types.Const)
		if ok && same.Val().Kind() == constant.Unknown && w.localOf(c.Type()) != nil {
			continue // its type is of another package, and an enumeration is the same everywhere
		}
		if !ok || same.Val().Kind() != c.Val().Kind() || !constant.Compare(same.Val(), token.EQL, c.Val()) {
			return "its value differs between machines"
		}
	}
	value, ok := literal(basic, c.Val())
	if !ok {
		return "its value cannot be written exactly"
	}
	typ := ""
	if basic.Info()&types.IsUntyped == 0 {
		typ = " " + w.spell(c.Type())
	}
	name, doc := w.localName(c), comment(w.docs[c.Name()])
	fmt.Fprintf(&w.loaded, "\n%sconst %s%s = %s\n", doc, name, typ, value)
	fmt.Fprintf(&w.linked, "\n%sconst %s = original.%s\n", doc, name, c.Name())
	return ""
}

// literal writes a constant, and reports whether Go reads the very same value and kind again.
func literal(t *types.Basic, v constant.Value) (string, bool) {
	if t.Info()&types.IsFloat != 0 {
		v = constant.ToFloat(v)
	}
	text := v.ExactString()
	switch {
	case v.Kind() == constant.Unknown || v.Kind() == constant.Complex:
		return "", false
	case t.Kind() == types.UntypedRune:
		r, exact := constant.Int64Val(v)
		if !exact || int64(rune(r)) != r {
			return "", false
		}
		text = strconv.QuoteRune(rune(r))
	case t.Info()&types.IsFloat != 0:
		numerator, denominator, _ := strings.Cut(text, "/")
		text = numerator + ".0"
		if denominator != "" {
			text += " / " + denominator + ".0"
		}
	}
	again, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
	if err != nil || again.Value == nil {
		return "", false
	}
	if t.Info()&types.IsUntyped != 0 && !types.Identical(again.Type, t) {
		return "", false
	}
	same := constant.Compare(again.Value, token.EQL, v)
	return text, same
}
