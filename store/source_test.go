package store

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/dirhash"
)

func putTree(t *testing.T, s *Store, body string) (dir, sum string) {
	t.Helper()
	temp, remove, err := s.Temp("source")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	tree := filepath.Join(temp, "tree")
	if err := os.MkdirAll(filepath.Join(tree, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "sub", "a.star"), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum, err = dirhash.HashDir(tree, "", dirhash.Hash1); err != nil {
		t.Fatal(err)
	}
	if dir, err = s.PutSource(t.Context(), tree, sum); err != nil {
		t.Fatal(err)
	}
	return dir, sum
}

func TestSource(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, sum := putTree(t, s, "a = 1")
	if got, err := s.SourceDir(sum); got != dir || err != nil {
		t.Errorf("%s, %v, want %s", got, err, dir)
	}
	again, _ := putTree(t, s, "a = 1")
	if again != dir {
		t.Errorf("the same tree is in %s and %s", dir, again)
	}
	// A damaged tree is told, and replaced by the next that is whole.
	file := filepath.Join(dir, "sub", "a.star")
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("a = 2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if whole, err := s.VerifySource(sum); whole || err != nil {
		t.Errorf("a damaged tree: %v, %v", whole, err)
	}
	putTree(t, s, "a = 1")
	if whole, err := s.VerifySource(sum); !whole || err != nil {
		t.Errorf("a replaced tree: %v, %v", whole, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("%v, %v", info, err)
	}
	for _, bad := range []string{"", "h1:", "h1:../../x", "h2:" + sum[3:]} {
		if _, err := s.SourceDir(bad); err == nil {
			t.Errorf("the sum %q is accepted", bad)
		}
	}
}

func TestSourceRecord(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := &SourceRecord{Name: "gh:a/b", Source: "git::https://example.com/a/b.git", Version: "c0ffee", Kind: "starlark", File: "init.star", Time: time.Unix(1, 0).UTC()}
	if err := s.PutSourceRecord(want); err != nil {
		t.Fatal(err)
	}
	if got, err := s.SourceRecord("gh:a/b"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := s.SourceRecord("gh:a/c"); got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	path := s.sourceRecordFile("gh:a/b")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.SourceRecord("gh:a/b"); got != nil || err != nil {
		t.Errorf("a damaged record: %+v, %v", got, err)
	}
	for range 2 {
		if err := s.RemoveSourceRecord("gh:a/b"); err != nil {
			t.Fatal(err)
		}
	}
}

// A tree stays while a record leads to it, and both while a lock file or a process needs them.
func TestSourceUpkeep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, gc := openIn(t, dir), openIn(t, dir)
	_, shared := putTree(t, s, "shared")
	_, own := putTree(t, s, "own")
	for name, sum := range map[string]string{"gh:a/a": shared, "gh:a/b": shared, "gh:a/c": own} {
		if err := s.PutSourceRecord(&SourceRecord{Name: name, Source: "git::" + name, Version: "c0ffee", Sum: sum}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, packages, sources int) {
		t.Helper()
		report, err := gc.Verify(t.Context())
		if err != nil || report.Sources != sources || report.Records != packages || len(report.Damaged) > 0 {
			t.Errorf("%s: %+v, %v", when, report, err)
		}
		if stats, err := gc.Stats(); err != nil || stats.Sources != packages {
			t.Errorf("%s: %+v, %v", when, stats, err)
		}
	}
	want("installed", 3, 2)
	if removed, err := gc.Collect(t.Context(), GC{}); err != nil || len(removed) > 0 { // s lives and made them
		t.Errorf("%+v, %v", removed, err)
	}
	s.Hold()() // and lives no more
	keep := func(path, version string) bool { return path == "git::gh:a/b" && version == "c0ffee" }
	if removed, err := gc.Collect(t.Context(), GC{Keep: keep}); err != nil || len(removed) != 3 {
		t.Errorf("%+v, %v", removed, err)
	}
	want("after gc", 1, 1)
	record, err := gc.SourceRecord("gh:a/b")
	if err != nil {
		t.Fatal(err)
	}
	if err := gc.RemoveSource(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	want("after it was removed", 0, 0)
}

func TestVerifySources(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	tree, sum := putTree(t, s, "a = 1")
	if err := s.PutSourceRecord(&SourceRecord{Name: "gh:a/b", Sum: sum}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(tree, "sub", "a.star"), s.sourceRecordFile("gh:a/b")} {
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 3); err != nil {
			t.Fatal(err)
		}
	}
	report, err := s.Verify(t.Context())
	if err != nil || len(report.Damaged) != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, d := range report.Damaged {
		if d.Kind != "source" && d.Kind != "record" || d.Reason == "" || d.Repair == "" {
			t.Errorf("%+v", d)
		}
	}
	if err := s.Repair(report.Damaged); err != nil {
		t.Fatal(err)
	}
	if report, err := s.Verify(t.Context()); err != nil || len(report.Damaged) != 0 || report.Sources != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func openIn(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
