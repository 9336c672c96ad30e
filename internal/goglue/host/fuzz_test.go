package host

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/goglue/host/listed"
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

import (
	"context"
	"io"
	"sort"
)

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

func Arrays() map[[1]any]int           { return nil }
func Structs() map[struct{ V any }]int { return nil }
func Errors() map[error]int            { return nil }

type Pair struct{ A, B int }

func Pairs(list []Pair) [][]Pair { return nil }

func Wait(f func(context.Context)) {}

func Keep(p *Pair) {}

type Cell struct{ V any }

func Cells(p *Cell) {}

type Text struct{ S string }

func Meet(t *Text, f, g func()) {}

type Namer interface{ Name() string }

func Show(n Namer) any { return nil }

func Out() io.Writer        { return nil }
func Closer() io.ReadCloser { return nil }
func Sorted() sort.Interface { return nil }
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
	return NewInstance("p", described, h, inflight.Limits{}), h
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
		i := NewInstance("x", described, nil, inflight.Limits{})
		for _, s := range i.Symbols() {
			_ = s.Methods
		}
		for n := range described.Types {
			listed.Methods(described, n)
		}
	})
}

type hostIface struct{}

func (hostIface) Get(n int, t ...struct{ Name string }) (*engine.Object, error) { return nil, nil }

// TestHostileKeys: a key of a map that cannot be one is an error of the call.
func TestHostileKeys(t *testing.T) {
	t.Parallel()
	i, h := hostileInstance(t)
	type pair = struct{ V any }
	for symbol, f := range map[string]any{
		"Arrays":  new(func() (map[[1]any]int, error)),
		"Structs": new(func() (map[pair]int, error)),
	} {
		call := reflect.ValueOf(f).Elem()
		bound, err := i.Bind(symbol, call.Type())
		require.NoError(t, err, symbol)
		for _, key := range []any{[]int{1}, map[string]int{}, [1]any{[]int{}}, pair{[]string{}}} {
			var e wire.Encoder
			e.Len(1, false)
			e.Byte(wire.TagHost)
			i.Values.Refer(&e, &given.Value{Value: reflect.ValueOf(key)})
			e.Bool(false)
			e.Int(0)
			h.reply = append([]byte(nil), e.Buf...)
			require.ErrorContains(t, bound.Call(nil)[1].Interface().(error), "cannot be compared", "%s %T", symbol, key)
			h.reply = h.reply[:len(h.reply)-1] // its element is cut off, too
			require.Error(t, bound.Call(nil)[1].Interface().(error), "%s %T", symbol, key)
		}
	}
}

// severalErrors is an error that no map has as a key.
type severalErrors []error

func (severalErrors) Error() string { return "several" }

// TestHostileErrorKeys: an error of the host that comes back as a key can be one that is none.
func TestHostileErrorKeys(t *testing.T) {
	t.Parallel()
	i, h := hostileInstance(t)
	bound, err := i.Bind("Errors", reflect.TypeFor[func() (map[error]int, error)]())
	require.NoError(t, err)
	var e wire.Encoder
	e.Len(1, false)
	e.Byte(wire.TagHost)
	i.Values.Refer(&e, &given.Value{Value: reflect.ValueOf(severalErrors{})})
	e.Int(0)
	h.reply = append([]byte(nil), e.Buf...)
	_, err = bound.Interface().(func() (map[error]int, error))()
	require.ErrorContains(t, err, "cannot be compared")
}

// TestHostileCopies: a result that refers to an argument again and again, and is bound as another
// type, is copied within the budget.
func TestHostileCopies(t *testing.T) {
	t.Parallel()
	i, h := hostileInstance(t)
	i = NewInstance("p", i.api, h, inflight.Limits{InFlight: 8 << 20})
	type given struct{ A, B int }
	type taken struct{ B, A int }
	bound, err := i.Bind("Pairs", reflect.TypeFor[func([]given) ([][]taken, error)]())
	require.NoError(t, err)
	pairs := bound.Interface().(func([]given) ([][]taken, error))
	answer := func(times int) error {
		var e wire.Encoder
		e.Uint(0)
		e.Uint(wire.ShareNew)
		e.Len(times, false)
		for range times {
			e.Uint(wire.ShareRef)
			e.Part(0, 1<<16, 1<<16)
		}
		e.Part(0, times, times)
		h.reply = append([]byte(nil), e.Buf...)
		list, err := pairs(make([]given, 1<<16))
		if err == nil {
			require.Len(t, list, times)
		}
		return err
	}
	require.NoError(t, answer(2))
	require.ErrorContains(t, answer(1<<14), "take more of the host's memory", "16 GiB")
}

// TestHostileNumbers: a call whose number the module uses again ends its context: the host's
// function does not wait for ever.
func TestHostileNumbers(t *testing.T) {
	t.Parallel()
	i, _ := hostileInstance(t)
	began, ended := make(chan struct{}, 2), make(chan struct{}, 2)
	given := &given.Value{Value: reflect.ValueOf(0), Methods: []given.Method{func(c *given.Call, _ reflect.Value) error {
		ctx := c.Context()
		began <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return nil
	}}}
	var call wire.Encoder
	call.Uint(7)
	i.Values.Refer(&call, given)
	call.Uint(0)
	call.Uint(0)
	for range 2 {
		i.Begin(call.Buf)
		go i.Answer(append([]byte(nil), call.Buf...), 0, func(*wire.Encoder) {})
		<-began
	}
	<-ended
	i.End()
	<-ended
}

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
		for _, symbol := range []string{"Arrays", "Structs", "Errors"} {
			_, _ = i.Call(t.Context(), symbol, nil)
		}
		i.Begin(body)
		i.Answer(append([]byte(nil), body...), 0, func(*wire.Encoder) {})
		i.CancelHost(body)
		i.ReleaseHost(body)
	})
}
