package lockfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/lockfile"
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
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := f.Entry("example.com/a"); !ok || !got.Equal(entry()) {
		t.Errorf("got %+v", got)
	}
	if got := string(f.Format()); got != sample {
		t.Errorf("formatted:\n%s\nwant:\n%s", got, sample)
	}
	var names []string
	for e := range f.All() {
		names = append(names, e.Name)
	}
	if got := strings.Join(names, "|"); got != "example.com/a|example.com/a with bytes with example.com/b@latest|git::https://example.com/r.git?ref=main" {
		t.Errorf("names %s", got)
	}
}

// Lines come in any order, as a merge leaves them, and with the line ends of any system.
func TestOrder(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(sample), "\n")
	for i, j := 1, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	f, err := lockfile.Parse("load.lock", []byte(strings.Join(lines, "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.Format()); got != sample {
		t.Errorf("formatted:\n%s", got)
	}
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
			if !errors.As(err, &syntax) || err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	var f lockfile.File
	if err := f.Set(entry()); err != nil || f.Len() != 1 {
		t.Fatal(err)
	}
	bad := entry()
	bad.Version = "v1 0"
	if err := f.Set(bad); err == nil || err.Error() != `the lock file cannot hold "example.com/a": the version "v1 0" holds a space` {
		t.Errorf("got %v", err)
	}
	if got, _ := f.Entry("example.com/a"); !got.Equal(entry()) {
		t.Errorf("a refused entry changed the file: %+v", got)
	}
	if !f.Remove("example.com/a") || f.Remove("example.com/a") || f.Len() != 0 {
		t.Error("Remove does not tell whether there was one")
	}
}

func TestDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "load.lock")
	if _, err := lockfile.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	var f lockfile.File
	if err := f.Set(entry()); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	f.Remove("example.com/a")
	if err := f.Write(link); err != nil {
		t.Fatal(err)
	}
	got, err := lockfile.Read(path)
	if err != nil || got.Len() != 0 {
		t.Errorf("a link was replaced by a file: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	gone := filepath.Join(dir, "none", "load.lock")
	if err := f.Write(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("load.lock 1\na with b at v1 x - -\n"))
	f.Add([]byte("load.lock 1\na with with with at at at at - -\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := lockfile.Parse("load.lock", data)
		if err != nil {
			var syntax *lockfile.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		text := file.Format()
		again, err := lockfile.Parse("load.lock", text)
		if err != nil {
			t.Fatalf("%v in what was written:\n%s", err, text)
		}
		if !bytes.Equal(again.Format(), text) {
			t.Fatalf("written differently again:\n%s\n%s", text, again.Format())
		}
		var set lockfile.File
		for e := range file.All() {
			if err := set.Set(e); err != nil {
				t.Fatalf("read and not writable: %v", err)
			}
		}
		if !bytes.Equal(set.Format(), text) {
			t.Fatalf("set:\n%s\nread:\n%s", set.Format(), text)
		}
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
		if err := f.Set(e); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.TempDir(), "load.lock")
	if err := f.Write(path); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := lockfile.Read(path); err != nil {
			b.Fatal(err)
		}
	}
}

// What a killed writer left beside the file goes with a later write; what another may still be writing stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	past := time.Now().Add(-time.Hour)
	for name, old := range map[string]bool{".load.lock-1": true, ".load.lock-2": false, ".load.locks": true, "load.lock-3": true} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if old {
			if err := os.Chtimes(path, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := new(lockfile.File).Write(filepath.Join(dir, "load.lock")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if got := strings.Join(names, " "); got != ".load.lock-2 .load.locks load.lock load.lock-3" {
		t.Errorf("left %s", got)
	}
}
