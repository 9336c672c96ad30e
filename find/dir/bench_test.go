package dir_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/require"
)

const (
	benchDirs    = 100
	benchEntries = 1000
)

// benchPath returns the finders of 100 directories of 1,000 entries, of which the last has a
// package, and the yardstick: as many cached listings, each checked by one stat of its directory.
func benchPath(b *testing.B) (path find.Path, yardstick func(name string) bool) {
	type cached struct {
		dir   string
		mtime time.Time
		names map[string]bool
	}
	var listings []cached
	root := b.TempDir()
	for i := range benchDirs {
		c := cached{dir: filepath.Join(root, fmt.Sprint(i)), names: map[string]bool{}}
		require.NoError(b, os.Mkdir(c.dir, 0o755))
		for j := range benchEntries {
			name := fmt.Sprintf("entry%d", j)
			require.NoError(b, os.WriteFile(filepath.Join(c.dir, name), nil, 0o644))
			c.names[name] = true
		}
		if i == benchDirs-1 {
			write(b, filepath.Join(c.dir, "hit", "hit.go"), "package hit\n")
			c.names["hit"] = true
		}
		age(b, c.dir)
		info, err := os.Stat(c.dir)
		require.NoError(b, err)
		c.mtime = info.ModTime()
		listings = append(listings, c)
		path = append(path, dir.New(c.dir))
	}
	return path, func(name string) bool {
		for _, c := range listings {
			info, err := os.Stat(c.dir)
			require.NoError(b, err, "the yardstick's directory changed")
			require.True(b, info.ModTime().Equal(c.mtime), "the yardstick's directory changed")
			if c.names[name] {
				return true
			}
		}
		return false
	}
}

func benchmarkFind(b *testing.B, target string, want bool) {
	path, yardstick := benchPath(b)
	wanted := loadtest.Name(b, target)
	find := func() {
		_, err := path.Find(context.Background(), wanted)
		require.Equal(b, want, err == nil)
	}
	find()
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		find()
		middle := time.Now()
		require.Equal(b, want, yardstick(target), "the yardstick answers otherwise")
		ours += middle.Sub(start)
		theirs += time.Since(middle)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "find-ns/op")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N), "yardstick-ns/op")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

func BenchmarkFindMiss(b *testing.B) { benchmarkFind(b, "example.com/nowhere", false) }

func BenchmarkFindHit(b *testing.B) { benchmarkFind(b, "hit", true) }
