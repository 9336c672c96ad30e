package getter_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A repository that has to be signed is in the store only once it is.
func TestSignedRepository(t *testing.T) {
	t.Parallel()
	r, first, _ := rules(t, filepath.Join(t.TempDir(), "r"))
	private, public, err := note.GenerateKey(rand.Reader, "team")
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	signatures := t.TempDir()
	s := loadtest.OpenStore(t)
	name := "git::file://" + r.Dir + "//tax?ref=v1.0.0"
	l := loaderOf(t, s, func(c *load.Config) {
		c.Policies = []*policy.Policy{{Signers: []policy.Signer{{Pattern: "file:" + r.Dir, Key: public}}, Signatures: signatures}}
	})
	var refused *install.PolicyError
	_, err = l.Load(t.Context(), name)
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Reason, "the signature of git::file://"+r.Dir+"//tax@"+first+" is not good: there is none")
	entries, _ := os.ReadDir(filepath.Join(s.Dir(), "src"))
	assert.Zero(t, len(entries))
	spec, err := loaderOf(t, loadtest.OpenStore(t), nil).Install(t.Context(), name)
	require.NoError(t, err)
	m := spec.BuildList[0]
	file, err := policy.SignatureFile(m.Path, m.Version)
	require.NoError(t, err)
	data, err := policy.Sign(m.Path, m.Version, m.Sum, nil, signer)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(signatures, file), data, 0o600))
	_, err = l.Load(t.Context(), name)
	assert.NoError(t, err)
}
