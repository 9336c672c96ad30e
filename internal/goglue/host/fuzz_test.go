package host

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/wire"
)

// hostile is a transport whose module answers with anything.
type hostile struct{ reply []byte }

func (h *hostile) Call(context.Context, string, int, uint64, *wire.Encoder) (Reply, error) {
	return Reply{Body: append([]byte(nil), h.reply...)}, nil
}
func (*hostile) Release(uint64) {}
func (*hostile) Given()         {}

const hostileSource = `package p

type Tree struct {
	Name string
	Kids []*Tree
	Odd  map[string][2]float64
}

type Opaque struct{ hidden int }

func (o *Opaque) Do(f func(Tree, *Opaque, error, any) ([]string, error)) {}

type Iface interface{ Get(n int, t ...Tree) (*Opaque, error) }

func Take(f func(Tree, *Opaque, error, any) ([]string, error), i Iface, p *Tree, v any) (map[string]Tree, *Opaque, func(int) int, error) {
	return nil, nil, nil, nil
}
`

// hostileAPI is the description of the package of hostileSource.
var hostileAPI = sync.OnceValues(func() ([]byte, error) {
	tc, err := toolchain.Find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, work := filepath.Join(dir, "p"), filepath.Join(dir, "work")
	for _, d := range []string{source, work} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(source, "p.go"), []byte(hostileSource), 0o600); err != nil {
		return nil, err
	}
	builder := build.Builder{Toolchain: tc, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	return builder.Glue(context.Background(), find.Source{Kind: find.KindGo, FS: os.DirFS(source), Dir: source, Go: &find.GoSource{GoMod: []byte("go 1.24\n")}}, work)
})

func hostileInstance(t testing.TB) (*Instance, *hostile) {
	t.Helper()
	encoded, err := hostileAPI()
	require.NoError(t, err)
	described, err := api.DecodeAPI(encoded)
	require.NoError(t, err)
	h := &hostile{}
	return NewInstance("p", described, h, Limits{}), h
}

// FuzzDecodeAPI decodes any description: what is accepted refers only to what it holds.
func FuzzDecodeAPI(f *testing.F) {
	encoded, err := hostileAPI()
	require.NoError(f, err)
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, data []byte) {
		described, err := api.DecodeAPI(data)
		if err != nil {
			return
		}
		i := NewInstance("x", described, nil, Limits{})
		for _, s := range i.Symbols() {
			_ = s.Methods
		}
		for n := range described.Types {
			i.methods(n)
		}
	})
}

type hostIface struct{}

func (hostIface) Get(n int, t ...struct{ Name string }) (*engine.Object, error) { return nil, nil }

// FuzzAnswers lets a module answer a call, and call the host, with any bytes: nothing panics and
// nothing is kept.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0}, []byte{1, 1, 0})
	f.Add([]byte{2, 1, 'a', 2, 1, 'b', 0, 0, 1, 3, 4, 0, 0, 0, 0}, []byte{1, 1, 0, 1, 'n', 0, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 0, 2, 1, 'm', 1, 't', 0, 0, 0, 0, 1, 1}, []byte{1, 2, 0, 2, 0})
	i, h := hostileInstance(f)
	type tree struct {
		Name string
		Odd  map[string][2]float64
	}
	f.Fuzz(func(t *testing.T, reply, body []byte) {
		h.reply = reply
		_, _ = i.Call(t.Context(), "Take", []any{
			func(v tree, o *engine.Object, err error, x any) ([]string, error) { return []string{v.Name}, err },
			hostIface{},
			&tree{Name: "p"},
			map[string]any{"f": func(int) string { return "" }},
		})
		i.Begin(body)
		i.Answer(append([]byte(nil), body...), 0, func(*wire.Encoder) {})
		i.CancelHost(body)
		i.ReleaseHost(body)
	})
}
