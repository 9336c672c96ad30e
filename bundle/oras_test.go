package bundle_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"

	"github.com/loadgo/load/bundle"
)

// TestOtherReaders: the file is an image layout to programs that know nothing of bundles.
func TestOtherReaders(t *testing.T) {
	t.Parallel()
	data := bundle.Join(small(t), bundle.For(small(t), "plan9", "mips"))
	path := filepath.Join(t.TempDir(), "modules.tar")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	f, err := bundle.OpenFile(path)
	require.NoError(t, err)
	defer f.Close()
	assert.Contains(t, f.Systems(), "plan9/mips")
	layout, err := oci.NewFromTar(t.Context(), path)
	require.NoError(t, err)
	seen := 0
	for _, manifest := range f.Manifests() {
		top, err := layout.Resolve(t.Context(), manifest.Digest)
		require.NoError(t, err)
		parts, err := content.Successors(t.Context(), layout, top)
		require.NoError(t, err)
		for _, part := range parts {
			data, err := content.FetchAll(t.Context(), layout, part) // which compares digest and size
			require.NoError(t, err)
			assert.EqualValues(t, part.Size, len(data))
		}
		seen += len(parts)
	}
	assert.Greater(t, seen, len(f.Blobs()), "both systems share parts")
}
