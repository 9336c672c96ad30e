package gate

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	limits := Limits{Files: 3, Bytes: 100, Depth: 3}
	body := strings.Repeat("x", 60)
	for _, test := range []struct {
		entries []entry
		want    string
	}{
		{[]entry{{name: "a", body: body}, {name: "b", body: body[:40]}}, ""},
		{[]entry{{name: "a", body: body}, {name: "b", body: body[:41]}}, "its files are larger than 100B together"},
		{[]entry{{name: "a"}, {name: "b"}, {name: "c"}, {name: "d"}}, "it holds more than 3 files and directories"},
		{[]entry{{name: "a/b/c/d"}}, `"a/b/c/d" lies deeper than 3 directories`},
	} {
		_, err := let(t, "zip", zipOf(t, test.entries...), limits)
		checkText(t, "zip", err, test.want)
		var tarred []*tar.Header
		for _, e := range test.entries {
			tarred = append(tarred, &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Uname: e.body})
		}
		data := tarOf(t, tarred...)
		for format, data := range map[string][]byte{"tar": data, "tar.gz": gz(t, data), "tar.zst": zst(t, data)} {
			_, err := let(t, format, data, limits)
			checkText(t, format, err, test.want)
		}
	}
}

// TestBombs: little that becomes much is stopped on the way, by what comes out.
func TestBombs(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 24<<20)
	const want = "it is compressed more than 200 times: that is a decompression bomb"
	_, err := let(t, "zip", zipOf(t, entry{name: "bomb", body: zeros}), Limits{})
	checkText(t, "zip", err, want)
	tarred := tarOf(t, &tar.Header{Name: "bomb", Typeflag: tar.TypeReg, Uname: zeros})
	for format, data := range map[string][]byte{"tar.gz": gz(t, tarred), "tar.zst": zst(t, tarred)} {
		_, err := let(t, format, data, Limits{})
		checkText(t, format, err, want)
	}
	// Directories and padding are counted, too.
	var dirs bytes.Buffer
	w := tar.NewWriter(&dirs)
	for i := range 2000 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: strings.Repeat("d", i%9+1) + "/", Typeflag: tar.TypeDir, Mode: 0o755}))
	}
	w.Close()
	_, err = let(t, "tar.gz", gz(t, dirs.Bytes()), Limits{Files: 10, Bytes: 1 << 10})
	checkText(t, "tar.gz", err, "its stream is longer than its limits allow (1KiB of files, compressed 200 times)")
	// A header that lies about a size.
	lying := zipOf(t, entry{name: "a", body: strings.Repeat("x", 1000)})
	at := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lying[at+24:], 1<<30)
	_, err = let(t, "zip", lying, Limits{})
	checkText(t, "zip", err, `"a" has another header than the archive's directory says`)
	binary.LittleEndian.PutUint32(lying[at-4:], 1<<30) // also behind the data
	_, err = let(t, "zip", lying, Limits{})
	checkText(t, "zip", err, `"a" cannot be read: unexpected EOF`)
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	zipped := zipOf(t, entry{name: "a", body: "text"})
	tarred := tarOf(t, &tar.Header{Name: "a", Typeflag: tar.TypeReg, Uname: "text"})
	zipTwice := append(slices.Clone(zipped), zipped...)
	other := bytes.Replace(zipped, []byte("a"), []byte("b"), 1) // the name in the local header
	encrypted := slices.Clone(zipped)
	encrypted[bytes.LastIndex(encrypted, []byte("PK\x01\x02"))+8] |= 1
	for _, test := range []struct {
		format string
		data   []byte
		want   string
	}{
		{"zip", []byte("<html>"), "it is not a zip archive: zip: not a valid zip file"},
		{"zip", nil, "it is not a zip archive: zip: not a valid zip file"},
		{"zip", append(slices.Clone(zipped), "more"...), "it holds data besides the zip archive"},
		{"zip", append([]byte("#!/bin/sh\n"), zipped...), "it holds data besides the zip archive"},
		{"zip", zipTwice, "it holds data besides the zip archive"},
		{"zip", other, `"a" has another header than the archive's directory says`},
		{"zip", encrypted, `"a" is encrypted`},
		{"tar.gz", []byte("<html><body>"), "it is not compressed with gzip: gzip: invalid header"},
		{"tar.gz", gz(t, []byte("no tar")), "the archive is cut off"},
		{"tar.gz", gz(t, bytes.Repeat([]byte("x"), 1024)), "it is not a tar archive, or a broken one: archive/tar: invalid tar header"},
		{"tar.gz", gz(t, tarred)[:60], "the archive is cut off"},
		{"tar.gz", gz(t, append(slices.Clone(tarred), tarred...)), "it holds data behind the end of the tar archive"},
		{"tar.gz", append(gz(t, tarred), "more than a header"...), "it is not a tar archive, or a broken one: gzip: invalid header"},
		{"tar.zst", []byte("<html>"), "it is not a tar archive, or a broken one: invalid input: magic number mismatch"},
		{"tar.zst", zst(t, tarred)[:40], "the archive is cut off"},
	} {
		tree, err := let(t, test.format, test.data, Limits{})
		if test.want == "" {
			got := list(t, tree)
			assert.Equal(t, "a=text", got, test.format)
		}
		checkText(t, test.format, err, test.want)
	}
}
