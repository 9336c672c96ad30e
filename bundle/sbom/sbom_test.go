package sbom_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle/sbom"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/store"
)

const sum = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

// prepared is what Prepare returns of a package of a module that is built from others.
func prepared(name, modPath, version string, with ...find.ModuleVersion) *load.Prepared {
	return &load.Prepared{
		Name: find.Name{Target: name, Form: find.FormPath}, Release: "go1.26.8",
		Spec: &find.Spec{
			Name: name, Module: modPath, Version: version, BuildList: append(with, find.ModuleVersion{Path: modPath, Version: version, Sum: sum}),
			Source: find.Source{Kind: find.KindGo, Go: &find.GoSource{ImportPath: name}},
		},
	}
}

// TestBill: the library of the format reads what is written, which has each module once, with its
// version, sum, licences and package URL, and what is built from what; in any order the bytes are
// the same.
func TestBill(t *testing.T) {
	t.Parallel()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	mit := find.ModuleVersion{Path: "example.com/Mit", Version: "v1.2.3", Sum: sum}
	install(t, s, module.Version{Path: mit.Path, Version: mit.Version}, map[string]string{"LICENSE": mitText, "licenses.go": "package mit"})
	one := prepared("example.com/one/pkg", "example.com/one", "v1.0.0", mit)
	two := prepared("example.com/two", "example.com/two", "v0.0.0-20260101000000-0123456789ab", mit)
	std := prepared("strings", "", "go1.26.8")
	std.Spec.BuildList = nil
	script := &load.Prepared{
		Name: find.Name{Target: "./rules/", Form: find.FormDir},
		Spec: &find.Spec{Name: "/home/me/rules", Source: find.Source{Kind: find.KindStarlark, Hash: "tree:1"}},
	}
	repository := &load.Prepared{
		Name: find.Name{Target: "git::https://example.com/r", Form: find.FormURL},
		Spec: &find.Spec{Name: "git::https://example.com/r", Version: "1a2b", Source: find.Source{Kind: find.KindStarlark, Hash: "h1:x"}},
	}
	text, err := sbom.Of(s, []*load.Prepared{one, two, std, script, repository})
	require.NoError(t, err)
	again, err := sbom.Of(s, []*load.Prepared{repository, two, one, script, std, two})
	require.NoError(t, err)
	assert.Equal(t, string(text), string(again))
	assert.NotContains(t, string(text), "/home/me")

	var bom cyclonedx.BOM
	require.NoError(t, cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bom))
	assert.Equal(t, cyclonedx.SpecVersion1_6, bom.SpecVersion)
	assert.Regexp(t, `^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, bom.SerialNumber)
	seen := map[string]cyclonedx.Component{}
	for _, c := range *bom.Components {
		seen[c.Name] = c
	}
	require.Len(t, *bom.Components, len(seen))
	got := seen["example.com/Mit"]
	assert.Equal(t, "pkg:golang/example.com/Mit@v1.2.3", got.PackageURL)
	assert.Equal(t, "v1.2.3", got.Version)
	assert.Equal(t, []cyclonedx.Property{{Name: "load:sum", Value: sum}}, *got.Properties)
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", (*got.Hashes)[0].Value)
	require.NotNil(t, got.Licenses)
	assert.Equal(t, "MIT", (*got.Licenses)[0].License.ID)
	assert.Nil(t, seen["example.com/one"].Licenses, "it is not in the store")
	assert.Equal(t, "1.26.8", seen["std"].Version)
	assert.Equal(t, cyclonedx.ComponentTypeFile, seen["rules"].Type)
	assert.Equal(t, "1a2b", seen["git::https://example.com/r"].Version)

	needs := map[string][]string{}
	for _, d := range *bom.Dependencies {
		needs[d.Ref] = *d.Dependencies
	}
	const own, other = "pkg:golang/example.com/one@v1.0.0", "pkg:golang/example.com/two@v0.0.0-20260101000000-0123456789ab"
	assert.Equal(t, []string{"pkg:golang/example.com/Mit@v1.2.3", "pkg:golang/std@1.26.8"}, needs[own])
	assert.Equal(t, []string{"git::https://example.com/r@1a2b", own, other, "pkg:golang/std@1.26.8", "rules"}, needs["bundle"])
}

// install puts files where a store has those of a module.
func install(t *testing.T, s *store.Store, m module.Version, files map[string]string) {
	t.Helper()
	escaped, err := module.EscapePath(m.Path)
	require.NoError(t, err)
	dir := filepath.Join(s.ModDir(), filepath.FromSlash(escaped+"@"+m.Version))
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

const mitText = `MIT License

Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`
