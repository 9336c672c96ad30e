package build

import (
	"fmt"
	"go/types"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

var basicEncoders = map[api.Kind]string{
	api.KindBool: "Bool(bool", api.KindInt: "Int(int64", api.KindInt8: "Int(int64", api.KindInt16: "Int(int64", api.KindInt32: "Int(int64", api.KindInt64: "Int(int64",
	api.KindUint: "Uint(uint64", api.KindUint8: "Uint(uint64", api.KindUint16: "Uint(uint64", api.KindUint32: "Uint(uint64", api.KindUint64: "Uint(uint64", api.KindUintptr: "Uint(uint64",
	api.KindFloat32: "Float(float64", api.KindFloat64: "Float(float64", api.KindString: "String(string", api.KindDuration: "Int(int64",
}

var basicDecoders = map[api.Kind]string{
	api.KindBool: "Bool()", api.KindInt: "Int()", api.KindInt8: "IntN(8)", api.KindInt16: "IntN(16)", api.KindInt32: "IntN(32)", api.KindInt64: "Int()",
	api.KindUint: "Uint()", api.KindUint8: "UintN(8)", api.KindUint16: "UintN(16)", api.KindUint32: "UintN(32)", api.KindUint64: "Uint()", api.KindUintptr: "Uint()",
	api.KindFloat32: "Float()", api.KindFloat64: "Float()", api.KindString: "String()", api.KindDuration: "Int()",
}

// encode returns the statement that encodes a value in the form that the call asks for.
func (g *generator) encode(t types.Type, value string) string {
	t = types.Unalias(t)
	n := g.numbers[typeKey(t)]
	kind := kindOf(t)
	switch kind {
	case api.KindError:
		return "c.Error(" + value + ")"
	case api.KindAny:
		return g.use(workspace.GuestAnyPath) + ".Encode(c, " + value + ")"
	case api.KindInterface, api.KindContext:
		return "guest.HoldInterface(c, " + value + ")"
	case api.KindTime:
		return "c.Out.Time(" + value + ")"
	case api.KindPlace:
		return "c.Out.Place(" + value + ")"
	case api.KindDuration:
		return "c.Out.Int(int64(" + value + "))"
	}
	if g.class(t) == api.Held {
		switch {
		case g.codec(t) != api.CodecNone:
			return fmt.Sprintf("%s(c, %s)", g.need("enc", n), value)
		case kind == api.KindPointer:
			if _, named := t.(*types.Named); !named {
				return fmt.Sprintf("guest.HoldPointer(c, %s, %d)", value, n)
			}
			fallthrough
		case kind == api.KindFunc, kind == api.KindChan, kind == api.KindMap, kind == api.KindSlice:
			return fmt.Sprintf("if %s == nil {\n\tc.Out.Byte(0)\n} else {\n\tguest.Hold(c, %s, %d)\n}", value, value, n)
		}
		return fmt.Sprintf("guest.Hold(c, %s, %d)", value, n)
	}
	if encoder, ok := basicEncoders[kind]; ok && g.class(t) == api.Data {
		return "c.Out." + encoder + "(" + value + "))"
	}
	return fmt.Sprintf("%s(c, %s)", g.need("enc", n), value)
}

// need asks for the encoder or decoder of a type and returns its name.
func (g *generator) need(verb string, n int) string {
	name := fmt.Sprintf("%s%d", verb, n)
	if !g.needs[name] {
		g.needs[name] = true
		g.todo = append(g.todo, name)
	}
	return name
}

// codec tells how values of a type, or of what it points to, are written by their own methods.
func (g *generator) codec(t types.Type) api.Codec {
	if pointer, ok := t.(*types.Pointer); ok {
		t = types.Unalias(pointer.Elem())
	}
	if !g.nameable(t) {
		return api.CodecNone
	}
	return codecOf(t)
}

// codecMethods are the methods that write and read a value.
var codecMethods = map[api.Codec][2]string{
	api.CodecText: {"MarshalText", "UnmarshalText"}, api.CodecBinary: {"MarshalBinary", "UnmarshalBinary"}, api.CodecGob: {"GobEncode", "GobDecode"},
}

// encoder writes the function that encodes a type that is Data or Both, or that has a codec.
func (g *generator) encoder(n int) {
	t := g.types[n]
	g.printf("func enc%d(c *guest.Call, v %s) {\n", n, g.spell(t))
	if codec := g.codec(t); codec != api.CodecNone {
		_, isPointer := t.(*types.Pointer)
		hold := "Hold"
		if isPointer {
			hold = "HoldPointer"
			g.printf("\tif v == nil {\n\t\tc.Out.Byte(0)\n\t\treturn\n\t}\n")
		}
		wanted := "c.Texts"
		if g.class(t) == api.Held {
			wanted = "c.Values && !c.Opaque() || c.Texts"
		}
		g.printf("\tif %s {\n", wanted)
		if isPointer {
			g.printf("\t\tif c.Sharing() {\n\t\t\tguest.PutText(c, v, %s)\n\t\t\treturn\n\t\t}\n", g.textMethods(t))
		}
		g.printf("\t\ttext, err := v.%s()\n\t\tc.Marshalled(text, err)\n\t\treturn\n\t}\n", codecMethods[codec][0])
		if g.class(t) == api.Held {
			g.printf("\tguest.%s(c, v, %d)\n}\n\n", hold, n)
			return
		}
	}
	if g.class(t) == api.Both {
		hold := "Hold"
		if _, ok := t.Underlying().(*types.Pointer); ok {
			hold = "HoldPointer"
			g.printf("\tif v == nil {\n\t\tc.Out.Byte(0)\n\t\treturn\n\t}\n")
		} else if _, ok := t.(*types.Map); ok {
			g.printf("\tif v == nil && !c.Values && !c.Texts {\n\t\tc.Out.Byte(0)\n\t\treturn\n\t}\n")
		}
		g.printf("\tif !c.Values && !c.Texts {\n\t\tguest.%s(c, v, %d)\n\t\treturn\n\t}\n\tc.Out.Byte(2)\n", hold, n)
	}
	if pointer, ok := t.(*types.Pointer); ok && g.class(t) == api.Data && kindOf(pointer.Elem()) == api.KindStruct {
		g.printf("\tif c.Holds {\n\t\tguest.HoldPointer(c, v, %d)\n\t\treturn\n\t}\n", n)
	}
	if g.shareable(t) {
		g.encodeShared(t, n)
		return
	}
	g.enter("Out")
	g.encodeValue(t, "v")
	g.printf("\tc.Out.Leave()\n}\n\n")
}

func (g *generator) enter(side string) {
	result := ""
	if side == "In" {
		result = " v"
	}
	g.printf("\tif !c.%s.Enter() {\n\t\treturn%s\n\t}\n", side, result)
}

// encodeValue writes the statements that encode the value itself, without a tag; of a struct that
// stays in the module the exported fields.
func (g *generator) encodeValue(t types.Type, v string) {
	kind := kindOf(t)
	switch encoder, basic := basicEncoders[kind]; {
	case basic:
		g.printf("\tc.Out.%s(%s))\n", encoder, v)
		return
	case kind > api.KindUnsafe:
		g.printf("\t%s\n", g.encode(t, v))
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic: // complex numbers
		g.printf("\tc.Out.Float(float64(real(%s)))\n\tc.Out.Float(float64(imag(%s)))\n", v, v)
	case *types.Array:
		if u.Len() == 0 {
			g.printf("\tc.Out.Byte(0)\n")
			return
		}
		g.printf("\tfor i := range %s {\n\t\t%s\n\t}\n", v, g.encode(u.Elem(), v+"[i]"))
	case *types.Struct:
		none := true
		for f := range u.Fields() {
			if f.Exported() {
				none = false
				g.printf("\t%s\n", g.encode(g.fieldType(f), v+"."+f.Name()))
			}
		}
		if none {
			g.printf("\tc.Out.Byte(0)\n")
		}
	default:
		g.printf("\t%s\n", g.encode(t, v))
	}
}

func isByte(t types.Type) bool {
	basic, ok := types.Unalias(t).(*types.Basic)
	return ok && basic.Kind() == types.Uint8
}

// decode returns the expression that decodes an argument.
func (g *generator) decode(t types.Type) string {
	t = types.Unalias(t)
	kind := kindOf(t)
	switch kind {
	case api.KindError:
		return "c.InError()"
	case api.KindContext:
		return "c.Context()"
	case api.KindTime:
		return "c.In.Time()"
	case api.KindPlace:
		return "c.In.Place()"
	case api.KindAny:
		if _, ok := t.(*types.Named); ok && g.nameable(t) {
			return fmt.Sprintf("%s(%s.Decode(c))", g.spell(t), g.use(workspace.GuestAnyPath))
		}
		return g.use(workspace.GuestAnyPath) + ".Decode(c)"
	}
	if decoder, ok := basicDecoders[kind]; ok && g.class(t) == api.Data {
		return fmt.Sprintf("%s(c.In.%s)", g.spell(t), decoder)
	}
	return fmt.Sprintf("%s(c)", g.need("dec", g.numbers[typeKey(t)]))
}

// decoder writes the function that decodes a type: always from a handle, and from a value where the
// host can make one. A struct that is not plain data is made from those of its fields that the host
// gives.
func (g *generator) decoder(n int) {
	t := g.types[n]
	if !g.nameable(t) {
		g.looseDecoder(n)
		return
	}
	g.printf("func dec%d(c *guest.Call) (v %s) {\n", n, g.spell(t))
	pointer, isPointer := t.Underlying().(*types.Pointer)
	if g.class(t) != api.Data {
		held := fmt.Sprintf("guest.Held[%s](c)", g.spell(t))
		if _, named := t.(*types.Named); isPointer && !named {
			held = fmt.Sprintf("guest.HeldPointer[%s](c)", g.spell(pointer.Elem()))
		}
		g.printf("\tswitch c.Tag() {\n\tcase 0:\n\t\treturn v\n\tcase 1:\n\t\treturn %s\n", held)
		if codec := g.codec(t); codec != api.CodecNone {
			if isPointer {
				g.printf("\tcase 4:\n\t\tif c.Sharing() {\n\t\t\treturn guest.TakeText(c, %s)\n\t\t}\n\t\tv = new(%s)\n", g.textMethods(t), g.spell(pointer.Elem()))
			} else {
				g.printf("\tcase 4:\n")
			}
			g.printf("\t\tc.Unmarshalled(v.%s(c.In.Bytes()))\n\t\treturn v\n", codecMethods[codec][1])
		}
		if kindOf(t) == api.KindInterface {
			g.printf("\tcase 8:\n\t\treturn guest.InInterface[%s](c)\n", g.spell(t))
		}
		if g.api.Types[n].Given {
			g.printf("\tcase 3:\n\t\treturn %s\n", g.given(n))
		}
		g.printf("\tcase 2:\n\tdefault:\n\t\tc.BadTag()\n\t}\n")
		if !g.makeable(t) {
			g.printf("\tc.BadTag()\n\treturn v\n}\n\n")
			return
		}
	}
	g.decoded(t, n, g.class(t) == api.Data)
}

// decoded writes the end of a decoder: how the value itself is decoded.
func (g *generator) decoded(t types.Type, n int, plain bool) {
	if g.shareable(t) {
		g.decodeShared(t, n)
		return
	}
	g.enter("In")
	g.decodeValue(t, "v", plain)
	g.printf("\tc.In.Leave()\n\treturn v\n}\n\n")
}

// decodeValue writes the statements that decode the value itself into v. The fields of a struct
// that is not plain come as a count and then pairs of index and value.
func (g *generator) decodeValue(t types.Type, v string, plain bool) {
	kind := kindOf(t)
	switch decoder, basic := basicDecoders[kind]; {
	case basic:
		g.printf("\t%s = %s(c.In.%s)\n", v, g.spell(t), decoder)
		return
	case kind > api.KindUnsafe:
		g.printf("\t%s = %s\n", v, g.decode(t))
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		g.printf("\t{\n\t\tre, im := c.In.Float(), c.In.Float()\n\t\t%s = %s(complex(re, im))\n\t}\n", v, g.spell(t))
	case *types.Array:
		if u.Len() == 0 {
			g.printf("\tc.In.Byte()\n")
			return
		}
		g.printf("\tfor i := range %s {\n\t\t%s[i] = %s\n\t}\n", v, v, g.decode(u.Elem()))
	case *types.Struct:
		g.decodeStruct(u, v, plain)
	default:
		g.printf("\t%s = %s\n", v, g.decode(t))
	}
}

func (g *generator) decodeStruct(u *types.Struct, v string, plain bool) {
	if plain {
		if u.NumFields() == 0 {
			g.printf("\tc.In.Byte()\n")
		}
		for f := range u.Fields() {
			g.printf("\t%s.%s = %s\n", v, f.Name(), g.decode(g.fieldType(f)))
		}
		return
	}
	g.printf("\tfor n := c.In.Uint(); n > 0 && c.In.Err() == nil; n-- {\n\t\tswitch c.In.Uint() {\n")
	index := 0
	for f := range u.Fields() {
		if !f.Exported() {
			continue
		}
		if t := g.fieldType(f); g.nameable(t) {
			g.printf("\t\tcase %d:\n\t\t\t%s.%s = %s\n", index, v, f.Name(), g.decode(t))
		}
		index++
	}
	g.printf("\t\tdefault:\n\t\t\tc.BadTag()\n\t\t}\n\t}\n")
}
