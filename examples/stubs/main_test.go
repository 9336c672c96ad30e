package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest"
)

func TestStubs(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	require.NoError(t, run(&out))
	assert.Equal(t, "documentation  https://ann@example.com/a%20b\nquery          x%3D1%26y\n", out.String())
}
