package bundle

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
)

// full is a table with every field.
func full() table {
	t, _ := whole()
	t.Sources = append(t.Sources, file{Name: "x", Digest: "d", Size: 1 << 40})
	at := time.Date(2026, 11, 29, 1, 2, 3, 400, time.FixedZone("", 7200))
	m := t.Modules[0]
	m.Along = []find.Companion{{Alias: "a", Path: "b", Query: "v1", Version: "v1.2.3"}, {Path: "c"}}
	m.Release = "go1.26.8"
	m.Spec = spec{
		Name: "a", Module: "b", Version: "c", Time: at, Deprecated: "d", Retracted: "e", Kind: "go", By: "f", Hash: "g", File: "h", ImportPath: "i",
		BuildList: []find.ModuleVersion{{Path: "j", Version: "k", Sum: "l"}, {}}, Published: []time.Time{at, {}}, Imports: []string{"m", "n"},
	}
	t.Modules = append(t.Modules, m)
	return t
}

// TestReader: what encode writes is read without package json.
func TestReader(t *testing.T) {
	t.Parallel()
	for _, made := range []table{full(), func() table { t, _ := whole(); return t }()} {
		r := &reader{rest: encode(made), texts: map[string]string{}}
		got := r.table()
		require.Truef(t, r.done(), "at %.60s", r.rest)
		var want table
		require.True(t, decode(encode(made), &want))
		assert.Equal(t, want, got)
	}
	m := newLayout(nil, []byte("{}"), full()).contents[0].manifest
	r := &reader{rest: encode(m), texts: map[string]string{}}
	assert.Equal(t, m, r.manifest())
	assert.True(t, r.done())

	// What it does not know is left to package json.
	odd := full()
	odd.Modules[0].Spec.Deprecated = "use <b>, \"c\" & é"
	r = &reader{rest: encode(odd), texts: map[string]string{}}
	r.table()
	assert.False(t, r.done())
	made, data := whole()
	made.Modules[0].Spec.Deprecated = odd.Modules[0].Spec.Deprecated
	modules, _, err := documents{name: "x"}.table(encode(made), made.Platform, []descriptor{describe(fileType, data)}, map[string]string{})
	require.NoError(t, err)
	assert.Equal(t, made.Modules[0].Spec.Deprecated, modules[0].Spec.Deprecated)
}

// FuzzReader: what is read without package json is what package json reads of it, in the one
// spelling of it.
func FuzzReader(f *testing.F) {
	text := string(encode(full()))
	f.Add([]byte(text))
	for _, field := range []string{`"release":"go1.26.8"`, `"asks":["network"]`, `"size":8`, `"time":"2026-11-29T01:02:03.0000004+02:00"`, `"alias":"a",`} {
		for _, instead := range []string{"", strings.Replace(field, ":", ":\"\"", 1), field + " ", strings.ReplaceAll(field, "0", "00"), `"asks":[]`, `"time":"0001-01-01T00:00:00Z"`} {
			f.Add([]byte(strings.ReplaceAll(text, field, instead)))
		}
	}
	f.Add(encode(newLayout(nil, []byte("{}"), full()).contents[0].manifest))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{rest: data, texts: map[string]string{}}
		if got := r.table(); r.done() {
			var want table
			require.True(t, decode(data, &want))
			require.Equal(t, want, got)
		}
		r = &reader{rest: data, texts: map[string]string{}}
		if got := r.manifest(); r.done() {
			var want manifest
			require.True(t, decode(data, &want))
			require.Equal(t, want, got)
		}
	})
}

// TestHeader: the header of an entry is that of package tar.
func TestHeader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{layoutName, indexName, blobName(digestOf(nil)), strings.Repeat("x", 100)} {
		for _, size := range []int64{0, 1, 7, 8, 511, 512, 123456789, maxBlob, 1<<33 - 1} {
			h := header(name, size)
			assert.True(t, bytes.Equal(tarHeader(name, size), h[:]), "%s %d", name, size)
		}
	}
	assert.Panics(t, func() { header("x", 1<<33) })
}
