package importpath

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"a", "cmd/a", "example.com/all", "example.com/m/std", "tools", "example.com/a..b"} {
		assert.NoError(t, Check(path), path)
	}
	for path, want := range map[string]string{
		"../a":              `malformed import path "../a": invalid path element ".."`,
		"-a":                `malformed import path "-a": leading dash`,
		"all":               `malformed import path "all": the go command takes it for several packages`,
		"cmd":               `malformed import path "cmd": the go command takes it for several packages`,
		"std":               `malformed import path "std": the go command takes it for several packages`,
		"tool":              `malformed import path "tool": the go command takes it for several packages`,
		"work":              `malformed import path "work": the go command takes it for several packages`,
		"example.com/a...b": `malformed import path "example.com/a...b": it holds "...", by which the go command takes it for several packages`,
	} {
		assert.EqualError(t, Check(path), want, path)
	}
}
