package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInspect(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out))
	assert.Equal(t, "shout.star starlark 3 0 false\nstrings goprocess 3 0 true\nshout.star imports strings\n", out.String())
}
