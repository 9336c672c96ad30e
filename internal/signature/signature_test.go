package signature_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/signature"
)

func TestParse(t *testing.T) {
	t.Parallel()
	params, results := signature.Parse("func Do(ctx context.Context, a, b int, list []*p.T, more ...string) (n int, err error)")
	assert.Equal(t, []engine.Param{
		{Name: "ctx", Type: "context.Context", Kind: "interface"},
		{Name: "a", Type: "int", Kind: "int"},
		{Name: "b", Type: "int", Kind: "int"},
		{Name: "list", Type: "[]*p.T", Kind: "slice"},
		{Name: "more", Type: "...string", Kind: "slice"},
	}, params)
	assert.Equal(t, []engine.Param{{Name: "n", Type: "int", Kind: "int"}, {Name: "err", Type: "error", Kind: "interface"}}, results)
	params, results = signature.Parse("func (*p.T) Get(key p.Key) func() map[string]int")
	assert.Equal(t, []engine.Param{{Name: "key", Type: "p.Key"}}, params)
	assert.Equal(t, []engine.Param{{Type: "func() map[string]int", Kind: "func"}}, results)
	for _, text := range []string{"var X int", "def f(a, b)", "func", "func f(", "", "type T struct"} {
		params, results := signature.Parse(text)
		assert.Empty(t, params, text)
		assert.Empty(t, results, text)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	params, results := signature.Of(reflect.TypeFor[func(context.Context, ...int) (*string, error)]())
	assert.Equal(t, []engine.Param{{Type: "context.Context", Kind: "interface"}, {Type: "...int", Kind: "slice"}}, params)
	assert.Equal(t, []engine.Param{{Type: "*string", Kind: "ptr"}, {Type: "error", Kind: "interface"}}, results)
}
