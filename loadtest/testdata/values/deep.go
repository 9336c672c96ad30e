package values

// Values that are nested deep.

type Kid struct {
	N    int
	Kids []*Kid
}

func EchoKids(kids []*Kid) []*Kid { return kids }
func EchoAnything(v any) any      { return v }

// Grown returns kids in kids.
func Grown(levels int) *Kid {
	var k *Kid
	for n := range levels {
		inner := k
		k = &Kid{N: n}
		if inner != nil {
			k.Kids = []*Kid{inner}
		}
	}
	return k
}

// Boxed returns lists in maps in lists.
func Boxed(levels int) (v any) {
	for n := range levels {
		if n%2 == 0 {
			v = []any{v}
		} else {
			v = map[string]any{"in": v}
		}
	}
	return v
}

// LevelsOf counts what Boxed has made.
func LevelsOf(v any) (levels int) {
	for v != nil {
		switch in := v.(type) {
		case []any:
			v = in[0]
		case map[string]any:
			v = in["in"]
		default:
			return -1
		}
		levels++
	}
	return levels
}

type Box struct{ In map[string][]*Box }

func EchoBox(b Box) (Box, int) {
	levels := 1
	for in := b; in.In != nil; in = *in.In["in"][0] {
		levels++
	}
	return b, levels
}
