package bundle

import (
	"bytes"
	"io"
	"io/fs"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
)

// whole is a table of one module, with what may be in one.
func whole() (table, []byte) {
	data := []byte("contents")
	f := file{Name: "main.star", Digest: digestOf(data), Size: int64(len(data))}
	return table{
		Platform: platform{OS: "linux", Architecture: "amd64"},
		Modules: []module{{
			Asked: "example.com/a", Form: find.FormPath, Engine: "starlark", Key: digestOf(data)[len(shaPrefix):], Files: []file{f}, Asks: []string{"env HOME", "network", "read /srv/a b"},
			Spec: spec{Name: "example.com/a", Kind: find.KindStarlark, Hash: "h1:x", BuildList: []find.ModuleVersion{{Path: "example.com/a"}}, Published: []time.Time{{}}},
		}},
		Sources: []file{{Name: "example.com/a/@v/v1.0.0.zip", Digest: f.Digest, Size: f.Size}},
	}, data
}

// TestTables: what a table cannot say is refused as a whole, with the reason.
func TestTables(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*table){
		"": func(*table) {},
		`it asks for "everything": want grant PATTERN`:          func(t *table) { t.Modules[0].Asks = []string{"everything"} },
		`it asks for "network ": it is not spelled as grants`:   func(t *table) { t.Modules[0].Asks = []string{"network "} },
		`it asks for "read secret": "secret" is no absolute`:    func(t *table) { t.Modules[0].Asks = []string{"read secret"} },
		`it asks for "memory 1GiB": it is not spelled`:          func(t *table) { t.Modules[0].Asks = []string{"memory 1GiB"} },
		`it asks for "env HOME=/": it is not spelled as grants`: func(t *table) { t.Modules[0].Asks = []string{"env HOME=/"} },
		`it asks for "env LOAD_TOKEN_X": LOAD_TOKEN_X holds`:    func(t *table) { t.Modules[0].Asks = []string{"env LOAD_TOKEN_X"} },
		`"read /a\x1b": it holds what does not show`:            func(t *table) { t.Modules[0].Asks = []string{"read /a\x1b"} },
		"what it asks for is not in order":                      func(t *table) { t.Modules[0].Asks = []string{"network", "env HOME"} },
		`"example.com/A" in its table is not in order`: func(t *table) {
			t.Modules = append(t.Modules, t.Modules[0])
			t.Modules[1].Asked = "example.com/A"
		},
		"its times are not those of its build list": func(t *table) { t.Modules[0].Spec.Published = make([]time.Time, 2) },
		"its key is none":                                      func(t *table) { t.Modules[0].Key = "../x" },
		"it is of the unknown kind":                            func(t *table) { t.Modules[0].Spec.Kind = "elf" },
		"it is not complete":                                   func(t *table) { t.Modules[0].Files = nil },
		"it is not spelled as a name is":                       func(t *table) { t.Modules[0].Asked = "example.com/a@v1" },
		"its file escapes from its folder":                     func(t *table) { t.Modules[0].Spec.File = "../x" },
		`its file "../main" escapes from its folder`:           func(t *table) { t.Modules[0].Files[0].Name = "../main" },
		`the sources in its table: its file "/etc" escapes`:    func(t *table) { t.Sources[0].Name = "/etc" },
		"the sources in its table: its files are not in order": func(t *table) { t.Sources = append(t.Sources, t.Sources[0]) },
		"or of another size":                                   func(t *table) { t.Sources[0].Size++ },
		"is not in the bundle":                                 func(t *table) { t.Sources[0].Digest = digestOf(nil) },
	} {
		made, data := whole()
		edit(&made)
		_, err := listed(encode(made), made.Platform, describe(fileType, data))
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		var format *FormatError
		require.ErrorAs(t, err, &format, want)
		assert.Contains(t, format.Reason, want)
	}
}

// TestUnread: a module that the table describes badly is refused when it is looked for, and with
// the whole bundle when that is copied; the others are there.
func TestUnread(t *testing.T) {
	t.Parallel()
	made, data := whole()
	made.Platform = platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	bad := made.Modules[0]
	bad.Asked, bad.Spec.Name, bad.Key = "example.com/b", "example.com/b", digestOf(nil)[len(shaPrefix):]
	bad.Files = []file{{Name: "../main", Digest: bad.Files[0].Digest, Size: bad.Files[0].Size}}
	made.Modules = append(made.Modules, bad)
	var file bytes.Buffer
	require.NoError(t, newLayout(nil, nil, made).Write(&file, func(w io.Writer, _ Blob) error { _, err := w.Write(data); return err }))
	b := Bytes(file.Bytes())
	require.NoError(t, b.Check())
	found := func(name string) error {
		parsed, err := find.ParseName(name)
		require.NoError(t, err)
		_, err = b.Find(t.Context(), parsed)
		return err
	}
	require.NoError(t, found("example.com/a"))
	var format *FormatError
	require.ErrorAs(t, found("example.com/b"), &format)
	assert.Contains(t, format.Reason, `"example.com/b" in its table: its file "../main" escapes`)
	assert.NotNil(t, b.Artifact(made.Modules[0].Key))
	assert.Nil(t, b.Artifact(bad.Key))
	_, err := FileOf(file.Bytes())
	require.ErrorAs(t, err, &format)

	// A table that cannot be read is the error of whatever is looked for.
	l := newLayout(nil, nil, made)
	broken := bytes.Replace(encode(made), []byte(`]}`), []byte(`]]`), -1)
	m := l.contents[0].manifest
	m.Layers[1] = describe(tableType, broken)
	l.documents = map[string][]byte{digestOf([]byte(emptyConfig)): []byte(emptyConfig), digestOf(nil): nil, digestOf(broken): broken, digestOf(encode(m)): encode(m)}
	l.contents[0].manifest = m
	x := newIndex(encode(m), made.Platform)
	l.tops, l.Index = x.Manifests, encode(x)
	file.Reset()
	require.NoError(t, l.Write(&file, func(w io.Writer, _ Blob) error { _, err := w.Write(data); return err }))
	b = Bytes(file.Bytes())
	require.NoError(t, b.Check())
	require.ErrorAs(t, found("example.com/a"), &format)
	assert.Contains(t, format.Reason, "it is not the table of a bundle")
	assert.Nil(t, b.Artifact(bad.Key))
	assert.Empty(t, b.Releases())
	_, err = b.WithSources()
	require.ErrorAs(t, err, &format)
}

// TestManifests: a manifest lists each part once, in order, of kinds that are known, and one bill
// of materials.
func TestManifests(t *testing.T) {
	t.Parallel()
	made, _ := whole()
	l := newLayout(nil, []byte("{}"), made)
	good := l.contents[0].manifest
	require.True(t, good.valid())
	bill, ok := good.materials()
	require.True(t, ok)
	assert.Equal(t, digestOf([]byte("{}")), bill.Digest)
	for name, edit := range map[string]func(*manifest){
		"two bills":     func(m *manifest) { m.Layers[2].MediaType, m.Layers[3].MediaType = materialsType, materialsType },
		"doubled":       func(m *manifest) { m.Layers = append(m.Layers, m.Layers[3]) },
		"reordered":     func(m *manifest) { m.Layers[2], m.Layers[3] = m.Layers[3], m.Layers[2] },
		"unknown kind":  func(m *manifest) { m.Layers[2].MediaType = "application/x-tar" },
		"negative size": func(m *manifest) { m.Layers[2].Size = -1 },
		"endless size":  func(m *manifest) { m.Layers[2].Size = 1 << 62 },
		"no digest":     func(m *manifest) { m.Layers[2].Digest = "sha256:../../etc/passwd" },
		"no table":      func(m *manifest) { m.Layers = m.Layers[:1] },
		"large bill": func(m *manifest) {
			for i := range m.Layers {
				if m.Layers[i].MediaType == materialsType {
					m.Layers[i].Size = maxText + 1
				}
			}
		},
	} {
		bad := good
		bad.Layers = append([]descriptor(nil), good.Layers...)
		edit(&bad)
		assert.False(t, bad.valid(), name)
	}
}

// TestBill: the bill of materials is what was written, and a damaged one is nobody's.
func TestBill(t *testing.T) {
	t.Parallel()
	made, data := whole()
	made.Platform = platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	bill := []byte(`{"bomFormat":"CycloneDX"}`)
	var file bytes.Buffer
	require.NoError(t, newLayout(nil, bill, made).Write(&file, func(w io.Writer, b Blob) error {
		_, err := w.Write(map[string][]byte{digestOf(data): data, digestOf(bill): bill}[b.Digest])
		return err
	}))
	got, err := Bytes(file.Bytes()).Materials()
	require.NoError(t, err)
	assert.Equal(t, bill, got)
	b := Bytes(bytes.Replace(file.Bytes(), []byte("CycloneDX"), []byte("CycloneDY"), 1))
	require.NoError(t, b.Check(), "it is not read when the bundle is opened")
	_, err = b.Materials()
	var damaged *DamagedError
	require.ErrorAs(t, err, &damaged)

	sourced, err := Bytes(file.Bytes()).WithSources()
	require.NoError(t, err)
	zip, err := fs.ReadFile(sourced.Sources(), "example.com/a/@v/v1.0.0.zip")
	require.NoError(t, err)
	assert.Equal(t, data, zip)
	list, err := fs.ReadFile(sourced.Sources(), "example.com/a/@v/list")
	require.NoError(t, err)
	assert.Equal(t, "v1.0.0\n", string(list))
	_, err = fs.ReadFile(sourced.Sources(), "example.com/b/@v/list")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Nil(t, Bytes(file.Bytes()).Sources(), "nobody asked for them")
	made.Sources = nil
	file.Reset()
	require.NoError(t, newLayout(nil, nil, made).Write(&file, func(w io.Writer, _ Blob) error { _, err := w.Write(data); return err }))
	_, err = Bytes(file.Bytes()).WithSources()
	var none *SourcesError
	require.ErrorAs(t, err, &none)
}
