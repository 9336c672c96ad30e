package trusted_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/trusted"
)

// TestRefuse: nothing is granted by which a module could change a trusted file, put another one in
// its place, or make it where it is not yet.
func TestRefuse(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	for _, dir := range []string{"home/store/obj", "home/links", "home/project/plugins", "elsewhere/cache/a", "beside"} {
		require.NoError(t, os.MkdirAll(at(dir), 0o755))
	}
	require.NoError(t, os.WriteFile(at("home/policy"), nil, 0o600))
	require.NoError(t, os.Symlink("../../elsewhere", at("home/links/up")))
	require.NoError(t, os.Symlink(at("home/links/up/cache"), at("home/cache")))
	require.NoError(t, os.Symlink(at("home"), at("alias")))
	files := []string{at("home/store"), at("home/policy"), at("home/project/load.lock"), at("home/cache"), "", "off"}
	for place, reason := range map[string]string{
		"home":                            "it holds " + at("home/store") + ": ",
		"home/store":                      "",
		"home/store/obj":                  "it lies in " + at("home/store") + ": ",
		"home/policy":                     "",
		"home/project":                    "it holds " + at("home/project/load.lock") + ": ",
		"home/links":                      "it holds " + at("home/cache") + ": ",
		"elsewhere":                       "it holds " + at("home/cache") + ": ",
		"elsewhere/cache":                 "",
		"elsewhere/cache/a":               "it lies in " + at("home/cache") + ": ",
		"alias/store":                     "",
		"alias":                           "it holds " + at("home/store") + ": ",
		"alias/project/":                  "it holds " + at("home/project/load.lock") + ": ",
		"home/cache/a":                    "it lies in " + at("home/cache") + ": ",
		"beside/../home/policy":           "",
		"home/links/up/../home/store/obj": "it lies in " + at("home/store") + ": ",
	} {
		err := trusted.Refuse([]string{at("beside"), root + "/" + place}, files)
		var refused *fs.PathError
		require.ErrorAs(t, err, &refused, place)
		assert.Equal(t, reason+"load compiles, runs or believes what is there; let the module write elsewhere", refused.Err.Error(), place)
		assert.Equal(t, "grant", refused.Op)
	}
	assert.NoError(t, trusted.Refuse([]string{at("beside"), at("home/project/plugins"), at("none")}, files))
	assert.NoError(t, trusted.Refuse([]string{root}, nil))
}
