package loadtest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

// ZipEntry is a file of a zip.
type ZipEntry struct {
	Name string
	Data []byte
}

// Zip makes a zip of exactly these entries, however bad their names are.
func Zip(t testing.TB, entries ...ZipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.Name)
		if err == nil {
			_, err = w.Write(e.Data)
		}
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func zipSum(t testing.TB, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	names := make([]string, len(z.File))
	files := make(map[string]*zip.File)
	for i, f := range z.File {
		names[i] = f.Name
		files[f.Name] = f
	}
	sum, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return files[name].Open() })
	require.NoError(t, err)
	return sum
}

func modSum(t testing.TB, data []byte) string {
	t.Helper()
	sum, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
	require.NoError(t, err)
	return sum
}

func escapePath(t testing.TB, path string) string {
	t.Helper()
	escaped, err := module.EscapePath(path)
	require.NoError(t, err)
	return escaped
}

// makeWritable gives the directories of a module cache back to who wants to remove them.
func makeWritable(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(name, 0o755)
		}
		return err
	})
}

// ModuleCache makes a directory that looks like a GOMODCACHE into which the go command downloaded
// modules, named PATH@VERSION, from the server.
func ModuleCache(t testing.TB, p *ProxyServer, modules ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range modules {
		path, version, _ := strings.Cut(name, "@")
		v, err := module.EscapeVersion(version)
		require.NoError(t, err)
		for _, ext := range []string{".info", ".mod", ".zip"} {
			file := "/" + escapePath(t, path) + "/@v/" + v + ext
			data, ok := p.file(file)
			require.Truef(t, ok, "%s is not published", name)
			to := filepath.Join(dir, "cache", "download", filepath.FromSlash(file))
			require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
			require.NoError(t, os.WriteFile(to, data, 0o644))
		}
	}
	return dir
}

// goSum is what the checksum database records of a version.
func (p *ProxyServer) goSum(path, version string) ([]byte, error) {
	m := module.Version{Path: path, Version: version}
	p.mu.Lock()
	zipped, goMod := p.sums[m], p.sums[module.Version{Path: path, Version: version + "/go.mod"}]
	record := p.records[m]
	p.mu.Unlock()
	if record != "" {
		return []byte(record), nil
	}
	if goMod == "" {
		escaped, err := module.EscapePath(path)
		if err != nil {
			return nil, err
		}
		v, err := module.EscapeVersion(version)
		if err != nil {
			return nil, err
		}
		base := "/" + escaped + "/@v/" + v
		data, ok := p.file(base + ".mod")
		if !ok {
			return nil, os.ErrNotExist
		}
		goMod = modSum(p.t, data)
		// A module cache that lacks the zip, because nobody built from it, has no sum of it either.
		zipped = "h1:unknown"
		if data, ok := p.file(base + ".ziphash"); ok {
			zipped = strings.TrimSpace(string(data))
		}
	}
	return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, zipped, path, version, goMod), nil
}
