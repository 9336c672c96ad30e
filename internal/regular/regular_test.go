package regular_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/regular"
)

// readers are the ways to read a file of a directory.
func readers(t *testing.T, dir string) map[string]func(name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	tree := regular.DirFS(dir)
	return map[string]func(name string) ([]byte, error){
		"Read":   func(name string) ([]byte, error) { return regular.Read(filepath.Join(dir, name), 1<<20) },
		"ReadIn": func(name string) ([]byte, error) { return regular.ReadIn(root, name, 1<<20) },
		"Open": func(name string) ([]byte, error) {
			f, err := regular.Open(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return io.ReadAll(f)
		},
		"DirFS.ReadFile": func(name string) ([]byte, error) { return fs.ReadFile(tree, name) },
		"DirFS.Open": func(name string) ([]byte, error) {
			f, err := tree.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return io.ReadAll(f)
		},
	}
}

func TestRegularFilesAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := strings.Repeat("x", 1<<20)
	for name, text := range map[string]string{"empty": "", "small": "text", "large": large} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		for way, read := range readers(t, dir) {
			data, err := read(name)
			require.NoError(t, err, "%s %s", way, name)
			assert.True(t, string(data) == text, "%s %s", way, name)
		}
	}
	for way, read := range readers(t, dir) {
		_, err := read("absent")
		assert.ErrorIs(t, err, fs.ErrNotExist, way)
		if way == "Read" || way == "Open" {
			assert.EqualError(t, err, "open "+filepath.Join(dir, "absent")+": no such file or directory")
		}
	}
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "sparse")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Truncate(file, 1<<20+1))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	_, err = regular.Read(file, 1<<20)
	assert.EqualError(t, err, "sparse is larger than 1MiB")
	_, err = regular.ReadIn(root, "sparse", 1<<20)
	assert.EqualError(t, err, "sparse is larger than 1MiB")
	require.NoError(t, os.Truncate(file, 1<<40))
	_, err = fs.ReadFile(regular.DirFS(dir), "sparse")
	assert.EqualError(t, err, "sparse is larger than 1GiB")
}

// TestDirFSWalks: what the tree is walked by works as with os.DirFS.
func TestDirFSWalks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "in"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "in", "file"), nil, 0o600))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "in", "link")))
	tree := regular.DirFS(dir)
	var names []string
	require.NoError(t, fs.WalkDir(tree, ".", func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	}))
	assert.Equal(t, []string{".", "in", "in/file", "in/link"}, names)
	to, err := fs.ReadLink(tree, "in/link")
	require.NoError(t, err)
	assert.Equal(t, "file", to)
	_, err = tree.Open("../in")
	assert.ErrorIs(t, err, fs.ErrInvalid)
	_, err = fs.ReadFile(tree, "../in/file")
	assert.ErrorIs(t, err, fs.ErrInvalid)
}

// elsewhere are the files that open others as they are, and why they may.
var elsewhere = map[string]string{
	"internal/pkgdoc/pkgdoc.go":                     "the toolchain's sources",
	"cmd/load/eval.go":                              "the expression that the user names, which may come out of a pipe",
	"cmd/load/sign.go":                              "the key that the user names, which may come out of a pipe",
	"cmd/load/trace.go":                             "the events that the user names, which may come out of a pipe",
	"engine/goprocess/engine.go":                    "a directory",
	"engine/goprocess/memory.go":                    "/proc",
	"engine/gowasm/engine.go":                       "what the build has just made",
	"engine/gowasm/refused.go":                      "reads nothing, and looks before it opens",
	"bundle/sbom/sbom.go":                           "lists a directory",
	"find/dir/listing.go":                           "a directory",
	"find/std/std.go":                               "the toolchain's sources",
	"install/goproxy/install.go":                    "lists a directory",
	"install/goproxy/internal/modzip/sync_linux.go": "a directory of the store",
	"install/goproxy/internal/modzip/zip.go":        "lists a directory",
	"internal/goglue/build/workspace/exported.go":   "what the toolchain has made",
	"internal/goglue/build/workspace/gocommand.go":  "what the go command was given to write to",
	"internal/goglue/build/instantiate.go":          "lists a directory",
	"internal/regular/tree.go":                      "this package",
	"internal/sourcetree/place.go":                  "lists a directory",
	"internal/sandbox/isolation_linux.go":           "the program itself",
	"internal/sandbox/limits_linux.go":              "/proc",
	"internal/sandbox/measurable_linux.go":          "/proc",
	"internal/sandbox/memory_linux.go":              "/proc",
	"internal/kernelfs/kernelfs_linux.go":           "/proc",
	"lockfile/disk.go":                              "a directory",
	"policy/mount_linux.go":                         "/proc",
	"store/holder_linux.go":                         "/proc",
	"store/publish.go":                              "what has just been written",
	"store/store.go":                                "a directory",
	"store/system_unix.go":                          "what has just been written",
}

// TestNobodyElseOpens: what reads a file by a name uses this package, or store.ReadFile.
func TestNobodyElseOpens(t *testing.T) {
	t.Parallel()
	opens := regexp.MustCompile(`\b(os\.(ReadFile|Open|DirFS)|[rR]oot\.(ReadFile|Open)|at\.(ReadFile|Open))\(`)
	house := os.DirFS(filepath.Join("..", ".."))
	seen := make(map[string]bool)
	err := fs.WalkDir(house, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name == "examples" || name == "benchmarks" || name == "loadtest" || name == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(house, name)
		if err == nil && opens.Match(text) {
			seen[name] = true
			assert.Contains(t, elsewhere, name, "%s opens files by itself: use internal/regular", name)
		}
		return err
	})
	require.NoError(t, err)
	for name := range elsewhere {
		assert.True(t, seen[name], "%s opens nothing any more", name)
	}
}
