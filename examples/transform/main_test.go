package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/examples/internal/standin"
)

// A function of the registry, one of the standard library, and one that does not fit.
func TestTransform(t *testing.T) {
	standin.Slug(t)
	for function, want := range map[string]string{"github.com/gosimple/slug.Make": "hello-world\n", "strings.ToUpper": "HELLO, WÖRLD\n"} {
		var out strings.Builder
		require.NoError(t, run(context.Background(), function, strings.NewReader("Hello, Wörld\n"), &out))
		assert.Equal(t, want, out.String())
	}
	var wrong *load.SymbolError
	require.ErrorAs(t, run(context.Background(), "strings.Count", strings.NewReader(""), nil), &wrong)
	assert.ErrorContains(t, wrong, "have: func Count(s string, substr string) int")
	for _, name := range []string{"strings", "github.com/gosimple/slug"} {
		require.EqualError(t, run(context.Background(), name, strings.NewReader(""), nil), `"`+name+`" is not PACKAGE.FUNCTION`)
	}
}
