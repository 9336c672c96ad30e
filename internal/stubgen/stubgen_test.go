package stubgen

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const shapes = `package shapes

import (
	"context"
	"io"
	"math"
	"time"
)

// Greet greets.
//
// Deprecated: say hello.
func Greet(name string, times ...int) (original string, err error) { return }

func Use(_ int, p0 string) {}
func At(ctx context.Context, time time.Time, r io.Reader) map[string][]time.Duration { return nil }
func Walk(f func(string) error) {}

func Any(v any) {}
func Back() any { return nil }
func Visit(f func(any)) {}
func Context() context.Context { return nil }
func Generic[T any](v T) {}
func Channel() chan int { return nil }
func Address() *int { return nil }
func Sized() Size { return 0 }

type Size int
type Alias = string

func Aliased(Alias) {}

var Level = 3

const (
	Third   = 1.0 / 3
	Letter  = 'x'
	Small   uint8 = 7
	Whole   = 2.0
	Word    = 32 << (^uint(0) >> 63)
	Big     = 1 << 100
	Complex = 1i
	Named Size = 1
	Foreign = math.MaxInt
)
`

func input(t *testing.T, text string) Input {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o666))
	return Input{Path: "example.com/shapes", Name: "example.com/shapes", Version: "v1.0.0", Sum: "h1:x", Dir: dir}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	out, err := Generate(input(t, shapes))
	require.NoError(t, err)
	text := string(out.Files["shapes.go"])
	for _, want := range []string{
		Header + "\n\n//go:build !load_linked\n",
		"// Generated from example.com/shapes v1.0.0 (h1:x).\n",
		"// Deprecated: say hello.\nfunc Greet(name string, times ...int) (string, error) { return boundGreet.Get()(name, times...) }\n",
		"func Use_(p0_ int, p0 string) { boundUse.Get()(p0_, p0) }\n",
		"// Use is Use_ here",
		"func At(ctx context.Context, time time.Time, r io.Reader) map[string][]time.Duration {\n\treturn boundAt.Get()(ctx, time, r)\n}\n",
		"func Walk(f func(string) error) { boundWalk.Get()(f) }\n",
		"const Third = 1.0 / 3.0\n", "const Letter = 'x'\n", "const Small uint8 = 7\n", "const Whole = 2.0\n",
		"const Big = 1267650600228229401496703205376\n",
	} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, string(out.Files["shapes_linked.go"]), "{ return original.Greet(name, times...) }\n")
	var left []string
	for _, o := range out.Left {
		left = append(left, o.Name)
		assert.Contains(t, text, "//   - "+o.String()+"\n")
	}
	assert.Equal(t, []string{
		"Address", "Alias", "Aliased", "Any", "Back", "Channel", "Complex", "Context", "Foreign", "Generic", "Level", "Named", "Size", "Sized",
		"Visit", "Word",
	}, left)
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"package main\n\nfunc X() {}\n": "is a program",
		"package a\n\nfunc x() {}\n":    "has no exported names",
		"package a\n\nfunc {\n":         "expected",
		"":                              "expected 'package'",
	} {
		_, err := Generate(input(t, text))
		assert.ErrorContains(t, err, want, text)
	}
	in := input(t, "package a\n\nfunc X() {}\n")
	in.Path = "example.com/internal/a"
	_, err := Generate(in)
	assert.ErrorContains(t, err, "is internal")
}
