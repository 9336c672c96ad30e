package getter_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
)

// TestLocalFileTooLarge: a local file that is larger than a source may be is refused before anybody
// reads it, whatever it is called.
func TestLocalFileTooLarge(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"m.star", "m.wasm", "m.zip", "m.tar.gz"} {
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		if err := os.Truncate(file, 1<<40); err != nil {
			t.Skip("the file system has no sparse files of that size: ", err)
		}
		_, _, err := bring(t.Context(), t, getter.New(getter.Config{}), loadtest.OpenStore(t), "file::"+file)
		assert.EqualError(t, err, "file://"+file+": it is larger than 500MiB\n\tif you trust it, raise getter.Config.MaxBytes")
	}
}
