package valuetest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/testdata/values"
)

// told is a reader and a writer of the host's own, with methods that notes are taken of.
type told struct {
	io.Reader
	log []string
}

func (r *told) note(text string) { r.log = append(r.log, text) }

func (r *told) Close() error {
	r.note("close")
	return errors.New("it was open")
}

func (r *told) Write(p []byte) (int, error) {
	r.note("write " + string(p))
	return len(p), nil
}

func (r *told) WriteString(s string) (int, error) {
	r.note("write string " + s)
	return len(s) - 1, io.ErrShortWrite
}

func (r *told) Sync() error    { return io.ErrClosedPipe }
func (r *told) Flush() error   { r.note("flush"); return nil }
func (r *told) String() string { return "told" }

// byteReader reads bytes, and takes none back.
type byteReader struct {
	io.Reader
	io.ByteReader
}

// testAbilities checks that a module finds the further methods of a reader and of a writer as it
// does in Go, whatever the interface is that they are given as, and that nothing is read too much.
func (s suite) testAbilities(t *testing.T) {
	m := s.values(t)
	const text = "aé€😀\xffbcdefghijklmnopqrstuvwxyz"
	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	own := strings.NewReader(text)
	steps := gosuite.Bound[func(io.Reader, string) string](t, m, "ReaderSteps")
	abilities := gosuite.Bound[func(io.Reader) string](t, m, "ReaderAbilities")
	scans := []string{
		"bBbBrRrRrrrrRrBbbbb", "rRbBpprRrbR", "rBrprRB", "R", "B", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", strings.Repeat("rrR", 40), "bbbbBppbBb",
	}
	for name, kind := range map[string]struct {
		open  func() io.Reader
		steps []string
	}{
		"strings.Reader":   {func() io.Reader { return strings.NewReader(text) }, append(scans, "bsbpsa", "rrsrR")},
		"bytes.Reader":     {func() io.Reader { return bytes.NewReader([]byte(text)) }, append(scans, "bbbsaB")},
		"bytes.Buffer":     {func() io.Reader { return bytes.NewBufferString(text) }, append(scans, "btbrt")},
		"bufio.Reader":     {func() io.Reader { return bufio.NewReaderSize(strings.NewReader(text), 16) }, scans},
		"io.LimitedReader": {func() io.Reader { return io.LimitReader(strings.NewReader(text), 9) }, []string{"ppp"}},
		"os.File": {func() io.Reader {
			f, err := os.Open(path)
			require.NoError(t, err)
			t.Cleanup(func() { _ = f.Close() })
			return f
		}, []string{"ppspa", "pc"}},
		"io.SectionReader": {func() io.Reader { return io.NewSectionReader(own, 3, 9) }, []string{"psa"}},
		"one that closes":  {func() io.Reader { return io.NopCloser(bytes.NewReader([]byte(text))) }, []string{"pc"}},
		"of the host's own": {func() io.Reader { return &told{Reader: strings.NewReader(text)} }, []string{
			"ptc",
		}},
		"bytes only": {func() io.Reader {
			r := strings.NewReader(text)
			return byteReader{r, r}
		}, []string{"bbpb"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, values.ReaderAbilities(kind.open()), abilities(kind.open()))
			for _, step := range kind.steps {
				want, got := kind.open(), kind.open()
				require.Equal(t, values.ReaderSteps(want, step), steps(got, step), step)
				left, err := io.ReadAll(want)
				rest, err2 := io.ReadAll(got)
				assert.Equal(t, string(left), string(rest), "what is left after %s", step)
				assert.Equal(t, err == nil, err2 == nil)
			}
		})
	}
	s.testWriterAbilities(t)
}

func (s suite) testWriterAbilities(t *testing.T) {
	m := s.values(t)
	abilities := gosuite.Bound[func(io.Writer) string](t, m, "WriterAbilities")
	steps := gosuite.Bound[func(io.Writer, string) string](t, m, "WriterSteps")
	for name, open := range map[string]func() io.Writer{
		"bytes.Buffer":      func() io.Writer { return bytes.NewBufferString("before ") },
		"bufio.Writer":      func() io.Writer { return bufio.NewWriter(new(bytes.Buffer)) },
		"of the host's own": func() io.Writer { return &told{} },
		"a plain one":       func() io.Writer { return struct{ io.Writer }{new(bytes.Buffer)} },
	} {
		assert.Equal(t, values.WriterAbilities(open()), abilities(open()), name)
		want, got := open(), open()
		assert.Equal(t, values.WriterSteps(want, "text"), steps(got, "text"), name)
		if mine, ok := got.(*told); ok {
			assert.Equal(t, want.(*told).log, mine.log)
		}
	}
	closeAfter := gosuite.Bound[func(io.ReadCloser) (string, error)](t, m, "CloseAfter")
	text, err := closeAfter(&told{Reader: strings.NewReader("x")})
	assert.Equal(t, "xfalse <nil>", text)
	assert.EqualError(t, err, "it was open")

	scan := gosuite.Bound[func(io.Reader) (a, b string, err error)](t, m, "ScanTwo")
	r := bufio.NewReader(strings.NewReader("one two;three"))
	_, word, err := scan(r)
	require.NoError(t, err)
	assert.Equal(t, "two;three", word)
	r = bufio.NewReader(strings.NewReader("one two\nthree"))
	_, word, err = scan(r)
	require.NoError(t, err)
	rest, _ := io.ReadAll(r)
	assert.Equal(t, "two\nthree", word+string(rest), "the end of line is not lost")

	keep := gosuite.Bound[func(io.Reader) bool](t, m, "KeepStream")
	same := strings.NewReader("x")
	assert.False(t, keep(same))
	assert.True(t, keep(same), "the same reader is equal to itself")
	assert.False(t, keep(strings.NewReader("x")))
	assert.True(t, io.Reader(same) != gosuite.Bound[func() io.Reader](t, m, "KeptStream")())
	keep(same)
	assert.Same(t, same, gosuite.Bound[func() io.Reader](t, m, "KeptStream")(), "it comes home as itself")
}
