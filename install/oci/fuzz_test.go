package oci

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzParse: whatever is accepted as a name is one host, one repository and one version, and a rule
// about the host holds for it.
func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"oci::h.com/r", "oci::h.com:5000/a/b:v1//d", "oci::localhost/r@sha256:" + strings.Repeat("0", 64), "oci::H.com./r:v1", "oci::[::1]:5000/r", "oci::h.com:443/r:v1@sha256:x", "oci::a@h.com/r", "oci::h.coi::m:5000/a",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := find.ParseName(text)
		if err != nil || name.Form != find.FormURL || !strings.HasPrefix(name.Target, scheme) {
			return
		}
		r, err := parse(name.Target)
		if err != nil {
			return
		}
		assert.Falsef(t, r.dir != "" && (!fs.ValidPath(r.dir) || !filepath.IsLocal(filepath.FromSlash(r.dir))), "%q: directory %q", text, r.dir)
		require.Falsef(t, strings.ContainsAny(r.registry, "/@?# "), "%q: %+v", text, r)
		require.Falsef(t, strings.ContainsAny(r.repository, ":@?#. ") && strings.Contains(r.repository, ".."), "%q: %+v", text, r)
		assert.Falsef(t, r.tag == "" && r.digest == "", "%q: %+v", text, r)
		again, err := parse(r.String())
		require.NoErrorf(t, err, "%q: its canonical name %s means", text, r)
		assert.Equalf(t, r.String(), again.String(), "%q: its canonical name %s means", text, r)
		if strings.ContainsAny(r.registry, `*?[]\,`) {
			return
		}
		d := (&policy.Policy{Deny: []string{r.registry}}).Name(name.Target)
		assert.Falsef(t, d.Allowed, "%q leads to %s, and a rule about that does not hold: %+v", text, r.registry, d)
	})
}

// FuzzManifest: of whatever a registry sends as a manifest, the layers that are fetched have a
// digest, a size and a kind.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"layers":[{"mediaType":"application/wasm","digest":"sha256:`+strings.Repeat("0", 64)+`","size":1}]}`), false)
	f.Add([]byte(`{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"sha256:../x","size":-1,"urls":["x"],"annotations":{"org.opencontainers.image.title":"../x.star"}}]}`), false)
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:`+strings.Repeat("0", 64)+`","platform":{"os":"linux","architecture":"amd64"}}]}`), true)
	f.Fuzz(func(t *testing.T, data []byte, index bool) {
		if index {
			d, err := choose(data)
			assert.Falsef(t, err == nil && !isSHA256(string(d.Digest)), "digest %q", d.Digest)
			return
		}
		layers, err := parseManifest(ocispec.MediaTypeImageManifest, data)
		for _, l := range layers {
			require.NoErrorf(t, err, "%+v, %v", l, err)
			assert.Truef(t, isSHA256(string(l.Digest)), "%+v, %v", l, err)
			assert.GreaterOrEqualf(t, l.Size, int64(0), "%+v, %v", l, err)
			assert.NotZerof(t, l.kind, "%+v, %v", l, err)
			assert.Zerof(t, len(l.URLs), "%+v, %v", l, err)
		}
	})
}
