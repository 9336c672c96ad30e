package origin

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"oras.land/oras-go/v2/registry"
)

func TestRepositoryName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"corp.example.com/team/auth":    "corp.example.com/team/auth",
		"corp.example.com/team/auth/v2": "corp.example.com/team/auth/v2",
		"github.com/BurntSushi/toml":    "github.com/x__42urnt__53ushi/toml",
		"github.com/a_b/c--d":           "github.com/xa__5fb/xc__2d__2dd",
		"gopkg.in/yaml.v3":              "gopkg.in/yaml.v3",
		"example.com/-a-":               "example.com/x__2da__2d",
		"example.com/~me":               "example.com/x__7eme",
	} {
		got, err := RepositoryName(path)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := RepositoryName("../escape")
	assert.Error(t, err)
}

// FuzzRepositoryName: every module path has a repository of its own, which registries accept.
func FuzzRepositoryName(f *testing.F) {
	for _, path := range []string{"github.com/BurntSushi/toml", "example.com/x__42", "example.com/a_-b", "example.com/A/b.c"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		name, err := RepositoryName(path)
		assert.Equal(t, module.CheckPath(path) == nil, err == nil)
		if err != nil {
			return
		}
		where := registry.Reference{Registry: "r.example.com", Repository: "go/" + name}
		require.NoErrorf(t, where.ValidateRepository(), "%s is %s", path, name)
		elements := strings.Split(name, "/")
		for i, element := range elements {
			if !strings.Contains(element, "_") {
				continue
			}
			plain, parts := "", strings.Split(element[1:], "__")
			for j, part := range parts {
				if j > 0 {
					b, err := hex.DecodeString(part[:2])
					require.NoError(t, err)
					part = string(b) + part[2:]
				}
				plain += part
			}
			elements[i] = plain
		}
		assert.Equal(t, path, strings.Join(elements, "/"))
	})
}

func TestVersionTag(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1.2.3", "v1.2.3-RC.1", "v2.0.0+incompatible", "v0.0.0-20240102030405-abcdefabcdef"} {
		tag, err := VersionTag(version)
		require.NoError(t, err)
		assert.NoError(t, (&registry.Reference{Registry: "r.example.com", Repository: "a", Reference: tag}).ValidateReferenceAsTag())
		assert.Equal(t, version, tagVersion(tag))
	}
	for _, version := range []string{"", "main", "v1", "v1.2.3+dirty", "v1.2.3-" + strings.Repeat("a", 128)} {
		_, err := VersionTag(version)
		assert.Error(t, err, version)
	}
}

func released() Released {
	of := func(text string) ocispec.Descriptor {
		return ocispec.Descriptor{Digest: digest.FromString(text), Size: int64(len(text))}
	}
	return Released{Info: of("{}"), Mod: of("module a"), Zip: of("PK")}
}

func TestParseReleased(t *testing.T) {
	t.Parallel()
	d, data, err := released().Manifest("v1.0.0")
	require.NoError(t, err)
	got, err := parseReleased(d.MediaType, data)
	require.NoError(t, err)
	assert.Equal(t, released().Zip.Digest, got.Zip.Digest)
	assert.Equal(t, released().Mod.Size, got.Mod.Size)
	for name, c := range map[string]struct {
		change func(*ocispec.Manifest)
		want   string
	}{
		"another type": {func(m *ocispec.Manifest) { m.ArtifactType = "application/x" }, "it is no manifest of a Go module (application/vnd.loadgo.module.v1)"},
		"no zip":       {func(m *ocispec.Manifest) { m.Layers = m.Layers[:2] }, "it has no layer of the type application/vnd.loadgo.module.v1+zip"},
		"two":          {func(m *ocispec.Manifest) { m.Layers[2] = m.Layers[1] }, "it has two layers of the type application/vnd.loadgo.module.mod.v1"},
		"elsewhere":    {func(m *ocispec.Manifest) { m.Layers[2].URLs = []string{"https://e.com"} }, "its layer of the type application/vnd.loadgo.module.v1+zip has no SHA-256 digest and size, or lies elsewhere"},
		"no digest":    {func(m *ocispec.Manifest) { m.Layers[2].Digest = "md5:00" }, "its layer of the type application/vnd.loadgo.module.v1+zip has no SHA-256 digest and size, or lies elsewhere"},
		"size":         {func(m *ocispec.Manifest) { m.Layers[0].Size = 1 << 40 }, "its layer of the type application/vnd.loadgo.module.info.v1+json: the answer is larger than 1MiB"},
	} {
		var m ocispec.Manifest
		require.NoError(t, json.Unmarshal(data, &m))
		c.change(&m)
		changed, err := json.Marshal(m)
		require.NoError(t, err)
		_, err = parseReleased(d.MediaType, changed)
		assert.EqualError(t, err, c.want, name)
	}
}

func FuzzParseReleased(f *testing.F) {
	_, data, err := released().Manifest("v1.0.0")
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseReleased(ocispec.MediaTypeImageManifest, data)
		if err == nil {
			assert.Regexp(t, sha256Digest, string(r.Zip.Digest))
			assert.GreaterOrEqual(t, r.Zip.Size, int64(0))
		}
	})
}
