package internal

import (
	"bytes"
	"embed"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sums splits a list whose sums have so many bytes.
func sums(t *testing.T, list []byte, size int) (names []string, byName map[string]string) {
	byName = map[string]string{}
	for len(list) > 0 {
		name, rest, found := bytes.Cut(list, []byte{0})
		require.True(t, found)
		require.GreaterOrEqual(t, len(rest), size)
		names = append(names, string(name))
		byName[string(name)], list = string(rest[:size]), rest[size:]
	}
	return names, byName
}

// TestListed asserts that this release of Go has sums where they are looked for, of each source,
// and that no two sources have the same.
func TestListed(t *testing.T) {
	names, read := sums(t, made(GuestSources), 32)
	assert.Contains(t, names, "wire/wire.go")
	same, known := sums(t, noted(GuestSources), 16)
	assert.ElementsMatch(t, names, same)
	for _, byName := range []map[string]string{read, known} {
		distinct := map[string]bool{}
		for _, sum := range byName {
			distinct[sum] = true
		}
		assert.Len(t, distinct, len(names))
	}
	assert.Equal(t, noted(GuestSources), Listed(GuestSources))
}

//go:embed testdata/sums
var alike embed.FS

// TestSumsOfContents asserts that files with the same contents have the same sum, and those that
// differ in a byte have different ones.
func TestSumsOfContents(t *testing.T) {
	for size, list := range map[int][]byte{32: made(alike), 16: noted(alike)} {
		_, byName := sums(t, list, size)
		require.Len(t, byName, 3)
		assert.Equal(t, byName["testdata/sums/a"], byName["testdata/sums/same"])
		assert.NotEqual(t, byName["testdata/sums/a"], byName["testdata/sums/other"])
	}
}

func TestListedNothing(t *testing.T) { assert.Empty(t, Listed(embed.FS{})) }
