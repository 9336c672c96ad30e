package bundle_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
)

// made is a small bundle of two scripts.
var made = sync.OnceValues(func() ([]byte, error) {
	root, err := os.MkdirTemp("", "bundle-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	for name, text := range map[string]string{"rules": "def double(x):\n    return 2 * x\n", "tax": "rate = 19\n"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(root, name, "init.star"), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(filepath.Join(root, "store"))
	if err != nil {
		return nil, err
	}
	l, err := load.New(load.Config{Path: find.Path{relative{root}}, Store: s, Engines: []engine.Engine{starlark.New(starlark.Config{})}})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	defer l.Close(ctx)
	rules, err := l.Prepare(ctx, "./rules")
	if err != nil {
		return nil, err
	}
	tax, err := l.Prepare(ctx, "./tax")
	if err != nil {
		return nil, err
	}
	var one, other bytes.Buffer
	if err := bundle.Write(&one, []byte("the lock"), rules, tax); err != nil {
		return nil, err
	}
	if err := bundle.Write(&other, []byte("the lock"), tax, rules, tax); err != nil {
		return nil, err
	}
	if !bytes.Equal(one.Bytes(), other.Bytes()) {
		return nil, os.ErrInvalid
	}
	return one.Bytes(), nil
})

// relative finds directories below root: tests that run at once share the current directory.
type relative struct{ root string }

func (r relative) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	name.Target = filepath.Join(r.root, name.Target)
	return dir.Current(nil).Find(ctx, name)
}

func small(t testing.TB) []byte {
	t.Helper()
	data, err := made()
	require.NoError(t, err)
	return bytes.Clone(data)
}

func host(b load.Bundle) (*load.Loader, error) {
	return load.New(load.Config{Bundles: []load.Bundle{b}, Engines: []engine.Engine{starlark.New(starlark.Config{})}})
}

// TestLoad: a host without a store, a path and installers loads from memory and from a file.
func TestLoad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "modules.tar")
	require.NoError(t, os.WriteFile(file, small(t), 0o600))
	opened, err := bundle.Open(file)
	require.NoError(t, err)
	defer opened.Close()
	for _, b := range []*bundle.Bundle{bundle.Bytes(small(t)), opened} {
		l, err := host(b)
		require.NoError(t, err)
		for _, name := range []string{"./rules", "./rules/", "./tax/../rules"} {
			m, err := l.Load(t.Context(), name)
			require.NoError(t, err)
			results, err := m.Call(t.Context(), "double", 21)
			require.NoError(t, err)
			assert.EqualValues(t, 42, results[0])
		}
		for name, want := range map[string]string{
			"./other":           "it is not in the bundle",
			"./rule":            "it is not in the bundle",
			"strings":           "it is not in the bundle",
			"github.com/x/y@v1": "it is not in the bundle",
			"../rules":          "it is not in the bundle",
			"/rules":            "it is not in the bundle",
			"./rules@v1":        "it is not in the bundle",
			"./ruled":           "run `load bundle -o FILE ./ruled`",
		} {
			_, err := l.Load(t.Context(), name)
			assert.ErrorContains(t, err, want, name)
		}
		assert.Equal(t, "the lock", string(b.Lock()))
		require.NoError(t, l.Close(t.Context()))
	}
}

// TestNotPrepared: what is in the bundle for another engine is told so, and not what to install.
func TestNotPrepared(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{Bundles: []load.Bundle{bundle.Bytes(small(t))}, Engines: []engine.Engine{other{starlark.New(starlark.Config{})}}})
	require.NoError(t, err)
	_, err = l.Load(t.Context(), "./rules")
	var missing *load.NotPreparedError
	require.ErrorAs(t, err, &missing)
	assert.Contains(t, missing.Fix, " -engine starlark -o FILE ./rules")
}

// other is the engine of another version of load.
type other struct{ *starlark.Engine }

func (other) Fingerprint() string { return "another" }

// entries are the places of the entries' headers in a bundle.
func entries(t testing.TB, data []byte) (starts []int) {
	t.Helper()
	for at := 0; data[at] != 0; {
		starts = append(starts, at)
		size := 0
		for _, c := range data[at+124 : at+135] {
			size = 8*size + int(c-'0')
		}
		at += 512 + (size+511)/512*512
	}
	return starts
}

// TestStrict: a bundle that is not what Write made is refused as a whole, with a typed error and a
// remedy.
func TestStrict(t *testing.T) {
	t.Parallel()
	data := small(t)
	starts := entries(t, data)
	last := starts[len(starts)-1]
	entry := func(i int) []byte {
		end := len(data) - 1024
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		return data[starts[i]:end]
	}
	for name, bad := range map[string][]byte{
		"empty":            nil,
		"half a header":    data[:100],
		"first entry only": data[:starts[1]],
		"no trailer":       data[:len(data)-1024],
		"half a trailer":   data[:len(data)-512],
		"cut in a blob":    data[:last+600],
		"missing blob":     append(bytes.Clone(data[:last]), make([]byte, 1024)...),
		"doubled blob":     bytes.Join([][]byte{data[:last], entry(len(starts) - 1), data[last:]}, nil),
		"doubled index":    bytes.Join([][]byte{data[:starts[2]], entry(1), data[starts[2]:]}, nil),
		"index first":      bytes.Join([][]byte{entry(1), entry(0), data[starts[2]:]}, nil),
		"trailing entry":   bytes.Join([][]byte{data[:len(data)-1024], entry(0), make([]byte, 1024)}, nil),
		"trailing bytes":   append(bytes.Clone(data), "more"...),
		"trailing zeros":   append(bytes.Clone(data), make([]byte, 512)...),
		"other layout":     bytes.Replace(data, []byte("1.0.0"), []byte("2.0.0"), 1),
		"escaping blob":    bytes.Replace(data, []byte("blobs/sha256/"), []byte("../../sha256/"), 1),
		"unknown field":    bytes.Replace(data, []byte(`"schemaVersion"`), []byte(`"schemaversion"`), 1),
		"other size":       bytes.Replace(data, []byte(`"size":`), []byte(`"size":9`), 1),
		"no zip":           []byte("PK\x03\x04" + strings.Repeat("x", 4096)),
	} {
		err := bundle.Bytes(bad).Check()
		var format *bundle.FormatError
		if assert.ErrorAs(t, err, &format, name) {
			assert.Contains(t, err.Error(), "`load bundle`", name)
		}
		_, err = host(bundle.Bytes(bad))
		var config *load.ConfigError
		assert.ErrorAs(t, err, &config, name)
		file := filepath.Join(t.TempDir(), "bad.tar")
		require.NoError(t, os.WriteFile(file, bad, 0o600))
		_, err = bundle.Open(file)
		assert.ErrorAs(t, err, &format, name)
	}
}

// TestReordered: opening a bundle does not look at the files of modules. One that is not where it
// belongs is seen when it is used.
func TestReordered(t *testing.T) {
	t.Parallel()
	data := small(t)
	starts := entries(t, data)
	n := len(starts)
	bad := bytes.Join([][]byte{data[:starts[n-2]], data[starts[n-1] : len(data)-1024], data[starts[n-2]:starts[n-1]], make([]byte, 1024)}, nil)
	require.Len(t, bad, len(data))
	l, err := host(bundle.Bytes(bad))
	require.NoError(t, err)
	f, err := bundle.FileOf(bad)
	require.NoError(t, err)
	for _, name := range []string{"./rules", "./tax"} {
		_, err = l.Load(t.Context(), name)
		var format *bundle.FormatError
		require.ErrorAs(t, err, &format, name)
		assert.Contains(t, format.Reason, "it is missing, or not where it belongs")
	}
	all := f.Blobs()
	_, err = f.Reader(all[len(all)-1])
	var format *bundle.FormatError
	require.ErrorAs(t, err, &format)
	require.NoError(t, l.Close(t.Context()))
}

// TestChangedWhileCopied: a file that changes once a part of it was verified is not copied as what
// it was.
func TestChangedWhileCopied(t *testing.T) {
	t.Parallel()
	data := small(t)
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	all := f.Blobs()
	last := all[len(all)-1]
	whole, err := f.Reader(last)
	require.NoError(t, err)
	read, err := io.ReadAll(whole)
	require.NoError(t, err)
	require.Len(t, read, int(last.Size))

	changed, err := f.Reader(last)
	require.NoError(t, err)
	data[bytes.LastIndex(data, read)] ^= 1
	_, err = io.ReadAll(changed)
	var damaged *bundle.DamagedError
	require.ErrorAs(t, err, &damaged)
	assert.Equal(t, last.Digest, damaged.Digest)
}

// TestOtherBundle: bundles of another format and for another system say so.
func TestOtherBundle(t *testing.T) {
	t.Parallel()
	var version *bundle.VersionError
	err := bundle.Bytes(bytes.ReplaceAll(small(t), []byte("bundle.v2"), []byte("bundle.v1"))).Check()
	require.ErrorAs(t, err, &version)
	assert.Equal(t, "application/vnd.loadgo.bundle.v1", version.Type)

	var system *bundle.PlatformError
	foreign := bundle.For(small(t), "plan9", "mips")
	require.ErrorAs(t, bundle.Bytes(foreign).Check(), &system)
	assert.Contains(t, system.Error(), "only for plan9/mips")
	both := bundle.Join(small(t), foreign)
	require.NoError(t, bundle.Bytes(both).Check())
	require.NoError(t, bundle.Bytes(bundle.Join(foreign, small(t))).Check())

	// What is for one system under the name of another, and two of one system.
	var format *bundle.FormatError
	systems := func(os, architecture string) []byte {
		return fmt.Appendf(nil, `"architecture":%q,"os":%q`, architecture, os)
	}
	x, y := strings.Repeat("x", len(runtime.GOOS)), strings.Repeat("y", len(runtime.GOARCH))
	swapped := bytes.Replace(bundle.For(small(t), x, y), systems(x, y), systems(runtime.GOOS, runtime.GOARCH), 1)
	require.ErrorAs(t, bundle.Bytes(swapped).Check(), &format)
	assert.Contains(t, format.Error(), "it is for "+x+"/"+y+", and the index says "+runtime.GOOS+"/"+runtime.GOARCH)
	_, err = bundle.FileOf(bytes.Replace(foreign, systems("plan9", "mips"), systems("plan9", "mipz"), 1))
	require.ErrorAs(t, err, &format)
	assert.Contains(t, format.Error(), "it is for plan9/mips, and the index says plan9/mipz")
	require.ErrorAs(t, bundle.Bytes(bundle.Join(small(t), small(t))).Check(), &format)
	assert.Contains(t, format.Error(), "two manifests for ")
}

// TestDamage: a flipped bit anywhere is refused, at the latest when what it is in is used.
func TestDamage(t *testing.T) {
	t.Parallel()
	data := small(t)
	starts := entries(t, data)
	for i, start := range starts {
		for _, at := range []int{start + 5, start + 512} {
			bad := bytes.Clone(data)
			bad[at] ^= 1
			l, err := host(bundle.Bytes(bad))
			if err != nil {
				continue
			}
			_, err1 := l.Load(t.Context(), "./rules")
			_, err2 := l.Load(t.Context(), "./tax")
			var damaged *bundle.DamagedError
			var format *bundle.FormatError // of a header
			if err1 == nil {
				err1 = err2
			}
			assert.True(t, errors.As(err1, &damaged) || errors.As(err1, &format) && at == start+5, "entry %d, byte %d: %v", i, at-start, err1)
			require.NoError(t, l.Close(t.Context()))
		}
	}
}

func FuzzBytes(f *testing.F) {
	data := small(f)
	f.Add(data)
	f.Add(data[:len(data)-512])
	f.Add(bytes.ReplaceAll(data, []byte("bundle.v2"), []byte("bundle.v1")))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := bundle.Bytes(data)
		if b.Check() != nil {
			return
		}
		l, err := host(b)
		require.NoError(t, err)
		_, _ = l.Load(t.Context(), "./rules")
		require.NoError(t, l.Close(t.Context()))
	})
}

// FuzzLayout: whatever a registry sends as the parts of a bundle, what is read of it is written as
// a file that reads the same.
func FuzzLayout(f *testing.F) {
	whole, err := bundle.FileOf(small(f))
	require.NoError(f, err)
	var parts [][]byte
	for _, b := range whole.Blobs() {
		if data, ok := whole.Document(b); ok {
			parts = append(parts, data)
		}
	}
	f.Add(whole.Index, parts[0], parts[3])
	f.Add([]byte(strings.ReplaceAll(string(whole.Index), "bundle.v2", "bundle.v1")), parts[0], parts[3])
	f.Add(parts[0], whole.Index, []byte("{}"))
	f.Fuzz(func(t *testing.T, index, manifest, table []byte) {
		have := map[string][]byte{}
		for _, data := range [][]byte{manifest, table, parts[2]} {
			sum := sha256.Sum256(data)
			have["sha256:"+hex.EncodeToString(sum[:])] = data
		}
		read := func(b bundle.Blob) ([]byte, error) {
			data, ok := have[b.Digest]
			if !ok {
				return nil, os.ErrNotExist
			}
			return data, nil
		}
		if made, err := bundle.IndexOf("x", manifest, read); err == nil {
			index = made
		}
		l, err := bundle.ReadLayout("x", index, read)
		if err != nil {
			return
		}
		var file bytes.Buffer
		if err := l.Write(&file, func(w io.Writer, b bundle.Blob) error {
			if b.Size > 1<<20 {
				return os.ErrInvalid
			}
			_, err := w.Write(make([]byte, b.Size))
			return err
		}); err != nil {
			return
		}
		again, err := bundle.FileOf(file.Bytes())
		require.NoError(t, err)
		require.Equal(t, l.Blobs(), again.Blobs())
	})
}
