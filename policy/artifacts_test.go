package policy_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/policy"
)

// TestArtifacts: the rule says where artifacts lie, by whose key and from when to when; what it
// cannot mean is refused, without the password that a URL may hold.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	secret, public, err := note.GenerateKey(rand.Reader, "builder")
	require.NoError(t, err)
	signer, err := note.NewSigner(secret)
	require.NoError(t, err)
	const usage = "want artifacts oci://REPOSITORY signed-by KEY [since YYYY-MM-DD] [until YYYY-MM-DD]"
	const place = "oci://registry.example.com/fleet signed-by "
	for rule, want := range map[string]string{
		"":                                 usage,
		place:                              usage,
		place + public + " since":          usage,
		place + public + " until today":    `"today" is no date such as 2027-01-31`,
		place + public + " after 2027":     usage,
		place + "xxx":                      `"xxx" is no key such as NAME+HASH+KEY`,
		"https://a/b signed-by " + public:  "the place of artifacts is not written oci://REGISTRY/REPOSITORY",
		"oci://a signed-by " + public:      "the place of artifacts is not written oci://REGISTRY/REPOSITORY",
		"oci://a/b:v1 signed-by " + public: "oci://a/b:v1 is not the name of a repository alone, as in oci://registry.example.com/team/artifacts",
		"oci://user:secret@a/b signed-by " + public:      "oci://user:xxxxx@a/b is not the name of a repository alone, as in oci://registry.example.com/team/artifacts",
		place + public + "\nartifacts " + place + public: "the key of builder signs what is in oci://registry.example.com/fleet already",
	} {
		_, err := policy.Parse("load.policy", []byte("load.policy 1\nartifacts "+rule+"\n"))
		var syntax *policy.SyntaxError
		require.ErrorAs(t, err, &syntax, rule)
		assert.Equal(t, want, syntax.Reason, rule)
	}

	day := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	signed, err := policy.ArtifactSignature{Key: "k", Digest: "sha256:d", Date: day}.Sign(signer)
	require.NoError(t, err)
	p := parse(t, "load.policy 1\nartifacts "+place+public+" since 2026-11-01 until 2026-12-31\n")
	assert.True(t, p.Artifact("k", "sha256:d", signed, day).Allowed)
	assert.Equal(t, "it is another artifact, which builder signed for something else", p.Artifact("other", "sha256:d", signed, day).Reason)
	assert.Equal(t, "it is not what builder signed", p.Artifact("k", "sha256:e", signed, day).Reason)
	assert.Equal(t, "none of the keys signed it", p.Artifact("k", "sha256:d", []byte("junk"), day).Reason)
	assert.Equal(t, "the key of builder has expired", p.Artifact("k", "sha256:d", signed, day.AddDate(1, 0, 0)).Reason)
	assert.True(t, p.Artifact("k", "sha256:d", signed, time.Time{}).Allowed, "what is here stays good")
	source, err := policy.Sign("k", "sha256:d", "2026-11-29", nil, signer)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(p.Artifact("k", "sha256:d", source, day).Reason, "it is not the signature of an artifact"))
	assert.False(t, new(policy.Policy).Artifact("k", "sha256:d", signed, day).Allowed)
}
