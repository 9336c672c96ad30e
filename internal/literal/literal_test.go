package literal_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/literal"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value any
		want  string // "" if it cannot be written
	}{
		{7, "int(7)"},
		{uint8(7), "uint8(0x7)"},
		{"a\"b", `string("a\"b")`},
		{1.5, "float64(1.5)"},
		{[]string{"a"}, `[]string{"a"}`},
		{map[string][]int{"a": {1}}, `map[string][]int{"a":[]int{1}}`},
		{math.NaN(), ""},
		{[]float64{math.Inf(1)}, ""},
		{time.Second, ""},
		{[]any{1}, ""},
		{nil, ""},
		{struct{ A int }{1}, ""},
	} {
		text, ok := literal.Of(reflect.ValueOf(test.value))
		assert.Equal(t, test.want != "", ok, "%v", test.value)
		assert.Equal(t, test.want, text, "%v", test.value)
	}
}
