package gate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stored makes a zip whose entries are stored as they are, with sizes in front of the data.
func stored(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, CRC32: crc32.ChecksumIEEE([]byte(e.body)), CompressedSize64: uint64(len(e.body)), UncompressedSize64: uint64(len(e.body))}
		f, err := w.CreateRaw(h)
		require.NoError(t, err)
		_, err = f.Write([]byte(e.body))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// parts takes a zip apart: what is before the directory, the entries of the directory, and the
// record at the end.
func parts(t testing.TB, data []byte) (files []byte, central [][]byte, end []byte) {
	t.Helper()
	e := bytes.LastIndex(data, []byte("PK\x05\x06"))
	at := binary.LittleEndian.Uint32(data[e+16:])
	for rest := data[at:e]; len(rest) > 0; {
		n := centralSize + int(binary.LittleEndian.Uint16(rest[28:])) + int(binary.LittleEndian.Uint16(rest[30:])) + int(binary.LittleEndian.Uint16(rest[32:]))
		central, rest = append(central, slices.Clone(rest[:n])), rest[n:]
	}
	return slices.Clone(data[:at]), central, slices.Clone(data[e:])
}

// join puts a zip together again, with a record at the end that fits.
func join(files []byte, central [][]byte, end []byte) []byte {
	end = slices.Clone(end)
	directory := slices.Concat(central...)
	binary.LittleEndian.PutUint16(end[8:], uint16(len(central)))
	binary.LittleEndian.PutUint16(end[10:], uint16(len(central)))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(directory)))
	binary.LittleEndian.PutUint32(end[16:], uint32(len(files)))
	return slices.Concat(files, directory, end)
}

// TestZipAccounts: an archive whose parts tell different stories is refused, whichever of them is
// harmless.
func TestZipAccounts(t *testing.T) {
	t.Parallel()
	good := stored(t, entry{name: "abc", body: "text"}, entry{name: "def", body: "more"})
	files, central, end := parts(t, good)
	change := func(data []byte, at int, to ...byte) []byte {
		data = slices.Clone(data)
		copy(data[at:], to)
		return data
	}
	commented := change(slices.Concat(good, []byte("a comment")), len(good)-2, 9)
	inComment := slices.Concat(good, good)
	binary.LittleEndian.PutUint16(inComment[len(good)-2:], uint16(len(good)))
	second := bytes.LastIndex(files, []byte("PK\x03\x04"))
	shifted := slices.Clone(central[1]) // the second file's data begin within the first file
	binary.LittleEndian.PutUint32(shifted[42:], 1)
	large := join(files, central, end)
	record := slices.Concat([]byte("PK\x06\x06"), make([]byte, 52), []byte("PK\x06\x07"), make([]byte, 16))
	binary.LittleEndian.PutUint64(record[4:], 44)
	binary.LittleEndian.PutUint64(record[24:], 2)
	binary.LittleEndian.PutUint64(record[32:], 2)
	binary.LittleEndian.PutUint64(record[40:], uint64(len(large)-len(files)-endSize))
	binary.LittleEndian.PutUint64(record[48:], uint64(len(files)))
	binary.LittleEndian.PutUint64(record[64:], uint64(len(large)-endSize))
	binary.LittleEndian.PutUint32(record[72:], 1)
	zip64 := slices.Concat(large[:len(large)-endSize], record, change(large[len(large)-endSize:], 8, bytes.Repeat([]byte{0xff}, 12)...))
	const besides, other = "it holds data besides the zip archive", `"abc" has another header than the archive's directory says`
	for what, test := range map[string]struct {
		data []byte
		want string
	}{
		"as it is":                         {good, ""},
		"with a comment":                   {commented, ""},
		"of 64 bits":                       {zip64, ""},
		"with sizes behind":                {zipOf(t, entry{name: "abc", body: "text"}, entry{name: "def", body: "more"}), ""},
		"an archive in the comment":        {inComment, "it is two zip archives, one in the comment of the other"},
		"a file that the directory hides":  {join(files, central[:1], end), besides},
		"another file hidden":              {join(files, central[1:], end), besides},
		"an entry twice":                   {join(files, [][]byte{central[0], central[1], central[1]}, end), besides},
		"two names of one file":            {join(files, [][]byte{central[0], central[1], change(central[1], 46, 'x')}, end), besides},
		"files that overlap":               {join(files, [][]byte{central[0], shifted}, end), "cannot be read"},
		"data between files and directory": {join(append(slices.Clone(files), "hidden"...), central, end), besides},
		"data between directory and end":   {slices.Concat(files, central[0], central[1], []byte("hidden"), end), besides},
		"data between the files":           {join(slices.Concat(files[:second], []byte("hidden"), files[second:]), [][]byte{central[0], change(central[1], 42, byte(second+6))}, end), besides},
		"another local name":               {change(good, localSize, '/'), other},
		"another local method":             {change(good, 8, 8), other},
		"another local sum":                {change(good, 14, 1, 2, 3, 4), other},
		"locally encrypted":                {change(good, 6, 1), other},
		"locally in UTF-8":                 {change(good, 7, 8), other},
		"another local length":             {change(good, 26, 2), other},
		"one entry fewer in the end":       {change(good, len(good)-endSize+8, 1, 0, 1, 0), "it is not a zip archive: unexpected EOF"},
		"a false record of 64 bits":        {change(zip64, len(zip64)-endSize-end64Size, 'x'), besides},
		"bzip2":                            {join(change(files, 8, 12), [][]byte{change(central[0], 10, 12), central[1]}, end), `"abc" cannot be read: zip: unsupported compression algorithm`},
		"xz":                               {join(change(files, 8, 95), [][]byte{change(central[0], 10, 95), central[1]}, end), `"abc" cannot be read: zip: unsupported compression algorithm`},
		"a wrong sum":                      {join(change(files, 14, 1, 2, 3, 4), [][]byte{change(central[0], 16, 1, 2, 3, 4), central[1]}, end), `"abc" cannot be read: zip: checksum error`},
	} {
		tree, err := let(t, "zip", test.data, Limits{})
		if test.want == "cannot be read" {
			require.Errorf(t, err, "%s: %v", what, err)
			assert.Falsef(t, !strings.Contains(err.Error(), "data besides") && !strings.Contains(err.Error(), test.want), "%s: %v", what, err)
			continue
		}
		checkText(t, what, err, test.want)
		got := list(t, tree)
		assert.Falsef(t, test.want == "" && got != "abc=text def=more", "%s: %s", what, got)
	}
}

// TestTarTricks: what an extension header says of a name or a size counts, and goes through the
// same checks.
func TestTarTricks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("d/", 60) + "x"
	reg := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg, Uname: "text"} }
	gnu, pax := reg("../"+long), reg("../"+long)
	gnu.Format, pax.Format = tar.FormatGNU, tar.FormatPAX
	global := func(key, value string) []byte {
		return tarOf(t, &tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{key: value}}, reg("a"))
	}
	// An extension header that says another size than the header after it, which also has a good
	// sum.
	sized := tarOf(t, &tar.Header{Name: "ä", Typeflag: tar.TypeReg, Uname: strings.Repeat("x", 512)}, reg("b"))
	record := bytes.Index(sized, []byte("path="))
	sized = slices.Concat(sized[:record-3], []byte("8 size=0\n"), sized[record-3+9:])
	for what, test := range map[string]struct {
		data []byte
		want string
	}{
		"GNU long name":       {tarOf(t, gnu), fmt.Sprintf("%q leads out of its directory by \"..\"", gnu.Name)},
		"PAX path":            {tarOf(t, pax), fmt.Sprintf("%q leads out of its directory by \"..\"", pax.Name)},
		"absolute PAX path":   {tarOf(t, reg("/"+long)), fmt.Sprintf("%q has an absolute name", "/"+long)},
		"a path for all":      {global("path", "../x"), "it sets path for all its files"},
		"a size for all":      {global("size", "0"), "it sets size for all its files"},
		"git's comment":       {global("comment", "0123"), ""},
		"a link to a file":    {tarOf(t, reg("a"), &tar.Header{Name: "b", Typeflag: tar.TypeLink, Linkname: "a"}), `"b" is a hard link`},
		"a link out":          {tarOf(t, reg("a"), &tar.Header{Name: "b", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"}), `"b" is a hard link`},
		"a chain of links":    {tarOf(t, &tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "."}, &tar.Header{Name: "a/b", Typeflag: tar.TypeSymlink, Linkname: ".."}), `"a" is a symbolic link`},
		"a file as directory": {tarOf(t, reg("a"), &tar.Header{Name: "a/", Typeflag: tar.TypeDir, Mode: 0o755}), `"a/" is a file and a directory at once`},
		"a root that is none": {tarOf(t, &tar.Header{Name: "/", Typeflag: tar.TypeDir, Mode: 0o755}), `"/" has an absolute name`},
		"nothing but dots":    {tarOf(t, &tar.Header{Name: "..", Typeflag: tar.TypeDir, Mode: 0o755}), `".." leads out of its directory by ".."`},
		"no name":             {tarOf(t, reg("")), "a file has an empty name"},
	} {
		_, err := let(t, "tar", test.data, Limits{})
		checkText(t, what, err, test.want)
	}
	_, err := let(t, "tar", sized, Limits{})
	assert.Error(t, err, "an archive with two sizes is accepted")
	// Formats that nobody reads, whatever they are called.
	for what, start := range map[string]string{"bzip2": "BZh91AY&SY", "xz": "\xfd7zXZ\x00\x00\x04", "zip": "PK\x03\x04", "rar": "Rar!\x1a\x07\x01\x00", "7z": "7z\xbc\xaf\x27\x1c"} {
		_, err := let(t, "tar.gz", []byte(start+strings.Repeat("x", 600)), Limits{})
		checkText(t, what, err, "it is not compressed with gzip: gzip: invalid header")
		_, err = let(t, "tar.zst", []byte(start+strings.Repeat("x", 600)), Limits{})
		checkText(t, what, err, "it is not a tar archive, or a broken one: invalid input: magic number mismatch")
	}
}

// TestManyNames: directories count like files, whether an archive names them or files lie in them;
// the entries of a zip are counted before they take memory.
func TestManyNames(t *testing.T) {
	t.Parallel()
	limits := Limits{Files: 20}
	const want = "it holds more than 20 files and directories"
	var dirs, deep []entry
	var tarred []*tar.Header
	for i := range 30 {
		name := fmt.Sprintf("d%d/", i)
		dirs = append(dirs, entry{name: name})
		tarred = append(tarred, &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755})
	}
	for i := range 6 {
		deep = append(deep, entry{name: fmt.Sprintf("d%d/e/f/g", i)})
	}
	_, err := let(t, "zip", zipOf(t, dirs...), limits)
	checkText(t, "directories", err, want)
	_, err = let(t, "zip", zipOf(t, deep...), limits)
	checkText(t, "directories of files", err, want)
	_, err = let(t, "tar", tarOf(t, tarred...), limits)
	checkText(t, "directories", err, want)
	// One entry many times over, which the record at the end does not tell.
	files, central, end := parts(t, stored(t, entry{name: "a", body: "x"}))
	many := slices.Concat(files, bytes.Repeat(central[0], 30), end)
	binary.LittleEndian.PutUint32(many[len(many)-10:], uint32(30*len(central[0])))
	_, err = let(t, "zip", many, limits)
	checkText(t, "entries", err, want)
}

// TestDirTypes: a local directory holds what an archive may hold, and nothing that leads elsewhere
// or makes its reader wait.
func TestDirTypes(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		make func(name string) error
		want string
	}{
		"a link to a directory": {func(name string) error { return os.Symlink(t.TempDir(), name) }, `"x" is a symbolic link`},
		"a link to itself":      {func(name string) error { return os.Symlink(name, name) }, `"x" is a symbolic link`},
		"a pipe":                {func(name string) error { return exec.Command("mkfifo", name).Run() }, `"x" is a named pipe`},
		"a setuid file": {func(name string) error {
			return errors.Join(os.WriteFile(name, nil, 0o700), os.Chmod(name, 0o700|fs.ModeSetuid))
		}, `"x" is setuid or setgid`},
	} {
		source, dir := t.TempDir(), t.TempDir()
		if err := test.make(filepath.Join(source, "x")); err != nil {
			t.Logf("%s: %v", what, err)
			continue
		}
		tree, err := New(t.Context(), dir, Limits{})
		require.NoError(t, err)
		checkText(t, what, tree.Dir(source), test.want)
		tree.Close()
		entries, _ := os.ReadDir(dir)
		assert.Empty(t, entries, what)
	}
}
