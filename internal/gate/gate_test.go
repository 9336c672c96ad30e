package gate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/dirhash"
)

// entry is one entry of an archive that a test makes.
type entry struct {
	name string
	body string
	mode fs.FileMode
	link string
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		if strings.HasSuffix(e.name, "/") {
			continue
		}
		_, err = io.WriteString(f, e.body+e.link)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func tarOf(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		body := h.Uname // nobody needs the owner: it carries the contents
		h.Uname = ""
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(body))
		}
		if h.Mode == 0 && h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, body)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gz(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zst(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(data, nil)
}

// let unpacks an archive into a directory beside which nothing may appear.
func let(t testing.TB, format string, data []byte, limits Limits) (*Tree, error) {
	t.Helper()
	parent := t.TempDir()
	dir, file := filepath.Join(parent, "dest"), filepath.Join(t.TempDir(), "archive")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(file, data, 0o600))
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	tree, err := New(t.Context(), dir, limits)
	require.NoError(t, err)
	t.Cleanup(func() { tree.Close() })
	switch format {
	case "zip":
		err = tree.Zip(f)
	case "tar":
		err = tree.Tar(f)
	case "tar.gz":
		err = tree.TarGz(f)
	case "tar.zst":
		err = tree.TarZst(f)
	}
	check(t, parent, tree)
	return tree, err
}

// check looks at what must hold of a directory, whatever came in.
func check(t testing.TB, parent string, tree *Tree) {
	t.Helper()
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	var size int64
	files := 0
	err = filepath.WalkDir(tree.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		assert.True(t, d.Type().IsRegular(), path)
		assert.Equal(t, fs.FileMode(0o444), info.Mode().Perm(), path)
		files++
		size += info.Size()
		return nil
	})
	require.NoError(t, err)
	assert.LessOrEqualf(t, files, tree.limits.Files, "%d files of %d bytes are there", files, size)
	assert.LessOrEqualf(t, size, tree.limits.Bytes+1, "%d files of %d bytes are there", files, size)
}

func list(t testing.TB, tree *Tree) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(os.DirFS(tree.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(tree.dir, name))
		b.WriteString(name + "=" + string(data) + " ")
		return err
	})
	require.NoError(t, err)
	return strings.TrimSpace(b.String())
}

func TestFormats(t *testing.T) {
	t.Parallel()
	zipped := zipOf(t, entry{name: "a/"}, entry{name: "a/x.go", body: "package a"}, entry{name: "empty/"}, entry{name: "run.sh", body: "x", mode: 0o755})
	tarred := tarOf(t,
		&tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, &tar.Header{Name: "./a/", Typeflag: tar.TypeDir, Mode: 0o755},
		&tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "of git"}},
		&tar.Header{Name: "./a/x.go", Typeflag: tar.TypeReg, Uname: "package a"}, &tar.Header{Name: "run.sh", Typeflag: tar.TypeReg, Uname: "x", Mode: 0o755},
	)
	for format, data := range map[string][]byte{"zip": zipped, "tar": tarred, "tar.gz": gz(t, tarred), "tar.zst": zst(t, tarred)} {
		tree, err := let(t, format, data, Limits{})
		if !assert.NoError(t, err, format) {
			continue
		}
		got := list(t, tree)
		assert.Equal(t, "a/x.go=package a run.sh=x", got, format)
		assert.Equal(t, 2, tree.Files(), format)
		assert.Equal(t, int64(10), tree.Bytes(), format)
		sum, err := tree.Sum()
		want, _ := dirhash.Hash1([]string{"a/x.go", "run.sh"}, func(name string) (io.ReadCloser, error) {
			return os.Open(filepath.Join(tree.dir, filepath.FromSlash(name)))
		})
		assert.Equal(t, want, sum, format)
		assert.NoError(t, err, format)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"../x"}, `"../x" leads out of its directory by ".."`},
		{[]string{"../../x"}, `"../../x" leads out of its directory by ".."`},
		{[]string{"a/../../x"}, `"a/../../x" leads out of its directory by ".."`},
		{[]string{"../dest_evil/x"}, `"../dest_evil/x" leads out of its directory by ".."`},
		{[]string{`..\x`}, `"..\\x" leads out of its directory by ".."`},
		{[]string{"/etc/x"}, `"/etc/x" has an absolute name`},
		{[]string{".//etc/x"}, `".//etc/x" has an absolute name`},
		{[]string{`C:\x`}, `"C:\\x" has an absolute name`},
		{[]string{"C:x"}, `"C:x" has an absolute name`},
		{[]string{`\\host\share\x`}, `"\\\\host\\share\\x" has an absolute name`},
		{[]string{`a\b`}, `"a\\b" has no portable name: invalid char '\\'`},
		{[]string{"a\x00b"}, `"a\x00b" has no portable name: invalid char '\x00'`},
		{[]string{"a//b"}, `"a//b" has no portable name: double slash`},
		{[]string{"a/./b"}, `"a/./b" has no portable name: invalid path element "."`},
		{[]string{"x:ads"}, `"x:ads" has an absolute name`},
		{[]string{"xy:ads"}, `"xy:ads" has no portable name: invalid char ':'`},
		{[]string{"sub/nul.txt"}, `"sub/nul.txt" has no portable name: "nul" disallowed as path element component on Windows`},
		{[]string{"COM1"}, `"COM1" has no portable name: "COM1" disallowed as path element component on Windows`},
		{[]string{"dot."}, `"dot." has no portable name: trailing dot in path element`},
		{[]string{".git/config"}, `".git/config" belongs to a version control system, which must not find it here`},
		{[]string{"sub/.GIT/config"}, `"sub/.GIT/config" belongs to a version control system, which must not find it here`},
		{[]string{"a", "a"}, `"a" is there twice`},
		{[]string{"a", "A"}, `"A" collides with "a" where case or Unicode form does not count`},
		{[]string{"dir/a", "Dir/b"}, `"Dir/b" collides with "dir" where case or Unicode form does not count`},
		{[]string{"a", "a/b"}, `"a/b" is a file and a directory at once`},
		{[]string{"a/b", "a"}, `"a" is a file and a directory at once`},
		{[]string{"\u00c5", "\u212b"}, "\"\u212b\" collides with \"\u00c5\" where case or Unicode form does not count"},
		{[]string{"\uac00", "\u1100\u1161"}, "\"\u1100\u1161\" collides with \"\uac00\" where case or Unicode form does not count"},
		{[]string{"s", "\u017f"}, "\"\u017f\" collides with \"s\" where case or Unicode form does not count"},
		{[]string{"ok", "sub/ok", "su/b"}, ""},
	} {
		var zipped []entry
		var tarred []*tar.Header
		for _, name := range test.names {
			zipped = append(zipped, entry{name: name, body: "x"})
			tarred = append(tarred, &tar.Header{Name: name, Typeflag: tar.TypeReg, Uname: "x"})
		}
		_, err := let(t, "zip", zipOf(t, zipped...), Limits{})
		checkText(t, "zip", err, test.want)
		if !strings.Contains(test.names[0], "\x00") { // a tar header cannot hold it
			_, err = let(t, "tar", tarOf(t, tarred...), Limits{})
			checkText(t, "tar", err, test.want)
		}
	}
	_, err := let(t, "zip", zipOf(t, entry{name: ""}), Limits{})
	checkText(t, "zip", err, "a file has an empty name")
}

func checkText(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	assert.Equal(t, want, got, what)
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header *tar.Header
		want   string
	}{
		{&tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../../etc"}, `"l" is a symbolic link`},
		{&tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "inside"}, `"l" is a symbolic link`},
		{&tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "go.mod"}, `"h" is a hard link`},
		{&tar.Header{Name: "d", Typeflag: tar.TypeChar}, `"d" is a device`},
		{&tar.Header{Name: "b", Typeflag: tar.TypeBlock}, `"b" is a device`},
		{&tar.Header{Name: "p", Typeflag: tar.TypeFifo}, `"p" is a named pipe`},
		{&tar.Header{Name: "c", Typeflag: tar.TypeCont}, `"c" is of a type that no module needs ('7')`},
		{&tar.Header{Name: "s", Typeflag: tar.TypeReg, Mode: 0o4755}, `"s" is setuid or setgid`},
		{&tar.Header{Name: "g", Typeflag: tar.TypeReg, Mode: 0o2755}, `"g" is setuid or setgid`},
	} {
		_, err := let(t, "tar", tarOf(t, test.header), Limits{})
		checkText(t, "tar", err, test.want)
	}
	for _, test := range []struct {
		entry entry
		want  string
	}{
		{entry{name: "l", link: "../x", mode: fs.ModeSymlink | 0o777}, `"l" is a symbolic link`},
		{entry{name: "d", mode: fs.ModeDevice | 0o666}, `"d" is a device`},
		{entry{name: "p", mode: fs.ModeNamedPipe | 0o666}, `"p" is a named pipe`},
		{entry{name: "s", mode: fs.ModeSetuid | 0o755}, `"s" is setuid or setgid`},
	} {
		_, err := let(t, "zip", zipOf(t, test.entry), Limits{})
		checkText(t, "zip", err, test.want)
	}
	// A link, then a write through it.
	_, err := let(t, "tar", tarOf(t, &tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}, &tar.Header{Name: "l/x", Typeflag: tar.TypeReg, Uname: "x"}), Limits{})
	checkText(t, "tar", err, `"l" is a symbolic link`)
}

// TestOmitLinks: a link that is left out does not lead anywhere for what comes after it.
func TestOmitLinks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dest")
	require.NoError(t, os.Mkdir(dir, 0o700))
	tree, err := New(t.Context(), dir, Limits{})
	require.NoError(t, err)
	defer tree.Close()
	tree.OmitLinks = true
	err = tree.Tar(bytes.NewReader(tarOf(t, &tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}, &tar.Header{Name: "l/x", Typeflag: tar.TypeReg, Uname: "x"})))
	got := list(t, tree)
	assert.NoError(t, err)
	assert.Equal(t, "l/x=x", got)
	check(t, filepath.Dir(dir), tree)
}

func TestDir(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	for name, body := range map[string]string{"a.star": "a = 1", "sub/b.star": "b = 2", ".git/config": "[core]", ".hg/hgrc": ""} {
		file := filepath.Join(source, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(body), 0o600))
	}
	copied := func() (*Tree, error) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "dest")
		require.NoError(t, os.Mkdir(dir, 0o700))
		tree, err := New(t.Context(), dir, Limits{})
		require.NoError(t, err)
		defer tree.Close()
		err = tree.Dir(source)
		check(t, parent, tree)
		return tree, err
	}
	tree, err := copied()
	got := list(t, tree)
	assert.NoError(t, err)
	assert.Equal(t, "a.star=a = 1 sub/b.star=b = 2", got)
	if err := os.Symlink("/etc/passwd", filepath.Join(source, "sub", "link")); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip("links need a privilege here: ", err)
		}
		t.Fatal(err)
	}
	_, err = copied()
	checkText(t, "directory", err, `"sub/link" is a symbolic link`)
}

func FuzzArchive(f *testing.F) {
	tarred := tarOf(f, &tar.Header{Name: "a/b", Typeflag: tar.TypeReg, Uname: "text"}, &tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."})
	f.Add(0, zipOf(f, entry{name: "a/b", body: "text"}, entry{name: "../x", body: "y"}))
	f.Add(0, zipOf(f, entry{name: "a", body: "text"}, entry{name: "A", body: "y"}))
	f.Add(1, tarred)
	f.Add(2, gz(f, tarred))
	f.Add(3, zst(f, tarred))
	f.Fuzz(func(t *testing.T, format int, data []byte) {
		formats := []string{"zip", "tar", "tar.gz", "tar.zst"}
		_, err := let(t, formats[(format%4+4)%4], data, Limits{Files: 20, Bytes: 1 << 16, Depth: 8})
		var refused *Error
		assert.Falsef(t, err != nil && !asError(err, &refused), "%T: %v", err, err)
	})
}

func asError(err error, target **Error) bool {
	e, ok := err.(*Error)
	*target = e
	return ok
}

func FuzzName(f *testing.F) {
	for _, name := range []string{"a/b", "../x", "./", "C:x", "nul", "\u212b", ".git"} {
		f.Add(name, false)
	}
	f.Fuzz(func(t *testing.T, name string, isDir bool) {
		clean, err := cleanName(name, isDir)
		assert.Falsef(t, err == nil && clean != "" && !filepath.IsLocal(filepath.FromSlash(clean)), "%q became %q", name, clean)
	})
}
