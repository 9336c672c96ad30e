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
	if dir, err = s.PutSource(tree, sum); err != nil {
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
