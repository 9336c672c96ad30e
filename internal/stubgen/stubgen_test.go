package stubgen

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/toolchain"
)

const shapes = `package shapes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"time"
	"unicode"
)

// Greet greets.
//
// Deprecated: say hello.
func Greet(name string, times ...int) (original string, err error) { return }

func Use(_ int, p0 string) {}
func At(ctx context.Context, time time.Time, r io.Reader) map[string][]time.Duration { return nil }
func Walk(f func(string) error) {}
func Any(v any) any { return nil }
func Address() *int { return nil }
func Sequence() iter.Seq2[string, error] { return nil }
func Late(n int, ctx context.Context) {}
func Stringer() interface{ String() string } { return nil }
func Context() context.Context { return nil }
func Channel() chan int { return nil }
func Sized(Size) Size { return 0 }
func Special(unicode.SpecialCase) {}
func Generic[T any](v T) []T { return nil }
func Named2[T any, S fmt.Stringer](v T, list ...S) int { return 0 }
func Given[S fmt.Stringer](v S) S { return v }
func Called[T interface{ Call() }](v T) {}
func Found(list []int) bool {
	for range slices.Values(list) {
		return true
	}
	return false
}

type hidden struct{}

var Hidden hidden

// Size is a size.
type Size int

func (s Size) Double() Size { return 2 * s }

// Box is data.
type Box struct {
	// Name is shown.
	Name string ` + "`json:\"name\"`" + `
	Size
	Inner *Box
}

func (b *Box) Grow(b2 Box, by ...Size) {}

type Closed struct{ n int; Shown string }

func (c Closed) N() int { return c.n }
func (c *Closed) Set(n int) {}
func (c *Closed) Both(ch chan int) {}

type Shape interface{ Area() float64; shape() }

type Alias = string
type Set[T any] struct{ m map[string]T }
type Number interface{ ~int | ~string }
type Wire chan int

func Aliased(Alias) {}

// ErrGone is gone.
var ErrGone = errors.New("gone " + "away")
var ErrLate = errors.New(text())
var Level, Wires = 3, make(Wire)

func text() string { return "" }

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
	Most = math.MaxInt8
	Second = 2 * time.Second
)
`

// reading reads a package.
func reading(t *testing.T, text string) (*build.Reading, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o600))
	tools, err := toolchain.Find()
	require.NoError(t, err)
	work := filepath.Join(t.TempDir(), "work")
	require.NoError(t, os.Mkdir(work, 0o700))
	src := find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{GoMod: []byte("go 1.24\n")}}
	return build.Builder{Toolchain: tools, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}.Read(t.Context(), src, work)
}

func generate(t *testing.T, text string) (*Output, error) {
	t.Helper()
	r, err := reading(t, text)
	if err != nil {
		return nil, err
	}
	out, err := Generate(Input{Reading: r, Name: "example.com/shapes@v1.0.0", Origin: func(string) (string, string) { return "v1.0.0", "h1:x" }})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	out, err := generate(t, shapes)
	require.NoError(t, err)
	text := string(out.Files["shapes.go"])
	for _, want := range []string{
		Header + "\n\n//go:build !load_linked\n",
		" v1.0.0 (h1:x).\n",
		`var module = stub.Module{Name: "example.com/shapes@v1.0.0"}`,
		"// Deprecated: say hello.\nfunc Greet(name string, times ...int) (string, error) { return boundGreet.Get()(name, times...) }\n",
		"func Use_(p0_ int, p0 string) { boundUse.Get()(p0_, p0) }\n",
		"// Use is Use_ here",
		"func At(ctx context.Context, time time.Time, r io.Reader) map[string][]time.Duration {\n\treturn boundAt.Get()(ctx, time, r)\n}\n",
		"func Special(p0 unicode.SpecialCase) { boundSpecial.Get()(p0) }\n",
		"func Walk(f func(string) error) { boundWalk.Get()(f) }\n",
		"func Sequence() iter.Seq2[string, error] { return boundSequence.Get()() }\n",
		"func Generic[T any](v T) []T { return stub.Generic[func(T) []T, func(T)](&self, \"Generic\")(v) }\n",
		"func Named2[T any, S fmt.Stringer](v T, list ...S) int {\n\treturn stub.Generic[func(T, ...S) int, func(T, S)](&self, \"Named2\", \"\", \"fmt.Stringer\")(v, list...)\n}\n",
		"func Found(list []int) bool { return boundFound.Get()(list) }\n",
		"const Third = 1.0 / 3.0\n", "const Letter = 'x'\n", "const Small uint8 = 7\n", "const Whole = 2.0\n",
		"const Big = 1267650600228229401496703205376\n", "const Named Size = 1\n", "const Second time.Duration = 2000000000\n", "const Most = 127\n",
		"// Size is a size.\ntype Size int\n",
		"func (s Size) Double() Size { return boundSize_Double.Get()(s) }\n",
		"type Box struct {\n\t// Name is shown.\n\tName string `json:\"name\"`\n\tSize\n\tInner *Box\n}\n",
		"func (b *Box) Grow(b2 Box, by ...Size) { boundBox_Grow.Get()(b, b2, by...) }\n",
		"type Closed struct {\n\theld stub.Held\n\n\tShown string\n}\n",
		"func (c Closed) N() int { return boundClosed_N.Get()(c) }\n",
		"type Shape interface {\n\tArea() float64\n\tshape()\n}\n",
		"func (x *moduleOfShape) Area() float64 { return boundShape_Area.Get()(x) }\n",
		"type Alias = string\n",
		"// ErrGone is gone.\nvar ErrGone error = &stub.Error{Text: \"gone away\"}\n",
		"func Level() int { return stub.Value[int](&self, \"Level\") }\n",
		"func SetLevel(value int) { stub.Set(&self, \"Level\", value) }\n",
		"// Level is a variable: Level() reads it here, and SetLevel sets it.\n",
		"func ErrLate() error { return",
	} {
		assert.Contains(t, text, want)
	}
	linked := string(out.Files["shapes_linked.go"])
	for _, want := range []string{
		"func Greet(name string, times ...int) (string, error) { return original.Greet(name, times...) }\n", "type Closed = original.Closed\n",
		"var ErrGone = original.ErrGone\n", "func Level() int { return original.Level }\n", "func Generic[T any](v T) []T { return original.Generic[T](v) }\n",
	} {
		assert.Contains(t, linked, want)
	}
	left := map[string]string{}
	for _, o := range out.Left {
		left[o.Name] = o.Reason
		assert.Contains(t, text, "//   - "+o.String()+"\n")
	}
	assert.Equal(t, map[string]string{
		"Called": "its type argument T has methods, which the module cannot call", "Channel": "channels do not cross",
		"Given":       "its type argument S has methods, which the module cannot call",
		"Closed.Both": "channels do not cross",
		"Complex":     "its value cannot be written exactly", "Context": "a context is the first parameter only", "Foreign": "its value differs between machines",
		"Hidden": "type shapes.hidden is not exported", "Late": "a context is the first parameter only", "Number": "it is a constraint", "Set": "generic types are not generated yet",
		"Stringer": "values of interfaces without a name would lose their types", "Wire": "its values do not cross",
		"Wires": "type shapes.Wire is left out", "Word": "its value differs between machines",
	}, left)
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"package main\n\nfunc X() {}\n": "is a program",
		"package a\n\nfunc x() {}\n":    "has no exported names",
		"package a\n\nfunc {\n":         "expected",
	} {
		_, err := generate(t, text)
		assert.ErrorContains(t, err, want, text)
	}
}

// TestGenerateNames: no name and no text of the original is taken for one of the stub's own.
func TestGenerateNames(t *testing.T) {
	t.Parallel()
	r, err := reading(t, "package names\n\n// MODULE_NAME is the MODULE's.\nconst MODULE_NAME = \"MODULE %s %[1]s\"\n\nfunc GetMODULE(MODULE int) int { return MODULE }\n")
	require.NoError(t, err)
	for _, base := range []string{"", "example.com/app/stubs"} {
		out, err := Generate(Input{Reading: r, Name: "example.com/names", Base: base, Origin: func(string) (string, string) { return "", "" }})
		require.NoError(t, err)
		text := string(out[0].Files["names.go"])
		assert.Contains(t, text, "// MODULE_NAME is the MODULE's.\nconst MODULE_NAME = \"MODULE %s %[1]s\"\n")
		assert.Contains(t, text, "func GetMODULE(MODULE int) int { return boundGetMODULE.Get()(MODULE) }\n")
		assert.Contains(t, text, `Symbol: "GetMODULE"`)
	}
}
