//go:build !load_linked

package program

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/stub"

	"example.com/app/stubs/example.com/app/shapes"
)

// release is shapes.Release as it was.
type release struct{ Major int }

// TestOlder uses functions as a stub has them that was generated from another version.
func TestOlder(t *testing.T) {
	resized := stub.Func[func(int8, string) shapes.Option]{Package: shapes.Stub(), Symbol: "Sized"}
	gone := stub.Func[func() int]{Package: shapes.Stub(), Symbol: "Size"}
	old := &stub.Package{Module: shapes.Stub().Module, Prefix: shapes.Stub().Prefix, Twins: func() []stub.Twin { return []stub.Twin{stub.Type[release]("Release")} }}
	newest := stub.Func[func() release]{Package: old, Symbol: "Newest"}
	older := stub.Func[func(release) release]{Package: old, Symbol: "Older"}
	const lacks = "shapes.Release has a field Minor, which the stub's lacks: generate it again\n\twant: func"
	for text, use := range map[string]func(){
		": Sized does not fit: it has 1 parameters, not 2\n\twant: func(int8, string) shapes.Option\n\thave: func Sized(n int) Option": func() { resized.Get() },
		" has no symbol Size; did you mean Sized?":                                                                                 func() { gone.Get() },
		": Newest does not fit: result 1: " + lacks + "() program.release\n\thave: func Newest() Release":                          func() { newest.Get() },
		": Older does not fit: parameter 1: " + lacks + "(program.release) program.release\n\thave: func Older(r Release) Release": func() { older.Get() },
	} {
		func() {
			defer func() {
				err, ok := recover().(error)
				require.True(t, ok)
				var wrong *load.SymbolError
				require.ErrorAs(t, err, &wrong)
				assert.ErrorContains(t, err, text)
			}()
			use()
		}()
	}
}

// TestAllocations compares a call with one of the function that the stub binds.
func TestAllocations(t *testing.T) {
	m, err := shapes.Module(t.Context())
	require.NoError(t, err)
	bound, err := load.Func[func(int, string) string](m, "Use")
	require.NoError(t, err)
	plain := testing.AllocsPerRun(500, func() { bound(1, "x") })
	through := testing.AllocsPerRun(500, func() { shapes.Use_(1, "x") })
	assert.LessOrEqual(t, through, plain)
}

func BenchmarkBound(b *testing.B) {
	m, err := shapes.Module(b.Context())
	require.NoError(b, err)
	bound, err := load.Func[func(int, string) string](m, "Use")
	require.NoError(b, err)
	for b.Loop() {
		bound(1, "x")
	}
}

func BenchmarkStub(b *testing.B) {
	require.NoError(b, shapes.Preload(b.Context()))
	for b.Loop() {
		shapes.Use_(1, "x")
	}
}

type ownSigner struct{ Key string }

func (s ownSigner) Sign(text string) string { return s.Key + text }

// TestNoEmptyJSON: a value of the program that is an interface there is no empty JSON object.
func TestNoEmptyJSON(t *testing.T) {
	text, err := shapes.Written(ownSigner{"k"})
	assert.ErrorContains(t, err, "no JSON form in the module")
	assert.Empty(t, text)
}
