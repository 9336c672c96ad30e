package values

import (
	"crypto/cipher"
	"image"
	"image/color"
)

// Options, and what the host implements for the module.

type Setting func(*Point)

func WithX(x int) Setting { return func(p *Point) { p.X = x } }

func PointWith(settings ...Setting) Point {
	var p Point
	for _, set := range settings {
		set(&p)
	}
	return p
}

func Doubler() Rule { return func(n int) int { return 2 * n } }
func TwiceAny(f any, n int) (int, bool) {
	r, ok := f.(Rule)
	if !ok {
		return 0, false
	}
	return r.Twice(n), true
}

// Stream encrypts with a block of the host.
func Stream(block cipher.Block, iv, text []byte) []byte {
	out := make([]byte, len(text))
	cipher.NewCTR(block, iv).XORKeyStream(out, text)
	return out
}

// Chain encrypts in place with a block of the host.
func Chain(block cipher.Block, iv, text []byte) {
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
}

// Visitor visits nodes and changes them.
type Visitor interface {
	Visit(n *Point, path []string) (more bool, err error)
	Leave(labels map[string]int)
}

func WalkPoints(v Visitor, n int) ([]Point, map[string]int, error) {
	all, labels, path := make([]Point, n), map[string]int{}, []string{"root"}
	for i := range all {
		more, err := v.Visit(&all[i], path)
		if err != nil || !more {
			return all, labels, err
		}
	}
	v.Leave(labels)
	return all, labels, nil
}

// AppendInto adds an error to what a pointer points to, as multierr does.
func AppendInto(into *error, err error) bool {
	if err == nil {
		return false
	}
	*into = joined{*into, err}
	return true
}

type joined [2]error

func (j joined) Error() string   { return "joined" }
func (j joined) Unwrap() []error { return j[:] }

// Brightness sums the red parts of an image.
func Brightness(m image.Image) (sum int) {
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			r, _, _, _ := m.At(x, y).RGBA()
			sum += int(r >> 8)
		}
	}
	return sum
}

// Converted converts a color of the module with the model of an image.
func Converted(m image.Image) color.Color { return m.ColorModel().Convert(color.RGBA{R: 9, A: 255}) }
func Red(c color.Color) uint32            { r, _, _, _ := c.RGBA(); return r >> 8 }
func SameColor(c color.Color) color.Color { return c }
