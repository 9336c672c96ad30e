package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest"
)

// TestTenants: each tenant has its own limit, and one that exceeds it is told so.
func TestTenants(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	require.NoError(t, run(context.Background(), ".", &out))
	large, small, _ := strings.Cut(out.String(), "\n")
	assert.Equal(t, `large.star "large" <nil>`, large)
	assert.Contains(t, small, "took more than 50ms")
}
