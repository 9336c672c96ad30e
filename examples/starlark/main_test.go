package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStarlark(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out))
	assert.Equal(t, "357\n321\nfail: no rate for moon\n", out.String())
}
