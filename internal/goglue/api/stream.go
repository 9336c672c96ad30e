package api

// streamMethods are the methods, by name and shape, of interfaces whose values are given with their
// abilities.
var streamMethods = map[string]bool{
	"Close() error": true, "String() string": true, "Seek(int64 int) int64 error": true, "ReadAt([]byte int64) int error": true,
	"ReadByte() byte error": true, "ReadByte() uint8 error": true, "UnreadByte() error": true,
	"ReadRune() rune int error": true, "ReadRune() int32 int error": true, "UnreadRune() error": true,
	"WriteString(string) int error": true, "Sync() error": true, "Flush() error": true,
}

// Streams reports whether a type is an interface of readers or of writers whose values are given
// with their abilities, and which of its methods reads or writes. Both sides decide by it.
func Streams(a *API, typ *Type) (reads, writes bool, method int) {
	if typ.Kind != KindInterface {
		return false, false, 0
	}
	for j, m := range typ.Methods {
		if m.Func == 0 {
			return false, false, 0
		}
		switch text := m.Name + a.Funcs[m.Func-1].Shape(a); {
		case text == "Read([]byte) int error":
			reads, method = true, j
		case text == "Write([]byte) int error":
			writes, method = true, j
		case !streamMethods[text]:
			return false, false, 0
		}
	}
	if reads && writes {
		return false, false, 0
	}
	return reads, writes, method
}
