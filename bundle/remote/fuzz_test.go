package remote_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/policy"
)

// FuzzVouched: whatever lies in a store as a voucher, nothing is trusted but what the key signed.
func FuzzVouched(f *testing.F) {
	signer, public := newKey(f, "builder")
	r, err := remote.New(remote.Config{Policies: rules(f, "artifacts oci://127.0.0.1:1/fleet signed-by "+public)})
	require.NoError(f, err)
	key := strings.Repeat("a", 64)
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.loadgo.artifact.v1",` +
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"` + string(digest.FromString("{}")) + `","size":2},` +
		`"layers":[{"mediaType":"application/vnd.loadgo.artifact.file.v1","digest":"` + string(digest.FromString("x")) + `","size":1,"annotations":{"org.opencontainers.image.title":"program"}}],` +
		`"annotations":{"dev.loadgo.key":"` + key + `"}}`
	signed, err := policy.ArtifactSignature{Key: key, Digest: string(digest.FromString(manifest)), Date: time.Now()}.Sign(signer)
	require.NoError(f, err)
	quoted := func(s string) string {
		return `"` + strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(s) + `"`
	}
	good := `{"manifest":` + quoted(manifest) + `,"signatures":[` + quoted(string(signed)) + `]}`
	require.NoError(f, r.Vouched(key, []byte(good)))
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "program", "../evil", 1)))
	f.Add([]byte(`{"manifest":"{}","signatures":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		assert.Error(t, r.Vouched(strings.Repeat("b", 64), data), "its key signed nothing for this")
		if r.Vouched(key, data) == nil {
			var held struct{ Manifest string }
			require.NoError(t, json.Unmarshal(data, &held))
			assert.Equal(t, manifest, held.Manifest, "its key signed nothing else")
		}
	})
}
