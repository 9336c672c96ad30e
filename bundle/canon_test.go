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

// listed reads all of a table.
func listed(data []byte, of platform, parts ...descriptor) (t table, err error) {
	m := manifest{Layers: append([]descriptor{{}, describe(tableType, data)}, parts...)}
	l, err := documents{name: "x"}.newListing(data, descriptor{Platform: &of}, m)
	if err != nil {
		return t, err
	}
	if t.Modules, err = l.all(); err != nil {
		return t, err
	}
	t.Platform = of
	t.Sources, err = l.sources()
	return t, err
}

// TestReader: what encode writes is read without package json.
func TestReader(t *testing.T) {
	t.Parallel()
	for _, m := range full().Modules {
		r := &reader{rest: string(encode(m))}
		got := r.module()
		require.Truef(t, r.done(), "at %.60s", r.rest)
		var want module
		require.True(t, decode(encode(m), &want))
		assert.Equal(t, want, got)
	}
	m := newLayout(nil, []byte("{}"), full()).contents[0].manifest
	r := &reader{rest: string(encode(m))}
	assert.Equal(t, m, r.manifest())
	assert.True(t, r.done())

	// What it does not know is left to package json.
	made, data := whole()
	made.Modules[0].Spec.Deprecated = `use <b>, "c" & é, {"asked":"x"}, {"asked":"y","files":[]`
	r = &reader{rest: string(encode(made.Modules[0]))}
	r.module()
	assert.False(t, r.done())
	made.Modules = append(made.Modules, made.Modules[0])
	got, err := listed(encode(made), made.Platform, describe(fileType, data))
	require.NoError(t, err)
	assert.Equal(t, made, got)
}

// FuzzReader: what is read of a table, module for module, is what package json reads of all of it,
// in the one spelling of it.
func FuzzReader(f *testing.F) {
	made, data := whole()
	sample, parts := full(), []descriptor{describe(fileType, data)}
	for i := range sample.Modules {
		sample.Modules[i].Asked, sample.Modules[i].Form = "example.com/a", find.FormPath
		sample.Modules[i].Spec.Kind, sample.Modules[i].Spec.File = find.KindGo, "h"
		sample.Modules[i].Spec.Published = sample.Modules[i].Spec.Published[:0]
	}
	sample.Sources = made.Sources
	text := string(encode(sample))
	f.Add([]byte(text))
	for _, field := range []string{`"release":"go1.26.8"`, `"asks":["network"]`, `"size":8`, `"time":"2026-11-29T01:02:03.0000004+02:00"`, `"alias":"a",`} {
		for _, instead := range []string{"", strings.Replace(field, ":", ":\"\"", 1), field + " ", strings.ReplaceAll(field, "0", "00"), `"asks":[]`, `"time":"0001-01-01T00:00:00Z"`} {
			f.Add([]byte(strings.ReplaceAll(text, field, instead)))
		}
	}
	f.Add(encode(newLayout(nil, []byte("{}"), full()).contents[0].manifest))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := listed(data, made.Platform, parts...); err == nil {
			var want table
			require.True(t, decode(data, &want))
			require.Equal(t, want, got)
		}
		r := &reader{rest: string(data)}
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
