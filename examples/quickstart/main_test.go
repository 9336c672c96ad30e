package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/examples/internal/standin"
)

// With LOAD_LIVE=1 it loads the real package from the configured registry.
func TestQuickstart(t *testing.T) {
	standin.Slug(t)
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out))
	assert.Equal(t, "hello-world\n", out.String())
}
