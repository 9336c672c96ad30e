package standard_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
)

// TestBytesAreSpelled: an error about a type says []byte as its source does, and has no hint that
// says the same.
func TestBytesAreSpelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	replace(t, filepath.Join(dir, "p.go"), "package p\n\ntype Raw []byte\n\nfunc Bytes() []byte { return nil }\nfunc Named() Raw { return nil }\nfunc Text() string { return \"\" }\n")
	m, err := gardenLoader(t, load.Config{}).Load(t.Context(), dir)
	require.NoError(t, err)
	_, err = load.Func[func() string](m, "Bytes")
	assert.ErrorContains(t, err, ": Bytes does not fit: result 1: string does not fit []byte\n")
	_, err = load.Func[func() string](m, "Named")
	assert.ErrorContains(t, err, "string does not fit p.Raw: use []byte\n")
	_, err = load.Func[func() []byte](m, "Text")
	assert.ErrorContains(t, err, "[]byte does not fit string\n")
}
