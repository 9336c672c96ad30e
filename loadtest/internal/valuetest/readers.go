package valuetest

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// readerKinds make readers of the host of every kind that a module reads ahead of, or must not.
func readerKinds(t *testing.T, text string) map[string]func() io.Reader {
	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return map[string]func() io.Reader{
		"bytes.Reader":   func() io.Reader { return bytes.NewReader([]byte(text)) },
		"strings.Reader": func() io.Reader { return strings.NewReader(text) },
		"bytes.Buffer":   func() io.Reader { return bytes.NewBufferString(text) },
		"bufio.Reader":   func() io.Reader { return bufio.NewReaderSize(strings.NewReader(text), 5000) },
		"bufio.Reader, filled": func() io.Reader {
			r := bufio.NewReaderSize(strings.NewReader(text), 5000)
			_, _ = r.Peek(1)
			return r
		},
		"io.LimitedReader": func() io.Reader { return io.LimitReader(strings.NewReader(text), int64(len(text))-1) },
		"os.File": func() io.Reader {
			f, err := os.Open(path)
			require.NoError(t, err)
			t.Cleanup(func() { _ = f.Close() })
			return f
		},
		"a reader of the host's own": func() io.Reader { return struct{ io.Reader }{strings.NewReader(text)} },
		"io.MultiReader":             func() io.Reader { return io.MultiReader(strings.NewReader(text[:10]), strings.NewReader(text[10:])) },
		"io.NopCloser":               func() io.Reader { return io.NopCloser(strings.NewReader(text)) },
	}
}

// testReaders checks that a module consumes of the host's readers what it reads, and no more.
func (s suite) testReaders(t *testing.T) {
	m := s.values(t)
	text := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 1000)
	one := gosuite.Bound[func(io.Reader, int) (string, error)](t, m, "OneByOne")
	rest := func(t *testing.T, r io.Reader) string {
		left, err := io.ReadAll(r)
		require.NoError(t, err)
		return string(left)
	}
	for kind, open := range readerKinds(t, text) {
		t.Run(kind, func(t *testing.T) {
			whole := rest(t, open())
			for _, n := range []int{0, 1, 2, 3, 4999, 20_000} {
				r := open()
				read, err := one(r, n)
				require.NoError(t, err)
				require.Equal(t, whole[:n], read)
				require.Equal(t, whole[n:], rest(t, r), "the rest after %d", n)
			}
			read, err := one(open(), len(text)+1)
			assert.Equal(t, io.EOF, err)
			assert.Equal(t, whole, read)

			sizes := []int{1, 1, 1, 0, 3000, 1, 1, 2000, 100, 40_000, 1, 1}
			want, got := open(), open()
			assert.Equal(t, readSizes(want, sizes...), gosuite.Bound[func(io.Reader, ...int) []string](t, m, "Sizes")(got, sizes...))
			assert.Equal(t, rest(t, want), rest(t, got))

			r := open()
			err = gosuite.Bound[func(io.Reader, int) error](t, m, "ReadAndFail")(r, 7)
			assert.ErrorContains(t, err, "enough")
			err = gosuite.Bound[func(io.Reader, int) error](t, m, "ReadAndPanic")(r, 7)
			assert.ErrorAs(t, err, new(*engine.PanicError))
			assert.Equal(t, whole[14:], rest(t, r))
		})
	}
}

// readSizes is what the module's Sizes does.
func readSizes(r io.Reader, sizes ...int) (read []string) {
	for _, size := range sizes {
		p := make([]byte, size)
		n, err := r.Read(p)
		text := string(p[:n])
		if err != nil {
			text += " " + err.Error()
		}
		read = append(read, text)
	}
	return read
}

// testReadersBetween checks that the host sees its reader where the module has left it, whenever
// it can look, and that the module sees what the host does with it.
func (s suite) testReadersBetween(t *testing.T) {
	m := s.values(t)
	text := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 1000)
	between := gosuite.Bound[func(io.Reader, int, func()) (string, error)](t, m, "Between")
	for kind, open := range readerKinds(t, text) {
		r := open()
		read, err := between(r, 5, func() {
			seen := make([]byte, 3)
			_, _ = io.ReadFull(r, seen)
			assert.Equal(t, "567", string(seen), kind)
		})
		assert.NoError(t, err, kind)
		assert.Equal(t, "01234|89abc", read, kind)
	}
	var b bytes.Buffer
	b.WriteString("0123456789")
	read, err := between(&b, 4, func() {
		b.Reset()
		b.WriteString("abcdef")
	})
	assert.NoError(t, err)
	assert.Equal(t, "0123|abcd", read)
	assert.Equal(t, "ef", b.String())

	below := strings.NewReader(text)
	read, err = gosuite.Bound[func(a, b io.Reader, n int) (string, error)](t, m, "InTurn")(below, io.LimitReader(below, 10), 4)
	assert.NoError(t, err)
	assert.Equal(t, text[:16], read, "a reader and one of the same below it")

	unread := bufio.NewReader(strings.NewReader(text))
	_, err = gosuite.Bound[func(io.Reader, int) (string, error)](t, m, "OneByOne")(unread, 3)
	require.NoError(t, err)
	require.NoError(t, unread.UnreadByte())
	next, _ := unread.ReadByte()
	assert.Equal(t, "2", string(next))

	back, err := gosuite.Bound[func(io.ReadSeeker, int) (string, error)](t, m, "SeekBack")(strings.NewReader(text), 5)
	assert.NoError(t, err)
	assert.Equal(t, "012344", back)

	s.testReaderKept(t, m, text)
}

func (s suite) testReaderKept(t *testing.T, m engine.Instance, text string) {
	r := strings.NewReader(text)
	gosuite.Bound[func(io.Reader)](t, m, "KeepReader")(r)
	kept := gosuite.Bound[func(int) (string, error)](t, m, "ReadKept")
	for _, at := range []int64{0, 20_000, 7} {
		_, err := r.Seek(at, io.SeekStart)
		require.NoError(t, err)
		read, err := kept(100)
		assert.NoError(t, err)
		assert.Equal(t, text[at:at+100], read)
		assert.EqualValues(t, int64(len(text))-at-100, r.Len())
		last := gosuite.Bound[func(int32) int32](t, m, "ReadKeptNumber")(50)
		assert.Equal(t, text[at+149], byte(last))
		assert.EqualValues(t, int64(len(text))-at-150, r.Len())
	}
	same := gosuite.Bound[func(io.Reader) bool](t, m, "IsKept")
	assert.True(t, same(r), "the same reader is the same in another call")
	assert.False(t, same(strings.NewReader(text)))

	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	counts := gosuite.Bound[func(io.Reader, int, int) []int](t, m, "AtOnce")(f, 4, 2000)
	want := make([]int, 256)
	for _, b := range []byte(text[:8000]) {
		want[b]++
	}
	assert.True(t, slices.Equal(want, counts), "goroutines that read at once")
}

// testReaderCalls checks what the module asks of readers that it must not read ahead of.
func (s suite) testReaderCalls(t *testing.T) {
	one := gosuite.Bound[func(io.Reader, int) (string, error)](t, s.values(t), "OneByOne")
	var asked []int
	text := strings.NewReader("0123456789")
	counted := readerFunc(func(p []byte) (int, error) {
		asked = append(asked, len(p))
		return text.Read(p)
	})
	read, err := one(counted, 5)
	assert.NoError(t, err)
	assert.Equal(t, "01234", read)
	assert.Equal(t, []int{1, 1, 1, 1, 1}, asked)

	asked = nil
	below := bufio.NewReaderSize(counted, 16)
	read, err = one(below, 4)
	assert.NoError(t, err)
	assert.Equal(t, "5678", read)
	assert.Equal(t, []int{16}, asked, "below a bufio.Reader")
	assert.Equal(t, 1, below.Buffered())
}
