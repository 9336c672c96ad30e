package build

import (
	"fmt"
	"go/types"

	"github.com/loadgo/load/internal/goglue/api"
)

// shareable reports whether values of a type lead to something that both sides of a call may share:
// see [wire.Sharing].
func (g *generator) shareable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map:
		return true
	}
	return false
}

// contents returns what takes and appends the content of what a type's values lead to.
func (g *generator) contents(t types.Type, n int) (fill, put string) {
	if slice, ok := t.Underlying().(*types.Slice); ok && isByte(slice.Elem()) {
		return "guest.FillBytes", "guest.PutBytes"
	}
	return g.need("fil", n), g.need("put", n)
}

// least is the least number of bytes that an element of a slice, or an entry of a map, takes.
func (g *generator) least(t types.Type) int {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return g.wireSize(u.Elem())
	case *types.Map:
		return g.wireSize(g.key(u)) + g.wireSize(u.Elem())
	}
	return 1
}

// textMethods are the methods by which what a pointer points to crosses.
func (g *generator) textMethods(t types.Type) string {
	pointer, codec := g.spell(t), g.codec(t)
	write, read := codecMethods[codec][0], fmt.Sprintf("(%s).%s", pointer, codecMethods[codec][1])
	if codec == api.CodecGob { // a precision that is there already would stay
		read = fmt.Sprintf("func(v %s, b []byte) error { v.SetPrec(0); return v.GobDecode(b) }", pointer)
	}
	return fmt.Sprintf("%s, (%s).%s", read, pointer, write)
}

// encodeShared writes the end of the encoder of a pointer, a slice or a map: how it crosses where
// the call shares things, and where it does not.
func (g *generator) encodeShared(t types.Type, n int) {
	fill, put := g.contents(t, n)
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		g.printf("\tif c.Sharing() {\n\t\tguest.PutPointer(c, v, %s, %s)\n\t\treturn\n\t}\n", fill, put)
		if g.class(t) == api.Data {
			g.printf("\tc.Out.Bool(v != nil)\n\tif v == nil {\n\t\treturn\n\t}\n")
		}
		g.printf("\t%s(c, v)\n}\n\n", put)
	case *types.Slice:
		g.printf("\tif c.Sharing() {\n\t\tguest.PutSlice(c, v, %s, %s)\n\t\treturn\n\t}\n", fill, put)
		if isByte(u.Elem()) {
			g.printf("\tc.Out.Bytes(v)\n}\n\n")
			return
		}
		g.printf("\tc.Out.Len(len(v), v == nil)\n\t%s(c, v)\n}\n\n", put)
	case *types.Map:
		g.printf("\tif c.Sharing() {\n\t\tguest.PutMap(c, v, %d, %s, %s)\n\t\treturn\n\t}\n", g.least(t), fill, put)
		g.printf("\tc.Out.Len(len(v), v == nil)\n\t%s(c, v)\n}\n\n", put)
	}
}

// decodeShared is encodeShared for the decoder.
func (g *generator) decodeShared(t types.Type, n int) {
	fill, put := g.contents(t, n)
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		g.printf("\tif c.Sharing() {\n\t\treturn guest.TakePointer(c, %s, %s)\n\t}\n", fill, put)
		if g.class(t) == api.Data {
			g.printf("\tif !c.In.Bool() {\n\t\treturn v\n\t}\n")
		}
		g.printf("\tv = new(%s)\n\t%s(c, v)\n", g.spell(u.Elem()), fill)
	case *types.Slice:
		g.printf("\tif c.Sharing() {\n\t\treturn guest.TakeSlice[%s](c, %d, %s, %s)\n\t}\n", g.spelled(t), g.least(t), fill, put)
		if isByte(u.Elem()) {
			g.printf("\treturn c.In.Bytes()\n}\n\n")
			return
		}
		g.printf("\tif n, ok := c.In.Len(%d); ok {\n\t\tv = make(%s, n)\n\t\t%s(c, v)\n\t}\n", g.least(t), g.spelled(t), fill)
	case *types.Map:
		g.printf("\tif c.Sharing() {\n\t\treturn guest.TakeMap[%s](c, %d, %s, %s)\n\t}\n", g.spell(t), g.least(t), fill, put)
		g.printf("\tif n, ok := c.In.Len(%d); ok {\n\t\tv = make(%s, n)\n\t\t%s(c, v, n)\n\t}\n", g.least(t), g.spell(t), fill)
	}
	g.printf("\treturn v\n}\n\n")
}

// fill writes the function that takes the content of what values of type n lead to.
func (g *generator) fill(n int) {
	enter := "\tif !c.In.Enter() {\n\t\treturn\n\t}\n"
	switch u := g.types[n].Underlying().(type) {
	case *types.Pointer:
		g.printf("func fil%d(c *guest.Call, v *%s) {\n%s", n, g.spell(u.Elem()), enter)
		g.decodeValue(types.Unalias(u.Elem()), "(*v)", g.class(u.Elem()) == api.Data)
	case *types.Slice:
		g.printf("func fil%d(c *guest.Call, v []%s) {\n%s", n, g.spelled(u.Elem()), enter)
		g.printf("\tfor i := 0; i < len(v) && c.In.Err() == nil; i++ {\n\t\tv[i] = %s\n\t}\n", g.decode(u.Elem()))
	case *types.Map:
		g.printf("func fil%d(c *guest.Call, v map[%s]%s, n int) {\n%s", n, g.spell(u.Key()), g.spell(u.Elem()), enter)
		g.printf("\tfor ; n > 0 && c.In.Err() == nil; n-- {\n\t\tk := %s(%s)\n\t\tv[k] = %s\n\t}\n", g.conversionTo(u.Key()), g.decode(g.key(u)), g.decode(u.Elem()))
	}
	g.printf("\tc.In.Leave()\n}\n\n")
}

// conversionTo returns what converts to a type.
func (g *generator) conversionTo(t types.Type) string { return "(" + g.spell(t) + ")" }

// put writes the function that appends the content of what values of type n lead to.
func (g *generator) put(n int) {
	enter := "\tif !c.Out.Enter() {\n\t\treturn\n\t}\n"
	switch u := g.types[n].Underlying().(type) {
	case *types.Pointer:
		g.printf("func put%d(c *guest.Call, v *%s) {\n%s", n, g.spell(u.Elem()), enter)
		g.encodeValue(types.Unalias(u.Elem()), "(*v)")
	case *types.Slice:
		g.printf("func put%d(c *guest.Call, v []%s) {\n%s", n, g.spelled(u.Elem()), enter)
		each := g.encode(u.Elem(), "v[i]")
		if g.looseList(g.types[n]) { // which is never changed
			each = "guest.Hold(c, v[i].Held, 0)"
		}
		g.printf("\tfor i := range v {\n\t\t%s\n\t}\n", each)
	case *types.Map:
		g.printf("func put%d(c *guest.Call, v map[%s]%s) {\n%s", n, g.spell(u.Key()), g.spell(u.Elem()), enter)
		g.printf("\tfor k, e := range v {\n\t\t%s\n\t\t%s\n\t}\n", g.encode(g.key(u), g.conversionTo(g.key(u))+"(k)"), g.encode(u.Elem(), "e"))
	}
	g.printf("\tc.Out.Leave()\n}\n\n")
}
