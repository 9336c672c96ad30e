package lockfile_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/lockfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	sumA = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	sumB = "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
)

const sample = `load.lock 1
example.com/a at v1.1.0 goproxy example.com/a 2024-01-02T03:04:05Z
example.com/a may network
example.com/a may read /etc/my certs
example.com/a needs example.com/a v1.1.0 ` + sumA + `
example.com/a needs example.com/b v1.0.0 ` + sumB + `
example.com/a with bytes with example.com/b@latest at v1.1.0 goproxy example.com/a -
git::https://example.com/r.git?ref=main at 0123456789abcdef getter - -
`

func entry() lockfile.Entry {
	return lockfile.Entry{
		Name: "example.com/a", Version: "v1.1.0", Origin: "goproxy", Module: "example.com/a",
		Time:   time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		Grants: []string{"network", "read /etc/my certs"},
		Needs:  []lockfile.Module{{"example.com/a", "v1.1.0", sumA}, {"example.com/b", "v1.0.0", sumB}},
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f, err := lockfile.Parse("load.lock", []byte(sample))
	require.NoError(t, err)
	got, ok := f.Entry("example.com/a")
	assert.Truef(t, ok, "got %+v", got)
	assert.Truef(t, got.Equal(entry()), "got %+v", got)
	assert.Equal(t, sample, string(f.Format()))
	var names []string
	for e := range f.All() {
		names = append(names, e.Name)
	}
	assert.Equal(t, "example.com/a|example.com/a with bytes with example.com/b@latest|git::https://example.com/r.git?ref=main", strings.Join(names, "|"))
}

// Lines come in any order, as a merge leaves them, and with the line ends of any system.
func TestOrder(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(sample), "\n")
	for i, j := 1, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	f, err := lockfile.Parse("load.lock", []byte(strings.Join(lines, "\r\n\r\n")))
	require.NoError(t, err)
	assert.Equal(t, sample, string(f.Format()))
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const a = "example.com/a at v1.0.0 goproxy example.com/a -\n"
	for name, test := range map[string]struct{ text, want string }{
		"empty":          {"", "load.lock:1: the first line is not \"load.lock 1\"\n\tremove the file and run `load lock NAME...` to make it again"},
		"other file":     {"{}\n", "load.lock:1: the first line is not \"load.lock 1\"\n\tremove the file and run `load lock NAME...` to make it again"},
		"newer":          {"load.lock 2\n", "load.lock:1: its format is \"2\", and this program knows format 1\n\tuse a newer version of load"},
		"conflict":       {"load.lock 1\n" + a + "<<<<<<< HEAD\n", "load.lock:3: a merge conflict is not resolved: <<<<<<<\n\tkeep the lines of both sides, but those of one side alone for a name that both have; then run `load lock`"},
		"conflict first": {"<<<<<<< HEAD\nload.lock 1\n", "load.lock:1: a merge conflict is not resolved: <<<<<<<\n\tkeep the lines of both sides, but those of one side alone for a name that both have; then run `load lock`"},
		"repeated":       {"load.lock 1\n" + a + a, "load.lock:3: example.com/a is locked already, in line 2\n\tremove one of the lines"},
		"two versions": {
			"load.lock 1\n" + a + strings.ReplaceAll(a, "v1.0.0", "v1.1.0"),
			"load.lock:3: example.com/a is locked at v1.1.0 here, and at v1.0.0 in line 2\n\tremove all lines of the name but those of one version, or remove all and run `load lock example.com/a`",
		},
		"two sums": {
			"load.lock 1\n" + a + "example.com/a needs example.com/b v1.0.0 " + sumA + "\nexample.com/a needs example.com/b v1.0.0 " + sumB + "\n",
			"load.lock:4: the sum of example.com/b v1.0.0 is another one in line 3\n\tfind out which of the two is right and remove the other",
		},
		"two needs": {
			"load.lock 1\n" + a + "example.com/a needs example.com/b v1.0.0 " + sumA + "\nexample.com/a needs example.com/b v1.1.0 " + sumB + "\n",
			"load.lock:4: example.com/a needs example.com/b at v1.1.0 here, and at v1.0.0 in line 3\n\tfind out which of the two is right and remove the other",
		},
		"repeated needs": {
			"load.lock 1\n" + a + strings.Repeat("example.com/a needs example.com/b v1.0.0 "+sumA+"\n", 2),
			"load.lock:4: it repeats line 3\n\tremove one of the lines",
		},
		"repeated grant": {"load.lock 1\n" + a + strings.Repeat("example.com/a may network\n", 2), "load.lock:4: it repeats line 3\n\tremove one of the lines"},
		"no at":          {"load.lock 1\n\nexample.com/a may network\n", "load.lock:3: example.com/a has no \"at\" line\n\trun `load lock example.com/a` once this line is removed"},
		"version":        {"load.lock 1\nexample.com/a at ../../etc/evil goproxy example.com/a -\n", `load.lock:2: "../../etc/evil" is no version`},
		"dash":           {"load.lock 1\nexample.com/a at --upload-pack=x goproxy example.com/a -\n", `load.lock:2: the version "--upload-pack=x" starts with "-"`},
		"name dash":      {"load.lock 1\n-rf at v1.0.0 goproxy example.com/a -\n", `load.lock:2: the name "-rf" starts with "-"`},
		"needs version":  {"load.lock 1\n" + a + "example.com/a needs example.com/b /etc " + sumA + "\n", `load.lock:3: "/etc" is no version`},
		"sum":            {"load.lock 1\n" + a + "example.com/a needs example.com/b v1.0.0 h1:abc\n", `load.lock:3: a sum is "h1:" and 44 characters of base64`},
		"verb":           {"load.lock 1\nexample.com/a was v1.0.0\n", `load.lock:2: "was" is not known: a line tells what a name is "at", "may" or "needs"`},
		"short":          {"load.lock 1\nexample.com/a\n", `load.lock:2: it is not a line of a lock file: "example.com/a"`},
		"time":           {"load.lock 1\nexample.com/a at v1.0.0 goproxy example.com/a yesterday\n", `load.lock:2: "yesterday" is not a time such as 2024-01-02T03:04:05Z`},
		"fields":         {"load.lock 1\nexample.com/a at v1.0.0\n", `load.lock:2: want NAME at VERSION ORIGIN MODULE TIME`},
		"control":        {"load.lock 1\nexample.com/a\x00 at v1.0.0 goproxy - -\n", `load.lock:2: "example.com/a\x00" holds the character U+0000, which does not show`},
		"bidi":           {"load.lock 1\nexample.com/\u202ea at v1.0.0 goproxy - -\n", `load.lock:2: "example.com/\u202ea" holds the character U+202E, which does not show`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := lockfile.Parse("load.lock", []byte(test.text))
			var syntax *lockfile.SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Equal(t, test.want, err.Error())
		})
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	var f lockfile.File
	err := f.Set(entry())
	require.NoError(t, err)
	require.Equal(t, 1, f.Len())
	bad := entry()
	bad.Version = "v1 0"
	err = f.Set(bad)
	assert.EqualError(t, err, `the lock file cannot hold "example.com/a": the version "v1 0" holds a space`)
	got, _ := f.Entry("example.com/a")
	assert.Truef(t, got.Equal(entry()), "a refused entry changed the file: %+v", got)
	assert.True(t, f.Remove("example.com/a"), "Remove does not tell whether there was one")
	assert.False(t, f.Remove("example.com/a"), "Remove does not tell whether there was one")
	assert.Zero(t, f.Len(), "Remove does not tell whether there was one")
}

func TestDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "load.lock")
	_, err := lockfile.Read(path)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	var f lockfile.File
	require.NoError(t, f.Set(entry()))
	link := filepath.Join(dir, "link")
	require.NoError(t, f.Write(path))
	require.NoError(t, os.Symlink(path, link))
	f.Remove("example.com/a")
	require.NoError(t, f.Write(link))
	got, err := lockfile.Read(path)
	require.NoError(t, err, "a link was replaced by a file")
	assert.Zero(t, got.Len(), "a link was replaced by a file")
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	assert.Zero(t, len(left))
	gone := filepath.Join(dir, "none", "load.lock")
	assert.ErrorIs(t, f.Write(gone), fs.ErrNotExist)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("load.lock 1\na with b at v1 x - -\n"))
	f.Add([]byte("load.lock 1\na with with with at at at at - -\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := lockfile.Parse("load.lock", data)
		if err != nil {
			var syntax *lockfile.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.GreaterOrEqual(t, syntax.Line, 1)
			return
		}
		text := file.Format()
		again, err := lockfile.Parse("load.lock", text)
		require.NoErrorf(t, err, "%v in what was written:\n%s", err, text)
		require.Equal(t, text, again.Format(), "written differently again")
		var set lockfile.File
		for e := range file.All() {
			require.NoError(t, set.Set(e))
		}
		require.Equal(t, text, set.Format())
	})
}

// BenchmarkRead1000 reads a lock file of 1,000 lines: what a frozen start adds.
func BenchmarkRead1000(b *testing.B) {
	var f lockfile.File
	for i := range 200 {
		e := lockfile.Entry{Name: fmt.Sprintf("example.com/m%03d", i), Version: "v1.0.0", Origin: "goproxy", Module: "example.com/m"}
		for j := range 4 {
			e.Needs = append(e.Needs, lockfile.Module{Path: fmt.Sprintf("example.com/n%d", j), Version: "v1.2.3", Sum: sumA})
		}
		require.NoError(b, f.Set(e))
	}
	path := filepath.Join(b.TempDir(), "load.lock")
	require.NoError(b, f.Write(path))
	for b.Loop() {
		_, err := lockfile.Read(path)
		require.NoError(b, err)
	}
}

// What a killed writer left beside the file goes with a later write; what another may still be
// writing stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	past := time.Now().Add(-time.Hour)
	for name, old := range map[string]bool{".load.lock-1": true, ".load.lock-2": false, ".load.locks": true, "load.lock-3": true} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		if old {
			require.NoError(t, os.Chtimes(path, past, past))
		}
	}
	require.NoError(t, new(lockfile.File).Write(filepath.Join(dir, "load.lock")))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	assert.Equal(t, ".load.lock-2 .load.locks load.lock load.lock-3", strings.Join(names, " "))
}
