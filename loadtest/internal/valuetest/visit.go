package valuetest

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"image"
	"image/color"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testOptions: a function of the module that is given back is itself, and one of the host can hold
// what it is given.
func (s suite) testOptions(t *testing.T) {
	m := s.values(t)
	withX := gosuite.Bound[func(int) (func(*sharedPoint), error)](t, m, "WithX")
	three, err := withX(3)
	require.NoError(t, err)
	with := gosuite.Bound[func(...func(*sharedPoint)) (sharedPoint, error)](t, m, "PointWith")
	p, err := with(three, func(p *sharedPoint) { p.Y = p.X + 1 })
	require.NoError(t, err)
	assert.Equal(t, sharedPoint{3, 4}, p)
	three(&p)
	assert.Equal(t, 3, p.X)

	twice := gosuite.Bound[func(any, int) (int, bool, error)](t, m, "TwiceAny")
	double, err := gosuite.Bound[func() (func(int) int, error)](t, m, "Doubler")()
	require.NoError(t, err)
	n, own, err := twice(double, 3)
	require.NoError(t, err)
	assert.True(t, own, "it is the module's own")
	assert.Equal(t, 12, n)
	_, own, err = twice(func(n int) int { return n }, 3)
	require.NoError(t, err)
	assert.False(t, own)
	n, err = gosuite.Bound[func(func(int) int, int) (int, error)](t, m, "ApplyTwice")(double, 4)
	require.NoError(t, err)
	assert.Equal(t, 16, n)

	hold := gosuite.Bound[func(...func(*engine.Object)) (sharedPoint, error)](t, m, "PointWith")
	p, err = hold(func(o *engine.Object) {
		assert.NoError(t, o.SetField(t.Context(), "X", 7))
		x, err := o.Field(t.Context(), "X")
		assert.NoError(t, err)
		assert.Equal(t, 7, x)
	}, func(o *engine.Object) {
		x, err := o.Field(t.Context(), "X")
		assert.NoError(t, err)
		assert.NoError(t, o.SetField(t.Context(), "Y", x.(int)+1))
	})
	require.NoError(t, err)
	assert.Equal(t, sharedPoint{7, 8}, p)
}

// tracer implements the module's Visitor.
type tracer struct{ seen []string }

func (v *tracer) Visit(p *sharedPoint, path []string) (bool, error) {
	v.seen = append(v.seen, path[0])
	p.X, path[0] = len(v.seen), "seen"
	if p.X == 4 {
		return false, io.EOF
	}
	return true, nil
}

func (v *tracer) Leave(labels map[string]int) { labels["visits"] = len(v.seen) }

// testImplementations: methods of the host's values write through their arguments, also where they
// are called by name.
func (s suite) testImplementations(t *testing.T) {
	m := s.values(t)
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	require.NoError(t, err)
	iv, text := make([]byte, aes.BlockSize), []byte("a text of more than one block, and a bit")
	want := make([]byte, len(text))
	cipher.NewCTR(block, iv).XORKeyStream(want, text)
	got, err := gosuite.Bound[func(cipher.Block, []byte, []byte) ([]byte, error)](t, m, "Stream")(block, iv, text)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, want, gosuite.Call(t, m, "Stream", block, iv, text), "by name")
	chained, expected := []byte(string(text[:32])), make([]byte, 32)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(expected, chained)
	require.NoError(t, gosuite.Bound[func(cipher.Block, []byte, []byte) error](t, m, "Chain")(block, iv, chained))
	assert.Equal(t, expected, chained)

	type visitor interface {
		Visit(*sharedPoint, []string) (bool, error)
		Leave(map[string]int)
	}
	v := &tracer{}
	walk := gosuite.Bound[func(visitor, int) ([]sharedPoint, map[string]int, error)](t, m, "WalkPoints")
	points, labels, err := walk(v, 3)
	require.NoError(t, err)
	assert.Equal(t, []sharedPoint{{1, 0}, {2, 0}, {3, 0}}, points)
	assert.Equal(t, []string{"root", "seen", "seen"}, v.seen)
	assert.Equal(t, map[string]int{"visits": 3}, labels)
	_, _, err = walk(v, 3)
	assert.ErrorIs(t, err, io.EOF)

	own, other := errors.New("own"), errors.New("other")
	failure := own
	out, err := m.Call(t.Context(), "AppendInto", []any{&failure, other})
	require.NoError(t, err)
	assert.Equal(t, []any{true}, out)
	assert.ErrorIs(t, failure, own)
	assert.ErrorIs(t, failure, other)
	out, err = m.Call(t.Context(), "AppendInto", []any{&own, nil})
	require.NoError(t, err)
	assert.Equal(t, []any{false}, out)
	var none error
	_, err = m.Call(t.Context(), "AppendInto", []any{&none, io.EOF})
	require.NoError(t, err)
	assert.ErrorIs(t, none, io.EOF)
}

// testImages: an image of the host, and its colors, serve in the module.
func (s suite) testImages(t *testing.T) {
	m := s.values(t)
	picture := image.NewGray(image.Rect(1, 1, 4, 3))
	picture.SetGray(1, 1, color.Gray{200})
	picture.SetGray(3, 2, color.Gray{50})
	sum, err := gosuite.Bound[func(image.Image) (int, error)](t, m, "Brightness")(picture)
	require.NoError(t, err)
	assert.Equal(t, 250, sum)
	paletted := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Black, color.RGBA{R: 7, A: 255}})
	paletted.SetColorIndex(1, 0, 1)
	sum, err = gosuite.Bound[func(image.Image) (int, error)](t, m, "Brightness")(paletted)
	require.NoError(t, err)
	assert.Equal(t, 7, sum)
	out, err := m.Call(t.Context(), "Brightness", []any{picture})
	require.NoError(t, err)
	assert.Equal(t, []any{250}, out)
	converted, err := gosuite.Bound[func(image.Image) (color.Color, error)](t, m, "Converted")(paletted)
	require.NoError(t, err)
	assert.Equal(t, color.RGBA{R: 7, A: 255}, converted, "a color of the host comes home as itself")
	red, err := gosuite.Bound[func(color.Color) (uint32, error)](t, m, "Red")(color.NRGBA{R: 5, A: 255})
	require.NoError(t, err)
	assert.EqualValues(t, 5, red)
	same, err := gosuite.Bound[func(color.Color) (color.Color, error)](t, m, "SameColor")(color.Gray{3})
	require.NoError(t, err)
	assert.Equal(t, color.Gray{3}, same)
}
