package policy_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// TestSignedSpellings: what has to be signed has to be so in every spelling, as what is denied.
func TestSignedSpellings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	_, key, err := note.GenerateKey(rand.Reader, "team")
	require.NoError(t, err)
	p := parse(t, "load.policy 1\nsign github.com/ourorg "+key+"\nsign "+dir+" "+key+"\n")
	for path, signed := range map[string]bool{
		"github.com/ourorg/x": true, "github.com/OurOrg/x": true, "git::https://github.com/ourorg/x": true, "git::https://GitHub.com/OURORG/x.git": true,
		"git::ssh://git@github.com:2222/ourorg/x": true, "git::https://github.com./ourorg/x": true, "git::file://" + dir + "/x": true, "file://" + link + "/x": true,
		"github.com/others/x": false, "git::https://example.com/ourorg/x": false, "git::file:///srv/x": false,
	} {
		assert.Equal(t, !signed, p.Signed(path, "v1.0.0", "h1:x", time.Now()).Allowed, path)
	}
}
