package instantiation_test

import (
	"testing"

	"github.com/loadgo/load/internal/instantiation"
	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, symbol, text string
		certain          bool
	}{
		{"Uniq[int]", "Uniq", "Uniq[int]", true},
		{" Map[string,int ]", "Map", "Map[string, int]", true},
		{"lo.Map[ time.Duration,*Point]", "lo.Map", "lo.Map[time.Duration, *Point]", true},
		{"Table[Key]", "Table", "Table[Key]", false},
		{"Table[pkg.Key]", "Table", "Table[pkg.Key]", false},
		{"Set[*Point]", "Set", "Set[*Point]", false},
		{"Set[Pair[int]]", "Set", "Set[Pair[int]]", true},
		{"F[func(int,...string) (bool,error)]", "F", "F[func(int, ...string) (bool, error)]", true},
		{"F[map[string][]any]", "F", "F[map[string][]any]", true},
		{"F[[4]byte]", "F", "F[[4]byte]", true},
		{"F[<-chan int]", "F", "F[<-chan int]", true},
		{"F[interface{}]", "F", "F[interface{}]", true},
	} {
		n, err := instantiation.Parse(test.in)
		assert.NoErrorf(t, err, "%v %v", test.in, n.Expr != nil && n.Certain())
		assert.Equalf(t, test.symbol, n.Symbol, "%v %v", test.in, n.Expr != nil && n.Certain())
		assert.Equalf(t, test.text, n.Text, "%v %v", test.in, n.Expr != nil && n.Certain())
		assert.Equalf(t, test.certain, n.Certain(), "%v %v", test.in, n.Expr != nil && n.Certain())
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Uniq[":            "expected operand, found 'EOF'",
		"Uniq[]":           "expected operand, found ']'",
		"Uniq":             "it is not of the form Name[T]",
		"f()[int]":         "f() is not the name of a symbol",
		"a.b.C[int]":       "a.b.C is not the name of a symbol",
		`Names["x"]`:       `"x" is not a type`,
		"Names[0]":         "0 is not a type",
		"Names[i+1]":       "i + 1 is not a type",
		"F[[n]int]":        "[n]int is not a type",
		"F[struct{a.b.c}]": "expected ';', found '.'",
	} {
		_, err := instantiation.Parse(in)
		assert.EqualError(t, err, want)
	}
}

// FuzzParse: what is accepted is spelled so that it is read as the same again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"Uniq[int]", "lo.Map[string,func(a int)[]b.C]", "F[struct{X int `y`}]", "F[interface{m()}]", "F[[3](chan<- (<-chan int))]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := instantiation.Parse(s)
		if err != nil {
			return
		}
		again, err := instantiation.Parse(n.Text)
		assert.NoErrorf(t, err, "Parse(%q) is %q", s, n.Text)
		assert.Equalf(t, n.Text, again.Text, "Parse(%q) is %q", s, n.Text)
		assert.Equalf(t, n.Symbol, again.Symbol, "Parse(%q) is %q", s, n.Text)
	})
}
