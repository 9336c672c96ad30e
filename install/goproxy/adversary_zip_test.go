package goproxy_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDirectoryEntries: a zip may have entries for directories (Go Modules Reference, "Module zip
// files"). They are not unpacked, and the sum covers them: what is installed from it is whole all
// the same.
func TestDirectoryEntries(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	const prefix = "example.com/v@v1.0.0/"
	p.SetFile(zipPath, loadtest.Zip(t, loadtest.ZipEntry{Name: prefix}, loadtest.ZipEntry{Name: prefix + "go.mod", Data: []byte("module example.com/v\n\ngo 1.20\n")},
		loadtest.ZipEntry{Name: prefix + "v.go", Data: []byte("package v\n")}, loadtest.ZipEntry{Name: prefix + "sub/"}, loadtest.ZipEntry{Name: prefix + "sub/with space/"}))
	c, s := config(p), loadtest.OpenStore(t)
	c.SumDB = "off"
	for range 2 {
		spec, err := bring(t, goproxy.New(c), s, "example.com/v")
		require.NoError(t, err)
		list := []store.RecordModule{store.RecordModule(spec.BuildList[0])}
		assert.NoError(t, s.CheckModules(list))
	}
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Zero(t, len(report.Damaged))
	assert.Equal(t, 1, p.Count(".zip"))
	// One more directory is another module.
	assert.Error(t, s.CheckModules([]store.RecordModule{{Path: "example.com/v", Version: "v1.0.0", Sum: p.Sum("example.com/v", "v1.0.0")}}), "it has the sum of a zip without directories")
}

// TestLyingZips: a module zip whose directory lies about what is in it. What lies by saying too
// much of the whole is refused before anything is written, the rest before it is published.
func TestLyingZips(t *testing.T) {
	t.Parallel()
	const prefix = "example.com/v@v1.0.0/"
	const broken = "\n\tthe registry or the module's author made a broken zip; try another version, or another registry in GOPROXY"
	good := loadtest.Zip(t, loadtest.ZipEntry{Name: prefix + "go.mod", Data: []byte("module example.com/v\n\ngo 1.20\n")},
		loadtest.ZipEntry{Name: prefix + "v.go", Data: []byte("package v\n" + strings.Repeat("// more\n", 100))})
	at := bytes.LastIndex(good, []byte("PK\x01\x02"))
	for what, test := range map[string]struct {
		at   int
		to   uint32
		want string
	}{
		"less than there is":     {at + 24, 20, "v.go: zip: not a valid zip file"},
		"more than there is":     {at + 24, 5000, "v.go: unexpected EOF"},
		"more than is allowed":   {at + 24, 1 << 30, "total uncompressed size of module contents too large (max size is 524288000 bytes)"},
		"another sum":            {at + 16, 1, "v.go: zip: checksum error"},
		"another method":         {at + 10, 12, "v.go: zip: unsupported compression algorithm"},
		"a place out of the zip": {at + 42, 1 << 20, "v.go: EOF"},
		"the other file's place": {at + 42, 0, "v.go: unexpected EOF"},
	} {
		p := loadtest.Proxy(t, victim)
		data := slices.Clone(good)
		if what == "another method" {
			binary.LittleEndian.PutUint16(data[test.at:], uint16(test.to))
		} else {
			binary.LittleEndian.PutUint32(data[test.at:], test.to)
		}
		p.SetFile(zipPath, data)
		s := loadtest.OpenStore(t)
		_, err := bring(t, goproxy.New(config(p)), s, "example.com/v")
		want := "v1.0.0: its zip is refused: " + test.want + broken
		assert.EqualError(t, err, want, what)
		checkEmpty(t, s)
	}
}
